"""The results of one stored run, read a few at a time: nothing of a snapshot is read, and nothing expected is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from functions.fetching import fetched
from functions.sources import unread
from functions.stored import RunRecord, read_run
from reports import keys
from reports.document import Run, Scope, decode_result
from scanner.baselines.config import BaselineConfig
from scanner.errors import InputError, RingfenceError, StoreError
from scanner.findings import ClusterResult
from scanner.judge import judge
from scanner.model import ClusterRef
from scanner.topology.document import MAX_BYTES as MAX_TOPOLOGY
from scanner.topology.document import decode as decode_topology
from scanner.topology.model import Topology

if TYPE_CHECKING:
    from infra.store import Store

_MAX_RESULT = 1 << 30  # a cluster with a million findings


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """One run as its store holds it. `record` is None where there is none that can be read.

    `lost` are the clusters that the run set out to read and that have no result, each with the reason; `broken` are lines
    that name an object and what is wrong with it. `networks` are those of the clouds, None where none are stored.
    """

    store: Store
    id: str
    record: RunRecord | None
    results: tuple[ClusterResult, ...]
    lost: tuple[tuple[ClusterRef, str], ...]
    scopes: tuple[Scope, ...]
    broken: tuple[str, ...]
    networks: Topology | None

    @property
    def run(self) -> Run:
        """The run as reports hold it."""
        time = self.record.time if self.record else keys.time_of(self.id)
        return Run(id=self.id, time=time, tool=self.record.tool if self.record else "")

    @property
    def finished(self) -> bool:
        """Whether the run ended by itself, so that what it lacks is not there."""
        return self.record is not None and not self.record.interrupted

    @property
    def baseline(self) -> str:
        """The version it was judged by."""
        if self.record is not None and self.record.baseline:
            return self.record.baseline
        return max((each.baseline for each in self.results), default="")


def read_results(store: Store, run: str, *, once: bool = False) -> StoredRun:
    """Everything of run `run` in `store` that a report is made of. A broken object is named and its cluster unread.

    `once` is for a report that nobody makes again: what the store refuses at the moment is then no reason to call a cluster
    unread for good.

    Raises:
        InputError: there is no such run, or nothing of it was judged.
        StoreError: the store cannot be listed, or with `once` does not give out an object.
    """
    found = [key for key in store.list(keys.clusters_prefix(run)) if _is_result(key)]
    record, broken = _record(store, run)
    if record is None and not found:
        raise InputError(f"{store.describe(keys.run_prefix(run))}: no such run: check --from and --run")
    if not found and record is not None and not record.baseline:
        raise InputError(f"run {run} was only collected: judge it with `ringfence audit --snapshots {store.url}`")
    addresses = {keys.result_key(run, ref): ref for ref in (record.clusters.values() if record else ())}
    results, lost = [], []
    for key, answer in _read_all(store, found):
        if once and isinstance(answer, StoreError):
            raise answer
        wrong = answer if isinstance(answer, RingfenceError) else _misplaced(answer, run, key, store)
        if isinstance(answer, ClusterResult) and wrong is None:
            results.append(answer)
        else:
            broken += (str(wrong),)
            lost.append((addresses.get(key) or _address(key), f"its result cannot be read: {wrong}"))
    networks, unusable = _networks(store, run, once=once)
    lost += _without(record, set(found), run) if record else []
    return StoredRun(
        store=store,
        id=run,
        record=record,
        results=tuple(sorted(results, key=lambda each: each.cluster.id)),
        lost=tuple(sorted(lost, key=lambda each: each[0].id)),
        scopes=(*(record.scopes if record else ()), *_unknown(store, run, record, len(found))),
        broken=tuple(sorted((*broken, *unusable))),
        networks=networks,
    )


def unread_result(ref: ClusterRef, reason: str, run: StoredRun, config: BaselineConfig, baseline: str) -> ClusterResult:
    """The result of a cluster of which nothing is known but that it is there: everything about it is unknown."""
    snapshot = unread(ref, reason, None, run.run.time)
    return msgspec.structs.replace(judge(snapshot, config, at=run.run.time), baseline=baseline)


def _is_result(key: str) -> bool:
    parsed = keys.parse_cluster_key(key)
    return parsed is not None and parsed.leaf == keys.RESULT


def _record(store: Store, run: str) -> tuple[RunRecord | None, tuple[str, ...]]:
    key = keys.run_key(run)
    if store.find(key) is None:
        return None, ()
    record = read_run(store, key)
    if record is None:
        return None, (f"{store.describe(key)}: cannot be read: what the run set out to read is not known",)
    return record, ()


def _read_all(store: Store, found: Sequence[str]) -> Iterator[tuple[str, ClusterResult | RingfenceError]]:
    for key, data in fetched(store, found, max_bytes=_MAX_RESULT):
        try:
            if isinstance(data, bytes):
                yield key, decode_result(data, store.describe(key))
            else:
                yield key, data or StoreError(f"{store.describe(key)}: it went away while the run was read")
        except InputError as error:
            yield key, error


def _misplaced(result: ClusterResult, run: str, key: str, store: Store) -> InputError | None:
    """What lies in a cluster's place must be its own, or one cluster would pass for another."""
    if keys.result_key(run, result.cluster) == key:
        return None
    return InputError(f"{store.describe(key)}: holds {result.cluster.id[:200]}, whose place is elsewhere: remove it")


