"""The network around EKS clusters, read by the real boto3 from a moto server."""

from __future__ import annotations

import boto3
import msgspec
import pytest

from infra.clouds.eks.network import read_network
from scanner.topology.model import Action, Topology
from scanner.topology.routes import Verdict
from tests.infra.clouds.eks.network.estate import OWN, REGION, placed, transit, verdict, vpc
from tests.infra.clouds.eks.network.server import answer, refusal


def peered(ec2, *, back: bool = True) -> list[Topology]:
    """Two VPCs with a peering in moto, and a cluster placed in each."""
    one, _, one_table = vpc(ec2, "10.1.0.0/16", "10.1.0.0/24")
    two, _, two_table = vpc(ec2, "10.2.0.0/16", "10.2.0.0/24")
    pcx = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=two)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    ec2.create_route(RouteTableId=one_table, DestinationCidrBlock="10.2.0.0/16", VpcPeeringConnectionId=pcx)
    if back:
        ec2.create_route(RouteTableId=two_table, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=pcx)
    return [placed("a", one, "10.1.0.0/24"), placed("b", two, "10.2.0.0/24")]


def test_peered_vpcs_are_routable_with_routes_on_both_sides(clients):
    """VPCs, subnets, route tables and the peering come out of real answers as a network that can be walked."""
    ends = peered(clients("ec2", REGION))
    part = read_network(clients, account=OWN, region=REGION)
    assert part.unread == ()
    pair = verdict([part, *ends], "a", "b")
    assert pair.verdict is Verdict.ROUTABLE
    assert "(active)" in pair.parts[0].path[0]


def test_peering_without_a_route_back_is_not_routable(clients):
    """A peering alone is useless."""
    ends = peered(clients("ec2", REGION), back=False)
    pair = verdict([read_network(clients, account=OWN, region=REGION), *ends], "a", "b")
    assert pair.verdict is Verdict.NOT_ROUTABLE


def test_a_peering_with_another_account_that_was_not_read_is_unknown(clients):
    """The far VPC is named with its account; nothing is said of what is in it."""
    ec2 = clients("ec2", REGION)
    one, _, table = vpc(ec2, "10.1.0.0/16", "10.1.0.0/24")
    far = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    pcx = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=far)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.2.0.0/16", VpcPeeringConnectionId=pcx)
    part = read_network(clients, account=OWN, region=REGION)
    without = msgspec.structs.replace(
        part,
        domains=tuple(
            each if each.id != far else msgspec.structs.replace(each, ranges=(), table="", unread="account 9 not read")
            for each in part.domains
        ),
    )
    pair = verdict([without, placed("a", one, "10.1.0.0/24"), placed("b", far, "10.2.0.0/24")], "a", "b")
    assert pair.verdict is Verdict.UNKNOWN
    assert "account 9 not read" in pair.reason


def test_a_subnet_with_a_table_of_its_own_and_targets_of_all_kinds(clients):
    """Each target becomes what it does."""
    ec2 = clients("ec2", REGION)
    name, (subnet, _), _ = vpc(ec2, "10.1.0.0/16", "10.1.0.0/24", "10.1.1.0/24")
    table = ec2.create_route_table(VpcId=name)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=name)
    card = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.8.0.0/16", NetworkInterfaceId=card)
    part = read_network(clients, account=OWN, region=REGION)
    (read,) = [each for each in part.tables if each.id == table]
    assert read.unread == ""
    assert {(each.prefix, each.action) for each in read.routes} == {
        ("10.1.0.0/16", Action.LOCAL),
        ("0.0.0.0/0", Action.INTERNET),
        ("10.8.0.0/16", Action.APPLIANCE),
    }
    assert {each.id: each.table for each in part.subnets}[subnet] == table


def test_a_transit_gateway_is_walked_through_its_tables_in_the_zones_it_is_attached_in(clients, cloud):
    """Subnets in a zone without an attachment cannot get to it."""
    ends, _ = transit(clients, cloud)
    part = read_network(clients, account=OWN, region=REGION)
    assert part.unread == ()
    pair = verdict([part, *ends], "a", "b")
    assert pair.verdict is Verdict.ROUTABLE
    routable = {(each.sources, each.destinations) for each in pair.parts if each.verdict is Verdict.ROUTABLE}
    assert routable == {(("10.1.0.0/24",), ("10.2.0.0/24",))}


def test_a_transit_gateway_of_another_account_is_unknown(clients, cloud):
    """Who does not own it sees no route table of it."""
    ends, hub = transit(clients, cloud)
    part = read_network(clients, account="999999999999", region=REGION)
    pair = verdict([part, *ends], "a", "b")
    assert pair.verdict is Verdict.UNKNOWN
    assert hub in pair.reason
    assert f"account {OWN}, which owns it, was not read" in pair.reason


def test_a_black_hole_in_the_transit_gateways_table_is_one(clients, cloud):
    """The route is there and its target is not."""
    ends, _ = transit(clients, cloud)
    given = cloud.canned["SearchTransitGatewayRoutes"][0][1]
    cloud.canned["SearchTransitGatewayRoutes"] = [(200, given.replace("active", "blackhole"))]
    pair = verdict([read_network(clients, account=OWN, region=REGION), *ends], "a", "b")
    assert pair.verdict is Verdict.NOT_ROUTABLE


