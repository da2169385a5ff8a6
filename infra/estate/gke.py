"""What GKE puts into a cluster: nodes with a pod range each, system pods, and its API's record."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

import msgspec

from infra.cloudrecord import cluster_ref, record_from
from infra.estate.draft import Draft
from infra.estate.names import HEX, spread, token
from infra.estate.network import vpc
from infra.estate.pods import Host
from infra.estate.rules import Peer, block, selected
from scanner.model import CloudRecord, ClusterRef, Container, Node

VERSION = "1.33.5-gke.1080000"
SERVER = f"v{VERSION}"
DATAPLANE_V2 = frozenset(
    {
        "networkloggings.networking.gke.io",
        "fqdnnetworkpolicies.networking.gke.io",
        "ciliumclusterwidenetworkpolicies.cilium.io",
        "ciliumcidrgroups.cilium.io",
    }
)
GATEWAYS = frozenset({"httproutes.gateway.networking.k8s.io", "grpcroutes.gateway.networking.k8s.io"})
# The cluster's resolvers: kube-dns, the cache pods, and the cache's own address.
RESOLVERS: tuple[Peer, ...] = (
    selected({"k8s-app": "kube-dns"}, "kube-system"),
    selected({"k8s-app": "node-local-dns"}, "kube-system"),
    block("169.254.20.10/32"),
)
_CLUSTER_API = "https://container.googleapis.com/v1"
_IMAGES = "mirror.example/gke"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gke:
    """A GKE cluster: where it is, which ranges it has, what it runs on."""

    name: str
    project: str
    region: str
    nodes: str
    pods: str
    services: str
    pool: str
    count: int
    autopilot: bool
    machine_type: str

    @property
    def dataplane_v2(self) -> bool:
        """Autopilot always has it; the estate's Standard cluster is older than that."""
        return self.autopilot


def add_nodes(draft: Draft, site: Gke) -> None:
    """The nodes of the one pool, in three zones; each has a /24 of the pod range."""
    addresses = spread(site.nodes, skip=2)
    blocks = ipaddress.ip_network(site.pods).subnets(new_prefix=24)
    for index in range(site.count):
        zone = f"{site.region}-{'bcd'[index % 3]}"
        group = token(f"{site.name}/{zone}", 8, HEX)
        name = f"{'gk3' if site.autopilot else 'gke'}-{site.name}-{site.pool}-{group}-{token(f'{zone}/{index}', 4)}"
        pod_range = str(next(blocks))
        labels = {
            "cloud.google.com/gke-nodepool": site.pool,
            "cloud.google.com/gke-os-distribution": "cos",
            "cloud.google.com/machine-family": site.machine_type.partition("-")[0],
            "iam.gke.io/gke-metadata-server-enabled": "true",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": site.machine_type,
            "topology.kubernetes.io/region": site.region,
            "topology.kubernetes.io/zone": zone,
        }
        node = Node(
            name=name,
            labels=dict(sorted(labels.items())),
            os="linux",
            kernel="6.6.105+",
            ready=True,
            provider_id=f"gce://{site.project}/{zone}/{name}",
            addresses=(next(addresses),),
            pod_cidrs=(pod_range,),
        )
        draft.hosts.append(Host(node=node, pool="linux", addresses=spread(pod_range, skip=2)))


def add_system(draft: Draft, site: Gke) -> None:
    """The system pods; the data path decides between anetd and kube-proxy."""
    for name, image, tag in (
        ("fluentbit-gke", "fluent-bit", "v1.9.3-gke.12"),
        ("gke-metadata-server", "gke-metadata-server", "0.4.289"),
        ("gke-metrics-agent", "gke-metrics-agent", "1.15.2-gke.0"),
        ("netd", "netd-gke", "v0.3.14-gke.9"),
        ("node-local-dns", "k8s-dns-node-cache", "1.24.1-gke.2"),
        ("pdcsi-node", "gcp-compute-persistent-disk-csi-driver", "v1.22.1-gke.0"),
    ):
        draft.daemon_set(name, Container(name=name, image=f"{_IMAGES}/{image}:{tag}"))
    if site.dataplane_v2:
        agent = Container(name="cilium-agent", image=f"{_IMAGES}/cilium:v1.17.6-gke.1080000")
        draft.daemon_set("anetd", agent, labels={"k8s-app": "cilium"})
        draft.config_map(
            "cilium-config", {"enable-policy": "default", "enable-l7-proxy": "false", "ipam": "kubernetes"}
        )
    else:
        draft.static_pods("kube-proxy", {"component": "kube-proxy", "tier": "node"})
    if site.autopilot:
        draft.namespace("gke-gmp-system")
        collector = Container(name="prometheus", image=f"{_IMAGES}/prometheus-engine/prometheus:v2.53.5-gmp.1")
        draft.daemon_set("collector", collector, namespace="gke-gmp-system", host_network=False)
        draft.workload("gke-gmp-system", "gmp-operator", replicas=1)
    dns = {"k8s-app": "kube-dns"}
    ports = "dns:10053/UDP dns-tcp:10053 metrics:10054"
    draft.workload("kube-system", "kube-dns", replicas=3, ports=ports, labels=dns)
    address = str(ipaddress.ip_network(site.services)[10])
    draft.service("kube-system", "kube-dns", "dns:53/UDP dns-tcp:53", selector=dns, address=address)
    for name in ("event-exporter-gke", "konnectivity-agent", "kube-dns-autoscaler", "l7-default-backend"):
        draft.workload("kube-system", name, replicas=1, labels={"k8s-app": name})
    draft.workload("kube-system", "metrics-server", replicas=1, ports="https:10250", serves="https:443")


