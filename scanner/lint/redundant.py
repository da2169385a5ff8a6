"""Rules and policies without which nothing would change.

- `redundant-rule`: other rules of its tier do the same with all that it matches.
- `redundant-policy`: nothing is left of a policy but such rules, and other policies isolate the pods that it isolates.

Proven for every class of pods there is and for unlabelled pods of every namespace. What is reported can be removed one by
one or all at once: nothing reported counts among the others that make a rule redundant. A rule that is filtered above the
ports is never redundant (a proxy may also watch), nor is one in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scanner.lint.boxes import Boxes, Budget, Group, Ref
from scanner.lint.order import WireRule, wire_rules
from scanner.lint.walk import meets
from scanner.policy.model import Action, BlockPeer, Entity, EntityPeer, Matching, NamePeer, Peer, Rule
from scanner.reach.columns import Column, disjoint, less
from scanner.reach.walk import Place

_Key = tuple[int, Action]  # a tier, and what is done


@dataclass
class Redundant:
    """What is redundant in one direction: rules as written, each with the rules that do the same (by number).

    `present` are all rules that match anything, `idle` those that may go, also parts of a rule whose other parts may not.
    `eclipsed` counts, for each rule that
    allows everything, the rules that only it makes redundant: these are not reported, for it is the one to look at.
    """

    rules: dict[WireRule, tuple[int, ...]] = field(default_factory=dict)
    present: frozenset[int] = frozenset()
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
    found.present = frozenset(search.present)
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
        self._traits = _Traits(boxes)
        self._groups: dict[int, list[int]] = {}
        self._steps: dict[tuple[int, Place], _Step] = {}

    def candidates(self) -> list[int]:
        """Rules whose every bit others of their tier match as well, the narrowest first, of equal ones the last."""
        alone: set[int] = set()
        for at, group in enumerate(self._boxes.groups):
            self._budget.spend(len(group.rules))
            alone.update(self._look(group))
            for ref in group.rules:
                self._groups.setdefault(ref.number, []).append(at)
        found = (self.present & self._traits.eligible) - alone - self.gone
        return sorted(found, key=lambda number: (self._traits.width(number), -number))

    def _look(self, group: Group) -> Iterator[int]:
        """Note who matches anything at a group; the rules of which nobody else matches all come back."""
        parts = [(ref.number, self._boxes.maybe(ref.number, group), self._boxes.sure(ref, group)) for ref in group.rules]
        cells = _Cells(mask for _, maybe, _ in parts for mask, _ in maybe)
        once: dict[tuple[_Key, int], int] = {}
        twice: dict[tuple[_Key, int], int] = {}
        for number, _, sure in parts:
            if number in self._traits.helpful:
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

    def covers(self, number: int) -> tuple[int, ...]:
        """The rules that do the same as this one with all it matches; none where there is anything left."""
        found: dict[int, None] = {}
        for at in self._groups[number]:
            here = self._at(number, at, found)
            if here is None:
                return ()
            found |= dict.fromkeys(here)
        return tuple(found)

    def _at(self, number: int, at: int, known: Iterable[int]) -> Iterable[int] | None:
        """The same at one group, those already `known` preferred; None where something is left."""
        group = self._boxes.groups[at]
        step = self._step(at, self._boxes.grants[number].place)
        live = disjoint(self._boxes.maybe(number, group))
        for ref in step.earlier:
            if ref.number not in self.gone:
                live = less(live, disjoint(self._boxes.sure(ref, group)))
        for cover in known:
            ref = step.members.get(cover)
            if ref is not None and not less(live, disjoint(self._boxes.sure(ref, group))):
                return (cover,) if live else ()
        self._budget.spend(len(group.rules))
        return self._taken(number, group, live, step)

    def _step(self, at: int, place: Place) -> _Step:
        """The rules of one tier of a group as they stand around one place."""
        found = self._steps.get((at, place))
        if found is None:
            refs = [ref for ref in self._boxes.groups[at].rules if self._place(ref).tier == place.tier]
            same = [ref for ref in refs if self._place(ref) == place]
            found = self._steps[at, place] = _Step(
                earlier=tuple(ref for ref in refs if self._place(ref) < place),
                same=tuple(sorted(same, key=lambda ref: -self._traits.width(ref.number))),
                later=tuple(ref for ref in refs if self._place(ref) > place),
                members={ref.number: ref for ref in same},
            )
        return found

    def _place(self, ref: Ref) -> Place:
        return self._boxes.grants[ref.number].place

    def _taken(self, number: int, group: Group, live: Column, step: _Step) -> list[int] | None:
        """The rules at the same step, one if one will do, and then later ones that take what is `live`."""
        found: list[int] = []
        action = self._boxes.grants[number].rule.action
        partly: list[tuple[Ref, Column]] = []
        for ref in step.same:
            if ref.number != number and self._may_cover(ref.number, number):
                sure = disjoint(self._boxes.sure(ref, group))
                if meets(live, sure):
                    if not less(live, sure):
                        return [ref.number]
                    partly.append((ref, sure))
        for ref, sure in partly:
            if meets(live, sure):
                found.append(ref.number)
                live = less(live, sure)
        for ref in step.later if live else ():
            if self._boxes.grants[ref.number].rule.action is not action:
                if meets(live, self._boxes.maybe(ref.number, group)):
                    return None
            elif self._may_cover(ref.number, number) and meets(live, self._boxes.sure(ref, group)):
                found.append(ref.number)
                live = less(live, disjoint(self._boxes.sure(ref, group)))
        return None if live else found

    def _may_cover(self, other: int, number: int) -> bool:
        """Whether a rule may stand in for another one. What blocks match is each engine's choice: only blocks surely do."""
        traits = self._traits
        usable = other in traits.helpful and other not in self.gone
        return usable and not (number in traits.blocks and other in traits.outside)


