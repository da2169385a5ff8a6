"""NB-ENF-01, 02, 03 and 06, on clusters with real DaemonSets, nodes and settings."""

from __future__ import annotations

import msgspec
import pytest

from scanner.findings import Status
from scanner.model import Cloud, Container, DaemonSet, Source
from tests.factories import node, pod, snapshot
from tests.scanner.controls.clusters import cilium, eks, item, judged, npm, outcome, record, web

NO_ENGINE = snapshot(pods=[web()])
UNLISTED = snapshot(pods=[web()], unlisted=["daemonsets.apps"])
MANIFESTS = snapshot(pods=[web()], source=Source.MANIFESTS)
UNREAD = snapshot(unread="connection refused", collection={})
AUDIT = cilium(web(), config={"policy-audit-mode": "true"})
NEVER = cilium(web(), config={"enable-policy": "never"})
DOWN = msgspec.structs.replace(
    NEVER, daemon_sets=tuple(msgspec.structs.replace(item, ready=0) for item in NEVER.daemon_sets)
)
FIREWALL_OFF = DaemonSet(
    namespace="kube-system",
    name="kube-router",
    desired=1,
    ready=1,
    containers=(Container(name="kube-router", image="x/kube-router:v2.6.0", args=("--run-firewall=false",)),),
)
GKE_HALF = snapshot(
    pods=[web()],
    record=record(
        Cloud.GCP,
        {
            "networkConfig": {"datapathProvider": "LEGACY_DATAPATH"},
            "networkPolicy": {},
            "addonsConfig": {"networkPolicyConfig": {"disabled": False}},
        },
    ),
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(eks(web()), ("pass", "on"), id="eks-on"),
        pytest.param(cilium(web()), ("pass", "on"), id="third-party"),
        pytest.param(NEVER, ("pass", "on"), id="an-engine-that-never-enforces-still-runs"),
        pytest.param(DOWN, ("fail", "engine-not-ready"), id="a-mode-does-not-make-an-engine-run"),
        pytest.param(
            cilium(web(), config={"enable-policy": "never"}, unlisted=["daemonsets.apps"]),
            ("unknown", "engine-unconfirmed"),
            id="a-mode-does-not-confirm-an-engine",
        ),
        pytest.param(eks(web(), on=False), ("fail", "off"), id="eks-never-switched-on"),
        pytest.param(NO_ENGINE, ("fail", "no-engine"), id="no-daemonset-is-an-engine"),
        pytest.param(GKE_HALF, ("fail", "node-enforcement-off"), id="gke-addon-without-nodes"),
        pytest.param(UNLISTED, ("unknown", "engine-undetermined"), id="daemonsets-refused"),
        pytest.param(MANIFESTS, ("unknown", "engine-undetermined"), id="manifests"),
        pytest.param(UNREAD, ("unknown", "unread"), id="unread"),
    ],
)
def test_an_engine_is_on(given, expected):
    """Only a positive finding decides either way."""
    assert outcome(judged("NB-ENF-01", given)) == expected


def test_switching_on_is_told_for_this_cluster():
    """The remediation is the command for the cluster's cloud, its name quoted for a shell."""
    given = eks(
        web(),
        on=False,
        cluster=eks().cluster.__class__(cloud="aws", account="1", location="eu-west-1", name="a;b", id="i"),
    )
    assert "--cluster-name 'a;b' --region eu-west-1" in judged("NB-ENF-01", given).items[0].remediation


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(
            msgspec.structs.replace(DOWN, cloud_record=record()), "none of its pods is ready", id="engine-not-ready"
        ),
        pytest.param(
            eks(web(node="win"), nodes=[node("n1"), node("win", os="windows")]),
            "The engine is on",
            id="no-node-covered",
        ),
        pytest.param(
            snapshot(pods=[web()], nodes=[node("n1")], daemon_sets=[FIREWALL_OFF], record=record()),
            "set the switch",
            id="self-managed-and-off",
        ),
    ],
)
def test_an_engine_that_is_on_is_not_switched_on(given, told):
    """Where the switch is not what is wrong, no second engine is recommended."""
    found = judged("NB-ENF-01", given)
    assert found.status is Status.FAIL
    assert told in found.items[0].remediation
    assert "enableNetworkPolicy" not in found.items[0].remediation


WINDOWS = node("win", os="windows")
FARGATE = {"eks.amazonaws.com/fargate-profile": "fp"}


