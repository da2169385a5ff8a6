"""Why one connection is possible or not: the egress half at the source and the ingress half at the destination."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.dataplane.model import Answer
from scanner.errors import InputError
from scanner.findings import Level
from scanner.reach.addresses import is_address
from scanner.reach.assemble import Parts
from scanner.reach.model import PROTOCOLS, Direction, Explanation, Half
from scanner.reach.population import workload_id
from scanner.reach.trace import Question, changes, trace


@dataclass(frozen=True, slots=True)
class _Peer:
    """One side of the question: a class (or an external class, beyond the last), and the words for it."""

    number: int
    words: str


def explain(case: Parts, src: str, dst: str, protocol: str, port: int) -> tuple[Explanation, ...]:
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
            halves = tuple(
                (half.allowed, half.isolated, half.reason, tuple((rule.object, rule.rule) for rule in half.by))
                for half in one.halves
            )
            found.setdefault((one.allowed, one.through, halves), one)
    return tuple(found.values())


def _peers(case: Parts, text: str) -> list[_Peer]:
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


def _pods(case: Parts, text: str) -> list[_Peer]:
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


def _explain(case: Parts, source: _Peer, destination: _Peer, protocol: str, port: int) -> Explanation:
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
        through=_through(case, source.number, destination.number, atom, allowed),
    )


def _through(case: Parts, source: int, destination: int, atom: int, direct: Answer) -> tuple[tuple[str, Answer], ...]:
    """What Services' addresses make of a connection between pods, where that is judged there."""
    if case.addressed is None or max(source, destination) >= case.space.pods or source == destination:
        return ()
    return tuple(case.addressed.answers(source, destination, atom, direct))


def _half(case: Parts, direction: Direction, subject: _Peer, peer: _Peer, atom: int) -> Half:
    """One direction at the pod it concerns; the destination decides what port names mean."""
    destination = subject.number if direction is Direction.INGRESS else peer.number
    pod = case.population.classes[subject.number]
    question = Question(
        direction=direction,
        subject=subject.number,
        peer=peer.number,
        atom=atom,
        named=case.population.named[destination] if destination < case.space.pods else (),
    )
    found = trace(case.standing, case.grants, case.reading, case.space.atoms, question)
    isolation = case.reasons.isolation(pod, direction)
    bit = 1 << subject.number
    near = direction is Direction.INGRESS and bool(case.standing.near >> peer.number & 1)
    if case.standing.undecided & bit:
        allowed = Answer.UNKNOWN
    elif case.standing.unpoliced & bit:
        allowed = Answer.YES
    elif found.allowed is Answer.NO and (near or case.standing.doubtful & bit):
        allowed = Answer.UNKNOWN
    elif found.allowed is Answer.UNKNOWN or found.allowed is Answer.NO:
        allowed = found.allowed
    else:
        allowed = Answer.YES
    doubt = case.reasons.half(subject.number, direction) or case.reasons.classes(
        *((subject.number, peer.number) if direction is Direction.EGRESS else (peer.number, subject.number))
    )
    reason = doubt if allowed is Answer.UNKNOWN else _words(case, subject.number, found.reason)
    if direction is Direction.INGRESS and peer.number >= case.space.pods and allowed is not Answer.YES:
        reason += "".join(_around(case, subject.number, atom))
    unpoliced = bool(case.standing.unpoliced & bit)
    return Half(
        direction=direction,
        subject=subject.words,
        allowed=allowed,
        isolated=isolation.answer,
        reason=reason,
        by=() if unpoliced else found.by,
        steps=() if unpoliced else found.steps,
        change=() if unpoliced else changes(case.grants, case.space.atoms, question, found, pod.namespace),
    )


def _words(case: Parts, number: int, reason: str) -> str:
    item, bit = case.population.classes[number], 1 << number
    if case.standing.unpoliced & bit:
        return f"not policed: {item.coverage_reason}"
    suffix = f" (policed: {item.coverage_reason})" if case.level is Level.EFFECTIVE else ""
    if item.covered is Answer.UNKNOWN:
        suffix = f" (also if policy applies here, which is not known: {item.coverage_reason})"
    return reason + (suffix if reason.startswith("isolated") or "denie" in reason else "")


def _around(case: Parts, number: int, atom: int) -> Iterator[str]:
    """What a pod's own ingress policy does not decide: the ways from outside through a Service."""
    for bypass in case.services.bypasses:
        if bypass.mask(case.space.atoms, number) & atom:
            verb = "lets it in all the same" if bypass.answer is Answer.YES else f"may let it in: {bypass.reason}"
            yield f"; Service {bypass.service} {verb}"
