"""A plain second evaluator: one packet at a time, no ranges, nothing shared with the walker but the record's structs."""

from __future__ import annotations

import ipaddress

from scanner.topology.model import Action, LinkState, Placement, Pods, Route, Table, Topology

YES, NO, UNKNOWN = "routable", "not_routable", "unknown"


def inside(address: str, ranges: tuple[str, ...]) -> bool:
    """Whether an address is in one of the ranges."""
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(each) for each in ranges)


def send(topology: Topology, packet: tuple[str, str], table_id: str, behind: tuple[str, ...]) -> set[str]:
    """Every way a packet (from, to) may end that a table decides: "@domain" where one delivers it, else NO or UNKNOWN."""
    table: Table | None = next((each for each in topology.tables if each.id == table_id), None)
    if table is None or table.unread:
        return {UNKNOWN}
    if table_id in behind:
        return {NO}
    holding = [each for each in table.routes if inside(packet[1], (each.prefix,))]
    if not holding:
        return {NO}
    longest = max(int(each.prefix.partition("/")[2]) for each in holding)
    holding = [each for each in holding if int(each.prefix.partition("/")[2]) == longest]
    best = min(each.priority for each in holding)
    ends: set[str] = set()
    for route in holding:
        if route.priority == best:
            ends |= follow(topology, packet, route, table, (*behind, table_id))
    return ends


def follow(
    topology: Topology, packet: tuple[str, str], route: Route, table: Table, behind: tuple[str, ...]
) -> set[str]:
    """Where one route takes the packet."""
    source, to = packet
    if route.action is Action.LOCAL:
        return deliver(topology, to, table.domain)
    if route.action is not Action.FORWARD:  # the addresses of these tests are private: the internet is no way
        return {NO if route.action in {Action.DROP, Action.INTERNET} else UNKNOWN}
    states = [each.state for each in topology.links if each.id == route.link] or [LinkState.UNKNOWN]
    if route.link and states[0] in {LinkState.UNKNOWN, LinkState.INACTIVE}:
        return {UNKNOWN if states[0] is LinkState.UNKNOWN else NO}
    if (route.accepts and not inside(to, route.accepts)) or (route.sources and not inside(source, route.sources)):
        return {NO}
    if not route.tables:
        return deliver(topology, to, route.to)
    return {end for name in route.tables for end in send(topology, packet, name, behind)}


def deliver(topology: Topology, to: str, domain: str) -> set[str]:
    """Whether a domain has the address."""
    here = next((each for each in topology.domains if each.id == domain), None)
    if here is None or here.unread:
        return {UNKNOWN}
    return {f"@{domain}"} if inside(to, here.ranges) else {NO}


def one_way(topology: Topology, source: str, at: str, to: str, wanted: str) -> str:
    """One answer from all the ways: they must agree."""
    table = next((each.table for each in topology.domains if each.id == at), "")
    for subnet in topology.subnets:
        if subnet.domain == at and inside(source, subnet.ranges):
            table = subnet.table or table
    ends = send(topology, (source, to), table, ()) if table else {UNKNOWN}
    if len(ends) > 1:
        return UNKNOWN
    (end,) = ends
    return (YES if end == f"@{wanted}" else NO) if end.startswith("@") else end


def nodes_reach(topology: Topology, one: Placement, source: str, other: Placement, to: str) -> str:
    """Whether one node's address reaches another's, and the answer gets back."""
    if one.routing is Pods.OVERLAY and inside(to, one.pods):
        return NO
    there = one_way(topology, source, one.domain, to, other.domain)
    if there == NO:
        return NO
    back = one_way(topology, to, other.domain, source, one.domain)
    if back == NO:
        return NO
    return YES if (there, back) == (YES, YES) else UNKNOWN
