"""Coverage: which nodes and pods an engine that runs really polices."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.cloud.facts import CloudFacts
from scanner.dataplane.detect import detect
from scanner.dataplane.model import Answer, DataPlane, Enforcing
from scanner.model import DaemonSet, Source
from tests.factories import node, pod
from tests.scanner.dataplane.parts import (
    DATAPLANE_V2,
    aks,
    aws_node,
    cilium_config,
    daemon_set,
    eks,
    engine_pod,
    gke,
    live,
    node_class,
    vpc_cni_config,
)

COMPUTE = "eks.amazonaws.com/compute-type"
PROFILES = ({"fargateProfileName": "batch", "selectors": [{"namespace": "jobs", "labels": {"tier": "batch"}}]},)


def on_eks(*daemon_sets: DaemonSet, facts: CloudFacts | None = None, **overrides: Any) -> DataPlane:
    """An EKS cluster that enforces, with nodes n1 (covered) and n2, and a workload pod on each."""
    sets = daemon_sets or (aws_node(),)
    agents = [engine_pod("aws-node")]
    fields: dict[str, Any] = {
        "pods": [pod("web-1", node="n1"), pod("api-1", node="n2"), *agents],
        "nodes": [node("n1"), node("n2")],
        "config_maps": (vpc_cni_config(),),
    } | overrides
    return detect(live(*sets, **fields), facts)


@pytest.mark.parametrize(
    ("second", "agents", "answer", "reason"),
    [
        pytest.param({}, [engine_pod("aws-node", "n2")], Answer.YES, "covered", id="ready-agent"),
        pytest.param({}, [], Answer.NO, "no-engine-pod", id="no-agent"),
        pytest.param(
            {}, [engine_pod("aws-node", "n2", ready=False)], Answer.NO, "engine-pod-not-ready", id="not-ready"
        ),
        pytest.param({"kernel": "5.4.17"}, [engine_pod("aws-node", "n2")], Answer.NO, "old-kernel", id="old-kernel"),
        pytest.param({"kernel": "5.10.0-1.amzn2"}, [engine_pod("aws-node", "n2")], Answer.YES, "covered", id="5.10"),
        pytest.param({"kernel": ""}, [engine_pod("aws-node", "n2")], Answer.UNKNOWN, "undetermined", id="no-kernel"),
        pytest.param({"os": "windows"}, [engine_pod("aws-node", "n2")], Answer.NO, "windows", id="windows"),
        pytest.param({"os": ""}, [engine_pod("aws-node", "n2")], Answer.UNKNOWN, "undetermined", id="no-os"),
        pytest.param({"labels": {COMPUTE: "fargate"}}, [], Answer.NO, "fargate", id="fargate"),
        pytest.param({"labels": {COMPUTE: "hybrid"}}, [], Answer.NO, "hybrid", id="hybrid"),
        pytest.param({"labels": {COMPUTE: "auto"}}, [], Answer.UNKNOWN, "undetermined", id="auto-without-nodeclass"),
        pytest.param({"labels": {"type": "virtual-kubelet"}}, [], Answer.NO, "virtual-node", id="virtual-kubelet"),
    ],
)
def test_each_kind_of_node_under_the_vpc_cni(second, agents, answer, reason):
    """A node is covered only as Linux on a recent kernel with a ready agent."""
    pods = [pod("web-1", node="n1"), pod("api-1", node="n2"), engine_pod("aws-node"), *agents]
    plane = on_eks(nodes=[node("n1"), node("n2", **second)], pods=pods)
    assert (plane.nodes["n2"].answer, plane.nodes["n2"].reason) == (answer, reason)
    assert plane.nodes["n1"].answer is Answer.YES
    assert plane.enforcing is (Enforcing.PARTLY if answer is Answer.NO else Enforcing.YES)


def test_auto_nodes_beside_agents_are_covered_by_eks():
    """In a mixed cluster Auto Mode's nodes need no aws-node pod, only its own switch and NodeClass."""
    auto = node("n2", labels={COMPUTE: "auto"})
    plane = on_eks(nodes=[node("n1"), auto], settings=[node_class()])
    assert plane.name == "eks-vpc-cni"
    assert plane.nodes["n2"].answer is Answer.YES


