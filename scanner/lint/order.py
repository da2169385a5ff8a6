"""Rules that are never asked, or whose order is not defined.

- `shadowed-rule`: rules asked earlier (or a tier's default denial) decide all that it matches, so it never does.
- `contradictory-rule`: the same of a rule that allows, all of which is denied earlier.
- `equal-priority`: two policies whose order is not defined do different things with the same traffic.

All three are proven for every class of pods there is, and for unlabelled pods that somebody might create in any namespace.
Where a rule or policy is in doubt, or one that cannot be judged may concern the same pods, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scanner.lint.boxes import Boxes, Budget, Group
from scanner.lint.case import ObjectKey, object_key, some
from scanner.lint.implied import rule_implies
from scanner.lint.model import Finding, Kind, Severity, of_policy
from scanner.lint.walk import Watch, meets
from scanner.policy.model import BASELINE, Action
from scanner.reach.columns import Column, disjoint, meet
from scanner.reach.grants import Grant

WireRule = tuple[ObjectKey, str]  # an object and the name of one of its rules

_VERBS = {Action.ALLOW: "allows", Action.DENY: "denies", Action.PASS: "passes on"}


def wire_rules(boxes: Boxes, numbers: Iterable[int]) -> dict[WireRule, list[int]]:
    """Rules as they are written: one that is read as several is one again."""
    found: dict[WireRule, list[int]] = {}
    for number in sorted(numbers):
        grant = boxes.grants[number]
        found.setdefault((object_key(grant.policy), grant.rule.name), []).append(number)
    return found


@dataclass
class Order:
    """What the order of judgement shows in one direction, by number: rules that never decide, and policies at odds."""

    shadowed: dict[WireRule, list[int]] = field(default_factory=dict)
    ties: dict[tuple[ObjectKey, ObjectKey], tuple[int, int]] = field(default_factory=dict)  # with a rule of each


def judge_order(boxes: Boxes, budget: Budget) -> Order:
    """Ask every group's rules in order.

    Raises:
        TooMuch: there is more to ask than the budget has.
    """
    found = Order()
    present: set[int] = set()
    asking = _Asking(boxes, budget, found)
    for group in boxes.groups:
        fresh = [ref for ref in group.refs if ref >> 1 not in asking.active and boxes.maybe(ref, group)]
        present.update(ref >> 1 for ref in fresh)
        if group.undecided or _plain(boxes, group):
            asking.active.update(ref >> 1 for ref in fresh)
        else:
            asking.ask(group)
    needed = asking.active | {number for number in present if boxes.grants[number].peers.excepted}  # excepts may leak
    concerned = wire_rules(boxes, present)
    found.shadowed = {key: numbers for key, numbers in concerned.items() if needed.isdisjoint(numbers)}
    return found


def _plain(boxes: Boxes, group: Group) -> bool:
    """Whether all rules stand at one place and no tier before it denies, so that each of them decides."""
    refs = group.slices[0].refs
    first, last = boxes.grants[refs[0] >> 1].place, boxes.grants[refs[-1] >> 1].place
    return len(group.slices) == 1 and first == last and 3 not in group.ends[: first.tier]


class _Asking:
    """Notes which rules decide anything anywhere, and which policies contradict each other."""

    def __init__(self, boxes: Boxes, budget: Budget, found: Order) -> None:
        self.active: set[int] = set()
        self._boxes, self._budget, self._found = boxes, budget, found
        places = {grant.place[:3] for grant in boxes.grants}
        self._tied = {place[:2] for place in places if place[2]}
        self._taken: dict[tuple[int, int], list[_Taken]] = {}
        self._group = boxes.groups[0] if boxes.groups else None
        self._watch = Watch(boxes, self._visit, lambda _: None)

    def ask(self, group: Group) -> None:
        """Walk one group."""
        self._budget.spend(sum(len(each.refs) for each in group.slices))
        self._group, self._taken = group, {}
        self._watch.walk(group)
        for members in self._taken.values():
            for one, other in _contradictions(members, self._budget):
                keys = object_key(one.grant.policy), object_key(other.grant.policy)
                self._found.ties.setdefault(keys, (one.number, other.number))

    def _visit(self, ref: int, live: Column) -> None:
        boxes, group, number = self._boxes, self._group, ref >> 1
        if group is None:
            return
        if number not in self.active and meets(live, boxes.maybe(ref, group)):
            self.active.add(number)
        place = boxes.grants[number].place
        if place[:2] in self._tied and (parts := meet(live, boxes.sure(ref, group))):
            self._taken.setdefault(place[:2], []).append(_Taken(number, boxes.grants[number], tuple(parts)))


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one rule decides at a group."""

    number: int
    grant: Grant
    parts: Column


def _contradictions(members: Sequence[_Taken], budget: Budget) -> Iterator[tuple[_Taken, _Taken]]:
    """Rules of policies without an order that decide the same otherwise: the first pair of each two policies."""
    if len({each.grant.rule.action for each in members}) < 2:
        return
    seen: set[tuple[int, int]] = set()
    for at, one in enumerate(members):
        budget.spend(len(members) - at)
        for other in members[at + 1 :]:
            pair = (one.grant.place.sequence, other.grant.place.sequence)
            if pair[0] == pair[1] or pair in seen or one.grant.rule.action is other.grant.rule.action:
                continue
            if meets(one.parts, other.parts):
                seen.add(pair)
                yield one, other


