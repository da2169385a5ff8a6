"""The second step, once for each cluster: read it, judge it, store both. Whoever comes second finds the work done."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from functions.ask import way_in
from functions.judging import Judging, judge_stored, keep_result
from functions.scheduled.tasks import Task, TryAgainError
from functions.sources import unread
from infra.text import printable
from infra.version import VERSION
from reports import keys
from reports.document import Run
from scanner.errors import ClusterReadError, InputError, PassingError, SnapshotError
from scanner.model import Snapshot

if TYPE_CHECKING:
    from infra.settings import SettingsFile, SourceOptions
    from infra.store import Store

_AFTER_S = 20.0  # kept for judging and storing what was read
_LEAST_S = 10.0  # less is not worth beginning with


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """One task. `left_s` is how long this delivery may last, `last` whether the queue will not deliver it again."""

    task: Task
    settings: SettingsFile
    judging: Judging
    store: Store
    left_s: float
    last: bool


def scan(request: ScanRequest) -> bool:
    """Scan one cluster; returns whether there was anything left to do.

    A cluster that cannot be read is stored as unread, with the reason. Where time ran out, or the cloud's credentials cannot
    be used at all, it is tried again, and unread the last time.

    Raises:
        InputError: the task is of no plan in this store: it will never be, so it belongs to the dead letters.
        TryAgainError: time ran out, or nobody may ask this cloud; and it is not the last try.
        StoreError: the store refused; the queue delivers the task again.
    """
    task, store = request.task, request.store
    run = Run(id=task.run, time=task.time, tool=VERSION)
    there = set(store.list(keys.cluster_prefix(run.id, task.cluster)))
    if keys.result_key(run.id, task.cluster) in there:
        return False
    planned = _planned(request, there)
    # A snapshot that an earlier delivery stored and could not judge wins over the plan's, which stands in for it.
    snapshot = planned if keys.snapshot_key(run.id, task.cluster) in there else _read(request, planned)
    keep_result(judge_stored(snapshot, run, request.judging, store), run, store)
    return True


def _planned(request: ScanRequest, there: set[str]) -> Snapshot:
    """What the plan left of the cluster.

    Raises:
        InputError: nothing, or what is another cluster's.
    """
    from infra.snapshots import decode

    task, store = request.task, request.store
    key = keys.planned_key(task.run, task.cluster)
    shown = printable(task.cluster.id, 200)
    if key not in there:
        raise InputError(f"run {task.run} has no plan for {shown}: look who else writes to this queue")
    try:
        planned = decode(store.get(key), store.describe(key))
    except SnapshotError as error:
        raise InputError(str(error)) from error
    if planned.cluster != task.cluster:
        raise InputError(f"{store.describe(key)}: is not of {shown}: look who else writes to this queue")
    if planned.taken != task.time:  # by another time other waivers would hold
        raise InputError(f"run {task.run} was not planned for {task.time}: look who else writes to this queue")
    return planned


def _read(request: ScanRequest, planned: Snapshot) -> Snapshot:
    """The cluster as it is now; unread, with the reason, where that cannot be had."""
    task, record = request.task, planned.cloud_record
    ends = time.monotonic() + request.left_s - _AFTER_S
    if ends - time.monotonic() < _LEAST_S:
        return _late(request, planned, f"{max(0.0, request.left_s):.0f} s were left to read it")
    try:
        from infra.kube import Limits, read_api

        access = way_in(_source(request), task.cluster)
        lists = request.settings.concurrency.lists_per_cluster
        limits = Limits(deadline_s=max(1.0, ends - time.monotonic()), lists=lists)
        snapshot = read_api(access, record=record, taken=task.time, limits=limits)
    except ClusterReadError as error:
        if isinstance(error, PassingError) and not request.last:  # the function's own trouble: the cluster may be well
            raise TryAgainError(str(error)) from error
        if time.monotonic() >= ends:
            return _late(request, planned, str(error))
        return unread(task.cluster, str(error), record, task.time)
    except InputError as error:  # of the source or its credentials, which may come back: the task is not to blame
        if not request.last:
            raise TryAgainError(str(error)) from error
        return unread(task.cluster, str(error), record, task.time)
    return msgspec.structs.replace(snapshot, cluster=task.cluster)


def _source(request: ScanRequest) -> SourceOptions:
    sources = request.settings.sources
    if request.task.source >= len(sources):
        shown = printable(request.task.cluster.name, 100)
        raise ClusterReadError(f"{shown}: the source that found it is no longer in the settings: wait for the next run")
    return sources[request.task.source]


def _late(request: ScanRequest, planned: Snapshot, reason: str) -> Snapshot:
    """Time ran out: the queue tries again, and the last time that is the result."""
    if not request.last:
        raise TryAgainError(f"{printable(request.task.cluster.id, 200)}: time ran out: {reason}")
    reason = f"time ran out in every try: {reason}: give the function more time or memory"
    return unread(request.task.cluster, reason, planned.cloud_record, request.task.time)
