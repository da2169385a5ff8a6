"""What the two vendor evaluators share: three-valued logic, label selectors, addresses and plain NetworkPolicy.

True and False are what the documentation says; None is what it leaves open, or what the objects do not say (the service
account of a pod that names none). Nothing here knows of classes, atoms or bit sets: one pod, one peer, one port at a time.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any

Verdict = bool | None
UNKNOWN = object()  # a label that is there with a value nobody knows
PROTOCOLS = ("TCP", "UDP", "SCTP")


def both(parts: Iterable[Verdict]) -> Verdict:
    """True where all parts are, False as soon as one is, else None."""
    answer: Verdict = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            answer = None
    return answer


def either(parts: Iterable[Verdict]) -> Verdict:
    """True as soon as one part is, False where all are, else None."""
    answer: Verdict = False
    for part in parts:
        if part:
            return True
        if part is None:
            answer = None
    return answer


def negated(part: Verdict) -> Verdict:
    """The opposite; what is open stays open."""
    return None if part is None else not part


def agreed(readings: Iterable[Verdict]) -> Verdict:
    """What all readings of a text say, None where they differ."""
    first, *others = readings
    return first if all(each is first for each in others) else None


@lru_cache(maxsize=256)
def of_kind(cluster: dict[str, Any], kind: str, group: str = "") -> list[dict[str, Any]]:
    """The objects of one kind of one API group ("" is the core group)."""
    return [
        each
        for each in cluster["objects"]
        if each["kind"] == kind and each["apiVersion"].rpartition("/")[0].partition("/")[0] == group
    ]


@lru_cache(maxsize=256)
def pod_of(cluster: dict[str, Any], end: str) -> dict[str, Any] | None:
    """The pod that an end names, None for other ends."""
    scheme, _, name = end.partition(":")
    if scheme != "pod":
        return None
    for each in of_kind(cluster, "Pod"):
        if f"{each['metadata']['namespace']}/{each['metadata']['name']}" == name:
            return each
    raise LookupError(end)


def namespace_labels(cluster: dict[str, Any], name: str) -> dict[str, str]:
    """The labels of a namespace with the one that all carry."""
    for each in of_kind(cluster, "Namespace"):
        if each["metadata"]["name"] == name:
            return {"kubernetes.io/metadata.name": name} | each["metadata"].get("labels", {})
    return {"kubernetes.io/metadata.name": name}


def addresses_of(pod: dict[str, Any]) -> list[str]:
    """The addresses a pod has told of."""
    return [each["ip"] for each in pod["status"].get("podIPs", [])]


def named_ports(pod: dict[str, Any]) -> list[tuple[str, str, int]]:
    """A pod's ports as (name, protocol, number)."""
    return [
        (each.get("name", ""), each.get("protocol") or "TCP", each["containerPort"])
        for container in pod["spec"]["containers"]
        for each in container.get("ports", [])
    ]


def selects(selector: dict[str, Any] | None, labels: dict[str, Any]) -> Verdict:
    """Whether a Kubernetes label selector matches labels; a label whose value is UNKNOWN answers None."""
    wanted = [(key, "In", [value]) for key, value in ((selector or {}).get("matchLabels") or {}).items()]
    wanted += [
        (each["key"], each["operator"], each.get("values") or [])
        for each in (selector or {}).get("matchExpressions") or []
    ]
    return both(_requirement(labels, *each) for each in wanted)


def _requirement(labels: dict[str, Any], key: str, operator: str, values: list[str]) -> Verdict:
    there, value = key in labels, labels.get(key)
    if operator in ("Exists", "DoesNotExist"):
        return there if operator == "Exists" else not there
    inside = None if value is UNKNOWN else there and value in values
    return inside if operator == "In" else negated(inside)


@cache
def within(address: str, network: str) -> bool:
    """Whether an address lies in a CIDR, or is the one address written without a prefix."""
    net, one = ipaddress.ip_network(network, strict=False), ipaddress.ip_address(address)
    return net.version == one.version and one in net


@cache
def family(address: str) -> int:
    """4 or 6."""
    return ipaddress.ip_address(address).version


# --- Kubernetes NetworkPolicy (the API reference of networking.k8s.io/v1) ---


def network_policy_selects(policy: dict[str, Any], word: str, pod: dict[str, Any]) -> bool:
    """Whether a NetworkPolicy governs a pod in a direction (`ingress` or `egress`)."""
    spec = policy["spec"]
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    return (
        word.capitalize() in types
        and policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
        and selects(spec.get("podSelector"), pod["metadata"]["labels"]) is True
    )


def network_policy_admits(
    cluster: dict[str, Any],
    policy: dict[str, Any],
    word: str,
    asked: tuple[str, str, str, int],
    in_block: Callable[[str, dict[str, Any]], Verdict],
) -> Verdict:
    """Whether a NetworkPolicy's rules of a direction admit the other end.

    `asked` is (the other end, destination, protocol, port). `in_block(end, ipBlock)` answers for ends that are no address:
    the API leaves that to the implementation.
    """
    other, *target = asked
    peers_key = "from" if word == "ingress" else "to"
    home = policy["metadata"]["namespace"]
    return either(
        both(
            (
                either(_peer(cluster, peer, home, other, in_block) for peer in rule.get(peers_key) or [])
                if rule.get(peers_key)
                else True,
                any(_port(cluster, each, *target) for each in rule["ports"]) if rule.get("ports") else True,
            )
        )
        for rule in policy["spec"].get(word) or []
    )


def _peer(
    cluster: dict[str, Any],
    peer: dict[str, Any],
    home: str,
    other: str,
    in_block: Callable[[str, dict[str, Any]], Verdict],
) -> Verdict:
    if "ipBlock" in peer:
        return (
            block_holds(other.removeprefix("ip:"), peer["ipBlock"])
            if other.startswith("ip:")
            else in_block(other, peer["ipBlock"])
        )
    pod = pod_of(cluster, other)
    if pod is None:
        return False
    space = pod["metadata"]["namespace"]
    where = peer.get("namespaceSelector")
    near = space == home if where is None else selects(where, namespace_labels(cluster, space))
    return both((near, selects(peer.get("podSelector"), pod["metadata"]["labels"])))


def block_holds(address: str, block: dict[str, Any]) -> bool:
    """Whether an ipBlock holds an address."""
    return within(address, block["cidr"]) and not any(within(address, each) for each in block.get("except") or [])


def _port(cluster: dict[str, Any], port: dict[str, Any], destination: str, protocol: str, number: int) -> bool:
    if (port.get("protocol") or "TCP") != protocol:
        return False
    wanted = port.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return wanted <= number <= (port.get("endPort") or wanted)
    pod = pod_of(cluster, destination)
    return pod is not None and (wanted, protocol, number) in named_ports(pod)