def test_no_covered_workload_is_no_enforcement():
    """An engine that runs only where no workload does polices nothing."""
    plane = on_eks(pods=[pod("api-1", node="n2"), engine_pod("aws-node")])
    assert (plane.enforcing, plane.reason) == (Enforcing.NO, "no-node-covered")


def test_platform_host_network_and_finished_pods_do_not_count():
    """Only running workload pods in the network of pods make a cluster partly enforced."""
    others = [
        pod("dns-1", ns="kube-system", node="n2"),
        pod("agent-1", node="n2", host_network=True),
        pod("job-1", node="n2", phase="Succeeded"),
    ]
    plane = on_eks(pods=[pod("web-1", node="n1"), engine_pod("aws-node"), *others])
    assert plane.enforcing is Enforcing.YES


def test_a_fargate_pod_is_named_by_its_label():
    """The label that EKS puts on a Fargate pod takes it out of policy, wherever it seems to be."""
    island = pod("api-1", node="n1", labels={"eks.amazonaws.com/fargate-profile": "batch"})
    plane = on_eks(pods=[pod("web-1", node="n1"), island, engine_pod("aws-node")], nodes=[node("n1")])
    assert plane.coverage("shop", "api-1", "n1").reason == "fargate"
    assert plane.enforcing is Enforcing.PARTLY


@pytest.mark.parametrize(
    ("labels", "where", "selectors", "answer"),
    [
        pytest.param({"tier": "batch"}, "", None, Answer.NO, id="selected-pending"),
        pytest.param({"tier": "batch"}, "n1", None, Answer.YES, id="selected-but-on-a-node"),
        pytest.param({"tier": "batch"}, "gone", None, Answer.UNKNOWN, id="selected-on-unread-node"),
        pytest.param({"tier": "web"}, "", None, Answer.YES, id="other-label"),
        pytest.param({"tier": "web"}, "", [{"namespace": "job*"}], Answer.UNKNOWN, id="wildcard"),
    ],
)
def test_fargate_profiles_select_pods(labels, where, selectors, answer):
    """A pod that a profile selects and no known node holds runs on Fargate."""
    profiles = PROFILES if selectors is None else ({"fargateProfileName": "wild", "selectors": selectors},)
    pods = [pod("job-1", ns="jobs", labels=labels, node=where), engine_pod("aws-node")]
    plane = on_eks(pods=pods, nodes=[node("n1")], facts=eks(fargate_profiles=profiles))
    assert plane.coverage("jobs", "job-1", where).answer is answer


@pytest.mark.parametrize(
    ("desired", "ready", "enforcing", "answer"),
    [
        pytest.param(2, 2, Enforcing.YES, Answer.YES, id="all-ready"),
        pytest.param(2, 1, Enforcing.UNKNOWN, Answer.UNKNOWN, id="one-missing"),
        pytest.param(1, 1, Enforcing.UNKNOWN, Answer.UNKNOWN, id="not-on-every-node"),
    ],
)
def test_unreadable_pods_leave_the_daemon_sets_counts(desired, ready, enforcing, answer):
    """Without pods, only a DaemonSet that is ready on every node covers them."""
    plane = on_eks(aws_node(desired=desired, ready=ready), unlisted=["pods"], pods=())
    assert plane.enforcing is enforcing
    assert plane.nodes["n2"].answer is answer


def test_unreadable_nodes_leave_coverage_unknown():
    """Without nodes, nobody knows which of them are Windows or too old."""
    plane = on_eks(unlisted=["nodes"], nodes=())
    assert (plane.enforcing, plane.default.answer) == (Enforcing.UNKNOWN, Answer.UNKNOWN)