@pytest.mark.parametrize(
    ("given", "expected", "fraction"),
    [
        pytest.param(eks(web()), ("pass", "covered"), 1.0, id="every-node"),
        pytest.param(eks(web(), web("b-1", labels=FARGATE)), ("fail", "fargate"), 0.5, id="fargate-pod"),
        pytest.param(
            eks(*[web(f"w{n}-1") for n in range(3)], web("b-1", node="win"), nodes=[node("n1"), WINDOWS]),
            ("fail", "windows"),
            0.75,
            id="windows-node",
        ),
        pytest.param(
            eks(web(), web("b-1", node="n2"), nodes=[node("n1"), node("n2")]),
            ("fail", "no-engine-pod"),
            0.5,
            id="node-without-agent",
        ),
        pytest.param(eks(nodes=[node("n1"), WINDOWS]), ("not_applicable", "nothing-to-judge"), 0.0, id="no-workloads"),
        pytest.param(NO_ENGINE, ("not_applicable", "engine-off"), 0.0, id="not-inert-without-an-engine"),
        pytest.param(eks(web(), unlisted=["nodes"]), ("unknown", "unread"), 0.0, id="nodes-refused"),
        pytest.param(MANIFESTS, ("unknown", "no-nodes"), 0.0, id="manifests"),
    ],
)
def test_the_engine_is_on_every_node(given, expected, fraction):
    """One uncovered node or pod fails, and the fraction is of pods."""
    found = judged("NB-ENF-02", given)
    assert (outcome(found), found.fraction) == (expected, fraction)


def test_a_missing_read_is_named_with_its_permission():
    """What could not be judged says which list must be granted."""
    found = judged("NB-ENF-02", eks(web(), unlisted=["nodes"]))
    assert "grant list on nodes" in found.items[0].evidence[0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(eks(web()), ("pass", "supported"), id="managed-and-recent"),
        pytest.param(eks(web(), version="1.13.4"), ("fail", "below-minimum"), id="too-old"),
        pytest.param(eks(web(), version="latest"), ("unknown", "version-unreadable"), id="mutable-tag"),
        pytest.param(cilium(web()), ("unknown", "no-support-range"), id="self-managed"),
        pytest.param(npm(web()), ("pass", "supported"), id="npm-years-before-its-end"),
        pytest.param(npm(web(), taken="2028-06-01T00:00:00Z"), ("fail", "near-end-of-support"), id="npm-near-its-end"),
        pytest.param(npm(web(), taken="2028-10-01T00:00:00Z"), ("fail", "past-end-of-support"), id="npm-past-its-end"),
        pytest.param(npm(web(), nodes=[node("n1"), WINDOWS]), ("fail", "past-end-of-support"), id="npm-with-windows"),
        pytest.param(npm(web(), nodes=[node(f"n{n}") for n in range(251)]), ("fail", "over-limit"), id="npm-too-large"),
        pytest.param(npm(web(), taken="soon"), ("unknown", "no-date"), id="no-date"),
        pytest.param(NO_ENGINE, ("not_applicable", "engine-off"), id="no-engine"),
        pytest.param(UNLISTED, ("unknown", "engine-undetermined"), id="engine-unknown"),
    ],
)
def test_the_engine_is_supported(given, expected):
    """Announced ends, minimums and limits decide on the day the snapshot was taken."""
    assert outcome(judged("NB-ENF-03", given)) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(cilium(web()), ("pass", "enforcing"), id="enforcing"),
        pytest.param(AUDIT, ("fail", "audit"), id="audit"),
        pytest.param(NEVER, ("fail", "never"), id="never"),
        pytest.param(cilium(web(), config={"enable-k8s-networkpolicy": "false"}), ("fail", "crd-only"), id="crd-only"),
        pytest.param(cilium(web(), config_maps=()), ("unknown", "mode-unknown"), id="config-unread"),
        pytest.param(eks(web()), ("not_applicable", "no-such-mode"), id="engine-without-modes"),
        pytest.param(NO_ENGINE, ("fail", "inert"), id="no-engine"),
        pytest.param(UNLISTED, ("unknown", "mode-unknown"), id="engine-unknown"),
    ],
)
def test_the_engine_enforces(given, expected):
    """Audit, never and CRD-only modes fail; what cannot be read is unknown."""
    assert outcome(judged("NB-ENF-06", given)) == expected


def test_a_look_alike_engine_does_not_make_a_platform_namespace():
    """A tenant's DaemonSet that is called like an engine neither proves one nor hides the tenant's namespace."""
    fake = DaemonSet(namespace="shop", name="calico-node", desired=1, ready=1)
    given = snapshot(pods=[web()], daemon_sets=[fake])
    assert judged("NB-ENF-01", given).status is Status.UNKNOWN
    assert item(judged("NB-ISO-01", given), "shop").status is Status.FAIL


def test_platform_pods_do_not_count():
    """Pods of kube-system alone leave nothing to cover."""
    given = eks(pod("dns-1", ns="kube-system", node="n1"))
    assert judged("NB-ENF-02", given).status is Status.NOT_APPLICABLE
