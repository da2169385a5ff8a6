"""NB-ISO-04, NB-LP-01 and NB-LP-02: what rules let in and out, judged by meaning and not by shape."""

from __future__ import annotations

import msgspec
import pytest

from scanner.baselines.config import BaselineConfig, Match
from scanner.findings import Status
from scanner.model import Collected, EntryPoint, KindStatus, Service, Source
from tests.factories import namespace, node, policy, snapshot
from tests.scanner.controls.clusters import (
    antrea,
    cilium,
    custom,
    egress,
    eks,
    from_block,
    ingress,
    judged,
    npm,
    outcome,
    to_block,
    web,
)

ANY_NAMESPACE = {"namespaceSelector": {}}
BY_NAME = {"namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}}
LISTED = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
HALVES = [{"ipBlock": {"cidr": "0.0.0.0/1"}}, {"ipBlock": {"cidr": "128.0.0.0/1"}}]
WORLD = [{"ipBlock": {"cidr": "0.0.0.0/0"}}, {"ipBlock": {"cidr": "::/0"}}]
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
ALL_TCP = [{"port": 1, "endPort": 32767}, {"port": 32768, "endPort": 65535}]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(ingress(), ("pass", "limited"), id="deny"),
        pytest.param(ingress({}), ("fail", "allow-all"), id="no-from"),
        pytest.param(egress({}), ("fail", "allow-all"), id="no-to"),
        pytest.param(ingress({"from": [*WORLD, ANY_NAMESPACE]}), ("fail", "allow-all"), id="world-and-namespaces"),
        pytest.param(ingress({"from": [*HALVES, BY_NAME]}), ("fail", "allow-all"), id="split-and-exists"),
        pytest.param(
            ingress({"from": HALVES}, {"from": [ANY_NAMESPACE]}), ("fail", "allow-all"), id="spread-over-rules"
        ),
        pytest.param(ingress({"ports": ALL_TCP}), ("fail", "allow-all"), id="all-ports-in-pieces"),
        pytest.param(ingress({"ports": [{"port": 80}]}), ("pass", "limited"), id="one-port"),
        pytest.param(ingress({"from": [ANY_NAMESPACE]}), ("pass", "limited"), id="namespaces-only"),
        pytest.param(ingress({"from": [*WORLD, LISTED]}), ("pass", "limited"), id="own-namespace-by-name"),
        pytest.param(egress({"to": WORLD}), ("pass", "limited"), id="addresses-only"),
    ],
)
def test_allow_all(spec, expected):
    """All peers on all ports fail, however the rule is written; Cilium's ipBlocks match no pods."""
    assert outcome(judged("NB-ISO-04", cilium(web(), policies=[policy(spec)]))) == expected


def test_ranges_suffice_where_they_match_pods():
    """On a plane whose ipBlocks match pods, 0.0.0.0/0 alone is everybody."""
    assert outcome(judged("NB-ISO-04", eks(web(), policies=[policy(egress({"to": WORLD}))]))) == ("fail", "allow-all")


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        pytest.param(("2600:1f13::9",), ("fail", "allow-all"), id="ipv6-only"),
        pytest.param(("10.0.0.9", "2600:1f13::9"), ("pass", "limited"), id="dual-stack"),
    ],
)
def test_all_of_ipv6_is_everything_where_pods_have_nothing_else(addresses, expected):
    """In a cluster of one family, the other family's ranges are not waited for."""
    given = eks(web(ips=addresses), policies=[policy(egress(to_block("::/0")))])
    assert outcome(judged("NB-ISO-04", given)) == expected


def test_allow_all_spread_over_policies():
    """Two policies for the same pods are judged together, and both are named."""
    halves = [policy(ingress({"from": HALVES}), name="a"), policy(ingress({"from": [ANY_NAMESPACE]}), name="b")]
    found = judged("NB-ISO-04", cilium(web(), policies=halves))
    assert outcome(found) == ("fail", "allow-all")
    assert "shop/a" in found.items[0].subject
    assert "shop/web[Deployment]" in found.items[0].evidence[1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(cilium(web()), ("not_applicable", "nothing-to-judge"), id="no-policies"),
        pytest.param(
            cilium(web(), policies=[policy(ingress({}), ns="kube-system")]),
            ("not_applicable", "nothing-to-judge"),
            id="platform",
        ),
        pytest.param(
            snapshot(pods=[web()], policies=[policy(ingress({}))], unlisted=["daemonsets.apps"]),
            ("unknown", "engine-unknown"),
            id="engine-unknown",
        ),
        pytest.param(eks(web(), on=False, policies=[policy(ingress({}))]), ("fail", "allow-all"), id="needs-no-engine"),
        pytest.param(antrea(web(), policies=[custom("NetworkPolicy")]), ("unknown", "not-modelled"), id="unmodelled"),
        pytest.param(
            cilium(web(), policies=[custom("NetworkPolicy")]), ("not_applicable", "nothing-to-judge"), id="not-read"
        ),
        pytest.param(
            cilium(web(), unlisted=["networkpolicies.networking.k8s.io"]), ("unknown", "unread"), id="refused"
        ),
        pytest.param(
            cilium(web(), policies=[policy({"podSelector": {"matchLabels": {"app": "gone"}}, "ingress": [{}]})]),
            ("pass", "limited"),
            id="selects-nobody",
        ),
    ],
)
def test_allow_all_in_odd_clusters(given, expected):
    """It requires no engine, but does not guess about one; a policy that selects nobody re-opens nothing."""
    assert outcome(judged("NB-ISO-04", given)) == expected


