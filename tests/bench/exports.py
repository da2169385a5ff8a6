"""What each form of a large report costs, in processes of their own: `python -m tests.bench.exports [CLUSTERS]`.

The report itself is made in the process that renders it; what that takes is shown first and stands in every peak. Its strings
are shared more than those of a report that was read from a file, which holds about 0.7 GB more at a million findings.
"""

from __future__ import annotations

import sys

from reports.exports import render
from tests.bench.fleet_report import fleet_report
from tests.bench.spent import python, run

FORMS = ("report", "frames", "csv", "parquet", "xlsx")
CLUSTERS = 1_000


def show(clusters: int = CLUSTERS) -> None:
    """Print a line for each form."""
    print(f"{clusters:,} clusters, {clusters * 60 * 17:,} findings".ljust(44), f"{'CPU s':>8} {'peak MB':>8} {'MB':>8}")
    for form in FORMS:
        spent = run(python("-m", "tests.bench.exports", form, str(clusters)), keep=True)
        print(form.ljust(44), f"{spent.cpu:8.1f} {spent.peak / 1e6:8.0f} {int(spent.out) / 1e6:8.2f}", flush=True)
    print()


def made(form: str, clusters: int) -> int:
    """Make the form; its size in bytes, which nothing holds, or those of the frame."""
    report = fleet_report(clusters)
    if form == "report":
        return 0
    if form == "frames":
        from reports.tables import frames

        return int(frames.findings(report).memory_usage().sum())
    return sum(map(len, render(form, report)))


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in FORMS:
        print(made(sys.argv[1], int(sys.argv[2])))
    else:
        show(*map(int, sys.argv[1:]))
