"""The network around GKE clusters in one project, from Compute Engine's REST lists.

Clusters of a Shared VPC stand in the host project's network: read that project too (`shared_vpc_host`). A route table is made
for each region, because dynamic routes may be regional.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from msgspec.structs import replace

from infra.clouds.gaps import ranges_of
from infra.clouds.gke.network_calls import COMPUTE, Calls, Session, last_of, path_of
from infra.clouds.gke.network_routes import Ways, learned, peering_routes, static_route, tables_of
from infra.clouds.gke.network_tunnels import read_tunnels
from scanner.cloud.part import Part
from scanner.enums import Cloud
from scanner.topology.build import distrusted
from scanner.topology.model import Action, Domain, DomainKind, Link, LinkState, Route, Subnet, Topology, Tunnel, Unread

PERMISSIONS = (
    "compute.networks.list",
    "compute.networks.listPeeringRoutes",
    "compute.subnetworks.list",
    "compute.routes.list",
    "compute.routers.list",
    "compute.routers.get",
    "compute.vpnGateways.list",
    "compute.vpnTunnels.list",
    "compute.interconnectAttachments.list",
    "compute.projects.get",
)


@dataclass(frozen=True, slots=True)
class _Network:
    """One network on its way into the topology: its answer, its regions, and the routes found so far."""

    calls: Calls
    answer: Part
    name: str
    regions: list[str]
    ways: Ways


_Selectors = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


def read_network(
    session: Session,
    *,
    project: str,
    regions: Collection[str] | None = None,
    endpoint: str = COMPUTE,
    errors: tuple[type[Exception], ...] = (),
) -> Topology:
    """One project's part of the topology; never raises for what Google answers.

    Args:
        session: asks (`get(url)`), with credentials of its own.
        project: whose networks these are.
        regions: where clusters are, which saves calls: routes of other regions stay unread. None is everywhere.
        endpoint: Compute Engine's address.
        errors: what the session raises where there is no answer, besides those of `requests` and google-auth.
    """
    calls = Calls(session, project, endpoint, (*_transport_errors(), *errors))
    networks = calls.items("global/networks", "compute.networks.list", "selfLink")
    subnets = calls.aggregated("subnetworks", "compute.subnetworks.list", "selfLink network region")
    routes = calls.items("global/routes", "compute.routes.list", "network destRange")
    routers = calls.aggregated("routers", "compute.routers.list", "selfLink name network region")
    tunnels, found = read_tunnels(calls, routers or [])
    selectors: _Selectors = {name: (each[0], each[1]) for name, each in found.items()}
    made = [_subnet(each) for each in subnets or ()]
    domains: dict[str, Domain] = {}
    links: dict[str, Link] = {}
    tables = []
    for network in networks or ():
        if not (name := path_of(network.text("selfLink"))):
            continue
        own = [each for each in made if each.domain == name]
        around = _regions(network, own, tunnels, regions)
        here = _Network(calls, network, name, around, _ways(calls, name, own, routes, selectors))
        _dynamic(here, routers, selectors)
        for peering in network.items("peerings") or ():
            _peering(here, peering, links, domains)
        missing = [what for what, part in (("subnetworks", subnets), ("routes", routes)) if part is None]
        domains[name] = Domain(
            id=name,
            kind=DomainKind.GCP_NETWORK,
            cloud=Cloud.GCP,
            account=project,
            ranges=tuple(dict.fromkeys(text for each in own for text in each.ranges)),
            unread=f"its {missing[0]} could not be read" if missing else "",
        )
        tables += [] if missing else tables_of(name, around, here.ways)
    part = Topology(
        domains=tuple(domains.values()),
        subnets=tuple(made),
        tables=tuple(tables),
        links=tuple(links.values()),
        tunnels=tuple(tunnels),
    )
    if calls.notices:
        reason = f"{len(calls.notices)} values in Google's answers are not what belongs there"
        calls.missing("networks", reason)
        part = distrusted(part, reason)
    return replace(part, unread=tuple(calls.unread))


def shared_vpc_host(
    session: Session, *, project: str, endpoint: str = COMPUTE, errors: tuple[type[Exception], ...] = ()
) -> tuple[str, tuple[Unread, ...]]:
    """The host project of a Shared VPC service project, "" where it is none; and what could not be asked."""
    calls = Calls(session, project, endpoint, (*_transport_errors(), *errors))
    answer = calls.one("getXpnHost", "compute.projects.get")
    return (answer.text("name") or "" if answer is not None else ""), tuple(calls.unread)


def _transport_errors() -> tuple[type[Exception], ...]:
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    return RequestException, GoogleAuthError


def _subnet(answer: Part) -> Subnet:
    network, region = path_of(answer.text("network")), last_of(answer.text("region"))
    secondary = {
        name: text
        for each in answer.items("secondaryIpRanges") or ()
        if (name := each.text("rangeName")) and (text := each.text("ipCidrRange")) and ranges_of((text,))
    }
    texts = (answer.text("ipCidrRange"), answer.text("ipv6CidrRange"), answer.text("internalIpv6Prefix"))
    return Subnet(
        id=path_of(answer.text("selfLink")),
        domain=network,
        ranges=ranges_of((*texts, *secondary.values())),
        table=f"{network}#{region}",
        location=region,
        secondary=secondary,
    )


def _regions(
    network: Part, subnets: list[Subnet], tunnels: Sequence[Tunnel], wanted: Collection[str] | None
) -> list[str]:
    """The regions in which something of a network is."""
    name = path_of(network.text("selfLink"))
    found = {each.location for each in subnets}
    found |= {each.id.split("/")[3] for each in tunnels if each.arrives_at == name and each.id.count("/") > 3}
    return sorted(found if wanted is None else found & set(wanted))


def _ways(calls: Calls, name: str, subnets: list[Subnet], routes: list[Part] | None, selectors: _Selectors) -> Ways:
    ways = Ways()
    ways.local = [
        Route(prefix=text, action=Action.LOCAL)
        for text in dict.fromkeys(text for each in subnets for text in each.ranges)
    ]
    own = [each for each in routes or () if path_of(each.text("network")) == name]
    ways.static = [route for each in own if (route := static_route(each, selectors)) is not None]
    if any(each.permission == "compute.vpnTunnels.list" for each in calls.unread):
        ways.unsure.append("compute.vpnTunnels.list was not allowed or failed")  # what a selector leaves out
    return ways


def _dynamic(here: _Network, routers: list[Part] | None, selectors: _Selectors) -> None:
    """What the network's routers learned: everywhere with global routing, else in the router's own region."""
    if routers is None:
        here.ways.unsure.append("compute.routers.list was not allowed or failed")
        return
    everywhere = here.answer.part("routingConfig").text("routingMode") == "GLOBAL"
    for router in routers:
        if path_of(router.text("network")) != here.name:
            continue
        region, own = last_of(router.text("region")), router.text("name") or ""
        status = here.calls.one(f"regions/{quote(region)}/routers/{quote(own)}/getRouterStatus", "compute.routers.get")
        if status is None or not status.part("result"):
            here.ways.unsure.append(f"the status of router {own} could not be read")
            continue
        for route in learned(status, selectors):
            for place in here.regions if everywhere else [region]:
                here.ways.dynamic.setdefault(place, []).append(route)


def _peering(here: _Network, peering: Part, links: dict[str, Link], domains: dict[str, Domain]) -> None:
    far = path_of(peering.text("network"))
    if not far:
        here.ways.unsure.append("a peering names no network")
        return
    link = " = ".join(sorted((here.name, far)))
    word = peering.text("state") or ""
    state = {"ACTIVE": LinkState.ACTIVE, "INACTIVE": LinkState.INACTIVE}.get(word, LinkState.UNKNOWN)
    evidence = f"state {word if word.isalpha() else 'not known'}"
    known = links.get(link)
    if known is None or known.state is LinkState.ACTIVE:  # both networks may be of this project: the worse end counts
        links[link] = Link(id=link, kind="VPC network peering", state=state, evidence=evidence, ends=(here.name, far))
    owner = far.split("/")[1]
    unread = f"project {owner} was not read"
    domains.setdefault(far, Domain(id=far, kind=DomainKind.GCP_NETWORK, cloud=Cloud.GCP, account=owner, unread=unread))
    for region in here.regions if state is not LinkState.INACTIVE else ():
        found = peering_routes(here.calls, here.name, peering, region, link)
        if found is None:
            here.ways.unsure.append(f"the routes of a peering with {far} could not be read")
        here.ways.peering.setdefault(region, []).extend(found or ())
