"""The order of judgement for one destination: tiers, ranks and rules walked over all sources at once.

Each rule is known by two readings, what it matches *surely* and what it matches *maybe*. A source and port that a rule may
match and may not goes both ways: it is decided and it stays live. So at the end each source and port is known to be possibly
allowed, possibly denied, or both, which is to say unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from scanner.policy.model import Action
from scanner.reach.columns import Column, Part, disjoint, less, meet


class Place(NamedTuple):
    """Where a rule stands in the order of judgement. Rules of one sequence and step commute.

    Several sequences in one group are policies whose order among each other is not defined.
    """

    tier: int
    group: int
    sequence: int
    step: int


class Step(NamedTuple):
    """What the rules of one step match at one destination: (port mask, sources) surely and maybe."""

    place: Place
    action: Action
    sure: tuple[Part, ...]
    maybe: tuple[Part, ...]


class Ending(NamedTuple):
    """The sources that a tier denies when none of its rules matched, surely and maybe."""

    sure: int
    maybe: int


def walk(steps: Sequence[Step], endings: Sequence[Ending], start: Column, wanted: Action) -> list[Part]:
    """What of `start` is possibly allowed (or denied, as `wanted` says), as parts that may overlap.

    `steps` are ascending by place; `endings` go by tier. What is left after the last tier is allowed.
    """
    found: list[Part] = []
    live = start
    at = 0
    for tier, ending in enumerate(endings):
        passed: list[Part] = []
        first = at
        while at < len(steps) and steps[at].place.tier == tier:
            at += 1
        for sequences in _groups(steps[first:at]):
            rests = [_run(sequence, live, wanted, found, passed) for sequence in sequences]
            live = rests[0]
            for rest in rests[1:]:
                live = _both(live, rest)
        if wanted is Action.DENY and ending.maybe:
            found += [(mask, sources & ending.maybe) for mask, sources in live if sources & ending.maybe]
        passed += [(mask, sources & ~ending.sure) for mask, sources in live if sources & ~ending.sure]
        live = disjoint(passed)
    if wanted is Action.ALLOW:
        found += live
    return found


def _run(sequence: Iterable[Step], start: Column, wanted: Action, found: list[Part], passed: list[Part]) -> Column:
    """One policy's rules (or one bag of policies) in order; what none of them surely matched is given back."""
    live = start
    for step in sequence:
        if step.action is wanted:
            found += meet(live, step.maybe)
        elif step.action is Action.PASS:
            passed += meet(live, step.maybe)
        if step.sure:
            live = less(live, disjoint(step.sure))
    return live


def _both(one: Column, other: Column) -> Column:
    return disjoint(meet(one, other))


def _groups(steps: Sequence[Step]) -> Iterator[list[list[Step]]]:
    """The steps of one tier by group, each a list of sequences."""
    at = 0
    while at < len(steps):
        group = steps[at].place.group
        sequences: dict[int, list[Step]] = {}
        while at < len(steps) and steps[at].place.group == group:
            sequences.setdefault(steps[at].place.sequence, []).append(steps[at])
            at += 1
        yield list(sequences.values())
