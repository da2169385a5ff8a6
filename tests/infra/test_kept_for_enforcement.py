"""What is kept for NB-ENF-08 and 09: annotations, variables and labels that are named, and nothing beside them."""

from __future__ import annotations

from infra.manifests import read_objects
from tests.factories import cluster

SECRET = "hunter2"  # noqa: S105 - stands for one


def read(*objects):
    """A snapshot of these objects."""
    return read_objects(list(objects), cluster=cluster(), taken="2026-11-23T08:00:00Z")


def test_labels_of_host_endpoints_are_kept():
    """Calico's policies select host endpoints by them; annotations are not kept."""
    point = {
        "apiVersion": "crd.projectcalico.org/v1",
        "kind": "HostEndpoint",
        "metadata": {"name": "n1", "labels": {"role": "node"}, "annotations": {"note": SECRET}},
        "spec": {"node": "n1", "interfaceName": "*"},
    }
    found = read(point)
    assert found.settings[0].labels == {"role": "node"}
    assert SECRET not in repr(found)


def test_what_a_policy_is_for_is_kept():
    """The network that a policy of a further network names, and no other annotation."""
    multi = {
        "apiVersion": "k8s.cni.cncf.io/v1beta1",
        "kind": "MultiNetworkPolicy",
        "metadata": {
            "name": "m",
            "namespace": "shop",
            "annotations": {"k8s.v1.cni.cncf.io/policy-for": "fast", "note": SECRET},
        },
        "spec": {"podSelector": {}},
    }
    found = read(multi)
    assert found.settings[0].annotations == {"k8s.v1.cni.cncf.io/policy-for": "fast"}
    assert SECRET not in repr(found)


def test_the_switches_of_the_other_family_are_kept():
    """Of the agent's variables those that are named."""
    env = [{"name": "ENABLE_V4_EGRESS", "value": "false"}, {"name": "AWS_SECRET_ACCESS_KEY", "value": SECRET}]
    agent = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "aws-node", "namespace": "kube-system"},
        "spec": {"template": {"spec": {"containers": [{"name": "aws-node", "image": "x", "env": env}]}}},
    }
    found = read(agent)
    assert found.daemon_sets[0].containers[0].env == {"ENABLE_V4_EGRESS": "false"}
    assert SECRET not in repr(found)
