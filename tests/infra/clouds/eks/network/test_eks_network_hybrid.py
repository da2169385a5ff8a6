"""VPN gateways and connections of AWS, whose answers are full of keys."""

from __future__ import annotations

from infra.clouds.eks.network import HYBRID_PERMISSIONS, PERMISSIONS, read_network
from scanner.topology.document import encode
from scanner.topology.model import LinkState
from scanner.topology.routes import Verdict
from tests.infra.clouds.eks.network.estate import OWN, PLANTED, REGION, placed, transit, verdict, vpn
from tests.scanner.topology.networks import forward, network, tunnel


def test_vpn_connections_are_read_with_hybrid_and_their_keys_never(clients, cloud):
    """Both ends' addresses and the state come out; the keys, in three places of the answer, do not."""
    name = vpn(clients, cloud)
    assert PLANTED in str(clients("ec2", REGION).describe_vpn_connections())
    part = read_network(clients, account=OWN, region=REGION, hybrid=True)
    assert part.unread == ()
    (end,) = part.tunnels
    assert (end.own, end.peer) == (("52.10.20.30",), ("34.100.20.30",))
    assert (end.own_asn, end.peer_asn, end.arrives_at, end.state) == (64600, 65010, name, LinkState.ACTIVE)
    assert PLANTED not in encode(part).decode() + repr(part)


def test_a_vpn_whose_other_end_is_read_joins_the_clouds(clients, cloud):
    """The addresses match on both ends: the way through the VPN gateway is walked to the far network."""
    name = vpn(clients, cloud)
    far = [
        network("net-b", ["10.5.0.0/16"], forward("10.1.0.0/16", "tun-1", "tun-1")),
        tunnel("tun-1", "34.100.20.30", "52.10.20.30", "net-b"),
        placed("a", name, "10.1.0.0/24"),
        placed("b", "net-b", "10.5.0.0/24"),
    ]
    part = read_network(clients, account=OWN, region=REGION, hybrid=True)
    assert verdict([part, *far], "a", "b").verdict is Verdict.ROUTABLE
    assert verdict([part, *far], "b", "a").verdict is Verdict.ROUTABLE
    cloud.asked.clear()
    pair = verdict([read_network(clients, account=OWN, region=REGION), *far], "a", "b")
    assert pair.verdict is Verdict.UNKNOWN
    assert "hybrid: true" in pair.reason
    assert "DescribeVpnConnections" not in cloud.asked


def test_odd_values_in_an_answer_with_keys_are_not_repeated(clients, cloud):
    """A key in the wrong place must not come out in a note about it."""
    vpn(clients, cloud)
    status, body = cloud.canned["DescribeVpnConnections"][0]
    odd = body.replace("<staticRoutesOnly>true", f"<staticRoutesOnly>{PLANTED}")
    cloud.canned["DescribeVpnConnections"] = [(status, odd)]
    part = read_network(clients, account=OWN, region=REGION, hybrid=True)
    assert PLANTED not in encode(part).decode() + repr(part)


def test_every_call_that_was_made_is_among_the_permissions(clients, cloud):
    """The lists that doctor and the docs show are what is really asked for."""
    transit(clients, cloud)
    vpn(clients, cloud)
    cloud.asked.clear()
    read_network(clients, account=OWN, region=REGION)
    listed = {each.partition(":")[2] for each in PERMISSIONS}
    assert set(cloud.asked) == listed - {"GetManagedPrefixListEntries"}
    cloud.asked.clear()
    read_network(clients, account=OWN, region=REGION, hybrid=True)
    assert set(cloud.asked) - listed == {each.partition(":")[2] for each in HYBRID_PERMISSIONS}
