"""Joining clouds: certain on evidence, candidates stay unknown, declared links are believed and say so."""

from __future__ import annotations

from scanner.model import Cloud
from scanner.topology.build import topology_of
from scanner.topology.declared import Declared, DeclaredLink, DeclaredZone
from scanner.topology.joins import Certainty, joins_of
from scanner.topology.model import LinkState, Topology, Unread
from scanner.topology.routes import Verdict
from tests.scanner.topology.networks import asked, cluster, forward, hub, network, tunnel

AWS_OUTSIDE, GCP_OUTSIDE = "52.10.20.30", "34.100.20.30"


def across(*tunnels: Topology) -> list[Topology]:
    """An AWS VPC and a GCP network, each with a route into a VPN of its own."""
    return [
        network("vpc-a", ["10.1.0.0/16"], forward("10.5.0.0/16", "vpn-1", "vpn-1")),
        network("net-b", ["10.5.0.0/16"], forward("10.1.0.0/16", "tun-1", "tun-1")),
        cluster("a", "vpc-a", "10.1.0.0/24"),
        cluster("b", "net-b", "10.5.0.0/24"),
        *tunnels,
    ]


def ends(**second: object) -> list[Topology]:
    """Both ends of one VPN, whose outside addresses name each other."""
    return [
        tunnel("vpn-1", AWS_OUTSIDE, GCP_OUTSIDE, "vpc-a"),
        tunnel("tun-1", GCP_OUTSIDE, AWS_OUTSIDE, "net-b", **second),
    ]


def test_outside_addresses_that_match_on_both_ends_join_two_clouds():
    """The strongest evidence there is: then the walk goes through, and the path shows the join."""
    pair = asked(across(*ends()), "a", "b")
    assert pair.verdict is Verdict.ROUTABLE
    assert "vpn-1: 0.0.0.0/0 forward -> net-b over tun-1 = vpn-1 (active)" in pair.parts[0].path


def test_a_tunnel_that_is_down_leaves_it_open():
    """It may come up again."""
    assert asked(across(*ends(state=LinkState.UNKNOWN)), "a", "b").verdict is Verdict.UNKNOWN


def test_of_two_tunnels_to_one_place_one_that_is_up_is_enough():
    """A VPN connection has two tunnels for that reason."""
    spare = tunnel("tun-2", GCP_OUTSIDE, AWS_OUTSIDE, "net-b", state=LinkState.UNKNOWN)
    assert asked(across(*ends(), spare), "a", "b").verdict is Verdict.ROUTABLE


def test_one_matching_address_proves_nothing():
    """The other end may be anybody who knows the address; the reason says which link to declare."""
    parts = [
        tunnel("vpn-1", AWS_OUTSIDE, GCP_OUTSIDE, "vpc-a"),
        tunnel("tun-1", "34.100.20.31", AWS_OUTSIDE, "net-b"),
    ]
    pair = asked(across(*parts), "a", "b")
    assert pair.verdict is Verdict.UNKNOWN
    assert "tun-1 (outside address 52.10.20.30 matches on one end only)" in pair.reason


def test_as_numbers_prove_nothing():
    """Private AS numbers are chosen by everybody."""
    parts = [
        tunnel("vpn-1", AWS_OUTSIDE, "198.51.100.1", "vpc-a", own_asn=64512, peer_asn=65000),
        tunnel("tun-1", GCP_OUTSIDE, "198.51.100.2", "net-b", own_asn=65000, peer_asn=64512),
    ]
    assert asked(across(*parts), "a", "b").verdict is Verdict.UNKNOWN
    (join,) = joins_of(topology_of(parts).tunnels)
    assert join.certainty is Certainty.CANDIDATE


def test_private_outside_addresses_are_no_proof():
    """Two sites may both use 10.0.0.1 inside a private circuit."""
    parts = [tunnel("vpn-1", "10.0.0.1", "10.0.0.2", "vpc-a"), tunnel("tun-1", "10.0.0.2", "10.0.0.1", "net-b")]
    assert asked(across(*parts), "a", "b").verdict is Verdict.UNKNOWN


