"""What a command costs before it does anything: CPU seconds of whole processes, best of five, beside `python -c pass`."""

from __future__ import annotations

import resource
import subprocess
import sys

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "ringfence --version": ["-m", "functions.cli", "--version"],
    "ringfence --help": ["-m", "functions.cli", "--help"],
    "ringfence audit --demo": ["-m", "functions.cli", "audit", "--demo", "--allow-partial"],
}


def cpu_seconds(arguments: list[str]) -> float:
    """User and system seconds of one Python process that must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def run() -> None:
    """Print the table."""
    print(f"{'command':28} {'CPU s':>8}")
    for name, arguments in COMMANDS.items():
        print(f"{name:28} {min(cpu_seconds(arguments) for _ in range(5)):8.2f}", flush=True)
    print()
