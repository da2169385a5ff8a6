"""Answers of Compute Engine for two projects with a peered network each, and for a tunnel towards AWS."""

from __future__ import annotations

from typing import Any

from tests.infra.clouds.rest_server import RestServer

WEB = "https://www.googleapis.com/compute/v1"
PLANTED = "planted-shared-secret-4711"
NET_A, NET_B = "projects/host-a/global/networks/prod", "projects/host-b/global/networks/data"
REGION = "europe-west1"


def subnetwork(project: str, net: str, name: str, primary: str, pods: str) -> dict[str, Any]:
    """A subnetwork as `aggregatedList` gives it."""
    return {
        "kind": "compute#subnetwork",
        "name": name,
        "selfLink": f"{WEB}/projects/{project}/regions/{REGION}/subnetworks/{name}",
        "network": f"{WEB}/{net}",
        "region": f"{WEB}/projects/{project}/regions/{REGION}",
        "ipCidrRange": primary,
        "secondaryIpRanges": [{"rangeName": "pods", "ipCidrRange": pods}],
        "purpose": "PRIVATE",
    }


def project(
    name: str, net: str, primary: str, pods: str, *, far: str, imported: list[dict[str, Any]]
) -> dict[str, Any]:
    """A project with one network, one subnetwork and one peering."""
    base = f"/projects/{name}"
    short = net.rpartition("/")[2]
    peering = {"name": "to-far", "network": f"{WEB}/{far}", "state": "ACTIVE", "exchangeSubnetRoutes": True}
    empty = {"kind": "compute#list", "items": {f"regions/{REGION}": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}}}
    default = {
        "name": "default-route",
        "network": f"{WEB}/{net}",
        "destRange": "0.0.0.0/0",
        "priority": 1000,
        "nextHopGateway": f"{WEB}/projects/{name}/global/gateways/default-internet-gateway",
        "routeType": "STATIC",
    }
    via = {"destRange": "10.9.0.0/16", "network": f"{WEB}/{net}", "priority": 0, "nextHopPeering": "to-far"}
    return {
        f"{base}/global/networks": {
            "items": [
                {
                    "name": short,
                    "selfLink": f"{WEB}/{net}",
                    "peerings": [peering],
                    "routingConfig": {"routingMode": "REGIONAL"},
                }
            ]
        },
        f"{base}/aggregated/subnetworks": {
            "items": {
                f"regions/{REGION}": {"subnetworks": [subnetwork(name, net, "sub", primary, pods)]},
                "regions/asia-east1": {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "empty"}},
            }
        },
        f"{base}/global/routes": {"items": [default, via]},
        f"{base}/aggregated/routers": empty,
        f"{base}/aggregated/vpnGateways": empty,
        f"{base}/aggregated/vpnTunnels": empty,
        f"{base}/aggregated/interconnectAttachments": empty,
        f"{base}/global/networks/{short}/listPeeringRoutes": {"items": imported},
    }


def exchanged(*ranges: str) -> list[dict[str, Any]]:
    """Subnet routes of a peer, as listPeeringRoutes gives them."""
    return [
        {"destRange": each, "type": "SUBNET_PEERING_ROUTE", "imported": True, "priority": 0, "nextHopRegion": REGION}
        for each in ranges
    ]


def vpn(server: RestServer, *, dynamic: bool) -> None:
    """A VPN tunnel in host-a towards AWS, with a static route into it or one that its router learned."""
    base, regional = "/projects/host-a", f"{WEB}/projects/host-a/regions/{REGION}"
    tunnel_link = f"{regional}/vpnTunnels/to-aws"
    server.answers[f"{base}/aggregated/vpnGateways"] = {
        "items": {
            f"regions/{REGION}": {
                "vpnGateways": [
                    {
                        "selfLink": f"{regional}/vpnGateways/ha",
                        "network": f"{WEB}/{NET_A}",
                        "vpnInterfaces": [
                            {"id": 0, "ipAddress": "34.100.20.30"},
                            {"id": 1, "ipAddress": "34.100.20.31"},
                        ],
                    }
                ]
            }
        }
    }
    server.answers[f"{base}/aggregated/vpnTunnels"] = {
        "items": {
            f"regions/{REGION}": {
                "vpnTunnels": [
                    {
                        "selfLink": tunnel_link,
                        "region": regional,
                        "vpnGateway": f"{regional}/vpnGateways/ha",
                        "vpnGatewayInterface": 0,
                        "router": f"{regional}/routers/cr",
                        "peerIp": "52.10.20.30",
                        "status": "ESTABLISHED",
                        "detailedStatus": PLANTED,
                        "sharedSecret": PLANTED,
                        "sharedSecretHash": PLANTED,
                    }
                ]
            }
        }
    }
    server.answers[f"{base}/aggregated/routers"] = {
        "items": {
            f"regions/{REGION}": {
                "routers": [
                    {
                        "name": "cr",
                        "selfLink": f"{regional}/routers/cr",
                        "region": regional,
                        "network": f"{WEB}/{NET_A}",
                        "bgp": {"asn": 65010},
                        "interfaces": [{"name": "if-1", "linkedVpnTunnel": tunnel_link}],
                        "bgpPeers": [{"name": "aws", "interfaceName": "if-1", "peerAsn": 64600}],
                        "md5AuthenticationKeys": [{"name": "k", "key": PLANTED}],
                    }
                ]
            }
        }
    }
    best = {"destRange": "10.50.0.0/16", "priority": 100, "nextHopIp": "169.254.1.2", "network": f"{WEB}/{NET_A}"}
    server.answers[f"{base}/regions/{REGION}/routers/cr/getRouterStatus"] = {
        "result": {
            "bestRoutes": [best] if dynamic else [],
            "bgpPeerStatus": [{"peerIpAddress": "169.254.1.2", "linkedVpnTunnel": tunnel_link, "status": "UP"}],
        }
    }
    if not dynamic:
        server.answers[f"{base}/global/routes"]["items"].append(
            {"network": f"{WEB}/{NET_A}", "destRange": "10.50.0.0/16", "priority": 500, "nextHopVpnTunnel": tunnel_link}
        )
