"""`history/v1`: how the fleet, each cloud and chosen clusters stood in each run of a store; as a document and for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from reports.lint import schema_of
from reports.past import TrendPoint, score_of
from reports.reach.words import counted
from reports.summary import ABSENT, STATUS_OF, ClusterStanding, Summary
from reports.wording import CLOUD_WORDS, NAME_LIMIT, score_text, visible
from scanner.findings import WORST_FIRST, Score

_COLUMN = 20  # characters of a run's id in the table


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of the document: every field is written."""


class ClusterPoint(_Part, frozen=True, kw_only=True):
    """How one cluster stood in one run; `status` is that of the control asked for, "" where none was or it was not judged."""

    run: str
    time: str
    baseline: str
    read: str
    proven: float
    ceiling: float
    coverage: float
    grade: str
    status: str = ""


class ClusterTrend(_Part, frozen=True, kw_only=True):
    """One cluster, by the runs that saw it."""

    id: str
    cloud: str
    account: str
    location: str
    name: str
    points: tuple[ClusterPoint, ...]


class ControlPoint(_Part, frozen=True, kw_only=True):
    """How many clusters had which status in one run."""

    run: str
    time: str
    baseline: str
    counts: dict[str, int]


class ControlTrend(_Part, frozen=True, kw_only=True):
    """One control over all clusters."""

    id: str
    points: tuple[ControlPoint, ...]


class BaselineChange(_Part, frozen=True, kw_only=True):
    """Where the baseline's version changed: the last run before, and its score under both versions.

    `under_after` is None where the run could not be judged again; `why` then says so.
    """

    run: str
    before: str
    after: str
    under_before: Score
    under_after: Score | None
    why: str = ""


class History(_Part, frozen=True, kw_only=True):
    """The document. Points are sorted by run, the oldest first; `clusters` are those asked for; `damaged` were passed over."""

    schema: str = "history/v1"
    fleet: tuple[TrendPoint, ...]
    clouds: dict[str, tuple[TrendPoint, ...]]
    clusters: tuple[ClusterTrend, ...]
    control: ControlTrend | None
    changes: tuple[BaselineChange, ...]
    damaged: tuple[str, ...]


class Record(_Part, frozen=True, kw_only=True):
    """What is kept of one summary: the points, and the clusters asked for."""

    fleet: TrendPoint
    clouds: dict[str, TrendPoint]
    clusters: tuple[ClusterTrend, ...]
    counts: dict[str, int] | None


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `history/v1`; unknown fields stay allowed."""
    return schema_of(History, "history/v1", "How a fleet stood in each run of a store")


def record_of(summary: Summary, wanted: Callable[[str, str], bool], control: str) -> Record:
    """What a history needs of one run. `wanted(name, id)` chooses the clusters; `control` is "" or an id."""
    at = summary.controls.index(control) if control in summary.controls else None
    counts = None
    if control:
        letters = Counter(ABSENT if at is None else each.statuses[at] for each in summary.clusters)
        counts = {str(STATUS_OF[letter]): letters[letter] for letter in sorted(letters) if letter != ABSENT}
    return Record(
        fleet=summary.point(summary.fleet),
        clouds={name: summary.point(standing) for name, standing in summary.clouds.items()},
        clusters=tuple(_cluster(summary, each, at) for each in summary.clusters if wanted(each.name, each.id)),
        counts=counts,
    )


def _cluster(summary: Summary, each: ClusterStanding, control: int | None) -> ClusterTrend:
    letter = ABSENT if control is None else each.statuses[control]
    point = ClusterPoint(
        run=summary.run.id,
        time=summary.run.time,
        baseline=summary.baseline,
        read=each.read,
        proven=each.score.proven,
        ceiling=each.score.ceiling,
        coverage=each.score.coverage,
        grade=each.grade,
        status=str(STATUS_OF[letter]) if letter != ABSENT else "",
    )
    return ClusterTrend(
        id=each.id,
        cloud=each.cloud,
        account=each.account,
        location=each.location,
        name=each.name,
        points=(point,),
    )


def history_of(
    records: Iterable[Record], control: str, changes: Iterable[BaselineChange], damaged: Iterable[str]
) -> History:
    """The document over the runs' records, whatever their order."""
    ordered = sorted(records, key=lambda each: each.fleet.run)
    clouds = sorted({name for each in ordered for name in each.clouds})
    clusters: dict[str, list[ClusterTrend]] = {}
    for each in ordered:
        for cluster in each.clusters:
            clusters.setdefault(cluster.id, []).append(cluster)
    joined = [
        msgspec.structs.replace(several[-1], points=tuple(point for one in several for point in one.points))
        for several in clusters.values()
    ]
    counted = [
        ControlPoint(run=each.fleet.run, time=each.fleet.time, baseline=each.fleet.baseline, counts=each.counts)
        for each in ordered
        if each.counts is not None
    ]
    return History(
        fleet=tuple(each.fleet for each in ordered),
        clouds={name: tuple(each.clouds[name] for each in ordered if name in each.clouds) for name in clouds},
        clusters=tuple(sorted(joined, key=lambda each: (each.cloud, each.account, each.location, each.name, each.id))),
        control=ControlTrend(id=control, points=tuple(counted)) if control else None,
        changes=tuple(changes),
        damaged=tuple(damaged),
    )