def _address(key: str) -> ClusterRef:
    """What a key alone tells of its cluster, whose id then is the key's own."""
    parsed = keys.parse_cluster_key(key)
    if parsed is None:
        raise ValueError(f"{key!r} is no key of a result")  # `_is_result` said otherwise
    cloud, account, location, name = parsed.cloud, parsed.account, parsed.location, parsed.name
    plain = "~" not in key
    return ClusterRef(
        cloud=cloud,
        account=account,
        location=location,
        name=name,
        id=f"{cloud}/{account}/{location}/{name}" if plain else key.rpartition("/")[0],
    )


def _without(record: RunRecord, found: set[str], run: str) -> list[tuple[ClusterRef, str]]:
    """The expected clusters whose address is known and that have no result.

    Where a scope speaks for one, the report that the run made has that scope alone; an interrupted run made no such report.
    """
    told = _told(record)
    reason = (
        f"run {run} was interrupted before it was judged: run again with --run-id {run}"
        if record.interrupted
        else f"run {run} read it, but its result is not in the store: audit it again"
    )
    lost = {
        ref.id: (ref, told.get(label) or reason)
        for label, ref in record.clusters.items()
        if record.interrupted or label not in told
    }
    return [each for each in lost.values() if keys.result_key(run, each[0]) not in found]


def _told(record: RunRecord) -> dict[str, str]:
    """What scopes say of inputs that are no place of a cloud, by label."""
    return {scope.location: scope.reason for scope in record.scopes if not scope.cloud}


def _unknown(store: Store, run: str, record: RunRecord | None, results: int) -> Iterator[Scope]:
    """What may be missing without anybody knowing its name."""
    if record is None:
        reason = f"{store.describe(keys.run_key(run))}: not there: what the run set out to read is not known"
        yield Scope(cloud="", account="", location=run, outcome="partial", reason=reason)
        return
    told = _told(record)
    nameless = [label for label in record.expected if label not in record.clusters and label not in told]
    missing = len(nameless) - results if not record.clusters else len(nameless)
    if missing > 0 and not record.interrupted:
        reason = f"{missing} of the {len(record.expected)} clusters that run {run} set out to read have no result"
        yield Scope(cloud="", account="", location=run, outcome="partial", reason=reason)


def _networks(store: Store, run: str, *, once: bool) -> tuple[Topology | None, tuple[str, ...]]:
    key = keys.topology_key(run)
    try:
        data = store.find(key, max_bytes=MAX_TOPOLOGY)
        return (None if data is None else decode_topology(data, store.describe(key))), ()
    except RingfenceError as error:
        if once and isinstance(error, StoreError):
            raise
        return None, (str(error),)
