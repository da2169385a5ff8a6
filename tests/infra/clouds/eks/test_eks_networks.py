"""Networks around the clusters that were found, with the credentials that found them."""

from __future__ import annotations

from infra.clouds.eks import discover
from infra.clouds.eks.networks import networks
from infra.clouds.model import Found
from infra.clouds.options import AwsOptions
from scanner.topology.build import topology_of
from scanner.topology.model import LinkState
from scanner.topology.place import place
from scanner.topology.reach import reach_between
from scanner.topology.routes import Verdict

REGION = "us-east-1"


def peered(cloud, account: str, other: str) -> tuple[str, str]:
    """A VPC in each of two accounts, peered, with routes and a subnet on both sides; gives the subnets' VPCs."""
    ec2 = {name: cloud.client("ec2", REGION, name) for name in (account, other)}
    vpcs = {}
    for name, block in ((account, "10.1.0.0/16"), (other, "10.2.0.0/16")):
        vpcs[name] = ec2[name].create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
        ec2[name].create_subnet(VpcId=vpcs[name], CidrBlock=block.replace("0.0/16", "1.0/24"))
    made = ec2[account].create_vpc_peering_connection(VpcId=vpcs[account], PeerVpcId=vpcs[other], PeerOwnerId=other)[
        "VpcPeeringConnection"
    ]["VpcPeeringConnectionId"]
    ec2[other].accept_vpc_peering_connection(VpcPeeringConnectionId=made)
    for name, far in ((account, "10.2.0.0/16"), (other, "10.1.0.0/16")):
        main = ec2[name].describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpcs[name]]}])["RouteTables"][0]
        ec2[name].create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock=far, VpcPeeringConnectionId=made)
    return vpcs[account], vpcs[other]


def test_two_accounts_networks_join_over_a_peering(cloud):
    """Each account is asked with its own role; together they say that the clusters reach each other."""
    own, other = "123456789012", cloud.add_account("other") if cloud.add_organization() else ""
    here, there = peered(cloud, own, other)
    for account, vpc, block in ((own, here, "10.1.1.0/24"), (other, there, "10.2.1.0/24")):
        subnets = cloud.client("ec2", REGION, account).describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
            "Subnets"
        ]
        assert [each["CidrBlock"] for each in subnets] == [block]
        config = {"vpcId": vpc, "subnetIds": [subnets[0]["SubnetId"]], "endpointPublicAccess": True}
        cloud.add_cluster(f"in-{account}", region=REGION, account=account, resourcesVpcConfig=config)
    options = AwsOptions(organization=True, role="audit", regions=(REGION,))
    found = [each for each in discover(options) if isinstance(each, Found)]
    assert {each.ref.account for each in found} == {own, other}
    parts = list(networks(options, (each.ref for each in found)))
    assert len(parts) == 2
    whole = topology_of(parts)
    placed = [place(each.ref, each.record, whole) for each in found]
    pairs = list(reach_between(topology_of([whole, *(type(whole)(placements=(each,)) for each in placed if each)])))
    assert {(each.source, each.destination) for each in pairs} == {
        (one.ref.id, two.ref.id) for one in found for two in found if one is not two
    }
    nodes = [part for pair in pairs for part in pair.parts if str(part.source) == str(part.destination) == "node"]
    # No managed group says where the nodes are; but for that, the peering and the routes on both sides lead there.
    assert all("may be in any subnet of the VPC" in part.reason for part in nodes)
    assert {part.verdict for part in nodes} == {Verdict.UNKNOWN}
    assert [(each.kind, each.state) for each in whole.links] == [("VPC peering", LinkState.ACTIVE)]


def test_an_account_that_cannot_be_entered_is_named(cloud):
    """Its part says what was not read, and the permission; nothing is raised."""
    cloud.add_organization()
    other = cloud.add_account("other")
    cloud.add_cluster("lost", region=REGION, account=other)
    options = AwsOptions(accounts=(other,), role="audit", regions=(REGION,))
    (found,) = [each for each in discover(options) if isinstance(each, Found)]
    cloud.fault("sts", "AssumeRole", "AccessDenied", status=403)
    (part,) = networks(options, [found.ref])
    assert [(each.account, each.location, each.permission) for each in part.unread] == [
        (other, REGION, "sts:AssumeRole")
    ]
