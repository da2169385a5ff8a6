"""What an operator says of the network that no API does: zones outside the clouds, and links that meet in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from scanner.stored import Stored
from scanner.topology.joins import EVERYTHING
from scanner.topology.model import (
    Action,
    Domain,
    DomainKind,
    Encryption,
    Link,
    LinkState,
    Route,
    Table,
    Topology,
    Tunnel,
    Zone,
)

_LAST = 1 << 20  # priority: a route that a cloud reports for the same prefix goes first


class DeclaredZone(Stored, frozen=True, kw_only=True):
    """Addresses outside the clusters, by a name: an office, a data centre, a partner's network."""

    name: str
    ranges: tuple[str, ...]


class DeclaredLink(Stored, frozen=True, kw_only=True):
    """A connection between two ends, each a zone's name, a tunnel's id or a network's id.

    `to_second` and `to_first` are the destinations it carries each way; empty means the ranges of that end, or everything
    where the end is a tunnel. A network that is named itself is delivered to and does not forward. What is `one_way` carries
    nothing to the first end. With `via`, the clouds' own ids of what joins the ends, the clouds' routes say what it carries:
    it is declared for the inventory and adds none. `named` are the ends as the operator wrote them (empty: as `between`).
    """

    name: str
    between: tuple[str, str]
    to_second: tuple[str, ...] = ()
    to_first: tuple[str, ...] = ()
    one_way: bool = False
    via: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    owner: str = ""
    purpose: str = ""
    encryption: Encryption = Encryption.UNKNOWN


class Declared(Stored, frozen=True, kw_only=True):
    """All that the operator declares."""

    zones: tuple[DeclaredZone, ...] = ()
    links: tuple[DeclaredLink, ...] = ()


@dataclass(frozen=True, slots=True)
class _End:
    """Where packets enter at one end (`domain`, `tables`), and the tables that send towards the link."""

    domain: str
    tables: tuple[str, ...]
    ranges: tuple[str, ...]
    senders: tuple[str, ...]


def zone_id(name: str) -> str:
    """The domain and table that stand for a zone."""
    return f"zone:{name}"


def with_declared(topology: Topology, declared: Declared) -> Topology:
    """The topology with zones as domains of their own and declared links as routes; what names nothing read is a note."""
    zones = {zone_id(each.name): each for each in declared.zones}
    tables = {each.id: each for each in topology.tables} | {name: _zone_table(name, z) for name, z in zones.items()}
    domains = {each.id: each for each in topology.domains} | {name: _zone_domain(name, z) for name, z in zones.items()}
    tunnels = {each.id.lower(): each for each in topology.tunnels}
    links, notes = list(topology.links), list(topology.notes)
    for declaration in declared.links:
        if declaration.via:
            continue
        ends = [_end(name, domains, tables, tunnels) for name in declaration.between]
        for name, end in zip(declaration.between, ends, strict=True):
            if end is None:
                notes.append(f"declared link {declaration.name}: {name} is no zone, tunnel or network that was read")
        first, second = ends
        if first is None or second is None:
            continue
        link = Link(
            id=f"declared:{declaration.name}",
            kind="declared link",
            state=LinkState.DECLARED,
            evidence="by the operator",
            ends=(first.domain, second.domain),
            encryption=declaration.encryption,
        )
        links.append(link)
        for here, there, carried in (
            (first, second, declaration.to_second),
            (second, first, declaration.to_first),
        )[: 1 if declaration.one_way else 2]:
            for sender in here.senders:
                table = tables.get(sender) or Table(id=sender, domain=sender, routes=tuple(_open(declaration.name)))
                routes = (*table.routes, *_routes(link.id, there, carried or there.ranges or EVERYTHING))
                tables[sender] = replace(table, routes=routes)
                if sender in domains and domains[sender].kind is DomainKind.FAR_END:
                    domains[sender] = replace(domains[sender], unread="")
    return replace(
        topology,
        domains=tuple(domains.values()),
        tables=tuple(tables.values()),
        links=tuple(links),
        zones=(*topology.zones, *(Zone(name=z.name, domain=name, ranges=z.ranges) for name, z in zones.items())),
        notes=tuple(notes),
    )


def _zone_domain(name: str, zone: DeclaredZone) -> Domain:
    return Domain(id=name, kind=DomainKind.ZONE, name=zone.name, ranges=zone.ranges, table=name)


def _open(name: str) -> Iterable[Route]:
    """What is behind a tunnel, beside what is declared, nobody knows."""
    for prefix in EVERYTHING:
        reason = f"beyond what link {name} is declared to carry, nothing is known"
        yield Route(prefix=prefix, action=Action.UNKNOWN, reason=reason, priority=_LAST + 1)


def _zone_table(name: str, zone: DeclaredZone) -> Table:
    """A zone's own routes are not ours to read: what no declared link carries is unknown."""
    reason = f"the routes of {zone.name} are its own: only declared links are known"
    local = tuple(Route(prefix=each, action=Action.LOCAL) for each in zone.ranges)
    rest = tuple(Route(prefix=each, action=Action.UNKNOWN, reason=reason, priority=_LAST + 1) for each in EVERYTHING)
    return Table(id=name, domain=name, routes=(*local, *rest))


def _end(
    name: str, domains: Mapping[str, Domain], tables: Mapping[str, Table], tunnels: Mapping[str, Tunnel]
) -> _End | None:
    if (tunnel := tunnels.get(name.lower())) is not None:
        if not tunnel.arrives_at:
            return None
        return _End(tunnel.arrives_at, tunnel.tables, (), (tunnel.id,))
    for identity in (zone_id(name), name, name.lower()):
        domain = domains.get(identity)
        if domain is not None and domain.kind is not DomainKind.FAR_END:
            senders = tuple(each.id for each in tables.values() if each.domain == domain.id and not each.unread)
            return _End(domain.id, (), domain.ranges, senders)
    return None


def _routes(link: str, there: _End, carried: Iterable[str]) -> Iterable[Route]:
    for prefix in carried:
        yield Route(
            prefix=prefix, action=Action.FORWARD, to=there.domain, tables=there.tables, link=link, priority=_LAST
        )
