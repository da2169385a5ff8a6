"""Cilium's policies by its documentation: one pod, one peer, one port at a time.

Sources: cilium/cilium `Documentation/security/policy/` (intro, layer3, layer4, deny, kubernetes), the comments of the API
types in `pkg/policy/api/`, and where those are silent `pkg/policy/utils/`. None marks what they leave open: see the
functions that say "two readings".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.reference.cilium_peers import governs, peer_matches
from tests.reference.plain import (
    PROTOCOLS,
    Verdict,
    agreed,
    both,
    either,
    named_ports,
    negated,
    network_policy_admits,
    network_policy_selects,
    of_kind,
    pod_of,
)

Wire = dict[str, Any]

SECTIONS = ("ingress", "ingressDeny", "egress", "egressDeny")
PEERS = {
    "ingress": ("fromEndpoints", "fromEntities", "fromCIDR", "fromCIDRSet", "fromNodes", "fromGroups"),
    "egress": (
        "toEndpoints", "toEntities", "toCIDR", "toCIDRSet", "toFQDNs", "toServices", "toNodes", "toGroups",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One direction of a connection at one end of it."""

    cluster: Wire
    word: str
    subject: str
    other: str
    destination: str
    protocol: str
    port: int


def may(cluster: Wire, src: str, dst: str, protocol: str, port: int) -> Verdict:
    """Whether a connection is possible: the source's egress and the destination's ingress both let it pass."""
    return both(
        (
            half(Asked(cluster, "egress", src, dst, dst, protocol, port)),
            half(Asked(cluster, "ingress", dst, src, dst, protocol, port)),
        )
    )


def half(asked: Asked) -> Verdict:
    """One direction at one end: denials first, then what is allowed, then whether the end is in default deny at all."""
    pod = pod_of(asked.cluster, asked.subject)
    if pod is None:
        return True
    isolated: list[Verdict] = []
    allowed: list[Verdict] = []
    denied: list[Verdict] = []
    question = (asked.other, asked.destination, asked.protocol, asked.port)
    for policy in of_kind(asked.cluster, "NetworkPolicy", "networking.k8s.io"):
        if network_policy_selects(policy, asked.word, pod):
            isolated.append(True)
            allowed.append(network_policy_admits(asked.cluster, policy, asked.word, question, _block))
    for home, spec, accepted in _specs(asked.cluster):
        chosen = both((accepted, governs(asked.cluster, spec, home, pod)))
        isolated.append(both((chosen, _default_deny(spec, asked.word))))
        for verdicts, key in ((allowed, asked.word), (denied, f"{asked.word}Deny")):
            verdicts.extend(both((chosen, _rule(asked, rule, home))) for rule in spec.get(key) or [])
    opened = either((negated(either(isolated)), either(allowed)))
    found = both((negated(either(denied)), opened))
    if asked.word == "ingress" and asked.other == "entity:host" and not found:
        return None  # layer3: Kubernetes always lets a pod's own node in; `--allow-localhost` changes it
    return found


def _block(end: str, _: Wire) -> Verdict:
    """A NetworkPolicy's ipBlock and an end that is no address: never a pod; a name or a node may have any address."""
    return False if end.startswith("pod:") else None


def _specs(cluster: Wire) -> Iterator[tuple[str | None, Wire, Verdict]]:
    """Every rule set of both kinds with its namespace, None for a clusterwide one, and whether Cilium takes the object.

    `spec` and `specs` count alike. Newer code refuses an object of which one rule set has no rule at all, older code found
    nothing wrong with it (two readings; Rule.Sanitize in `pkg/policy/api/rule_validation.go`).
    """
    for kind in ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"):
        for policy in of_kind(cluster, kind, "cilium.io"):
            specs = [*([policy["spec"]] if "spec" in policy else []), *policy.get("specs", [])]
            full = all(any(spec.get(key) for key in SECTIONS) for spec in specs)
            for spec in specs:
                yield policy["metadata"].get("namespace"), spec, full or None


def _default_deny(spec: Wire, word: str) -> Verdict:
    """Whether a rule set asks for default deny: by default where it has rules of the direction.

    `enableDefaultDeny: true` without any rule is open: the API type's comment grants it, the code reads it off the rules
    (two readings).
    """
    has_rules = bool(spec.get(word) or spec.get(f"{word}Deny"))
    wanted = (spec.get("enableDefaultDeny") or {}).get(word)
    if wanted is None:
        return has_rules
    return wanted and (True if has_rules else None)


def _rule(asked: Asked, rule: Wire, home: str | None) -> Verdict:
    """Whether a rule speaks of a connection.

    Without peers and without ports it speaks of none (egress-default-deny.yaml); without peers and with ports, of every
    peer (l4.yaml); an empty list of peers with ports is open, since the API types' comments call it no restriction and
    newer code selects nobody (two readings). A rule of ICMP types opens no port.
    """
    ports = rule.get("toPorts") or []
    if rule.get("icmps"):
        return False
    members = [key for key in PEERS[asked.word] if rule.get(key) is not None]
    if any(rule[key] for key in members):
        found = either(
            peer_matches(asked.cluster, (key, item), home, asked.other) for key in members for item in rule[key]
        )
    else:
        found = False if not ports else (None if members else True)
    return both((found, either(_port_rule(asked, each) for each in ports) if ports else True))


def _port_rule(asked: Asked, port_rule: Wire) -> Verdict:
    """layer4: any of the ports. Layer 7 rules count as allowed: the connection itself is let through to the proxy."""
    ports = port_rule.get("ports") or []
    return either(_port(asked, each) for each in ports) if ports else None


def _port(asked: Asked, port: Wire) -> Verdict:
    """layer4, PortProtocol: a number, a range or a name; no protocol is any of those that have ports."""
    wanted = (port.get("protocol") or "ANY").upper()
    if wanted not in (asked.protocol, "ANY") or asked.protocol not in PROTOCOLS:
        return False
    if port["port"].isdecimal():
        first = int(port["port"])
        return first == 0 or first <= asked.port <= max(first, port.get("endPort") or 0)
    return _named_port(asked, port["port"].lower())


def _named_port(asked: Asked, name: str) -> Verdict:
    """A port's name: on ingress, the pod's own.

    Two readings on egress: the destination's own port (newest code, and the NetworkPolicy contract), or the one number
    that all pods of the cluster agree on, towards every peer of the rule (older code; issue 30003).
    """
    pod = pod_of(asked.cluster, asked.destination)
    own = pod is not None and (name, asked.protocol, asked.port) in named_ports(pod)
    if asked.word == "ingress":
        return own
    known = {
        declared
        for each in of_kind(asked.cluster, "Pod")
        for named, protocol, declared in named_ports(each)
        if (named, protocol) == (name, asked.protocol)
    }
    return agreed((own, known == {asked.port}))
