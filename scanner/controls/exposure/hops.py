"""The hops of a path from the internet to a workload: the way in, what permits a hop, and what closes it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from scanner.controls import addresses
from scanner.controls.base import names, quoted
from scanner.controls.exposure.entries import Entries
from scanner.dataplane.model import Answer
from scanner.errors import InputError
from scanner.findings import Hop, Ranges
from scanner.model import EntryPoint, Pod
from scanner.reach.model import Explanation, Half, Reach
from scanner.reach.ways.model import Admitted, Judgement, Scope, Share, WayIn

_NODE_KINDS = frozenset({"NodePort", "hostPort", "hostNetwork"})  # a firewall of the nodes stands before these


class Leg(Protocol):
    """What is needed of a hop between pods."""

    @property
    def src(self) -> str:
        """Where it starts."""
        ...

    @property
    def dst(self) -> str:
        """Where it ends."""
        ...


@dataclass(frozen=True, slots=True)
class InternetWay:
    """A way in that the internet may use; `doubt` says what is not known of it, empty where it surely can."""

    way: WayIn
    why: str
    doubt: str

    @property
    def sure(self) -> bool:
        """Whether the internet surely gets in this way."""
        return not self.doubt

    @property
    def name(self) -> str:
        """What leads inside, as evidence names it."""
        through = self.way.through
        gateway = f" (Gateway {through.gateway})" if through.gateway else ""
        return f"{through.kind} {through.name}{gateway}"


def internet_ways(reach: Reach, entries: Entries, listed: Mapping[str, EntryPoint]) -> dict[str, list[InternetWay]]:
    """The ways that lead or may lead from the internet to a workload, by workload."""
    found: dict[str, list[InternetWay]] = {}
    for way in reach.listing().ways:
        judgement = way.judgement
        if not way.workload or judgement is None or judgement.admitted is Admitted.NO:
            continue
        if way.sources and not addresses.is_unrestricted(addresses.of_texts(way.sources)):
            continue  # a balancer for named partners is no way for the internet
        scope, why = _scope(way, entries, listed)
        sure, maybe = _openness(judgement)
        if scope is Scope.INTERNAL or not maybe:
            continue
        doubts = [] if sure else [judgement.reason or "whether policy lets all of it in is not known"]
        if scope is Scope.UNKNOWN:
            doubts.append(why)
        elif way.through.kind in _NODE_KINDS:
            doubts.append("whether the firewall of the nodes lets it in is not known (NB-EXP-03)")
        found.setdefault(way.workload, []).append(InternetWay(way, why, "; ".join(doubts)))
    return found


def _scope(way: WayIn, entries: Entries, listed: Mapping[str, EntryPoint]) -> tuple[Scope, str]:
    """Who finds a way in; of an Ingress whose class does not say it, by the addresses in its status."""
    entry = listed.get(f"{way.through.kind} {way.through.name}")
    if way.scope is Scope.UNKNOWN and entry is not None and not way.through.gateway:
        found = entries.facing(entry)
        scope = {Answer.YES: Scope.PUBLIC, Answer.NO: Scope.INTERNAL}.get(found.answer, Scope.UNKNOWN)
        return scope, found.why
    return way.scope, way.scope_reason


def _openness(judgement: Judgement) -> tuple[bool, bool]:
    """Whether policy surely, and whether it maybe, lets the internet at large in."""
    if judgement.admitted is Admitted.YES:
        return True, True
    sure = any(map(_is_open, judgement.allowed))
    return sure, sure or any(map(_is_open, judgement.undecided))


def _is_open(share: Share) -> bool:
    return not share.sources or addresses.is_unrestricted(addresses.of_texts(share.sources))


def spelled(way: InternetWay) -> str:
    """A way in as the first hop of a path."""
    each = way.way
    permits = _admits(way)
    doubt = f" (possible: {way.doubt})" if way.doubt else ""
    port = f"{each.protocol} {each.port}" if each.port else each.protocol
    return f"internet -> {way.name} {port} -> {each.workload}: {way.why}; {permits}{doubt}"


def drawn(way: InternetWay) -> tuple[Hop, ...]:
    """The same for a picture: what leads inside, the Gateway before it, and the workload behind it."""
    each = way.way
    ports: Ranges = {each.protocol: ((each.port, each.port),)} if each.port else {}
    through = each.through
    gateway = Hop(kind="Gateway", name=through.gateway, by=way.why, ports=ports)
    entry = Hop(kind=through.kind, name=through.name, by="" if through.gateway else way.why, ports=ports)
    inside = Hop(kind="workload", name=each.workload, by=_admits(way), ports=dict(each.targets), doubt=way.doubt)
    return (gateway, entry, inside) if through.gateway else (entry, inside)


def _admits(way: InternetWay) -> str:
    judgement = way.way.judgement
    permits = (judgement.reason if judgement else "") or "policy admits it"
    return f"the ingress controller gets in: {permits}" if way.way.peer else permits


def rules_of(reach: Reach, src: str, dst: str, protocol: str, port: int) -> str:
    """What permits a connection between two workloads, the rules of both sides."""
    try:
        found = reach.explain(src, dst, protocol, port)
    except InputError:  # a name that cannot be asked for: the path stands without its rules
        return "policy admits it"
    chosen = next((each for each in found if each.allowed is not Answer.NO), None)
    return _permits(chosen) if chosen else "policy admits it"


def _permits(found: Explanation) -> str:
    return ", ".join(_side(half) for half in found.halves)


def _side(half: Half) -> str:
    if half.isolated is Answer.NO or not half.by:
        return f"{half.direction} by no policy isolating it"
    rules = (f"{rule.object} {rule.rule}".strip() for rule in half.by)
    return f"{half.direction} by {names(rules, 3)}"


def mending(way: InternetWay, last: Leg | None, target: Pod) -> str:
    """What closes the last hop: it is the one that nobody but this workload needs."""
    selector = ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in sorted(target.labels.items())[:5])
    policy = (
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: keep-closed, namespace: "
        f"{quoted(target.namespace)}}}, spec: {{podSelector: {{matchLabels: {{{selector}}}}}, policyTypes: [Ingress], "
        "ingress: [{from: [{podSelector: {matchLabels: <those that need it>}}]}]}}"
    )
    if last is not None:
        return (
            f"Take {last.src} out of what may reach {last.dst}: narrow the rules named above; where no policy isolates it: "
            f"kubectl apply: {policy}"
        )
    through = way.way.through
    space, _, name = through.name.partition("/")
    kind = {"LoadBalancer": "service", "externalIPs": "service", "NodePort": "service"}.get(through.kind, through.kind)
    return (
        f"Lead {through.kind} {through.name} elsewhere (kubectl edit -n {shlex.quote(space)} {kind.lower()} "
        f"{shlex.quote(name.partition('[')[0])}), make its balancer internal, or close the pods: kubectl apply: {policy}"
    )
