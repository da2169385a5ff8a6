"""The namespaced kinds: whoever one of them selects is isolated, and what any rule of any of them allows is allowed.

Wording: Kubernetes API reference, networking.k8s.io/v1 NetworkPolicySpec; aws/amazon-network-policy-controller-k8s
pkg/crd/crds.yaml, ApplicationNetworkPolicy; cloud.google.com/kubernetes-engine/docs/how-to/fqdn-network-policies.
"""

from __future__ import annotations

from tests.reference.wire import (
    Cluster,
    End,
    Flow,
    Wire,
    as_address,
    covers_everything,
    inside,
    labels,
    named_ports,
    names,
    namespace_labels,
    on_host_network,
    pod_addresses,
    selects,
)

KINDS = ("NetworkPolicy", "ApplicationNetworkPolicy", "FQDNNetworkPolicy")
PEERS = {"ingress": "from", "egress": "to"}


def answers(cluster: Cluster, direction: str, flow: Flow) -> set[bool]:
    """The possible answers of one direction; empty where no policy isolates the pod, so that nothing is decided here."""
    subject = flow.src if direction == "egress" else flow.dst
    isolating = [
        policy
        for policy in cluster.policies
        if policy["kind"] in KINDS
        and policy["metadata"]["namespace"] == subject["metadata"]["namespace"]
        and selects(policy["spec"].get("podSelector"), labels(subject))
        and direction in directions(policy)
    ]
    if not isolating:
        return set()
    matches = [
        matched(cluster, policy, rule, direction, flow)
        for policy in isolating
        for rule in policy["spec"].get(direction) or []
    ]
    if True in matches:
        return {True}
    return {True, False} if None in matches else {False}


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


def matched(cluster: Cluster, policy: Wire, rule: Wire, direction: str, flow: Flow) -> bool | None:
    """Whether a rule allows a connection: it has to match both the rule's ports and its peers."""
    if not admits_port(rule, flow):
        return False
    if policy["kind"] == "FQDNNetworkPolicy":
        return isinstance(flow.dst, str) and any(
            names(each.get("name") or each["pattern"], flow.dst) for each in rule["matches"]
        )
    peers = rule.get(PEERS[direction])
    if not peers:
        # Of an ApplicationNetworkPolicy's egress rule without peers the text says everybody and the controller sends nobody;
        # so it is with an empty list of sources.
        doubtful = policy["kind"] == "ApplicationNetworkPolicy" and (direction == "egress" or PEERS[direction] in rule)
        return None if doubtful else True
    other = flow.dst if direction == "egress" else flow.src
    found = [admits_peer(cluster, peer, policy, other) for peer in peers]
    if True in found:
        return True
    return None if None in found else False


def admits_peer(cluster: Cluster, peer: Wire, policy: Wire, other: End) -> bool | None:
    """Whether a peer means the other end; None for a name whose address may or may not lie in the peer's block.

    A block of NetworkPolicy means no pod; one of EKS's own kind does, for its controller turns every peer into addresses.
    """
    home = policy["metadata"]["namespace"]
    if "domainNames" in peer:
        return isinstance(other, str) and any(names(each, other) for each in peer["domainNames"])
    if "ipBlock" in peer:
        if isinstance(other, dict) and policy["kind"] == "ApplicationNetworkPolicy":
            held = [in_block(peer["ipBlock"], address) for address in pod_addresses(other)]
            return True in held if held else None
        return isinstance(other, str) and in_block(peer["ipBlock"], other)
    if isinstance(other, str) or on_host_network(other):
        return False
    where, there = peer.get("namespaceSelector"), other["metadata"]["namespace"]
    within = there == home if where is None else selects(where, namespace_labels(cluster, there))
    return within and selects(peer.get("podSelector"), labels(other))


def in_block(block: Wire, other: str) -> bool | None:
    """Whether an address lies in a block and in none of its exceptions; a name's address may be any."""
    if not as_address(other):
        return True if covers_everything((block["cidr"],)) and not block.get("except") else None
    return inside(other, block["cidr"]) and not any(inside(other, each) for each in block.get("except") or [])


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
