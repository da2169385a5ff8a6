"""Routability between clusters: a named case for each rule."""

from __future__ import annotations

import pytest

from scanner.topology.build import topology_of
from scanner.topology.model import Action, Becomes, Domain, DomainKind, LinkState, Pods, Route, Subnet, Table, Topology
from scanner.topology.reach import overlaps, reach_between
from scanner.topology.routes import Kind, Verdict
from tests.scanner.topology.networks import AS_NODE, AS_POD, asked, cluster, forward, hub, link, local, network, peered

UNSURE = ()


def test_peering_with_routes_on_both_sides_is_routable():
    """An active peering and a route each way: routable, and the ways there and back are the evidence."""
    pair = asked(peered(), "a", "b")
    assert pair.verdict is Verdict.ROUTABLE
    (part,) = pair.parts
    assert part.path == ("vpc-a: 10.2.0.0/16 forward -> vpc-b over pcx (active)",)
    assert part.back == ("vpc-b: 10.1.0.0/16 forward -> vpc-a over pcx (active)",)
    assert (part.sources, part.destinations) == (("10.1.0.0/24",), ("10.2.0.0/24",))


def test_a_missing_return_route_is_not_routable():
    """Packets that arrive and are never answered make no connection."""
    pair = asked(peered(routes_in_b=False), "a", "b")
    assert pair.verdict is Verdict.NOT_ROUTABLE
    assert pair.reason == "no way back: vpc-b has no route"


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        pytest.param(LinkState.INACTIVE, Verdict.NOT_ROUTABLE, id="deleted"),
        pytest.param(LinkState.UNKNOWN, Verdict.UNKNOWN, id="cannot-be-seen"),
        pytest.param(LinkState.DECLARED, Verdict.ROUTABLE, id="declared"),
    ],
)
def test_the_state_of_a_link_decides(state, verdict):
    """A link that is not active carries nothing; one whose state nobody saw leaves it open."""
    assert asked(peered(state=state), "a", "b").verdict is verdict


def test_a_route_over_a_link_that_nobody_read_is_unknown():
    """The link itself may be missing from what was read."""
    parts = [part for part in peered() if not part.links]
    assert asked(parts, "a", "b").verdict is Verdict.UNKNOWN


def test_peering_is_not_transitive():
    """a-b and b-c are peered: b delivers to itself and forwards nothing, whatever its own routes say."""
    parts = [
        network("vpc-a", ["10.1.0.0/16"], forward("10.0.0.0/8", "vpc-b", link="ab")),
        network("vpc-b", ["10.2.0.0/16"], forward("10.1.0.0/16", "vpc-a"), forward("10.3.0.0/16", "vpc-c")),
        network("vpc-c", ["10.3.0.0/16"], forward("10.0.0.0/8", "vpc-b")),
        link("ab"),
        cluster("a", "vpc-a", "10.1.0.0/24"),
        cluster("c", "vpc-c", "10.3.0.0/24"),
    ]
    pair = asked(parts, "a", "c")
    assert pair.verdict is Verdict.NOT_ROUTABLE
    assert pair.reason == "no route of vpc-a leads to vpc-c"
    assert topology_of(parts).domains[0].id == "vpc-a"


@pytest.mark.parametrize("action", [Action.DROP, Action.APPLIANCE, Action.UNKNOWN, Action.INTERNET])
def test_what_a_more_specific_route_does_goes_before_the_peering(action):
    """The longest prefix decides: a black hole ends there, an appliance or something unseen leaves it open."""
    expected = Verdict.UNKNOWN if action in {Action.APPLIANCE, Action.UNKNOWN} else Verdict.NOT_ROUTABLE
    parts = peered()
    table = parts[0].tables[0]
    more = Route(prefix="10.2.0.0/25", action=action)
    parts[0] = Topology(
        domains=parts[0].domains, tables=(Table(id="vpc-a", domain="vpc-a", routes=(*table.routes, more)),)
    )
    pair = asked(parts, "a", "b")
    by_destination = {part.destinations: part.verdict for part in pair.parts}
    assert by_destination == {("10.2.0.0/25",): expected, ("10.2.0.128/25",): Verdict.ROUTABLE}
    assert pair.verdict is Verdict.ROUTABLE


