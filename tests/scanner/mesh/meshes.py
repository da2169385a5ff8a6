"""Small meshed snapshots for tests."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from infra.kinds import KINDS
from infra.manifests import read_objects
from scanner.model import Cloud, ClusterRef, Collected, KindStatus, Snapshot, Source


def mesh_snapshot(*objects: dict[str, Any]) -> Snapshot:
    """A live cluster with these objects, every kind listed whole."""
    ref = ClusterRef(cloud=Cloud.OTHER, account="", location="", name="c", id="c")
    found = read_objects(list(objects), cluster=ref, taken="2026-11-23T08:00:00Z")
    collection = {kind: KindStatus(status=Collected.COMPLETE) for kind in KINDS}
    return msgspec.structs.replace(found, source=Source.CLUSTER, collection=collection)


def namespace(
    name: str = "shop", labels: dict[str, str] | None = None, notes: dict[str, str] | None = None
) -> dict[str, Any]:
    """A Namespace."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels or {}, "annotations": notes or {}},
    }


def pod(
    name: str = "web",
    *,
    proxy: str = "",
    labels: dict[str, str] | None = None,
    notes: dict[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A running pod of namespace shop, with a mesh's proxy where one is named."""
    containers = [{"name": name, "image": "x", "ports": [{"containerPort": 8080}]}]
    containers += [{"name": proxy, "image": "y"}] if proxy else []
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "labels": {"app": name, **(labels or {})},
            "annotations": notes or {},
        },
        "spec": {"containers": containers, "nodeName": "n1", **spec},
        "status": {"phase": "Running", "podIP": "10.0.1.31"},
    }


def setting(kind: str, group: str, name: str, spec: Any, space: str = "shop") -> dict[str, Any]:
    """An object of a mesh."""
    versions = {"policy.linkerd.io": "v1alpha1", "crd.projectcalico.org": "v1"}
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": f"{group}/{versions.get(group, 'v1')}", "kind": kind, "metadata": metadata, "spec": spec}


def config_map(name: str, space: str, **data: str) -> dict[str, Any]:
    """A ConfigMap; keys are written with _ for - and __ for a dot."""
    values = {key.replace("__", ".").replace("_", "-"): value for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": space}, "data": values}


def as_text(value: object) -> str:
    """JSON, which YAML reads too."""
    return json.dumps(value)
