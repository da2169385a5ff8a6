"""The networks as the clusters' own records tell them (`vpc` parts), for clusters whose networks nobody read.

A record names its network, that network's ranges, and per link the far end with the ranges behind it. That is what routes
are made of here: what both ends record is there, what one end alone records may be. Firewalls and single subnets are in no
record, so a way between two clusters is at most possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from scanner.enums import Cloud
from scanner.fabric.member import Member
from scanner.topology.model import (
    Action,
    Domain,
    DomainKind,
    Encryption,
    Link,
    LinkState,
    MasqueradeRule,
    Placement,
    Route,
    Table,
    Topology,
)

_KINDS = {Cloud.AWS: DomainKind.AWS_VPC, Cloud.GCP: DomainKind.GCP_NETWORK, Cloud.AZURE: DomainKind.AZURE_VNET}


def recorded(members: Sequence[Member]) -> Topology | None:
    """The networks that members' records tell of; None where no record does."""
    known = [each for each in members if each.crossing.network and each.crossing.ranges and each.cloud in _KINDS]
    if not known:
        return None
    network = {each.name: each.crossing.network for each in known}
    routes: dict[str, list[Route]] = defaultdict(list)
    said: dict[str, set[str]] = defaultdict(set)
    ends: dict[str, tuple[str, str]] = {}
    kinds: dict[str, str] = {}
    domains = {each.crossing.network: _domain(each) for each in known}
    for member in known:
        own = member.crossing.network
        for peering in member.crossing.peerings:
            far = network.get(peering.to, f"recorded:{peering.to}")
            if far not in domains:
                unread = f"{peering.to} is known from the record of {member.name} alone"
                domains[far] = Domain(id=far, kind=DomainKind.FAR_END, unread=unread)
            one, other = sorted((own, far))
            name = f"{one} = {other}"
            if kinds.setdefault(name, peering.kind) != peering.kind:
                name = f"{name} ({peering.kind})"
                kinds[name] = peering.kind
            ends[name] = (one, other)
            said[name].add(own)
            routes[own] += [
                Route(prefix=text, action=Action.FORWARD, to=far, link=name, priority=1) for text in peering.cidrs
            ]
    local = {
        name: [Route(prefix=text, action=Action.LOCAL) for text in domain.ranges] for name, domain in domains.items()
    }
    return Topology(
        domains=tuple(domains.values()),
        tables=tuple(
            Table(id=name, domain=name, routes=(*local[name], *routes[name]))
            for name, domain in domains.items()
            if not domain.unread
        ),
        links=tuple(
            _link(name, kinds[name], said[name], [domains[end] for end in ends[name]]) for name in sorted(ends)
        ),
        placements=tuple(_placement(each) for each in known),
    )


def _domain(member: Member) -> Domain:
    crossing = member.crossing
    return Domain(
        id=crossing.network,
        kind=_KINDS[member.cloud],
        cloud=member.cloud,
        account=member.ref.account,
        location=member.ref.location,
        ranges=crossing.ranges,
        table=crossing.network,
    )


def _link(name: str, kind: str, said: set[str], ends: list[Domain]) -> Link:
    both = said == {each.id for each in ends}
    blind = any(each.unread for each in ends)
    return Link(
        id=name,
        kind=kind,
        state=LinkState.ACTIVE if both else LinkState.UNKNOWN,
        evidence="recorded at both ends" if both else f"recorded at {'the one' if blind else 'one'} end that was read",
        ends=(ends[0].id, ends[1].id),
        encryption=Encryption.IPSEC if kind.lower() == "vpn" else Encryption.UNKNOWN,
    )


def _placement(member: Member) -> Placement:
    crossing, stand = member.crossing, member.crossing.stand
    unread = dict(stand.unread) if stand else dict.fromkeys(("node", "pod"), "its record was not read")
    if crossing.load_balancers is not None:
        unread.pop("load_balancer", None)
    return Placement(
        cluster=member.ref.id,
        domain=crossing.network,
        nodes=stand.nodes if stand else (),
        pods=stand.pods if stand else crossing.pods,
        services=stand.services if stand else crossing.services,
        load_balancers=crossing.load_balancers or (),
        routing=stand.routing if stand else Placement(cluster="", domain="").routing,
        masquerade=tuple(
            MasqueradeRule(becomes=rule.becomes, why=rule.why, confidence=rule.confidence, to=rule.to)
            for rule in (stand.masquerade if stand else ())
        ),
        unread=unread,
    )
