"""What a command costs before it does anything: CPU seconds of whole processes, best of five, beside `python -c pass`."""

from __future__ import annotations

from tests.bench.spent import best, python, ringfence

COMMANDS = {
    "python -c pass": python("-c", "pass"),
    "ringfence --version": ringfence("--version"),
    "ringfence --help": ringfence("--help"),
    "ringfence audit --demo": ringfence("audit", "--demo", "--allow-partial"),
}


def show() -> None:
    """Print the table."""
    print(f"{'command':28} {'CPU s':>8} {'peak MB':>8}")
    for name, command in COMMANDS.items():
        spent = best(command, 5)
        print(f"{name:28} {spent.cpu:8.2f} {spent.peak / 1e6:8.0f}", flush=True)
    print()
