"""The third step: one report of a run, once every cluster has its result or the run's deadline has passed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from functions.aggregate import Judging as FleetJudging
from functions.aggregate import run_report
from functions.history import with_past
from functions.judging import Judging, judge_stored, keep_result
from functions.publish import publish
from functions.results import read_results
from functions.scheduled.plan import unfinished
from functions.scheduled.tasks import Task
from functions.stored import read_run
from infra.version import VERSION
from reports import keys
from reports.document import Report, Run, decode_report, render_json
from scanner.errors import InputError

if TYPE_CHECKING:
    from infra.store import Store

_MAX_REPORT = 4 << 30


class Ended(StrEnum):
    """How far a run is."""

    WAITING = "waiting"  # clusters have no result, and the deadline is ahead
    REPORTED = "reported"  # the report is there now
    ALREADY = "already"  # it was there before


def aggregate(store: Store, run_id: str, judging: Judging, fleet: FleetJudging, now: str) -> tuple[Ended, Report | None]:
    """Make the report of a run; `now` is RFC 3339 in UTC.

    `report.json` is create-only: of two aggregators one writes it, and both leave the rest as it follows from that one. What
    has no result by the deadline is stored as unread, so that a scan that ends later changes nothing.

    Raises:
        InputError: there is no such run, or its record cannot be read.
        StoreError: the store refused; delivered again, the step goes on where it was.
    """
    there = set(store.list(keys.run_prefix(run_id)))
    record = read_run(store, keys.run_key(run_id)) if keys.run_key(run_id) in there else None
    if record is None:
        raise InputError(f"{store.describe(keys.run_key(run_id))}: no run that can be read: check the store")
    report_key = keys.report_key(run_id, ".json")
    if report_key in there:
        if keys.summary_key(run_id) not in there:
            publish(_stored(store, report_key), store, finished=True)
        return Ended.ALREADY, None
    tasks = tuple(unfinished(record, store))
    if tasks and now < record.deadline:
        return Ended.WAITING, None
    for task in tasks:
        _close(task, judging, store)
    report, _ = with_past(aggregated([read_results(store, run_id)], fleet).report, store)
    first = store.put_new(report_key, render_json(report))
    if not first:
        report = _stored(store, report_key)
    publish(report, store, finished=True)
    return (Ended.REPORTED if first else Ended.ALREADY), report


def _stored(store: Store, key: str) -> Report:
    return decode_report(store.get(key, max_bytes=_MAX_REPORT), store.describe(key))


def _close(task: Task, judging: Judging, store: Store) -> None:
    """Nobody scanned it in time: what the plan knows of it is its snapshot, unless one was read and never judged."""
    from infra.snapshots import decode

    key = keys.planned_key(task.run, task.cluster)
    planned = decode(store.get(key), store.describe(key))
    run = Run(id=task.run, time=task.time, tool=VERSION)
    keep_result(judge_stored(planned, run, judging, store), run, store)