def describe(site: Gke, *, public: bool, **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - REST form
    """The REST form of `Cluster`; `parts` add to it. `public` gives the API server an address with a list of ranges."""
    network = msgspec.json.decode(vpc(site.name))["id"]
    place = f"projects/{site.project}/locations/{site.region}"
    subnet = f"{network.rpartition('/global/')[0]}/regions/{site.region}/subnetworks/{site.name}"
    office = [{"displayName": "offices and build agents", "cidrBlock": "198.51.100.0/26"}]
    allowed = {"enabled": True, "cidrBlocks": office} if public else {"enabled": True}
    zones = [f"{site.region}-{letter}" for letter in "bcd"]
    return {
        "name": site.name,
        "id": token(site.name, 32, HEX) * 2,
        "selfLink": f"{_CLUSTER_API}/{place}/clusters/{site.name}",
        "location": site.region,
        "zone": site.region,
        "status": "RUNNING",
        "endpoint": "192.0.2.40" if public else str(ipaddress.ip_network(site.nodes)[-3]),
        "currentMasterVersion": VERSION,
        "currentNodeVersion": VERSION,
        "network": network.rpartition("/")[2],
        "subnetwork": site.name,
        "clusterIpv4Cidr": site.pods,
        "servicesIpv4Cidr": site.services,
        "loggingService": "logging.googleapis.com/kubernetes",
        "monitoringService": "monitoring.googleapis.com/kubernetes",
        "releaseChannel": {"channel": "REGULAR"},
        "ipAllocationPolicy": {
            "useIpAliases": True,
            "stackType": "IPV4",
            "clusterIpv4CidrBlock": site.pods,
            "servicesIpv4CidrBlock": site.services,
            "clusterSecondaryRangeName": "pods",
            "servicesSecondaryRangeName": "services",
        },
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": {
                "endpoint": f"gke-{token(site.name, 32, HEX)}.{site.region}.gke.example",
                "allowExternalTraffic": False,
            },
            "ipEndpointsConfig": {
                "enabled": True,
                "enablePublicEndpoint": public,
                "privateEndpoint": str(ipaddress.ip_network(site.nodes)[-3]),
                "globalAccess": False,
                "authorizedNetworksConfig": allowed,
            }
            | ({"publicEndpoint": "192.0.2.40"} if public else {}),
        },
        "workloadIdentityConfig": {"workloadPool": f"{site.project}.svc.id.goog"},
        "loggingConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}},
        "monitoringConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]}},
        "nodePools": [
            {
                "name": site.pool,
                "status": "RUNNING",
                "version": VERSION,
                "locations": zones,
                "initialNodeCount": 1,
                "config": {
                    "machineType": site.machine_type,
                    "imageType": "COS_CONTAINERD",
                    "workloadMetadataConfig": {"mode": "GKE_METADATA"},
                },
                "networkConfig": {
                    "podRange": "pods",
                    "podIpv4CidrBlock": site.pods,
                    "enablePrivateNodes": True,
                    "subnetwork": subnet,
                },
            }
        ],
        "networkConfig": {"network": network, "subnetwork": subnet} | parts.pop("networkConfig", {}),
        **parts,
    }


def record(cluster: dict[str, Any]) -> tuple[CloudRecord, ClusterRef]:
    """The stored record, and the address it gives the cluster."""
    name = cluster["name"]
    made = msgspec.structs.replace(record_from({"provider": "gcp", "cluster": cluster}, name), vpc=vpc(name))
    return made, cluster_ref(made, name)
