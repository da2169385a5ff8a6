"""A VPC's route tables as routes of the topology: what each target does, and what a peering or attachment leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from infra.clouds.gaps import ranges_of
from scanner.cloud.part import Part
from scanner.topology.model import Action, Route, Table
from scanner.topology.spans import is_prefix

BOTH = ("0.0.0.0/0", "::/0")
_PROPAGATED = 1  # AWS prefers a static route to a propagated one of the same prefix
# Target field of EC2's Route -> what happens there; the order is EC2's, a route has one target.
_TARGETS: Mapping[str, tuple[Action, str]] = {
    "NatGatewayId": (Action.INTERNET, "a NAT gateway"),
    "EgressOnlyInternetGatewayId": (Action.INTERNET, "an egress-only internet gateway"),
    "CarrierGatewayId": (Action.INTERNET, "a carrier gateway"),
    "NetworkInterfaceId": (Action.APPLIANCE, "a network interface"),
    "InstanceId": (Action.APPLIANCE, "an instance"),
    "LocalGatewayId": (Action.UNKNOWN, "a local gateway of an Outpost, whose routes are not read"),
    "CoreNetworkArn": (Action.UNKNOWN, "a Cloud WAN core network, whose routes are not read"),
    "OdbNetworkArn": (Action.UNKNOWN, "an Oracle Database@AWS network, whose routes are not read"),
}
_GATEWAYS: Mapping[str, tuple[Action, str]] = {
    "igw-": (Action.INTERNET, "an internet gateway"),
    "eigw-": (Action.INTERNET, "an egress-only internet gateway"),
    "vpce-": (Action.APPLIANCE, "a gateway (load balancer) endpoint"),
}


@dataclass(slots=True)
class Surroundings:
    """What routes refer to: the far VPC of each peering, the ranges of prefix lists, and the zones attachments cover.

    `lists` maps a prefix list to its ranges, () for AWS's own services; `covered` maps (transit gateway, VPC) to the ranges of
    the subnets in zones that have an attachment.
    """

    peers: dict[str, tuple[str, str]] = field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    covered: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


def table_of(answer: Part, around: Surroundings) -> Table | None:
    """One route table; None without an id. A route that cannot be read makes the whole table unread."""
    name, vpc = answer.text("RouteTableId"), answer.text("VpcId") or ""
    if not name:
        return None
    routes: list[Route] = []
    members = answer.items("Routes")
    unread = "" if members is not None else "the answer has no routes"
    for member in members or ():
        prefixes = _prefixes(member, around)
        if prefixes is None:
            unread = f"the destination of a route cannot be read ({member.text('DestinationPrefixListId') or 'odd'})"
        else:
            routes += [_route(member, prefix, vpc, around) for prefix in prefixes]
    return Table(id=name, domain=vpc, routes=tuple(routes), unread=unread)


def _prefixes(route: Part, around: Surroundings) -> tuple[str, ...] | None:
    if (listed := route.text("DestinationPrefixListId")) is not None:
        return around.lists.get(listed)
    found = ranges_of((route.text("DestinationCidrBlock"), route.text("DestinationIpv6CidrBlock")))
    return found or None


def _route(route: Part, prefix: str, vpc: str, around: Surroundings) -> Route:
    priority = _PROPAGATED if route.text("Origin") == "EnableVgwRoutePropagation" else 0
    state = route.text("State")
    if state in {"blackhole", "filtered"}:
        return Route(prefix=prefix, action=Action.DROP, reason=f"{state}: its target is gone", priority=priority)
    made = _target(route, prefix, vpc, around)
    return replace(made, priority=priority)


def _target(route: Part, prefix: str, vpc: str, around: Surroundings) -> Route:
    if (peering := route.text("VpcPeeringConnectionId")) is not None:
        first, second = around.peers.get(peering, (peering, peering))
        return Route(prefix=prefix, action=Action.FORWARD, to=second if first == vpc else first, link=peering)
    if (hub := route.text("TransitGatewayId")) is not None:
        if not around.covered.get((hub, vpc)):
            reason = f"the attachment of {vpc} to {hub}, and so the zones it covers, could not be read"
            return Route(prefix=prefix, action=Action.UNKNOWN, reason=reason)
        return Route(
            prefix=prefix,
            action=Action.FORWARD,
            to=hub,
            tables=(f"{hub}/{vpc}",),
            link=f"{hub}/{vpc}",
            sources=around.covered[hub, vpc],
        )
    gateway = route.text("GatewayId") or ""
    if gateway == "local":
        return Route(prefix=prefix, action=Action.LOCAL)
    if gateway.startswith("vgw-"):
        return Route(prefix=prefix, action=Action.FORWARD, to=gateway, tables=(gateway,))
    action, words = _GATEWAYS.get(gateway[: gateway.find("-") + 1], (Action.UNKNOWN, ""))
    if not words:
        action, words = next((what for key, what in _TARGETS.items() if route.has(key)), (action, "a target not known"))
    return Route(prefix=prefix, action=action, reason=f"{gateway} {words}".strip())


def arrivals(vpc: str, hub: str, tables: Sequence[Table]) -> list[Table]:
    """How a VPC treats what a transit gateway hands it: as the tables of the attachment's subnets say.

    What they would send on over a peering or a VPN gateway is unknown here: AWS does not route from edge to edge, and no call
    says what happens instead.
    """
    copies = [
        Table(
            id=f"{vpc}/{hub}/{table.id}",
            domain=vpc,
            routes=tuple(_in_transit(route) for route in table.routes),
            unread=table.unread,
        )
        for table in tables
    ]
    names = tuple(sorted(copy.id for copy in copies))
    entry = tuple(Route(prefix=each, action=Action.FORWARD, to=vpc, tables=names) for each in BOTH)
    return [*copies, Table(id=f"{vpc}/{hub}", domain=vpc, routes=entry)]


def _in_transit(route: Route) -> Route:
    if route.action is Action.FORWARD and not route.to.startswith("tgw-"):
        reason = f"{route.to} is reached from inside its VPC only, not through it"
        return Route(prefix=route.prefix, action=Action.UNKNOWN, priority=route.priority, reason=reason)
    return route


def prefix_ranges(entries: Iterable[Part]) -> tuple[str, ...] | None:
    """The ranges of a prefix list; None where one of them cannot be read."""
    texts = [entry.text("Cidr") for entry in entries]
    return ranges_of(texts) if all(text and is_prefix(text) for text in texts) else None
