"""Joining networks on evidence: no API says that this VPN of one cloud is that tunnel of another.

Outside addresses that name each other on both ends are certain. One direction alone, or AS numbers that fit, make a
candidate: the far end stays unknown, and says which link to declare.
"""

from __future__ import annotations

import enum
import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanner.topology.model import Action, Domain, DomainKind, Encryption, Link, LinkState, Route, Table, Tunnel

EVERYTHING = ("0.0.0.0/0", "::/0")
_WORST_LAST = (LinkState.ACTIVE, LinkState.DECLARED, LinkState.UNKNOWN, LinkState.INACTIVE)


class Certainty(enum.StrEnum):
    """How sure it is that two ends are of one connection."""

    CERTAIN = "certain"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Two tunnel ends that are, or may be, of one connection."""

    one: Tunnel
    other: Tunnel
    certainty: Certainty
    evidence: str


def worst(states: Iterable[LinkState]) -> LinkState:
    """The state of something that needs all of `states`."""
    return max(states, key=_WORST_LAST.index, default=LinkState.UNKNOWN)


def joins_of(tunnels: Iterable[Tunnel]) -> list[Join]:
    """Every pair of ends that name each other, or may belong together. Work grows with ends per address and AS pair."""
    tunnels = sorted(tunnels, key=lambda each: each.id)
    naming: dict[str, list[Tunnel]] = defaultdict(list)
    by_asns: dict[tuple[int, int], list[Tunnel]] = defaultdict(list)
    for each in tunnels:
        for address in set(each.peer) - {""}:
            naming[address].append(each)
        if each.own_asn and each.peer_asn:
            by_asns[each.own_asn, each.peer_asn].append(each)
    found: dict[tuple[str, str], Join] = {}
    for one in tunnels:
        for address in one.own:
            for other in naming.get(address, ()):
                _add(found, one, other, _by_address(one, other))
    for one in tunnels:
        for other in by_asns.get((one.peer_asn, one.own_asn), ()):
            evidence = f"AS numbers {one.own_asn} and {one.peer_asn} fit"
            _add(found, one, other, (Certainty.CANDIDATE, evidence))
    return [found[key] for key in sorted(found)]


def _add(found: dict[tuple[str, str], Join], one: Tunnel, other: Tunnel, how: tuple[Certainty, str]) -> None:
    if one.id != other.id:
        first, second = sorted((one, other), key=lambda each: each.id)
        found.setdefault((first.id, second.id), Join(one=first, other=second, certainty=how[0], evidence=how[1]))


def _by_address(one: Tunnel, other: Tunnel) -> tuple[Certainty, str]:
    here, there = (sorted(set(own) & set(peer) - {""}) for own, peer in ((one.own, other.peer), (other.own, one.peer)))
    if here and there and all(any(_names_one(text) for text in side) for side in (here, there)):
        return Certainty.CERTAIN, f"outside addresses {here[0]} and {there[0]} match on both ends"
    if here and there:
        return Certainty.CANDIDATE, f"outside addresses {here[0]} and {there[0]} match, but are private"
    return Certainty.CANDIDATE, f"outside address {(here or there)[0]} matches on one end only"


def _names_one(text: str) -> bool:
    """Whether an outside address belongs to one network in the world: a public one, or a cloud's own id of a gateway."""
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return text.startswith(("/subscriptions/", "projects/"))


def far_ends(tunnels: Sequence[Tunnel]) -> tuple[list[Domain], list[Table], list[Link]]:
    """What stands behind each tunnel: the other end's network where that is certain, else an unread domain.

    Of several tunnels to one place, those that are up decide.
    """
    certain: dict[str, list[tuple[Tunnel, Join]]] = defaultdict(list)
    hints: dict[str, list[str]] = defaultdict(list)
    for join in joins_of(tunnels):
        for near, far in ((join.one, join.other), (join.other, join.one)):
            if join.certainty is Certainty.CERTAIN and far.arrives_at:
                certain[near.id].append((far, join))
            else:
                hints[near.id].append(f"{far.id} ({join.evidence})")
    links: dict[str, Link] = {}
    tables, domains = [], []
    for tunnel in tunnels:
        routes: dict[tuple[str, tuple[str, ...]], Link] = {}
        for far, join in certain[tunnel.id]:
            link = _link(join)
            known = routes.get((far.arrives_at, far.tables))
            if known is None or worst((known.state, link.state)) is known.state:
                routes[far.arrives_at, far.tables] = link
        for link in routes.values():
            links[link.id] = link
        if routes:
            tables.append(Table(id=tunnel.id, domain=tunnel.id, routes=tuple(_routes(routes))))
        maybe = f"; it may be {', '.join(sorted(hints[tunnel.id])[:3])}, which proves nothing" * bool(hints[tunnel.id])
        unread = "" if routes else f"what is behind this {tunnel.kind} cannot be seen{maybe}: declare a link to say it"
        domains.append(
            Domain(id=tunnel.id, kind=DomainKind.FAR_END, cloud=tunnel.cloud, account=tunnel.account, unread=unread)
        )
    return domains, tables, list(links.values())


def _link(join: Join) -> Link:
    return Link(
        id=f"{join.one.id} = {join.other.id}",
        kind=join.one.kind,
        state=worst((join.one.state, join.other.state)),
        evidence="; ".join(filter(None, (join.evidence, join.one.evidence, join.other.evidence))),
        ends=(join.one.arrives_at, join.other.arrives_at),
        encryption=join.one.encryption if join.one.encryption is join.other.encryption else Encryption.UNKNOWN,
    )


def _routes(routes: dict[tuple[str, tuple[str, ...]], Link]) -> Iterable[Route]:
    for (domain, tables), link in routes.items():
        for prefix in EVERYTHING:
            yield Route(prefix=prefix, action=Action.FORWARD, to=domain, tables=tables, link=link.id)
