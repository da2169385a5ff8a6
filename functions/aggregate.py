"""The fleet report of what is stored: a `report.json`, a run's folder, or the latest finished run of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reports import keys
from reports.document import Report, decode_report
from scanner.errors import InputError

if TYPE_CHECKING:
    from infra.store import Store

_MAX_BYTES = 4 << 30  # a report of a million findings


class _Latest(msgspec.Struct):
    run: str


def stored_report(url: str, run: str = "") -> Report:
    """The report of run `run` in the store at `url`, of the latest one without; `url` may also name one `report.json`.

    Raises:
        InputError: there is no such report, or it cannot be read as one.
        StoreError: the store does not give it out.
    """
    from infra.store import open_store

    folder, slash, leaf = url.rstrip("/").rpartition("/")
    if leaf.endswith(".json"):
        return _read(open_store(folder or slash or "."), leaf)
    store = open_store(url)
    return _read(store, keys.report_key(run or _latest(store), ".json"))


def _latest(store: Store) -> str:
    data = store.get(keys.LATEST)
    try:
        return keys.checked_run_id(msgspec.json.decode(data, type=_Latest).run)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InputError) as error:
        raise InputError(f"{store.describe(keys.LATEST)}: names no run: give --run") from error


def _read(store: Store, key: str) -> Report:
    return decode_report(store.get(key, max_bytes=_MAX_BYTES), store.describe(key))
