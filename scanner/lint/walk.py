"""The order of judgement at one group of pods, watched: what is still undecided when each rule is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from scanner.lint.boxes import Boxes, Group
from scanner.policy.model import Action
from scanner.reach.columns import Column, Part, disjoint, less, meet
from scanner.reach.walk import Place

Visit = Callable[[int, Column], None]
Closed = Callable[[int, Column], None]


def _before(place: Place, other: Place) -> bool:
    """Whether what stands at `place` is surely asked earlier; of two sequences of one group that is not defined."""
    if place[:2] != other[:2]:
        return place < other
    return place.sequence == other.sequence and place.step < other.step


def watch(boxes: Boxes, group: Group, start: Column, visit: Visit, closed: Closed, until: Place | None = None) -> None:
    """Walk the rules of a group, those that come surely before `until`, from what `start` leaves to decide.

    `visit` is called for each ref with what may still be undecided as its step is asked, `closed` for each tier that surely
    denies the rest, with that rest. Only what is surely matched counts as decided, as in `scanner/reach/walk.py`.
    """
    refs = [ref for ref in group.refs if until is None or _before(boxes.grants[ref >> 1].place, until)]
    last = until.tier if until is not None else boxes.grants[refs[-1] >> 1].place.tier
    final = refs[-1] if until is None else -1  # nothing asks what is left after it
    live = start
    for tier, end in enumerate(group.ends):
        if not live or tier > last:
            return
        passed: list[Part] = []
        here = [ref for ref in refs if boxes.grants[ref >> 1].place.tier == tier]
        for _, found in groupby(here, key=lambda ref: boxes.grants[ref >> 1].place.group):
            rests = [_run(boxes, group, steps, live, passed, visit, final) for steps in _sequences(boxes, list(found))]
            live = rests[0]
            for rest in rests[1:]:
                live = disjoint(meet(live, rest))
        if until is not None and tier == last:
            return
        if end == 3:
            if live:
                closed(tier, live)
            live = ()
        live = disjoint([*passed, *live])


def _sequences(boxes: Boxes, refs: Sequence[int]) -> Iterator[list[list[int]]]:
    """The rules of one group of the order by sequence, each as steps."""
    for _, found in groupby(refs, key=lambda ref: boxes.grants[ref >> 1].place.sequence):
        yield [list(step) for _, step in groupby(found, key=lambda ref: boxes.grants[ref >> 1].place.step)]


def _run(
    boxes: Boxes,
    group: Group,
    steps: Sequence[Sequence[int]],
    start: Column,
    passed: list[Part],
    visit: Visit,
    final: int,
) -> Column:
    live = start
    for step in steps:
        for ref in step:
            visit(ref, live)
            if boxes.grants[ref >> 1].rule.action is Action.PASS:
                passed += meet(live, boxes.maybe(ref, group))
        if step[-1] == final:
            return ()
        live = less(live, disjoint(part for ref in step for part in boxes.sure(ref, group)))
        if not live:
            break
    return live


def meets(column: Column, parts: Sequence[Part]) -> bool:
    """Whether both have anything in common."""
    return any(mask & other and sources & wanted for mask, sources in column for other, wanted in parts)
