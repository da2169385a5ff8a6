"""Rules that are never asked, or whose order is not defined.

- `shadowed-rule`: rules asked earlier (or a tier's default denial) decide all that it matches, so it never does.
- `contradictory-rule`: the same of a rule that allows, all of which is denied earlier.
- `equal-priority`: two policies whose order is not defined do different things with the same traffic.

All three are proven for every class of pods there is, and for unlabelled pods that somebody might create in any namespace.
Where a rule or policy is in doubt, or one that cannot be judged may concern the same pods, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from scanner.lint.boxes import Boxes, Budget, Group
from scanner.lint.case import ObjectKey, object_key, some
from scanner.lint.implied import rule_implies
from scanner.lint.model import Finding, Kind, Severity, of_policy
from scanner.lint.walk import meets, watch
from scanner.policy.model import BASELINE, Action
from scanner.reach.columns import Column, disjoint, meet
from scanner.reach.rules import Grant

WireRule = tuple[ObjectKey, str]  # an object and the name of one of its rules

_VERBS = {Action.ALLOW: "allows", Action.DENY: "denies", Action.PASS: "passes on"}


def wire_rules(boxes: Boxes, numbers: Iterable[int]) -> dict[WireRule, list[int]]:
    """Rules as they are written: one that is read as several is one again."""
    found: dict[WireRule, list[int]] = {}
    for number in numbers:
        grant = boxes.grants[number]
        found.setdefault((object_key(grant.policy), grant.rule.name), []).append(number)
    return found


@dataclass
class Order:
    """What the order of judgement shows in one direction: rules that never decide, and policies that contradict each other."""

    shadowed: dict[WireRule, list[int]] = field(default_factory=dict)
    ties: dict[tuple[ObjectKey, ObjectKey], tuple[int, int]] = field(default_factory=dict)  # with a rule of each


def judge_order(boxes: Boxes, budget: Budget) -> Order:
    """Ask every group's rules in order.

    Raises:
        TooMuch: there is more to ask than the budget has.
    """
    found = Order()
    present: set[int] = set()
    active: set[int] = set()
    for group in boxes.groups:
        fresh = [ref for ref in group.refs if ref >> 1 not in active and boxes.maybe(ref, group)]
        present.update(ref >> 1 for ref in fresh)
        if group.undecided or _plain(boxes, group):
            active.update(ref >> 1 for ref in fresh)
        else:
            _ask(boxes, group, active, found, budget)
    concerned = wire_rules(boxes, present)
    found.shadowed = {key: numbers for key, numbers in concerned.items() if active.isdisjoint(numbers)}
    return found


def _plain(boxes: Boxes, group: Group) -> bool:
    """Whether all rules stand at one place and no tier before it denies, so that each of them decides."""
    first, last = (boxes.grants[group.refs[at] >> 1].place for at in (0, -1))
    return first == last and 3 not in group.ends[: first.tier]


def _ask(boxes: Boxes, group: Group, active: set[int], found: Order, budget: Budget) -> None:
    """Note whom the order of one group lets decide, and who contradicts whom."""
    budget.spend(len(group.refs))
    sequences = {boxes.grants[ref >> 1].place[:3] for ref in group.refs}
    tied = len({place[:2] for place in sequences}) < len(sequences)
    taken: list[_Taken] = []

    def visit(ref: int, live: Column) -> None:
        number = ref >> 1
        if number not in active and meets(live, boxes.maybe(ref, group)):
            active.add(number)
        if tied and (parts := meet(live, boxes.sure(ref, group))):
            taken.append(_Taken(number, boxes.grants[number], tuple(parts)))

    watch(boxes, group, ((boxes.full, boxes.everyone),), visit, lambda *_: None)
    for one, other in _contradictions(taken, budget):
        keys = object_key(one.grant.policy), object_key(other.grant.policy)
        found.ties.setdefault(keys, (one.number, other.number))


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one rule decides at a group."""

    number: int
    grant: Grant
    parts: Column