@pytest.mark.parametrize(
    ("sets", "facts", "pods", "expected"),
    [
        pytest.param(["anetd"], gke(**DATAPLANE_V2), [], (Answer.NO, "windows"), id="dataplane-v2"),
        pytest.param(["cilium"], aks(networkDataplane="cilium"), [], (Answer.NO, "windows"), id="aks-cilium"),
        pytest.param(["azure-npm"], aks(networkPolicy="azure"), [], (Answer.NO, "windows"), id="npm-linux-only"),
        pytest.param(["azure-npm", "azure-npm-win"], aks(networkPolicy="azure"), [engine_pod("azure-npm-win", "w1")],
                     (Answer.UNKNOWN, "windows"), id="npm-windows"),
        pytest.param(["calico-node", "calico-node-windows"], None, [engine_pod("calico-node-windows", "w1")],
                     (Answer.YES, "covered"), id="calico-windows"),
        pytest.param(["calico-node", "calico-node-windows"], None,
                     [engine_pod("calico-node-windows", "w1", ready=False)],
                     (Answer.NO, "engine-pod-not-ready"), id="calico-windows-not-ready"),
    ],
)  # fmt: skip
def test_windows_nodes_of_other_engines(sets, facts, pods, expected):
    """A Windows node is covered only by an engine's own Windows agent, and never for certain under Azure NPM."""
    found = detect(
        live(
            *(daemon_set(name) for name in sets),
            nodes=[node("n1"), node("w1", os="windows")],
            pods=[pod("web-1", node="n1"), pod("iis-1", node="w1"), engine_pod(sets[0]), *pods],
            config_maps=(cilium_config(),),
        ),
        facts,
    )
    assert (found.nodes["w1"].answer, found.nodes["w1"].reason) == expected


def test_a_tenants_pod_cannot_pose_as_the_agent():
    """Only pods of the engine's own DaemonSet, in its namespace, cover a node."""
    poser = engine_pod("aws-node", "n2", ns="shop")
    plane = on_eks(pods=[pod("web-1", node="n1"), pod("api-1", node="n2"), engine_pod("aws-node"), poser])
    assert plane.nodes["n2"].reason == "no-engine-pod"


def test_islands_do_not_decide_for_a_pod_without_a_node():
    """Windows and Fargate take only pods that ask for them; an ordinary uncovered node leaves doubt."""
    islands = [node("n1"), node("w1", os="windows"), node("f1", labels={COMPUTE: "fargate"})]
    assert on_eks(nodes=islands).default.answer is Answer.YES
    assert on_eks().default.answer is Answer.UNKNOWN


def test_manifests_with_a_fargate_profile_are_partly_enforced():
    """In a folder of manifests, the record alone says which templates will run on Fargate."""
    pods = [pod("web-1", template=True), pod("job-1", ns="jobs", labels={"tier": "batch"}, template=True)]
    seen = live(source=Source.MANIFESTS, pods=pods, nodes=())
    plane = detect(seen, eks(fargate_profiles=PROFILES))
    assert plane.enforcing is Enforcing.PARTLY
    assert plane.coverage("jobs", "job-1", "").answer is Answer.NO


def test_a_broken_off_pod_list_does_not_vouch_for_the_rest():
    """A covered pod among those that were read says nothing of the nodes whose agents were not seen."""
    auto = node("n2", labels={COMPUTE: "auto"})
    seen = {"nodes": [node("n1"), auto], "pods": [pod("api-1", node="n2")], "settings": [node_class()]}
    plane = on_eks(aws_node(desired=3, ready=2), unlisted=["pods"], **seen)
    assert plane.coverage("shop", "api-1", "n2").answer is Answer.YES
    assert (plane.enforcing, plane.reason) == (Enforcing.UNKNOWN, "coverage-undetermined")
