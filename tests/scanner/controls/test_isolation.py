"""NB-ISO-01, 02 and 03, end to end through the real resolver, detector and reachability engine."""

from __future__ import annotations

import pytest

from scanner.baselines.config import BaselineConfig, Match
from scanner.findings import Level, Status
from scanner.model import Service, Source
from tests.factories import namespace, pod, policy, snapshot
from tests.scanner.controls.clusters import (
    DNS,
    HOST,
    antrea,
    cilium,
    custom,
    egress,
    eks,
    from_block,
    ingress,
    item,
    judged,
    outcome,
    to_block,
    web,
)

DENY_ALL = policy()
FROM_OWN = {"from": [{"podSelector": {}}]}
FROM_EVERY_NAMESPACE = {"from": [{"namespaceSelector": {}}]}
INGRESS_NGINX = pod("nginx-1", ns="ingress-nginx", node="n1")
PORT_53 = [{"protocol": "UDP", "port": 53}]
RESOLVER = pod("coredns-1", ns="kube-system", labels={"k8s-app": "kube-dns"}, node="n1")
SERVICE = Service(namespace="kube-system", name="kube-dns", cluster_ips=("172.20.0.10",))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(eks(web(), policies=[DENY_ALL]), ("pass", "isolated"), id="default-deny"),
        pytest.param(eks(web(), policies=[policy(ingress(FROM_OWN))]), ("pass", "namespace-open"), id="own-namespace"),
        pytest.param(eks(web()), ("fail", "not-isolated"), id="no-policy"),
        pytest.param(
            eks(web(), policies=[policy({"podSelector": {"matchLabels": {"app": "web"}}})]),
            ("fail", "not-isolated"),
            id="selects-labelled-pods-only",
        ),
        pytest.param(eks(web(), policies=[policy(ingress({}))]), ("fail", "open"), id="allows-everything"),
        pytest.param(
            eks(web(), INGRESS_NGINX, policies=[policy(ingress(FROM_EVERY_NAMESPACE)), policy(ns="ingress-nginx")]),
            ("fail", "open"),
            id="allows-every-namespace",
        ),
        pytest.param(eks(web(), on=False, policies=[DENY_ALL]), ("fail", "inert"), id="nothing-enforces"),
        pytest.param(
            cilium(web(), config={"enable-policy": "never"}, policies=[DENY_ALL]), ("fail", "inert"), id="mode-never"
        ),
        pytest.param(
            snapshot(pods=[web()], policies=[DENY_ALL], unlisted=["daemonsets.apps"]),
            ("unknown", "declared-pass"),
            id="engine-unknown",
        ),
        pytest.param(snapshot(pods=[web()], unlisted=["daemonsets.apps"]), ("fail", "not-isolated"), id="fails-anyway"),
        pytest.param(
            snapshot(pods=[web()], policies=[DENY_ALL], source=Source.MANIFESTS),
            ("unknown", "declared-pass"),
            id="manifests",
        ),
        pytest.param(
            eks(web(), unlisted=["networkpolicies.networking.k8s.io"]), ("unknown", "unread"), id="policies-refused"
        ),
        pytest.param(
            eks(web(), policies=[DENY_ALL], unlisted=["namespaces"]), ("unknown", "unread"), id="namespaces-refused"
        ),
        pytest.param(
            antrea(web(), policies=[DENY_ALL, custom("NetworkPolicy")]), ("unknown", "undecided"), id="unmodelled"
        ),
        pytest.param(
            eks(web(), policies=[DENY_ALL, custom("NetworkPolicy")]), ("pass", "isolated"), id="unmodelled-and-not-read"
        ),
        pytest.param(eks(), ("not_applicable", "nothing-to-judge"), id="no-workload-namespace"),
    ],
)
def test_default_deny_ingress(given, expected):
    """Only a pod that nothing but its own namespace and the platform may reach passes, where something enforces it."""
    assert outcome(judged("NB-ISO-01", given)) == expected


def test_namespaces_without_policies_fail_and_count_in_the_fraction():
    """Each workload namespace is judged, also one without pods; the fraction is of namespaces."""
    given = eks(
        web(), policies=[DENY_ALL],
        namespaces=[namespace("shop"), namespace("default"), namespace("empty"), namespace("kube-system"), namespace("gke-x")],
    )  # fmt: skip
    found = judged("NB-ISO-01", given)
    assert {i.subject: i.status for i in found.items} == {
        "default": Status.FAIL,
        "empty": Status.FAIL,
        "shop": Status.PASS,
    }
    assert found.fraction == pytest.approx(1 / 3)


def test_a_remediation_is_a_manifest_for_the_namespace():
    """What to apply names the namespace, quoted so that a crafted name stays a string."""
    given = snapshot(namespaces=[namespace('x", y: "z')])
    fix = judged("NB-ISO-01", given).items[0].remediation
    assert 'namespace: "x\\", y: \\"z"' in fix
    assert "policyTypes: [Ingress]" in fix


