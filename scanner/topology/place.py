"""Where a cluster stands in a topology, from what its cloud says of it (`CloudRecord`) and the subnets that were read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.cloud.part import Part
from scanner.model import Cloud, CloudRecord, ClusterRef
from scanner.topology.model import Placement, Pods, Subnet, Topology
from scanner.topology.place_aws import place_eks
from scanner.topology.place_gcp import place_gke
from scanner.topology.places import Known, around
from scanner.topology.seen_as import aks_rules
from scanner.topology.spans import is_prefix

_LOAD_BALANCERS = "only the cluster's own Services say where its load balancers are"


def place(
    ref: ClusterRef,
    record: CloudRecord,
    topology: Topology,
    *,
    load_balancers: Sequence[str] | None = None,
    not_masqueraded: Sequence[str] | None = None,
    agent_read: bool = False,
) -> Placement | None:
    """A cluster's placement; None where its cloud is none of the three.

    Args:
        ref: whose placement it is.
        record: what its cloud says of it.
        topology: the parts that hold its network; what is missing there becomes `unread`.
        load_balancers: addresses of its Services of type LoadBalancer; None where nobody read them.
        not_masqueraded: GKE: the custom list of the `ip-masq-agent` or EgressNATPolicy; None where there is none.
        agent_read: GKE: whether somebody looked for that list inside the cluster.
    """
    notices: list[str] = []
    cluster = Part.decode(record.cluster, "cluster", notices)
    if record.provider is Cloud.AWS:
        known = place_eks(record, cluster.part("cluster") or cluster, topology, notices)
    elif record.provider is Cloud.GCP:
        known = place_gke(cluster, topology, not_masqueraded, agent_read=agent_read)
    elif record.provider is Cloud.AZURE:
        known = _aks(cluster, topology)
    else:
        return None
    unread = dict(known.unread)
    if load_balancers is None:
        unread["load_balancer"] = _LOAD_BALANCERS
    return Placement(
        cluster=ref.id,
        domain=known.domain,
        nodes=known.nodes,
        pods=known.pods,
        services=known.services,
        load_balancers=tuple(text for text in load_balancers or () if is_prefix(text)),
        routing=known.routing,
        masquerade=known.masquerade,
        unread=unread,
        notes=(*known.notes, *notices),
    )


def _aks(resource: Part, topology: Topology) -> Known:
    """AKS: overlay and kubenet pods have `podCidr`, flat ones the addresses of the pod subnet, or of the node's."""
    cluster = resource.part("properties") or resource
    network = cluster.part("networkProfile")
    pools = cluster.items("agentPoolProfiles") or []
    nodes = _ids(pool.text("vnetSubnetId") or pool.text("vnetSubnetID") for pool in pools)
    pods = _ids(pool.text("podSubnetId") or pool.text("podSubnetID") for pool in pools)
    domain = _vnet(nodes) or _managed_vnet(resource, cluster, topology)
    subnets = around(topology, domain)
    plugin, mode = ((network.text(key) or "").strip().lower() for key in ("networkPlugin", "networkPluginMode"))
    routing = Pods.UNKNOWN
    if plugin == "kubenet" or (plugin == "azure" and mode == "overlay"):
        routing = Pods.OVERLAY
    elif plugin == "azure" and not mode:
        routing = Pods.NATIVE
    unread: dict[str, str] = {}
    node_subnets = [subnets[name] for name in nodes if name in subnets] if nodes else list(subnets.values())
    if not domain or not node_subnets or any(name not in subnets for name in nodes):
        unread["node"] = "the subnet of its nodes was not read"
    if routing is Pods.NATIVE:
        pod_subnets = [subnets[name] for name in pods if name in subnets] if pods else node_subnets
        pod_ranges = _ranges(pod_subnets)
        if any(name not in subnets for name in pods) or (not pods and "node" in unread):
            unread["pod"] = "the subnet of its pods was not read"
    else:
        pod_ranges = network.ranges((network.text("podCidr"), *(network.texts("podCidrs") or ())))
        if not pod_ranges:
            unread["pod"] = "the record names no pod range"
    vnet = next((each.ranges for each in topology.domains if each.id == domain and not each.unread), ())
    return Known(
        domain=domain,
        nodes=_ranges(node_subnets),
        pods=pod_ranges,
        services=network.ranges((network.text("serviceCidr"), *(network.texts("serviceCidrs") or ()))),
        routing=routing,
        masquerade=aks_rules(routing, vnet, pod_subnet=bool(pods)),
        unread=unread,
    )


def _ids(texts: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(text.lower() for text in texts if text))


def _vnet(subnets: Sequence[str]) -> str:
    """The VNet of the pools' subnets, of which a cluster has one."""
    vnets = {name.rpartition("/subnets/")[0] for name in subnets}
    return vnets.pop() if len(vnets) == 1 else ""


def _managed_vnet(resource: Part, cluster: Part, topology: Topology) -> str:
    """The VNet that AKS made itself, the only one in the node resource group."""
    group = (cluster.text("nodeResourceGroup") or "").lower()
    subscription = (resource.text("id") or "").lower().partition("/resourcegroups/")[0]
    prefix = f"{subscription}/resourcegroups/{group}/providers/microsoft.network/virtualnetworks/"
    found = [each.id for each in topology.domains if each.id.startswith(prefix)] if subscription and group else []
    return found[0] if len(found) == 1 else ""


def _ranges(subnets: Iterable[Subnet]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for subnet in subnets for text in subnet.ranges))
