"""Stored snapshots by URL: one file, a folder of them, or the latest run of a store."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from reports import keys
from scanner.errors import InputError
from scanner.model import Snapshot

if TYPE_CHECKING:
    from infra.store import Store

_SUFFIX = ".json.zst"
_MAX_BYTES = 1 << 30  # one stored snapshot, compressed


def list_snapshots(url: str) -> tuple[Store, tuple[str, ...]]:
    """The store behind `url` and the keys of its snapshots, sorted. A store's root gives the snapshots of its latest run.

    Raises:
        InputError: nothing there looks like a snapshot.
        StoreError: the store cannot be listed.
    """
    from infra.store import open_store

    folder, _, leaf = url.rstrip("/").rpartition("/")
    if leaf.endswith(".zst"):
        return open_store(folder or "."), (leaf,)
    store = open_store(url)
    found = [key for key in store.list("") if PurePosixPath(key).name.endswith(_SUFFIX)]
    runs = {parsed[0]: None for key in found if (parsed := keys.parse_cluster_key(key)) is not None}
    if runs:
        latest = max(runs)
        found = [key for key in found if (parsed := keys.parse_cluster_key(key)) is not None and parsed[0] == latest]
    if not found:
        raise InputError(
            f"{url}: no *{_SUFFIX} there: name a snapshot, a folder of them, or a store written by ringfence"
        )
    return store, tuple(sorted(found))


def read_snapshot(store: Store, key: str) -> Snapshot:
    """One stored snapshot.

    Raises:
        SnapshotError: it is truncated, hostile or too new; the line names it.
        StoreError: the store does not give it out.
    """
    from infra.snapshots import decode

    return decode(store.get(key, max_bytes=_MAX_BYTES), store.describe(key))