def order_findings(boxes: Boxes, order: Order, budget: Budget) -> Iterator[Finding]:
    """The findings of one direction.

    Raises:
        TooMuch: there is more to ask than the budget has.
    """
    concerned: dict[int, list[Group]] = {number: [] for numbers in order.shadowed.values() for number in numbers}
    for group in boxes.groups:
        for ref in group.refs if concerned and not group.undecided else ():
            if ref >> 1 in concerned:
                concerned[ref >> 1].append(group)
    for numbers in order.shadowed.values():
        yield from _shadowed(boxes, numbers, concerned, budget)
    for one, other in order.ties.values():
        yield _tie(boxes.grants[one], boxes.grants[other])


def _shadowed(
    boxes: Boxes, numbers: Sequence[int], concerned: Mapping[int, Sequence[Group]], budget: Budget
) -> Iterator[Finding]:
    takers, tiers = _takers(boxes, numbers, concerned, budget)
    grant = boxes.grants[numbers[0]]
    if tiers and grant.policy.tier == BASELINE:
        return  # it waits for pods that nothing else isolates: that it is not asked today is its purpose
    actions = {boxes.grants[taker].rule.action for taker in takers} | ({Action.DENY} if tiers else set())
    overruled = actions != {grant.rule.action}
    denied = grant.rule.action is Action.ALLOW and actions == {Action.DENY} and not tiers
    when = "" if _always(boxes, numbers, takers, tiers) else "with today's pods, "
    names = [_decides(grant, boxes.grants[taker], told=denied) for taker in takers]
    if tiers:
        names.append(f"the default denial of tier {some([boxes.tiers[tier].name for tier in tiers])}")
    mend = "narrow what comes first, or remove this rule" if overruled else "remove this rule"
    if denied:
        message = f"allows nothing: {when}all of it is denied before by {some(names)}; {mend}"
    else:
        message = (
            f"never decides: {when}all that it {_VERBS[grant.rule.action]} is decided before by {some(names)}; {mend}"
        )
    kind = Kind.CONTRADICTORY_RULE if denied else Kind.SHADOWED_RULE
    yield of_policy(kind, Severity.WARNING if overruled else Severity.NOTE, grant.policy, message, grant.rule)


def _takers(
    boxes: Boxes, numbers: Sequence[int], concerned: Mapping[int, Sequence[Group]], budget: Budget
) -> tuple[list[int], list[int]]:
    """Who decides what a rule matches: rules by number, and tiers that deny the rest."""
    takers: dict[int, None] = {}
    tiers: dict[int, None] = {}
    for number in numbers:
        place = boxes.grants[number].place
        seen: set[object] = set()
        for group in concerned[number]:
            first = tuple(each for each in group.slices if each.tier <= place.tier)
            key = (first, group.ends[: place.tier], group.names(first))
            if key in seen:
                continue
            seen.add(key)
            budget.spend(sum(len(each.refs) for each in first))

            def visit(ref: int, live: Column, group: Group = group, tier: int = place.tier) -> None:
                grant = boxes.grants[ref >> 1]
                ends = grant.rule.action is not Action.PASS or grant.place.tier == tier
                if ends and meets(live, boxes.sure(ref, group)):
                    takers[ref >> 1] = None

            def closed(tier: int) -> None:
                tiers[tier] = None

            watch = Watch(boxes, visit, closed)
            watch.walk_before(group, disjoint(boxes.maybe(2 * number, group)), place)
    return list(takers), list(tiers)


def _always(boxes: Boxes, numbers: Sequence[int], takers: Sequence[int], tiers: Sequence[int]) -> bool:
    """Whether one earlier rule holds all of it by what is written, whatever pods there are."""
    if len(takers) != 1 or tiers:
        return False
    taker = boxes.grants[takers[0]]
    return all(
        rule_implies(grant.policy, grant.rule, taker.policy, taker.rule)
        for grant in (boxes.grants[number] for number in numbers)
    )


def _decides(grant: Grant, other: Grant, *, told: bool) -> str:
    """A rule's name, with its policy's where that is another one, and what it does where that is not told already."""
    verb = f" ({_VERBS[other.rule.action]})" if not told and other.rule.action is not grant.rule.action else ""
    name = other.rule.name if other.policy == grant.policy else f"{other.policy.id} {other.rule.name}"
    return name + verb


def _tie(one: Grant, other: Grant) -> Finding:
    does, contradicts = _VERBS[one.rule.action], _VERBS[other.rule.action]
    message = (
        f"{does} what {other.policy.id} {other.rule.name} {contradicts}, and both policies stand at the same place of "
        f"tier {one.policy.tier.name}: which comes first is not defined; give them different priorities"
    )
    return of_policy(Kind.EQUAL_PRIORITY, Severity.ERROR, one.policy, message, one.rule)
