"""Answers of Azure Resource Manager: a hub and two spokes in three subscriptions, and a VPN in the hub."""

from __future__ import annotations

from typing import Any

PLANTED = "planted-shared-key-4711"
API = "providers/Microsoft.Network"
SUBSCRIPTIONS = {name: f"00000000-0000-0000-0000-00000000000{at}" for at, name in enumerate(("hub", "one", "two"), 1)}


def vnet_id(name: str) -> str:
    """The VNet of a subscription, spelled as Azure spells it."""
    return f"/subscriptions/{SUBSCRIPTIONS[name]}/resourceGroups/RG-net/{API}/virtualNetworks/{name}"


def listing(name: str, kind: str, group: str = "") -> str:
    """The path of a list."""
    within = f"/resourceGroups/{group}" if group else ""
    return f"/subscriptions/{SUBSCRIPTIONS[name]}{within}/{API}/{kind}"


def subnet(vnet: str, name: str, prefix: str, table: str = "", **more: Any) -> dict[str, Any]:
    """A subnet inside a VNet's answer."""
    properties: dict[str, Any] = {"addressPrefix": prefix, "provisioningState": "Succeeded", **more}
    if table:
        properties["routeTable"] = {"id": table}
    return {"id": f"{vnet_id(vnet)}/subnets/{name}", "name": name, "properties": properties}


def peering(far: str, prefixes: list[str], **more: Any) -> dict[str, Any]:
    """One side of a peering."""
    properties = {
        "peeringState": "Connected",
        "peeringSyncLevel": "FullyInSync",
        "remoteVirtualNetwork": {"id": vnet_id(far).upper()},
        "remoteAddressSpace": {"addressPrefixes": prefixes},
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": False,
        "allowGatewayTransit": False,
        "useRemoteGateways": False,
        "peerCompleteVnets": True,
    }
    return {"name": f"to-{far}", "properties": properties | more}


def vnet(name: str, prefix: str, subnets: list[dict[str, Any]], peerings: list[dict[str, Any]]) -> dict[str, Any]:
    """A VNet as the list gives it."""
    return {
        "id": vnet_id(name),
        "name": name,
        "location": "westeurope",
        "properties": {
            "addressSpace": {"addressPrefixes": [prefix]},
            "subnets": subnets,
            "virtualNetworkPeerings": peerings,
        },
    }


def estate() -> dict[str, Any]:
    """Hub 10.0/16 with a GatewaySubnet, spokes 10.1/16 and 10.2/16, each peered with the hub alone."""
    gateway = f"/subscriptions/{SUBSCRIPTIONS['hub']}/resourceGroups/RG-net/{API}/virtualNetworkGateways/gw"
    address = [{"id": f"{gateway}/ipConfigurations/default"}]
    vnets = {
        "hub": vnet(
            "hub",
            "10.0.0.0/16",
            [
                subnet("hub", "nodes", "10.0.1.0/24"),
                subnet("hub", "GatewaySubnet", "10.0.0.0/27", ipConfigurations=address),
            ],
            [peering(far, [f"10.{at}.0.0/16"], allowGatewayTransit=True) for far, at in (("one", 1), ("two", 2))],
        ),
        "one": vnet(
            "one",
            "10.1.0.0/16",
            [subnet("one", "nodes", "10.1.1.0/24"), subnet("one", "pods", "10.1.2.0/24")],
            [peering("hub", ["10.0.0.0/16"], useRemoteGateways=True)],
        ),
        "two": vnet("two", "10.2.0.0/16", [subnet("two", "nodes", "10.2.1.0/24")], [peering("hub", ["10.0.0.0/16"])]),
    }
    answers: dict[str, Any] = {}
    for name, document in vnets.items():
        answers[listing(name, "virtualNetworks")] = {"value": [document]}
        answers[listing(name, "routeTables")] = {"value": []}
    return answers | connections(gateway)


def connections(gateway: str) -> dict[str, Any]:
    """The hub's VPN gateway and a static connection to 10.50/16, full of keys."""
    group = f"/subscriptions/{SUBSCRIPTIONS['hub']}/resourceGroups/RG-net/{API}"
    own = {"ipconfigurationId": f"{gateway}/ipConfigurations/default", "tunnelIpAddresses": ["20.50.60.70"]}
    site, connection = f"{group}/localNetworkGateways/aws", f"{group}/connections/to-aws"
    properties = {
        "connectionType": "IPsec",
        "virtualNetworkGateway1": {"id": gateway},
        "localNetworkGateway2": {"id": site},
        "enableBgp": False,
        "sharedKey": PLANTED,
        "authorizationKey": PLANTED,
    }
    return {
        gateway: {"id": gateway, "properties": {"bgpSettings": {"asn": 65515, "bgpPeeringAddresses": [own]}}},
        listing("hub", "connections", "rg-net"): {"value": [{"id": connection, "properties": properties}]},
        connection: {"id": connection, "properties": properties | {"connectionStatus": "Connected"}},
        listing("hub", "localNetworkGateways", "rg-net"): {
            "value": [
                {
                    "id": site,
                    "properties": {
                        "gatewayIpAddress": "52.10.20.30",
                        "localNetworkAddressSpace": {"addressPrefixes": ["10.50.0.0/16"]},
                    },
                }
            ]
        },
    }
