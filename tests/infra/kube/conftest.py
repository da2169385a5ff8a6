"""A cluster on a real TLS server for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.kube.server import FakeCluster, Server


def _object(name: str, namespace: str = "", **parts: object) -> dict[str, object]:
    where = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name, "uid": f"uid-{namespace}-{name}"} | where} | parts


@pytest.fixture
def cluster() -> FakeCluster:
    """Seven pods of one ReplicaSet, a policy, Cilium in its own namespace."""
    owner = [{"kind": "ReplicaSet", "name": "web-abc", "controller": True}]
    pods = [
        {
            "metadata": {
                "name": f"web-{index}",
                "namespace": "shop",
                "uid": f"uid-{index}",
                "labels": {"app": "web"},
                "ownerReferences": owner,
            },
            "spec": {
                "nodeName": "n1",
                "containers": [{"name": "c", "env": [{"name": "PASSWORD", "value": "hunter2"}]}],
            },
            "status": {"phase": "Running", "podIPs": [{"ip": f"10.0.0.{index + 1}"}]},
        }
        for index in range(7)
    ]
    agent = {"spec": {"template": {"spec": {"containers": [{"name": "cilium-agent", "image": "cilium:v1.17.4"}]}}}}
    return FakeCluster(
        served={
            "": {"v1": ["namespaces", "pods", "nodes", "services", "configmaps", "secrets", "replicationcontrollers"]},
            "apps": {"v1": ["daemonsets", "replicasets"]},
            "batch": {"v1": ["jobs"]},
            "networking.k8s.io": {"v1": ["networkpolicies", "ingresses"]},
        },
        objects={
            "namespaces": [_object("shop"), _object("kube-system"), _object("cilium")],
            "pods": pods,
            "nodes": [_object("n1", spec={"providerID": "kind://docker/lab/n1", "podCIDRs": ["10.0.0.0/24"]})],
            "services": [_object("web", "shop", spec={"ports": [{"port": 80}]})],
            "replicasets.apps": [
                {"metadata": {"name": "web-abc", "namespace": "shop", "uid": "rs", "ownerReferences": [
                    {"kind": "Deployment", "name": "web", "controller": True}]}}
            ],
            "daemonsets.apps": [_object("cilium", "cilium", **agent)],
            "networkpolicies.networking.k8s.io": [_object("deny", "shop", spec={"podSelector": {}})],
            "configmaps": [
                _object("cilium-config", "cilium", data={"enable-policy": "default", "token": "never-kept"}),
                _object("amazon-vpc-cni", "kube-system", data={"enable-network-policy-controller": "true"}),
            ],
            "secrets": [_object("password", "shop", data={"k": "c2VjcmV0"})],
        },
    )  # fmt: skip


@pytest.fixture
def server(cluster: FakeCluster, tmp_path: Path) -> Iterator[Server]:
    """The cluster behind TLS."""
    with Server(cluster, tmp_path) as running:
        yield running
