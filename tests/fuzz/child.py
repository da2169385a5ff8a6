"""The process that fuzzes one target, started by `tests.fuzz.run`: libFuzzer ends the process it runs in.

    python -m tests.fuzz.child TARGET SECONDS FOLDER

Crashes are caught, told apart and kept, and fuzzing goes on; what hangs or takes too much memory ends the process, and libFuzzer
keeps it. The numbers so far stand in FOLDER/numbers.json.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import NoReturn

import atheris

with atheris.instrument_imports(include=["scanner", "infra"]):
    from tests.fuzz import crashes, targets

_LONGEST = 30  # seconds that one input may take
_MEMORY = 2048  # MiB
_EVERY = 2.0  # seconds between two notes of the numbers


class Run:
    """One target's run: how far it is, and what crashed."""

    def __init__(self, name: str, seconds: float, folder: Path) -> None:
        self._target = targets.TARGETS[name]
        self._folder = folder
        self._executions = 0
        self._seen: dict[str, int] = {}
        self._began = time.monotonic()
        self._until = self._began + seconds
        self._noted = 0.0

    def once(self, data: bytes) -> None:
        """Ask about one input."""
        self._executions += 1
        try:
            value = self._target.decode(data)
            if value is not None:
                self._target.ask(value)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            found = crashes.signature(error)
            self._seen[found] = self._seen.get(found, 0) + 1
            crashes.kept(self._folder, found, data)
        now = time.monotonic()
        if now - self._noted > _EVERY or now > self._until:
            self._noted = now
            self._note(now)
        if now > self._until:
            self._end()

    def _note(self, now: float) -> None:
        numbers = {"executions": self._executions, "seconds": round(now - self._began, 1), "crashes": self._seen}
        (self._folder / "numbers.json").write_text(json.dumps(numbers), encoding="utf-8")

    def _end(self) -> NoReturn:
        sys.stderr.flush()
        os._exit(0)


def main() -> None:
    """Fuzz until the time is up."""
    name, seconds, folder = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    target = targets.TARGETS[name]
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-timeout={_LONGEST}",
        f"-rss_limit_mb={_MEMORY}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=0",
    ]
    options += ["-max_len=20000", "-verbosity=0", "-close_fd_mask=0"]
    if target.words:
        words = folder / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
        options.append(f"-dict={words}")
    run = Run(name, seconds, folder)
    atheris.Setup([sys.argv[0], *options, str(corpus)], run.once)
    atheris.Fuzz()


def _escaped(word: str) -> str:
    """A word as libFuzzer's dictionaries spell it."""
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    main()
