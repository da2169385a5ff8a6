"""The network around AKS clusters, read through azure.core's real pipeline from a server that replays recorded answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core import PipelineClient
from azure.core.pipeline.policies import RetryPolicy

from infra.clouds.aks.network import PERMISSIONS, read_network
from scanner.topology.build import topology_of
from scanner.topology.document import encode
from scanner.topology.model import LinkState, Placement, Topology
from scanner.topology.reach import reach_between
from scanner.topology.routes import Pair, Verdict
from tests.infra.clouds.aks.network_answers import PLANTED, SUBSCRIPTIONS, estate, listing, peering, subnet, vnet_id
from tests.infra.clouds.rest_server import RestServer
from tests.scanner.topology.networks import forward, network, tunnel


@pytest.fixture
def server() -> Iterator[RestServer]:
    """The estate."""
    with RestServer(estate()) as running:
        yield running


def read(server: RestServer, *names: str) -> list[Topology]:
    """The parts of some subscriptions, over a real pipeline without retries."""
    with PipelineClient(server.url, policies=[RetryPolicy(retry_total=0)]) as client:
        return [read_network(client, subscription=SUBSCRIPTIONS[name], endpoint=server.url) for name in names]


def cluster(name: str, *nodes: str) -> Topology:
    """A cluster of nodes in a VNet."""
    return Topology(placements=(Placement(cluster=name, domain=vnet_id(name).lower(), nodes=nodes),))


ENDS = (cluster("hub", "10.0.1.0/24"), cluster("one", "10.1.1.0/24", "10.1.2.0/24"), cluster("two", "10.2.1.0/24"))
ALL = ("hub", "one", "two")


def between(parts: list[Topology], source: str, destination: str) -> Pair:
    """What one cluster reaches of another."""
    pairs = reach_between(topology_of([*parts, *ENDS]))
    return next(each for each in pairs if (each.source, each.destination) == (source, destination))


def properties(server: RestServer, name: str) -> dict[str, Any]:
    """A VNet's properties, to change them."""
    return server.answers[listing(name, "virtualNetworks")]["value"][0]["properties"]


def test_spokes_reach_the_hub_and_the_hub_them(server):
    """Both sides of each peering were read, in subscriptions of their own."""
    parts = read(server, *ALL)
    assert [part.unread for part in parts] == [(), (), ()]
    for source, destination in (("one", "hub"), ("hub", "one"), ("two", "hub"), ("hub", "two")):
        assert between(parts, source, destination).verdict is Verdict.ROUTABLE


def test_spokes_do_not_reach_each_other_through_the_hub(server):
    """Peering is not transitive: from the spoke without a gateway a private address goes nowhere."""
    parts = read(server, *ALL)
    assert between(parts, "two", "one").verdict is Verdict.NOT_ROUTABLE
    assert between(parts, "one", "two").verdict is Verdict.NOT_ROUTABLE


def test_the_other_sides_subscription_must_be_read(server):
    """Each side is its own resource; a side that nobody saw leaves it open."""
    pair = between(read(server, "hub"), "hub", "one")
    assert pair.verdict is Verdict.UNKNOWN
    assert f"subscription {SUBSCRIPTIONS['one']} was not read" in pair.reason


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        pytest.param({"peeringState": "Disconnected"}, Verdict.NOT_ROUTABLE, id="disconnected"),
        pytest.param({"peeringState": "Initiated"}, Verdict.NOT_ROUTABLE, id="one-side-only"),
        pytest.param({"peeringState": "Odd"}, Verdict.UNKNOWN, id="state-not-known"),
        pytest.param({"allowVirtualNetworkAccess": False}, Verdict.UNKNOWN, id="access-off"),
        pytest.param({"enableOnlyIPv6Peering": True}, Verdict.NOT_ROUTABLE, id="ipv6-only"),
    ],
)
def test_a_peerings_own_settings(server, change, verdict):
    """One side's word is enough to cut a peering, whichever side it is."""
    properties(server, "two")["virtualNetworkPeerings"][0]["properties"] |= change
    parts = read(server, *ALL)
    assert between(parts, "hub", "two").verdict is verdict
    assert between(parts, "two", "hub").verdict is verdict


def test_a_subnet_level_peering_joins_the_named_subnets_alone(server):
    """`peerCompleteVnets: false`: the other subnets of the VNet neither send nor receive over it."""
    change = {"peerCompleteVnets": False, "localSubnetNames": ["nodes"], "remoteSubnetNames": ["nodes"]}
    properties(server, "one")["virtualNetworkPeerings"][0]["properties"] |= change | {"useRemoteGateways": False}
    parts = read(server, *ALL)
    for source, destination in (("one", "hub"), ("hub", "one")):
        routable = [part for part in between(parts, source, destination).parts if part.verdict is Verdict.ROUTABLE]
        ends = {(part.sources, part.destinations) for part in routable}
        one, hub = ("10.1.1.0/24",), ("10.0.1.0/24",)
        assert ends == {(one, hub) if source == "one" else (hub, one)}


