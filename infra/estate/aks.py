"""What AKS puts into a cluster: node pools, system pods, and the managed cluster's record in the form of ARM."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from infra.cloudrecord import cluster_ref, record_from
from infra.estate.draft import Draft
from infra.estate.names import number, spread, token
from infra.estate.network import vpc, vpc_id
from infra.estate.pods import Host
from scanner.model import CloudRecord, ClusterRef, Container, Node

VERSION = "1.33.5"
SERVER = f"v{VERSION}"
_IMAGES = "mirror.example/aks"
_IMAGE_VERSION = "202611.03.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """An agent pool: a scale set of Linux nodes."""

    name: str
    count: int
    size: str
    mode: str = "User"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aks:
    """An AKS cluster: where it is, which ranges it has, which engine. `pods` "" gives pods addresses of the VNet."""

    name: str
    subscription: str
    region: str
    vnet: str
    pods: str
    services: str
    cilium: bool
    pools: Sequence[Pool]

    @property
    def node_group(self) -> str:
        """The resource group that AKS made for the nodes."""
        return f"MC_rg-{self.name}_{self.name}_{self.region}"

    @property
    def subnet(self) -> str:
        """The id of the nodes' subnet."""
        group = f"/subscriptions/{self.subscription}/resourceGroups/rg-{self.name}"
        return f"{group}/providers/Microsoft.Network/virtualNetworks/{vpc_id(self.name)}/subnets/nodes"


def add_nodes(draft: Draft, site: Aks) -> None:
    """Every pool's nodes, each in one of three zones."""
    first = next(ipaddress.ip_network(site.vnet).subnets(new_prefix=20))
    addresses = spread(str(first), skip=4)
    shared = spread(str(first), skip=512)
    blocks = ipaddress.ip_network(site.pods).subnets(new_prefix=24) if site.pods else None
    for pool in site.pools:
        scale_set = f"aks-{pool.name}-{10_000_000 + number(site.name, 80_000_000)}-vmss"
        for index in range(pool.count):
            name = f"{scale_set}{index:06d}"
            node = Node(
                name=name,
                labels=_labels(site, pool, name, index),
                os="linux",
                kernel="5.15.0-1098-azure",
                ready=True,
                provider_id=f"azure:///subscriptions/{site.subscription}/resourceGroups/{site.node_group.lower()}"
                f"/providers/Microsoft.Compute/virtualMachineScaleSets/{scale_set}/virtualMachines/{index}",
                addresses=(next(addresses),),
            )
            pods = spread(str(next(blocks)), skip=4) if blocks else shared
            draft.hosts.append(Host(node=node, pool="linux", addresses=pods))


def _labels(site: Aks, pool: Pool, name: str, index: int) -> dict[str, str]:
    labels = {
        "kubernetes.azure.com/agentpool": pool.name,
        "kubernetes.azure.com/cluster": site.node_group,
        "kubernetes.azure.com/mode": pool.mode.lower(),
        "kubernetes.azure.com/node-image-version": f"AKSUbuntu-2204gen2containerd-{_IMAGE_VERSION}",
        "kubernetes.azure.com/os-sku": "Ubuntu",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": pool.size,
        "topology.kubernetes.io/region": site.region,
        "topology.kubernetes.io/zone": f"{site.region}-{index % 3 + 1}",
    }
    if site.cilium:
        labels["kubernetes.azure.com/ebpf-dataplane"] = "cilium"
    return dict(sorted(labels.items()))


def add_system(draft: Draft, site: Aks) -> None:
    """The system pods, the engine's among them."""
    for name, image, tag in (
        ("ama-logs", "ciprod", "3.1.31"),
        ("azure-ip-masq-agent", "ip-masq-agent-v2", "v0.1.15"),
        ("cloud-node-manager", "azure-cloud-node-manager", "v1.33.4"),
        ("csi-azuredisk-node", "azuredisk-csi", "v1.33.5"),
        ("csi-azurefile-node", "azurefile-csi", "v1.33.5"),
    ):
        draft.daemon_set(name, _container(name, image, tag), labels={"k8s-app": name, **_MANAGED})
    if site.cilium:
        _cilium(draft)
    else:
        _npm(draft)
    dns = {"k8s-app": "kube-dns"}
    ports = "dns:53/UDP dns-tcp:53 metrics:9153"
    draft.workload("kube-system", "coredns", replicas=3, ports=ports, labels=dns, added=_MANAGED)
    address = str(ipaddress.ip_network(site.services)[10])
    draft.service("kube-system", "kube-dns", "dns:53/UDP dns-tcp:53", selector=dns, address=address, target=53)
    for name in ("ama-logs-rs", "azure-wi-webhook-controller-manager", "coredns-autoscaler", "konnectivity-agent"):
        draft.workload("kube-system", name, labels={"k8s-app": name}, added=_MANAGED)
    draft.workload("kube-system", "metrics-server", ports="https:4443", serves="https:443")