def hub_and_spokes(*, hub_routes=(("10.1.0.0/16", "vpc-a"), ("10.2.0.0/16", "vpc-b"))) -> list[Topology]:
    """Two VPCs on one transit gateway."""
    return [
        network("vpc-a", ["10.1.0.0/16"], forward("10.0.0.0/8", "tgw", "tgw")),
        network("vpc-b", ["10.2.0.0/16"], forward("10.0.0.0/8", "tgw", "tgw")),
        hub("tgw", *(forward(prefix, to) for prefix, to in hub_routes)),
        cluster("a", "vpc-a", "10.1.0.0/24"),
        cluster("b", "vpc-b", "10.2.0.0/24"),
    ]


def test_a_transit_gateway_joins_its_spokes():
    """Three hops there and three back."""
    assert asked(hub_and_spokes(), "a", "b").verdict is Verdict.ROUTABLE


def test_a_transit_gateway_whose_table_lacks_a_route_back_does_not():
    """Separate route tables are how spokes are kept apart."""
    parts = hub_and_spokes(hub_routes=(("10.2.0.0/16", "vpc-b"),))
    assert asked(parts, "a", "b").verdict is Verdict.NOT_ROUTABLE


def test_a_transit_gateway_of_an_account_that_was_not_read_is_unknown():
    """Its route tables are visible to their owner only; the reason names it."""
    parts = [part for part in hub_and_spokes() if not any(each.id == "tgw" for each in part.domains)]
    pair = asked(parts, "a", "b")
    assert pair.verdict is Verdict.UNKNOWN
    assert "tgw was not read" in pair.reason


def test_a_network_that_was_not_read_is_unknown():
    """The peering is there, the other account is not."""
    parts = peered()
    parts[1] = network("vpc-b", [], unread="account 222222222222: denied")
    pair = asked(parts, "a", "b")
    assert pair.verdict is Verdict.UNKNOWN
    assert "account 222222222222: denied" in pair.reason


def test_a_circle_of_routes_ends():
    """Two hubs that send a destination to each other deliver nothing."""
    parts = [
        network("vpc-a", ["10.1.0.0/16"], forward("10.9.0.0/16", "t1", "t1")),
        hub("t1", forward("10.9.0.0/16", "t2", "t2")),
        hub("t2", forward("10.9.0.0/16", "t1", "t1")),
        network("vpc-b", ["10.9.0.0/16"], forward("10.1.0.0/16", "vpc-a")),
        cluster("a", "vpc-a", "10.1.0.0/24"),
        cluster("b", "vpc-b", "10.9.0.0/24"),
    ]
    assert asked(parts, "a", "b").verdict is Verdict.NOT_ROUTABLE


def test_equal_routes_that_end_differently_are_unknown():
    """Packets may take either of two routes of one prefix and priority."""
    parts = peered()
    both = (*parts[0].tables[0].routes, Route(prefix="10.2.0.0/16", action=Action.DROP))
    parts[0] = Topology(domains=parts[0].domains, tables=(Table(id="vpc-a", domain="vpc-a", routes=both),))
    pair = asked(parts, "a", "b")
    assert pair.verdict is Verdict.UNKNOWN
    assert "equal routes end differently" in pair.reason


def test_a_lower_priority_number_wins():
    """Of two routes for one prefix the worse one does not matter."""
    parts = peered()
    both = (*parts[0].tables[0].routes, Route(prefix="10.2.0.0/16", action=Action.DROP, priority=1))
    parts[0] = Topology(domains=parts[0].domains, tables=(Table(id="vpc-a", domain="vpc-a", routes=both),))
    assert asked(parts, "a", "b").verdict is Verdict.ROUTABLE