def render_history(history: History) -> bytes:
    """The document."""
    return msgspec.json.format(msgspec.json.encode(history, order="deterministic"), indent=2) + b"\n"


def history_lines(history: History) -> Iterator[str]:
    """For a terminal: a row for each run, of the fleet, then of each cluster asked for; changes of the baseline marked."""
    if not history.fleet:
        yield "No finished run has left a summary in this store."
        return
    yield "Fleet"
    changes = {change.run: change for change in history.changes}
    for point in history.fleet:
        yield _row(point.run, score_of(point), point.grade, _seen(point))
        if point.run in changes:
            yield from _change(changes[point.run])
    for name, points in history.clouds.items():
        yield f"{CLOUD_WORDS.get(name, visible(name, NAME_LIMIT))}: {_way(points)}"
    if history.control is not None:
        yield from _control(history.control)
    for cluster in history.clusters:
        yield ""
        yield visible(f"{cluster.name} ({cluster.cloud}, {cluster.account}, {cluster.location})", NAME_LIMIT)
        for each in cluster.points:
            score = Score(proven=each.proven, ceiling=each.ceiling, coverage=each.coverage)
            status = f"{history.control.id} {each.status or 'not judged'}" if history.control else ""
            read = "" if each.read == "complete" else f"read: {each.read}"
            yield _row(each.run, score, each.grade, "; ".join(filter(None, (status, read))))


def _row(run: str, score: Score, grade: str, rest: str) -> str:
    row = f"  {visible(run, NAME_LIMIT):{_COLUMN}} {score_text(score):40} {visible(grade, NAME_LIMIT):22}"
    return f"{row} {visible(rest, NAME_LIMIT)}".rstrip()


def _seen(point: TrendPoint) -> str:
    return counted(point.clusters, "cluster") + (f", {point.unread:,} not read" if point.unread else "")


def _change(change: BaselineChange) -> Iterator[str]:
    before, after = visible(change.before, NAME_LIMIT), visible(change.after, NAME_LIMIT)
    if change.under_after is None:
        yield f"  --- baseline {before} -> {after}; the run above cannot be scored by {after}: {visible(change.why)}"
        return
    yield (
        f"  --- baseline {before} -> {after}; the run above is {score_text(change.under_before)} by {before} and "
        f"{score_text(change.under_after)} by {after}"
    )


def _way(points: Sequence[TrendPoint]) -> str:
    first, last = points[0], points[-1]
    if len(points) == 1:
        return f"{score_text(score_of(last))} in one run"
    return f"{score_text(score_of(first))} -> {score_text(score_of(last))} over {len(points):,} runs"


def _control(control: ControlTrend) -> Iterator[str]:
    yield ""
    yield visible(f"{control.id} over all clusters", NAME_LIMIT)
    for point in control.points:
        counts = ", ".join(
            f"{point.counts[each]:,} {each.replace('_', ' ')}" for each in WORST_FIRST if each in point.counts
        )
        yield f"  {visible(point.run, NAME_LIMIT):{_COLUMN}} {counts or 'not judged'}"
