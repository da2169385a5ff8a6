"""Judging one snapshot of a run with its store: what an earlier delivery of the same run stored wins, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.memory import uncollected
from reports import keys
from reports.document import Run, decode_result, render_result
from scanner.baselines.config import BaselineConfig
from scanner.controls.base import Control
from scanner.errors import StoreError
from scanner.evidence import Statement
from scanner.findings import ClusterResult
from scanner.judge import judge
from scanner.model import ClusterRef, Snapshot
from scanner.waivers.model import Waiver

if TYPE_CHECKING:
    from infra.store import Store


@dataclass(frozen=True, slots=True)
class Judging:
    """What every cluster of a run is judged with."""

    config: BaselineConfig
    at: str
    statements: tuple[Statement, ...]
    waivers: tuple[Waiver, ...]
    own: tuple[Control, ...]


def judge_stored(snapshot: Snapshot, run: Run, judging: Judging, store: Store | None) -> ClusterResult:
    """Store and judge one snapshot; what an earlier delivery of this run stored wins over what was read now."""
    if store is None:
        return _judged(snapshot, judging)
    from infra.snapshots import decode, encode

    ref = snapshot.cluster
    key = keys.snapshot_key(run.id, ref)
    if not store.put_new(key, encode(snapshot)):
        snapshot = decode(store.get(key), store.describe(key))
        _check_place(snapshot.cluster, ref, store.describe(key))
    return _judged(snapshot, judging)


def keep_result(result: ClusterResult, run: Run, store: Store | None) -> ClusterResult:
    """Store one result; an earlier delivery's wins."""
    if store is None:
        return result
    key = keys.result_key(run.id, result.cluster)
    if store.put_new(key, render_result(result)):
        return result
    earlier = decode_result(store.get(key), store.describe(key))
    _check_place(earlier.cluster, result.cluster, store.describe(key))
    return earlier


def _judged(snapshot: Snapshot, judging: Judging) -> ClusterResult:
    """The collector runs again between two clusters, so that what one left behind is gone before the next is judged."""
    with uncollected():
        return judge(
            snapshot,
            judging.config,
            at=judging.at,
            statements=judging.statements,
            waivers=judging.waivers,
            own=judging.own,
        )


def _check_place(found: ClusterRef, expected: ClusterRef, where: str) -> None:
    """What lies in a cluster's place must be its own, or one cluster would pass for another."""
    if found.id != expected.id:
        raise StoreError(f"{where}: holds {found.id} instead of {expected.id}: move it away, or give another --run-id")
