"""What EKS puts into a cluster: node groups, Fargate nodes, the add-ons' pods."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from infra.estate.draft import Draft
from infra.estate.names import HEX, spread, token
from infra.estate.pods import Host
from scanner.model import Container, Node

VPC_CNI, AGENT = "1.21.1", "1.3.0"  # the add-on, and the policy agent that it ships
_IMAGES = "mirror.example/eks"
_KERNEL = "6.1.155-176.282.amzn2023.x86_64"
SERVES = frozenset(
    {
        "policyendpoints.networking.k8s.aws",
        "clusterpolicyendpoints.networking.k8s.aws",
        "clusternetworkpolicies.networking.k8s.aws",
        "applicationnetworkpolicies.networking.k8s.aws",
    }
)
SERVICES = "172.20.0.0/16"


class Subnets:
    """One private subnet (/20) per zone; nodes and pods take addresses from the same range, as the VPC CNI does it."""

    def __init__(self, vpc: str, region: str) -> None:
        self.region = region
        blocks = list(ipaddress.ip_network(vpc).subnets(new_prefix=20))[:3]
        self._nodes = [spread(str(block), skip=10) for block in blocks]
        self._pods = [spread(str(block), skip=256) for block in blocks]

    def zone(self, index: int) -> str:
        """The zone of the nth node: round robin."""
        return f"{self.region}{'abc'[index % 3]}"

    def node_address(self, index: int) -> str:
        """The next free address for the nth node."""
        return next(self._nodes[index % 3])

    def pod_addresses(self, index: int) -> Iterator[str]:
        """What the pods of the nth node draw from."""
        return self._pods[index % 3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A managed node group."""

    name: str
    count: int
    instance_type: str
    pool: str = "linux"
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def windows(self) -> bool:
        """Whether its nodes run Windows."""
        return self.pool == "windows"


def add_group(draft: Draft, subnets: Subnets, group: Group) -> None:
    """The nodes of one group."""
    for index in range(group.count):
        address = subnets.node_address(index)
        name = _node_name(address, subnets.region)
        system = "windows" if group.windows else "linux"
        labels = _labels(name, system, subnets, index) | {
            "eks.amazonaws.com/capacityType": "ON_DEMAND",
            "eks.amazonaws.com/nodegroup": group.name,
            "eks.amazonaws.com/nodegroup-image": f"ami-0{token(group.name + subnets.region, 16, HEX)}",
            "node.kubernetes.io/instance-type": group.instance_type,
            **dict(group.labels),
        }
        if group.windows:
            labels["node.kubernetes.io/windows-build"] = "10.0.20348"
        node = Node(
            name=name,
            labels=dict(sorted(labels.items())),
            os=system,
            kernel="10.0.20348.4405" if group.windows else _KERNEL,
            ready=True,
            provider_id=f"aws:///{subnets.zone(index)}/i-0{token(name, 16, HEX)}",
            addresses=(address,),
            taints=("os=windows:NoSchedule",) if group.windows else (),
        )
        draft.hosts.append(Host(node=node, pool=group.pool, addresses=subnets.pod_addresses(index)))


def add_fargate(draft: Draft, subnets: Subnets, pool: str, count: int) -> None:
    """Fargate nodes: one per pod, and the pod has the node's own address."""
    for index in range(count):
        address = next(subnets.pod_addresses(index))
        name = f"fargate-{_node_name(address, subnets.region)}"
        labels = _labels(name, "linux", subnets, index) | {"eks.amazonaws.com/compute-type": "fargate"}
        node = Node(
            name=name,
            labels=dict(sorted(labels.items())),
            os="linux",
            kernel="5.10.245-245.983.amzn2.x86_64",
            ready=True,
            provider_id=f"aws:///{subnets.zone(index)}/{token(name, 10, HEX)}-{token(name, 32, HEX)}/{name}",
            addresses=(address,),
            taints=("eks.amazonaws.com/compute-type=fargate:NoSchedule",),
        )
        draft.hosts.append(Host(node=node, pool=pool, addresses=iter([address])))


def _node_name(address: str, region: str) -> str:
    return f"ip-{address.replace('.', '-')}.{region}.compute.internal"


def _labels(name: str, system: str, subnets: Subnets, index: int) -> dict[str, str]:
    return {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": system,
        "topology.k8s.aws/zone-id": f"{subnets.region.replace('-', '')[:4]}-az{index % 3 + 1}",
        "topology.kubernetes.io/region": subnets.region,
        "topology.kubernetes.io/zone": subnets.zone(index),
    }