def with_routes(server: RestServer, name: str, *routes: tuple[str, str], **more: Any) -> None:
    """Give the nodes' subnet of a VNet a route table of its own."""
    table = f"/subscriptions/{SUBSCRIPTIONS[name]}/resourceGroups/RG-net/providers/Microsoft.Network/routeTables/udr"
    listed = [{"name": to, "properties": {"addressPrefix": prefix, "nextHopType": to}} for prefix, to in routes]
    server.answers[listing(name, "routeTables")] = {"value": [{"id": table, "properties": {"routes": listed} | more}]}
    subnets = properties(server, name)["subnets"]
    subnets[0] = subnet(name, "nodes", subnets[0]["properties"]["addressPrefix"], table.upper())


@pytest.mark.parametrize(
    ("routes", "verdict"),
    [
        pytest.param([("10.0.0.0/16", "VirtualAppliance")], Verdict.UNKNOWN, id="same-prefix-to-a-firewall"),
        pytest.param([("10.0.0.0/8", "VirtualAppliance")], Verdict.ROUTABLE, id="shorter-prefix-loses"),
        pytest.param([("10.0.1.0/24", "None")], Verdict.NOT_ROUTABLE, id="black-hole"),
        pytest.param([("10.0.1.0/24", "Internet")], Verdict.NOT_ROUTABLE, id="private-to-the-internet"),
        pytest.param([("10.0.1.0/24", "Teleport")], Verdict.UNKNOWN, id="next-hop-not-known"),
        pytest.param([("AzureCloud.westeurope", "Internet")], Verdict.ROUTABLE, id="service-tag"),
        pytest.param([("10.0.1.0/99", "None")], Verdict.UNKNOWN, id="prefix-not-readable"),
        pytest.param([("10.0.1.0/24", "VirtualNetworkGateway")], Verdict.NOT_ROUTABLE, id="gateway-not-there"),
    ],
)
def test_user_routes_decide_by_longest_prefix_and_before_the_systems(server, routes, verdict):
    """Of the spoke without a gateway towards the hub."""
    with_routes(server, "two", *routes)
    assert between(read(server, *ALL), "two", "hub").verdict is verdict


def test_a_route_table_may_remove_what_peerings_give(server):
    """`disablePeeringRoute` is on the table of the subnet."""
    with_routes(server, "two", disablePeeringRoute="All")
    assert between(read(server, *ALL), "two", "hub").verdict is Verdict.NOT_ROUTABLE


def test_the_hubs_vpn_is_used_by_who_may_and_its_keys_stay(server):
    """The hub and the spoke that borrows its gateway get to AWS and back; the other spoke does not."""
    parts = read(server, *ALL)
    (end,) = parts[0].tunnels
    assert (end.own, end.peer, end.state) == (("20.50.60.70",), ("52.10.20.30",), LinkState.ACTIVE)
    assert PLANTED not in encode(topology_of(parts)).decode() + repr(parts)
    far = [
        network("vpc-x", ["10.50.0.0/16"], forward("10.0.0.0/8", "vpn-1", "vpn-1")),
        tunnel("vpn-1", "52.10.20.30", "20.50.60.70", "vpc-x"),
        Topology(placements=(Placement(cluster="x", domain="vpc-x", nodes=("10.50.0.0/24",)),)),
    ]
    whole = [*parts, *far]
    verdicts = {name: (between(whole, name, "x").verdict, between(whole, "x", name).verdict) for name in ALL}
    assert verdicts == {
        "hub": (Verdict.ROUTABLE, Verdict.ROUTABLE),
        "one": (Verdict.ROUTABLE, Verdict.ROUTABLE),
        "two": (Verdict.NOT_ROUTABLE, Verdict.NOT_ROUTABLE),
    }


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"useRemoteGateways": False}, id="spoke-does-not-borrow"),
        pytest.param(None, id="gateway-subnet-sends-to-a-firewall"),
    ],
)
def test_what_comes_in_through_the_gateway_is_stopped_or_open_by_what_stands_in_the_way(server, change):
    """A spoke that borrows no gateway takes nothing from it; a firewall in the GatewaySubnet's table ends what we know."""
    if change is not None:
        properties(server, "one")["virtualNetworkPeerings"][0]["properties"] |= change
    else:
        with_routes(server, "hub", ("10.1.0.0/16", "VirtualAppliance"))
        hub = properties(server, "hub")["subnets"]
        hub[1]["properties"]["routeTable"] = hub[0]["properties"].pop("routeTable")
    far = [
        network("vpc-x", ["10.50.0.0/16"], forward("10.0.0.0/8", "vpn-1", "vpn-1")),
        tunnel("vpn-1", "52.10.20.30", "20.50.60.70", "vpc-x"),
        Topology(placements=(Placement(cluster="x", domain="vpc-x", nodes=("10.50.0.0/24",)),)),
    ]
    pair = between([*read(server, *ALL), *far], "x", "one")
    assert pair.verdict is (Verdict.UNKNOWN if change is None else Verdict.NOT_ROUTABLE)