_MANAGED = {"kubernetes.azure.com/managedby": "aks"}


def _container(name: str, image: str, tag: str) -> Container:
    return Container(name=name, image=f"{_IMAGES}/{image}:{tag}")


def _cilium(draft: Draft) -> None:
    draft.daemon_set("azure-cns", _container("cns-container", "azure-cns", "v1.6.31"), labels={"k8s-app": "azure-cns"})
    draft.daemon_set("cilium", _container("cilium-agent", "cilium", "v1.17.9-250901"), labels={"k8s-app": "cilium"})
    draft.workload(
        "kube-system",
        "cilium-operator",
        labels={"io.cilium/app": "operator", "name": "cilium-operator"},
        host_network=True,
    )
    draft.config_map(
        "cilium-config",
        {
            "cni-chaining-mode": "none",
            "enable-hubble": "false",
            "enable-l7-proxy": "false",
            "enable-policy": "default",
            "ipam": "delegated-plugin",
            "policy-audit-mode": "false",
            "policy-cidr-match-mode": "",
        },
    )


def _npm(draft: Draft) -> None:
    draft.daemon_set(
        "kube-proxy", _container("kube-proxy", "kube-proxy", "v1.33.5"), labels={"component": "kube-proxy"}
    )
    draft.daemon_set("azure-npm", _container("azure-npm", "azure-npm", "v1.6.31"))
    toggles = {"EnablePrometheusMetrics": True, "EnableV2NPM": True, "PlaceAzureChainFirst": False}
    config = {"ResyncPeriodInMinutes": 15, "ListeningPort": 10091, "Toggles": toggles}
    draft.config_map("azure-npm-config", {"azure-npm.json": msgspec.json.encode(config).decode()})


def describe(site: Aks, *, network: dict[str, Any], access: dict[str, Any], **properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """The managed cluster as ARM gives it; `network` and `access` complete their profiles, `properties` come on top."""
    group = f"/subscriptions/{site.subscription}/resourcegroups/rg-{site.name}"
    return {
        "id": f"{group}/providers/Microsoft.ContainerService/managedClusters/{site.name}",
        "name": site.name,
        "type": "Microsoft.ContainerService/ManagedClusters",
        "location": site.region,
        "sku": {"name": "Base", "tier": "Standard"},
        "properties": {
            "provisioningState": "Succeeded",
            "powerState": {"code": "Running"},
            "kubernetesVersion": "1.33",
            "currentKubernetesVersion": VERSION,
            "nodeResourceGroup": site.node_group,
            "fqdn": f"{site.name}-{token(site.name, 8)}.hcp.{site.region}.aks.example",
            "disableLocalAccounts": True,
            "apiServerAccessProfile": access,
            "networkProfile": {
                "networkPlugin": "azure",
                "loadBalancerSku": "standard",
                "outboundType": "loadBalancer",
                "serviceCidr": site.services,
                "serviceCidrs": [site.services],
                "dnsServiceIP": str(ipaddress.ip_network(site.services)[10]),
                "ipFamilies": ["IPv4"],
                **(
                    {"podCidr": site.pods, "podCidrs": [site.pods], "networkPluginMode": "overlay"} if site.pods else {}
                ),
                **network,
            },
            "aadProfile": {"managed": True, "enableAzureRBAC": True},
            "addonProfiles": {"azurepolicy": {"enabled": True}, "omsagent": {"enabled": True}},
            "agentPoolProfiles": [_agent_pool(site, pool) for pool in site.pools],
            **properties,
        },
    }


def _agent_pool(site: Aks, pool: Pool) -> dict[str, Any]:
    return {
        "name": pool.name,
        "mode": pool.mode,
        "type": "VirtualMachineScaleSets",
        "count": pool.count,
        "vmSize": pool.size,
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "orchestratorVersion": "1.33",
        "currentOrchestratorVersion": VERSION,
        "enableNodePublicIP": False,
        "vnetSubnetID": site.subnet,
    }


def record(cluster: dict[str, Any]) -> tuple[CloudRecord, ClusterRef]:
    """The stored record, and the address it gives the cluster."""
    name = cluster["name"]
    made = msgspec.structs.replace(record_from({"provider": "azure", "cluster": cluster}, name), vpc=vpc(name))
    return made, cluster_ref(made, name)
