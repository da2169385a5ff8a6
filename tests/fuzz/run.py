"""Fuzz what reads strangers' text, led by coverage, and print executions, seconds and the crashes found.

    python -m tests.fuzz.run --seconds 300 --target text

Targets: text (a folder of manifests of any bytes), kinds (valid clusters with bent objects), selectors (Calico's language),
cilium (a Cilium policy's spec as JSON), gitrev (trees of a git revision). Without `--target` each has its share of the seconds.
Crashes are kept in a folder (`--crashes`) and shown reduced. Exit code 0 when nothing crashed, 1 when something did, 2 without
atheris, which is no dependency.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TARGETS = ("text", "kinds", "selectors", "cilium", "gitrev")
_LATE = 240  # seconds that a run may take beyond its time, for starting and for an input that hangs


def main() -> int:
    """Fuzz each target that is asked for, one after another."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--crashes", type=Path, default=None, metavar="DIR")
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write(
            "atheris is not installed: pip install atheris (it needs Linux and a CPython it has wheels for)\n"
        )
        return 2
    chosen = given.target or TARGETS
    kept = given.crashes or Path(tempfile.mkdtemp(prefix="crashes-"))
    failed = [fuzz(name, given.seconds / len(chosen), kept.resolve() / name) for name in chosen]
    return int(any(failed))


def fuzz(name: str, seconds: float, folder: Path) -> bool:
    """Fuzz one target and print what came of it; whether something crashed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "tests.fuzz.child", name, str(seconds), str(folder)]
        try:
            code = subprocess.run(command, stdout=log, stderr=log, check=False, timeout=seconds + _LATE).returncode
        except subprocess.TimeoutExpired:
            code = -1
    numbers = _numbers(folder)
    ended = (
        [] if code == 0 else [path for path in folder.iterdir() if path.name.startswith(("timeout-", "oom-", "crash-"))]
    )
    ended = [path for path in ended if not path.suffix and path.with_suffix(".txt") not in folder.iterdir()]
    distinct = len(numbers["crashes"]) + (code != 0)
    sys.stdout.write(
        f"{name}: executions={numbers['executions']} seconds={numbers['seconds']} distinct_crashes={distinct}\n"
    )
    if code != 0:
        where = ", ".join(map(str, ended)) or str(folder / "log")
        sys.stdout.write(f"  the fuzzing process ended with {code} (an input hung, or took too much memory): {where}\n")
    _tell(name, folder)
    sys.stdout.flush()
    return distinct > 0


def _numbers(folder: Path) -> dict[str, Any]:
    path = folder / "numbers.json"
    return json.loads(path.read_bytes()) if path.exists() else {"executions": 0, "seconds": 0, "crashes": {}}


def _tell(name: str, folder: Path) -> None:
    """Show every crash that is kept, reduced."""
    found = sorted(path.with_suffix("") for path in folder.glob("crash-*.txt"))
    if found:
        from tests.fuzz.crashes import told  # noqa: PLC0415 - the product is needed only where something crashed

        for path in found:
            sys.stdout.write(f"  {told(name, path)}\n")


if __name__ == "__main__":
    sys.exit(main())
