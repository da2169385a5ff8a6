"""Why one connection is possible or not: the egress half at the source and the ingress half at the destination."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.dataplane.model import Answer
from scanner.errors import InputError
from scanner.findings import Level
from scanner.policy.words import rule_words, selector_words
from scanner.reach.addresses import AddressSpace, is_address
from scanner.reach.bounds import Standing, split
from scanner.reach.matrix import Space
from scanner.reach.model import PROTOCOLS, Direction, Explanation, Half, RuleRef
from scanner.reach.population import Population, workload_id
from scanner.reach.reasons import Reasons
from scanner.reach.rules import Grant, Reading
from scanner.reach.services import ServicePaths


@dataclass(frozen=True, slots=True)
class Case:
    """Everything an explanation may look at."""

    level: Level
    population: Population
    addresses: AddressSpace
    space: Space
    standing: Standing
    grants: Sequence[Grant]
    reading: Reading
    reasons: Reasons
    services: ServicePaths


@dataclass(frozen=True, slots=True)
class _Peer:
    """One side of the question: a class (or an external class, beyond the last), and the words for it."""

    number: int
    words: str


def explain(case: Case, src: str, dst: str, protocol: str, port: int) -> tuple[Explanation, ...]:
    """Explain one question, once for each pair of classes that judges differently."""
    if protocol not in PROTOCOLS or not 1 <= port <= 65535:
        raise InputError(f"port {protocol} {port}: write TCP, UDP or SCTP and a number from 1 to 65535")
    sources, destinations = _peers(case, src), _peers(case, dst)
    if sources[0].number >= case.space.pods and destinations[0].number >= case.space.pods:
        raise InputError(f"{src} and {dst} are both addresses: no policy of this cluster judges that connection")
    found: dict[object, Explanation] = {}
    for source in sources:
        for destination in destinations:
            one = _explain(case, source, destination, protocol, port)
            judged = tuple(
                (half.allowed, half.isolated, half.reason, tuple((rule.object, rule.rule) for rule in half.by))
                for half in one.halves
            )
            found.setdefault((one.allowed, judged), one)
    return tuple(found.values())


def _peers(case: Case, text: str) -> list[_Peer]:
    """The classes meant by "namespace/name[Kind]" (or without kind, or with a pod's name), an address or a range of them.

    A range is as many peers as the policies tell apart in it: one answer for all of it would be wrong for some.
    """
    first, dash, last = text.partition("-")
    if not is_address(first if dash else text) or (dash and not is_address(last)):
        return _pods(case, text)
    try:
        parts = case.addresses.within(first, last if dash else first)
    except ValueError as error:
        raise InputError(f"{text!r} is no range; write two addresses of one family, the lower one first") from error
    peers = []
    for number, ranges in parts.items():
        words = f"{text} (its {', '.join(ranges[:3])}{' …' if len(ranges) > 3 else ''})" if len(parts) > 1 else text
        peers.append(_Peer(case.space.pods + number, words))
    return peers


def _pods(case: Case, text: str) -> list[_Peer]:
    wanted = text if "/" in text else f"default/{text}"
    workloads = {workload.id for workload in case.population.workloads}
    chosen = {name for name in workloads if name == wanted or name.rpartition("[")[0] == wanted}
    members: dict[int, list[str]] = {}
    for position, pod in enumerate(case.population.pods):
        name = workload_id(pod)
        if name in chosen or (not chosen and f"{pod.namespace}/{pod.name}" == wanted):
            members.setdefault(case.population.class_of[position], []).append(name)
    if not members:
        raise InputError(f"{text!r} is no workload, pod or address of this cluster; `reach` lists them")
    peers = []
    for number, names in sorted(members.items()):
        words = ", ".join(sorted(set(names)))
        if len(members) > 1:
            pods = case.population.classes[number].pods
            words += f" (pods {', '.join(pods[:3])}{' …' if len(pods) > 3 else ''})"
        peers.append(_Peer(number, words))
    return peers


def _explain(case: Case, source: _Peer, destination: _Peer, protocol: str, port: int) -> Explanation:
    atom = case.space.atoms.at(protocol, port)
    halves = []
    if source.number < case.space.pods:
        halves.append(_half(case, Direction.EGRESS, source, destination, atom))
    if destination.number < case.space.pods:
        halves.append(_half(case, Direction.INGRESS, destination, source, atom))
    answers = {half.allowed for half in halves}
    allowed = next(answer for answer in (Answer.NO, Answer.UNKNOWN, Answer.YES) if answer in answers)
    return Explanation(
        level=case.level,
        src=source.words,
        dst=destination.words,
        protocol=protocol,
        port=port,
        allowed=allowed,
        halves=tuple(halves),
    )


def _half(case: Case, direction: Direction, subject: _Peer, peer: _Peer, atom: int) -> Half:
    """One direction at the pod it concerns; the destination decides what port names mean."""
    destination = subject.number if direction is Direction.INGRESS else peer.number
    pod = case.population.classes[subject.number]
    isolation = case.reasons.isolation(pod, direction)
    named = case.population.named[destination] if destination < case.space.pods else ()
    certain: list[RuleRef] = []
    possible: list[RuleRef] = []
    excepting = _excepting(case, direction, subject.number)
    for grant in case.grants:
        if grant.rule.direction is not direction or not grant.subject >> subject.number & 1:
            continue
        sure = grant.peers.sure_selected | grant.peers.sure_addressed & ~_excepted(grant, excepting, subject.number)
        maybe = grant.peers.selected | grant.peers.addressed
        if sure >> peer.number & 1 and case.space.atoms.mask(grant.certain_ports, named) & atom:
            certain.append(_reference(grant))
        elif maybe >> peer.number & 1 and case.space.atoms.mask(grant.possible_ports, named) & atom:
            possible.append(_reference(grant))
    near = direction is Direction.INGRESS and bool(case.standing.near >> peer.number & 1)
    allowed, by = _judge(case, direction, subject.number, certain, possible, near=near)
    if not by and isolation.answer is not Answer.NO:
        by = list(_isolating(case, direction, subject.number))
    doubt = case.reasons.half(subject.number, direction) or case.reasons.classes(
        *((subject.number, peer.number) if direction is Direction.EGRESS else (peer.number, subject.number))
    )
    reason = doubt if allowed is Answer.UNKNOWN else _words(case, direction, subject.number, allowed, len(by))
    if direction is Direction.INGRESS and peer.number >= case.space.pods and allowed is not Answer.YES:
        reason += "".join(_around(case, subject.number, atom))
    return Half(direction, subject.words, allowed, isolation.answer, reason, tuple(by))


def _around(case: Case, number: int, atom: int) -> Iterator[str]:
    """What a pod's own ingress policy does not decide: the ways from outside through a Service."""
    for bypass in case.services.bypasses:
        if bypass.mask(case.space.atoms, number) & atom:
            verb = "lets it in all the same" if bypass.answer is Answer.YES else f"may let it in: {bypass.reason}"
            yield f"; Service {bypass.service} {verb}"


def _judge(
    case: Case, direction: Direction, number: int, certain: list[RuleRef], possible: list[RuleRef], *, near: bool
) -> tuple[Answer, list[RuleRef]]:
    bit, standing = 1 << number, case.standing
    if standing.undecided & bit:
        return Answer.UNKNOWN, certain or possible
    if standing.unpoliced & bit or not standing.isolated[direction] & bit:
        return Answer.YES, []
    if certain:
        return Answer.YES, certain
    return (Answer.UNKNOWN if possible or near or standing.doubtful & bit else Answer.NO), possible


def _words(case: Case, direction: Direction, number: int, allowed: Answer, isolating: int) -> str:
    item, bit = case.population.classes[number], 1 << number
    if case.standing.unpoliced & bit:
        return f"not policed: {item.coverage_reason}"
    if not case.standing.isolated[direction] & bit:
        return f"not isolated: no policy selects it for {direction}"
    suffix = f" (policed: {item.coverage_reason})" if case.level is Level.EFFECTIVE else ""
    if item.covered is Answer.UNKNOWN:
        suffix = f" (also if policy applies here, which is not known: {item.coverage_reason})"
    if allowed is Answer.YES:
        return "isolated, and a rule allows it" + suffix
    return f"isolated by {isolating} {'policy' if isolating == 1 else 'policies'}, and no rule allows it" + suffix


def _isolating(case: Case, direction: Direction, number: int) -> Iterator[RuleRef]:
    for policy, subject in case.standing.selected_by:
        if direction in policy.directions and subject >> number & 1:
            pods = selector_words(policy.subject)
            text = f"isolates {'pods ' + pods if pods else 'all pods'} in namespace {policy.namespace} for {direction}"
            yield RuleRef(policy.id, "", policy.origin, text)


def _reference(grant: Grant) -> RuleRef:
    policy = grant.policy
    return RuleRef(policy.id, grant.rule.name, policy.origin, rule_words(grant.rule, policy.namespace))


def _excepting(case: Case, direction: Direction, number: int) -> list[Grant]:
    """The rules of one class whose excepts may also stop what other rules allow."""
    if case.reading.excepts is not Answer.UNKNOWN:
        return []
    return [
        grant
        for grant in case.grants
        if grant.rule.direction is direction and grant.peers.excepted and grant.subject >> number & 1
    ]


def _excepted(grant: Grant, excepting: Sequence[Grant], number: int) -> int:
    return next((excepted for excepted, classes in split(grant, excepting) if classes >> number & 1), 0)
