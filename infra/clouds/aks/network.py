"""The network around AKS clusters in one subscription, from Azure Resource Manager's REST lists.

Each side of a peering is a resource of its own in its own subscription: read both. Virtual WAN hubs route by what takes an
action to ask for; a VNet that uses one is unknown beyond its own ranges and peerings.
"""

from __future__ import annotations

from msgspec.structs import replace

from infra.clouds.aks.network_calls import MANAGEMENT, Calls, Client
from infra.clouds.aks.network_gateways import read_gateways
from infra.clouds.aks.network_routes import Vnet, arrivals, subnet_table, vnet_of
from scanner.cloud.part import Part
from scanner.enums import Cloud
from scanner.topology.build import distrusted, topology_of
from scanner.topology.model import Domain, DomainKind, Subnet, Table, Topology

PERMISSIONS = (
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Network/routeTables/read",
    "Microsoft.Network/virtualNetworkGateways/read",
    "Microsoft.Network/connections/read",
    "Microsoft.Network/localNetworkGateways/read",
)


def read_network(
    client: Client, *, subscription: str, endpoint: str = MANAGEMENT, errors: tuple[type[Exception], ...] = ()
) -> Topology:
    """One subscription's part of the topology; never raises for what Azure answers.

    Args:
        client: sends requests (`send_request`) with a credential of its own.
        subscription: whose networks these are.
        endpoint: Resource Manager's address.
        errors: what the client raises where there is no answer, besides `AzureError`.
    """
    from azure.core.exceptions import AzureError

    calls = Calls(client, subscription, endpoint, (AzureError, *errors))
    answers = calls.all("virtualNetworks")
    listed = calls.all("routeTables")
    tables = None if listed is None else {(each.text("id") or "").lower(): each for each in listed}
    vnets = [vnet_of(each) for each in answers or ()]
    gateways = read_gateways(calls, vnets, tables)
    strangers = {peering.far: _stranger(peering.far) for vnet in vnets for peering in vnet.peerings}
    own = {vnet.id: _domain(vnet, subscription) for vnet in vnets}
    part = Topology(
        domains=tuple((strangers | own).values()),
        subnets=tuple(
            Subnet(id=f"{vnet.id}/subnets/{name}", domain=vnet.id, ranges=ranges, table=f"{vnet.id}/subnets/{name}")
            for vnet in vnets
            for name, ranges in vnet.subnets.items()
        ),
        tables=(
            *(_table(vnet, name, tables) for vnet in vnets for name in vnet.subnets),
            *(table for vnet in vnets for table in arrivals(vnet)),
            *gateways.tables,
        ),
        links=topology_of([Topology(links=(each.link,)) for vnet in vnets for each in vnet.peerings]).links,
        tunnels=tuple(gateways.tunnels),
    )
    if calls.notices:
        reason = f"{len(calls.notices)} values in Azure's answers are not what belongs there"
        calls.missing("networks", reason)
        part = distrusted(part, reason)
    return replace(part, unread=tuple(calls.unread))


def _domain(vnet: Vnet, subscription: str) -> Domain:
    return Domain(id=vnet.id, kind=DomainKind.AZURE_VNET, cloud=Cloud.AZURE, account=subscription, ranges=vnet.ranges)


def _stranger(vnet: str) -> Domain:
    """A VNet that a peering names; its own subscription knows the rest."""
    owner = vnet.partition("/subscriptions/")[2].partition("/")[0]
    return Domain(
        id=vnet,
        kind=DomainKind.AZURE_VNET,
        cloud=Cloud.AZURE,
        account=owner,
        unread=f"subscription {owner or 'unknown'} was not read",
    )


def _table(vnet: Vnet, subnet: str, tables: dict[str, Part] | None) -> Table:
    """What decides for a subnet; with a route table that was not read, nothing is known."""
    wanted = vnet.tables[subnet]
    if wanted and (tables is None or wanted not in tables):
        name = f"{vnet.id}/subnets/{subnet}"
        return Table(id=name, domain=vnet.id, unread=f"its route table {wanted} could not be read")
    return subnet_table(vnet, subnet, tables[wanted] if wanted and tables is not None else None)
