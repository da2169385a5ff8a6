"""What two runs differ by, `runs-diff/v1`: findings, clusters, scores and connections. Unknown is never taken for fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from reports.document import Cluster, Report
from reports.identity import finding_ids
from reports.lint import schema_of
from scanner.findings import ControlResult, Item, Ranges, Score, Status
from scanner.model import Read

NEW, FIXED, STILL = "new", "fixed", "still-failing"
UNKNOWN, WAIVED, LOST = "became-unknown", "waived", "not-known"
STATES = (NEW, FIXED, UNKNOWN, WAIVED, LOST, STILL)
ABSENT = "absent"  # the status of what is not among a control's items
_FABRIC = "fabric"


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


class Finding(_Part, frozen=True, kw_only=True):
    """One finding that is or was failing, or can no longer be told; `id` is the same in both runs.

    `before` and `after` are its status there, `absent` where its subject is not among the control's items.
    """

    state: str
    id: str
    cluster: str
    name: str
    control: str
    title: str
    severity: str
    subject: str
    before: str
    after: str
    reason: str


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
    old, new = _titles(before), _titles(after)
    counts = Counter(each.state for each in findings(before, after))
    return RunsDiff(
        before=sides[0],
        after=sides[1],
        counts={state: counts[state] for state in STATES},
        clusters=tuple(_clusters(before, after)),
        controls_only_before=_one_sided(before, {name: title for name, title in old.items() if name not in new}),
        controls_only_after=_one_sided(after, {name: title for name, title in new.items() if name not in old}),
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


def findings(before: Report, after: Report) -> Iterator[Finding]:
    """Every finding that fails now or failed before, or that can no longer be told, in the order of clusters and controls.

    A control that one run alone judged is left out: its findings are neither new nor fixed. So are those of a cluster that
    vanished.
    """
    common = _titles(before).keys() & _titles(after).keys()
    old = {cluster.id: cluster for cluster in before.clusters}
    for cluster in after.clusters:
        known = old.get(cluster.id)
        yield from _of_place(_place(known, common) if known else None, _place(cluster, common))
    own = {control.id for report in (before, after) for cluster in report.clusters for control in cluster.controls}
    fleets = [_fabric(report, common - own) for report in (before, after)]
    yield from _of_place(fleets[0], fleets[1])


class _Place(NamedTuple):
    """What a cluster's controls found. `read` is how it was read; the fabric is read whole."""

    id: str
    name: str
    read: str
    controls: Mapping[str, ControlResult]


def _place(cluster: Cluster, common: Iterable[str]) -> _Place:
    wanted = set(common)
    controls = {each.id: each for each in cluster.controls if each.id in wanted}
    return _Place(cluster.id, cluster.name, cluster.read, controls)


def _fabric(report: Report, wanted: Iterable[str]) -> _Place:
    judged = report.fabric.controls if report.fabric else ()
    names = set(wanted)
    return _Place(_FABRIC, _FABRIC, Read.COMPLETE, {each.id: each for each in judged if each.id in names})


def _of_place(old: _Place | None, new: _Place) -> Iterator[Finding]:
    before = old.controls if old else {}
    for name in sorted(before.keys() | new.controls.keys()):
        was, now = before.get(name), new.controls.get(name)
        said = now or was
        if said is None:
            continue
        items = _items(new.id, was), _items(new.id, now)
        for identity in dict.fromkeys((*items[0], *items[1])):
            one, other = items[0].get(identity), items[1].get(identity)
            state = _state(one, other, now, new.read)
            subject = other or one
            if state and subject is not None:
                yield Finding(
                    state=state,
                    id=identity,
                    cluster=new.id,
                    name=new.name,
                    control=name,
                    title=said.title,
                    severity=said.severity,
                    subject=subject.subject,
                    before=one.status if one else ABSENT,
                    after=other.status if other else ABSENT,
                    reason=subject.reason,
                )


def _items(cluster: str, control: ControlResult | None) -> dict[str, Item]:
    """The items by the ids of their findings; a control without items stands for itself."""
    if control is None:
        return {}
    items = control.items or (Item(subject="", status=control.status, reason=control.reason),)
    return dict(zip(finding_ids(cluster, control), items, strict=True))


def _state(was: Item | None, now: Item | None, control: ControlResult | None, read: str) -> str:
    """What became of one finding, "" where nothing is to be told.

    `control` is the control's result now, None where it was not judged there, and `read` how the cluster is read now.
    """
    before = was.status if was else None
    after = now.status if now else None
    if after is Status.FAIL:
        return STILL if before is Status.FAIL else NEW
    if after is Status.WAIVED:
        return "" if before is Status.WAIVED else WAIVED
    failed = before in {Status.FAIL, Status.WAIVED}
    if after is Status.UNKNOWN or (after is None and failed and not _told(control, read)):
        if read == Read.UNREAD or control is None:
            return LOST if failed else ""
        return UNKNOWN if failed or before is Status.PASS else ""
    return FIXED if failed else ""


def _told(control: ControlResult | None, read: str) -> bool:
    """Whether a subject that is not among a control's items now can be said to be gone."""
    if control is None or control.status is Status.UNKNOWN or read == Read.UNREAD:
        return False
    return read == Read.COMPLETE or not any(item.status is Status.UNKNOWN for item in control.items)


def _titles(report: Report) -> dict[str, str]:
    """The controls that a run judged, anywhere."""
    judged: list[Sequence[ControlResult]] = [cluster.controls for cluster in report.clusters]
    judged += [report.fabric.controls] if report.fabric else []
    return {control.id: control.title for controls in judged for control in controls}


def _one_sided(report: Report, titles: Mapping[str, str]) -> tuple[OneSidedControl, ...]:
    failing = Counter(
        control.id for cluster in report.clusters for control in cluster.controls if control.status is Status.FAIL
    )
    return tuple(OneSidedControl(id=name, title=titles[name], failing=failing[name]) for name in sorted(titles))


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
