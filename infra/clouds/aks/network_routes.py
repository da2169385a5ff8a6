"""What Azure does with packets of a subnet: system routes, peerings, the gateway's routes, and the subnet's own route table.

Sources: Azure documentation, virtual-networks-udr-overview. The longest prefix wins; of equal ones a user's route goes before
a gateway's and that before the system's. Routes of the VNet and of peerings are preferred to learned ones, however specific.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.clouds.aks.network_calls import id_of
from infra.clouds.gaps import ranges_of
from scanner.cloud.part import Part
from scanner.topology.model import Action, Link, LinkState, Route, Table
from scanner.topology.spans import is_prefix, span_of

BOTH = ("0.0.0.0/0", "::/0")
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")  # system routes to "None"
USER, GATEWAY, SYSTEM = 0, 1, 2
_NEXT_HOPS = {
    "vnetlocal": (Action.LOCAL, ""),
    "internet": (Action.INTERNET, "the internet"),
    "virtualappliance": (Action.APPLIANCE, "a virtual appliance"),
    "virtualapplianceecmp": (Action.APPLIANCE, "virtual appliances"),
    "none": (Action.DROP, "a user route to None"),
}


@dataclass(frozen=True, slots=True)
class Peering:
    """One side of a VNet peering, as this side's resource says. `local` are the ranges that this side opens to the other.

    `subnets` are the local subnets it is for, by name; None where it is for all.
    """

    far: str
    link: Link
    remote: tuple[str, ...]
    local: tuple[str, ...]
    subnets: frozenset[str] | None
    closed: str
    uses_gateway: bool
    lends_gateway: bool


@dataclass(slots=True)
class Vnet:
    """A VNet on its way into the topology. `gateway` says which VNet's gateway it uses, "" where none.

    `unseen_gateway`: it has a GatewaySubnet, in which no gateway was shown; whether there is one is then not known.
    """

    id: str
    ranges: tuple[str, ...]
    subnets: dict[str, tuple[str, ...]]
    tables: dict[str, str]  # subnet -> route table
    peerings: list[Peering] = field(default_factory=list)
    own_gateways: list[str] = field(default_factory=list)
    unseen_gateway: bool = False

    @property
    def gateway(self) -> str:
        """The VNet whose gateway serves this one."""
        if self.own_gateways or self.unseen_gateway:
            return self.id
        return next((each.far for each in self.peerings if each.uses_gateway), "")


def vnet_of(answer: Part) -> Vnet:
    """One virtual network with its subnets and this side of its peerings."""
    name = (answer.text("id") or "").lower()
    body = answer.part("properties")
    vnet = Vnet(name, ranges_of(body.part("addressSpace").texts("addressPrefixes") or ()), {}, {})
    for subnet in body.items("subnets") or ():
        short = (subnet.text("name") or "").lower()
        inner = subnet.part("properties")
        vnet.subnets[short] = ranges_of((inner.text("addressPrefix"), *(inner.texts("addressPrefixes") or ())))
        vnet.tables[short] = id_of(inner, "routeTable")
        if short == "gatewaysubnet":
            vnet.own_gateways = _gateways(inner)
            vnet.unseen_gateway = not vnet.own_gateways
    vnet.peerings = [made for each in body.items("virtualNetworkPeerings") or () if (made := _peering(each, vnet))]
    return vnet


def _gateways(subnet: Part) -> list[str]:
    """The gateways in a GatewaySubnet, by the ids of its addresses."""
    found = [(each.text("id") or "").lower() for each in subnet.items("ipConfigurations") or ()]
    return sorted({name.partition("/ipconfigurations/")[0] for name in found if "/virtualnetworkgateways/" in name})


def _peering(answer: Part, vnet: Vnet) -> Peering | None:
    body = answer.part("properties")
    far = id_of(body, "remoteVirtualNetwork")
    if not far:
        return None
    word = body.text("peeringState") or ""
    states = {"connected": LinkState.ACTIVE, "initiated": LinkState.INACTIVE, "disconnected": LinkState.INACTIVE}
    link = Link(
        id=" = ".join(sorted((vnet.id, far))),
        kind="VNet peering",
        state=states.get(word.lower(), LinkState.UNKNOWN),
        evidence=f"{word if word.isalpha() else 'state not known'}",
        ends=tuple(sorted((vnet.id, far))),
    )
    remote = ranges_of(body.part("remoteAddressSpace").texts("addressPrefixes") or ())
    local = vnet.ranges
    names = None
    if body.flag("peerCompleteVnets") is False:
        names = frozenset(name.lower() for name in body.texts("localSubnetNames") or ())
        local = tuple(text for name in sorted(names) for text in vnet.subnets.get(name, ()))
    if body.flag("enableOnlyIPv6Peering") is True:
        remote, local = (tuple(text for text in each if ":" in text) for each in (remote, local))
    access = body.flag("allowVirtualNetworkAccess")
    closed = "" if access is True else "allowVirtualNetworkAccess is off: network security groups alone decide"
    return Peering(
        far=far,
        link=link,
        remote=remote,
        local=local,
        subnets=names,
        closed=closed,
        uses_gateway=body.flag("useRemoteGateways") is True,
        lends_gateway=body.flag("allowGatewayTransit") is True,
    )


def arrivals(vnet: Vnet) -> list[Table]:
    """How a VNet takes what comes over each peering, and from a gateway that it borrows: it delivers, and forwards nothing."""
    made = []
    for peering in vnet.peerings:
        action = Action.UNKNOWN if peering.closed else Action.LOCAL
        routes = tuple(Route(prefix=text, action=action, reason=peering.closed) for text in peering.local)
        made.append(Table(id=f"{vnet.id}/from/{peering.far}", domain=vnet.id, routes=routes))
        borrowed = routes if peering.uses_gateway else ()
        made.append(Table(id=f"{vnet.id}/from/{peering.far}/gateway", domain=vnet.id, routes=borrowed))
    return made


def subnet_table(vnet: Vnet, subnet: str, user: Part | None) -> Table:
    """What decides for a subnet. `user` is its own route table, None where it has none."""
    body = user.part("properties") if user is not None else Part({}, "", [])
    gateway = "" if body.flag("disableBgpRoutePropagation") is True else vnet.gateway
    routes = [Route(prefix=text, action=Action.LOCAL, priority=SYSTEM) for text in vnet.ranges]
    peered = (body.text("disablePeeringRoute") or "None").lower()
    for peering in vnet.peerings:
        if peered != "all" and (peering.subnets is None or subnet in peering.subnets):
            routes += _over(peering, vnet)
    if gateway:
        link = _gateway_link(vnet, gateway)
        routes += [
            Route(
                prefix=each,
                action=Action.FORWARD,
                to=gateway,
                tables=(f"{gateway}/gateway",),
                link=link,
                priority=GATEWAY,
            )
            for each in BOTH
        ]
    else:
        reason = "a system route to None"
        routes += [Route(prefix=each, action=Action.DROP, reason=reason, priority=SYSTEM) for each in _PRIVATE]
        routes += [Route(prefix=each, action=Action.INTERNET, priority=SYSTEM) for each in BOTH]
    users, unread = user_routes(body, vnet, learned=bool(gateway))
    return Table(id=f"{vnet.id}/subnets/{subnet}", domain=vnet.id, routes=(*routes, *users), unread=unread)


def _over(peering: Peering, vnet: Vnet) -> list[Route]:
    if peering.closed:
        return [
            Route(prefix=text, action=Action.UNKNOWN, reason=peering.closed, priority=SYSTEM) for text in peering.remote
        ]
    return [
        Route(
            prefix=text,
            action=Action.FORWARD,
            to=peering.far,
            tables=(f"{peering.far}/from/{vnet.id}",),
            link=peering.link.id,
            priority=SYSTEM,
        )
        for text in peering.remote
    ]


def _gateway_link(vnet: Vnet, gateway: str) -> str:
    """The peering over which a VNet borrows a gateway; "" for its own."""
    return next((each.link.id for each in vnet.peerings if each.far == gateway), "") if gateway != vnet.id else ""


def user_routes(body: Part, vnet: Vnet, *, learned: bool) -> tuple[list[Route], str]:
    """The routes of a route table, and why they are not all known.

    Routes for service tags are of Azure's public services and left out. With `learned`, a route that nobody saw may be more
    specific than one that ends a way outside the VNet's ranges.
    """
    made: list[Route] = []
    for answer in body.items("routes") or ():
        inner = answer.part("properties")
        prefix = inner.text("addressPrefix") or ""
        if not is_prefix(prefix):
            if not prefix or prefix[:1].isdigit() or ":" in prefix:
                return made, "a route's destination cannot be read"
            continue
        made.append(_user_route(inner, prefix, vnet, learned=learned))
    return made, ""


def _user_route(inner: Part, prefix: str, vnet: Vnet, *, learned: bool) -> Route:
    word = (inner.text("nextHopType") or "").lower()
    if word == "virtualnetworkgateway":
        gateway = vnet.gateway
        if not gateway:
            return Route(prefix=prefix, action=Action.DROP, reason="a route to a gateway that is not there")
        link = _gateway_link(vnet, gateway)
        return Route(prefix=prefix, action=Action.FORWARD, to=gateway, tables=(f"{gateway}/gateway",), link=link)
    action, reason = _NEXT_HOPS.get(word, (Action.UNKNOWN, "a next hop type not known"))
    if learned and action in {Action.DROP, Action.INTERNET} and not _inside(prefix, vnet.ranges):
        action, reason = Action.UNKNOWN, f"{reason}, unless the gateway learned a more specific route"
    return Route(prefix=prefix, action=action, reason=reason)


def _inside(prefix: str, ranges: Sequence[str]) -> bool:
    span = span_of(prefix)
    return any(each[0] == span[0] and each[1] <= span[1] and span[2] <= each[2] for each in map(span_of, ranges))