@dataclass(frozen=True, slots=True)
class _Step:
    """A place in the order at one group: what is asked before, beside (the widest first) and after it in its tier."""

    earlier: tuple[Ref, ...]
    same: tuple[Ref, ...]
    later: tuple[Ref, ...]
    members: Mapping[int, Ref]


class _Traits:
    """What of each rule decides whether it may be redundant, or stand in for another."""

    def __init__(self, boxes: Boxes) -> None:
        self._boxes = boxes
        self._widths: dict[int, int] = {}
        numbers = {ref.number for group in boxes.groups for ref in group.rules}
        sequences: dict[tuple[int, int], set[int]] = {}
        for number in numbers:
            place = boxes.grants[number].place
            sequences.setdefault(place[:2], set()).add(place.sequence)
        tied = {place for place, found in sequences.items() if len(found) > 1}  # policies whose order is not defined
        rules = {number: boxes.grants[number].rule for number in numbers}
        self.helpful = {at for at, rule in rules.items() if not rule.l7 and boxes.grants[at].place[:2] not in tied}
        self.eligible = {at for at in self.helpful if boxes.certain(at)}
        self.blocks = {at for at, rule in rules.items() if any(_of_choice(peer) for peer in rule.peers or ())}
        self.outside = {at for at, rule in rules.items() if any(_outside(peer) for peer in rule.peers or ())}

    def width(self, number: int) -> int:
        """How much a rule matches, roughly."""
        found = self._widths.get(number)
        if found is None:
            grant = self._boxes.grants[number]
            spans = (1 if port.name else port.last - port.first + 1 for port in grant.rule.ports or ())
            ports = 3 * 65536 if grant.rule.ports is None else sum(spans)
            found = grant.subject.maybe.bit_count() * grant.peers.all.maybe.bit_count() * ports
            self._widths[number] = found
        return found


def _of_choice(peer: Peer) -> bool:
    """Whether it is each engine's own choice if a peer matches pods."""
    return isinstance(peer, BlockPeer) and peer.matching is Matching.IMPLEMENTATION


def _outside(peer: Peer) -> bool:
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
