"""Which rights are there: tried against an API that enforces the ClusterRole, with nothing but reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.kube.config import read_access
from infra.kube.rights import read_rights
from scanner.errors import ClusterReadError
from tests.infra.kube.server import FakeCluster, Reply, Server

SERVED = {
    "": {"v1": ["namespaces", "pods", "nodes", "services", "configmaps"]},
    "networking.k8s.io": {"v1": ["networkpolicies", "ingresses"]},
    "projectcalico.org": {"v3": ["networkpolicies"]},
    "crd.projectcalico.org": {"v1": ["networkpolicies", "globalnetworkpolicies"]},
}


@pytest.fixture
def cluster() -> FakeCluster:
    """A cluster with Calico in both of its groups."""
    pods = [{"metadata": {"name": f"p{index}", "namespace": "shop", "uid": str(index)}} for index in range(3)]
    return FakeCluster(served=SERVED, objects={"pods": pods})


def _rights(cluster: FakeCluster, folder: Path):
    with Server(cluster, folder) as server:
        return read_rights(read_access(server.kubeconfig(), None))


def test_all_rights_are_there(cluster, tmp_path):
    """Nothing is missing, nothing outside the role is asked for, each list is of one object, and no kind is tried twice."""
    found = _rights(cluster, tmp_path)
    assert (found.missing, found.doubts, found.version) == ((), (), "v1.33.5-eks-1")
    assert cluster.outside == []
    asked = [path for path in cluster.paths() if path.count("/") > 3]
    assert len(asked) == len(set(asked))
    assert "/apis/projectcalico.org/v3/networkpolicies" in asked
    assert "/apis/crd.projectcalico.org/v1/networkpolicies" not in asked
    assert "/apis/crd.projectcalico.org/v1/globalnetworkpolicies" in asked
    assert all("limit=1" in path for path, _ in cluster.seen if path.startswith("/apis/networking.k8s.io/v1/"))


def test_each_missing_right_is_named(cluster, tmp_path):
    """Lists by kind and group, ConfigMaps by name."""
    cluster.forbidden = {"pods", "networkpolicies.networking.k8s.io"}
    cluster.role = [rule for rule in cluster.role if rule.get("resources") != ["configmaps"]]
    found = _rights(cluster, tmp_path)
    assert set(found.missing) >= {
        "list networkpolicies.networking.k8s.io", "list pods", "get configmaps kube-system/amazon-vpc-cni",
    }  # fmt: skip
    assert {right for right in found.missing if right.startswith("list")} == {
        "list networkpolicies.networking.k8s.io", "list pods",
    }  # fmt: skip


def test_what_could_not_be_tried_is_a_doubt(cluster, tmp_path):
    """An API that breaks down at one kind says nothing about the right."""
    cluster.canned["nodes"] = [Reply(418)]
    found = _rights(cluster, tmp_path)
    assert (found.missing, found.doubts) == ((), ("list nodes: HTTP 418",))


def test_credentials_that_are_refused_are_the_whole_answer(cluster, tmp_path):
    """401 is no missing right."""
    cluster.token = "another"  # noqa: S105 - opens nothing
    with pytest.raises(ClusterReadError, match=r"\(401\)"):
        _rights(cluster, tmp_path)
