"""Valid defaults for every part of a snapshot: a test spells out only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from scanner.model import (
    SNAPSHOT_VERSION,
    ApiObject,
    Cloud,
    CloudRecord,
    ClusterRef,
    Collected,
    Collector,
    ContainerPort,
    DaemonSet,
    KindStatus,
    Namespace,
    Node,
    Pod,
    Service,
    Snapshot,
    Source,
    WorkloadRef,
)

KINDS = (
    "namespaces", "nodes", "pods", "services", "configmaps", "daemonsets.apps",
    "networkpolicies.networking.k8s.io", "ingresses.networking.k8s.io",
)  # fmt: skip


def raw(value: object) -> msgspec.Raw:
    """Any JSON value as the raw bytes a snapshot holds."""
    return msgspec.Raw(msgspec.json.encode(value))


def cluster(cloud: Cloud = Cloud.OTHER, name: str = "c1", **overrides: str) -> ClusterRef:
    """A cluster's address."""
    parts = {"account": "acct", "location": "here"} | overrides
    identity = parts.pop("id", f"{cloud}/{parts['account']}/{parts['location']}/{name}")
    return ClusterRef(cloud=cloud, name=name, id=identity, **parts)


def namespace(name: str = "shop", **labels: str) -> Namespace:
    """A namespace with the label that every namespace carries."""
    return Namespace(name=name, labels={"kubernetes.io/metadata.name": name} | labels)


def pod(
    name: str = "web-1",
    *,
    ns: str = "shop",
    labels: dict[str, str] | None = None,
    owner: tuple[str, str] | None = None,
    ports: Iterable[ContainerPort] = (),
    **overrides: Any,
) -> Pod:
    """A running pod; `owner` is (kind, name), by default a Deployment called like the pod up to its last dash."""
    kind, owner_name = owner or ("Deployment", name.rsplit("-", 1)[0])
    fields: dict[str, Any] = {"phase": "Running", "ready": True} | overrides
    return Pod(
        namespace=ns,
        name=name,
        labels={"app": owner_name} if labels is None else labels,
        workload=WorkloadRef(kind=kind, name=owner_name),
        ports=tuple(ports),
        **fields,
    )


def policy(spec: dict[str, Any] | None = None, *, name: str = "p", ns: str = "shop") -> ApiObject:
    """A NetworkPolicy; the default spec denies everything both ways to every pod of its namespace."""
    denied = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return ApiObject(
        api_version="networking.k8s.io/v1",
        kind="NetworkPolicy",
        namespace=ns,
        name=name,
        spec=raw(denied if spec is None else spec),
    )


def node(name: str = "n1", **overrides: Any) -> Node:
    """A ready Linux node with a recent kernel."""
    fields: dict[str, Any] = {"labels": {}, "os": "linux", "kernel": "6.1.102", "ready": True} | overrides
    return Node(name=name, **fields)


def snapshot(
    *,
    pods: Iterable[Pod] = (),
    policies: Iterable[ApiObject] = (),
    namespaces: Iterable[Namespace] | None = None,
    nodes: Iterable[Node] = (),
    daemon_sets: Iterable[DaemonSet] = (),
    services: Iterable[Service] = (),
    record: CloudRecord | None = None,
    unlisted: Iterable[str] = (),
    **overrides: Any,
) -> Snapshot:
    """A live cluster whose every kind was read whole, less the kinds in `unlisted` (those were forbidden).

    Without `namespaces`, there is one for each that a pod or a policy names.
    """
    pods, policies = tuple(pods), tuple(policies)
    if namespaces is None:
        namespaces = [namespace(name) for name in sorted({item.namespace for item in (*pods, *policies)})]
    refused = set(unlisted)
    statuses = {
        kind: KindStatus(status=Collected.FORBIDDEN if kind in refused else Collected.COMPLETE) for kind in KINDS
    }
    fields: dict[str, Any] = {
        "version": SNAPSHOT_VERSION,
        "collector": Collector(name="ringfence", version="0.1.0"),
        "taken": "2026-11-23T08:00:00Z",
        "cluster": cluster(record.provider if record else Cloud.OTHER),
        "source": Source.CLUSTER,
        "collection": statuses,
        "kubernetes_version": "v1.33.5",
        "namespaces": tuple(namespaces),
        "pods": pods,
        "nodes": tuple(nodes),
        "daemon_sets": tuple(daemon_sets),
        "services": tuple(services),
        "policies": policies,
        "cloud_record": record,
    }
    return Snapshot(**(fields | overrides))
