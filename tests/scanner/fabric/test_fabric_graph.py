"""The links around the clusters as a graph, and which of them a declaration covers."""

from __future__ import annotations

from scanner.enums import Cloud
from scanner.fabric.graph import Graph, covered, declarations
from scanner.topology.build import topology_of
from scanner.topology.declared import DeclaredLink
from scanner.topology.model import Action, Domain, DomainKind, LinkState, Route, Table, Topology, Tunnel
from tests.scanner.fabric.fleets import domain, link


def hubbed() -> Topology:
    """Networks a, b and c at one hub, and d peered with c."""
    hub = Domain(id="hub", kind=DomainKind.AWS_TRANSIT_GATEWAY)
    names = ("a", "b", "c")
    return Topology(
        domains=(hub, *(domain(name, f"10.{at}.0.0/16") for at, name in enumerate((*names, "d")))),
        links=(*(link(f"hub/{name}", "hub", name) for name in names), link("pcx", "c", "d")),
    )


def ids(edges) -> list[str]:
    """The ids of links."""
    return [edge.id for edge in edges]


def test_links_behind_a_hub_are_around_its_networks():
    """What a hub joins is around each network at it; what lies behind another network is not."""
    assert ids(Graph(hubbed()).around(["a"])) == ["hub/a", "hub/b", "hub/c"]


def test_a_way_leads_through_hubs_and_never_through_a_network():
    """Peerings are not transitive: nothing joins a and d, which are only connected by way of network c."""
    graph = Graph(hubbed())
    assert ids(graph.between("a", "b")) == ["hub/a", "hub/b"]
    assert graph.between("a", "d") == ()
    assert "d" in graph.component("a")


def test_inactive_links_are_not_there():
    """A peering that was rejected carries nothing."""
    down = link("pcx", "a", "b", state=LinkState.INACTIVE)
    graph = Graph(Topology(domains=(domain("a"), domain("b")), links=(down,)))
    assert graph.edges == ()


def test_ends_are_told_by_routes_where_no_reader_said_them():
    """A link of an older document has no ends: the tables with routes over it are at them."""
    route = Route(prefix="10.2.0.0/16", action=Action.FORWARD, to="b", link="pcx")
    table = Table(id="t", domain="a", routes=(route,))
    graph = Graph(Topology(domains=(domain("a"), domain("b")), tables=(table,), links=(link("pcx"),)))
    assert graph.edges[0].ends == ("a", "b")


def test_a_tunnel_stands_for_its_attachment_and_a_joined_one_for_both():
    """A VPN at a hub is one link and not two; two ends that name each other are one link as well."""
    attached = Topology(
        domains=(Domain(id="tgw", kind=DomainKind.AWS_TRANSIT_GATEWAY),),
        links=(link("tgw/vpn-1", "tgw", "vpn-1"),),
        tunnels=(
            Tunnel(
                id="vpn-1",
                kind="VPN connection",
                cloud=Cloud.AWS,
                own=("8.8.8.8",),
                peer=("9.9.9.9",),
                arrives_at="tgw",
            ),
            Tunnel(
                id="tun-1", kind="VPN tunnel", cloud=Cloud.GCP, own=("9.9.9.9",), peer=("8.8.8.8",), arrives_at="net"
            ),
        ),
    )
    assert ids(Graph(topology_of([attached])).edges) == ["tun-1 = vpn-1"]


def test_an_id_covers_one_link_and_two_ends_cover_what_joins_them():
    """By `via` the named link alone, of whatever case; by its ends everything on the shortest ways between them."""
    graph = Graph(hubbed())
    by_id = declarations(graph, [DeclaredLink(name="x", between=("a", "b"), via=("HUB/A",))], {})
    assert set(covered(graph, by_id)) == {"hub/a"}
    by_ends = declarations(graph, [DeclaredLink(name="x", between=("one", "b"))], {"one": "a"})
    assert set(covered(graph, by_ends)) == {"hub/a", "hub/b"}


def test_a_tunnel_named_as_an_end_is_covered():
    """Whoever says what is behind a line has declared the line."""
    lone = Topology(
        domains=(domain("a"),),
        tunnels=(Tunnel(id="dx", kind="Direct Connect gateway", cloud=Cloud.AWS, arrives_at="a"),),
    )
    graph = Graph(topology_of([lone]))
    assert set(covered(graph, declarations(graph, [DeclaredLink(name="x", between=("dx", "a"))], {}))) == {"dx"}


def test_circles_of_links_end():
    """Links in a circle, and one from a network to itself, are walked once."""
    circle = tuple(link(f"l{at}", f"h{at}", f"h{(at + 1) % 3}") for at in range(3))
    hubs = tuple(Domain(id=f"h{at}", kind=DomainKind.AWS_TRANSIT_GATEWAY) for at in range(3))
    graph = Graph(
        Topology(domains=(domain("a"), *hubs), links=(*circle, link("in", "a", "h0"), link("self", "a", "a")))
    )
    assert ids(graph.around(["a"])) == ["in", "l0", "l1", "l2", "self"]
    assert graph.between("a", "a") == ()
