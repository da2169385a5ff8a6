"""The command line in real processes without the price of starting Python each time: a parent that has everything loaded.

`python -m tests.functions.forks` reads one JSON line per process to start, `{"argv": [...], "out": FILE, "err": FILE}`, forks
it, and prints its process id; once it has ended, its exit status (negative: the signal). The child is the program as
its console script runs it.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from functions.cli import main

ROOT = Path(__file__).parents[2]
# What reading and storing a cluster loads on the way.
_LOADED = (
    "functions.commands", "functions.run", "infra.kube", "infra.snapshots", "kubernetes.client", "kubernetes.config",
    "obstore.store", "reports.html.render", "reports.terminal",
)  # fmt: skip


class Forks:
    """The parent, as tests use it; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    def __enter__(self) -> Self:
        """Start it."""
        command = [sys.executable, "-m", "tests.functions.forks"]
        self._parent = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        with self._parent:
            pass

    def start(self, *arguments: str) -> Run:
        """Start `ringfence ARGUMENTS`."""
        self._count += 1
        run = Run(self._parent, self.folder / f"{self._count}.out", self.folder / f"{self._count}.err")
        run.begin(arguments)
        return run


class Run:
    """One process of the command line."""

    def __init__(self, parent: subprocess.Popen[str], out: Path, err: Path) -> None:
        self._parent = parent
        self._out = out
        self._err = err
        self.pid = 0

    def begin(self, arguments: tuple[str, ...]) -> None:
        """Fork."""
        assert self._parent.stdin is not None
        order = {"argv": ["ringfence", *arguments], "out": str(self._out), "err": str(self._err)}
        self._parent.stdin.write(json.dumps(order) + "\n")
        self.pid = int(self._line())

    def send(self, number: signal.Signals) -> None:
        """Send a signal; its parent has not waited for it yet, so the id is still its own."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Wait for its end; returns the exit status."""
        assert self._parent.stdin is not None
        self._parent.stdin.write("\n")
        return int(self._line())

    @property
    def out(self) -> str:
        """What it wrote to stdout."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it wrote to stderr."""
        return self._err.read_text()

    def _line(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline()


def _serve() -> None:
    for name in _LOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(order)
        _say(pid)
        sys.stdin.readline()
        _, status = os.waitpid(pid, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever started these tests may ignore it
    for descriptor, name in ((1, order["out"]), (2, order["err"])):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    sys.argv = order["argv"]
    main()


if __name__ == "__main__":
    _serve()
