"""The order of judgement at one group of pods, watched: what is still undecided when each rule is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from scanner.lint.boxes import Boxes, Group, Slice
from scanner.policy.model import Action
from scanner.reach.columns import Column, Part, disjoint, less, meet
from scanner.reach.ports import NamedPorts
from scanner.reach.walk import Place

Visit = Callable[[int, Column], None]
_Key = tuple[tuple[Slice, ...], tuple[int, ...], NamedPorts]


@dataclass(frozen=True, slots=True)
class Watch:
    """Walks the rules of groups. Only what is surely matched counts as decided, as in `scanner/reach/walk.py`.

    `visit` is called for each ref with what may still be undecided as its step is asked, `closed` for each tier that surely
    denies all that its rules left over. Groups that share their first tiers are walked through these once.
    """

    boxes: Boxes
    visit: Visit
    closed: Callable[[int], None]
    _after: dict[_Key, Column] = field(default_factory=dict)

    def walk(self, group: Group) -> None:
        """All of a group's rules, from everything that any rule matches."""
        live: Column = ((self.boxes.full, self.boxes.everyone),)
        slices = {each.tier: each for each in group.slices}
        last = group.slices[-1]
        for tier, end in enumerate(group.ends[: last.tier]):
            first = tuple(each for each in group.slices if each.tier <= tier)
            key = (first, group.ends[: tier + 1], group.names(first))
            if key not in self._after:
                self._after[key] = self._tier(group, slices[tier].refs if tier in slices else (), live, end, tier)
            live = self._after[key]
            if not live:
                return
        self._rules(group, last.refs, live, [], final=last.refs[-1])

    def walk_before(self, group: Group, start: Column, until: Place) -> None:
        """The rules that are surely asked before `until`, from what `start` leaves to decide."""
        live = start
        slices = {each.tier: each for each in group.slices}
        for tier, end in enumerate(group.ends[: until.tier]):
            live = self._tier(group, slices[tier].refs if tier in slices else (), live, end, tier)
            if not live:
                return
        here = slices[until.tier].refs if until.tier in slices else ()
        refs = [ref for ref in here if _before(self.boxes.grants[ref >> 1].place, until)]
        self._rules(group, refs, live, [])

    def _tier(self, group: Group, refs: Sequence[int], live: Column, end: int, tier: int) -> Column:
        """What one tier leaves to the next: what is passed on, and what is left where it does not deny the rest."""
        passed: list[Part] = []
        rest = self._rules(group, refs, live, passed)
        if end == 3:
            if rest:
                self.closed(tier)
            return disjoint(passed)
        return disjoint([*passed, *rest])

    def _rules(
        self, group: Group, refs: Sequence[int], start: Column, passed: list[Part], *, final: int = -1
    ) -> Column:
        """What the rules of one tier leave over; what is left after the ref `final` nobody wants to know."""
        live = start
        for _, found in groupby(refs, key=lambda ref: self.boxes.grants[ref >> 1].place.group):
            rests = [self._run(group, steps, live, passed, final=final) for steps in self._sequences(list(found))]
            live = rests[0]
            for rest in rests[1:]:
                live = disjoint(meet(live, rest))
        return live

    def _sequences(self, refs: Sequence[int]) -> Iterator[list[list[int]]]:
        """The rules of one group of the order by sequence, each as steps."""
        grants = self.boxes.grants
        for _, found in groupby(refs, key=lambda ref: grants[ref >> 1].place.sequence):
            yield [list(step) for _, step in groupby(found, key=lambda ref: grants[ref >> 1].place.step)]

    def _run(
        self, group: Group, steps: Sequence[Sequence[int]], start: Column, passed: list[Part], *, final: int
    ) -> Column:
        boxes, live = self.boxes, start
        for step in steps:
            for ref in step:
                self.visit(ref, live)
                if boxes.grants[ref >> 1].rule.action is Action.PASS:
                    passed += meet(live, boxes.maybe(ref, group))
            if step[-1] == final:
                return ()
            live = less(live, disjoint(part for ref in step for part in boxes.sure(ref, group)))
            if not live:
                break
        return live


def _before(place: Place, other: Place) -> bool:
    """Whether what stands at `place` is surely asked earlier; of two sequences of one group that is not defined."""
    if place[:2] != other[:2]:
        return place < other
    return place.sequence == other.sequence and place.step < other.step


def meets(column: Column, parts: Sequence[Part]) -> bool:
    """Whether both have anything in common."""
    return any(mask & other and sources & wanted for mask, sources in column for other, wanted in parts)