def test_a_declared_link_joins_what_no_api_can():
    """An Interconnect and a Direct Connect that meet in an exchange: routable, and the evidence says who said so."""
    parts = across(
        tunnel("vpn-1", "", "", "vpc-a", kind="Direct Connect"), tunnel("tun-1", "", "", "net-b", kind="Interconnect")
    )
    assert asked(parts, "a", "b").verdict is Verdict.UNKNOWN
    declared = Declared(links=(DeclaredLink(name="exchange", between=("vpn-1", "tun-1")),))
    pair = asked(parts, "a", "b", declared)
    assert pair.verdict is Verdict.ROUTABLE
    assert any("declared:exchange (declared)" in step for step in pair.parts[0].path)


OFFICE = DeclaredZone(name="office", ranges=("192.168.10.0/24",))


def test_a_declared_zone_reaches_what_its_declared_links_carry():
    """Both ways, over the tunnel it was declared behind, and no further than the link carries."""
    parts = [
        network("vpc-a", ["10.1.0.0/16"], forward("192.168.0.0/16", "vpn-1", "vpn-1")),
        cluster("a", "vpc-a", "10.1.0.0/24"),
        tunnel("vpn-1", AWS_OUTSIDE, "81.2.69.1", "vpc-a"),
    ]
    wide = Declared(zones=(OFFICE,), links=(DeclaredLink(name="vpn", between=("office", "vpn-1")),))
    assert asked(parts, "a", "office", wide).verdict is Verdict.ROUTABLE
    assert asked(parts, "office", "a", wide).verdict is Verdict.ROUTABLE
    narrow = DeclaredLink(name="vpn", between=("office", "vpn-1"), to_second=("10.99.0.0/16",))
    assert asked(parts, "office", "a", Declared(zones=(OFFICE,), links=(narrow,))).verdict is Verdict.UNKNOWN


def test_a_zone_without_a_link_is_not_reached():
    """No route leads there; what the zone itself could send has no way back."""
    parts = [network("vpc-a", ["10.1.0.0/16"]), cluster("a", "vpc-a", "10.1.0.0/24")]
    declared = Declared(zones=(OFFICE,))
    assert asked(parts, "a", "office", declared).verdict is Verdict.NOT_ROUTABLE
    assert asked(parts, "office", "a", declared).verdict is Verdict.NOT_ROUTABLE


def test_a_declared_link_to_something_that_nobody_read_is_a_note():
    """A misspelt name must not end in silence."""
    declared = Declared(zones=(OFFICE,), links=(DeclaredLink(name="vpn", between=("office", "vpn-9")),))
    whole = topology_of([hub("tgw")], declared)
    assert whole.notes == ("declared link vpn: vpn-9 is no zone, tunnel or network that was read",)


def test_a_declared_link_may_name_a_network_itself():
    """Its tables get the route, behind those that the cloud reports for the same prefix."""
    parts = [network("vpc-a", ["10.1.0.0/16"]), cluster("a", "vpc-a", "10.1.0.0/24")]
    declared = Declared(zones=(OFFICE,), links=(DeclaredLink(name="leased line", between=("vpc-a", "office")),))
    assert asked(parts, "a", "office", declared).verdict is Verdict.ROUTABLE


def test_what_could_not_be_read_stands_in_one_order_whichever_part_came_first():
    """Parts are read at once and end in any order: two runs over the same clouds say the same, byte for byte."""
    parts = [
        Topology(unread=(Unread(cloud=Cloud.AZURE, account=name, what="routeTables", reason="denied"),), notes=(name,))
        for name in ("b", "a", "c")
    ]
    whole = topology_of(parts)
    assert [each.account for each in whole.unread] == ["a", "b", "c"]
    assert topology_of([*reversed(parts), *parts]) == whole
