"""Rules without which nothing would change: others of their tier do the same with all that they match.

Proven for every class of pods there is and for unlabelled pods of every namespace. What is found can be removed one by one
or all at once: nothing found counts among the others that make a rule redundant. A rule that is filtered above the ports is
never redundant (a proxy may also watch), nor is one in doubt, or one whose policy has no defined place in the order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from scanner.lint.boxes import Boxes, Budget, Group, Parts, Slice
from scanner.lint.order import WireRule, wire_rules
from scanner.lint.traits import Traits
from scanner.lint.walk import meets
from scanner.policy.model import Action, Entity, EntityPeer, Rule
from scanner.reach.columns import Column, disjoint, less
from scanner.reach.ports import NamedPorts
from scanner.reach.walk import Place


@dataclass
class Redundant:
    """What is redundant in one direction. Rules are named by their positions among all grants.

    `rules` has those that are redundant as they are written, each with the rules that do the same; `idle` also parts of a
    rule whose other parts are not. `eclipsed` counts, for each rule that allows everything, the rules that it alone makes
    redundant: these are not reported, for it is the one to look at.
    """

    rules: dict[WireRule, tuple[int, ...]] = field(default_factory=dict)
    idle: set[int] = field(default_factory=set)
    eclipsed: dict[int, int] = field(default_factory=dict)


def opens_everything(rule: Rule) -> bool:
    """Whether a rule allows every peer on every port."""
    anybody = rule.peers is None or EntityPeer(Entity.ALL) in rule.peers
    return rule.action is Action.ALLOW and anybody and rule.ports is None


def find_redundant(boxes: Boxes, shadowed: Iterable[int], budget: Budget) -> Redundant:
    """Find them among the rules of one direction; `shadowed` are the numbers of rules that never decide.

    Raises:
        TooMuch: there is more to compare than the budget has.
    """
    search = _Search(boxes, shadowed, budget)
    found = Redundant()
    reasons: dict[int, tuple[int, ...]] = {}
    for number in search.candidates():
        covers = search.covers(number)
        wide = [cover for cover in covers if opens_everything(boxes.grants[cover].rule)]
        if wide:
            at = boxes.origins[wide[0]]
            found.eclipsed[at] = found.eclipsed.get(at, 0) + 1
        elif covers:
            search.gone.add(number)
            reasons[number] = covers
    found.idle = {boxes.origins[number] for number in reasons}
    for key, numbers in wire_rules(boxes, search.present).items():
        if all(number in reasons for number in numbers):
            others = dict.fromkeys(cover for number in numbers for cover in reasons[number] if cover not in numbers)
            found.rules[key] = tuple(boxes.origins[cover] for cover in others)
    return found


@dataclass(slots=True)
class _Spot:
    """Where the same rules of one tier meet: of any number of groups, of which one stands for all."""

    group: Group
    refs: tuple[int, ...]
    classes: int = 0
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    """A place in the order at one spot: what is asked before, beside and after it in its tier.

    `helpers` are those beside that may stand in for others, the widest first.
    """

    earlier: tuple[int, ...]
    beside: tuple[int, ...]
    helpers: tuple[int, ...]
    later: tuple[int, ...]

    def has(self, ref: int) -> bool:
        """Whether a ref stands beside."""
        at = bisect_left(self.beside, ref)
        return at < len(self.beside) and self.beside[at] == ref


class _Search:
    """Compares the rules of one direction with each other, tier by tier and spot by spot."""

    def __init__(self, boxes: Boxes, shadowed: Iterable[int], budget: Budget) -> None:
        self.gone = set(shadowed)
        self.present: set[int] = set()  # rules that match anything
        self._boxes, self._budget = boxes, budget
        self._traits = Traits(boxes)
        self._steps: dict[tuple[int, Place], _Step] = {}
        self._spots_of: dict[int, list[int]] = {}
        spots: dict[tuple[Slice, NamedPorts], _Spot] = {}
        for group in boxes.groups:
            for each in group.slices:
                spot = spots.setdefault((each, group.names((each,))), _Spot(group, each.refs))
                spot.classes |= group.classes
                spot.undecided |= group.undecided
        self._spots = tuple(spots.values())

    def candidates(self) -> list[int]:
        """Rules whose every bit others of their tier match as well, the narrowest first, of equal ones the last."""
        boxes, present = self._boxes, self.present
        left = self._traits.eligible - self.gone
        for spot in self._spots:
            present.update(ref >> 1 for ref in spot.refs if ref >> 1 not in present and boxes.maybe(ref, spot.group))
            mine = [ref for ref in spot.refs if ref >> 1 in left]
            if mine:
                left.difference_update(self._alone(spot, mine))
        left &= present
        for at, spot in enumerate(self._spots):
            for ref in spot.refs:
                if ref >> 1 in left:
                    self._spots_of.setdefault(ref >> 1, []).append(at)
        return sorted(left, key=lambda number: (self._traits.width[number], -number))

    def _alone(self, spot: _Spot, mine: Sequence[int]) -> Iterator[int]:
        """The rules among `mine` of which nobody else that does the same matches all at a spot."""
        boxes, traits, group = self._boxes, self._traits, spot.group
        self._budget.spend(len(spot.refs))
        cells = _Cells(mask for ref in spot.refs for mask, _ in boxes.maybe(ref, group))
        once: dict[int, int] = {}
        twice: dict[int, int] = {}
        for ref in spot.refs:
            if ref >> 1 in traits.helpful:
                first = traits.verdict[ref >> 1] * cells.count
                for mask, peers in boxes.sure(ref, group):
                    for cell in cells.of(mask):
                        known = once.get(first + cell, 0)
                        if known & peers:
                            twice[first + cell] = twice.get(first + cell, 0) | known & peers
                        once[first + cell] = known | peers
        for ref in mine:
            first = traits.verdict[ref >> 1] * cells.count
            if spot.undecided or any(
                peers & ~twice.get(first + cell, 0)
                for mask, peers in boxes.maybe(ref, group)
                for cell in cells.of(mask)
            ):
                yield ref >> 1

    def covers(self, number: int) -> tuple[int, ...]:
        """The rules that do the same as this one with all it matches; none where there is anything left."""
        found: dict[int, None] = {}
        todo = self._boxes.grants[number].subject.maybe
        for at in self._spots_of[number]:
            if not self._spots[at].classes & todo:
                continue
            here = self._at(number, at, found)
            if here is None:
                return ()
            found |= dict.fromkeys(here)
            if len(here) == 1 and self._traits.holds(here[0], number):
                todo &= ~self._boxes.grants[here[0]].subject.sure
        return tuple(found)

    def _at(self, number: int, at: int, known: Iterable[int]) -> list[int] | None:
        """The same at one spot, those already `known` preferred; None where something is left."""
        group = self._spots[at].group
        step = self._step(at, self._boxes.grants[number].place)
        self._budget.spend(1 + len(step.earlier))
        live = disjoint(self._boxes.maybe(2 * number, group))
        for ref in step.earlier:
            if ref >> 1 not in self.gone:
                live = less(live, disjoint(self._boxes.sure(ref, group)))
        for cover in known:
            if step.has(2 * cover + 1) and not less(live, disjoint(self._boxes.sure(2 * cover + 1, group))):
                return [cover]
        return self._taken(number, group, live, step)

    def _step(self, at: int, place: Place) -> _Step:
        """The rules of one spot as they stand around one place."""
        found = self._steps.get((at, place))
        if found is None:
            grants, refs = self._boxes.grants, self._spots[at].refs
            first = bisect_left(refs, place, key=lambda ref: grants[ref >> 1].place)
            after = bisect_right(refs, place, key=lambda ref: grants[ref >> 1].place)
            helpers = [ref for ref in refs[first:after] if ref >> 1 in self._traits.helpful]
            helpers.sort(key=self._traits.by_width.__getitem__)
            found = _Step(refs[:first], refs[first:after], tuple(helpers), refs[after:])
            self._steps[at, place] = found
        return found

    def _taken(self, number: int, group: Group, live: Column, step: _Step) -> list[int] | None:
        """The rules at the same step, one if one will do, and then later ones that take what is `live`."""
        boxes = self._boxes
        partly: list[tuple[int, Parts]] = []
        for looked, ref in enumerate(step.helpers):
            sure = boxes.sure(ref, group)
            if ref >> 1 != number and meets(live, sure) and self._may_cover(ref >> 1, number):
                if not less(live, disjoint(sure)):
                    self._budget.spend(looked)
                    return [ref >> 1]
                partly.append((ref >> 1, sure))
        self._budget.spend(len(step.helpers) + len(partly) + len(step.later))
        found: list[int] = []
        for other, sure in partly:
            if meets(live, sure):
                found.append(other)
                live = less(live, disjoint(sure))
        for ref in step.later if live else ():
            if self._traits.verdict[ref >> 1] != self._traits.verdict[number]:
                if meets(live, boxes.maybe(ref, group)):
                    return None
            elif self._may_cover(ref >> 1, number) and meets(live, boxes.sure(ref, group)):
                found.append(ref >> 1)
                live = less(live, disjoint(boxes.sure(ref, group)))
        return None if live else found

    def _may_cover(self, other: int, number: int) -> bool:
        return other not in self.gone and self._traits.may_cover(other, number)


class _Cells:
    """Ports cut where the rules of one group cut them: far fewer pieces than the ports of a whole cluster."""

    def __init__(self, masks: Iterable[int]) -> None:
        self._known: dict[int, tuple[int, ...]] = {}
        distinct = dict.fromkeys(masks)
        whole = 0
        for mask in distinct:
            whole |= mask
        cells = [whole]
        for mask in distinct:
            cells = [part for cell in cells for part in (cell & mask, cell & ~mask) if part]
        self._cells = cells
        self.count = len(cells)

    def of(self, mask: int) -> tuple[int, ...]:
        """The pieces that a rule's ports are made of, by their numbers."""
        found = self._known.get(mask)
        if found is None:
            found = self._known[mask] = tuple(at for at, cell in enumerate(self._cells) if cell & mask)
        return found
