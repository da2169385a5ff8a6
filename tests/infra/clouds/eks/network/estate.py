"""Small AWS estates in moto for the tests of the network, and what to ask of them."""

from __future__ import annotations

import itertools

from scanner.topology.build import topology_of
from scanner.topology.model import Placement, Topology
from scanner.topology.reach import reach_between
from tests.infra.clouds.eks.network.server import Ec2, answer

OWN, REGION = "123456789012", "eu-west-1"
PLANTED = "planted-key-4711-must-not-leak"


def vpc(ec2, cidr: str, *subnets: str) -> tuple[str, list[str], str]:
    """A VPC with subnets in zones of their own: its id, theirs, and its main route table's."""
    name = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    zones = itertools.cycle("abc")
    made = [
        ec2.create_subnet(VpcId=name, CidrBlock=each, AvailabilityZone=f"{REGION}{next(zones)}")["Subnet"]["SubnetId"]
        for each in subnets
    ]
    found = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [name]}])["RouteTables"]
    return name, made, found[0]["RouteTableId"]


def placed(name: str, domain: str, nodes: str) -> Topology:
    """A cluster of nodes only."""
    return Topology(placements=(Placement(cluster=name, domain=domain, nodes=(nodes,)),))


def verdict(parts: list[Topology], source: str, destination: str):
    """What one cluster reaches of another."""
    pairs = {(each.source, each.destination): each for each in reach_between(topology_of(parts))}
    return pairs[source, destination]


def transit(clients, cloud: Ec2) -> tuple[list[Topology], str]:
    """Two VPCs on a transit gateway and its default table, and a cluster in each.

    moto forgets which attachment a route leads to, so that one answer is given in AWS's words.
    """
    ec2 = clients("ec2", REGION)
    hub = ec2.create_transit_gateway(Description="hub")["TransitGateway"]["TransitGatewayId"]
    ends, routes = [], []
    for at, cluster in ((1, "a"), (2, "b")):
        name, subnets, main = vpc(ec2, f"10.{at}.0.0/16", f"10.{at}.0.0/24", f"10.{at}.1.0/24")
        attached = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=hub, VpcId=name, SubnetIds=subnets[:1])
        attachment = attached["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        ec2.create_route(RouteTableId=main, DestinationCidrBlock="10.0.0.0/8", TransitGatewayId=hub)
        routes.append(hub_route(f"10.{at}.0.0/16", attachment, name))
        ends.append(placed(cluster, name, f"10.{at}.0.0/23"))
    cloud.canned["SearchTransitGatewayRoutes"] = [
        answer(
            "SearchTransitGatewayRoutes",
            f"<routeSet>{''.join(routes)}</routeSet><additionalRoutesAvailable>false</additionalRoutesAvailable>",
        )
    ]
    return ends, hub


def hub_route(cidr: str, attachment: str, vpc_id: str, state: str = "active") -> str:
    """One route of a transit gateway route table, in EC2's XML."""
    return (
        f"<item><destinationCidrBlock>{cidr}</destinationCidrBlock><type>propagated</type><state>{state}</state>"
        f"<transitGatewayAttachments><item><transitGatewayAttachmentId>{attachment}</transitGatewayAttachmentId>"
        f"<resourceType>vpc</resourceType><resourceId>{vpc_id}</resourceId></item></transitGatewayAttachments></item>"
    )


VPN = """<vpnConnectionSet><item><vpnConnectionId>vpn-0a1</vpnConnectionId><state>available</state>
<customerGatewayConfiguration>&lt;pre_shared_key&gt;{secret}&lt;/pre_shared_key&gt;</customerGatewayConfiguration>
<vpnGatewayId>{gateway}</vpnGatewayId><customerGatewayId>{customer}</customerGatewayId>
<options><staticRoutesOnly>true</staticRoutesOnly><tunnelOptionSet><item><outsideIpAddress>52.10.20.30</outsideIpAddress>
<preSharedKey>{secret}</preSharedKey></item></tunnelOptionSet></options>
<routes><item><destinationCidrBlock>10.5.0.0/16</destinationCidrBlock><state>available</state></item></routes>
<vgwTelemetry><item><outsideIpAddress>52.10.20.30</outsideIpAddress><status>UP</status><statusMessage>{secret}</statusMessage>
</item></vgwTelemetry></item></vpnConnectionSet>"""


def vpn(clients, cloud: Ec2) -> str:
    """A VPC with a VPN gateway, a route to it and a connection whose answer is full of keys: the VPC's id."""
    ec2 = clients("ec2", REGION)
    name, _, table = vpc(ec2, "10.1.0.0/16", "10.1.0.0/24")
    gateway = ec2.create_vpn_gateway(Type="ipsec.1", AmazonSideAsn=64600)["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=name)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.5.0.0/16", GatewayId=gateway)
    customer = ec2.create_customer_gateway(Type="ipsec.1", IpAddress="34.100.20.30", BgpAsn=65010)["CustomerGateway"]
    inner = VPN.format(secret=PLANTED, gateway=gateway, customer=customer["CustomerGatewayId"])
    cloud.canned["DescribeVpnConnections"] = [answer("DescribeVpnConnections", inner)]
    cloud.canned["DescribeDirectConnectGatewayAssociations"] = [(200, '{"directConnectGatewayAssociations": []}')]
    return name
