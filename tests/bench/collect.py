"""What reading clusters costs: one large one against decoding its bytes alone, and fleets that must not need more memory.

The servers run in processes of their own (`api_server`), so their CPU counts for nothing; what is measured runs in fresh
processes (`collect_run`). Alone: `python -m tests.bench.collect`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.spent import ROOT, python, run
from tests.bench.table import Limit, Row
from tests.bench.table import show as show_table

PODS = 10_000
FLEETS = (100, 300, 1_000)
FLEET_PODS = 200
_BEST_OF = 3


def show(pods: int = PODS, fleets: tuple[int, ...] = FLEETS) -> None:
    """Print both tables."""
    show_table(_large(pods))
    print(f"{'fleet of clusters':20} {'clusters/s':>10} {'pods/s':>9} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}")
    with server(FLEET_PODS) as (address, ca):
        for clusters in fleets:
            found = _measured("fleet", f"{address}/gzip", ca, str(clusters))
            rate = clusters / found["wall"]
            print(
                f"{clusters:,} of {FLEET_PODS} pods".ljust(20),
                f"{rate:10.0f} {rate * FLEET_PODS:9,.0f} {found['wall']:8.1f} {found['cpu']:8.1f} {found['peak'] / 1e6:8.0f}",
                flush=True,
            )
    print()


@contextmanager
def server(pods: int) -> Iterator[tuple[str, str]]:
    """The address of a server whose clusters have so many pods each, and the file with its certificate."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            python("-m", "tests.bench.api_server", folder, str(pods)), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        try:
            with process:
                if process.stdout is None or not (port := process.stdout.readline().strip()):
                    raise RuntimeError("the server did not start")
                yield f"https://127.0.0.1:{port}", str(Path(folder) / "ca.pem")
                process.terminate()
        finally:
            process.kill()


def _large(pods: int) -> Iterator[Row]:
    floor = _measured("floor", str(pods))
    bodies, decode = floor["bytes"], floor["decode"]
    yield Row(
        what=f"{pods:,} pods, {bodies / 1e6:.0f} MB of JSON ({floor['packed'] / 1e6:.0f} MB packed): msgspec alone",
        shown=f"{decode:.2f} s CPU, and {floor['unpack']:.2f} s to unpack",
    )
    with server(pods) as (address, ca):
        for form in ("gzip", "plain"):
            bare = _measured("bare", f"{address}/{form}", ca)["cpu"]
            yield Row(what=f"a bare loop over HTTPS, {form}: fetch, unpack, decode", shown=f"{bare:.2f} s CPU")
            runs = [_measured("one", f"{address}/{form}", ca) for _ in range(_BEST_OF)]
            yield from _collector(form, runs, bodies, bare, decode)


def _collector(form: str, runs: list[dict[str, float]], bodies: float, bare: float, decode: float) -> Iterator[Row]:
    cpu = min(found["cpu"] for found in runs)
    for against, least in (("the bare loop", bare), ("msgspec alone", decode)):
        yield Row(
            what=f"collector, {form}: CPU against {against}",
            shown=f"{cpu:.2f} s, {cpu / least:.1f} x",
            value=cpu,
            must=Limit(f"2 x {least:.2f} s", 2 * least),
        )
    grown, peak = max(found["grown"] for found in runs), max(found["peak"] for found in runs)
    yield Row(
        what=f"collector, {form}: peak memory of the process",
        shown=f"{peak / 1e6:.0f} MB, of which {grown / 1e6:.0f} MB for the cluster",
        value=peak,
        must=Limit(f"the body's {bodies / 1e6:.0f} MB", bodies),
    )


def _measured(*arguments: str) -> dict[str, float]:
    found: dict[str, float] = json.loads(run(python("-m", "tests.bench.collect_run", *arguments), keep=True).out)
    return found


if __name__ == "__main__":
    show(*map(int, sys.argv[1:2]))
