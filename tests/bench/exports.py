"""What each form of a large report costs, in processes of their own: `python -m tests.bench.exports [CLUSTERS …]`.

A process reads the results of the run from a store and makes one report of them, as `report --from` does, then the form. What the
aggregating takes is shown first and stands in every line; a form's own share is the difference. `growth` is what ten times as
many clusters cost, against ten.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from functions.aggregate import Judging, stored_report
from reports.exports import EXPORTS, render
from tests.bench.spent import Spent, python, run
from tests.bench.stored import keep_run

FORMS = ("aggregate", *EXPORTS, "site")
SIZES = (100, 1_000)
FINDINGS = 60 * 17  # of a cluster


def show(sizes: tuple[int, ...] = SIZES) -> None:
    """Print a line for each form, with its costs at each size."""
    heads = "".join(f" | {size:>6,} clusters: CPU s  peak MB       MB" for size in sizes)
    print(f"{'form of the report':<20}{heads} | growth of CPU, of memory")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            run(python("-m", "tests.bench.exports", "keep", str(Path(folder) / str(size)), str(size)))
        for form in FORMS:
            found = [_spent(form, Path(folder) / str(size)) for size in sizes]
            shown = "".join(
                f" | {'':>16} {each.cpu:6.1f} {each.peak / 1e6:8.0f} {int(each.out) / 1e6:8.2f}" for each in found
            )
            first, last = found[0], found[-1]
            growth = f"{last.cpu / first.cpu:.1f} x, {last.peak / first.peak:.1f} x" if len(found) > 1 else ""
            print(f"{form:<20}{shown} | {growth}", flush=True)
    print(f"({', '.join(f'{size * FINDINGS:,}' for size in sizes)} findings)\n")


def _spent(form: str, store: Path) -> Spent:
    return run(python("-m", "tests.bench.exports", form, str(store)), keep=True)


def made(form: str, store: str) -> int:
    """Aggregate the store's run and make the form; its size in bytes, which nothing holds."""
    report = stored_report((store,), "", Judging()).report
    if form == "aggregate":
        return 0
    if form == "site":
        from reports.html.site import pages

        return sum(len(content) for _, content in pages(report))
    return sum(map(len, render(form, report)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["keep"]:
        keep_run(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1:2] and sys.argv[1] in FORMS:
        print(made(sys.argv[1], sys.argv[2]))
    else:
        show(tuple(map(int, sys.argv[1:])) or SIZES)
