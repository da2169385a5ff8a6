"""What `report --compare` does: two stored runs side by side, their findings, clusters, scores and connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from functions.aggregate import Judging, Place, latest_run, open_root, place_of, run_report, stored_report
from functions.gate import Exit, severe
from functions.output import say, say_incomplete, text, write
from functions.questions import detected
from functions.rejudge import judged_again
from functions.run import incomplete
from functions.stored import read_snapshot
from infra.memory import uncollected
from reports import keys
from reports.document import Cluster, Report
from reports.findings_diff import NEW, findings
from reports.runs_diff import Connections, Example, Side, render_runs_diff, runs_diff, side_of
from reports.runs_diff_text import diff_lines, diff_markdown, worst_of_each
from scanner.baselines import BASELINE_VERSION
from scanner.errors import InputError, RingfenceError
from scanner.findings import Score, Severity
from scanner.model import Cloud, ClusterRef, Read, Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.diff import Change, State, aligned, difference

if TYPE_CHECKING:
    from functions.report import ReportRequest
    from infra.store import Store

_EXAMPLES = 20  # connections of one cluster that the document lists


@dataclass(frozen=True, slots=True)
class _Run:
    """One of the two runs. `store` is None where only a report is at hand, so that no snapshot can be asked."""

    report: Report
    store: Store | None
    broken: tuple[str, ...]


def run_compare(request: ReportRequest) -> int:
    """Print what two runs differ by; 1 where `--fail-on-new` says so, 3 where not all could be compared.

    Raises:
        InputError: one of the two is no run, or cannot be read as one.
        StoreError: a store does not give it out.
    """
    judging = request.judging
    before, after = (_read(name, request.stores, judging) for name in request.compare)
    connections = list(_connections(before, after))
    diff = runs_diff(before.report, after.report, _sides(before, after, judging), connections)
    found = findings(before.report, after.report)
    if request.answer == "json":
        write(render_runs_diff(diff, found), request.output)
    else:
        lines = diff_markdown if request.answer == "md" else diff_lines
        write(text(lines(diff, worst_of_each(found))), request.output)
    gaps = [*before.broken, *after.broken, *incomplete(after.report)]
    named = {cluster.id for cluster in after.report.clusters if cluster.read == Read.UNREAD}
    gaps += [
        f"{each.name}: connections not compared: {each.why}"
        for each in connections
        if each.why and each.cluster not in named
    ]
    say_incomplete(gaps)
    if request.fail_on_new and (failed := _newly(before, after, Severity(request.fail_on_new))):
        say(f"ringfence: gate failed: {failed} (--fail-on-new {request.fail_on_new})")
        return Exit.GATE_FAILED
    if gaps and not request.allow_partial:
        say("ringfence: incomplete: not everything could be compared (--allow-partial accepts that)")
        return Exit.INCOMPLETE
    return Exit.DONE


def _read(name: str, stores: tuple[str, ...], judging: Judging) -> _Run:
    """A run by its id in the store of `--from`, by its folder, or by its report."""
    if (run := _as_run_id(name)) is not None:
        if len(stores) != 1:
            raise InputError(f"--compare {name}: give the store it is in with --from, once")
        store = open_root(place_of(stores[0]))
        found = run_report(store, run, judging)
        return _Run(found.report, store, found.broken)
    place = place_of(name)
    if place.file:
        found = stored_report((name,), "", judging)
        beside = place_of(place.root)
        return _Run(found.report, open_root(beside) if beside.run == found.report.run.id else None, found.broken)
    return _of_place(place, judging)


def _of_place(place: Place, judging: Judging) -> _Run:
    store = open_root(place)
    found = run_report(store, place.run or latest_run(store), judging)
    return _Run(found.report, store, found.broken)


def _as_run_id(name: str) -> str | None:
    try:
        return keys.checked_run_id(name)
    except InputError:
        return None


def _newly(before: _Run, after: _Run, least: Severity) -> str:
    """The first new failures of a severity, in words."""
    wanted = severe(least)
    new = (each for each in findings(before.report, after.report) if each.state == NEW and each.severity in wanted)
    first = next(new, None)
    if first is None:
        return ""
    more = sum(1 for _ in new)
    return f"{first.control} on {first.name} newly fails" + (f", and {more:,} more" if more else "")


def _sides(before: _Run, after: _Run, judging: Judging) -> tuple[Side, Side]:
    """Both runs with their scores; by both versions of the baseline where there are two."""
    if before.report.baseline == after.report.baseline:
        return side_of(before.report), side_of(after.report)
    scored = [_rejudged(one, other, judging) for one, other in ((before, after), (after, before))]
    return side_of(before.report, *scored[0]), side_of(after.report, *scored[1])


def _rejudged(run: _Run, other: _Run, judging: Judging) -> tuple[Score | None, str]:
    """The score of `run` by the baseline of `other`, which has to be the one of this program; else why there is none."""
    if other.report.baseline != BASELINE_VERSION:
        return None, f"this ringfence judges by {BASELINE_VERSION}"
    if run.store is None:
        return None, "its snapshots are not beside its report"
    try:
        return judged_again(run.store, run.report.run.id, judging).fleet.score, ""
    except RingfenceError as error:
        return None, str(error)


def _connections(before: _Run, after: _Run) -> Iterator[Connections]:
    """What became possible or impossible in each cluster of both runs, one cluster's snapshots in memory at a time."""
    old = {cluster.id for cluster in before.report.clusters}
    for cluster in after.report.clusters:
        if cluster.id in old:
            found = _of_cluster(cluster, before, after)
            if found.why or any(found.counts.values()):
                yield found


