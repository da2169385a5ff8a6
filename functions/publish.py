"""What a run leaves in its store beside its clusters: its record, the report's renderings, and the pointer to the latest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from functions.findings_table import can_write, write_findings
from functions.history import with_past
from functions.site import put_site
from functions.sources import Input
from functions.stored import RunRecord, read_run
from reports import keys
from reports.document import Report, Run, Scope, render_json
from reports.summary import render_summary, summary_of
from scanner.errors import InputError, StoreError
from scanner.model import ClusterRef
from scanner.topology.document import encode as encode_topology
from scanner.topology.model import Topology

if TYPE_CHECKING:
    from infra.store import Store


def record_run(
    store: Store,
    what: Report | Run,
    inputs: Sequence[Input],
    scopes: Sequence[Scope],
    *,
    interrupted: bool,
    found: Mapping[str, ClusterRef],
    profile: str = "",
) -> None:
    """Store what the run of a report, or one that judges nothing, set out to read and what it could not, once.

    `found` are the clusters behind the inputs, by label.

    An interrupted run's record is replaced when it is taken up again, and that of clusters that were only collected when
    they are judged. Several collectors may each add clusters of theirs to one run: the first one's record stands.
    """
    run, baseline = (what, "") if isinstance(what, Run) else (what.run, what.baseline)
    record = RunRecord(
        id=run.id,
        time=run.time,
        tool=run.tool,
        baseline=baseline,
        expected=tuple(sorted(entry.label for entry in inputs)),
        scopes=tuple(scopes),
        interrupted=interrupted,
        clusters={entry.label: entry.ref for entry in inputs if entry.ref is not None} | dict(found),
        profile=profile,
    )
    run_key = keys.run_key(run.id)
    if store.put_new(run_key, encode_document(record)):
        return
    earlier = read_run(store, run_key)
    if earlier is None:
        return
    if earlier.baseline and baseline and earlier.expected != record.expected:
        place = store.describe(run_key)
        raise StoreError(f"{place}: this run set out to read other clusters: give another --run-id or --time")
    if (earlier.interrupted and earlier.expected == record.expected) or (baseline and not earlier.baseline):
        store.put(run_key, encode_document(record))


def keep(
    report: Report, store: Store, networks: Topology | None, *, finished: bool
) -> tuple[Report, tuple[str, ...], tuple[str, ...]]:
    """Publish a run's report beside the networks it read; a finished one with what earlier runs tell.

    Returns the report as it was published, where that is, and lines about earlier runs that could not be read.
    """
    if networks is not None:
        store.put(keys.topology_key(report.run.id), encode_topology(networks))
    grown, damaged = with_past(report, store) if finished else (report, ())
    return grown, publish(grown, store, finished=finished), damaged


def publish(report: Report, store: Store, *, finished: bool, written: bool = False) -> tuple[str, ...]:
    """Store the report's renderings, then point `latest.json` at a finished run unless a newer one has already.

    The findings are stored as tables too where the extra `parquet` is installed. Without it they are left out without a word:
    nobody asked for them, and `report --format parquet` makes them of the same report at any time. Only a finished run leaves
    a summary: it is what makes it part of the store's history. `written` says that the document itself lies there already.
    """
    page = put_site(report, store, lambda path: keys.page_key(report.run.id, path))
    document = keys.report_key(report.run.id, ".json")
    if not written:
        store.put(document, render_json(report))
    if can_write():
        write_findings(report, store)
    if finished:
        store.put(keys.summary_key(report.run.id), render_summary(summary_of(report)))
        latest = {"schema": "latest/v1", "run": report.run.id, "report": document}
        store.update_latest(keys.LATEST, encode_document(latest), lambda current: run_named(current) <= report.run.id)
    return store.describe(page), store.describe(document)


def encode_document(value: object) -> bytes:
    """A small document of the store: JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=2) + b"\n"


def latest_of(store: Store) -> str:
    """The run that the store's pointer names, "" where it names none."""
    data = store.find(keys.LATEST)
    return run_named(data) if data is not None else ""


class _Latest(msgspec.Struct):
    run: str


def run_named(latest: bytes) -> str:
    """The run that a `latest.json` points at; one that cannot be read points nowhere and may be replaced."""
    try:
        return keys.checked_run_id(msgspec.json.decode(latest, type=_Latest).run)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InputError):
        return ""
