"""Stored snapshots by URL: one file, a folder of them, or the latest run of a store."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from reports import keys
from reports.document import Scope
from scanner.errors import InputError
from scanner.model import ClusterRef, Snapshot

if TYPE_CHECKING:
    from infra.store import Store

_SUFFIX = ".json.zst"
_MAX_BYTES = 1 << 30  # one stored snapshot, compressed


class Planned(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One cluster of a scheduled run, and the place of its source in the settings."""

    cluster: ClusterRef
    source: int


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`run.json`: what a run set out to read, and the places it could not.

    `baseline` is empty where nothing was judged. An `interrupted` run (Ctrl-C) may be taken up again under its id.
    `clusters` are the addresses of what was `expected`, as far as they became known, and `profile` what it was judged by.
    `planned` and `deadline` (RFC 3339, UTC) are a scheduled run's, whose clusters are read after this is written: what has no
    result by then is unread.
    """

    schema: str = "run/v1"
    id: str
    time: str
    tool: str
    baseline: str
    expected: tuple[str, ...]
    scopes: tuple[Scope, ...]
    interrupted: bool = False
    clusters: dict[str, ClusterRef] = {}
    profile: str = ""
    planned: tuple[Planned, ...] = ()
    deadline: str = ""


def list_snapshots(url: str) -> tuple[Store, tuple[str, ...], tuple[Scope, ...]]:
    """The store behind `url`, the keys of its snapshots, sorted, and the places that their run could not read.

    A store's root gives the snapshots of its latest run; elsewhere nothing says what was not read.

    Raises:
        InputError: nothing there looks like a snapshot.
        StoreError: the store cannot be listed.
    """
    from infra.store import open_store

    folder, slash, leaf = url.rstrip("/").rpartition("/")
    if leaf.endswith(".zst"):
        return open_store(folder or slash or "."), (leaf,), ()
    store = open_store(url)
    listed = tuple(store.list(""))
    # what a scheduled run planned stands in for a snapshot only where nobody read the cluster, and then it was stored as one
    found = [key for key in listed if key.endswith(_SUFFIX) and PurePosixPath(key).name != keys.PLANNED]
    runs = {key: parsed[0] for key in found if (parsed := keys.parse_cluster_key(key)) is not None}
    missed: tuple[Scope, ...] = ()
    if runs:
        latest = max(runs.values())
        found = [key for key, run in runs.items() if run == latest]
        record = read_run(store, keys.run_key(latest)) if keys.run_key(latest) in listed else None
        missed = tuple(scope for scope in record.scopes if not scope.is_whole) if record else ()
    if not found:
        raise InputError(
            f"{url}: no *{_SUFFIX} there: name a snapshot, a folder of them, or a store written by ringfence"
        )
    return store, tuple(sorted(found)), missed


def read_run(store: Store, key: str) -> RunRecord | None:
    """A run's record; None where it cannot be read as one, for its snapshots then still speak for themselves."""
    try:
        return msgspec.json.decode(store.get(key), type=RunRecord)
    except (ValueError, RecursionError):
        return None


def read_snapshot(store: Store, key: str) -> Snapshot:
    """One stored snapshot.

    Raises:
        SnapshotError: it is truncated, hostile or too new; the line names it.
        StoreError: the store does not give it out.
    """
    from infra.snapshots import decode

    return decode(store.get(key, max_bytes=_MAX_BYTES), store.describe(key))