def add_system(draft: Draft, *, enforcing: bool, windows: bool = False) -> None:
    """The add-ons' pods. `enforcing` is what `enableNetworkPolicy` of the VPC CNI add-on sets in the cluster."""
    _vpc_cni(draft, enforcing=enforcing, windows=windows)
    draft.daemon_set("kube-proxy", _container("kube-proxy", "kube-proxy", "v1.33.3-eksbuild.10"))
    csi = {"app.kubernetes.io/name": "aws-ebs-csi-driver", "app.kubernetes.io/component": "csi-driver"}
    ebs = _container("ebs-plugin", "aws-ebs-csi-driver", "v1.51.0")
    draft.daemon_set("ebs-csi-node", ebs, labels={"app": "ebs-csi-node", **csi}, host_network=False)
    if windows:
        draft.daemon_set(
            "ebs-csi-node-windows",
            ebs,
            labels={"app": "ebs-csi-node", **csi},
            pools=("windows",),
            host_network=False,
        )
    draft.daemon_set(
        "eks-pod-identity-agent",
        _container("eks-pod-identity-agent", "eks-pod-identity-agent", "v0.1.34"),
        labels={
            "app.kubernetes.io/name": "eks-pod-identity-agent",
            "app.kubernetes.io/instance": "eks-pod-identity-agent",
        },
    )
    dns = {"k8s-app": "kube-dns"}
    draft.workload(
        "kube-system",
        "coredns",
        ports="dns:53/UDP dns-tcp:53 metrics:9153",
        labels=dns,
        added={"eks.amazonaws.com/component": "coredns"},
    )
    draft.service("kube-system", "kube-dns", "dns:53/UDP dns-tcp:53", selector=dns, address="172.20.0.10", target=53)
    draft.workload("kube-system", "ebs-csi-controller", labels={"app": "ebs-csi-controller", **csi})
    draft.workload("kube-system", "metrics-server", ports="https:10251", serves="https:443")
    draft.workload(
        "kube-system", "aws-load-balancer-controller", ports="webhook-server:9443 metrics-server:8080",
        labels={"app.kubernetes.io/name": "aws-load-balancer-controller", "app.kubernetes.io/instance": "lbc"},
    )  # fmt: skip


def add_node_exporter(draft: Draft) -> None:
    """The group's own agent on every EC2 node: in the host's network, so outside every policy."""
    draft.daemon_set(
        "node-exporter",
        Container(name="node-exporter", image="mirror.example/prometheus/node-exporter:v1.9.1"),
        namespace="monitoring",
        labels={"app.kubernetes.io/name": "node-exporter"},
        ports="metrics:9100",
    )


def _vpc_cni(draft: Draft, *, enforcing: bool, windows: bool) -> None:
    switch = str(enforcing).lower()
    args = [f"--enable-network-policy={switch}", "--enable-ipv6=false", f"--enable-policy-event-logs={switch}"]
    args += [f"--enable-cloudwatch-logs={switch}", "--log-level=debug"]
    draft.daemon_set(
        "aws-node",
        Container(
            name="aws-node",
            image=f"{_IMAGES}/amazon-k8s-cni:v{VPC_CNI}-eksbuild.1",
            env={
                "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
                "ENABLE_IPv6": "false",
                "ENABLE_POD_ENI": "false",
                "NETWORK_POLICY_ENFORCING_MODE": "standard",
                "VPC_CNI_VERSION": f"v{VPC_CNI}",
            },
        ),
        Container(
            name="aws-eks-nodeagent",
            image=f"{_IMAGES}/aws-network-policy-agent:v{AGENT}-eksbuild.1",
            args=tuple(args),
        ),
        labels={
            "app.kubernetes.io/instance": "aws-vpc-cni",
            "app.kubernetes.io/name": "aws-node",
            "k8s-app": "aws-node",
        },
        ports="metrics:61678 agentmetrics:8162",
    )
    values = {"enable-network-policy-controller": switch, "enable-windows-ipam": str(windows).lower()}
    draft.config_map("amazon-vpc-cni", values)
    for policy in draft.written_policies() if enforcing else ():
        name = f"{policy.name}-{token(policy.namespace + policy.name, 5)}"
        reference = {"policyRef": {"name": policy.name, "namespace": policy.namespace}}
        draft.setting("networking.k8s.aws/v1alpha1", "PolicyEndpoint", name, reference, policy.namespace)


def _container(name: str, image: str, tag: str) -> Container:
    return Container(name=name, image=f"{_IMAGES}/{image}:{tag}")
