"""The network around EKS clusters in one account and region, from EC2's describe calls.

Transit gateway route tables are visible to their owner alone: what an account that was not read owns stays unread, and so
unknown. `hybrid` also asks for VPN connections, whose answers hold pre-shared keys; only named fields leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from infra.clouds.eks.network_calls import Calls, Clients, state_of
from infra.clouds.eks.network_hybrid import read_gateways
from infra.clouds.eks.network_routes import Surroundings, arrivals, prefix_ranges, table_of
from infra.clouds.eks.network_tgw import Hubs, read_hubs
from infra.clouds.gaps import ranges_of
from scanner.cloud.part import Part
from scanner.enums import Cloud
from scanner.topology.build import distrusted
from scanner.topology.model import Domain, DomainKind, Link, LinkState, Subnet, Table, Topology

PERMISSIONS = (
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeRouteTables",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeManagedPrefixLists",
    "ec2:GetManagedPrefixListEntries",
    "ec2:DescribeTransitGateways",
    "ec2:DescribeTransitGatewayAttachments",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeTransitGatewayRouteTables",
    "ec2:SearchTransitGatewayRoutes",
    "ec2:DescribeVpnGateways",
)
HYBRID_PERMISSIONS = (
    "ec2:DescribeVpnConnections",
    "ec2:DescribeCustomerGateways",
    "directconnect:DescribeDirectConnectGatewayAssociations",
)


def read_network(clients: Clients | Any, *, account: str, region: str, hybrid: bool = False) -> Topology:  # noqa: ANN401
    """One account's part of the topology in one region; never raises for what AWS answers.

    Args:
        clients: `(service, region) -> boto3 client`, or one EC2 client (then Direct Connect is not asked).
        account: whose credentials these are.
        region: where to look.
        hybrid: whether to ask for VPN connections and Direct Connect too.
    """
    single = None if callable(clients) else clients
    calls = Calls(clients if single is None else lambda _service, _region: single, account, region)
    peers, links, strangers = _peerings(calls)
    hubs = read_hubs(calls)
    subnets = calls.all("describe_subnets", "Subnets")
    around = Surroundings(peers=peers, lists=_lists(calls), covered=_covered(hubs, subnets or []))
    answers = calls.all("describe_route_tables", "RouteTables")
    tables = [table for answer in answers or () if (table := table_of(answer, around)) is not None]
    mains, explicit, edges = _associations(answers or [])
    failed = [
        permission
        for permission, found in (("ec2:DescribeRouteTables", answers), ("ec2:DescribeSubnets", subnets))
        if found is None
    ]
    vpcs = _vpcs(calls, mains, readable=not failed)
    if failed:  # which table decides for an address is not known
        tables += [
            Table(id=each.table, domain=each.id, unread=f"{failed[0]} was not allowed or failed") for each in vpcs
        ]
    by_id = {table.id: table for table in tables}
    for vpc, hub, names in hubs.attached:
        found = {by_id.get(explicit.get(name) or mains.get(vpc, "")) for name in names}
        if names and None not in found:
            tables += arrivals(vpc, hub, sorted((table for table in found if table), key=lambda table: table.id))
    gateways = read_gateways(calls, hubs, edges, hybrid=hybrid, direct_connect=single is None)
    own = {each.id for each in vpcs}
    part = Topology(
        domains=(*vpcs, *(each for each in strangers if each.id not in own), *hubs.domains, *gateways.domains),
        subnets=tuple(_subnet(each, explicit) for each in subnets or () if each.text("SubnetId")),
        tables=(*tables, *hubs.tables, *gateways.tables),
        links=(*links, *hubs.links),
        tunnels=gateways.tunnels,
    )
    if calls.notices:
        reason = f"{len(calls.notices)} values in AWS's answers are not what belongs there"
        calls.missing("networks", reason)
        part = distrusted(part, reason)
    return msgspec.structs.replace(part, unread=tuple(calls.unread))


def _vpcs(calls: Calls, mains: dict[str, str], *, readable: bool) -> list[Domain]:
    found = []
    for answer in calls.all("describe_vpcs", "Vpcs") or ():
        if not (name := answer.text("VpcId")):
            continue
        blocks = [
            part.text(key)
            for sets, key, state in (
                ("CidrBlockAssociationSet", "CidrBlock", "CidrBlockState"),
                ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState"),
            )
            for part in answer.items(sets) or ()
            if state_of(part, state, "State") == "associated"
        ]
        found.append(
            Domain(
                id=name,
                kind=DomainKind.AWS_VPC,
                cloud=Cloud.AWS,
                account=answer.text("OwnerId") or calls.account,
                location=calls.region,
                ranges=ranges_of(blocks),
                table=mains.get(name, "") if readable else f"{name}/routes",
            )
        )
    return found


def _subnet(answer: Part, explicit: dict[str, str]) -> Subnet:
    name = answer.text("SubnetId") or ""
    blocks = [
        part.text("Ipv6CidrBlock")
        for part in answer.items("Ipv6CidrBlockAssociationSet") or ()
        if state_of(part, "Ipv6CidrBlockState", "State") == "associated"
    ]
    return Subnet(
        id=name,
        domain=answer.text("VpcId") or "",
        ranges=ranges_of((answer.text("CidrBlock"), *blocks)),
        table=explicit.get(name, ""),
        location=answer.text("AvailabilityZoneId") or answer.text("AvailabilityZone") or "",
    )


def _associations(answers: Sequence[Part]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The main table of each VPC, the table of each subnet that has its own, and of each gateway that has one."""
    mains: dict[str, str] = {}
    subnets: dict[str, str] = {}
    gateways: dict[str, str] = {}
    for answer in answers:
        name, vpc = answer.text("RouteTableId") or "", answer.text("VpcId") or ""
        for part in answer.items("Associations") or ():
            if part.flag("Main") is True:
                mains[vpc] = name
            if (subnet := part.text("SubnetId")) is not None:
                subnets[subnet] = name
            if (gateway := part.text("GatewayId")) is not None:
                gateways[gateway] = name
    return mains, subnets, gateways


