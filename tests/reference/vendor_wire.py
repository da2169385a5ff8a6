"""Wire objects for the vendor evaluators: plain dicts as the API server would hand them out, nothing of this product's.

A cluster is `{"objects": [...]}`, a list of every kind together. An end of a connection is a string: `pod:namespace/name`,
`ip:192.0.2.1`, `dns:api.example.com` or `entity:host`.
"""

from __future__ import annotations

from typing import Any

Wire = dict[str, Any]


class Cluster(dict[str, Any]):
    """A cluster, told from others by being another object, so that what was found out about it can be kept."""

    __hash__ = object.__hash__


def cluster(*objects: Wire) -> Cluster:
    """All objects of one cluster."""
    return Cluster(objects=list(objects))


def _object(version: str, kind: str, name: str, namespace: str = "", **rest: Any) -> Wire:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def namespace(name: str, **labels: str) -> Wire:
    """A namespace with the label that every namespace carries."""
    made = _object("v1", "Namespace", name)
    made["metadata"]["labels"] = {"kubernetes.io/metadata.name": name} | labels
    return made


def pod(
    name: str,
    labels: dict[str, str] | None = None,
    *,
    ports: tuple[tuple[str, int, str], ...] = (),
    ips: tuple[str, ...] = (),
    account: str = "",
) -> Wire:
    """A pod named `namespace/name`; `ports` are (name, number, protocol)."""
    space, _, own = name.partition("/")
    declared = [{"name": port, "containerPort": number, "protocol": protocol} for port, number, protocol in ports]
    spec: Wire = {"containers": [{"name": "main", "ports": declared}]}
    if account:
        spec["serviceAccountName"] = account
    made = _object("v1", "Pod", own, space, spec=spec, status={"podIPs": [{"ip": each} for each in ips]})
    made["metadata"]["labels"] = labels or {}
    return made


def service(name: str, selector: dict[str, str] | None) -> Wire:
    """A Service named `namespace/name`; without a selector where that is None."""
    space, _, own = name.partition("/")
    return _object("v1", "Service", own, space, spec={} if selector is None else {"selector": selector})


def netpol(name: str, spec: Wire) -> Wire:
    """A Kubernetes NetworkPolicy named `namespace/name`."""
    space, _, own = name.partition("/")
    return _object("networking.k8s.io/v1", "NetworkPolicy", own, space, spec=spec)


def cnp(name: str, *specs: Wire) -> Wire:
    """A CiliumNetworkPolicy named `namespace/name`; several specs become its `specs`."""
    space, _, own = name.partition("/")
    body = {"spec": specs[0]} if len(specs) == 1 else {"specs": list(specs)}
    return _object("cilium.io/v2", "CiliumNetworkPolicy", own, space, **body)


def ccnp(name: str, *specs: Wire) -> Wire:
    """A CiliumClusterwideNetworkPolicy; several specs become its `specs`."""
    body = {"spec": specs[0]} if len(specs) == 1 else {"specs": list(specs)}
    return _object("cilium.io/v2", "CiliumClusterwideNetworkPolicy", name, **body)


def cidr_group(name: str, *cidrs: str, **labels: str) -> Wire:
    """A CiliumCIDRGroup."""
    made = _object("cilium.io/v2", "CiliumCIDRGroup", name, spec={"externalCIDRs": list(cidrs)})
    made["metadata"]["labels"] = labels
    return made


def calico(name: str, spec: Wire) -> Wire:
    """A Calico NetworkPolicy named `namespace/name`."""
    space, _, own = name.partition("/")
    return _object("projectcalico.org/v3", "NetworkPolicy", own, space, spec=spec)


def global_calico(name: str, spec: Wire) -> Wire:
    """A Calico GlobalNetworkPolicy."""
    return _object("projectcalico.org/v3", "GlobalNetworkPolicy", name, spec=spec)


def tier(name: str, order: float | None = None, default_action: str | None = None) -> Wire:
    """A Calico Tier."""
    spec = {"order": order, "defaultAction": default_action}
    return _object("projectcalico.org/v3", "Tier", name, spec={key: it for key, it in spec.items() if it is not None})


def network_set(name: str, nets: list[str], labels: dict[str, str]) -> Wire:
    """A Calico NetworkSet named `namespace/name`, or a GlobalNetworkSet where the name has no namespace."""
    space, _, own = name.rpartition("/")
    kind = "NetworkSet" if space else "GlobalNetworkSet"
    made = _object("projectcalico.org/v3", kind, own, space, spec={"nets": nets})
    made["metadata"]["labels"] = labels
    return made
