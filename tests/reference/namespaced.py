"""The namespaced kinds: whoever one of them selects is isolated, and what any rule of any of them allows is allowed.

Wording: Kubernetes API reference, networking.k8s.io/v1 NetworkPolicySpec; aws/amazon-network-policy-controller-k8s
pkg/crd/crds.yaml, ApplicationNetworkPolicy; cloud.google.com/kubernetes-engine/docs/how-to/fqdn-network-policies.
"""

from __future__ import annotations

from functools import lru_cache

from tests.reference.wire import (
    Cluster,
    Flow,
    Wire,
    inside,
    is_name,
    labels,
    named_ports,
    names,
    namespace_labels,
    on_host_network,
    place,
    pod_at,
    selects,
)

KINDS = ("NetworkPolicy", "ApplicationNetworkPolicy", "FQDNNetworkPolicy")
PEERS = {"ingress": "from", "egress": "to"}


def answer(cluster: Cluster, direction: str, flow: Flow) -> bool | None:
    """Whether one direction is allowed; None where no policy isolates the pod, so that nothing is decided here."""
    policies = isolating(cluster, direction, place(flow.subject(direction)))
    if not policies:
        return None
    return any(
        matched(cluster, policy, rule, direction, flow)
        for policy in policies
        for rule in policy["spec"].get(direction) or []
    )


@lru_cache(maxsize=4096)
def isolating(cluster: Cluster, direction: str, where: tuple[str, str]) -> list[Wire]:
    """The policies that select a pod in one direction."""
    subject = pod_at(cluster, where)
    return [
        policy
        for policy in cluster.policies
        if policy["kind"] in KINDS
        and policy["metadata"]["namespace"] == where[0]
        and selects(policy["spec"].get("podSelector"), labels(subject))
        and direction in directions(policy)
    ]


def directions(policy: Wire) -> set[str]:
    """The directions a policy isolates.

    Without `policyTypes` a NetworkPolicy always isolates ingress, and egress where it has egress rules; an
    ApplicationNetworkPolicy goes by the rules it has; an FQDNNetworkPolicy is about egress alone.
    """
    spec = policy["spec"]
    if policy["kind"] == "FQDNNetworkPolicy":
        return {"egress"}
    if spec.get("policyTypes"):
        return {each.lower() for each in spec["policyTypes"]}
    if policy["kind"] == "ApplicationNetworkPolicy":
        return {each for each in PEERS if spec.get(each)}
    return {"ingress", "egress"} if spec.get("egress") else {"ingress"}


def matched(cluster: Cluster, policy: Wire, rule: Wire, direction: str, flow: Flow) -> bool:
    """Whether a rule allows a connection: it has to match both the rule's ports and its peers."""
    if not admits_port(rule, flow):
        return False
    if policy["kind"] == "FQDNNetworkPolicy":
        return is_name(flow.dst) and any(
            names(each.get("name") or each["pattern"], flow.dst) for each in rule["matches"]
        )
    peers = rule.get(PEERS[direction])
    return not peers or any(admits_peer(cluster, peer, policy, direction, flow) for peer in peers)


def admits_peer(cluster: Cluster, peer: Wire, policy: Wire, direction: str, flow: Flow) -> bool:
    """Whether a peer means the other end.

    A NetworkPolicy's block means addresses and no pod. The one controller of ApplicationNetworkPolicy makes blocks of pods
    as well, so that its blocks are checked against any traffic.
    """
    other, address = flow.other(direction)
    if "domainNames" in peer:
        return is_name(other) and any(names(each, other) for each in peer["domainNames"])
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        return (
            (isinstance(other, str) or policy["kind"] == "ApplicationNetworkPolicy")
            and inside(address, block["cidr"])
            and not any(inside(address, each) for each in block.get("except") or [])
        )
    if isinstance(other, str) or on_host_network(other):
        return False
    where, there = peer.get("namespaceSelector"), other["metadata"]["namespace"]
    if where is None and there != policy["metadata"]["namespace"]:
        return False
    return selects(where, namespace_labels(cluster, there)) and selects(peer.get("podSelector"), labels(other))


def blocks_match_pods(cluster: Cluster) -> bool:
    """Whether the cluster has policies whose blocks are checked against pods, so that a source pod's address counts."""
    return any(policy["kind"] == "ApplicationNetworkPolicy" for policy in cluster.policies)


def admits_port(rule: Wire, flow: Flow) -> bool:
    """Whether a rule's ports hold the destination's port; no ports are all ports of all protocols."""
    return not rule.get("ports") or any(is_port(each, flow) for each in rule["ports"])


def is_port(entry: Wire, flow: Flow) -> bool:
    """Whether one entry holds the destination's port: TCP where no protocol is named, all its ports where no port is."""
    if (entry.get("protocol") or "TCP") != flow.protocol:
        return False
    wanted = entry.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return isinstance(flow.dst, dict) and (flow.protocol, flow.port) in named_ports(flow.dst, wanted)
    return wanted <= flow.port <= (entry.get("endPort") or wanted)
