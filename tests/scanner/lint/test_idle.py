"""Policies and rules that concern nobody."""

from __future__ import annotations

import pytest

from scanner.lint.model import Kind
from tests.factories import namespace, pod, policy
from tests.scanner.lint.linting import (
    DB,
    DENY_ALL,
    FROM_WEB,
    SHOP,
    calico,
    cilium,
    cluster_wide,
    found,
    ingress,
    linted,
    message,
    verdict,
)

FOR_REPORTS = policy({"podSelector": {"matchLabels": {"app": "report"}}}, name="reports")


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param((), ["NetworkPolicy shop/reports"], id="nobody-ever"),
        pytest.param((pod("report-1", owner=("CronJob", "report"), phase="Succeeded"),), [], id="between-two-runs"),
        pytest.param((pod("report-1", ns="else", phase="Succeeded"),), ["NetworkPolicy shop/reports"], id="finished-elsewhere"),
        pytest.param((pod("report-1"),), [], id="running"),
    ],
)  # fmt: skip
def test_a_policy_that_selects_no_pod_is_dead_unless_its_pods_have_only_finished(others, expected):
    """Selectors are held against running and finished pods of the policy's own namespace."""
    assert [name for name, _ in found(FOR_REPORTS, kind=Kind.DEAD_POLICY, pods=(*SHOP, *others))] == expected


