"""The cluster-scoped kinds: within a tier the lowest priority number goes first, and the first rule that matches decides.

Wording: kubernetes-sigs/network-policy-api, apis/v1alpha1 (AdminNetworkPolicy, BaselineAdminNetworkPolicy) and
apis/v1alpha2 (ClusterNetworkPolicy). Of policies with one priority an implementation may apply any that matches; AWS says
which: Deny, then Accept, then Pass, over all rules of one priority, since its rules carry nothing but their policy's
priority (aws/aws-network-policy-agent, controllers/policyendpoints_controller.go).
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

AWS = "networking.k8s.aws/v1alpha1"
NOTHING = "Nothing"
ACTIONS = ("Deny", "Accept", "Pass")
PEERS = {"ingress": "from", "egress": "to"}
KNOWN_PEERS = {"namespaces", "pods", "networks", "domainNames"}


def decisions(cluster: Cluster, tier: str, direction: str, flow: Flow) -> set[str]:
    """What a tier may decide on a connection: Accept, Deny, Pass, or Nothing where no rule matches."""
    for level in levels(cluster, tier, place(flow.subject(direction))):
        found = level_decisions(cluster, level, direction, flow) - {NOTHING}
        if found:
            return found
    return {NOTHING}


@lru_cache(maxsize=4096)
def levels(cluster: Cluster, tier: str, where: tuple[str, str]) -> list[list[Wire]]:
    """A tier's policies whose subject a pod is: those of one priority together, the lowest number first."""
    subject = pod_at(cluster, where)
    found: dict[int, list[Wire]] = {}
    for policy in cluster.policies:
        rank = ranked(policy)
        if rank and rank[0] == tier and is_pod(cluster, policy["spec"]["subject"], subject):
            found.setdefault(rank[1], []).append(policy)
    return [found[priority] for priority in sorted(found)]


def ranked(policy: Wire) -> tuple[str, int] | None:
    """A cluster-scoped policy's tier and priority; None for a namespaced one."""
    match policy["kind"]:
        case "AdminNetworkPolicy":
            return "Admin", policy["spec"]["priority"]
        case "BaselineAdminNetworkPolicy":
            return "Baseline", 0
        case "ClusterNetworkPolicy":
            return policy["spec"]["tier"], policy["spec"]["priority"]
    return None


def level_decisions(cluster: Cluster, level: list[Wire], direction: str, flow: Flow) -> set[str]:
    """What policies of one priority may decide: what any of them does, or at AWS what all their rules together do."""
    if level[0]["apiVersion"] == AWS:
        rules = [rule for policy in level for rule in policy["spec"].get(direction) or []]
        rules.sort(key=lambda rule: ACTIONS.index(rule["action"]))
        return {first_match(cluster, rules, direction, flow, named=("TCP",))}
    return {first_match(cluster, policy["spec"].get(direction) or [], direction, flow) for policy in level}


def first_match(
    cluster: Cluster, rules: list[Wire], direction: str, flow: Flow, named: tuple[str, ...] = ("TCP", "UDP", "SCTP")
) -> str:
    """The action of the first rule that matches.

    A rule with a peer of no known kind fails closed: it accepts nothing, and denies everything if it is to deny or pass.
    """
    for rule in rules:
        action = {"Allow": "Accept"}.get(rule["action"], rule["action"])
        peers = rule[PEERS[direction]]
        if any(not set(peer) & KNOWN_PEERS for peer in peers):
            if action == "Accept":
                continue
            return "Deny"
        if admits_port(rule, flow, named) and any(admits_peer(cluster, peer, direction, flow) for peer in peers):
            return action
    return NOTHING


def admits_peer(cluster: Cluster, peer: Wire, direction: str, flow: Flow) -> bool:
    """Whether a peer means the other end.

    Networks are checked against cluster-internal traffic too, whatever the pod and whether or not it is on its host's
    network.
    """
    other, address = flow.other(direction)
    if "networks" in peer:
        return any(inside(address, each) for each in peer["networks"])
    if "domainNames" in peer:
        return is_name(other) and any(names(each, other) for each in peer["domainNames"])
    return isinstance(other, dict) and is_pod(cluster, peer, other)


def is_pod(cluster: Cluster, selector: Wire, pod: Wire) -> bool:
    """Whether a subject or peer selects a pod, by its namespace or by namespace and pod; never one on the host's network."""
    if on_host_network(pod):
        return False
    around = namespace_labels(cluster, pod["metadata"]["namespace"])
    if "namespaces" in selector:
        return selects(selector["namespaces"], around)
    pods = selector["pods"]
    return selects(pods.get("namespaceSelector"), around) and selects(pods.get("podSelector"), labels(pod))


def admits_port(rule: Wire, flow: Flow, named: tuple[str, ...]) -> bool:
    """Whether a rule's ports (`protocols` in ClusterNetworkPolicy) hold the destination's port; none are all of them."""
    entries = rule.get("ports") or rule.get("protocols")
    return not entries or any(is_port(each, flow, named) for each in entries)


def is_port(entry: Wire, flow: Flow, named: tuple[str, ...]) -> bool:
    """Whether one entry holds the destination's port; a name is looked up on the destination, in the protocols `named`."""
    name = entry.get("namedPort") or entry.get("destinationNamedPort")
    if name is not None:
        return (
            isinstance(flow.dst, dict)
            and flow.protocol in named
            and (flow.protocol, flow.port) in named_ports(flow.dst, name)
        )
    protocol, first, last = span(entry)
    return protocol == flow.protocol and first <= flow.port <= last


def span(entry: Wire) -> tuple[str, int, int]:
    """Protocol, first and last port of an entry by number: TCP where `portNumber` and `portRange` name no protocol."""
    if "portNumber" in entry:
        number = entry["portNumber"]
        return number.get("protocol") or "TCP", number["port"], number["port"]
    if "portRange" in entry:
        ports = entry["portRange"]
        return ports.get("protocol") or "TCP", ports["start"], ports["end"]
    protocol, attributes = next(iter(entry.items()))
    port = (attributes or {}).get("destinationPort") or {"range": {"start": 1, "end": 65535}}
    ports = port.get("range") or {"start": port["number"], "end": port["number"]}
    return protocol.upper(), ports["start"], ports["end"]