def test_a_gateway_with_bgp_leaves_what_it_learned_unknown(server):
    """Learned routes take an action to ask for: beyond the VNets' own ranges nothing is said."""
    (listed,) = server.answers[listing("hub", "connections", "rg-net")]["value"]
    for document in (listed, server.answers[listed["id"]]):
        document["properties"] |= {"enableBgp": True}
    x = Topology(placements=(Placement(cluster="x", domain="vpc-x", nodes=("10.50.0.0/24",)),))
    assert between([*read(server, *ALL), x], "one", "x").verdict is Verdict.UNKNOWN


DENIED = (
    403,
    {"error": {"code": "AuthorizationFailed", "message": f"The client {PLANTED} does not have authorization"}},
)


@pytest.mark.parametrize("kind", ["virtualNetworks", "routeTables"])
def test_a_denied_list_names_its_permission_and_decides_nothing(server, kind):
    """Without the route tables, only subnets that have none are known."""
    with_routes(server, "two", ("10.9.0.0/16", "None"))
    server.answers[listing("two", kind)] = DENIED
    parts = read(server, *ALL)
    (missing,) = parts[2].unread
    assert (missing.permission, missing.reason) == (f"Microsoft.Network/{kind}/read", "HTTP 403 AuthorizationFailed")
    assert between(parts, "two", "hub").verdict is Verdict.UNKNOWN
    assert PLANTED not in repr(parts)


def test_a_next_page_is_read_at_the_same_address_and_nowhere_else(server):
    """The token goes with every request, so a link to another host is refused, and a page that repeats ends."""
    path = listing("two", "virtualNetworks")
    whole = server.answers[path]
    server.answers[path] = {"value": [], "nextLink": f"{server.url}{path}?api-version=2024-05-01&$skiptoken=2"}
    server.answers[f"{path}?$skiptoken=2"] = whole
    parts = read(server, *ALL)
    assert parts[2].unread == ()
    assert between(parts, "two", "hub").verdict is Verdict.ROUTABLE
    with RestServer({path: whole}) as stranger:
        server.answers[path] = {"value": [], "nextLink": f"{stranger.url}{path}"}
        (missing,) = read(server, "two")[0].unread
        assert missing.reason == "its next page is at another address"
        assert stranger.asked == []
    server.answers[path] = {"value": [], "nextLink": f"{server.url}{path}?api-version=2024-05-01"}
    assert [each.reason for each in read(server, "two")[0].unread] == ["its pages have no end"]


@pytest.mark.parametrize("kind", ["virtualNetworks", "routeTables"])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"value": 7}', b'{"value": [{}]}', b"\xff", b"[" * 100_000])
def test_odd_answers_are_not_taken_for_empty_ones(server, kind, body):
    """No traceback, and what could not be understood is unread."""
    with_routes(server, "two", ("10.9.0.0/16", "None"))
    server.answers[listing("two", kind)] = body
    parts = read(server, *ALL)
    assert parts[2].unread
    assert between(parts, "two", "hub").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        {"virtualNetworkPeerings": "none"},
        {"subnets": [{"name": 7}]},
        {"virtualNetworkPeerings": [peering("hub", [])], "x": 1},
    ],
)
def test_odd_values_inside_an_answer_make_its_tables_unread(server, change):
    """A list of peerings that cannot be read is not the same as none."""
    if "x" in change:
        change["virtualNetworkPeerings"][0]["properties"]["remoteAddressSpace"] = PLANTED
    properties(server, "two").update(change)
    parts = read(server, *ALL)
    assert "not what belongs there" in parts[2].unread[0].reason
    assert between(parts, "two", "hub").verdict is Verdict.UNKNOWN
    assert PLANTED not in repr(parts)


def test_every_permission_is_listed(server):
    """Refuse everything that is asked for: what is named then is the list."""
    server.answers = {key: value if "virtualNetworks" in key else DENIED for key, value in server.answers.items()}
    missing = {each.permission for part in read(server, "hub") for each in part.unread}
    assert missing | {"Microsoft.Network/virtualNetworks/read"} == set(PERMISSIONS)


def test_no_answer_at_all_is_unread(server):
    """A connection that fails is an entry for each list."""
    with PipelineClient("http://127.0.0.1:9", policies=[RetryPolicy(retry_total=0)]) as client:
        part = read_network(client, subscription=SUBSCRIPTIONS["one"], endpoint="http://127.0.0.1:9")
    assert {each.reason for each in part.unread} == {"ServiceRequestError: no usable answer"}


def test_a_gateway_subnet_without_a_gateway_leaves_the_way_out_open(server):
    """A list that leaves out the subnet's addresses must not make "no gateway" of one that is there."""
    for each in properties(server, "hub")["subnets"]:
        each["properties"].pop("ipConfigurations", None)
    parts = read(server, *ALL)
    pair = between(parts, "hub", "two")
    assert pair.verdict is Verdict.ROUTABLE  # the peering is its own way
    tables = {table.id: table for part in parts for table in part.tables}
    assert "shows no gateway" in tables[f"{vnet_id('hub').lower()}/gateway"].unread
    nodes = tables[f"{vnet_id('hub').lower()}/subnets/nodes"]
    assert {route.to for route in nodes.routes if route.prefix == "0.0.0.0/0"} == {vnet_id("hub").lower()}
