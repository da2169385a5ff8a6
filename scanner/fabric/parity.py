"""NB-XC-05: does the same policy intent come to the same allow matrix in every cluster of its group?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scanner.baselines.config import Intent
from scanner.controls.base import Verdict, bounded
from scanner.fabric.fleet import Fleet, doubts_of
from scanner.fabric.member import Flow, IntentView, Member, Ports
from scanner.fabric.openings import port_words
from scanner.findings import Status

_Matrix = dict[tuple[str, str], Ports]
_FIX = (
    "Sync the policies of this group from version control again; where the texts are the same, replace what only one engine "
    "honours. What is meant to differ is declared under the intent's `differences` in ringfence.yaml."
)


@dataclass(frozen=True, slots=True)
class _Side:
    """One cluster's share of a group."""

    member: Member
    name: str
    view: IntentView
    declared: _Matrix
    effective: _Matrix
    undecided: _Matrix


def intents_hold(fleet: Fleet) -> Iterator[Verdict]:
    """One verdict per intent group and cluster: its effective flows against those of the group's reference.

    Compared are flows between workloads that both have; those that only one has are named and change nothing. The reference
    is the declared one, else the cluster that most agree with, else the first by name. A difference comes from the texts
    where the declared matrices differ in that flow, else from what the engines make of the same text.
    """
    for intent in fleet.config.intents:
        members = [
            each for each in fleet.members if any(fnmatchcase(each.name, pattern) for pattern in intent.clusters)
        ]
        if len(members) > 1:
            yield from _group(fleet, intent, members)


def _group(fleet: Fleet, intent: Intent, members: list[Member]) -> Iterator[Verdict]:
    sides: list[_Side] = []
    for member in members:
        name = fleet.names[member.ref.id]
        view = next((each for each in member.crossing.intents if each.name == intent.name), None)
        gap = view.gap if view is not None else "its result holds no matrix for this group: audit it again"
        subject = f"{intent.name}: {name}"
        if view is None or gap:
            yield Verdict(subject=subject, status=Status.UNKNOWN, reason="unread", evidence=(f"{name}: {gap}",))
        elif member.engine == Status.FAIL:
            evidence = (f"NB-ENF-01 fails in {name}, so whatever is declared there has no effect",)
            fix = "Mend NB-ENF-01 first: it makes what is declared here effective."
            yield Verdict(subject=subject, status=Status.FAIL, reason="inert", evidence=evidence, remediation=fix)
        else:
            tables = (_matrix(each) for each in (view.declared, view.effective, view.undecided))
            sides.append(_Side(member, name, view, *tables))
    if len(sides) < 2:
        for side in sides:
            evidence = ("there is no other cluster of the group to compare it with",)
            yield Verdict(
                subject=f"{intent.name}: {side.name}", status=Status.UNKNOWN, reason="no-peer", evidence=evidence
            )
        return
    reference = _reference(intent, sides)
    for side in sides:
        yield _side(fleet, intent, side, reference)


def _matrix(flows: tuple[Flow, ...]) -> _Matrix:
    return {(each.source, each.destination): each.ports for each in flows}


def _reference(intent: Intent, sides: list[_Side]) -> _Side:
    named = [each for each in sides if intent.reference in {each.member.name, each.member.ref.id}]
    if named:
        return named[0]
    alike = Counter(str(sorted(each.effective.items())) for each in sides)
    return max(sides, key=lambda each: alike[str(sorted(each.effective.items()))])


def _side(fleet: Fleet, intent: Intent, side: _Side, reference: _Side) -> Verdict:
    subject = f"{intent.name}: {side.name}"
    doubts = doubts_of(fleet, side.member, reference.member)
    common = set(side.view.workloads) & set(reference.view.workloads)
    alone = sorted(set(side.view.workloads) ^ set(reference.view.workloads))
    lines = [f"only one of {side.name} and {reference.name} has {each}" for each in alone]
    if len(common) < 2 and side is not reference:
        why = f"{side.name} and {reference.name} have {len(common)} workloads in common: nothing can be compared"
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="nothing-in-common", evidence=(why,))
    differing, unsure = [], []
    for pair in sorted({*side.effective, *reference.effective, *side.undecided, *reference.undecided}):
        if not common.issuperset(pair) or _allowed(intent, side, pair):
            continue
        line = _difference(side, reference, pair)
        if pair in side.undecided or pair in reference.undecided:
            unsure.append(f"{pair[0]} to {pair[1]} cannot be decided in one of {side.name} and {reference.name}")
        elif line:
            differing.append(line)
    if differing:
        return Verdict(
            subject=subject,
            status=Status.FAIL,
            reason="differs",
            evidence=bounded([*differing, *lines], 20),
            remediation=_FIX,
        )
    if unsure and side is not reference:
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="undecided", evidence=bounded(unsure))
    if doubts or side.member.engine == Status.UNKNOWN:
        because = doubts or (f"NB-ENF-01 could not be established in {side.name}",)
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="declared-pass", evidence=bounded(because))
    what = "the reference of its group" if side is reference else f"the same as {reference.name}"
    said = f"{len(side.effective)} flows between {len(side.view.workloads)} workloads: {what}"
    return Verdict(subject=subject, status=Status.PASS, reason="same", evidence=bounded([said, *lines]))


def _allowed(intent: Intent, side: _Side, pair: tuple[str, str]) -> bool:
    return any(
        fnmatchcase(side.member.name, each.cluster)
        and fnmatchcase(pair[0], each.source)
        and fnmatchcase(pair[1], each.destination)
        for each in intent.differences
    )


def _difference(side: _Side, reference: _Side, pair: tuple[str, str]) -> str:
    """How one flow differs, and where that comes from; empty where it does not."""
    mine, theirs = side.effective.get(pair, {}), reference.effective.get(pair, {})
    if mine == theirs:
        return ""
    texts = side.declared.get(pair, {}) != reference.declared.get(pair, {})
    source = "the policies' texts differ" if texts else "the same text, which the engines read differently"
    how = f"{port_words(mine) or 'nothing'} in {side.name}, {port_words(theirs) or 'nothing'} in {reference.name}"
    kind = "added" if not theirs else "missing" if not mine else "changed"
    return f"{kind}: {pair[0]} to {pair[1]}: {how} ({source})"