def test_an_answer_on_several_pages_is_read_to_its_end(clients, cloud):
    """A transit gateway with many routes answers in pages."""
    ends, _ = transit(clients, cloud)
    whole = cloud.canned["SearchTransitGatewayRoutes"][0][1]
    first, _, second = whole.partition("</item></transitGatewayAttachments></item>")
    cut = "</item></transitGatewayAttachments></item>"
    further = "<additionalRoutesAvailable>true</additionalRoutesAvailable>"
    page_one = f"{first}{cut}</routeSet>{further}<nextToken>t-2</nextToken></SearchTransitGatewayRoutesResponse>"
    page_two = answer(
        "SearchTransitGatewayRoutes", f"<routeSet>{second}".replace("</SearchTransitGatewayRoutesResponse>", "")
    )
    cloud.canned["SearchTransitGatewayRoutes"] = [(200, page_one), page_two]
    part = read_network(clients, account=OWN, region=REGION)
    assert part.unread == ()
    assert verdict([part, *ends], "a", "b").verdict is Verdict.ROUTABLE
    assert cloud.asked.count("SearchTransitGatewayRoutes") == 2
    cloud.canned["SearchTransitGatewayRoutes"] = [(200, page_one.replace("<nextToken>t-2</nextToken>", ""))]
    part = read_network(clients, account=OWN, region=REGION)
    assert [each.reason for each in part.unread] == ["AWS has more of it than it gives"]
    assert verdict([part, *ends], "a", "b").verdict is Verdict.UNKNOWN


ROUTES = """<routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><routeSet>
<item><destinationCidrBlock>10.1.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state></item>
<item><destinationPrefixListId>{listed}</destinationPrefixListId><networkInterfaceId>eni-1</networkInterfaceId>
<state>active</state></item>
<item><destinationPrefixListId>{own}</destinationPrefixListId><gatewayId>vpce-1</gatewayId><state>active</state></item>
<item><destinationCidrBlock>10.7.0.0/16</destinationCidrBlock><state>blackhole</state></item>
</routeSet></item></routeTableSet>"""


def test_prefix_lists_are_resolved_and_what_is_not_readable_makes_the_table_unread(clients, cloud):
    """A customer's list is its ranges, AWS's own lead to AWS's services, and an unknown one may hold anything."""
    ec2 = clients("ec2", REGION)
    entries = [{"Cidr": "10.9.0.0/24"}, {"Cidr": "10.9.1.0/24"}]
    made = ec2.create_managed_prefix_list(PrefixListName="far", AddressFamily="IPv4", MaxEntries=5, Entries=entries)
    listed = made["PrefixList"]["PrefixListId"]
    own = next(each for each in ec2.describe_managed_prefix_lists()["PrefixLists"] if each["OwnerId"] == "AWS")
    body = ROUTES.format(listed=listed, own=own["PrefixListId"])
    cloud.canned["DescribeRouteTables"] = [answer("DescribeRouteTables", body)]
    (table,) = read_network(clients, account=OWN, region=REGION).tables
    assert table.unread == ""
    assert {(each.prefix, each.action) for each in table.routes} == {
        ("10.1.0.0/16", Action.LOCAL),
        ("10.9.0.0/24", Action.APPLIANCE),
        ("10.9.1.0/24", Action.APPLIANCE),
        ("10.7.0.0/16", Action.DROP),
    }
    cloud.canned["DescribeRouteTables"] = [answer("DescribeRouteTables", ROUTES.format(listed="pl-gone", own="pl-x"))]
    (table,) = read_network(clients, account=OWN, region=REGION).tables
    assert "pl-" in table.unread


def test_an_account_without_permission_names_what_is_missing_and_stays_unknown(clients, cloud):
    """Nothing is taken for empty: the permission is named with an organisation's policy as the cause, and nothing follows."""
    ends = peered(clients("ec2", REGION))
    scp = "You are not authorized: with an explicit deny in a service control policy. Encoded message: AAAA"
    cloud.canned["DescribeRouteTables"] = [refusal("UnauthorizedOperation", scp)]
    part = read_network(clients, account=OWN, region=REGION)
    (missing,) = part.unread
    assert missing.permission == "ec2:DescribeRouteTables"
    assert missing.reason == "UnauthorizedOperation (explicit deny in a service control policy)"
    pair = verdict([part, *ends], "a", "b")
    assert pair.verdict is Verdict.UNKNOWN
    assert "ec2:DescribeRouteTables" in pair.reason


@pytest.mark.parametrize(
    "action", ["DescribeVpcs", "DescribeSubnets", "DescribeVpcPeeringConnections", "DescribeRouteTables"]
)
def test_no_denied_call_makes_a_pair_routable_or_not_routable(clients, cloud, action):
    """Whatever is missing of a peering, the answer is that it is not known."""
    ends = peered(clients("ec2", REGION))
    cloud.canned[action] = [refusal("UnauthorizedOperation")]
    part = read_network(clients, account=OWN, region=REGION)
    assert [each.permission for each in part.unread] == [f"ec2:{action}"]
    assert verdict([part, *ends], "a", "b").verdict is Verdict.UNKNOWN


def test_an_endpoint_that_does_not_answer_is_unread_for_every_call(clients):
    """No traceback, and one entry for each thing that was not read."""
    dead = boto3.client(
        "ec2", region_name=REGION, endpoint_url="http://127.0.0.1:9"
    )  # the discard port: nobody listens
    part = read_network(dead, account=OWN, region=REGION)
    assert part.domains == ()
    assert {"ec2:DescribeVpcs", "ec2:DescribeRouteTables"} <= {each.permission for each in part.unread}