def _lists(calls: Calls) -> dict[str, tuple[str, ...]]:
    """Ranges by prefix list. AWS's own lists are of public services behind gateway endpoints, and lead to no cluster."""
    found: dict[str, tuple[str, ...]] = {}
    for answer in calls.all("describe_managed_prefix_lists", "PrefixLists") or ():
        if not (name := answer.text("PrefixListId")):
            continue
        if answer.text("OwnerId") == "AWS":
            found[name] = ()
            continue
        entries = calls.all("get_managed_prefix_list_entries", "Entries", PrefixListId=name)
        if entries is not None and (ranges := prefix_ranges(entries)) is not None:
            found[name] = ranges
    return found


def _covered(hubs: Hubs, subnets: Sequence[Part]) -> dict[tuple[str, str], tuple[str, ...]]:
    """A VPC's ranges in the zones that have a subnet of the attachment: the others cannot reach the transit gateway."""
    made = [_subnet(each, {}) for each in subnets]
    zones = {each.id: each.location for each in made}
    return {
        (hub, vpc): tuple(
            text
            for each in made
            if each.domain == vpc and each.location in {zones.get(name) for name in names}
            for text in each.ranges
        )
        for vpc, hub, names in hubs.attached
    }


def _peerings(calls: Calls) -> tuple[dict[str, tuple[str, str]], list[Link], list[Domain]]:
    """Both VPCs of each peering, its state, and the far VPCs as domains that only another account can describe."""
    peers: dict[str, tuple[str, str]] = {}
    links, strangers = [], []
    for answer in calls.all("describe_vpc_peering_connections", "VpcPeeringConnections") or ():
        name = answer.text("VpcPeeringConnectionId")
        sides = [answer.part(key) for key in ("RequesterVpcInfo", "AccepterVpcInfo")]
        first, second = (side.text("VpcId") or "" for side in sides)
        if not name or not first or not second:
            continue
        peers[name] = first, second
        code = state_of(answer, "Status", "Code")
        state = LinkState.ACTIVE if code == "active" else LinkState.INACTIVE if code else LinkState.UNKNOWN
        links.append(
            Link(
                id=name, kind="VPC peering", state=state, evidence=f"status {code or 'not known'}", ends=(first, second)
            )
        )
        for side in sides:
            owner, place = side.text("OwnerId") or "unknown", side.text("Region") or calls.region
            strangers.append(
                Domain(
                    id=side.text("VpcId") or "",
                    kind=DomainKind.AWS_VPC,
                    cloud=Cloud.AWS,
                    account=owner,
                    location=place,
                    unread=f"account {owner} in {place} was not read",
                )
            )
    return peers, links, strangers
