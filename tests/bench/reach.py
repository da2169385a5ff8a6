"""Reachability stage by stage in one process: CPU seconds and the counters that explain them.

Run as a program it measures one file and prints a line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from infra.manifests import read_manifests
from reports.reach.table import reach_table
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.bench.files import CLUSTER, TAKEN, generate
from tests.bench.generate import SIZES
from tests.bench.spent import python, run

__all__ = ["SIZES", "generate", "stages"]

_SHOWN = (
    "load s", "resolve s", "build s", "columns s", "list s", "lines",
    "classes", "addresses", "columns", "intersections", "selectors",
)  # fmt: skip

_WIDE = 200  # columns: both names stand in every line


def stages(path: Path) -> dict[str, float]:
    """One file from bytes to listed lines, each stage's seconds under its name, with the engine's counters."""
    clock = time.process_time
    marks = [clock()]
    cluster = read_manifests(path, cluster=CLUSTER, taken=TAKEN)
    marks.append(clock())
    policies = resolve(cluster)
    marks.append(clock())
    reach = build(cluster, policies)
    marks.append(clock())
    reach.collapsed()
    marks.append(clock())
    listing = reach.listing()
    with Path("/dev/null").open("wb") as sink:
        sink.writelines(reach_table(listing, width=_WIDE))
    marks.append(clock())
    names = ("load s", "resolve s", "build s", "columns s", "list s")
    seconds = {name: after - before for name, before, after in zip(names, marks, marks[1:], strict=False)}
    return seconds | {"lines": listing.allowed.count + listing.unknown.count} | reach.counters


def show(paths: Mapping[str, Path]) -> None:
    """Print the stages of several files, each in a process of its own."""
    print(f"{'stages':12}", *(f"{name:>13}" for name in _SHOWN))
    for size, path in paths.items():
        found = json.loads(run(python("-m", "tests.bench.reach", str(path)), keep=True).out)
        shown = (found[name] for name in _SHOWN)
        print(
            f"{size:12}",
            *(f"{each:13,.2f}" if isinstance(each, float) else f"{each:13,}" for each in shown),
            flush=True,
        )
    print()


if __name__ == "__main__":
    print(json.dumps(stages(Path(sys.argv[1]))))