@pytest.mark.parametrize(
    "selector",
    [
        pytest.param({}, id="everything"),
        pytest.param(
            {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web", "db"]}]}, id="unlabelled"
        ),
    ],
)
def test_a_policy_that_would_select_an_unlabelled_pod_waits_for_pods_to_come(selector):
    """A default denial is not misspelt because nobody is there yet."""
    assert found(policy({"podSelector": selector}), kind=Kind.DEAD_POLICY, pods=[pod("web-1"), pod("db-1")]) == []


def test_a_policy_without_pods_is_reported_once_and_nothing_else_of_it():
    """Neither its rules' ports nor the engine's own notice say it again."""
    dead = policy({"podSelector": {"matchLabels": {"app": "x"}}, "ingress": [{}, {"ports": [{"port": "nope"}]}]})
    assert [each.kind for each in linted(dead)] == [Kind.DEAD_POLICY]


def test_nothing_is_dead_where_pods_could_not_be_read():
    """Who is missing in a list that broke off is not known."""
    other = ingress({"from": [{"podSelector": {"matchLabels": {"a": "b"}}}]})
    assert {each.kind for each in linted(FOR_REPORTS, other, unlisted=["pods"])} & {
        Kind.DEAD_POLICY,
        Kind.DANGLING_PEER,
    } == set()


def test_a_cluster_wide_policy_without_rules_says_nothing():
    """It isolates nobody and has no rule, so it is dead; with a rule it is not."""
    empty = cluster_wide("AdminNetworkPolicy", "empty", {"priority": 1})
    assert found(empty, kind=Kind.DEAD_POLICY) == [("AdminNetworkPolicy empty", "")]


def test_a_cluster_wide_policy_for_no_namespace_says_so():
    """The namespaces that it selects are what is missing, not pods."""
    nowhere = {"priority": 1, "subject": {"namespaces": {"matchLabels": {"env": "x"}}}, "ingress": [verdict("Deny")]}
    words = message(cluster_wide("AdminNetworkPolicy", "a", nowhere), kind=Kind.DEAD_POLICY)
    assert words == "no namespace matches env=x today, so it concerns nobody; check the labels"


@pytest.mark.parametrize(
    ("spec", "spaces", "severity"),
    [
        pytest.param({"podSelector": DB}, ["shop", "void"], "note", id="no-pods"),
        pytest.param({"podSelector": DB}, ["shop"], "warning", id="no-such-namespace"),
        pytest.param({"podSelector": {}}, ["shop"], "warning", id="every-pod-of-no-such-namespace"),
        pytest.param({"podSelector": {}}, ["shop", "void"], None, id="a-default-denial-that-came-first"),
    ],
)
def test_a_namespace_without_pods_is_told_from_one_that_is_not_there(spec, spaces, severity):
    """A policy for every pod may stand in an empty namespace; in one that does not exist no policy may."""
    told = linted(policy(spec, ns="void"), namespaces=[namespace(each) for each in spaces])
    told = [each for each in told if each.kind is Kind.EMPTY_NAMESPACE]
    assert [each.severity for each in told] == ([severity] if severity else [])


def test_a_policy_of_host_network_pods_alone_is_told_from_one_that_also_selects_some():
    """By the specification no policy isolates them; of the policies that select the same ones one speaks."""
    agent = pod("agent-1", host_network=True, owner=("DaemonSet", "agent"))
    only = policy({"podSelector": {"matchLabels": {"app": "agent"}}, "ingress": [{}]}, name="agents")
    told = [
        (each.severity, each.object)
        for each in linted(only, DENY_ALL, pods=[*SHOP, agent])
        if each.kind is Kind.HOST_NETWORK
    ]
    assert told == [("warning", "NetworkPolicy shop/agents"), ("note", "NetworkPolicy shop/deny-all")]
    assert found(only, DENY_ALL, kind=Kind.HOST_NETWORK) == []
    assert found(only, kind=Kind.OPEN_TO_EVERYTHING, pods=[*SHOP, agent]) == []


def test_a_selector_whose_pods_are_all_on_the_host_network_matches_nobody():
    """A rule's peer that only host-network pods answer to is named, one that others answer to as well is not."""
    agent = pod("agent-1", labels={"app": "web"}, host_network=True, owner=("DaemonSet", "agent"))
    assert found(ingress(FROM_WEB), kind=Kind.HOST_NETWORK, pods=[pod("db-1"), agent]) == [
        ("NetworkPolicy shop/p", "ingress[0]")
    ]
    assert found(ingress(FROM_WEB), kind=Kind.HOST_NETWORK, pods=[*SHOP, agent]) == []


def test_a_rule_whose_own_side_selects_none_of_the_policys_pods_is_dead():
    """Calico narrows a rule to some of the policy's pods; where there are none it is for nobody."""
    rule = {"action": "Allow", "source": {"selector": "app == 'web'"}, "destination": {"selector": "tier == 'none'"}}
    assert [name for _, name in found(calico({"ingress": [rule]}), kind=Kind.DEAD_RULE)] == ["ingress[0]"]
    there = rule | {"destination": {"selector": "app == 'db'"}}
    assert found(calico({"ingress": [there]}), kind=Kind.DEAD_RULE) == []


@pytest.mark.parametrize(
    ("rule", "kinds"),
    [
        pytest.param({}, set(), id="default-deny-as-it-is-written"),
        pytest.param({"fromEndpoints": []}, {Kind.DEAD_PART}, id="an-empty-list"),
        pytest.param({"icmps": [{"fields": [{"type": 8}]}]}, {Kind.REMARK}, id="pings"),
    ],
)
def test_what_a_remark_says_of_a_rule_is_not_said_again(rule, kinds):
    """A rule that matches no port or peer is named once, and Cilium's default deny not at all."""
    told = linted(cilium({"endpointSelector": DB, "ingress": [rule]}))
    assert {each.kind for each in told} == kinds
    assert len(told) == len(kinds)


def test_a_block_of_which_nothing_is_left_is_named():
    """Excepts that cover their block leave a peer that matches nothing; those that leave something do not."""
    whole = {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/9", "10.128.0.0/9"]}}]}
    part = {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/9"]}}]}
    assert "nothing of 10.0.0.0/8" in message(ingress(whole), kind=Kind.DEAD_PART)
    assert found(ingress(part), kind=Kind.DEAD_PART) == []
