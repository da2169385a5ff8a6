"""What two runs differ by, `runs-diff/v1`: findings, clusters, scores and connections. Unknown is never taken for fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from reports.document import Report
from reports.findings_diff import STATES, Finding, in_both, states, titles
from reports.lint import schema_of
from scanner.findings import Ranges, Score, Status
from scanner.model import Read


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of the document: every field is written."""


class Side(_Part, frozen=True, kw_only=True):
    """One of the two runs. `rejudged` is its score by the other run's baseline, None where both have one, or `why` not."""

    run: str
    time: str
    baseline: str
    score: Score
    grade: str
    clusters: int
    unread: int
    rejudged: Score | None = None
    why: str = ""


class ClusterChange(_Part, frozen=True, kw_only=True):
    """One cluster in both runs: how it was read, and its score; None and "" where a run did not see it.

    `state` is `both`, `new`, `vanished` or `unread` (now, though it may have been read before). `failing` are the failing
    findings it had before, which nobody can tell of where it vanished.
    """

    id: str
    cloud: str
    account: str
    location: str
    name: str
    state: str
    before: Score | None
    after: Score | None
    failing: int


class OneSidedControl(_Part, frozen=True, kw_only=True):
    """A control that one of the runs alone judged, and on how many clusters it fails there: neither new nor fixed."""

    id: str
    title: str
    failing: int


class Example(_Part, frozen=True, kw_only=True):
    """One connection that differs, at the effective level: `kind` is added, removed, changed or doubt."""

    kind: str
    src: str
    dst: str
    via: str
    before: Ranges
    after: Ranges
    causes: tuple[str, ...]


class Connections(_Part, frozen=True, kw_only=True):
    """How many connections of one cluster differ, by kind, with the first few; `why` says why they could not be compared."""

    cluster: str
    name: str
    counts: dict[str, int]
    examples: tuple[Example, ...] = ()
    why: str = ""


class RunsDiff(_Part, frozen=True, kw_only=True):
    """The document. `counts` are findings by state; `connections` are of clusters where some differ or cannot be compared."""

    schema: str = "runs-diff/v1"
    before: Side
    after: Side
    counts: dict[str, int]
    clusters: tuple[ClusterChange, ...]
    controls_only_before: tuple[OneSidedControl, ...]
    controls_only_after: tuple[OneSidedControl, ...]
    connections: tuple[Connections, ...]
    findings: tuple[Finding, ...] = ()


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `runs-diff/v1`; unknown fields stay allowed."""
    return schema_of(RunsDiff, "runs-diff/v1", "What two runs differ by")


def side_of(report: Report, rejudged: Score | None = None, why: str = "") -> Side:
    """One run as the comparison shows it."""
    fleet = report.fleet
    return Side(
        run=report.run.id,
        time=report.run.time,
        baseline=report.baseline,
        score=fleet.score,
        grade=fleet.grade,
        clusters=fleet.clusters,
        unread=fleet.unread,
        rejudged=rejudged,
        why=why,
    )


def runs_diff(before: Report, after: Report, sides: tuple[Side, Side], connections: Iterable[Connections]) -> RunsDiff:
    """Everything but the findings themselves, which `findings` gives one by one."""
    common = in_both(before, after)
    counts = Counter(states(before, after))
    return RunsDiff(
        before=sides[0],
        after=sides[1],
        counts={state: counts[state] for state in STATES},
        clusters=tuple(_clusters(before, after)),
        controls_only_before=_one_sided(before, common),
        controls_only_after=_one_sided(after, common),
        connections=tuple(connections),
    )


def render_runs_diff(diff: RunsDiff, found: Iterable[Finding]) -> Iterator[bytes]:
    """The document in pieces: findings are not held."""
    head = msgspec.json.encode(diff, order="deterministic")
    yield head.removesuffix(b"[]}")  # `findings` is the last field, and empty in the head
    yield b"["
    for number, each in enumerate(found):
        yield (b",\n" if number else b"\n") + msgspec.json.encode(each)
    yield b"]}\n"


def _one_sided(report: Report, common: frozenset[str]) -> tuple[OneSidedControl, ...]:
    failing = Counter(
        control.id for cluster in report.clusters for control in cluster.controls if control.status is Status.FAIL
    )
    own = {name: title for name, title in sorted(titles(report).items()) if name not in common}
    return tuple(OneSidedControl(id=name, title=title, failing=failing[name]) for name, title in own.items())


def _clusters(before: Report, after: Report) -> Iterator[ClusterChange]:
    old = {cluster.id: cluster for cluster in before.clusters}
    new = {cluster.id: cluster for cluster in after.clusters}
    for name in dict.fromkeys((*new, *old)):
        one, other = old.get(name), new.get(name)
        seen = other or old[name]
        state = "both"
        if one is None or other is None:
            state = "new" if one is None else "vanished"
        elif other.read == Read.UNREAD:
            state = "unread"
        yield ClusterChange(
            id=seen.id,
            cloud=seen.cloud,
            account=seen.account,
            location=seen.location,
            name=seen.name,
            state=state,
            before=one.score if one else None,
            after=other.score if other else None,
            failing=sum(item.status is Status.FAIL for control in one.controls for item in control.items) if one else 0,
        )
