"""The network around GKE clusters, read through google-auth's real session from a server that replays recorded answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession

from infra.clouds.gke.network import PERMISSIONS, read_network, shared_vpc_host
from scanner.topology.build import topology_of
from scanner.topology.document import encode
from scanner.topology.model import Action, LinkState, Placement, Pods, Topology
from scanner.topology.reach import reach_between
from scanner.topology.routes import Kind, Pair, Verdict
from tests.infra.clouds.gke.network_answers import NET_A, NET_B, PLANTED, REGION, WEB, exchanged, project, vpn
from tests.infra.clouds.rest_server import RestServer
from tests.scanner.topology.networks import AS_POD, forward, network, tunnel


@pytest.fixture
def server() -> Iterator[RestServer]:
    """Two projects with a peered network each, nodes and pods in both."""
    answers = project(
        "host-a", NET_A, "10.1.0.0/20", "10.4.0.0/14", far=NET_B, imported=exchanged("10.2.0.0/20", "10.8.0.0/14")
    )
    answers |= project(
        "host-b", NET_B, "10.2.0.0/20", "10.8.0.0/14", far=NET_A, imported=exchanged("10.1.0.0/20", "10.4.0.0/14")
    )
    with RestServer(answers) as running:
        yield running


def read(server: RestServer, name: str, **more: Any) -> Topology:
    """One project's part, over a real session."""
    with AuthorizedSession(AnonymousCredentials()) as session:
        return read_network(session, project=name, endpoint=server.url, **more)


def cluster(name: str, domain: str, nodes: str, pods: str) -> Topology:
    """A VPC-native cluster."""
    placed = Placement(
        cluster=name, domain=domain, nodes=(nodes,), pods=(pods,), routing=Pods.NATIVE, masquerade=AS_POD
    )
    return Topology(placements=(placed,))


ENDS = (cluster("a", NET_A, "10.1.0.0/20", "10.4.0.0/14"), cluster("b", NET_B, "10.2.0.0/20", "10.8.0.0/14"))


def between(*parts: Topology) -> Pair:
    """What cluster `a` reaches of cluster `b`."""
    pairs = reach_between(topology_of([*parts, *ENDS]))
    return next(each for each in pairs if (each.source, each.destination) == ("a", "b"))


def test_pod_ranges_are_always_exchanged_over_a_peering(server):
    """Secondary ranges are subnet routes: pods reach pods, both ways."""
    a, b = read(server, "host-a"), read(server, "host-b")
    assert a.unread == b.unread == ()
    pair = between(a, b)
    verdicts = {(part.source, part.destination): part.verdict for part in pair.parts}
    assert verdicts == dict.fromkeys(
        [(source, to) for source in (Kind.NODE, Kind.POD) for to in (Kind.NODE, Kind.POD)], Verdict.ROUTABLE
    )


def test_a_peered_project_that_was_not_read_is_unknown(server):
    """Its network is known by name; nothing is said of it."""
    pair = between(read(server, "host-a"))
    assert pair.verdict is Verdict.UNKNOWN
    assert "project host-b was not read" in pair.reason


def test_an_inactive_peering_carries_nothing(server):
    """One side alone configured it."""
    server.answers["/projects/host-b/global/networks"]["items"][0]["peerings"][0]["state"] = "INACTIVE"
    assert between(read(server, "host-a"), read(server, "host-b")).verdict is Verdict.NOT_ROUTABLE


def test_peering_is_not_transitive(server):
    """A third network peered with the second: no route of the first leads there."""
    third = "projects/host-c/global/networks/third"
    peerings = server.answers["/projects/host-b/global/networks"]["items"][0]["peerings"]
    peerings.append({"name": "to-third", "network": f"{WEB}/{third}", "state": "ACTIVE"})
    server.answers["/projects/host-b/global/networks/data/listPeeringRoutes?peeringName=to-third"] = {
        "items": exchanged("10.3.0.0/20")
    }
    server.answers |= project(
        "host-c", third, "10.3.0.0/20", "10.12.0.0/14", far=NET_B, imported=exchanged("10.2.0.0/20")
    )
    parts = [read(server, name) for name in ("host-a", "host-b", "host-c")]
    c = cluster("c", third, "10.3.0.0/20", "10.12.0.0/14")
    pairs = {(each.source, each.destination): each for each in reach_between(topology_of([*parts, *ENDS, c]))}
    assert pairs["a", "c"].verdict is Verdict.NOT_ROUTABLE
    assert pairs["b", "c"].verdict is Verdict.ROUTABLE


