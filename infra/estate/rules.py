"""The vocabulary of policies: peers, default denies, DNS, and one policy per workload made from a table of flows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from infra.estate.pods import NAME
from scanner.model import ApiObject

Peer = dict[str, Any]
_DNS = "53/UDP 53"
METADATA = "169.254.169.254/32"


def policy(namespace: str, name: str, spec: Mapping[str, Any]) -> ApiObject:
    """A NetworkPolicy with its spec as given."""
    return ApiObject(
        api_version="networking.k8s.io/v1",
        kind="NetworkPolicy",
        namespace=namespace,
        name=name,
        spec=msgspec.Raw(msgspec.json.encode(spec)),
    )


def pods(name: str, namespace: str = "") -> Peer:
    """The pods of an app; of another namespace where one is named."""
    return selected({NAME: name}, namespace)


def selected(labels: Mapping[str, str], namespace: str = "") -> Peer:
    """Pods by any labels; of another namespace where one is named."""
    peer: Peer = {"podSelector": {"matchLabels": dict(labels)}}
    if namespace:
        peer["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return peer


def block(cidr: str, *excepts: str) -> Peer:
    """An address range less some others."""
    return {"ipBlock": {"cidr": cidr} | ({"except": list(excepts)} if excepts else {})}


def ports(text: str) -> list[dict[str, Any]]:
    """Ports written "8080 53/UDP metrics"."""
    entries = (word.partition("/") for word in text.split())
    return [
        {"port": int(port) if port.isdigit() else port, "protocol": protocol or "TCP"} for port, _, protocol in entries
    ]


def deny_all(namespace: str) -> ApiObject:
    """Default deny, both ways, for every pod of a namespace."""
    return policy(namespace, "default-deny-all", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})


def deny_ingress(namespace: str) -> ApiObject:
    """Default deny for what comes in alone."""
    return policy(namespace, "default-deny-ingress", {"podSelector": {}, "policyTypes": ["Ingress"]})


def allow_dns(namespace: str, *resolvers: Peer) -> ApiObject:
    """DNS for every pod of a namespace; without `resolvers`, the cluster's CoreDNS or kube-dns."""
    to = list(resolvers) or [selected({"k8s-app": "kube-dns"}, "kube-system")]
    rule = {"to": to, "ports": ports(_DNS)}
    return policy(namespace, "allow-dns", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]})


def allow_ingress(namespace: str, name: str, app: str, *sources: Peer, to_ports: str) -> ApiObject:
    """One app that lets some sources in."""
    rule = {"from": list(sources), "ports": ports(to_ports)}
    subject = {"matchLabels": {NAME: app}}
    return policy(namespace, name, {"podSelector": subject, "policyTypes": ["Ingress"], "ingress": [rule]})


def allow_egress(namespace: str, name: str, subject: Mapping[str, str], *targets: Peer, to_ports: str) -> ApiObject:
    """Pods, by labels (none: all), that may open connections to some targets."""
    rule = {"to": list(targets), "ports": ports(to_ports)}
    labels = {"matchLabels": dict(subject)} if subject else {}
    return policy(namespace, name, {"podSelector": labels, "policyTypes": ["Egress"], "egress": [rule]})


def flow_policies(table: str) -> tuple[ApiObject, ...]:
    """One policy "allow-<app>" per app from lines "namespace/app > namespace/app, 192.0.2.0/28 : ports".

    Both ends are opened: the source's egress and the destination's ingress. An end that is a range has no policy of its own;
    a range on the left is a source outside, on the right a destination.
    """
    rules: dict[tuple[str, str], dict[str, list[Any]]] = defaultdict(lambda: {"from": [], "to": []})
    for line in table.strip().splitlines():
        source, _, rest = line.partition(" > ")
        targets, _, numbers = rest.rpartition(" : ")
        for target in targets.split(","):
            _connect(rules, source.strip(), target.strip(), ports(numbers))
    return tuple(_allow(namespace, app, found) for (namespace, app), found in sorted(rules.items()))


def _connect(
    rules: dict[tuple[str, str], dict[str, list[Any]]], source: str, target: str, numbers: list[dict[str, Any]]
) -> None:
    for own, far, word in ((source, target, "to"), (target, source, "from")):
        namespace, name = _place(own)
        if namespace:
            rules[namespace, name][word].append({word: [_peer(far, namespace)], "ports": numbers})


def _place(end: str) -> tuple[str, str]:
    """Namespace and app of one end, both empty for a range."""
    namespace, _, name = end.partition("/")
    return ("", "") if name.isdigit() else (namespace, name)


def _peer(end: str, seen_from: str) -> Peer:
    namespace, name = _place(end)
    if not namespace:
        return block(end)
    return pods(name, "" if namespace == seen_from else namespace)


def _allow(namespace: str, app: str, found: Mapping[str, list[Any]]) -> ApiObject:
    directions = [("Ingress", "ingress", "from"), ("Egress", "egress", "to")]
    spec: dict[str, Any] = {"podSelector": {"matchLabels": {NAME: app}}}
    spec |= {field: found[word] for _, field, word in directions if found[word]}
    spec["policyTypes"] = [kind for kind, _, word in directions if found[word]]
    return policy(namespace, f"allow-{app}", spec)


def isolate(namespaces: Iterable[str], *resolvers: Peer) -> tuple[ApiObject, ...]:
    """Default deny both ways and DNS, in each of some namespaces."""
    return tuple(made for namespace in namespaces for made in (deny_all(namespace), allow_dns(namespace, *resolvers)))
