"""What `report --history` does: read the summaries of a store's runs, score once by both versions where the baseline changed."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from functions.aggregate import Judging, open_root, place_of
from functions.gate import Exit
from functions.history import MOST_RUNS, read_summaries, runs_of
from functions.output import say, text, write
from functions.rejudge import judged_again
from reports.history import BaselineChange, history_lines, history_of, record_of, render_history
from reports.past import TrendPoint, rebased, score_of
from reports.summary import decode_summary
from scanner.baselines import BASELINE_VERSION
from scanner.errors import InputError, RingfenceError

if TYPE_CHECKING:
    from functions.report import ReportRequest
    from infra.store import Store


def run_history(request: ReportRequest) -> int:
    """Print how the fleet of one store stood, run by run; 3 where a summary is damaged.

    Raises:
        InputError: not exactly one store is named, or nothing in it is called as asked.
        StoreError: it cannot be listed.
    """
    places = [place_of(url) for url in request.stores]
    if len(places) != 1 or places[0].file or places[0].run:
        raise InputError("--history is of one store: give --from once, with the store's root")
    store = open_root(places[0])
    runs = runs_of(store)[-MOST_RUNS:]

    def wanted(name: str, identity: str) -> bool:
        return bool(request.cluster) and (fnmatchcase(name, request.cluster) or identity == request.cluster)

    records, damaged = read_summaries(
        store, runs, lambda summary: record_of(summary, wanted, request.control), decode_summary
    )
    if request.cluster and not any(each.clusters for each in records):
        raise InputError(f"--cluster {request.cluster}: no run of this store saw it")
    if request.control and not any(each.counts for each in records):
        raise InputError(
            f"--control {request.control}: no run of this store judged it: `ringfence baseline list` names all"
        )
    trend = sorted((each.fleet for each in records), key=lambda point: point.run)
    history = history_of(records, request.control, _changes(store, trend, request.judging), damaged)
    answer = (render_history(history),) if request.answer == "json" else text(history_lines(history))
    write(answer, request.output)
    for line in damaged:
        say(f"not read whole: {line}")
    return Exit.INCOMPLETE if damaged and not request.allow_partial else Exit.DONE


def _changes(store: Store, trend: Iterable[TrendPoint], judging: Judging) -> list[BaselineChange]:
    return [_change(store, before, after.baseline, judging) for before, after in rebased(trend)]


def _change(store: Store, before: TrendPoint, version: str, judging: Judging) -> BaselineChange:
    """The last run before a change, judged by the version after it if that is the one this program has."""
    score, why = None, ""
    if version != BASELINE_VERSION:
        why = f"this ringfence judges by {BASELINE_VERSION}"
    else:
        try:
            score = judged_again(store, before.run, judging).fleet.score
        except RingfenceError as error:
            why = str(error)
    return BaselineChange(
        run=before.run,
        before=before.baseline,
        after=version,
        under_before=score_of(before),
        under_after=score,
        why=why,
    )
