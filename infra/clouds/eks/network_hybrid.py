"""VPN gateways, VPN connections and Direct Connect. `DescribeVpnConnections` answers with pre-shared keys: none is touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from infra.clouds.eks.network_calls import Calls, state_of
from infra.clouds.eks.network_routes import BOTH
from infra.clouds.eks.network_tgw import Hubs
from infra.clouds.gaps import ranges_of
from scanner.cloud.part import Part
from scanner.enums import Cloud
from scanner.topology.model import Action, Domain, DomainKind, Encryption, LinkState, Route, Table, Tunnel

_OFF = "VPN connections are read with `hybrid: true` only, because AWS's answer holds their keys"


@dataclass(frozen=True, slots=True)
class Gateways:
    """VPN gateways as domains and tables of their own, and the ends of what leaves AWS."""

    domains: tuple[Domain, ...]
    tables: tuple[Table, ...]
    tunnels: tuple[Tunnel, ...]


@dataclass(frozen=True, slots=True)
class _Gateway:
    """A VPN gateway: its VPC ("" while detached) and AS number."""

    id: str
    vpc: str
    asn: int


def read_gateways(calls: Calls, hubs: Hubs, edges: dict[str, str], *, hybrid: bool, direct_connect: bool) -> Gateways:
    """Everything that leaves AWS. Without `hybrid` the gateways are there, and nothing is known of what is behind them.

    `edges` maps a gateway to the route table that decides for what arrives through it.
    """
    gateways = [
        _Gateway(name, _attached(answer), answer.number("AmazonSideAsn") or 0)
        for answer in calls.all("describe_vpn_gateways", "VpnGateways") or ()
        if (name := answer.text("VpnGatewayId"))
    ]
    domains = tuple(
        Domain(id=each.id, kind=DomainKind.AWS_VPN_GATEWAY, cloud=Cloud.AWS, account=calls.account, table=each.id)
        for each in gateways
    )
    if not hybrid:
        tables = tuple(Table(id=each.id, domain=each.id, unread=_OFF) for each in gateways)
        behind = tuple(
            Tunnel(id=name, kind="connection", cloud=Cloud.AWS, account=calls.account, evidence=_OFF)
            for name in sorted(hubs.at)
            if name.startswith("vpn-")
        )
        return Gateways(domains, tables, behind)
    arrive: dict[str, tuple[str, tuple[str, ...]]] = {
        each.id: (each.vpc, (edges[each.id],) if each.id in edges else ()) for each in gateways
    }
    tunnels, routes, complete = _connections(calls, hubs, gateways, arrive)
    direct = _direct(calls, [*arrive, *sorted(hubs.asns)]) if direct_connect else None
    for gateway, names in (direct or {}).items():
        at = arrive.get(gateway)
        for name in names:
            identity = f"{name}/{gateway}"
            domain, tables_there = at if at is not None else (gateway, (f"{gateway}/{name}",))
            tunnels.append(
                Tunnel(
                    id=identity,
                    kind="Direct Connect gateway",
                    cloud=Cloud.AWS,
                    account=calls.account,
                    arrives_at=domain,
                    tables=tables_there,
                )
            )
            routes[gateway] += [_into(prefix, identity) for prefix in BOTH]
    unread = "" if complete and direct is not None else "not all its VPN connections and Direct Connect could be read"
    tables = tuple(Table(id=each.id, domain=each.id, routes=tuple(routes[each.id]), unread=unread) for each in gateways)
    return Gateways(domains, tables, tuple(tunnels))


def _attached(answer: Part) -> str:
    """The VPC that a VPN gateway is attached to."""
    vpcs = [
        part.text("VpcId") or ""
        for part in answer.items("VpcAttachments") or ()
        if state_of(part, "State") == "attached"
    ]
    return vpcs[0] if vpcs else ""


def _connections(
    calls: Calls, hubs: Hubs, gateways: Iterable[_Gateway], arrive: dict[str, tuple[str, tuple[str, ...]]]
) -> tuple[list[Tunnel], dict[str, list[Route]], bool]:
    """The VPN connections, the routes they give their VPN gateways, and whether that is all."""
    answers = calls.all("describe_vpn_connections", "VpnConnections")
    customers = calls.all("describe_customer_gateways", "CustomerGateways")
    far = {each.text("CustomerGatewayId") or "": each for each in customers or ()}
    asns = hubs.asns | {each.id: each.asn for each in gateways}
    tunnels: list[Tunnel] = []
    routes: dict[str, list[Route]] = defaultdict(list)
    for answer in answers or ():
        name = answer.text("VpnConnectionId")
        if not name or state_of(answer, "State") in {"deleted", "deleting"}:
            continue
        gateway, hub = answer.text("VpnGatewayId") or "", answer.text("TransitGatewayId") or ""
        domain, tables = arrive.get(gateway, ("", ()))
        if hub:
            domain, tables = hub, (f"{hub}/{name}",)
        tunnels.append(_tunnel(answer, far, asns.get(hub or gateway, 0), (domain, tables), calls.account))
        if gateway:
            routes[gateway] += _towards(answer, name)
    return tunnels, routes, answers is not None


def _tunnel(answer: Part, far: dict[str, Part], asn: int, arrives: tuple[str, tuple[str, ...]], account: str) -> Tunnel:
    telemetry = answer.items("VgwTelemetry") or []
    up = [each for each in telemetry if state_of(each, "Status") == "up"]
    peer = far.get(answer.text("CustomerGatewayId") or "", Part(None, "", []))
    return Tunnel(
        id=answer.text("VpnConnectionId") or "",
        kind="VPN connection",
        encryption=Encryption.IPSEC,
        cloud=Cloud.AWS,
        account=account,
        own=ranges_of(each.text("OutsideIpAddress") for each in telemetry),
        peer=ranges_of((peer.text("IpAddress"),)),
        own_asn=asn,
        peer_asn=peer.number("BgpAsn") or 0,
        arrives_at=arrives[0],
        tables=arrives[1],
        state=LinkState.ACTIVE if up else LinkState.UNKNOWN,
        evidence=f"{len(up)} of {len(telemetry)} tunnels are up",
    )


def _towards(answer: Part, name: str) -> list[Route]:
    """A static connection carries its routes; one with BGP whatever it learned, which the VPC's tables show."""
    options = answer.part("Options")
    accepts = tuple(
        text
        for text in ranges_of((options.text("RemoteIpv4NetworkCidr"), options.text("RemoteIpv6NetworkCidr")))
        if text not in BOTH
    )
    if options.flag("StaticRoutesOnly") is True:
        static = [
            each.text("DestinationCidrBlock")
            for each in answer.items("Routes") or ()
            if state_of(each, "State") == "available"
        ]
        return [_into(prefix, name, accepts) for prefix in ranges_of(static)]
    return [_into(prefix, name, accepts) for prefix in BOTH]


def _into(prefix: str, name: str, accepts: tuple[str, ...] = ()) -> Route:
    return Route(prefix=prefix, action=Action.FORWARD, to=name, tables=(name,), accepts=accepts)


def _direct(calls: Calls, gateways: Iterable[str]) -> dict[str, list[str]] | None:
    """Direct Connect gateways by the gateway they are associated with; None where that could not be asked."""
    found: dict[str, list[str]] = {}
    for gateway in gateways:
        answers = calls.all(
            "describe_direct_connect_gateway_associations",
            "directConnectGatewayAssociations",
            service="directconnect",
            associatedGatewayId=gateway,
        )
        if answers is None:
            return None
        live = [each for each in answers if state_of(each, "associationState") == "associated"]
        if names := [name for each in live if (name := each.text("directConnectGatewayId"))]:
            found[gateway] = names
    return found