def _of_cluster(cluster: Cluster, before: _Run, after: _Run) -> Connections:
    nothing = Connections(cluster=cluster.id, name=cluster.name, counts={})
    try:
        one, other = _snapshot(before, cluster), _snapshot(after, cluster)
    except RingfenceError as error:
        return msgspec.structs.replace(nothing, why=str(error))
    if unread := one.unread or other.unread:
        return msgspec.structs.replace(nothing, why=f"it was not read: {unread}")
    if msgspec.structs.replace(one, taken=other.taken) == other:
        return nothing
    with uncollected():
        return _compared(nothing, one, other)


def _compared(nothing: Connections, one: Snapshot, other: Snapshot) -> Connections:
    """Both at the effective level: what each one's data plane makes of its policies."""
    states = [State(each, resolve(each), detected(each)) for each in (one, other)]
    counts = dict.fromkeys(("added", "removed", "changed", "doubt"), 0)

    def counted(changes: Iterable[Change]) -> Iterator[Change]:
        for change in changes:
            counts[change.kind] += 1
            yield change

    changes = counted(difference(*aligned(*states)))
    examples = tuple(map(_example, islice(changes, _EXAMPLES)))
    for _ in changes:
        pass  # counted, not kept
    return msgspec.structs.replace(nothing, counts=counts, examples=examples)


def _example(change: Change) -> Example:
    return Example(
        kind=change.kind,
        src=change.src,
        dst=change.dst,
        via=change.via,
        before=dict(change.before),
        after=dict(change.after),
        causes=change.causes,
    )


def _snapshot(run: _Run, cluster: Cluster) -> Snapshot:
    if run.store is None:
        raise InputError("no snapshots are beside its report")
    if cluster.cloud not in set(Cloud):
        raise InputError(f"its cloud {cluster.cloud[:40]!r} is none, so its snapshot cannot be found")
    ref = ClusterRef(
        cloud=Cloud(cluster.cloud),
        account=cluster.account,
        location=cluster.location,
        name=cluster.name,
        id=cluster.id,
    )
    key = keys.snapshot_key(run.report.run.id, ref)
    snapshot = read_snapshot(run.store, key)
    if snapshot.cluster.id != cluster.id:
        raise InputError(f"{run.store.describe(key)}: holds {snapshot.cluster.id[:200]} instead")
    return snapshot
