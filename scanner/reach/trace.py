"""One connection's way through the rules of one pod in one direction: what matched, in order, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanner.dataplane.model import Answer
from scanner.policy.model import Action
from scanner.policy.words import isolation_words, rule_words
from scanner.reach.bounds import Standing, split
from scanner.reach.grants import Grant
from scanner.reach.model import Direction, RuleRef
from scanner.reach.ports import NamedPorts, PortAtoms
from scanner.reach.reading import Reading
from scanner.reach.walk import Ending, Step, walk

_CELL = (1, 1)  # one port of one source


class Question(NamedTuple):
    """What is asked: may the class `subject` exchange traffic with the class `peer` on one port (an atom's bit)?"""

    direction: Direction
    subject: int
    peer: int
    atom: int
    named: NamedPorts


@dataclass(frozen=True, slots=True)
class Trace:
    """What the rules say: the answer, a reason in words, what decided, and all that was asked on the way."""

    allowed: Answer
    reason: str
    by: tuple[RuleRef, ...]
    steps: tuple[RuleRef, ...]


def trace(standing: Standing, grants: Sequence[Grant], reading: Reading, atoms: PortAtoms, question: Question) -> Trace:
    """Ask the rules in order."""
    mine = [grant for grant in grants if _concerns(grant, question)]
    mine.sort(key=lambda grant: grant.place)
    matched = [
        (grant, found) for grant in mine if (found := _matches(grant, mine, reading, atoms, question)) != Answer.NO
    ]
    endings = [
        Ending(ending.sure >> question.subject & 1, ending.maybe >> question.subject & 1)
        for ending in standing.endings[question.direction]
    ]
    steps = [
        Step(grant.place, grant.rule.action, (_CELL,) if found is Answer.YES else (), (_CELL,))
        for grant, found in matched
    ]
    may = {action for action in (Action.ALLOW, Action.DENY) if any(walk(steps, endings, (_CELL,), action))}
    allowed = Answer.UNKNOWN if len(may) == 2 else (Answer.YES if Action.ALLOW in may else Answer.NO)
    shown = list(_shown(standing, matched, endings, question))
    by = _deciding(shown, allowed)
    return Trace(allowed, _reason(standing, endings, shown, allowed, question), by, tuple(shown))


def _concerns(grant: Grant, question: Question) -> bool:
    return grant.rule.direction is question.direction and bool(grant.subject.maybe >> question.subject & 1)


def _matches(grant: Grant, mine: Sequence[Grant], reading: Reading, atoms: PortAtoms, question: Question) -> Answer:
    """Whether a rule that concerns the subject matches the peer and the port."""
    peers = grant.peers.all
    if not peers.maybe >> question.peer & 1 or not atoms.mask(grant.maybe_ports, question.named) & question.atom:
        return Answer.NO
    sure = grant.peers.selected.sure | grant.peers.addressed.sure & ~_excepted(grant, mine, reading, question)
    certain = (
        grant.subject.sure >> question.subject & 1
        and sure >> question.peer & 1
        and atoms.mask(grant.sure_ports, question.named) & question.atom
    )
    return Answer.YES if certain else Answer.UNKNOWN


def _excepted(grant: Grant, mine: Sequence[Grant], reading: Reading, question: Question) -> int:
    """The peers that other rules' excepts may also take from this one."""
    if reading.excepts is not Answer.UNKNOWN or grant.rule.action is not Action.ALLOW:
        return 0
    excepting = [other for other in mine if other.peers.excepted and other.policy.namespace == grant.policy.namespace]
    parts = split(grant, excepting)
    return next((excepted for excepted, classes in parts if classes.maybe >> question.subject & 1), 0)


def _shown(
    standing: Standing, matched: Sequence[tuple[Grant, Answer]], endings: Sequence[Ending], question: Question
) -> Iterator[RuleRef]:
    """What matched and each tier's default denial, tier by tier, until the matter is decided for sure."""
    for tier, ending in enumerate(endings):
        for grant, found in matched:
            if grant.place.tier != tier:
                continue
            yield reference(grant, found)
            if found is Answer.YES and not _more_of_step(grant, matched):
                if grant.rule.action is not Action.PASS:
                    return
                break
        else:
            if ending.maybe:
                yield from _isolating(standing, tier, question)
                if ending.sure:
                    return


def _more_of_step(grant: Grant, matched: Sequence[tuple[Grant, Answer]]) -> bool:
    """Whether further matching rules stand at the same place, or beside it in a policy of undefined order."""
    after = False
    for other, _ in matched:
        if other is grant:
            after = True
        elif after and other.place[:2] == grant.place[:2]:
            return other.place.sequence != grant.place.sequence or other.place.step == grant.place.step
    return False


def _isolating(standing: Standing, tier: int, question: Question) -> Iterator[RuleRef]:
    for policy, subject in standing.selected_by:
        if (
            question.direction in policy.directions
            and standing.tiers[tier] == policy.tier
            and subject.maybe >> question.subject & 1
        ):
            yield RuleRef(
                object=policy.id,
                rule="",
                origin=policy.origin,
                text=isolation_words(policy, question.direction),
                action="default-deny",
                tier=policy.tier.name,
                matches=Answer.YES if subject.sure >> question.subject & 1 else Answer.UNKNOWN,
                version=policy.version,
            )


def reference(grant: Grant, matches: Answer = Answer.YES) -> RuleRef:
    """A rule as explanations name it."""
    policy, rule = grant.policy, grant.rule
    filtered = f" (also filtered above the ports: {rule.l7})" if rule.l7 else ""
    return RuleRef(
        object=policy.id,
        rule=rule.name,
        origin=policy.origin,
        text=rule_words(rule, policy.namespace) + filtered,
        action=rule.action,
        tier=policy.tier.name,
        matches=matches,
        version=policy.version,
    )


def _deciding(shown: Sequence[RuleRef], allowed: Answer) -> tuple[RuleRef, ...]:
    """The last word: of all that was asked, what gives the answer (or, in doubt, what may)."""
    if allowed is Answer.UNKNOWN:
        rules = tuple(each for each in shown if each.action in {"allow", "deny"})
        return rules or tuple(each for each in shown if each.action == "default-deny")
    wanted = {"allow"} if allowed is Answer.YES else {"deny", "default-deny"}
    return tuple(each for each in shown if each.action in wanted and each.matches is Answer.YES)


def _reason(
    standing: Standing, endings: Sequence[Ending], shown: Sequence[RuleRef], allowed: Answer, question: Question
) -> str:
    isolated = any(ending.sure for ending in endings)
    passes = any(each.action == "pass" for each in shown)
    if allowed is Answer.YES:
        if any(each.action == "allow" for each in shown):
            return "isolated, and a rule allows it" if isolated else "a rule allows it"
        if not any(_selected(standing, question)):
            return f"not isolated: no policy selects it for {question.direction}"
        return "a rule passes it on and nothing denies it" if passes else "not isolated: no rule denies it"
    if any(each.action == "deny" for each in shown):
        return "a rule denies it"
    count = len({each.object for each in shown if each.action == "default-deny"})
    return f"isolated by {count} {'policy' if count == 1 else 'policies'}, and no rule allows it"


def _selected(standing: Standing, question: Question) -> Iterator[bool]:
    for policy, subject in standing.selected_by:
        concerned = question.direction in policy.directions or any(
            rule.direction is question.direction for rule in policy.rules
        )
        yield concerned and bool(subject.maybe >> question.subject & 1)


def changes(
    grants: Sequence[Grant], atoms: PortAtoms, question: Question, found: Trace, namespace: str
) -> tuple[str, ...]:
    """What would have to change for the opposite answer, nearest first. Nothing is said where the answer is unknown."""
    if found.allowed is Answer.UNKNOWN:
        return ()
    if found.allowed is Answer.YES:
        return tuple(_to_close(found, question, namespace))
    return tuple(_to_open(grants, atoms, question, found))


def _to_close(found: Trace, question: Question, namespace: str) -> Iterator[str]:
    if not found.by:
        yield f"isolate it: no policy of namespace {namespace} denies {question.direction} by default here"
        return
    for each in found.by:
        yield f"{each.object} {each.rule}: remove or narrow the rule"
    if not any(each.action == "default-deny" for each in found.steps) and found.by[0].tier != "default":
        yield "and let a later tier deny it: without the rule the next one decides"


def _to_open(grants: Sequence[Grant], atoms: PortAtoms, question: Question, found: Trace) -> Iterator[str]:
    for each in found.by:
        if each.action == "deny":
            yield f"{each.object} {each.rule}: remove or narrow the rule that denies it"
    closing = [each for each in found.by if each.action == "default-deny"]
    closed_by = [
        each.object for each in sorted(closing, key=lambda each: "all pods" in each.text)
    ]  # the narrower first
    if not closed_by:
        return
    near = 0
    for grant in grants:
        if not _concerns(grant, question) or grant.rule.action is not Action.ALLOW or near >= _MOST:
            continue
        peer = bool(grant.peers.all.sure >> question.peer & 1)
        port = bool(atoms.mask(grant.sure_ports, question.named) & question.atom)
        if peer is not port:
            near += 1
            what = "names the peer: add the port to it" if peer else "opens the port: add the peer to it"
            yield f"{grant.policy.id} {grant.rule.name} {what}"
    word = "from" if question.direction is Direction.INGRESS else "to"
    other = "or " if near or len(closing) < len(found.by) else ""
    yield f"{other}add a rule {word} this peer on this port to a policy that selects the pod, such as {closed_by[0]}"


_MOST = 5  # near misses are help, not a list