def test_declared_edge_may_be_open():
    """A pod set within its declared exception is no failure."""
    given = cilium(web(), policies=[policy({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{}]})])
    config = BaselineConfig(edge=(Match(namespace="shop", workload="web"),))
    assert outcome(judged("NB-ISO-04", given)) == ("fail", "allow-all")
    assert outcome(judged("NB-ISO-04", given, config)) == ("pass", "limited")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(from_block("0.0.0.0/0"), ("fail", "admits-internet"), id="world"),
        pytest.param(from_block("::/0", ports=[{"port": 443}]), ("fail", "admits-internet"), id="v6-world-one-port"),
        pytest.param({"ports": [{"port": 443}]}, ("fail", "admits-internet"), id="no-from"),
        pytest.param(from_block("8.8.8.0/23"), ("fail", "admits-internet"), id="wider-than-24"),
        pytest.param(from_block("8.8.8.0/24", "8.8.9.0/24"), ("fail", "admits-internet"), id="adjacent-halves"),
        pytest.param(from_block("8.8.8.0/24", "9.9.9.0/24"), ("not_applicable", "nothing-to-judge"), id="two-narrow"),
        pytest.param(from_block(*PRIVATE), ("not_applicable", "nothing-to-judge"), id="private"),
        pytest.param({"from": [ANY_NAMESPACE]}, ("not_applicable", "nothing-to-judge"), id="pods"),
    ],
)
def test_internet_ingress(rule, expected):
    """A workload opened to more than a /24 of public addresses in one run fails unless it is an edge."""
    assert outcome(judged("NB-LP-01", eks(web(), policies=[policy(ingress(rule))]))) == expected


BALANCER = Service(
    namespace="shop", name="lb", type="LoadBalancer", selector={"app": "web"}, source_ranges=("8.8.8.8/32",)
)
ENTRY = EntryPoint(kind="Ingress", namespace="shop", name="i", services=("shop/front",))
FRONT = Service(namespace="shop", name="front", selector={"app": "web"})


@pytest.mark.parametrize(
    ("fields", "config", "expected"),
    [
        pytest.param({}, BaselineConfig(edge=(Match(workload="web"),)), ("pass", "edge"), id="declared"),
        pytest.param({"services": [FRONT], "entry_points": (ENTRY,)}, BaselineConfig(), ("pass", "edge"), id="ingress"),
        pytest.param({"services": [BALANCER]}, BaselineConfig(), ("pass", "edge"), id="limited-balancer"),
        pytest.param({"services": [FRONT]}, BaselineConfig(), ("fail", "admits-internet"), id="plain-service"),
        pytest.param({"unlisted": ["services"]}, BaselineConfig(), ("unknown", "unread"), id="services-refused"),
        pytest.param({"on": False}, BaselineConfig(), ("fail", "inert"), id="inert"),
    ],
)
def test_edges_may_admit_the_internet(fields, config, expected):
    """Edges are declared, or stand behind an approved way in; what cannot be seen is unknown."""
    given = eks(web(), policies=[policy(ingress(from_block("0.0.0.0/0")))], **fields)
    found = judged("NB-LP-01", given, config)
    assert outcome(found) == expected


