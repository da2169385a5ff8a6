"""Ways from pods of one cluster to pods of another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from scanner.baselines.config import DEFAULT_CONFIG
from scanner.enums import Cloud
from scanner.evidence import Statement
from scanner.fabric.member import Opening
from scanner.findings import Path, Status
from scanner.topology.declared import Declared, DeclaredLink
from scanner.topology.model import Action, Becomes, Firewall, Passage, Route, Table, Topology
from tests.scanner.fabric.fleets import domain, judged, link, member, opening, stands

OPEN = Firewall(
    inbound=(Passage(ranges=("10.0.0.0/8",), by="in"),), outbound=(Passage(ranges=("0.0.0.0/0",), by="out"),)
)
AT = "2026-11-23T08:00:00Z"
VOUCHED = tuple(
    Statement(control="NB-XC-01", outcome="pass", date="2026-11-01", signer="net", summary="none", subject=cloud)
    for cloud in ("aws", "gcp")
)
ELSEWHERE = DeclaredLink(name="x", between=("a", "b"), via=("vpn",), to_second=("10.2.250.0/24",), one_way=True)


def world(wall: Firewall | None = OPEN, becomes: Becomes = Becomes.POD) -> Topology:
    """Clusters a and b in two networks, routes both ways over one VPN."""

    def table(name: str, own: str, far: str, other: str) -> Table:
        here = Route(prefix=own, action=Action.LOCAL)
        return Table(
            id=name, domain=name, routes=(here, Route(prefix=far, action=Action.FORWARD, to=other, link="vpn"))
        )

    return Topology(
        domains=(domain("a", "10.1.0.0/16"), domain("b", "10.2.0.0/16", cloud=Cloud.GCP)),
        tables=(table("a", "10.1.0.0/16", "10.2.0.0/16", "b"), table("b", "10.2.0.0/16", "10.1.0.0/16", "a")),
        links=(link("vpn", "a", "b"),),
        placements=(
            stands("a", "a", "10.1.0.0/20", "10.1.16.0/20", becomes, firewall=wall),
            stands("b", "b", "10.2.0.0/20", "10.2.16.0/20", firewall=wall),
        ),
    )


def a_to_b(out: tuple[Opening, ...], into: tuple[Opening, ...], topology: Topology, **more: object):
    """The item about the pair a -> b."""
    members = [member("a", outbound=out, **more), member("b", Cloud.GCP, inbound=into)]
    declared = Declared(links=(ELSEWHERE,))
    result = judged("NB-XC-02", members, topology, DEFAULT_CONFIG, declared, statements=VOUCHED, at=AT)
    return next(item for item in result.items if item.subject == "a -> b")


def test_an_open_way_fails_with_its_hops_in_order():
    """Who leaves, whose address arrives, the route, both firewalls, and who lets it in."""
    item = a_to_b((opening(),), (opening("10.1.0.0-10.1.255.255"),), world())
    assert (item.status, item.reason) == (Status.FAIL, "open-path")
    hops = [line.partition(":")[0] for line in item.evidence[1:]]
    assert hops == ["egress", "source address", "route", "firewall of a", "firewall of b", "ingress"]
    assert "cidrs: [10.2.16.0/20]" in item.remediation


def path_a_to_b(out: tuple[Opening, ...], into: tuple[Opening, ...], topology: Topology) -> Path:
    """The path of the pair a -> b, as results carry it."""
    members = [member("a", outbound=out), member("b", Cloud.GCP, inbound=into)]
    declared = Declared(links=(ELSEWHERE,))
    result = judged("NB-XC-02", members, topology, DEFAULT_CONFIG, declared, statements=VOUCHED, at=AT)
    (path,) = (each for each in result.paths if each.subject == "a -> b")
    return path


def test_an_open_way_is_a_path_for_pictures():
    """The hops are those of the evidence, the link by its kind and name; the ports are those that pass everything."""
    path = path_a_to_b((opening(),), (opening("10.1.0.0-10.1.255.255"),), world(becomes=Becomes.NODE))
    assert (path.kind, path.source, path.destination, path.certain, path.doubts) == (
        "between-clusters", "a", "b", True, (),
    )  # fmt: skip
    assert path.ports == {"TCP": ((443, 443),)}
    assert [(hop.kind, hop.name) for hop in path.hops] == [
        ("workload", "shop/web[Deployment]"),
        ("NAT", "the node's address, 10.1.0.0/20"),
        ("link", "VPN connection vpn"),
        ("firewall", "of a"),
        ("firewall", "of b"),
        ("workload", "shop/web[Deployment]"),
    ]
    assert not any(hop.doubt for hop in path.hops)


def test_what_is_not_known_of_a_way_stands_at_its_hop():
    """An unread firewall, an address that may be rewritten, an opening that is not certain."""
    unsure = opening(certain=False, reason="cannot be told")
    path = path_a_to_b((unsure,), (opening(),), world(None, Becomes.UNKNOWN))
    assert not path.certain
    assert {hop.kind for hop in path.hops if hop.doubt} == {"workload", "NAT", "firewall"}
    assert (path.hops[0].doubt, path.hops[-1].doubt) == ("cannot be told", "")
    assert any("firewalls" in doubt for doubt in path.doubts)


def test_a_closed_way_is_no_path():
    """Nothing is drawn that is closed or declared."""
    members = [member("a", outbound=(opening(port=443),)), member("b", Cloud.GCP, inbound=(opening(port=80),))]
    result = judged(
        "NB-XC-02", members, world(), DEFAULT_CONFIG, Declared(links=(ELSEWHERE,)), statements=VOUCHED, at=AT
    )
    assert (result.paths, result.more_paths) == ((), 0)


@pytest.mark.parametrize(
    ("out", "into"),
    [
        pytest.param((), (opening(),), id="nobody-may-leave"),
        pytest.param((opening(),), (), id="nobody-lets-it-in"),
        pytest.param((opening(port=443),), (opening(port=80),), id="other-ports"),
        pytest.param((opening("10.9.0.0-10.9.255.255"),), (opening(),), id="leaves-to-elsewhere"),
        pytest.param((opening(),), (opening("10.1.0.0-10.1.15.255"),), id="admits-nodes-and-pods-arrive"),
    ],
)
def test_one_closed_end_is_enough(out, into):
    """Whatever the other end and the firewalls say."""
    assert a_to_b(out, into, world()).status is Status.PASS
    assert a_to_b(out, into, world(None)).status is Status.PASS


def test_what_arrives_as_a_node_is_judged_as_one():
    """The address that SNAT leaves is the one that the rules of the other cluster meet."""
    admits_nodes, admits_pods = opening("10.1.0.0-10.1.15.255"), opening("10.1.16.0-10.1.31.255")
    snat = world(becomes=Becomes.NODE)
    assert a_to_b((opening(),), (admits_nodes,), snat).status is Status.FAIL
    assert a_to_b((opening(),), (admits_pods,), snat).status is Status.PASS
    unknown = a_to_b((opening(),), (admits_pods,), world(becomes=Becomes.UNKNOWN))
    assert (unknown.status, unknown.reason) == (Status.UNKNOWN, "possible-path")
    assert "the address that arrives" in unknown.evidence[0]


def test_a_firewall_that_was_not_read_is_an_unknown_hop_and_one_that_refuses_ends_the_way():
    """Unread is never open, and never closed."""
    both = (opening(),), (opening(),)
    assert "firewalls" in a_to_b(*both, world(None)).evidence[0]
    assert a_to_b(*both, world(Firewall(outbound=OPEN.outbound))).status is Status.PASS
    only_80 = Passage(ranges=("10.0.0.0/8",), ports={"TCP": ((80, 80),)})
    assert a_to_b(*both, world(replace(OPEN, inbound=(only_80,)))).status is Status.PASS


def test_what_the_engine_cannot_tell_makes_a_way_possible():
    """An opening that is not certain, or a cluster that was not read whole, never fails and never passes."""
    unsure = opening(certain=False, reason="cannot be told")
    assert a_to_b((unsure,), (opening(),), world()).status is Status.UNKNOWN
    gap = a_to_b((), (opening(),), world(), gaps=("pods were not read",))
    assert (gap.status, gap.reason) == (Status.UNKNOWN, "possible-path")


def test_a_declared_path_is_left_out_as_far_as_it_was_declared():
    """A declaration of part of the other cluster leaves the rest to be judged."""
    members = [member("a", outbound=(opening(),)), member("b", Cloud.GCP, inbound=(opening(),))]
    for carried, status in (("10.2.0.0/16", Status.PASS), ("10.2.16.0/21", Status.FAIL)):
        declared = Declared(links=(replace(ELSEWHERE, to_second=(carried,)),))
        result = judged("NB-XC-02", members, world(), DEFAULT_CONFIG, declared, statements=VOUCHED, at=AT)
        assert next(item for item in result.items if item.subject == "a -> b").status is status


openings = st.builds(
    opening,
    st.sampled_from(["10.1.0.0-10.1.15.255", "10.1.16.0-10.1.31.255", "10.2.16.0-10.2.31.255", "10.7.0.0-10.7.0.9"]),
    st.sampled_from([80, 443]),
    certain=st.booleans(),
)
_RANK = {Status.PASS: 0, Status.UNKNOWN: 1, Status.FAIL: 2}


@given(st.lists(openings, max_size=3), st.lists(openings, max_size=3), openings, st.sampled_from(list(Becomes)))
def test_opening_more_never_makes_a_pair_better(out, into, added, becomes):
    """Another opening at the receiving end keeps the verdict or makes it worse."""
    topology = world(becomes=becomes)
    before = a_to_b(tuple(out), tuple(into), topology).status
    after = a_to_b(tuple(out), (*into, added), topology).status
    assert _RANK[after] >= _RANK[before]
