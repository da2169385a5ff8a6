"""Transit gateways: attachments, which table decides for each, and the routes of the tables that this account owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.clouds.eks.network_calls import Calls, state_of
from infra.clouds.eks.network_routes import BOTH
from scanner.cloud.part import Part
from scanner.enums import Cloud
from scanner.topology.model import Action, Domain, DomainKind, Link, LinkState, Route, Table
from scanner.topology.spans import is_prefix

_UP = frozenset({"available", "modifying"})
_DOWN = frozenset(
    {"deleted", "deleting", "failed", "failing", "rejected", "rejecting", "pendingacceptance", "initiating"}
)
_STATES = [{"Name": "state", "Values": ["active", "blackhole"]}]


@dataclass(frozen=True, slots=True)
class Hubs:
    """Transit gateways. `attached` has (VPC, transit gateway, subnets) of live attachments; `asns` their AS numbers.

    `at` maps the id of a VPN connection or Direct Connect gateway to the transit gateway it is attached to.
    """

    domains: list[Domain]
    tables: list[Table]
    links: list[Link]
    attached: list[tuple[str, str, tuple[str, ...]]]
    asns: dict[str, int]
    at: dict[str, str]


def read_hubs(calls: Calls) -> Hubs:
    """All transit gateways that this account sees. Only their owner sees their tables."""
    hubs = Hubs([], [], [], [], {}, {})
    owned: set[str] = set()
    for answer in calls.all("describe_transit_gateways", "TransitGateways") or ():
        if not (name := answer.text("TransitGatewayId")):
            continue
        owner = answer.text("OwnerId") or "unknown"
        if owner == calls.account:
            owned.add(name)
        hubs.asns[name] = answer.part("Options").number("AmazonSideAsn") or 0
        unread = "" if owner == calls.account else f"account {owner}, which owns it, was not read"
        hubs.domains.append(
            Domain(
                id=name,
                kind=DomainKind.AWS_TRANSIT_GATEWAY,
                cloud=Cloud.AWS,
                account=owner,
                location=calls.region,
                unread=unread,
            )
        )
    attachments = calls.all("describe_transit_gateway_attachments", "TransitGatewayAttachments")
    by_id = {each.text("TransitGatewayAttachmentId") or "": each for each in attachments or ()}
    for answer in by_id.values():
        _attachment(answer, owned, hubs)
    for answer in calls.all("describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments") or ():
        vpc, hub = answer.text("VpcId"), answer.text("TransitGatewayId")
        if vpc and hub and state_of(answer, "State") in _UP:
            hubs.attached.append((vpc, hub, answer.texts("SubnetIds") or ()))
    if owned:
        for answer in calls.all("describe_transit_gateway_route_tables", "TransitGatewayRouteTables") or ():
            if (name := answer.text("TransitGatewayRouteTableId")) and answer.text("TransitGatewayId") in owned:
                hubs.tables.append(_table(calls, name, answer.text("TransitGatewayId") or "", by_id))
    return hubs


def _attachment(answer: Part, owned: set[str], hubs: Hubs) -> None:
    hub, resource = answer.text("TransitGatewayId"), answer.text("ResourceId")
    if not hub or not resource:
        return
    name = f"{hub}/{resource}"
    word = state_of(answer, "State")
    state = LinkState.ACTIVE if word in _UP else LinkState.INACTIVE if word in _DOWN else LinkState.UNKNOWN
    hubs.links.append(
        Link(
            id=name,
            kind="transit gateway attachment",
            state=state,
            evidence=f"{word or 'no state'}",
            ends=(hub, resource),
        )
    )
    hubs.at[resource] = hub
    if hub not in owned or any(each.id == name for each in hubs.tables):
        return
    association = answer.part("Association")
    decides = association.text("TransitGatewayRouteTableId")
    settled = not association or state_of(association, "State") in {"associated", ""}
    routes: tuple[Route, ...] = ()
    if decides:
        routes = tuple(Route(prefix=each, action=Action.FORWARD, to=hub, tables=(decides,)) for each in BOTH)
    unread = "" if settled and not association.has("TransitGatewayPolicyTableId") else "its association is changing"
    hubs.tables.append(Table(id=name, domain=hub, routes=routes, unread=unread))


def _table(calls: Calls, name: str, hub: str, attachments: dict[str, Part]) -> Table:
    found = calls.all(
        "search_transit_gateway_routes",
        "Routes",
        more="AdditionalRoutesAvailable",
        TransitGatewayRouteTableId=name,
        Filters=_STATES,
    )
    if found is None:
        return Table(
            id=name, domain=hub, unread="ec2:SearchTransitGatewayRoutes was not allowed, failed or was cut short"
        )
    routes: list[Route] = []
    unread = ""
    for answer in found:
        prefix = answer.text("DestinationCidrBlock")
        if not prefix or not is_prefix(prefix):
            unread = "the destination of a route cannot be read"
            continue
        routes += _routes(answer, prefix, hub, attachments)
    return Table(id=name, domain=hub, routes=tuple(routes), unread=unread)


def _routes(answer: Part, prefix: str, hub: str, attachments: dict[str, Part]) -> Sequence[Route]:
    """One route for each attachment it may take: more than one is equal-cost multipath."""
    priority = 0 if answer.text("Type") == "static" else 1
    if answer.text("State") == "blackhole":
        return [Route(prefix=prefix, action=Action.DROP, reason="blackhole", priority=priority)]
    targets = answer.items("TransitGatewayAttachments") or []
    made = []
    for target in targets:
        full = attachments.get(target.text("TransitGatewayAttachmentId") or "", target)
        kind = target.text("ResourceType") or full.text("ResourceType") or ""
        resource = target.text("ResourceId") or full.text("ResourceId") or ""
        made.append(_route(prefix, hub, kind, resource, priority))
    if not made:
        reason = "the route names no attachment"
        made.append(Route(prefix=prefix, action=Action.UNKNOWN, priority=priority, reason=reason))
    return made


def _route(prefix: str, hub: str, kind: str, resource: str, priority: int) -> Route:
    tables: dict[str, str] = {
        "vpc": f"{resource}/{hub}",
        "vpn": resource,
        "direct-connect-gateway": f"{resource}/{hub}",
        "peering": f"{resource}/{hub}",
        "tgw-peering": f"{resource}/{hub}",
    }
    if kind not in tables or not resource:
        reason = f"an attachment of type {kind or 'unknown'}, whose routes are not read"
        return Route(prefix=prefix, action=Action.UNKNOWN, priority=priority, reason=reason)
    to = tables[kind] if kind == "direct-connect-gateway" else resource
    return Route(
        prefix=prefix,
        action=Action.FORWARD,
        to=to,
        tables=(tables[kind],),
        link=f"{hub}/{resource}",
        priority=priority,
    )
