"""Whether a peer of a Cilium rule is the other end: endpoints, entities, blocks, names and Services.

Sources: cilium/cilium `Documentation/security/policy/layer3.rst` and `kubernetes.rst`, the comments of the API types in
`pkg/policy/api/`, and where those are silent `pkg/policy/utils/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.reference.plain import (
    UNKNOWN,
    Verdict,
    agreed,
    both,
    either,
    namespace_labels,
    of_kind,
    pod_of,
    selects,
    within,
)

Wire = dict[str, Any]

NAMESPACE = "io.kubernetes.pod.namespace"
NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels"
ACCOUNT = "io.cilium.k8s.policy.serviceaccount"
CLUSTER = "io.cilium.k8s.policy.cluster"


def labels_of(cluster: Wire, pod: Wire) -> dict[str, Any]:
    """A pod's security labels, without their source: its own, its namespace's, its service account's."""
    space = pod["metadata"]["namespace"]
    return {
        **pod["metadata"]["labels"],
        **{f"{NAMESPACE_LABELS}.{key}": value for key, value in namespace_labels(cluster, space).items()},
        NAMESPACE: space,
        ACCOUNT: pod["spec"].get("serviceAccountName") or UNKNOWN,
        CLUSTER: UNKNOWN,
    }


def _bare(selector: Wire) -> Wire:
    """A selector without the sources `k8s:` and `any:` of its keys: all labels of a pod come from Kubernetes."""

    def strip(key: str) -> str:
        return key.removeprefix("k8s:").removeprefix("any:")

    return {
        "matchLabels": {strip(key): value for key, value in (selector.get("matchLabels") or {}).items()},
        "matchExpressions": [each | {"key": strip(each["key"])} for each in selector.get("matchExpressions") or []],
    }


def _named(selector: Wire) -> list[tuple[str, bool]]:
    """The keys of a bare selector, each with whether it asks for a value or for presence."""
    return [(key, True) for key in selector["matchLabels"]] + [
        (each["key"], each["operator"] in ("In", "Exists")) for each in selector["matchExpressions"]
    ]


def governs(cluster: Wire, spec: Wire, home: str | None, pod: Wire) -> Verdict:
    """Whether a rule set governs a pod: one with a `nodeSelector` governs nodes, a namespaced one its namespace only."""
    if "endpointSelector" not in spec:
        return False
    selector = _bare(spec["endpointSelector"])
    if home is not None and pod["metadata"]["namespace"] != home:
        return False
    found = selects(selector, labels_of(cluster, pod))
    if home is not None and selector["matchLabels"].get(NAMESPACE, home) != home:
        return None  # "illegal namespace match": ignored with a warning, in one spelling of the key and not in others
    return found


def _endpoint(cluster: Wire, selector: Wire, home: str | None, other: str) -> Verdict:
    """Whether an endpoint selector of a peer matches: in the policy's namespace unless it speaks of namespaces itself."""
    selector = _bare(selector)
    keys = _named(selector)
    about = [asks for key, asks in keys if key.startswith((NAMESPACE, NAMESPACE_LABELS))]
    pod = pod_of(cluster, other)
    if pod is None:
        # No namespace label. A selector that only excludes namespaces matched such peers until Cilium added `Exists`.
        return None if about and not any(about) and selects(selector, {}) else False
    labels = labels_of(cluster, pod)
    near = home is None or bool(about) or pod["metadata"]["namespace"] == home
    found = both((near, selects(selector, labels)))
    if home is None or not any(key.startswith(NAMESPACE_LABELS) for key, _ in keys):
        return found
    # Two readings: kubernetes.rst says the key is ignored in a namespaced policy, the code and an example honour it.
    rest = {
        "matchLabels": {k: v for k, v in selector["matchLabels"].items() if not k.startswith(NAMESPACE_LABELS)},
        "matchExpressions": [e for e in selector["matchExpressions"] if not e["key"].startswith(NAMESPACE_LABELS)],
    }
    near = any(key == NAMESPACE for key, _ in _named(rest)) or pod["metadata"]["namespace"] == home
    return agreed((found, both((near, selects(rest, labels)))))


def peer_matches(cluster: Wire, peer: tuple[str, Any], home: str | None, other: str) -> Verdict:
    """Whether one entry of a rule's list of peers, given as (name of the list, entry), is the other end."""
    member, item = peer
    readers: dict[str, Callable[[], Verdict]] = {
        "Endpoints": lambda: _endpoint(cluster, item, home, other),
        "Entities": lambda: _entity(item, other),
        "CIDR": lambda: _cidr(other, [({"cidr": item}, False)]),
        "CIDRSet": lambda: _cidr(other, list(_blocks(cluster, item))),
        "FQDNs": lambda: _fqdn(item, other),
        "Services": lambda: _service(cluster, item, other),
    }
    reader = readers.get(member.removeprefix("from").removeprefix("to"))
    return reader() if reader else None  # nodes and groups: what they hold is not in the objects


