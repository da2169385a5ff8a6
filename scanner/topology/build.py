"""One topology from the parts that readers saw: two accounts, or two clouds, each know half of a link."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from scanner.topology.declared import Declared, with_declared
from scanner.topology.joins import far_ends, worst
from scanner.topology.model import Domain, Link, Placement, Subnet, Table, Topology, Tunnel, Unread, Zone

Named = TypeVar("Named", Domain, Table, Subnet, Link, Tunnel)
Nameless = TypeVar("Nameless", Zone, Unread, str)


def topology_of(parts: Iterable[Topology], declared: Declared | None = None) -> Topology:
    """The parts as one, tunnels joined on evidence, and what the operator declares added.

    What one part read and another knows by name only is read. A link is as good as its worse end.
    """
    parts = list(parts)
    tunnels = _merged((each for part in parts for each in part.tunnels), _first)
    ends, end_tables, end_links = far_ends(tunnels)
    placements: dict[str, Placement] = {}
    for each in (placement for part in parts for placement in part.placements):
        placements.setdefault(each.cluster, each)
    whole = Topology(
        domains=tuple(_merged([*ends, *(each for part in parts for each in part.domains)], _domain)),
        subnets=tuple(_merged((each for part in parts for each in part.subnets), _subnet)),
        tables=tuple(_merged([*end_tables, *(each for part in parts for each in part.tables)], _table)),
        links=tuple(_merged([*end_links, *(each for part in parts for each in part.links)], _link)),
        tunnels=tuple(tunnels),
        placements=tuple(placements[name] for name in sorted(placements)),
        zones=_once(each for part in parts for each in part.zones),
        unread=_once(each for part in parts for each in part.unread),
        notes=_once(each for part in parts for each in part.notes),
    )
    return with_declared(whole, declared) if declared is not None else whole


def distrusted(part: Topology, reason: str) -> Topology:
    """A part whose answers held something odd: what was left out of it could be any route, so none of its tables decides."""
    return replace(part, tables=tuple(Table(id=each.id, domain=each.domain, unread=reason) for each in part.tables))


def _merged(members: Iterable[Named], join: Callable[[Named, Named], Named]) -> list[Named]:
    """Members of one id made one, in order of their ids."""
    found: dict[str, Named] = {}
    for each in members:
        known = found.get(each.id)
        found[each.id] = each if known is None else join(known, each)
    return [found[name] for name in sorted(found)]


def _once(members: Iterable[Nameless]) -> tuple[Nameless, ...]:
    """Each once, in an order that does not depend on which part was read first: a report says the same every time."""
    return tuple(sorted(set(members), key=repr))


def _first(one: Tunnel, _: Tunnel) -> Tunnel:
    return one


def _both(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _domain(one: Domain, other: Domain) -> Domain:
    known, less = (other, one) if one.unread and not other.unread else (one, other)
    if known.unread:
        return known
    ranges = known.ranges if less.unread else _both(known.ranges, less.ranges)
    return replace(known, ranges=ranges, table=known.table or less.table)


def _table(one: Table, other: Table) -> Table:
    """The table that was read. Where both were, they were read at two moments: routes of either may hold."""
    known, less = (other, one) if one.unread and not other.unread else (one, other)
    if less.unread or less.routes == known.routes:
        return known
    return replace(known, routes=tuple(dict.fromkeys((*known.routes, *less.routes))))


def _subnet(one: Subnet, other: Subnet) -> Subnet:
    return replace(
        one,
        ranges=_both(one.ranges, other.ranges),
        table=one.table or other.table,
        secondary={**other.secondary, **one.secondary},
    )


def _link(one: Link, other: Link) -> Link:
    evidence = "; ".join(dict.fromkeys(filter(None, (one.evidence, other.evidence))))
    ends = one.ends or other.ends
    return replace(one, state=worst((one.state, other.state)), evidence=evidence, ends=ends)