def test_sensitive_namespace_costs_the_fraction():
    """A failing namespace with a sensitive workload leaves nothing of the fraction."""
    given = eks(web(), web("db-1", ns="pay"), policies=[DENY_ALL])
    assert judged("NB-ISO-01", given).fraction == 0.5
    config = BaselineConfig(sensitive=(Match(namespace="pay", workload="db"),))
    assert judged("NB-ISO-01", given, config).fraction == 0.0


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param(BaselineConfig(), ("fail", "open"), id="not-declared"),
        pytest.param(
            BaselineConfig(platform_sources=(Match(namespace="ingress-nginx"),)), ("pass", "isolated"), id="declared"
        ),
    ],
)
def test_platform_sources(config, expected):
    """An ingress controller is a platform source only where the operator says so."""
    spec = ingress({"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}]})
    given = eks(web(), INGRESS_NGINX, policies=[policy(spec), policy(ns="ingress-nginx")])
    found = item(judged("NB-ISO-01", given, config), "shop")
    assert (found.status, found.reason) == expected


def test_the_kubelet_is_a_platform_source():
    """Addresses of nodes are where probes come from; the range around them is not."""
    exact = eks(web(), policies=[policy(ingress(from_block(f"{HOST}/32")))])
    wider = eks(web(), policies=[policy(ingress(from_block("10.9.0.0/24")))])
    assert outcome(judged("NB-ISO-01", exact)) == ("pass", "isolated")
    assert outcome(judged("NB-ISO-01", wider)) == ("fail", "open")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([], ("pass", "isolated"), id="nothing"),
        pytest.param([DNS], ("pass", "isolated"), id="resolver-pods"),
        pytest.param([to_block("172.20.0.10/32", ports=PORT_53)], ("pass", "isolated"), id="resolver-service"),
        pytest.param([to_block("169.254.20.10/32", ports=PORT_53)], ("pass", "isolated"), id="node-cache"),
        pytest.param([to_block("169.254.20.10/32")], ("fail", "open"), id="node-cache-on-every-port"),
        pytest.param([to_block("0.0.0.0/0", ports=PORT_53)], ("fail", "open"), id="port-53-anywhere-is-a-tunnel"),
        pytest.param([to_block("169.254.169.254/32", ports=PORT_53)], ("fail", "open"), id="cloud-dns-is-google's"),
        pytest.param([{"ports": PORT_53}], ("fail", "open"), id="port-53-without-peer"),
        pytest.param([{"to": DNS["to"]}], ("fail", "open"), id="resolver-on-every-port"),
        pytest.param([{}], ("fail", "open"), id="everything"),
        pytest.param([{"to": [{"podSelector": {}}]}], ("fail", "open"), id="own-namespace-is-not-tolerated"),
    ],
)
def test_default_deny_egress(rules, expected):
    """The cluster's resolver on port 53 is the only way out that passes."""
    given = eks(web(), RESOLVER, policies=[policy(egress(*rules))], services=[SERVICE])
    assert outcome(judged("NB-ISO-02", given)) == expected


def test_every_pod_of_a_peer_must_be_the_resolver():
    """A rule for a whole namespace reaches more than its resolver, also where no policy tells the two apart."""
    whole = {
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
        "ports": PORT_53,
    }
    metrics = pod("metrics-1", ns="kube-system", labels={"k8s-app": "metrics-server"}, node="n1")
    beside = eks(web(), RESOLVER, metrics, policies=[policy(egress(whole))])
    assert outcome(judged("NB-ISO-02", beside)) == ("fail", "open")


def test_egress_is_not_fractional():
    """One open namespace costs the whole control."""
    found = judged("NB-ISO-02", eks(web(), web("db-1", ns="pay"), policies=[DENY_ALL]))
    assert (found.status, found.fraction) == (Status.FAIL, 0.0)


ONE_WAY = policy({"podSelector": {}, "policyTypes": ["Ingress"]})


@pytest.mark.parametrize(
    ("given", "expected", "fraction"),
    [
        pytest.param(eks(web(), policies=[DENY_ALL]), ("pass", "isolated"), 1.0, id="both-ways"),
        pytest.param(eks(web(), policies=[ONE_WAY]), ("fail", "not-isolated"), 0.5, id="one-way"),
        pytest.param(
            eks(web(), web("db-1", ns="pay"), web("db-2", ns="pay"), web("db-3", ns="pay"), policies=[DENY_ALL]),
            ("fail", "not-isolated"),
            0.25,
            id="counts-pods",
        ),
        pytest.param(eks(web(phase="Succeeded")), ("not_applicable", "nothing-to-judge"), 0.0, id="finished-pods"),
        pytest.param(
            eks(web(), web("b-1", labels={"eks.amazonaws.com/fargate-profile": "f"}), policies=[DENY_ALL]),
            ("fail", "not-isolated"),
            0.5,
            id="fargate-is-not-policed",
        ),
        pytest.param(
            eks(web(host_network=True), policies=[DENY_ALL]), ("fail", "host-network"), 0.0, id="host-network"
        ),
        pytest.param(
            snapshot(pods=[web(host_network=True)], policies=[DENY_ALL], source=Source.MANIFESTS),
            ("unknown", "host-network"),
            0.0,
            id="host-network-in-manifests",
        ),
        pytest.param(eks(web(), on=False, policies=[DENY_ALL]), ("fail", "inert"), 0.0, id="inert"),
        pytest.param(
            cilium(web(), config_maps=(), policies=[DENY_ALL]), ("unknown", "undecided"), 0.0, id="mode-unknown"
        ),
        pytest.param(eks(web(), policies=[DENY_ALL], unlisted=["pods"]), ("unknown", "unread"), 0.0, id="pods-refused"),
    ],
)
def test_every_pod_is_isolated(given, expected, fraction):
    """Each workload's pods count, half for each direction."""
    found = judged("NB-ISO-03", given)
    assert (outcome(found), found.fraction) == (expected, fraction)


def test_items_are_workloads_and_name_the_policies():
    """Two pods of one Deployment are one item, with the policy that isolates them."""
    found = judged("NB-ISO-03", eks(web(), web("web-2"), policies=[DENY_ALL]))
    assert [i.subject for i in found.items] == ["shop/web[Deployment]"]
    assert "2 pods" in found.items[0].evidence[-1]
    assert any("NetworkPolicy shop/p" in line for line in found.items[0].evidence)
    assert found.level is Level.EFFECTIVE