DENIED = (
    403,
    {"error": {"code": 403, "errors": [{"reason": "forbidden"}], "message": f"{PLANTED} Required permission"}},
)


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("global/networks", "compute.networks.list"),
        ("aggregated/subnetworks", "compute.subnetworks.list"),
        ("global/routes", "compute.routes.list"),
        ("aggregated/routers", "compute.routers.list"),
        ("global/networks/prod/listPeeringRoutes", "compute.networks.listPeeringRoutes"),
    ],
)
def test_no_denied_list_makes_a_pair_routable_or_not_routable_where_it_matters(server, path, permission):
    """The permission is named, and what depends on it is unknown; subnet routes of a peer do not depend on routers."""
    server.answers[f"/projects/host-a/{path}"] = DENIED
    part = read(server, "host-a")
    assert {each.permission for each in part.unread} == {permission}
    assert {each.reason for each in part.unread} == {"HTTP 403 forbidden"}
    expected = Verdict.ROUTABLE if path == "aggregated/routers" else Verdict.UNKNOWN
    assert between(part, read(server, "host-b")).verdict is expected


def test_a_region_that_did_not_answer_makes_the_list_partial(server):
    """A warning of a scope and `unreachables` are no empty regions."""
    scopes = server.answers["/projects/host-a/aggregated/subnetworks"]
    scopes["items"]["regions/asia-east1"] = {"warning": {"code": "UNREACHABLE", "message": "later"}}
    part = read(server, "host-a")
    assert part.unread[0].reason == "no answer from regions/asia-east1"
    assert between(part, read(server, "host-b")).verdict is Verdict.UNKNOWN
    scopes["items"].pop("regions/asia-east1")
    scopes["unreachables"] = ["regions/us-east1"]
    assert read(server, "host-a").unread[0].reason == "no answer from regions/us-east1"


def test_pages_are_read_to_their_end_and_a_token_that_repeats_ends_them(server):
    """The next page is asked for by token; a server that gives the same token for ever is not believed."""
    base = "/projects/host-a/global/routes"
    first, second = server.answers[base]["items"]
    server.answers[base] = {"items": [first], "nextPageToken": "t/2&x"}
    server.answers[f"{base}?pageToken=t/2%26x"] = {"items": [second]}
    assert read(server, "host-a").unread == ()
    server.answers[f"{base}?pageToken=t/2%26x"] = {"items": [], "nextPageToken": "t/2&x"}
    (missing,) = read(server, "host-a").unread
    assert missing.reason == "its pages have no end"


@pytest.mark.parametrize("dynamic", [True, False], ids=["learned", "static"])
def test_a_tunnel_joins_aws_on_its_outside_addresses_and_its_secret_stays(server, dynamic):
    """Both ends name each other; the shared secret, its hash and the router's keys never come out."""
    vpn(server, dynamic=dynamic)
    part = read(server, "host-a")
    assert part.unread == ()
    (end,) = part.tunnels
    assert (end.own, end.peer, end.own_asn, end.peer_asn) == (("34.100.20.30",), ("52.10.20.30",), 65010, 64600)
    assert end.state is LinkState.ACTIVE
    assert PLANTED not in encode(part).decode() + repr(part)
    far = [
        network("vpc-x", ["10.50.0.0/16"], forward("10.1.0.0/16", "vpn-1", "vpn-1")),
        tunnel("vpn-1", "52.10.20.30", "34.100.20.30", "vpc-x"),
        Topology(placements=(Placement(cluster="x", domain="vpc-x", nodes=("10.50.0.0/24",)),)),
    ]
    pairs = {(each.source, each.destination): each for each in reach_between(topology_of([part, *far, *ENDS]))}
    assert pairs["a", "x"].verdict is Verdict.ROUTABLE
    assert pairs["x", "a"].verdict is Verdict.ROUTABLE