def _contradictions(taken: Sequence[_Taken], budget: Budget) -> Iterator[tuple[_Taken, _Taken]]:
    """Rules of policies without an order that decide the same otherwise: the first pair of each two policies."""
    groups: dict[tuple[int, int], list[_Taken]] = {}
    for each in taken:
        groups.setdefault(each.grant.place[:2], []).append(each)
    for members in groups.values():
        if len({each.grant.rule.action for each in members}) < 2:
            continue
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
    boxes: Boxes, numbers: Sequence[int], concerned: dict[int, list[Group]], budget: Budget
) -> Iterator[Finding]:
    takers: dict[int, None] = {}
    tiers: dict[int, None] = {}
    for number in numbers:
        for group in concerned[number]:
            budget.spend(len(group.refs))
            _takers(boxes, number, group, takers, tiers)
    grant = boxes.grants[numbers[0]]
    if tiers and grant.policy.tier == BASELINE:
        return  # it waits for pods that nothing else isolates: that it is not asked today is its purpose
    actions = {boxes.grants[taker].rule.action for taker in takers} | ({Action.DENY} if tiers else set())
    overruled = actions != {grant.rule.action}
    kind = Kind.SHADOWED_RULE
    if grant.rule.action is Action.ALLOW and actions == {Action.DENY} and not tiers:
        kind = Kind.CONTRADICTORY_RULE
    when = "" if _always(boxes, numbers, takers, tiers) else "with today's pods, "
    names = [_decides(grant, boxes.grants[taker]) for taker in takers]
    if tiers:
        names.append(f"the default denial of tier {some([boxes.tiers[tier].name for tier in tiers])}")
    mend = "narrow what comes first, or remove this rule" if overruled else "remove this rule"
    message = f"never decides: {when}all that it {_VERBS[grant.rule.action]} is decided before by {some(names)}; {mend}"
    if kind is Kind.CONTRADICTORY_RULE:
        message = f"allows nothing: {when}all of it is denied before by {some(names)}; {mend}"
    yield of_policy(kind, Severity.WARNING if overruled else Severity.NOTE, grant.policy, message, grant.rule)


def _takers(boxes: Boxes, number: int, group: Group, takers: dict[int, None], tiers: dict[int, None]) -> None:
    """Note who decides, at one group, what a rule matches."""
    place = boxes.grants[number].place

    def visit(ref: int, live: Column) -> None:
        grant = boxes.grants[ref >> 1]
        if (grant.rule.action is not Action.PASS or grant.place.tier == place.tier) and meets(
            live, boxes.sure(ref, group)
        ):
            takers[ref >> 1] = None

    def closed(tier: int, _: Column) -> None:
        tiers[tier] = None

    watch(boxes, group, disjoint(boxes.maybe(2 * number, group)), visit, closed, until=place)


def _always(boxes: Boxes, numbers: Sequence[int], takers: Iterable[int], tiers: Iterable[int]) -> bool:
    """Whether one earlier rule holds all of it by what is written, whatever pods there are."""
    listed = list(takers)
    if len(listed) != 1 or list(tiers):
        return False
    taker = boxes.grants[listed[0]]
    return all(
        rule_implies(grant.policy, grant.rule, taker.policy, taker.rule)
        for grant in (boxes.grants[number] for number in numbers)
    )


def _decides(grant: Grant, other: Grant) -> str:
    """A rule's name, with its policy's where that is another one."""
    verb = f" ({_VERBS[other.rule.action]})" if other.rule.action is not grant.rule.action else ""
    name = other.rule.name if other.policy == grant.policy else f"{other.policy.id} {other.rule.name}"
    return name + verb


def _tie(one: Grant, other: Grant) -> Finding:
    does, contradicts = _VERBS[one.rule.action], _VERBS[other.rule.action]
    message = (
        f"{does} what {other.policy.id} {other.rule.name} {contradicts}, and both policies stand at the same place of "
        f"tier {one.policy.tier.name}: which comes first is not defined; give them different priorities"
    )
    return of_policy(Kind.EQUAL_PRIORITY, Severity.ERROR, one.policy, message, one.rule)