def test_the_rule_is_named():
    """The item names the policy and the rule to change."""
    found = judged("NB-LP-01", eks(web(), policies=[policy(ingress(from_block("0.0.0.0/0")))]))
    assert "NetworkPolicy shop/p ingress[0]" in found.items[0].evidence[0]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([], ("pass", "limited"), id="deny"),
        pytest.param([to_block("0.0.0.0/0")], ("fail", "unrestricted"), id="world"),
        pytest.param([to_block("0.0.0.0/0", ports=[{"port": 443}])], ("fail", "unrestricted"), id="one-port"),
        pytest.param([to_block("0.0.0.0/1"), to_block("128.0.0.0/1")], ("fail", "unrestricted"), id="halves"),
        pytest.param([to_block("0.0.0.0/0", *PRIVATE)], ("fail", "unrestricted"), id="less-the-private-ranges"),
        pytest.param([to_block("::/0")], ("fail", "unrestricted"), id="v6-world"),
        pytest.param([{}], ("fail", "unrestricted"), id="no-to"),
        pytest.param([to_block("52.0.0.0/8")], ("pass", "limited"), id="one-provider"),
        pytest.param([to_block("10.0.0.0/8")], ("pass", "limited"), id="private"),
    ],
)
def test_internet_egress(rules, expected):
    """A tenth of the public internet is unrestricted, however it is written."""
    assert outcome(judged("NB-LP-02", cilium(web(), policies=[policy(egress(*rules))]))) == expected


@pytest.mark.parametrize(
    ("given", "config", "expected"),
    [
        pytest.param(eks(web()), BaselineConfig(), ("fail", "unrestricted"), id="no-policy"),
        pytest.param(eks(web()), BaselineConfig(egress=(Match(workload="web"),)), ("pass", "approved"), id="approved"),
        pytest.param(eks(web(), on=False, policies=[policy()]), BaselineConfig(), ("fail", "inert"), id="inert"),
        pytest.param(
            snapshot(pods=[web()], policies=[policy()], source=Source.MANIFESTS),
            BaselineConfig(),
            ("unknown", "declared-pass"),
            id="manifests",
        ),
        pytest.param(eks(web(), unlisted=["pods"]), BaselineConfig(), ("unknown", "unread"), id="pods-refused"),
        pytest.param(eks(), BaselineConfig(), ("not_applicable", "nothing-to-judge"), id="no-workloads"),
        pytest.param(
            eks(web(node="win"), policies=[policy()], nodes=[node("win", os="windows")]),
            BaselineConfig(),
            ("fail", "inert"),
            id="only-uncovered-nodes",
        ),
    ],
)
def test_internet_egress_in_odd_clusters(given, config, expected):
    """Approved ways out pass; unread, unproven and unenforced do not."""
    assert outcome(judged("NB-LP-02", given, config)) == expected


def test_an_except_of_another_rule_is_no_certain_way_out():
    """Where an engine may stop with one rule's except what another rule allows, the answer is not a certain failure."""
    spec = egress(to_block("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1"), to_block("0.0.0.0/0"))
    assert judged("NB-LP-02", eks(web(), policies=[policy(spec)])).status is Status.UNKNOWN


def test_both_halves_of_a_balancer_bypass():
    """Azure NPM's bypass through a balancer does not turn a default deny into a pass."""
    service = Service(
        namespace="shop", name="lb", type="LoadBalancer", selector={"app": "web"}, external_traffic_policy="Cluster"
    )
    given = npm(web(), policies=[policy()], services=[service], namespaces=[namespace("shop")])
    assert judged("NB-ISO-01", given).status is Status.PASS  # the pod without labels is behind no Service
    assert judged("NB-EXP-04", given).status is Status.FAIL


@pytest.mark.parametrize("control", ["NB-ISO-03", "NB-LP-02"])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(eks(web(host_network=True), policies=[policy()]), "hostNetwork", id="host-network"),
        pytest.param(
            eks(web(), web("b-1", node="w"), nodes=[node("n1"), node("w", os="windows")], policies=[policy()]),
            "NB-ENF-02",
            id="windows",
        ),
        pytest.param(
            cilium(web(), config={"policy-audit-mode": "true"}, policies=[policy()]), "NB-ENF-06", id="audit-mode"
        ),
        pytest.param(eks(web()), "egress", id="nothing-selects-it"),
    ],
)
def test_pods_that_policy_does_not_reach_are_told_what_would_help(control, given, told):
    """No further policy is recommended for a pod on which none has an effect."""
    failed = [found for found in judged(control, given).items if found.status is Status.FAIL]
    assert [told in found.remediation or told.title() in found.remediation for found in failed] == [True]


@pytest.mark.parametrize("kind", ["services", "ingresses.networking.k8s.io", "httproutes.gateway.networking.k8s.io"])
def test_a_way_in_that_was_not_read_is_no_missing_one(kind):
    """Whether a workload stands behind an entry point is unknown where entry points could not be listed."""
    given = eks(web(), policies=[policy(ingress(from_block("0.0.0.0/0")))], unlisted=[kind])
    refused = given.collection | {kind: KindStatus(status=Collected.FORBIDDEN)}
    given = msgspec.structs.replace(given, collection=refused)
    assert outcome(judged("NB-LP-01", given)) == ("unknown", "unread")
