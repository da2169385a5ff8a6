"""Whose address the far side sees, per cloud and setting; a rule from memory decides nothing."""

from __future__ import annotations

import pytest

from scanner.topology.model import Becomes, Confidence, MasqueradeRule, Pods
from scanner.topology.seen_as import aks_rules, becomes, eks_rules, gke_rules, keeps_client, rewritten, words
from scanner.topology.spans import span_of

POD, NODE, UNKNOWN = Becomes.POD, Becomes.NODE, Becomes.UNKNOWN
VPC = ("10.1.0.0/16",)


def seen(rules, to: str) -> Becomes:
    """What the far side at one address sees."""
    ((_, rule),) = rewritten(rules, span_of(to))
    return becomes(rule)


def eks(**more):
    """An EKS cluster with the VPC CNI's defaults, all of them read."""
    return eks_rules(VPC, **({"external_snat": False, "excluded": ()} | more))


@pytest.mark.parametrize(
    ("rules", "to", "expected"),
    [
        pytest.param(eks(), "10.1.9.9", POD, id="inside-the-vpc"),
        pytest.param(eks(), "10.2.0.1", NODE, id="peered-vpc"),
        pytest.param(eks(), "fd00::1", POD, id="ipv6-is-never-translated"),
        pytest.param(eks(external_snat=True), "10.2.0.1", POD, id="external-snat"),
        pytest.param(eks(excluded=("10.2.0.0/16",)), "10.2.0.1", POD, id="excluded"),
        pytest.param(eks(excluded=("10.2.0.0/16",)), "10.3.0.1", NODE, id="not-excluded"),
        pytest.param(eks(external_snat=None), "10.2.0.1", UNKNOWN, id="settings-not-read"),
        pytest.param(eks(external_snat=None), "10.1.0.1", POD, id="settings-not-read-inside-the-vpc"),
        pytest.param(eks(pod_groups=None), "10.2.0.1", UNKNOWN, id="security-groups-for-pods"),
        pytest.param(eks(engine="auto-mode"), "10.2.0.1", UNKNOWN, id="auto-mode"),
        pytest.param(eks(engine=""), "10.1.0.1", UNKNOWN, id="another-cni"),
        pytest.param(eks_rules((), external_snat=False, excluded=()), "10.1.0.1", UNKNOWN, id="vpc-ranges-not-read"),
    ],
)
def test_eks(rules, to, expected):
    """EKS user guide, external-snat; amazon-vpc-cni-k8s README."""
    assert seen(rules, to) is expected


def gke(**more):
    """A GKE cluster inside which somebody looked for the agent's list."""
    return gke_rules(**({"default_snat_disabled": False, "listed": None, "agent": True} | more))


@pytest.mark.parametrize(
    ("rules", "to", "expected"),
    [
        pytest.param(gke(), "10.2.0.1", POD, id="rfc-1918"),
        pytest.param(gke(), "100.64.0.1", UNKNOWN, id="further-defaults-are-from-memory"),
        pytest.param(gke(), "52.1.1.1", NODE, id="public"),
        pytest.param(gke(default_snat_disabled=True), "52.1.1.1", POD, id="default-snat-disabled"),
        pytest.param(gke(default_snat_disabled=None), "10.2.0.1", UNKNOWN, id="switch-not-read"),
        pytest.param(gke(listed=("10.2.0.0/16",)), "10.2.0.1", POD, id="listed"),
        pytest.param(gke(listed=("10.2.0.0/16",)), "10.3.0.1", NODE, id="not-listed"),
        pytest.param(gke(listed=()), "10.3.0.1", NODE, id="an-empty-list-translates-everything"),
        pytest.param(gke(listed=("10.2.0.0/16",), default_snat_disabled=True), "10.3.0.1", NODE, id="list-goes-first"),
        pytest.param(gke(agent=False), "10.2.0.1", UNKNOWN, id="nobody-looked"),
        pytest.param(gke(windows=True), "10.2.0.1", UNKNOWN, id="windows-nodes"),
        pytest.param(gke(), "fd00::1", UNKNOWN, id="ipv6"),
    ],
)
def test_gke(rules, to, expected):
    """GKE documentation, ip-masquerade-agent."""
    assert seen(rules, to) is expected


@pytest.mark.parametrize(
    ("rules", "to", "expected"),
    [
        pytest.param(aks_rules(Pods.OVERLAY, VPC, pod_subnet=False), "10.1.0.1", NODE, id="overlay-inside-the-vnet"),
        pytest.param(aks_rules(Pods.OVERLAY, VPC, pod_subnet=False), "10.2.0.1", NODE, id="overlay-beyond"),
        pytest.param(aks_rules(Pods.NATIVE, VPC, pod_subnet=True), "10.1.0.1", POD, id="flat-inside-the-vnet"),
        pytest.param(aks_rules(Pods.NATIVE, VPC, pod_subnet=True), "10.2.0.1", UNKNOWN, id="flat-beyond"),
        pytest.param(aks_rules(Pods.NATIVE, (), pod_subnet=True), "10.1.0.1", UNKNOWN, id="vnet-not-read"),
        pytest.param(aks_rules(Pods.UNKNOWN, VPC, pod_subnet=False), "10.1.0.1", UNKNOWN, id="own-cni"),
    ],
)
def test_aks(rules, to, expected):
    """AKS documentation, concepts-network-cni-overview; beyond the VNet a flat network is known from memory only."""
    assert seen(rules, to) is expected


def test_a_rule_from_memory_says_what_is_expected_and_decides_nothing():
    """Its words are a note."""
    rule = MasqueradeRule(becomes=NODE, why="seen once", confidence=Confidence.MEMORY)
    assert becomes(rule) is UNKNOWN
    assert words(rule) == "seen once (expected: the node address; from memory, so it decides nothing)"


def test_a_destination_is_cut_where_rules_change():
    """Each piece has its own rule, the first that holds it; without any, nothing is known."""
    rules = eks(excluded=("10.2.0.0/17",))
    pieces = {span: becomes(rule) for span, rule in rewritten(rules, span_of("10.2.0.0/16"))}
    assert pieces == {span_of("10.2.0.0/17"): POD, span_of("10.2.128.0/17"): NODE}
    assert [becomes(rule) for _, rule in rewritten((), span_of("10.2.0.0/16"))] == [UNKNOWN]


def test_a_load_balancer_keeps_the_client_with_the_local_policy_alone():
    """Kubernetes: externalTrafficPolicy."""
    assert keeps_client("Local")
    assert not keeps_client("Cluster")
    assert not keeps_client("")
