"""Rules and policies without which nothing would change.

- `redundant-rule`: other rules of its tier do the same with all that it matches.
- `redundant-policy`: nothing is left of a policy but such rules, and other policies isolate the pods that it isolates.

Proven for every class of pods there is and for unlabelled pods of every namespace. What is reported can be removed one by
one or all at once: nothing reported counts among the others that make a rule redundant. A rule that is filtered above the
ports is never redundant (a proxy may also watch), nor is one in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from scanner.lint.boxes import Boxes, Budget, Group, Ref
from scanner.lint.order import WireRule, wire_rules
from scanner.lint.walk import before, meets
from scanner.policy.model import Action, BlockPeer, Entity, EntityPeer, Matching, NamePeer, Rule
from scanner.reach.columns import Column, disjoint, less

_Key = tuple[int, Action]  # a tier, and what is done


@dataclass
class Redundant:
    """What is redundant in one direction: rules as written, each with the rules that do the same (by number).

    `idle` has every rule that may go, also a part of one whose other parts may not. `eclipsed` counts, for each rule that
    allows everything, the rules that only it makes redundant: these are not reported, for it is the one to look at.
    """

    rules: dict[WireRule, tuple[int, ...]] = field(default_factory=dict)
    idle: set[int] = field(default_factory=set)
    eclipsed: dict[int, int] = field(default_factory=dict)


def opens_everything(rule: Rule) -> bool:
    """Whether a rule allows every peer on every port."""
    anybody = rule.peers is None or EntityPeer(Entity.ALL) in rule.peers
    return rule.action is Action.ALLOW and anybody and rule.ports is None


def find_redundant(boxes: Boxes, shadowed: Iterable[int], budget: Budget) -> Redundant:
    """Find them.

    Raises:
        TooMuch: there is more to compare than the budget has.
    """
    search = _Search(boxes, frozenset(shadowed), budget)
    found = Redundant()
    candidates = search.candidates()
    for number in candidates:
        covers = search.covers(number)
        if not covers:
            continue
        wide = [cover for cover in covers if opens_everything(boxes.grants[cover].rule)]
        if wide:
            found.eclipsed[wide[0]] = found.eclipsed.get(wide[0], 0) + 1
            continue
        search.gone.add(number)
        found.idle.add(number)
        search.reasons[number] = covers
    for key, numbers in wire_rules(boxes, search.present).items():
        if found.idle.issuperset(numbers):
            covers = dict.fromkeys(cover for number in numbers for cover in search.reasons[number])
            found.rules[key] = tuple(cover for cover in covers if cover not in numbers)
    return found


class _Search:
    """Compares the rules of one direction with each other, group by group."""

    def __init__(self, boxes: Boxes, shadowed: frozenset[int], budget: Budget) -> None:
        self.gone = set(shadowed)
        self.present: set[int] = set()  # rules that match anything
        self.reasons: dict[int, tuple[int, ...]] = {}
        self._boxes, self._budget = boxes, budget
        self._groups: dict[int, list[Group]] = {}
        self._widths: dict[int, int] = {}
        sequences: dict[tuple[int, int], set[int]] = {}
        for group in boxes.groups:
            for ref in group.rules:
                place = boxes.grants[ref.number].place
                sequences.setdefault(place[:2], set()).add(place.sequence)
        self._tied = {place for place, found in sequences.items() if len(found) > 1}

    def candidates(self) -> list[int]:
        """Rules whose every bit others of their tier match as well, the narrowest first, of equal ones the last."""
        alone: set[int] = set()
        for group in self._boxes.groups:
            self._budget.spend(len(group.rules))
            for number in self._look(group):
                alone.add(number)
        found = [
            number
            for number in self.present
            if number not in alone and number not in self.gone and self._eligible(number)
        ]
        for group in self._boxes.groups:
            for ref in group.rules:
                self._groups.setdefault(ref.number, []).append(group)
        return sorted(found, key=lambda number: (self._width(number), -number))

    def _look(self, group: Group) -> Iterator[int]:
        """Note who matches anything at a group; the rules of which nobody else matches all come back."""
        parts = [(ref.number, self._boxes.maybe(ref.number, group), self._boxes.sure(ref, group)) for ref in group.rules]
        cells = _Cells(mask for _, maybe, _ in parts for mask, _ in maybe)
        once: dict[tuple[_Key, int], int] = {}
        twice: dict[tuple[_Key, int], int] = {}
        for number, _, sure in parts:
            if self._helps(number):
                key = self._key(number)
                for mask, peers in sure:
                    for cell in cells.of(mask):
                        known = once.get((key, cell), 0)
                        twice[key, cell] = twice.get((key, cell), 0) | known & peers
                        once[key, cell] = known | peers
        for number, maybe, _ in parts:
            if maybe:
                self.present.add(number)
                key = self._key(number)
                if group.undecided or any(
                    peers & ~twice.get((key, cell), 0) for mask, peers in maybe for cell in cells.of(mask)
                ):
                    yield number

    def _key(self, number: int) -> _Key:
        grant = self._boxes.grants[number]
        return grant.place.tier, grant.rule.action

    def _eligible(self, number: int) -> bool:
        grant = self._boxes.grants[number]
        return self._boxes.certain(number) and not grant.rule.l7 and grant.place[:2] not in self._tied

    def _helps(self, number: int) -> bool:
        """Whether a rule may stand in for another."""
        grant = self._boxes.grants[number]
        return not grant.rule.l7 and grant.place[:2] not in self._tied

    def _width(self, number: int) -> int:
        """How much a rule matches, roughly."""
        found = self._widths.get(number)
        if found is None:
            grant = self._boxes.grants[number]
            ports = 65536 * 3 if grant.rule.ports is None else sum(
                1 if port.name else port.last - port.first + 1 for port in grant.rule.ports
            )  # fmt: skip
            found = grant.subject.maybe.bit_count() * grant.peers.all.maybe.bit_count() * ports
            self._widths[number] = found
        return found

    def covers(self, number: int) -> tuple[int, ...]:
        """The rules that do the same as this one with all it matches; none where there is anything left."""
        found: dict[int, None] = {}
        for group in self._groups[number]:
            here = self._at(number, group)
            if here is None:
                return ()
            found |= dict.fromkeys(here)
        return tuple(found)

    def _at(self, number: int, group: Group) -> list[int] | None:
        """The same at one group; None where something is left."""
        grants = self._boxes.grants
        grant = grants[number]
        live = disjoint(self._boxes.maybe(number, group))
        same: list[Ref] = []
        later: list[Ref] = []
        self._budget.spend(len(group.rules))
        for ref in group.rules:
            other = grants[ref.number]
            if ref.number == number or other.place.tier != grant.place.tier:
                continue
            if other.place == grant.place:
                same.append(ref)
            elif not before(other.place, grant.place):
                later.append(ref)
            elif ref.number not in self.gone:
                live = less(live, disjoint(self._boxes.sure(ref, group)))
        helpers = [ref for ref in same if self._may_cover(ref.number, number)]
        helpers.sort(key=lambda ref: -self._width(ref.number))
        return self._taken(number, group, live, helpers, later)

    def _taken(
        self, number: int, group: Group, live: Column, helpers: Sequence[Ref], later: Sequence[Ref]
    ) -> list[int] | None:
        whole = next((ref for ref in helpers if live and not less(live, disjoint(self._boxes.sure(ref, group)))), None)
        found: list[int] = []
        action = self._boxes.grants[number].rule.action
        for ref in [whole] if whole else [*helpers, *later]:
            if not live:
                break
            if self._boxes.grants[ref.number].rule.action is not action:
                if meets(live, self._boxes.maybe(ref.number, group)):
                    return None
                continue
            sure = self._boxes.sure(ref, group)
            if self._may_cover(ref.number, number) and meets(live, sure):
                found.append(ref.number)
                live = less(live, disjoint(sure))
        return None if live else found

    def _may_cover(self, other: int, number: int) -> bool:
        """Whether a rule may stand in for another one. What blocks match is each engine's choice: only blocks surely do."""
        if other in self.gone or not self._helps(other):
            return False
        rule, wanted = self._boxes.grants[other].rule, self._boxes.grants[number].rule
        blocks = [peer for peer in wanted.peers or () if isinstance(peer, BlockPeer)]
        if any(block.matching is Matching.IMPLEMENTATION for block in blocks):
            return not any(_outside(peer) for peer in rule.peers or ())
        return True


def _outside(peer: object) -> bool:
    """Whether a peer is one of those that hold addresses but never the pods behind them."""
    if isinstance(peer, BlockPeer):
        return peer.matching is Matching.OUTSIDE
    return isinstance(peer, NamePeer) or (isinstance(peer, EntityPeer) and peer.entity is not Entity.ALL)


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

    def of(self, mask: int) -> tuple[int, ...]:
        """The pieces that a rule's ports are made of, by their numbers."""
        found = self._known.get(mask)
        if found is None:
            found = self._known[mask] = tuple(at for at, cell in enumerate(self._cells) if cell & mask)
        return found