def test_overlapping_ranges_are_resolved_in_the_sources_own_network_first():
    """10.1/16 is in both networks: `a` reaches its own, and the overlap is reported."""
    parts = [
        network("vpc-a", ["10.1.0.0/16"], forward("10.1.0.0/16", "vpc-b", priority=5)),
        network("vpc-b", ["10.1.0.0/16"], forward("10.1.0.0/16", "vpc-a", priority=5)),
        cluster("a", "vpc-a", "10.1.0.0/24"),
        cluster("b", "vpc-b", "10.1.0.0/24"),
    ]
    pair = asked(parts, "a", "b")
    assert pair.verdict is Verdict.NOT_ROUTABLE
    (overlap,) = overlaps(topology_of(parts))
    assert (overlap.ranges, overlap.sites) == (("10.1.0.0/24",), ("a", "b"))


def test_a_clusters_own_service_range_makes_a_destination_ambiguous():
    """An address that the source also uses for its own Services may never leave it."""
    parts = peered()
    parts[3] = cluster("a", "vpc-a", "10.1.0.0/24", services=("10.2.0.0/25",))
    verdicts = {part.destinations: part.verdict for part in asked(parts, "a", "b").parts}
    assert verdicts == {("10.2.0.0/25",): Verdict.UNKNOWN, ("10.2.0.128/25",): Verdict.ROUTABLE}


def test_overlay_pods_are_never_reached_from_outside_and_leave_as_their_node():
    """AKS overlay: the pod range is known to the nodes alone."""
    parts = peered()
    parts[4] = cluster("b", "vpc-b", "10.2.0.0/24", "10.244.0.0/16", routing=Pods.OVERLAY, masquerade=AS_NODE)
    inward = [part for part in asked(parts, "a", "b").parts if part.destination is Kind.POD]
    assert {part.verdict for part in inward} == {Verdict.NOT_ROUTABLE}
    (outward,) = [part for part in asked(parts, "b", "a").parts if part.source is Kind.POD]
    assert (outward.verdict, outward.seen_as) == (Verdict.ROUTABLE, Becomes.NODE)
    assert (outward.sources, outward.seen) == (("10.244.0.0/16",), ("10.2.0.0/24",))


def test_two_overlays_may_share_a_pod_range():
    """What one cluster keeps for its own pods never leaves it, even where routes exist."""
    parts = peered()
    pods = {"routing": Pods.OVERLAY, "masquerade": AS_NODE}
    parts[3] = cluster("a", "vpc-a", "10.1.0.0/24", "10.244.0.0/16", **pods)
    parts[4] = cluster("b", "vpc-b", "10.2.0.0/24", "10.244.0.0/16", **pods)
    assert [each.sites for each in overlaps(topology_of(parts))] == [("a", "b")]
    assert asked(parts, "a", "b").verdict is Verdict.ROUTABLE  # to the nodes


def test_pods_that_are_translated_need_a_way_back_to_their_node():
    """Pods in a second range without a way back are reachable again once they carry their node's address."""
    parts = [
        network("vpc-a", ["10.1.0.0/16", "100.64.0.0/16"], forward("10.2.0.0/16", "vpc-b")),
        network("vpc-b", ["10.2.0.0/16"], forward("10.1.0.0/16", "vpc-a")),
        cluster("b", "vpc-b", "10.2.0.0/24"),
    ]
    for rules, expected in ((AS_POD, Verdict.NOT_ROUTABLE), (AS_NODE, Verdict.ROUTABLE), (UNSURE, Verdict.UNKNOWN)):
        placed = cluster("a", "vpc-a", "10.1.0.0/24", "100.64.0.0/16", masquerade=rules)
        pods = [part for part in asked([*parts, placed], "a", "b").parts if part.source is Kind.POD]
        assert {part.verdict for part in pods} == {expected}


def test_a_range_that_is_not_known_leaves_open_what_its_network_could_reach():
    """Nodes of unknown subnets: unknown where the network is routable at all, "no" where it is not."""
    missing = {"unread": {"node": "Karpenter may put them anywhere"}}
    parts = peered()
    parts[4] = cluster("b", "vpc-b", **missing)
    pair = asked(parts, "a", "b")
    assert pair.verdict is Verdict.UNKNOWN
    assert "Karpenter may put them anywhere" in pair.reason
    cut = [*peered(routes_in_b=False)[:4], cluster("b", "vpc-b", **missing)]
    assert asked(cut, "a", "b").verdict is Verdict.NOT_ROUTABLE