def _entity(entity: str, other: str) -> Verdict:
    """layer3, "Entities based". Which address the kube-apiserver has, and whether it runs on a node, is not said."""
    scheme, _, name = other.partition(":")
    if entity == "all":
        return True
    if scheme == "pod":
        return None if entity == "unmanaged" else entity == "cluster"  # which pods an agent manages is not said
    if entity == "kube-apiserver":
        return name == entity if name in ("kube-apiserver", "health", "init", "ingress", "unmanaged") else None
    if scheme in ("ip", "dns"):
        return entity == "world"
    if name == "kube-apiserver":
        return None if entity in ("cluster", "world", "host", "remote-node") else False
    return entity == name or (entity == "cluster" and name != "world")


def _blocks(cluster: Wire, item: Wire) -> Iterator[tuple[Wire, bool]]:
    """The blocks of a CIDR set's entry, with whether its `except` is open: the API type calls it unsupported with groups."""
    if "cidr" in item:
        yield item, False
        return
    for group in of_kind(cluster, "CiliumCIDRGroup", "cilium.io"):
        if "cidrGroupRef" in item:
            meant: Verdict = group["metadata"]["name"] == item["cidrGroupRef"]
        else:
            meant = selects(item["cidrGroupSelector"], group["metadata"].get("labels", {}))
        for cidr in group["spec"].get("externalCIDRs") or [] if meant else []:
            yield {"cidr": cidr, "except": item.get("except") or []}, True


def _cidr(other: str, blocks: list[tuple[Wire, bool]]) -> Verdict:
    """layer3, "IP/CIDR based": never a pod, whatever address it has.

    Nodes are meant only with `policy-cidr-match-mode`, names by whatever they resolve to: open.
    """
    scheme, _, name = other.partition(":")
    if scheme == "pod":
        return False
    if scheme == "ip":
        return either(_holds(name, block, unclear) for block, unclear in blocks)
    return None if blocks and name not in ("health", "init", "ingress", "unmanaged") else False


def _holds(address: str, block: Wire, unclear: bool) -> Verdict:
    if not within(address, block["cidr"]):
        return False
    if any(within(address, each) for each in block.get("except") or []):
        return None if unclear else False
    return True


def _fqdn(item: Wire, other: str) -> Verdict:
    """layer3, "DNS based". A pattern that stands as an end of its own means names nobody spelled out."""
    scheme, _, name = other.partition(":")
    if scheme != "dns":
        return False
    wanted = re.compile(
        _pattern(item["matchPattern"]) if "matchPattern" in item else re.escape(_dns(item["matchName"]))
    )
    return agreed(wanted.fullmatch(each) is not None for each in _witnesses(_dns(name)))


def _dns(name: str) -> str:
    return name.lower().removesuffix(".")


def _pattern(pattern: str) -> str:
    pattern = _dns(pattern)
    if pattern == "*":
        return ".*"
    head = r"([-a-z0-9_]+\.)+" if pattern.startswith("**.") else ""
    return head + "[-a-z0-9_]*".join(re.escape(part) for part in pattern.removeprefix("**.").split("*"))


def _witnesses(name: str) -> list[str]:
    """Names that a pattern stands for; a plain name stands for itself."""
    if name == "*":
        return ["qq", "qq.qqq", "qq.qq.qqq"]
    if name.startswith("**."):
        return ["qq." + name[3:].replace("*", "qq"), "qq.qq." + name[3:].replace("*", "qq")]
    return [name.replace("*", "qq")]


def _service(cluster: Wire, item: Wire, other: str) -> Verdict:
    """layer3, "Services based": a Service's selector in the Service's namespace.

    A Service without a selector stands for the addresses of its EndpointSlices, and Services chosen by label have labels
    that are in no object here: open.
    """
    reference = item.get("k8sService")
    if reference is None:
        return None
    pod = pod_of(cluster, other)
    for each in of_kind(cluster, "Service"):
        space, selector = each["metadata"]["namespace"], each["spec"].get("selector")
        if (each["metadata"]["name"], space) != (reference["serviceName"], reference["namespace"]):
            continue
        if selector is None:
            return False if pod is not None else None
        return pod is not None and both(
            (pod["metadata"]["namespace"] == space, selects({"matchLabels": selector}, pod["metadata"]["labels"]))
        )
    return False
