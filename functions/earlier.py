"""The run before, and what changed since: the store's runs are all the memory there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.aggregate import Judging, open_root, place_of, run_report, stored_report
from functions.history import runs_of
from reports import keys
from reports.changes import Changes, changes_between
from reports.document import Report
from scanner.errors import InputError

if TYPE_CHECKING:
    from infra.store import Store


@dataclass(frozen=True, slots=True)
class Compared:
    """A run's report, what changed since the run before (None where there is none), and where the report lies."""

    report: Report
    changes: Changes | None
    place: str


def changes_of(source: str, run: str, judging: Judging) -> Compared:
    """What run `run` of a store (the latest finished one without) changed.

    Raises:
        InputError: `source` is no store, or a report cannot be read as one.
        StoreError: the store does not give something out.
    """
    if source.rstrip("/").endswith(".json"):
        raise InputError(f"--from {source}: one report has nothing to be compared with: name its store")
    report = stored_report((source,), run, judging).report
    store = open_root(place_of(source))
    earlier = _run_before(store, report.run.id)
    changes = changes_between(run_report(store, earlier, judging).report, report) if earlier else None
    return Compared(report, changes, store.describe(keys.report_key(report.run.id, ".json")))


def _run_before(store: Store, run: str) -> str:
    """The latest finished run before `run` that was judged, "" where there is none."""
    for each in reversed(runs_of(store)):
        if each < run and _is_finished(store, each):
            return each
    return ""


def _is_finished(store: Store, run: str) -> bool:
    """Whether a run has its report and left its summary: one that was interrupted, or is under way, has none."""
    return store.find(keys.summary_key(run)) is not None
