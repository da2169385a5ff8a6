"""What `report` costs over stored runs: a thousand clusters with a million findings, aggregated, compared, and their history.

`python -m tests.bench.stored [CLUSTERS]` writes two runs to a temporary folder, once as three stores, and prints CPU seconds and
peak memory of each command, and the size of a summary.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import msgspec

from infra.store import open_store
from reports import keys
from reports.aggregate import build_report
from reports.document import Run, render_json, render_result
from reports.summary import render_summary, summary_of
from scanner.controls import CONTROLS
from scanner.fabric.member import Crossing
from scanner.findings import ClusterResult, ControlResult, DataPlaneSummary, Item, Level, Score, Status
from scanner.model import Cloud, ClusterRef, Read
from tests.bench.spent import python, run

RUNS = ("20261122T080000Z", "20261123T080000Z")
_CLOUDS = (Cloud.AWS, Cloud.GCP, Cloud.AZURE)
_CONTROLS, _ITEMS = 60, 17
_HISTORY = 90


def result_of(number: int, turn: int) -> ClusterResult:
    """A cluster of which every fifth item fails; in the second run they are others."""
    cloud, name = _CLOUDS[number % 3], f"cluster-{number:05}"
    ref = ClusterRef(cloud=cloud, account=f"{number % 40:012}", location="eu-west-1", name=name, id=f"{cloud}/{name}")
    controls = []
    for control in CONTROLS[:_CONTROLS]:
        items = tuple(
            Item(
                subject=f"namespace-{at:02}/workload-{at:02}[Deployment]",
                status=Status.FAIL if (at + turn) % 5 == 0 else Status.PASS,
                reason="not-isolated" if (at + turn) % 5 == 0 else "isolated",
                evidence=(f"No policy that the data plane honours selects every pod of workload-{at:02} for ingress.",),
            )
            for at in range(_ITEMS)
        )
        controls.append(
            ControlResult(
                id=control.id, title=control.title,
                severity=control.severity, status=Status.FAIL, reason="not-isolated", fraction=0.8, level=Level.EFFECTIVE,
                items=items,
            )
        )  # fmt: skip
    return ClusterResult(
        baseline="1.0.0", cluster=ref, taken="2026-11-23T08:00:00Z", tier="prod", read=Read.COMPLETE, unread="", gaps=(),
        dataplane=DataPlaneSummary(name="cilium", version="1.17.4", enforcing="yes", reason="on"), exposure=(),
        score=Score(proven=80.0, ceiling=90.0, coverage=0.9), grade="B", gates=(), controls=tuple(controls), notices=(),
        crossing=Crossing(evidence="E2", pods=("10.0.0.0/16",), services=("172.20.0.0/16",)),
    )  # fmt: skip


def keep_run(folder: str, clusters: int) -> None:
    """One run's results in one store, as the scans of a scheduled run leave them: nothing is aggregated yet."""
    store, run_id = open_store(folder), RUNS[0]
    for number in range(clusters):
        result = result_of(number, 0)
        store.put(keys.result_key(run_id, result.cluster), render_result(result))
    record = {
        "schema": "run/v1", "id": run_id, "time": keys.time_of(run_id), "tool": "bench", "baseline": "1.0.0",
        "expected": [], "scopes": [],
    }  # fmt: skip
    store.put(keys.run_key(run_id), msgspec.json.encode(record))
    store.put(keys.LATEST, msgspec.json.encode({"run": run_id}))


def write(folder: Path, clusters: int) -> int:
    """The runs as one store and as three; returns the bytes of a summary."""
    size = 0
    stores = {name: open_store(str(folder / name)) for name in ("all", *_CLOUDS)}
    for turn, run_id in enumerate(RUNS):
        results = [result_of(number, turn) for number in range(clusters)]
        identity = Run(id=run_id, time=keys.time_of(run_id), tool="bench")
        report = build_report(results, run=identity, scopes=(), baseline="1.0.0")
        summary = summary_of(report)
        size = len(render_summary(summary))
        stores["all"].put(keys.report_key(run_id, ".json"), render_json(report))
        for each in results:
            stores[each.cluster.cloud].put(keys.result_key(run_id, each.cluster), render_result(each))
        for store in stores.values():
            record = {
                "schema": "run/v1", "id": run_id, "time": identity.time, "tool": "bench", "baseline": "1.0.0",
                "expected": [], "scopes": [],
            }  # fmt: skip
            store.put(keys.run_key(run_id), msgspec.json.encode(record))
            store.put(keys.LATEST, msgspec.json.encode({"run": run_id}))
    for day in range(_HISTORY):
        run_id = f"2026{7 + day // 30:02}{1 + day % 30:02}T080000Z"
        earlier = msgspec.structs.replace(summary, run=Run(id=run_id, time=keys.time_of(run_id), tool="bench"))
        stores["all"].put(keys.summary_key(run_id), render_summary(earlier))
    return size


def show(clusters: int) -> None:
    """Write, run each command in a process of its own, print."""
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as name:
        folder = Path(name)
        size = int(run(python("-m", "tests.bench.stored", str(clusters), name), keep=True).out)
        joined = [word for cloud in _CLOUDS for word in ("--from", str(folder / cloud))]
        out = ("-o", str(folder / "answer"), "--allow-partial")
        commands = {
            "three stores joined": ("report", *joined, "--format", "json", *out),
            "one stored report": ("report", "--from", str(folder / "all"), "--format", "json", *out),
            "two runs compared": (
                "report",
                "--from",
                str(folder / "all"),
                "--compare",
                *RUNS,
                "--format",
                "json",
                *out,
            ),
            f"history of {_HISTORY} runs": ("report", "--from", str(folder / "all"), "--history", *out),
        }
        print(f"{clusters:,} clusters, {clusters * _CONTROLS * _ITEMS:,} findings; a summary has {size / 1e6:.2f} MB")
        for what, command in commands.items():
            spent = run(python("-m", "functions.cli", *command))
            print(f"{what:24} {spent.cpu:6.1f} s CPU {spent.peak / 1e6:8,.0f} MB")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(write(Path(sys.argv[2]), int(sys.argv[1])))  # in a process of its own, see `tests.bench.spent`
    else:
        show(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
