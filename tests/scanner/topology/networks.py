"""Small networks for the tests, as readers would write them down."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.enums import Cloud
from scanner.topology.build import topology_of
from scanner.topology.declared import Declared
from scanner.topology.model import (
    Action,
    Becomes,
    Domain,
    DomainKind,
    Link,
    LinkState,
    MasqueradeRule,
    Placement,
    Pods,
    Route,
    Table,
    Topology,
    Tunnel,
)
from scanner.topology.reach import reach_between
from scanner.topology.routes import Pair

AS_POD = (MasqueradeRule(becomes=Becomes.POD, why="test: never rewritten"),)
AS_NODE = (MasqueradeRule(becomes=Becomes.NODE, why="test: always rewritten"),)


def local(*prefixes: str) -> list[Route]:
    """Routes that deliver inside the table's own domain."""
    return [Route(prefix=each, action=Action.LOCAL) for each in prefixes]


def forward(prefix: str, to: str, *tables: str, link: str = "", **more: object) -> Route:
    """A route to another domain, decided there by `tables`."""
    return Route(prefix=prefix, action=Action.FORWARD, to=to, tables=tables, link=link, **more)


def network(name: str, ranges: Sequence[str], *routes: Route, unread: str = "") -> Topology:
    """One VPC with one route table of its name."""
    domain = Domain(id=name, kind=DomainKind.AWS_VPC, cloud=Cloud.AWS, ranges=tuple(ranges), table=name, unread=unread)
    table = Table(id=name, domain=name, routes=(*local(*ranges), *routes))
    return Topology(domains=(domain,), tables=() if unread else (table,))


def hub(name: str, *routes: Route) -> Topology:
    """A transit gateway's route table, which owns no addresses."""
    domain = Domain(id=name, kind=DomainKind.AWS_TRANSIT_GATEWAY, cloud=Cloud.AWS, table=name)
    return Topology(domains=(domain,), tables=(Table(id=name, domain=name, routes=routes),))


def link(name: str, state: LinkState = LinkState.ACTIVE) -> Topology:
    """Something that joins two networks."""
    return Topology(links=(Link(id=name, kind="peering", state=state, evidence="test"),))


def tunnel(name: str, own: str, peer: str, arrives_at: str, *tables: str, **more: object) -> Topology:
    """One end of a VPN."""
    fields = {"state": LinkState.ACTIVE, "kind": "VPN"} | more
    end = Tunnel(id=name, cloud=Cloud.AWS, own=(own,), peer=(peer,), arrives_at=arrives_at, tables=tables, **fields)
    return Topology(tunnels=(end,))


def cluster(name: str, domain: str, nodes: str = "", pods: str = "", **more: object) -> Topology:
    """A cluster that stands in `domain`; its pods keep their addresses unless told otherwise."""
    fields = {"routing": Pods.NATIVE, "masquerade": AS_POD} | more
    placed = Placement(
        cluster=name, domain=domain, nodes=(nodes,) if nodes else (), pods=(pods,) if pods else (), **fields
    )
    return Topology(placements=(placed,))


def peered(*, routes_in_b: bool = True, state: LinkState = LinkState.ACTIVE) -> list[Topology]:
    """Clusters `a` (10.1/16) and `b` (10.2/16) in two VPCs with a peering, and routes on both sides or on one."""
    back = [forward("10.1.0.0/16", "vpc-a", link="pcx")] if routes_in_b else []
    return [
        network("vpc-a", ["10.1.0.0/16"], forward("10.2.0.0/16", "vpc-b", link="pcx")),
        network("vpc-b", ["10.2.0.0/16"], *back),
        link("pcx", state),
        cluster("a", "vpc-a", "10.1.0.0/24"),
        cluster("b", "vpc-b", "10.2.0.0/24"),
    ]


def asked(parts: Sequence[Topology], source: str, destination: str, declared: Declared | None = None) -> Pair:
    """What `source` reaches of `destination`."""
    pairs = list(reach_between(topology_of(parts, declared)))
    return next(each for each in pairs if (each.source, each.destination) == (source, destination))
