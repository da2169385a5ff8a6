"""The runs a store has seen: their summaries, newest first, read a few at a time; a damaged one is named and passed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from functions.fetching import fetched
from reports import keys
from reports.document import Report
from reports.past import Vanished
from reports.summary import Head, Summary, decode_head, decode_summary, trend_point
from reports.vanished import missing_since
from scanner.errors import InputError, RingfenceError, StoreError

if TYPE_CHECKING:
    from infra.store import Store

MOST_RUNS = 90  # a quarter of daily runs
_MAX_BYTES = 64 << 20  # of one summary: a hundred thousand clusters

_T = TypeVar("_T")
_Missing = tuple[Vanished, ...]


def with_past(report: Report, store: Store, *, once: bool = False) -> tuple[Report, tuple[str, ...]]:
    """`report` with what its store's earlier finished runs tell: the trend up to it, and the clusters that are missing since.

    Later runs do not count, so a run that is delivered twice gives the same bytes. What could not be read is named, a line
    each: a store that cannot be listed costs the history and not the report.

    `once` is for a report that nobody makes again, where what the store refuses at the moment would be lost for good.

    Raises:
        StoreError: with `once` alone, the store refused.
    """
    try:
        runs = [run for run in runs_of(store) if run < report.run.id]
    except StoreError as error:
        if once:
            raise
        return report, (f"history: {error}",)
    points, damaged = read_summaries(
        store, runs[-(MOST_RUNS - 1) :], lambda head: head.point(head.fleet), decode_head, once=once
    )
    trend = sorted(points, key=lambda point: point.run)
    vanished, unseen, wrong = _missing(report, store, [point.run for point in trend], once=once)
    grown = msgspec.structs.replace(report, trend=(*trend, trend_point(report)), vanished=vanished, unseen=unseen)
    return grown, (*damaged, *wrong)


def missing_before(report: Report, store: Store, run: str) -> tuple[_Missing, _Missing, tuple[str, ...]]:
    """The clusters that finished runs before `run` saw in `store` and `report` lacks, as `missing_since`; damaged summaries."""
    try:
        return _missing(report, store, [each for each in runs_of(store) if each < run][-MOST_RUNS:])
    except StoreError as error:
        return (), (), (f"history: {error}",)


def _missing(
    report: Report, store: Store, runs: Sequence[str], *, once: bool = False
) -> tuple[_Missing, _Missing, tuple[str, ...]]:
    """Against the last of `runs` that left a whole summary."""
    damaged: tuple[str, ...] = ()
    for run in reversed(runs):
        found, wrong = read_summaries(
            store, [run], lambda summary: missing_since(summary, report), decode_summary, once=once
        )
        damaged += wrong
        if found:
            return *found[0], damaged
    return (), (), damaged


def runs_of(store: Store) -> list[str]:
    """The ids of the store's runs, finished or not, the oldest first; what is no run's folder is passed over."""
    found = []
    for name in store.folders(keys.RUNS):
        try:
            found.append(keys.checked_run_id(name))
        except InputError:
            continue
    return found


_Read = TypeVar("_Read", Head, Summary)


def read_summaries(
    store: Store,
    runs: Sequence[str],
    pick: Callable[[_Read], _T],
    decode: Callable[[bytes, str], _Read],
    *,
    once: bool = False,
) -> tuple[list[_T], tuple[str, ...]]:
    """What `pick` keeps of the summary of each of `runs` that has one, in no order, and a line for each that is damaged.

    A run without a summary did not finish, or is of a version that wrote none.
    """
    ids = {keys.summary_key(run): run for run in runs}
    found: list[_T] = []
    damaged: list[str] = []
    for key, data in fetched(store, tuple(ids), max_bytes=_MAX_BYTES):
        if data is None:
            continue
        if once and isinstance(data, StoreError):
            raise data
        try:
            if isinstance(data, StoreError):
                raise data
            summary = decode(data, store.describe(key))
            if summary.run.id != ids[key]:
                raise InputError(f"{store.describe(key)}: is of run {summary.run.id[:60]!r}: remove it")
            found.append(pick(summary))
        except RingfenceError as error:
            damaged.append(str(error))
    return found, tuple(sorted(damaged))