def test_a_router_whose_status_is_not_readable_leaves_what_it_may_have_learned_unknown(server):
    """Subnets and peers stay as they are; everything else may have a more specific route that nobody saw."""
    vpn(server, dynamic=False)
    server.answers.pop(f"/projects/host-a/regions/{REGION}/routers/cr/getRouterStatus")
    part = read(server, "host-a")
    assert [each.permission for each in part.unread] == ["compute.routers.get"]
    assert between(part, read(server, "host-b")).verdict is Verdict.ROUTABLE
    (table,) = [each for each in part.tables if each.id == f"{NET_A}#{REGION}"]
    beyond = {each.prefix: each.action for each in table.routes if each.prefix in {"0.0.0.0/0", "10.50.0.0/16"}}
    assert set(beyond.values()) == {Action.UNKNOWN}


def test_routes_for_tagged_instances_and_next_hops_that_are_machines_are_not_followed(server):
    """A tag may or may not be on the nodes; an instance may do anything with a packet."""
    routes = server.answers["/projects/host-a/global/routes"]["items"]
    own = {"network": f"{WEB}/{NET_A}", "priority": 10}
    routes += [
        own | {"destRange": "10.2.0.0/21", "nextHopIlb": "10.1.0.9"},
        own | {"destRange": "10.2.8.0/21", "tags": ["fw"], "nextHopGateway": "x/default-internet-gateway"},
        own | {"destRange": "10.60.0.0/16", "nextHopHub": f"{WEB}/projects/host-a/locations/global/hubs/h"},
    ]
    pair = between(read(server, "host-a"), read(server, "host-b"))
    to_nodes = {part.verdict for part in pair.parts if part.destination is Kind.NODE}
    assert to_nodes == {Verdict.UNKNOWN}
    assert any("internal load balancer" in part.reason for part in pair.parts)


HARMLESS = {"aggregated/vpnTunnels", "aggregated/routers"}  # a peer's subnets do not depend on them


@pytest.mark.parametrize(
    "body",
    [
        b"<html>proxy</html>",
        b"[]",
        b'{"items": 7}',
        b'{"items": [7, {"selfLink": 3}]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize(
    "path",
    ["global/networks", "aggregated/subnetworks", "global/routes", "aggregated/vpnTunnels", "aggregated/routers"],
)
def test_odd_answers_are_not_taken_for_empty_ones(server, path, body):
    """Whatever comes, the result is a topology that can be stored, and what could not be understood is unread."""
    server.answers[f"/projects/host-a/{path}"] = body
    part = read(server, "host-a")
    assert encode(part)
    assert part.unread
    pair = between(part, read(server, "host-b"))
    assert pair.verdict is (Verdict.ROUTABLE if path in HARMLESS else Verdict.UNKNOWN)


def test_no_answer_at_all_is_unread_and_repeats_no_address(server):
    """A connection that fails is one entry a call, without the transport's own words."""
    with AuthorizedSession(AnonymousCredentials()) as session:
        part = read_network(session, project="host-a", endpoint="http://127.0.0.1:9")
    assert part.domains == ()
    assert {each.reason for each in part.unread} == {"ConnectionError: no usable answer"}


def test_the_host_project_of_a_shared_vpc(server):
    """Its network is where the clusters of service projects stand; a project without one has none."""
    server.answers["/projects/svc/getXpnHost"] = {"name": "host-a", "kind": "compute#project"}
    server.answers["/projects/alone/getXpnHost"] = {}
    server.answers["/projects/shut/getXpnHost"] = DENIED
    with AuthorizedSession(AnonymousCredentials()) as session:
        assert shared_vpc_host(session, project="svc", endpoint=server.url) == ("host-a", ())
        assert shared_vpc_host(session, project="alone", endpoint=server.url) == ("", ())
        host, unread = shared_vpc_host(session, project="shut", endpoint=server.url)
    assert host == ""
    assert [each.permission for each in unread] == ["compute.projects.get"]


def test_every_permission_that_can_be_missing_is_listed(server):
    """Refuse everything: what is named then is what the documentation lists, and peerings and routers need theirs."""
    server.answers = dict.fromkeys(server.answers, DENIED)
    missing = {each.permission for each in read(server, "host-a").unread}
    assert missing < set(PERMISSIONS)
    further = {"compute.networks.listPeeringRoutes", "compute.routers.get", "compute.projects.get"}
    assert set(PERMISSIONS) - missing == further
