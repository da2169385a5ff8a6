"""Rules that open more than is meant, and rules that forget DNS."""

from __future__ import annotations

import pytest

from scanner.lint.model import Kind
from tests.factories import pod, policy
from tests.scanner.lint.linting import (
    DB,
    DENY_ALL,
    FROM_WEB,
    SHOP,
    WEB,
    cilium,
    egress,
    found,
    ingress,
    linted,
    message,
)

EVERYTHING, ANYWHERE = Kind.OPEN_TO_EVERYTHING, Kind.OPEN_TO_ANYWHERE
TO_DB = {"to": [{"podSelector": DB}], "ports": [{"port": 5432}]}
TO_BLOCK = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}
TCP = {"ports": [{"port": 53}]}
DNS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("policies", "severity"),
    [
        pytest.param([ingress({})], "warning", id="empty-rule"),
        pytest.param([ingress({"from": [], "ports": []})], "warning", id="empty-lists"),
        pytest.param([egress({})], "note", id="egress"),
        pytest.param([egress({}, TO_DB)], "warning", id="egress-that-makes-others-idle"),
        pytest.param([cilium({"endpointSelector": DB, "ingress": [{"fromEntities": ["all"]}]})], "warning", id="entity"),
        pytest.param([ingress({"from": [{"namespaceSelector": {}}]})], "", id="all-pods"),
        pytest.param([ingress({"ports": [{"port": 80}]})], "", id="some-ports"),
        pytest.param([cilium({"endpointSelector": DB, "ingress": [{}]})], "", id="nobody-in-this-kind"),
    ],
)  # fmt: skip
def test_a_rule_for_everybody_on_every_port_is_named(policies, severity):
    """What lets everybody in is a warning; what lets pods go anywhere only where other rules say otherwise."""
    told = [each.severity for each in linted(*policies) if each.kind is EVERYTHING]
    assert told == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(ingress({"ports": [{"port": 80}]}), ["ingress[0]"], id="in"),
        pytest.param(egress({"ports": [{"port": 443}, *DNS]}), ["egress[0]"], id="out"),
        pytest.param(egress({"ports": DNS}), [], id="dns-alone"),
        pytest.param(ingress(FROM_WEB), [], id="peers-named"),
        pytest.param(ingress({}), [], id="said-otherwise"),
    ],
)
def test_a_rule_for_everybody_on_some_ports_is_noted(rule, expected):
    """DNS may be asked anywhere without a word."""
    assert [name for _, name in found(rule, kind=ANYWHERE)] == expected


@pytest.mark.parametrize(
    ("peers", "expected"),
    [
        pytest.param([{"podSelector": WEB}, {"namespaceSelector": {"matchLabels": {"team": "x"}}}], 1, id="two-items"),
        pytest.param(
            [{"namespaceSelector": {"matchLabels": {"team": "x"}}}, {"podSelector": WEB}], 1, id="turned-round"
        ),
        pytest.param([{"podSelector": WEB, "namespaceSelector": {"matchLabels": {"team": "x"}}}], 0, id="one-item"),
        pytest.param(
            [{"podSelector": WEB}, {"namespaceSelector": {"matchLabels": {"team": "y"}}}], 0, id="no-such-pair"
        ),
        pytest.param([{"podSelector": {}}, {"namespaceSelector": {"matchLabels": {"team": "x"}}}], 0, id="every-pod"),
    ],
)
def test_two_items_where_another_rule_has_them_as_one_are_named(peers, expected):
    """Only a pair that stands together elsewhere is taken for a slip."""
    together = ingress({"from": [{"podSelector": WEB, "namespaceSelector": {"matchLabels": {"team": "x"}}}]}, name="q")
    assert len(found(ingress({"from": peers}), together, kind=Kind.SPLIT_PEER)) == expected


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        pytest.param([egress(TO_DB, TCP)], ["egress[1]"], id="no-protocol"),
        pytest.param([egress(TO_DB, {"ports": DNS})], [], id="both"),
        pytest.param([egress(TO_DB, TCP, {"ports": DNS[:1]})], [], id="another-rule"),
        pytest.param([egress(TCP), egress({"ports": DNS}, name="q", subject={})], [], id="another-policy"),
        pytest.param([egress(TCP, subject={}), egress({"ports": DNS}, name="q")], ["egress[0]"], id="for-some-pods"),
        pytest.param([egress({"ports": [{"port": 50, "endPort": 60}]})], [], id="a-range"),
        pytest.param([ingress(TCP)], ["ingress[0]"], id="a-server"),
    ],
)  # fmt: skip
def test_tcp_53_without_udp_is_named(policies, expected):
    """A port without a protocol is TCP; DNS asks over UDP first."""
    assert [rule for _, rule in found(*policies, kind=Kind.DNS_WITHOUT_UDP)] == expected


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        pytest.param([egress(TO_DB)], ["p"], id="only-the-database"),
        pytest.param([egress(TO_DB, {"ports": DNS})], [], id="dns-anywhere"),
        pytest.param([egress(TO_DB), egress({"to": [{"namespaceSelector": {}}]}, name="q", subject={})], [], id="every-port"),
        pytest.param([egress(TO_DB), DENY_ALL], ["p"], id="named-by-the-rules"),
        pytest.param([DENY_ALL], [], id="may-go-nowhere"),
        pytest.param([egress(TO_BLOCK)], [], id="addresses-need-no-names"),
        pytest.param([ingress(FROM_WEB)], [], id="not-isolated"),
    ],
)  # fmt: skip
def test_pods_that_may_talk_but_not_ask_dns_are_named(policies, expected):
    """Pods isolated for egress that may reach pods or names and nobody on port 53."""
    told = [name.removeprefix("NetworkPolicy shop/") for name, _ in found(*policies, kind=Kind.NO_DNS)]
    assert told == expected


def test_pods_without_dns_are_named_by_workload_once_for_the_policies_that_isolate_them():
    """Many pods of one kind are one workload, and workloads of the same policies one finding."""
    pods = [pod(f"web-{at}") for at in range(5)] + [pod("api-1", labels={"app": "web"}), pod("db-1")]
    words = message(egress(TO_DB), kind=Kind.NO_DNS, pods=pods)
    assert "isolates shop/api[Deployment] and shop/web[Deployment] for egress" in words


def test_a_policy_that_only_isolates_is_fine():
    """A default denial is no finding, nor is one for pods that nobody talks to."""
    assert linted(DENY_ALL) == ()
    assert linted(policy({"podSelector": DB, "policyTypes": ["Ingress", "Egress"]}), pods=SHOP) == ()
