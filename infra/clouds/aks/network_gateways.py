"""VPN and ExpressRoute gateways and their connections; shared and authorization keys are never touched.

What a gateway learned by BGP takes a write-like action to ask for, and is not asked: beyond static ranges nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.clouds.aks.network_calls import Calls, id_of
from infra.clouds.aks.network_routes import BOTH, SYSTEM, USER, Vnet, user_routes
from infra.clouds.gaps import ranges_of
from scanner.cloud.part import Part
from scanner.enums import Cloud
from scanner.topology.model import Action, Encryption, LinkState, Route, Table, Tunnel

_REST = SYSTEM + 1
_UNSEEN = "what the gateway learned by BGP, or reaches over connections of other resource groups, is not read"


_UNSHOWN = "its GatewaySubnet shows no gateway, so that whether there is one is not known"


@dataclass(slots=True)
class Gateways:
    """Tables and tunnel ends of gateways."""

    tables: list[Table] = field(default_factory=list)
    tunnels: list[Tunnel] = field(default_factory=list)


def read_gateways(calls: Calls, vnets: Sequence[Vnet], route_tables: dict[str, Part] | None) -> Gateways:
    """The gateways of all VNets that have one: where packets go that enter them from either side."""
    found = Gateways()
    groups: dict[str, tuple[list[Part] | None, list[Part] | None]] = {}
    for vnet in vnets:
        outward: list[Route] = []
        unread = _UNSHOWN if vnet.unseen_gateway else ""
        for name in vnet.own_gateways:
            gateway = calls.one(name, "virtualNetworkGateways")
            group = name.split("/resourcegroups/")[-1].partition("/")[0]
            if group not in groups:
                groups[group] = calls.all("connections", group=group), calls.all("localNetworkGateways", group=group)
            connections, sites = groups[group]
            if gateway is None or connections is None:
                unread = "its gateway or the connections could not be read"
                continue
            places = {(each.text("id") or "").lower(): each.part("properties") for each in sites or ()}
            for connection in connections:
                if id_of(connection.part("properties"), "virtualNetworkGateway1") == name:
                    routes, tunnel = _connection(calls, connection, gateway.part("properties"), places, vnet)
                    outward += routes
                    found.tunnels.append(tunnel)
        if vnet.own_gateways or vnet.unseen_gateway:
            found.tables += _tables(vnet, outward, unread, route_tables)
    return found


def _tables(vnet: Vnet, outward: list[Route], unread: str, route_tables: dict[str, Part] | None) -> tuple[Table, Table]:
    """What the VNet's packets meet at the gateway, and what packets from outside meet there.

    Inward, the route table of the GatewaySubnet (a firewall in the middle) goes first; spokes that borrow the gateway take
    what is theirs.
    """
    rest = tuple(Route(prefix=each, action=Action.UNKNOWN, reason=_UNSEEN, priority=_REST) for each in BOTH)
    inward = [Route(prefix=text, action=Action.LOCAL, priority=SYSTEM) for text in vnet.ranges]
    for peering in vnet.peerings:
        if peering.lends_gateway:
            inward += [
                Route(
                    prefix=text,
                    action=Action.FORWARD,
                    to=peering.far,
                    tables=(f"{peering.far}/from/{vnet.id}/gateway",),
                    link=peering.link.id,
                    priority=SYSTEM,
                )
                for text in peering.remote
            ]
    table = vnet.tables.get("gatewaysubnet", "")
    if table and (route_tables is None or table not in route_tables):
        unread = unread or "the route table of its GatewaySubnet could not be read"
    elif table and route_tables is not None:
        users, problem = user_routes(route_tables[table].part("properties"), vnet, learned=True)
        inward += users
        unread = unread or problem
    return (
        Table(id=f"{vnet.id}/gateway", domain=vnet.id, routes=(*outward, *rest), unread=unread),
        Table(id=f"{vnet.id}/gateway/in", domain=vnet.id, routes=(*inward, *rest), unread=unread),
    )


def _connection(
    calls: Calls, listed: Part, gateway: Part, sites: dict[str, Part], vnet: Vnet
) -> tuple[list[Route], Tunnel]:
    """The routes into a connection, and its end here. The list leaves out the status, so each is asked for."""
    name = (listed.text("id") or "").lower()
    full = calls.one(name, "connections")
    body = (full or listed).part("properties")
    kind = (body.text("connectionType") or "").lower()
    site = sites.get(id_of(body, "localNetworkGateway2"), Part(None, "", []))
    second = id_of(body, "virtualNetworkGateway2")
    bgp = gateway.part("bgpSettings")
    own = [text for each in bgp.items("bgpPeeringAddresses") or () for text in each.texts("tunnelIpAddresses") or ()]
    addresses = (ranges_of(own), ranges_of((site.text("gatewayIpAddress"),)))
    if kind == "vnet2vnet" and second:
        addresses = (id_of(body, "virtualNetworkGateway1"),), (second,)
    elif kind != "ipsec":
        addresses = (), ()
    status = body.text("connectionStatus") or ""
    tunnel = Tunnel(
        id=name,
        kind={"expressroute": "ExpressRoute connection"}.get(kind, "VPN connection"),
        encryption=Encryption.IPSEC if kind in {"ipsec", "vnet2vnet"} else Encryption.UNKNOWN,
        cloud=Cloud.AZURE,
        account=calls.subscription,
        own=addresses[0],
        peer=addresses[1],
        own_asn=bgp.number("asn") or 0,
        peer_asn=site.part("bgpSettings").number("asn") or 0,
        arrives_at=vnet.id,
        tables=(f"{vnet.id}/gateway/in",),
        state=LinkState.ACTIVE if status == "Connected" else LinkState.UNKNOWN,
        evidence=f"status {status if status.isalpha() else 'not known'}",
    )
    static = kind == "ipsec" and body.flag("enableBgp") is not True
    prefixes = ranges_of(site.part("localNetworkAddressSpace").texts("addressPrefixes") or ()) if static else BOTH
    selectors = body.items("trafficSelectorPolicies") or ()
    accepts = ranges_of(text for each in selectors for text in each.texts("remoteAddressRanges") or ())
    return [
        Route(
            prefix=text,
            action=Action.FORWARD,
            to=name,
            tables=(name,),
            accepts=accepts,
            priority=USER if static else SYSTEM,
        )
        for text in prefixes
    ], tunnel
