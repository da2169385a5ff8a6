"""What the report of a scheduled run costs: CPU seconds and memory of its last step, for so many clusters of the demo estate.

`python -m tests.bench.report_cost CLUSTERS`: the largest result of the demo estate again and again, under as many names.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from functions.aggregate import Judging as FleetJudging
from functions.judging import Judging
from functions.publish import encode_document
from functions.scheduled.aggregate import Ended, aggregate
from functions.scheduled.plan import label_of
from functions.stored import Planned, RunRecord
from infra.settings import SettingsFile
from infra.store import Store, open_store
from reports import keys
from reports.document import decode_result, render_result
from scanner.baselines.config import BaselineConfig
from scanner.findings import ClusterResult
from scanner.model import Cloud, ClusterRef
from tests.bench.spent import python, run

RUN, DUE, DEADLINE = "20261102T060000Z", "2026-11-02T06:00:00Z", "2026-11-02T09:00:00Z"


def planned(clusters: int) -> tuple[Planned, ...]:
    """So many clusters in 300 accounts."""
    return tuple(
        Planned(cluster=_ref(f"{number % 300:012}", f"prod-{number:05}"), source=0) for number in range(clusters)
    )


def record_of(each: tuple[Planned, ...]) -> RunRecord:
    """The run that is to scan them."""
    labels = {label_of(one): one.cluster for one in each}
    return RunRecord(
        id=RUN,
        time=DUE,
        tool="bench",
        baseline="1",
        expected=tuple(sorted(labels)),
        scopes=(),
        clusters=labels,
        planned=each,
        deadline=DEADLINE,
    )


def judging() -> Judging:
    """What they are judged with: the defaults."""
    return Judging(config=BaselineConfig(), at=DUE, statements=(), waivers=(), own=())


def _ref(account: str, name: str) -> ClusterRef:
    arn = f"arn:aws:eks:eu-west-1:{account}:cluster/{name}"
    return ClusterRef(cloud=Cloud.AWS, account=account, location="eu-west-1", name=name, id=arn)


def _largest(folder: Path) -> ClusterResult:
    run(python("-m", "functions.cli", "audit", "--demo", "--allow-partial", "-o", str(folder)))
    path = max(folder.rglob("result.json"), key=lambda each: each.stat().st_size)
    return decode_result(path.read_bytes(), str(path))


def _fill(store: Store, result: ClusterResult, clusters: int) -> None:
    each = planned(clusters)
    store.put_new(
        keys.run_key(RUN), encode_document(msgspec.structs.replace(record_of(each), baseline=result.baseline))
    )
    for one in each:
        data = render_result(msgspec.structs.replace(result, cluster=one.cluster))
        store.put_new(keys.result_key(RUN, one.cluster), data)


def _main(clusters: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as name:
        store = open_store(f"{name}/store")
        _fill(store, _largest(Path(name) / "demo"), clusters)
        before = time.process_time()
        ended, _ = aggregate(store, RUN, judging(), FleetJudging(settings=SettingsFile()), DUE)
        spent, peak = time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if ended is not Ended.REPORTED:
        raise RuntimeError(f"no report: {ended}")
    print(f"a report of {clusters:,} clusters: {spent:.1f} s CPU, peak {peak / 1e6:,.0f} MB")


if __name__ == "__main__":
    _main(int(sys.argv[1]))
