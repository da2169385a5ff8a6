"""What a run leaves in its store beside its clusters: its record, the report's renderings, and the pointer to the latest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from functions.findings_table import can_write, write_findings
from functions.site import put_site
from functions.sources import Input
from functions.stored import RunRecord, read_run
from reports import keys
from reports.document import Report, Run, Scope, render_json
from scanner.errors import InputError, StoreError

if TYPE_CHECKING:
    from infra.store import Store


def record_run(
    store: Store, run: Run, inputs: Iterable[Input], scopes: Sequence[Scope], *, baseline: str, interrupted: bool
) -> None:
    """Store what the run set out to read and what it could not, once.

    An interrupted run's record is replaced when it is taken up again, and that of clusters that were only collected when
    they are judged. Several collectors may each add clusters of theirs to one run: the first one's record stands.
    """
    record = RunRecord(
        id=run.id,
        time=run.time,
        tool=run.tool,
        baseline=baseline,
        expected=tuple(sorted(entry.label for entry in inputs)),
        scopes=tuple(scopes),
        interrupted=interrupted,
    )
    run_key = keys.run_key(run.id)
    if store.put_new(run_key, _encode(record)):
        return
    earlier = read_run(store, run_key)
    if earlier is None:
        return
    if earlier.baseline and baseline and earlier.expected != record.expected:
        place = store.describe(run_key)
        raise StoreError(f"{place}: this run set out to read other clusters: give another --run-id or --time")
    if (earlier.interrupted and earlier.expected == record.expected) or (baseline and not earlier.baseline):
        store.put(run_key, _encode(record))


def publish(report: Report, store: Store, *, finished: bool) -> tuple[str, ...]:
    """Store the report's renderings, then point `latest.json` at a finished run unless a newer one has already.

    The findings are stored as tables too where the extra `parquet` is installed. Without it they are left out without a word:
    nobody asked for them, and `report --format parquet` makes them of the same report at any time.
    """
    page = put_site(report, store, lambda path: keys.page_key(report.run.id, path))
    document = keys.report_key(report.run.id, ".json")
    store.put(document, render_json(report))
    if can_write():
        write_findings(report, store)
    if finished:
        latest = {"schema": "latest/v1", "run": report.run.id, "report": document}
        store.update_latest(keys.LATEST, _encode(latest), lambda current: _run_of(current) <= report.run.id)
    return store.describe(page), store.describe(document)


def _encode(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


class _Latest(msgspec.Struct):
    run: str


def _run_of(latest: bytes) -> str:
    """The run that a `latest.json` points at; one that cannot be read points nowhere and may be replaced."""
    try:
        return keys.checked_run_id(msgspec.json.decode(latest, type=_Latest).run)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InputError):
        return ""
