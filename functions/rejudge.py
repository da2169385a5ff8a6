"""An earlier run judged again by the baseline of this version, from the snapshots it stored: one cluster at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from functions.aggregate import Judging
from functions.fabric import Fabric
from functions.own_controls import own_controls
from functions.results import read_results
from functions.stored import read_snapshot
from infra.memory import uncollected
from reports import keys
from reports.aggregate import build_report
from reports.document import Report
from scanner.baselines import BASELINE_VERSION
from scanner.errors import InputError
from scanner.findings import ClusterResult
from scanner.judge import judge

if TYPE_CHECKING:
    from infra.store import Store


def judged_again(store: Store, run: str, judging: Judging) -> Report:
    """The report that run `run` would have had by this version's baseline, with the settings as they are now.

    Raises:
        InputError: not every cluster's snapshot is stored and can be read, so that a score of it would be of another fleet.
        StoreError: the store cannot be read.
    """
    stored = read_results(store, run)
    if stored.record is None or stored.lost:
        raise InputError(f"run {run} is not whole in its store")
    settings, at = judging.settings, stored.run.time
    config = msgspec.structs.replace(settings.baseline, profile=stored.record.profile or settings.baseline.profile)
    own = own_controls(settings.controls)
    results: list[ClusterResult] = []
    for each in stored.results:
        key = keys.snapshot_key(run, each.cluster)
        snapshot = read_snapshot(store, key)
        if snapshot.cluster.id != each.cluster.id:
            raise InputError(f"{store.describe(key)}: holds another cluster")
        with uncollected():
            results.append(
                judge(snapshot, config, at=at, statements=judging.statements, waivers=judging.waivers, own=own)
            )
    fabric = Fabric(
        settings=settings, networks=None, records={}, statements=judging.statements, profile=config.profile, at=at
    )
    return build_report(
        results,
        run=stored.run,
        scopes=stored.scopes,
        baseline=BASELINE_VERSION,
        fabric=fabric.judged(results, stored.networks),
        waivers=judging.waivers,
        at=at,
        tier_weights=config.tier_weights,
    )