def test_subnets_of_one_network_have_tables_of_their_own():
    """Only the subnet whose table has the route gets out."""
    domain = Domain(id="vpc-a", kind=DomainKind.AWS_VPC, ranges=("10.1.0.0/16",), table="main")
    subnets = (
        Subnet(id="s1", domain="vpc-a", ranges=("10.1.0.0/25",), table="open"),
        Subnet(id="s2", domain="vpc-a", ranges=("10.1.0.128/25",)),
    )
    way = forward("10.2.0.0/16", "vpc-b")
    tables = (
        Table(id="main", domain="vpc-a", routes=tuple(local("10.1.0.0/16"))),
        Table(id="open", domain="vpc-a", routes=(*local("10.1.0.0/16"), way)),
    )
    parts = [Topology(domains=(domain,), subnets=subnets, tables=tables), *peered()[1:]]
    verdicts = {part.sources: part.verdict for part in asked(parts, "a", "b").parts}
    assert verdicts == {("10.1.0.0/25",): Verdict.ROUTABLE, ("10.1.0.128/25",): Verdict.NOT_ROUTABLE}


def test_a_route_may_carry_some_sources_and_take_some_destinations_only():
    """Policy-based tunnels and attachments in some zones: what they do not carry is dropped."""
    parts = peered()
    way = forward("10.2.0.0/16", "vpc-b", sources=("10.1.0.0/25",), accepts=("10.2.0.0/25",))
    parts[0] = network("vpc-a", ["10.1.0.0/16"], way)
    routable = [part for part in asked(parts, "a", "b").parts if part.verdict is Verdict.ROUTABLE]
    assert [(part.sources, part.destinations) for part in routable] == [(("10.1.0.0/25",), ("10.2.0.0/25",))]


def test_a_public_address_over_the_internet_is_unknown_and_a_private_one_is_not_routable():
    """An internet gateway leads to public load balancers, which routes do not show; private addresses end there."""
    out = Route(prefix="0.0.0.0/0", action=Action.INTERNET)
    parts = [
        network("vpc-a", ["10.1.0.0/16"], out),
        network("vpc-b", ["10.2.0.0/16"], out),
        cluster("a", "vpc-a", "10.1.0.0/24"),
        cluster("b", "vpc-b", "10.2.0.0/24", load_balancers=("52.95.110.1/32",)),
    ]
    verdicts = {part.destination: part.verdict for part in asked(parts, "a", "b").parts}
    assert verdicts == {Kind.NODE: Verdict.NOT_ROUTABLE, Kind.LOAD_BALANCER: Verdict.NOT_ROUTABLE}
    assert "no way back" in asked(parts, "a", "b").parts[1].reason


def test_ipv6_has_routes_of_its_own():
    """A dual-stack network may be joined for one family only."""
    parts = [
        network("vpc-a", ["10.1.0.0/16", "fd00:1::/64"], forward("fd00:2::/64", "vpc-b")),
        network("vpc-b", ["10.2.0.0/16", "fd00:2::/64"], forward("fd00:1::/64", "vpc-a")),
        cluster("a", "vpc-a", "fd00:1::/80"),
        cluster("b", "vpc-b", "fd00:2::/80"),
        cluster("b4", "vpc-b", "10.2.0.0/24"),
    ]
    assert asked(parts, "a", "b").verdict is Verdict.ROUTABLE
    assert asked(parts, "a", "b4").verdict is Verdict.NOT_ROUTABLE


def test_the_shortcut_answers_as_the_whole_question():
    """Leaving out pairs that no route joins leaves out just those that are not routable."""
    parts = [*peered(), network("vpc-c", ["10.3.0.0/16"]), cluster("c", "vpc-c", "10.3.0.0/24")]
    whole = list(reach_between(topology_of(parts)))
    assert len(whole) == 6
    joined = [each for each in whole if each.verdict is not Verdict.NOT_ROUTABLE]
    assert list(reach_between(topology_of(parts), every=False)) == joined
