"""The first step: which clusters there are, written down once, and a task in the queue for each that has no result yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from functions.gather import Estate, discover_all
from functions.network import read_networks
from functions.publish import encode_document
from functions.scheduled.tasks import Task
from functions.sources import unread
from functions.stored import Planned, RunRecord, read_run
from infra.pool import Check, in_parallel
from reports import keys
from reports.document import Run
from scanner.baselines import BASELINE_VERSION
from scanner.errors import InputError, StoreError
from scanner.topology.build import topology_of
from scanner.topology.document import encode as encode_topology

if TYPE_CHECKING:
    from functions.watch import Quiet
    from infra.clouds.model import Found
    from infra.settings import SettingsFile
    from infra.store import Store

Send = Callable[[Sequence[Task]], None]
# Puts tasks into the queue, all of them or an error. Sending one twice is harmless.

NOT_SCANNED = "no scan of it ended before the run's deadline"
_WRITERS = 16  # objects at once: a plan of 10,000 clusters is 10,000 small objects


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """One due run. `lasts_s` is how long after its time clusters may still be scanned, in seconds."""

    run: Run
    settings: SettingsFile
    store: Store
    send: Send
    lasts_s: int


def plan(request: PlanRequest, watch: Quiet) -> RunRecord:
    """Discover, write `run.json` create-only, and send a task for each cluster without a result; returns what was planned.

    Delivered again, it discovers nothing: the plan that is stored stands, and the tasks that still have no result are sent.

    Raises:
        InputError: no source is a cloud, or none can be used at all: nothing was planned.
        StoreError: the store refused; the platform delivers the event again.
    """
    store, run = request.store, request.run
    key = keys.run_key(run.id)
    record = read_run(store, key) if key in set(store.list(keys.run_prefix(run.id))) else None
    if record is None:
        record = _discovered(request, watch)
        if not store.put_new(key, encode_document(record)):
            stored = read_run(store, key)
            if stored is None:
                raise StoreError(f"{store.describe(key)}: cannot be read: move it away, or wait for the next run")
            record = stored
    if not record.planned and record.expected:
        raise StoreError(f"{store.describe(key)}: an audit took this run's id: wait for the next run")
    request.send(tuple(unfinished(record, store)))
    return record


def unfinished(record: RunRecord, store: Store) -> Iterable[Task]:
    """The tasks of a run that have no result yet."""
    there = set(store.list(keys.clusters_prefix(record.id)))
    for each in record.planned:
        if keys.result_key(record.id, each.cluster) not in there:
            yield Task(run=record.id, time=record.time, cluster=each.cluster, source=each.source)


def _discovered(request: PlanRequest, watch: Quiet) -> RunRecord:
    sources = tuple(each for each in request.settings.sources if each.is_cloud)
    if not sources:
        raise InputError("nothing to plan: name aws, gcp or azure under `sources` in ringfence.yaml")
    estate = discover_all(sources, watch, alone=len(sources) == 1)
    _keep_records(estate, request)
    networks = topology_of(read_networks(estate, watch))
    if networks.domains or networks.unread:
        request.store.put_new(keys.networks_key(request.run.id), encode_topology(networks))
    places = {id(source): index for index, source in enumerate(request.settings.sources)}
    planned = tuple(Planned(cluster=each.ref, source=places[id(estate.by[each.ref.id])]) for each in estate.clusters)
    run = request.run
    return RunRecord(
        id=run.id,
        time=run.time,
        tool=run.tool,
        baseline=BASELINE_VERSION,
        expected=tuple(sorted(label_of(each) for each in planned)),
        scopes=estate.places,
        clusters={label_of(each): each.cluster for each in planned},
        profile=request.settings.baseline.profile,
        planned=planned,
        deadline=later(run.time, request.lasts_s),
    )


def label_of(planned: Planned) -> str:
    """What people call a planned cluster, as an audit's inputs do."""
    ref = planned.cluster
    return f"{ref.cloud}/{ref.account}/{ref.location}/{ref.name}"


def _keep_records(estate: Estate, request: PlanRequest) -> None:
    """What the clouds say of each cluster, as the snapshot of one that nobody has read: so it is judged if nobody ever does."""
    from infra.snapshots import encode

    def write(found: Found, check: Check) -> None:
        check()
        snapshot = unread(found.ref, NOT_SCANNED, found.record, request.run.time)
        request.store.put_new(keys.planned_key(request.run.id, found.ref), encode(snapshot))

    with closing(in_parallel(write, estate.clusters, _WRITERS)) as written:
        for _ in written:
            pass


def later(time: str, seconds: int) -> str:
    """`time` (RFC 3339) and so much more, in UTC."""
    moment = datetime.fromisoformat(time) + timedelta(seconds=seconds)
    return keys.run_time(moment.isoformat())
