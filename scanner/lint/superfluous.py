"""What redundant rules come to: a finding for each, or one for a policy of which nothing else is left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from scanner.lint.case import Case, ObjectKey, object_key, some
from scanner.lint.implied import policy_implies, rule_implies
from scanner.lint.model import Finding, Kind, Severity, of_policy
from scanner.lint.redundant import Redundant
from scanner.policy.model import Action, Policy
from scanner.reach.model import Direction
from scanner.reach.rules import Grant

_VERBS = {Action.ALLOW: "allow", Action.DENY: "deny", Action.PASS: "pass on"}
_TODAY = "with today's pods, "


def redundant_findings(
    case: Case, found: Iterable[Redundant], shadowed: Collection[int], dead: frozenset[int]
) -> Iterator[Finding]:
    """The findings of both directions; `shadowed` are rules that never decide, `dead` the positions of policies without pods."""
    listed = list(found)
    rules = {key: covers for each in listed for key, covers in each.rules.items()}
    idle = {number for each in listed for number in each.idle}.union(shadowed)
    needed = {number for number, grant in enumerate(case.grants) if number not in idle and _says_something(grant)}
    whole = _redundant_policies(case, needed, dead)
    numbers: dict[tuple[ObjectKey, str], list[int]] = {}
    left: set[tuple[ObjectKey, Direction]] = set()  # where a rule remains once those reported are gone
    for number, grant in enumerate(case.grants):
        key = (object_key(grant.policy), grant.rule.name)
        if key in rules:
            numbers.setdefault(key, []).append(number)
        else:
            left.add((key[0], grant.rule.direction))
    for key, mine in numbers.items():
        if key[0] not in whole:
            pieces = [case.grants[number] for number in mine]
            covers = [case.grants[number] for number in rules[key]]
            last = (key[0], pieces[0].rule.direction) not in left
            yield _of_rule(pieces, covers, last=last)
    for key, isolating in whole.items():
        pieces = [case.grants[number] for name, mine in numbers.items() if name[0] == key for number in mine]
        reasons = dict.fromkeys(number for name, why in rules.items() if name[0] == key for number in why)
        policies = [case.standing.selected_by[at][0] for at in case.parts[key]]
        covers = [case.grants[number] for number in reasons if object_key(case.grants[number].policy) != key]
        yield _of_policy(policies, pieces, covers, isolating)


def _says_something(grant: Grant) -> bool:
    """Whether a rule may match anything, if not today: without peers it never does (Cilium's {})."""
    return grant.rule.peers != () and grant.rule.ports != ()


def _of_rule(pieces: Sequence[Grant], covers: Sequence[Grant], *, last: bool) -> Finding:
    policy, rule = pieces[0].policy, pieces[0].rule
    names = [each.rule.name if each.policy == policy else f"{each.policy.id} {each.rule.name}" for each in covers]
    verb = _VERBS[rule.action] + ("s" if len(names) == 1 else "")
    when = "" if _always(pieces, covers) else _TODAY
    keep = f", but leave the policy isolating for {rule.direction}" if last and rule.direction in policy.directions else ""
    mend = "remove it" if not when else "remove it, unless it is for pods to come"
    message = f"changes nothing: {when}{some(names)} {verb} all of it; {mend}{keep}"
    return of_policy(Kind.REDUNDANT_RULE, Severity.NOTE, policy, message, rule)


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
        does = " and ".join(dict.fromkeys(_VERBS[each.rule.action] + ("s" if len(names) == 1 else "") for each in covers))
        why.append(f"{some(names)} {does} all that it does")
    if isolating:
        names = [each.id for each in isolating]
        why.append(f"{some(names)} isolate{'s' if len(names) == 1 else ''} the same pods")
    kept = all(any(policy_implies(policy, other) for other in isolating) for policy in policies if policy.directions)
    when = "" if kept and _always(pieces, covers) else _TODAY
    mend = "remove it" if not when else "remove it, unless it is for pods to come"
    message = f"changes nothing: {when}{', and '.join(why) or 'no rule of it is ever asked'}; {mend}"
    return of_policy(Kind.REDUNDANT_POLICY, Severity.NOTE, policies[0], message)


def _redundant_policies(case: Case, needed: Collection[int], dead: frozenset[int]) -> dict[ObjectKey, list[Policy]]:
    """Objects no rule of which is needed, with the policies that isolate their pods anyway."""
    busy = {object_key(case.grants[number].policy) for number in needed}
    standing = case.standing.selected_by
    order = sorted(
        (key for key in case.parts if key not in busy and dead.isdisjoint(case.parts[key])),
        key=lambda key: (sum(standing[at][1].maybe.bit_count() for at in case.parts[key]), -case.parts[key][0]),
    )
    by_namespace: dict[str, list[int]] = {}
    for at, (policy, _) in enumerate(standing):
        by_namespace.setdefault(policy.namespace, []).append(at)
    found: dict[ObjectKey, list[Policy]] = {}
    for key in order:
        isolating = _isolating(case, key, by_namespace, found)
        if isolating is not None:
            found[key] = isolating
    return found


def _isolating(
    case: Case, key: ObjectKey, by_namespace: Mapping[str, Sequence[int]], gone: Collection[ObjectKey]
) -> list[Policy] | None:
    """Other policies that isolate all pods that an object does; None where there are not enough."""
    standing = case.standing.selected_by
    found: dict[int, None] = {}
    for at in case.parts[key]:
        policy, subject = standing[at]
        if policy.doubt or subject.maybe & case.standing.undecided or not subject.maybe:
            return None
        for direction in policy.directions:
            left = subject.maybe
            own = by_namespace[policy.namespace]
            everywhere = by_namespace.get("", ()) if policy.namespace else ()
            for other in (*own, *everywhere):
                candidate, chosen = standing[other]
                if (
                    left & chosen.sure
                    and direction in candidate.directions
                    and candidate.tier == policy.tier
                    and object_key(candidate) != key
                    and object_key(candidate) not in gone
                ):
                    found[other] = None
                    left &= ~chosen.sure
            if left:
                return None
    return [standing[other][0] for other in found]
