"""The cluster-scoped kinds: within a tier the lowest priority number goes first, and the first rule that matches decides.

Wording: kubernetes-sigs/network-policy-api, apis/v1alpha1 (AdminNetworkPolicy, BaselineAdminNetworkPolicy) and
apis/v1alpha2 (ClusterNetworkPolicy). Of policies with one priority an implementation may apply any that matches; AWS says
which: Deny, then Accept, then Pass, over all rules of one priority, since its rules carry nothing but their policy's
priority (aws/aws-network-policy-agent, controllers/policyendpoints_controller.go).
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
    selects,
)

AWS = "networking.k8s.aws/v1alpha1"
NOTHING = "Nothing"
ACTIONS = ("Deny", "Accept", "Pass")
PEERS = {"ingress": "from", "egress": "to"}
KNOWN_PEERS = {"namespaces", "pods", "networks", "domainNames"}


def decisions(cluster: Cluster, tier: str, direction: str, flow: Flow) -> set[str]:
    """What a tier may decide on a connection: Accept, Deny, Pass, or Nothing where no rule matches."""
    subject = flow.src if direction == "egress" else flow.dst
    policies = [
        policy
        for policy in cluster.policies
        if place(policy) and place(policy)[0] == tier and is_pod(cluster, policy["spec"]["subject"], subject)
    ]
    possible: set[str] = set()
    for priority in sorted({place(policy)[1] for policy in policies}):
        level = [policy for policy in policies if place(policy)[1] == priority]
        found = level_decisions(cluster, level, direction, flow)
        possible |= found - {NOTHING}
        if NOTHING not in found:
            return possible
    return possible | {NOTHING}


def place(policy: Wire) -> tuple[str, int] | None:
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
    """What policies of one priority may decide."""
    if level[0]["apiVersion"] == AWS:
        rules = [rule for policy in level for rule in policy["spec"].get(direction) or []]
        rules.sort(key=lambda rule: ACTIONS.index(rule["action"]))
        return first_match(cluster, rules, direction, flow, named=("TCP",))
    each = [first_match(cluster, policy["spec"].get(direction) or [], direction, flow) for policy in level]
    possible = set().union(*each) - {NOTHING}
    return possible | {NOTHING} if all(NOTHING in one for one in each) else possible


def first_match(
    cluster: Cluster, rules: list[Wire], direction: str, flow: Flow, named: tuple[str, ...] = ("TCP", "UDP", "SCTP")
) -> set[str]:
    """What rules in their order may decide: a rule that may or may not match leaves both open."""
    possible: set[str] = set()
    for rule in rules:
        action = {"Allow": "Accept"}.get(rule["action"], rule["action"])
        peers = rule[PEERS[direction]]
        if any(not set(peer) & KNOWN_PEERS for peer in peers):  # fail closed
            if action == "Accept":
                continue
            return possible | {"Deny"}
        match = admits_port(rule, flow, named) and admits_peers(cluster, peers, direction, flow)
        if match is not False:
            possible.add(action)
        if match:
            return possible
    return possible | {NOTHING}


def admits_peers(cluster: Cluster, peers: list[Wire], direction: str, flow: Flow) -> bool | None:
    """Whether any of a rule's peers means the other end."""
    other = flow.dst if direction == "egress" else flow.src
    address = flow.address if direction == "egress" else ""
    found = [admits_peer(cluster, peer, other, address) for peer in peers]
    if True in found:
        return True
    return None if None in found else False


def admits_peer(cluster: Cluster, peer: Wire, other: End, address: str) -> bool | None:
    """Whether a peer means the other end; None where that hangs on an address that is not known.

    Networks are checked against cluster-internal traffic too, whatever the pod and whether or not it is on its host's
    network.
    """
    if "networks" in peer:
        if address:
            return any(inside(address, each) for each in peer["networks"])
        return True if covers_everything(tuple(peer["networks"])) else None
    if "domainNames" in peer:
        return (
            isinstance(other, str) and not as_address(other) and any(names(each, other) for each in peer["domainNames"])
        )
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
