"""What redundant rules come to: a finding for each, or one for a policy of which nothing else is left.

- `redundant-rule`: other rules of its tier do the same with all that it matches.
- `redundant-policy`: nothing is left of a policy but such rules, and other policies isolate the pods that it isolates.

Where it takes today's pods to see it, the finding says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from scanner.lint.boxes import Budget
from scanner.lint.case import Case, ObjectKey, object_key, some
from scanner.lint.implied import policy_implies, rule_implies
from scanner.lint.model import Finding, Kind, Severity, of_policy
from scanner.lint.redundant import Redundant
from scanner.policy.model import Action, Policy, Tier
from scanner.policy.selectors import members
from scanner.reach.grants import Grant
from scanner.reach.model import Direction

_VERBS = {Action.ALLOW: "allow", Action.DENY: "deny", Action.PASS: "pass on"}
_TODAY = "with today's pods, "


def redundant_findings(
    case: Case, found: Iterable[Redundant], shadowed: Collection[int], dead: frozenset[int], budget: Budget
) -> Iterator[Finding]:
    """The findings of both directions; `shadowed` are rules that never decide, `dead` the positions of policies without pods.

    Raises:
        TooMuch: there is more to compare than the budget has.
    """
    listed = list(found)
    reasons = {key: covers for each in listed for key, covers in each.rules.items()}
    idle = {number for each in listed for number in each.idle}.union(shadowed)
    needed = {number for number, grant in enumerate(case.grants) if number not in idle and _says_something(grant)}
    whole = _Policies(case, budget).redundant(needed, dead)
    pieces: dict[ObjectKey, dict[str, list[Grant]]] = {}  # of redundant rules, by object and name
    left: set[tuple[ObjectKey, Direction]] = set()  # where a rule remains once those reported are gone
    for grant in case.grants:
        owner = object_key(grant.policy)
        if (owner, grant.rule.name) in reasons:
            pieces.setdefault(owner, {}).setdefault(grant.rule.name, []).append(grant)
        else:
            left.add((owner, grant.rule.direction))
    for key, rules in pieces.items():
        for name, mine in rules.items() if key not in whole else ():
            covers = [case.grants[number] for number in reasons[key, name]]
            yield _of_rule(mine, covers, last=(key, mine[0].rule.direction) not in left)
    for key, isolating in whole.items():
        rules = pieces.get(key, {})
        others = dict.fromkeys(number for name in rules for number in reasons[key, name])
        covers = [case.grants[number] for number in others if object_key(case.grants[number].policy) != key]
        policies = [case.standing.selected_by[at][0] for at in case.parts[key]]
        yield _of_policy(policies, [grant for mine in rules.values() for grant in mine], covers, isolating)


def _says_something(grant: Grant) -> bool:
    """Whether a rule may match anything, if not today: without peers it never does (Cilium's {})."""
    return grant.rule.peers != () and grant.rule.ports != ()


def _of_rule(pieces: Sequence[Grant], covers: Sequence[Grant], *, last: bool) -> Finding:
    policy, rule = pieces[0].policy, pieces[0].rule
    names = [each.rule.name if each.policy == policy else f"{each.policy.id} {each.rule.name}" for each in covers]
    verb = _VERBS[rule.action] + ("s" if len(names) == 1 else "")
    when = "" if _always(pieces, covers) else _TODAY
    keeps = last and rule.direction in policy.directions
    keep = f", but leave the policy isolating for {rule.direction}" if keeps else ""
    message = f"changes nothing: {when}{some(names)} {verb} all of it; {_mend(when)}{keep}"
    return of_policy(Kind.REDUNDANT_RULE, Severity.NOTE, policy, message, rule)


def _mend(when: str) -> str:
    return "remove it, unless it is for pods to come" if when else "remove it"


def _always(pieces: Iterable[Grant], covers: Sequence[Grant]) -> bool:
    """Whether each piece follows from one of the others by what is written, whatever pods there are."""
    return all(
        any(rule_implies(each.policy, each.rule, cover.policy, cover.rule) for cover in covers) for each in pieces
    )


def _of_policy(
    policies: Sequence[Policy], pieces: Sequence[Grant], covers: Sequence[Grant], isolating: Sequence[Policy]
) -> Finding:
    why: list[str] = []
    if covers:
        names = [f"{each.policy.id} {each.rule.name}" for each in covers]
        verbs = [_VERBS[each.rule.action] + ("s" if len(names) == 1 else "") for each in covers]
        why.append(f"{some(names)} {' and '.join(dict.fromkeys(verbs))} all that it does")
    if isolating:
        names = [each.id for each in isolating]
        why.append(f"{some(names)} isolate{'s' if len(names) == 1 else ''} the same pods")
    kept = all(
        any(direction in other.directions and policy_implies(policy, other) for other in isolating)
        for policy in policies
        for direction in policy.directions
    )
    when = "" if kept and _always(pieces, covers) else _TODAY
    message = f"changes nothing: {when}{', and '.join(why) or 'no rule of it is ever asked'}; {_mend(when)}"
    return of_policy(Kind.REDUNDANT_POLICY, Severity.NOTE, policies[0], message)


class _Policies:
    """Which policies isolate pods that others isolate anyway."""

    def __init__(self, case: Case, budget: Budget) -> None:
        self._case, self._budget = case, budget
        self._standing = case.standing.selected_by
        self._by_namespace: dict[str, list[int]] = {}
        self._by_class: dict[int, list[int]] = {}
        once: dict[tuple[Tier, Direction], int] = {}
        self._twice: dict[tuple[Tier, Direction], int] = {}  # the classes that several policies isolate
        for at, (policy, subject) in enumerate(self._standing):
            self._by_namespace.setdefault(policy.namespace, []).append(at)
            for direction in policy.directions:
                key = (policy.tier, direction)
                self._twice[key] = self._twice.get(key, 0) | once.get(key, 0) & subject.sure
                once[key] = once.get(key, 0) | subject.sure

    def redundant(self, needed: Collection[int], dead: frozenset[int]) -> dict[ObjectKey, list[Policy]]:
        """Objects none of whose rules is needed, with the policies that isolate their pods anyway; the narrowest go first."""
        case = self._case
        busy = {object_key(case.grants[number].policy) for number in needed}
        order = sorted(
            (key for key in case.parts if key not in busy and dead.isdisjoint(case.parts[key]) and self._may_go(key)),
            key=lambda key: (
                sum(self._standing[at][1].maybe.bit_count() for at in case.parts[key]),
                -case.parts[key][0],
            ),
        )
        firsts = 0
        for key in order:
            for at in case.parts[key]:
                firsts |= _first(self._standing[at][1].maybe)
        for at, (policy, subject) in enumerate(self._standing):
            for number in members(subject.sure & firsts) if policy.directions else ():
                self._by_class.setdefault(number, []).append(at)
        found: dict[ObjectKey, list[Policy]] = {}
        for key in order:
            isolating = self._isolating(key, found)
            if isolating is not None:
                found[key] = isolating
        return found

    def _may_go(self, key: ObjectKey) -> bool:
        """Whether an object isolates only pods that others isolate as well, and nothing of it is in doubt."""
        for at in self._case.parts[key]:
            policy, subject = self._standing[at]
            if policy.doubt or subject.maybe & self._case.standing.undecided or not subject.maybe:
                return False
            if any(subject.maybe & ~self._twice[policy.tier, direction] for direction in policy.directions):
                return False
        return True

    def _isolating(self, key: ObjectKey, gone: Mapping[ObjectKey, object]) -> list[Policy] | None:
        """Other policies that isolate all pods that an object does; None where there are not enough."""
        found: dict[int, None] = {}
        for at in self._case.parts[key]:
            for direction in self._standing[at][0].directions:
                others = self._enough(at, direction, gone)
                if others is None:
                    return None
                found |= dict.fromkeys(others)
        return [self._standing[other][0] for other in found]

    def _enough(self, at: int, direction: Direction, gone: Mapping[ObjectKey, object]) -> list[int] | None:
        """Policies that isolate all pods of one in a direction, one if one will do."""
        policy, subject = self._standing[at]
        near = self._by_class.get(_first(subject.maybe).bit_length() - 1, ())
        for other in self._others(near, at, direction, gone):
            if not subject.maybe & ~self._standing[other][1].sure:
                return [other]
        everywhere = self._by_namespace.get("", ()) if policy.namespace else ()
        left, found = subject.maybe, list[int]()
        for other in self._others((*self._by_namespace[policy.namespace], *everywhere), at, direction, gone):
            if left & self._standing[other][1].sure:
                found.append(other)
                left &= ~self._standing[other][1].sure
            if not left:
                return found
        return None

    def _others(
        self, positions: Iterable[int], at: int, direction: Direction, gone: Mapping[ObjectKey, object]
    ) -> Iterator[int]:
        """Those of other objects, still there, that isolate in a direction in the same tier."""
        policy = self._standing[at][0]
        for other in positions:
            self._budget.spend(1)
            candidate = self._standing[other][0]
            if direction in candidate.directions and candidate.tier == policy.tier:
                key = object_key(candidate)
                if key != object_key(policy) and key not in gone:
                    yield other


def _first(classes: int) -> int:
    """The lowest of some classes, as a bit."""
    return classes & -classes
