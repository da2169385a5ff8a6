"""What is different since an earlier run, as far as somebody should hear of it: control by control, cluster by cluster.

What fails no more is only mended where it passes or no longer applies: a failure that became unknown, or that somebody
waived, is said to be that. Of a cluster that can no longer be read that alone is said, for nothing else is known of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reports.document import Cluster, Group, Report, Scope
from reports.priorities import INERT
from reports.reach.words import counted
from reports.wording import SEVERITY_RANK, grade_letter, is_unread, score_text
from scanner.findings import ControlResult, Severity, Status

FABRIC = "the fabric"
_ENFORCING = ("no", "unknown", "partly", "yes")  # worst first; unknown may be as bad as no, and may be as good as yes
_GONE = frozenset({Status.PASS, Status.NOT_APPLICABLE})


class Name(str):
    """Words that somebody else chose (a cluster, an account, a control of their own): shown as such, never as markup."""

    __slots__ = ()


class Kind(StrEnum):
    """What changed, in the order in which it is told."""

    UNENFORCED = "enforcement lost"
    UNREAD = "no longer read"
    VANISHED = "vanished"
    UNSEARCHED = "no longer searched whole"
    GRADE = "grade"
    FAILS = "fails now"
    UNDECIDED = "no longer decided"
    WAIVED = "waived"
    FIXED = "mended"
    ENFORCED = "enforcement gained"
    READ = "read again"
    APPEARED = "new cluster"


_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Change:
    """One change; `parts` are its sentence. `severity` is a failing control's, else critical, so that it comes first."""

    kind: Kind
    parts: tuple[str | Name, ...]
    severity: Severity = Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that changed between two runs, the most urgent first. `notes` say what makes them hard to compare."""

    before: str
    after: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()


def changes_between(before: Report, after: Report) -> Changes:
    """What is different in `after`, which is the later report."""
    label = _Labels((before, after))
    earlier = {each.id: each for each in before.clusters}
    found = list(_grade(("the fleet",), before.fleet, after.fleet))
    for cluster in after.clusters:
        old = earlier.pop(cluster.id, None)
        found += _appeared(cluster, label) if old is None else _cluster(old, cluster, label)
    found += (_vanished(each, after.scopes, label) for each in earlier.values())
    found += _places(before.scopes, after.scopes)
    if before.fabric is not None and after.fabric is not None:
        found += _controls((FABRIC,), before.fabric.controls, after.fabric.controls)
    found.sort(key=lambda each: (_ORDER[each.kind], SEVERITY_RANK[each.severity], each.parts))
    return Changes(before.run.id, after.run.id, tuple(found), tuple(_notes(before, after)))


class _Labels:
    """What each cluster is called: by its name, with its place where another one has the same name."""

    def __init__(self, reports: Sequence[Report]) -> None:
        names = {(each.id, each.name) for report in reports for each in report.clusters}
        self._shared = {name for name, count in Counter(name for _, name in names).items() if count > 1}

    def __call__(self, cluster: Cluster) -> tuple[str | Name, ...]:
        """The cluster as the beginning of a sentence."""
        if cluster.name in self._shared:
            return (Name(cluster.name), " (", Name(f"{cluster.cloud} {cluster.account} {cluster.location}"), ")")
        return (Name(cluster.name),)


def _cluster(old: Cluster, new: Cluster, label: _Labels) -> Iterator[Change]:
    called = label(new)
    if is_unread(new):
        if not is_unread(old):
            yield Change(Kind.UNREAD, (*called, " could not be read: ", Name(new.unread)))
        return
    if is_unread(old):
        yield Change(Kind.READ, (*called, " was read, which it was not before"))
    yield from _enforcement(called, _enforcing(old), _enforcing(new), new.dataplane.reason)
    yield from _grade(called, old, new)
    yield from _controls(called, old.controls, new.controls)


def _enforcing(cluster: Cluster) -> str:
    return cluster.dataplane.enforcing if cluster.dataplane.enforcing in _ENFORCING else "unknown"


def _enforcement(called: tuple[str | Name, ...], old: str, new: str, reason: str) -> Iterator[Change]:
    lost = _ENFORCING.index(new) - _ENFORCING.index(old)
    said = (*called, f": enforces network policy: {new}, was {old} (", Name(reason), ")")
    if lost < 0:
        yield Change(Kind.UNENFORCED, said)
    elif lost > 0:
        yield Change(Kind.ENFORCED, said)


def _grade(called: tuple[str | Name, ...], old: Group | Cluster, new: Group | Cluster) -> Iterator[Change]:
    if grade_letter(old.grade) != grade_letter(new.grade):
        said = (": grade ", Name(new.grade), ", was ", Name(old.grade), f": {score_text(new.score)}")
        yield Change(Kind.GRADE, (*called, *said), Severity.CRITICAL if isinstance(new, Group) else Severity.HIGH)


def _controls(
    called: tuple[str | Name, ...], old: Sequence[ControlResult], new: Sequence[ControlResult]
) -> Iterator[Change]:
    before = {each.id: each.status for each in old}
    inert = [each for each in new if _newly_fails(before, each) and each.reason == INERT]
    if inert:
        said = f": {counted(len(inert), 'control fails', 'controls fail')} because nothing enforces"
        yield Change(Kind.FAILS, (*called, said), min((each.severity for each in inert), key=SEVERITY_RANK.__getitem__))
    for each in new:
        if _newly_fails(before, each) and each.reason != INERT:
            yield Change(Kind.FAILS, (*_named(each), " on ", *called), each.severity)
        elif before.get(each.id) is Status.FAIL and each.status is not Status.FAIL:
            kind = (
                Kind.FIXED if each.status in _GONE else Kind.WAIVED if each.status is Status.WAIVED else Kind.UNDECIDED
            )
            reason = (": ", Name(each.reason)) if kind is Kind.UNDECIDED else ()
            yield Change(kind, (*_named(each), " on ", *called, *reason), each.severity)
    judged = {each.id for each in new}
    for each in old:
        if each.status is Status.FAIL and each.id not in judged:
            yield Change(Kind.UNDECIDED, (*_named(each), " on ", *called, ": is not judged any more"), each.severity)


def _newly_fails(before: dict[str, Status], result: ControlResult) -> bool:
    return result.status is Status.FAIL and before.get(result.id) is not Status.FAIL


def _named(result: ControlResult) -> tuple[str | Name, ...]:
    return (Name(result.id), f" ({result.severity}) ", Name(result.title))


def _appeared(cluster: Cluster, label: _Labels) -> Iterator[Change]:
    if is_unread(cluster):
        yield Change(Kind.APPEARED, (*label(cluster), ": could not be read: ", Name(cluster.unread)))
        return
    failing = sum(each.status is Status.FAIL for each in cluster.controls)
    said = (": grade ", Name(cluster.grade), f", {counted(failing, 'control fails', 'controls fail')}")
    yield Change(Kind.APPEARED, (*label(cluster), *said))


def _vanished(cluster: Cluster, scopes: Sequence[Scope], label: _Labels) -> Change:
    """A cluster that is gone, or whose place was not looked in: those are two things."""
    hidden = any(not each.is_whole and _covers(each, cluster) for each in scopes)
    said = " was not found; its place was not searched whole" if hidden else " is not there any more"
    return Change(Kind.VANISHED, (*label(cluster), said))


def _covers(scope: Scope, cluster: Cluster) -> bool:
    """Whether a cluster may lie in a place; what a place leaves open is all of it."""
    pairs = ((scope.cloud, cluster.cloud), (scope.account, cluster.account), (scope.location, cluster.location))
    return all(not wanted or wanted == found for wanted, found in pairs)


def _places(old: Sequence[Scope], new: Sequence[Scope]) -> Iterator[Change]:
    missed = {_place(each) for each in old if not each.is_whole}
    fresh = {_place(each): each for each in new if not each.is_whole and _place(each) not in missed}
    for each in fresh.values():
        where = each.place or each.location
        yield Change(Kind.UNSEARCHED, (Name(where), f": {each.outcome}: ", Name(each.reason)))


def _place(scope: Scope) -> tuple[str, str, str]:
    return scope.cloud, scope.account, scope.location


def _notes(before: Report, after: Report) -> Iterator[str]:
    if before.baseline != after.baseline:
        yield f"baseline {after.baseline}, was {before.baseline}: some differences may be the baseline's"
    if before.run.tool != after.run.tool:
        yield f"judged by ringfence {after.run.tool}, before by {before.run.tool}"
