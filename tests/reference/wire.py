"""Kubernetes objects as plain dicts, and the few things every portable policy API says in the same words.

Nothing here or in the evaluators imports the product: they are what the product is judged by. Sources: label selectors
and pods, Kubernetes API reference (meta/v1 LabelSelector, core/v1 Pod); domain names, apis/v1alpha2 DomainName of
kubernetes-sigs/network-policy-api.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Wire = dict[str, Any]
End = Wire | str
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAME_LABEL = "kubernetes.io/metadata.name"
LOWEST = (ipaddress.IPv4Address(0), ipaddress.IPv6Address(0))


@dataclass(frozen=True, eq=False)
class Cluster:
    """Namespaces, pods and policies of one cluster as wire objects; a namespace may lack its object.

    Two clusters are the same only where they are one object, so that what holds of one can be kept and looked up again.
    """

    namespaces: tuple[Wire, ...]
    pods: tuple[Wire, ...]
    policies: tuple[Wire, ...]


@dataclass(frozen=True)
class Flow:
    """One connection to one destination port, between two addresses; one that no rule can ask for may be empty."""

    src: End
    dst: End
    protocol: str
    port: int
    src_address: str
    dst_address: str

    def other(self, direction: str) -> tuple[End, str]:
        """The end that a direction's peers are about, and its address."""
        return (self.dst, self.dst_address) if direction == "egress" else (self.src, self.src_address)

    def subject(self, direction: str) -> End:
        """The end whose policies a direction is about."""
        return self.src if direction == "egress" else self.dst


def place(item: Wire) -> tuple[str, str]:
    """Namespace and name of a namespaced object."""
    return item["metadata"]["namespace"], item["metadata"]["name"]


def pod_at(cluster: Cluster, where: tuple[str, str]) -> Wire:
    """The pod of that namespace and name."""
    return next(pod for pod in cluster.pods if place(pod) == where)


@lru_cache(maxsize=4096)
def namespace_labels(cluster: Cluster, name: str) -> dict[str, str]:
    """A namespace's labels; each carries its name as a label, also one without an object."""
    for item in cluster.namespaces:
        if item["metadata"]["name"] == name:
            return labels(item) | {NAME_LABEL: name}
    return {NAME_LABEL: name}


def labels(item: Wire) -> dict[str, str]:
    """An object's labels, none where the field is absent."""
    return item["metadata"].get("labels") or {}


def selects(selector: Wire | None, found: dict[str, str]) -> bool:
    """Whether a label selector matches labels: all requirements hold, and an empty selector matches everything."""
    selector = selector or {}
    pairs = selector.get("matchLabels") or {}
    return all(key in found and found[key] == value for key, value in pairs.items()) and all(
        meets(each, found) for each in selector.get("matchExpressions") or []
    )


def meets(expression: Wire, found: dict[str, str]) -> bool:
    """Whether labels meet one requirement; NotIn also holds where the key is absent.

    Raises ValueError for an operator that there is not.
    """
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return key in found and found[key] in values
        case "NotIn":
            return key not in found or found[key] not in values
        case "Exists":
            return key in found
        case "DoesNotExist":
            return key not in found
    raise ValueError(f"no such operator: {expression['operator']}")


def on_host_network(pod: Wire) -> bool:
    """Whether a pod shares its node's network, and so is no pod to any policy."""
    return bool(pod["spec"].get("hostNetwork"))


def finished(pod: Wire) -> bool:
    """Whether a pod has run to its end, and so has no network any more."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def pod_addresses(pod: Wire) -> list[str]:
    """The addresses a pod's status names, none before it has any."""
    return [each["ip"] for each in (pod.get("status") or {}).get("podIPs") or []]


def named_ports(pod: Wire, name: str) -> Iterable[tuple[str, int]]:
    """Protocol and number of each container port of that name; TCP where the port names no protocol."""
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            if port.get("name") == name:
                yield port.get("protocol") or "TCP", port["containerPort"]


@lru_cache(maxsize=4096)
def as_address(text: str) -> Address | None:
    """An address, or None for what is a name."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_name(end: End) -> bool:
    """Whether an end is a domain name."""
    return isinstance(end, str) and not as_address(end)


@lru_cache(maxsize=4096)
def inside(address: str, block: str) -> bool:
    """Whether an address lies in a block; bits of the block behind its prefix do not count."""
    return ipaddress.ip_address(address) in ipaddress.ip_network(block, strict=False)


@lru_cache(maxsize=4096)
def any_address(cluster: Cluster) -> list[str]:
    """Addresses enough to stand for all: the lowest of either family, and where a block of a policy begins or has ended."""
    found: set[Address] = set(LOWEST)
    for policy in cluster.policies:
        for text in blocks(policy["spec"]):
            block = ipaddress.ip_network(text, strict=False)
            found |= {block.network_address, *after(block.broadcast_address)}
    return sorted(str(each) for each in found)


def after(address: Address) -> list[Address]:
    """The next address, none after the last of a family."""
    return [] if int(address) + 1 == 2**address.max_prefixlen else [address + 1]


def blocks(value: Any) -> list[str]:
    """Every address block in a policy's spec."""
    if isinstance(value, list):
        return [block for each in value for block in blocks(each)]
    if not isinstance(value, dict):
        return []
    found = [value["cidr"]] if "cidr" in value else []
    found += [*value.get("except", ()), *value.get("networks", ())]
    return found + [block for each in value.values() for block in blocks(each)]


def names(pattern: str, name: str) -> bool:
    """Whether a domain name is meant by an exact name, or by a leading "*." that stands for one or more labels."""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if pattern.startswith("*."):
        return name.endswith(pattern[1:]) and name != pattern[2:]
    return name == pattern
