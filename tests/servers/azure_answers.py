"""What Azure answers, as its REST references show it: clusters, their kubeconfigs and errors. Everything secret is planted."""

from __future__ import annotations

import base64
from typing import Any

import yaml

PLANTED = "planted-secret-"  # every value that must never leave the AKS package begins so
APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"


def managed_cluster(
    subscription: str, name: str, *, group: str = "rg-prod", location: str = "westeurope", **properties: Any
) -> dict[str, Any]:
    """One member of `managedClusters` (API 2026-08-01): Entra sign-in, Cilium, two pools. `properties` override; None removes."""
    all_properties = _properties(subscription, name) | properties
    return {
        "id": f"/subscriptions/{subscription}/resourcegroups/{group}/providers/Microsoft.ContainerService"
        f"/managedClusters/{name}",
        "name": name,
        "type": "Microsoft.ContainerService/ManagedClusters",
        "location": location,
        "tags": {"team": "payments", "tier": "prod"},
        "sku": {"name": "Base", "tier": "Standard"},
        "identity": {"type": "SystemAssigned", "principalId": "0e0e0e0e-0000-4000-8000-000000000001"},
        "properties": {key: value for key, value in all_properties.items() if value is not None},
    }


def _properties(subscription: str, name: str) -> dict[str, Any]:
    return {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "kubernetesVersion": "1.33",
        "currentKubernetesVersion": "1.33.5",
        "dnsPrefix": name,
        "fqdn": f"{name}-1a2b3c4d.hcp.westeurope.azmk8s.io",
        "azurePortalFQDN": f"{name}-1a2b3c4d.portal.hcp.westeurope.azmk8s.io",
        "agentPoolProfiles": [_pool(subscription, "system", "Linux"), _pool(subscription, "win", "Windows")],
        "windowsProfile": {"adminUsername": "azureuser", "adminPassword": f"{PLANTED}windows"},
        "linuxProfile": {"adminUsername": "azureuser", "ssh": {"publicKeys": [{"keyData": f"{PLANTED}ssh"}]}},
        "servicePrincipalProfile": {"clientId": "msi", "secret": f"{PLANTED}principal"},
        "addonProfiles": {
            "ACIConnectorLinux": {"enabled": True, "config": {"SubnetName": "aci", "token": f"{PLANTED}addon"}},
            "omsagent": {"enabled": False, "config": None},
        },
        "nodeResourceGroup": f"MC_rg-prod_{name}_westeurope",
        "enableRBAC": True,
        "networkProfile": {
            "networkPlugin": "azure",
            "networkPluginMode": "overlay",
            "networkPolicy": "cilium",
            "networkDataplane": "cilium",
            "loadBalancerSku": "standard",
            "podCidr": "10.244.0.0/16",
            "podCidrs": ["10.244.0.0/16"],
            "serviceCidr": "10.0.0.0/16",
            "serviceCidrs": ["10.0.0.0/16"],
            "dnsServiceIP": "10.0.0.10",
            "outboundType": "loadBalancer",
            "ipFamilies": ["IPv4"],
            "advancedNetworking": {
                "enabled": True,
                "observability": {"enabled": True},
                "security": {"enabled": True, "advancedNetworkPolicies": "L7"},
            },
        },
        "aadProfile": {
            "managed": True,
            "enableAzureRBAC": True,
            "tenantID": "00000000-0000-4000-8000-00000000000f",
            "serverAppSecret": f"{PLANTED}application",
        },
        "apiServerAccessProfile": {
            "enablePrivateCluster": False,
            "authorizedIPRanges": ["203.0.113.0/24"],
            "enableVnetIntegration": False,
        },
        "azureMonitorProfile": {"containerInsights": {"enabled": True, "containerNetworkLogs": "Enabled"}},
        "securityProfile": {"workloadIdentity": {"enabled": True}},
        "oidcIssuerProfile": {"enabled": True, "issuerURL": "https://westeurope.oic.prod-aks.azure.com/x/y/"},
        "publicNetworkAccess": "Enabled",
        "disableLocalAccounts": False,
    }


def _pool(subscription: str, name: str, system: str) -> dict[str, Any]:
    subnet = f"/subscriptions/{subscription}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/n"
    return {
        "name": name,
        "count": 3,
        "vmSize": "Standard_D4s_v5",
        "osType": system,
        "osSKU": "AzureLinux" if system == "Linux" else "Windows2022",
        "mode": "System" if name == "system" else "User",
        "type": "VirtualMachineScaleSets",
        "vnetSubnetID": subnet,
        "orchestratorVersion": "1.33.5",
        "currentOrchestratorVersion": "1.33.5",
        "nodeLabels": {"pool": name},
        "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
        "enableNodePublicIP": False,
    }


def entra_kubeconfig(server: str, ca: bytes) -> bytes:
    """What `listClusterUserCredential?format=exec` gives for a cluster with Entra sign-in."""
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kubelogin",
        "args": ["get-token", "--login", "devicecode", "--server-id", APPLICATION],
    }
    return kubeconfig(server, ca, {"exec": command})


def local_kubeconfig(server: str, ca: bytes, user: dict[str, str]) -> bytes:
    """The same for a cluster without: a local account, which is cluster-admin's."""
    return kubeconfig(server, ca, user)


def kubeconfig(server: str, ca: bytes, user: dict[str, Any]) -> bytes:
    """A kubeconfig as AKS writes it."""
    authority = base64.b64encode(ca).decode()
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"certificate-authority-data": authority, "server": server}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "clusterUser_rg_c"}}],
            "current-context": "c",
            "users": [{"name": "clusterUser_rg_c", "user": user}],
        }
    ).encode()
