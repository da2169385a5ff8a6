"""Routes of a VPC network: subnets, static routes, what peers and routers give, one table a region.

Subnet ranges, secondary ones with pods included, are always exchanged over a peering; custom routes where both sides say so.
`listPeeringRoutes` is the authority for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from infra.clouds.gke.network_calls import Calls, last_of, path_of
from scanner.cloud.part import Part
from scanner.topology.model import Action, Route, Table
from scanner.topology.spans import is_prefix

BOTH = ("0.0.0.0/0", "::/0")
_UNSEEN_PRIORITY = 1 << 17  # behind every route that was read; Google's go to 65535
_HOPS: Mapping[str, tuple[Action, str]] = {
    "nextHopGateway": (Action.INTERNET, "the default internet gateway"),
    "nextHopIlb": (Action.APPLIANCE, "an internal load balancer"),
    "nextHopInstance": (Action.APPLIANCE, "an instance"),
    "nextHopIp": (Action.APPLIANCE, "an address of an instance"),
    "nextHopHub": (Action.UNKNOWN, "a Network Connectivity Center hub, whose routes are not read"),
}


@dataclass(slots=True)
class Ways:
    """Routes of one network. `peering` and `dynamic` are by region; `unsure` says why routes may be missing."""

    local: list[Route] = field(default_factory=list)
    static: list[Route] = field(default_factory=list)
    peering: dict[str, list[Route]] = field(default_factory=dict)
    dynamic: dict[str, list[Route]] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)


def static_route(answer: Part, selectors: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> Route | None:
    """One entry of `routes.list`; None for those that subnets and peerings give, and for those that are not in use.

    `selectors` are the remote and local traffic selectors of tunnels that have any.
    """
    prefix = answer.text("destRange") or ""
    if (
        answer.has("nextHopNetwork")
        or answer.has("nextHopPeering")
        or answer.text("routeStatus") in {"DROPPED", "INACTIVE"}
    ):
        return None
    priority = answer.number("priority")
    if not is_prefix(prefix) or priority is None:
        reason = "a route of this network cannot be read"
        return Route(prefix=prefix if is_prefix(prefix) else BOTH[0], action=Action.UNKNOWN, reason=reason)
    if tags := answer.texts("tags"):
        reason = f"the route is for instances with tag {tags[0][:60]!a} only"
        return Route(prefix=prefix, action=Action.UNKNOWN, priority=priority, reason=reason)
    return _hop(answer, prefix, priority, selectors)


def _hop(
    answer: Part, prefix: str, priority: int, selectors: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
) -> Route:
    for key in ("nextHopVpnTunnel", "nextHopInterconnectAttachment"):
        if end := path_of(answer.text(key)):
            accepts, sources = selectors.get(end, ((), ()))
            return Route(
                prefix=prefix,
                action=Action.FORWARD,
                to=end,
                tables=(end,),
                accepts=accepts,
                sources=sources,
                priority=priority,
            )
    action, words = next(
        (what for key, what in _HOPS.items() if answer.has(key)), (Action.UNKNOWN, "a next hop not known")
    )
    return Route(prefix=prefix, action=action, priority=priority, reason=words)


def peering_routes(calls: Calls, network: str, peering: Part, region: str, link: str) -> list[Route] | None:
    """What one peering brings into one region; None where that could not be asked."""
    far = path_of(peering.text("network"))
    answers = calls.items(
        f"global/networks/{last_of(network)}/listPeeringRoutes",
        "compute.networks.listPeeringRoutes",
        "destRange",
        peeringName=peering.text("name") or "",
        region=region,
        direction="INCOMING",
    )
    if answers is None:
        return None
    made = []
    for answer in answers:
        prefix = answer.text("destRange") or ""
        if not is_prefix(prefix) or answer.flag("imported") is None:
            return None
        if answer.flag("imported") is False:
            continue
        subnet = answer.text("type") == "SUBNET_PEERING_ROUTE"
        tables = () if subnet else (f"{far}#{last_of(answer.text('nextHopRegion')) or region}/custom",)
        priority = 0 if subnet else answer.number("priority") or 0
        made.append(Route(prefix=prefix, action=Action.FORWARD, to=far, tables=tables, link=link, priority=priority))
    return made


def learned(status: Part, selectors: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> Iterable[Route]:
    """The best routes that a router learned; a next hop that is an address is found among its BGP peers' tunnels."""
    result = status.part("result")
    peers = {
        peer.text("peerIpAddress") or "": path_of(peer.text("linkedVpnTunnel"))
        for peer in result.items("bgpPeerStatus") or ()
    }
    for answer in result.items("bestRoutes") or ():
        prefix = answer.text("destRange") or ""
        if not is_prefix(prefix):
            continue
        made = _hop(answer, prefix, answer.number("priority") or 0, selectors)
        tunnel = peers.get(answer.text("nextHopIp") or "", "")
        if made.action is Action.APPLIANCE and tunnel:
            accepts, sources = selectors.get(tunnel, ((), ()))
            made = replace(
                made, action=Action.FORWARD, to=tunnel, tables=(tunnel,), accepts=accepts, sources=sources, reason=""
            )
        yield made


def tables_of(network: str, regions: Sequence[str], ways: Ways) -> list[Table]:
    """Three tables a region: of instances, of what arrives from outside, and of what arrives from a peer.

    A peer's packets get to subnets and to what custom routes lead to, not to further peers. From one tunnel to another Google
    forwards with Network Connectivity Center only, so that is unknown here.
    """
    made = []
    for region in regions:
        custom = [*ways.static, *ways.dynamic.get(region, ())]
        if ways.unsure:
            reason = f"dynamic routes may be missing: {ways.unsure[0]}"
            custom = [_open(route, reason) for route in custom]
            custom += [
                Route(prefix=each, action=Action.UNKNOWN, reason=reason, priority=_UNSEEN_PRIORITY) for each in BOTH
            ]
        name = f"{network}#{region}"
        near = [*ways.local, *ways.peering.get(region, ())]
        made += [
            Table(id=name, domain=network, routes=(*near, *custom)),
            Table(id=f"{name}/arrivals", domain=network, routes=(*near, *map(_from_outside, custom))),
            Table(id=f"{name}/custom", domain=network, routes=(*ways.local, *custom)),
        ]
    return made


def _open(route: Route, reason: str) -> Route:
    """A route that an unseen, more specific one may go before."""
    return Route(prefix=route.prefix, action=Action.UNKNOWN, priority=route.priority, reason=reason)


def _from_outside(route: Route) -> Route:
    if route.action is not Action.FORWARD:
        return route
    reason = f"from one tunnel to another ({route.to}): only Network Connectivity Center says whether that is forwarded"
    return _open(route, reason)
