"""What a whole process costs: CPU seconds, user and system, and peak memory, as the kernel counts them for each child.

The measuring process starts others and holds nothing itself: Linux carries a parent's peak over into what it reports for a
child (`setmax_mm_hiwater_rss` in `exec_mmap`, fs/exec.c), so a cluster made here would show up in every figure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CACHE = tempfile.TemporaryDirectory(prefix="ringfence-bench-")
# What is installed has its byte code beside it, whatever this shell says of writing any into the checkout.
_ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPYCACHEPREFIX": _CACHE.name
}


@dataclass(frozen=True, slots=True)
class Spent:
    """One process from start to end; `peak` is in bytes, of the largest where it started others."""

    cpu: float
    peak: int
    out: bytes = b""


def run(command: Sequence[str], *, keep: bool = False) -> Spent:
    """The cost of one command that must succeed; its output is dropped unless `keep`.

    Raises:
        RuntimeError: it failed; says with what words.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command, cwd=ROOT, env=_ENVIRONMENT, stdout=out if keep else subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            errors.seek(0)
            words = errors.read()[-2000:].decode(errors="replace")
            raise RuntimeError(f"{' '.join(command)}: exit {child.returncode}: {words}")
        out.seek(0)
        return Spent(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, out.read())


def best(command: Sequence[str], times: int) -> Spent:
    """The cheapest of several runs: what else the machine does only ever adds."""
    return min((run(command) for _ in range(times)), key=lambda spent: spent.cpu)


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]


def ringfence(*arguments: str) -> list[str]:
    """The program's own command line, as its console script calls it."""
    return python("-m", "functions.cli", *arguments)
