"""The third step: one report of a run, once every cluster has its result or the run's deadline has passed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from functions.aggregate import Judging as FleetJudging
from functions.aggregate import aggregate as aggregated
from functions.aggregate import run_report
from functions.fabric import Fabric
from functions.judging import Judging, judge_stored, keep_result
from functions.publish import latest_of, publish
from functions.results import read_results
from functions.scheduled.news import say
from functions.scheduled.plan import NOT_SCANNED, later, unfinished
from functions.scheduled.tasks import Task
from functions.sources import unread
from functions.stored import RunRecord, read_run
from infra.version import VERSION
from reports import keys
from reports.document import Report, Run, render_json
from scanner.errors import InputError, MissingObjectError, SnapshotError
from scanner.model import CloudRecord, ClusterRef
from scanner.topology.document import MAX_BYTES as MAX_TOPOLOGY
from scanner.topology.document import decode as decode_topology
from scanner.topology.document import encode as encode_topology

if TYPE_CHECKING:
    from infra.store import Store

NOT_JUDGED = "it was read, and judging it did not end before the run's deadline: give the function more time or memory"
_PATIENCE_S = 24 * 3600


class Ended(StrEnum):
    """How far a run is."""

    WAITING = "waiting"  # clusters have no result, and the deadline is ahead
    REPORTED = "reported"  # the report is there now
    ALREADY = "already"  # it was there before


def aggregate(
    store: Store, run_id: str, judging: Judging, fleet: FleetJudging, now: str
) -> tuple[Ended, Report | None]:
    """Make the report of a run; `now` is RFC 3339 in UTC.

    `report.json` is create-only: of two aggregators one writes it, and both leave the rest as it follows from that one. What
    has no result by the deadline is stored as unread, so that a scan that ends later changes nothing. An audit's run in the
    same store ends by itself and is left alone.

    Raises:
        InputError: there is no such run, or its record cannot be read.
        StoreError: the store refused; delivered again, the step goes on where it was.
    """
    there = set(store.list(keys.run_prefix(run_id)))
    report_key = keys.report_key(run_id, ".json")
    if report_key in there:
        behind = keys.summary_key(run_id) not in there or latest_of(store) < run_id  # its writer did not come so far
        if behind and _record(store, run_id, there).deadline:
            publish(run_report(store, run_id, fleet).report, store, finished=True, written=True)
        return Ended.ALREADY, None
    record = _record(store, run_id, there)
    if not record.deadline:  # somebody's audit, which ends by itself
        return Ended.WAITING, None
    tasks = tuple(unfinished(record, store))
    if tasks and now < record.deadline:
        return Ended.WAITING, None
    # a report is made once: what the store refuses is asked for again, and given up only where a day has not helped
    patient = now < later(record.deadline, _PATIENCE_S)
    for task in tasks:
        _close(task, judging, store)
    if keys.networks_key(run_id) in there and keys.topology_key(run_id) not in there:
        _place(record, fleet, store, patient=patient)
    made = aggregated([read_results(store, run_id, once=patient)], fleet, once=patient)
    for line in made.broken:
        say(line, severity="WARNING", run=run_id)
    report = made.report
    first = store.put_new(report_key, render_json(report))
    if not first:
        report = run_report(store, run_id, fleet).report
    publish(report, store, finished=True, written=True)
    return (Ended.REPORTED if first else Ended.ALREADY), report


def _record(store: Store, run_id: str, there: set[str]) -> RunRecord:
    key = keys.run_key(run_id)
    record = read_run(store, key) if key in there else None
    if record is None:
        raise InputError(f"{store.describe(key)}: no run that can be read: check the store")
    return record


def _place(record: RunRecord, fleet: FleetJudging, store: Store, *, patient: bool) -> None:
    """The networks with the run's clusters placed in them, which takes what each cluster says of itself."""
    key = keys.networks_key(record.id)
    networks = decode_topology(store.get(key, max_bytes=MAX_TOPOLOGY), store.describe(key))
    said = {each.cluster.id: _said(store, record.id, each.cluster) for each in record.planned}
    fabric = Fabric(
        settings=fleet.settings,
        networks=networks,
        records={name: each for name, each in said.items() if each is not None},
        statements=fleet.statements,
        profile=record.profile,
        at=record.time,
    )
    placed = fabric.read_networks(read_results(store, record.id, once=patient).results)
    if placed is not None:
        store.put_new(keys.topology_key(record.id), encode_topology(placed))


def _close(task: Task, judging: Judging, store: Store) -> None:
    """Nobody scanned it in time: what the plan knows of it is its snapshot.

    One that was read in every try and never judged is not judged here: what ended those tries would end every report.
    """
    from infra.snapshots import encode

    run = Run(id=task.run, time=task.time, tool=VERSION)
    ref, key = task.cluster, keys.snapshot_key(task.run, task.cluster)
    record = _said(store, task.run, ref)
    snapshot = unread(ref, NOT_SCANNED, record, task.time)
    data = encode(snapshot)
    if not store.put_new(key, data) and store.get(key) != data:
        snapshot = unread(ref, NOT_JUDGED, record, task.time)
    keep_result(judge_stored(snapshot, run, judging, None), run, store)


def _said(store: Store, run_id: str, ref: ClusterRef) -> CloudRecord | None:
    """What the cloud said of a cluster when the run was planned; None where that cannot be had any more."""
    from infra.snapshots import decode

    key = keys.planned_key(run_id, ref)
    try:
        return decode(store.get(key), store.describe(key)).cloud_record
    except (SnapshotError, MissingObjectError):
        return None
