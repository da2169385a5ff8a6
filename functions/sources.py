"""The ways in: the embedded estate, stored snapshots, folders of manifests, live clusters. One type comes out.

An `Input` names one cluster and knows how to read it. Nothing is read before the run asks for it, a few clusters at a time,
so a fleet never lies in memory as a whole and one unreadable cluster never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from infra.collector import COLLECTOR
from infra.settings import SourceOptions
from infra.text import printable
from reports.document import Scope
from scanner.errors import InputError
from scanner.model import (
    SNAPSHOT_VERSION,
    Cloud,
    CloudRecord,
    ClusterRef,
    Collected,
    KindStatus,
    Snapshot,
    Source,
)

Progress = Callable[[str], None]
# What a reader hands its news to; the run decides whether anybody is watching.


@dataclass(frozen=True, slots=True)
class Input:
    """One cluster to read, and what people call it.

    `ref` and `record` (what the cloud says) are set where they are known before the cluster is read: an unreadable one is
    then reported under its address. `read(progress)` returns the snapshot or raises a RingfenceError that names the
    cluster or file and the mend; what `progress` raises it lets through. `local` inputs wait for no network, so nothing is
    won by reading several at once.
    """

    label: str
    read: Callable[[Progress], Snapshot]
    ref: ClusterRef | None = None
    record: CloudRecord | None = None
    local: bool = False


def list_inputs(options: SourceOptions, *, taken: str, lists: int = 2) -> tuple[Input, ...]:
    """The clusters that `options` names, unread; those of a cloud have to be discovered first (`functions.gather`).

    `taken` is the run's time, for what is read now (RFC 3339, UTC); `lists` is how many lists are read at once in a cluster.

    Raises:
        InputError: no way in or several were chosen, a record cannot be read, or nothing is there to read.
        StoreError: the store of `--snapshots` cannot be listed.
    """
    if len(options.chosen) != 1:
        found = ", ".join(options.chosen) or "none"
        raise InputError(
            f"choose one of --demo, --snapshots, --manifests, --kubeconfig, --aws, --gcp, --azure (got {found})"
        )
    records = _records(options.cloud_records)
    if options.demo:
        return _joined(_demo(), records)
    if options.snapshots:
        return _stored(options.snapshots, records)
    if options.manifests:
        return (_folder(Path(options.manifests), options.name, _only(records), taken),)
    return _live(options, records, taken, lists)


def unread(ref: ClusterRef, reason: str, record: CloudRecord | None, taken: str) -> Snapshot:
    """The snapshot of a cluster that exists and could not be read: all that is known is its address and its record."""
    return Snapshot(
        version=SNAPSHOT_VERSION,
        collector=COLLECTOR,
        taken=taken,
        cluster=ref,
        source=Source.CLUSTER,
        collection={"pods": KindStatus(status=Collected.FORBIDDEN, reason=reason)},
        unread=reason,
        cloud_record=record,
    )


def address(record: CloudRecord | None, name: str, where: str) -> ClusterRef:
    """A cluster's address: as its cloud record says or, without one, under `other/local/<where>`.

    Raises:
        InputError: the name is no text (bytes that are not UTF-8), so it could not be stored.
    """
    if not name.isprintable():
        raise InputError(
            f"{printable(name, 80)}: no name for a cluster: give one without control characters with --name"
        )
    if record is None:
        return ClusterRef(
            cloud=Cloud.OTHER, account="local", location=where, name=name, id=f"{Cloud.OTHER}/local/{where}/{name}"
        )
    from infra.cloudrecord import cluster_ref

    return cluster_ref(record, name)


def _records(files: Sequence[str]) -> tuple[CloudRecord, ...]:
    if not files:
        return ()
    from infra.cloudrecord import read_record

    return tuple(read_record(Path(file)) for file in files)


def _only(records: Sequence[CloudRecord]) -> CloudRecord | None:
    if len(records) > 1:
        raise InputError(f"{len(records)} cloud records for one cluster: give --cloud-record once")
    return records[0] if records else None


def _demo() -> tuple[Input, ...]:
    from infra.estate.read import estate

    return tuple(_from_bytes(name, data) for name, data in estate())


def _from_bytes(name: str, data: bytes) -> Input:
    def read(_: Progress) -> Snapshot:
        from infra.snapshots import decode

        return decode(data, f"embedded estate, {name}")

    return Input(label=name, read=read, local=True)


def _stored(url: str, records: Sequence[CloudRecord]) -> tuple[Input, ...]:
    """The snapshots of a store, and what their run could not read: a gap stays one when its run is judged again."""
    from functions.stored import list_snapshots, read_snapshot

    store, keys, missed = list_snapshots(url)

    def entry(key: str) -> Input:
        return Input(label=key, read=lambda _: read_snapshot(store, key), local=True)

    def gap(place: str, reason: str) -> Input:
        def read(_: Progress) -> Snapshot:
            raise InputError(reason)

        return Input(label=place, read=read, local=True)

    found = _joined(tuple(entry(key) for key in keys), records)
    return (*found, *(gap(scope.place or scope.location, _why(scope)) for scope in missed))


def _why(scope: Scope) -> str:
    """Why an earlier run could not look somewhere: with the place, where that is one of a cloud."""
    return f"{scope.place}: {scope.outcome}: {scope.reason}" if scope.place else scope.reason


def _joined(inputs: Sequence[Input], records: Sequence[CloudRecord]) -> tuple[Input, ...]:
    """Stored clusters with the records given for them, in order; none given leaves what the snapshots hold."""
    if not records:
        return tuple(inputs)
    if len(records) != len(inputs):
        raise InputError(
            f"{len(records)} cloud records for {len(inputs)} clusters: give one --cloud-record per cluster, in order"
        )

    def join(entry: Input, record: CloudRecord) -> Input:
        def read(progress: Progress) -> Snapshot:
            from infra.cloudrecord import check_record

            snapshot = entry.read(progress)
            check_record(record, snapshot.cluster, entry.label)
            return msgspec.structs.replace(snapshot, cloud_record=record)

        return Input(label=entry.label, read=read, local=entry.local)

    return tuple(join(entry, record) for entry, record in zip(inputs, records, strict=True))


def _folder(path: Path, name: str, record: CloudRecord | None, taken: str) -> Input:
    ref = address(record, name or _folder_name(path) or "manifests", "manifests")

    def read(progress: Progress) -> Snapshot:
        from infra.manifests import read_manifests

        return read_manifests(path, cluster=ref, taken=taken, record=record, progress=progress)

    return Input(label=str(path), read=read, local=True)


def _folder_name(path: Path) -> str:
    """What the folder is called where it really lies; a path that leads nowhere is named when it is read."""
    try:
        return path.resolve().name
    except (OSError, RuntimeError, ValueError):  # a circle of links, a NUL
        return path.name


def _live(options: SourceOptions, records: Sequence[CloudRecord], taken: str, lists: int) -> tuple[Input, ...]:
    contexts: tuple[str | None, ...] = options.contexts or (None,)
    if records and len(records) != len(contexts):
        raise InputError(
            f"{len(records)} cloud records for {len(contexts)} contexts: give one --cloud-record per --context, in order"
        )
    paired: Sequence[CloudRecord | None] = records or (None,) * len(contexts)
    return tuple(
        _context(options.kubeconfig or None, context, record, taken, lists)
        for context, record in zip(contexts, paired, strict=True)
    )


def _context(kubeconfig: str | None, context: str | None, record: CloudRecord | None, taken: str, lists: int) -> Input:
    label = context or "current-context"

    def read(progress: Progress) -> Snapshot:
        from infra.kube import Limits, read_cluster

        limits = Limits(lists=lists)
        return read_cluster(kubeconfig, context, record=record, taken=taken, limits=limits, progress=progress)

    return Input(label=label, read=read, ref=address(record, label, "kubeconfig"), record=record)
