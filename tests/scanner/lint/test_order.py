"""Rules that never decide, and policies whose order is not defined."""

from __future__ import annotations

import pytest

from scanner.lint.model import Kind
from scanner.model import ApiObject
from tests.factories import namespace, pod, raw
from tests.scanner.lint.linting import (
    DB,
    DENY_ALL,
    FROM_WEB,
    WEB,
    admin,
    baseline,
    calico,
    cilium,
    found,
    ingress,
    linted,
    message,
    verdict,
)

CONTRADICTED, SHADOWED = Kind.CONTRADICTORY_RULE, Kind.SHADOWED_RULE
SEC = ApiObject(api_version="projectcalico.org/v3", kind="Tier", name="sec", spec=raw({"order": 10}))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        pytest.param([admin(verdict("Deny"), verdict("Allow", "web"))], ["ingress[1]"], id="own-rule-before"),
        pytest.param([admin(verdict("Allow", "web"), verdict("Deny"))], [], id="own-rule-after"),
        pytest.param([admin(verdict("Deny", "web"), verdict("Allow"))], [], id="a-part"),
        pytest.param([admin(verdict("Deny", "web"), verdict("Deny", "db"), verdict("Allow"))], [], id="not-the-unlabelled"),
        pytest.param([admin(verdict("Deny")), ingress(FROM_WEB)], ["ingress[0]"], id="earlier-tier"),
        pytest.param([admin(verdict("Pass"), verdict("Deny")), ingress(FROM_WEB)], [], id="passed-on"),
        pytest.param([baseline(verdict("Deny")), ingress(FROM_WEB)], [], id="later-tier"),
        pytest.param(
            [cilium({"endpointSelector": DB, "ingress": [{"fromEndpoints": [WEB]}], "ingressDeny": [{"fromEndpoints": [{}]}]})],
            ["ingress[0]"],
            id="deny-before-allow-in-one-bag",
        ),
        pytest.param(
            [calico({"ingress": [{"action": "Deny"}, {"action": "Allow", "source": {"selector": "app == 'web'"}}]})],
            ["ingress[1]"],
            id="first-match",
        ),
    ],
)  # fmt: skip
def test_an_allow_rule_that_is_wholly_denied_earlier_is_contradictory(policies, expected):
    """Everything that it allows, for every pod it is for, is denied before it is asked."""
    assert [rule for _, rule in found(*policies, kind=CONTRADICTED)] == expected


def test_a_contradictory_rule_names_what_denies_it():
    """The message has the earlier rule, with its policy where that is another one."""
    assert "denied before by AdminNetworkPolicy a ingress[0]" in message(
        admin(verdict("Deny")), ingress(FROM_WEB), kind=CONTRADICTED
    )
    assert "denied before by ingress[0];" in message(admin(verdict("Deny"), verdict("Allow", "web")), kind=CONTRADICTED)


@pytest.mark.parametrize(
    ("policies", "expected", "severity"),
    [
        pytest.param(
            [admin(verdict("Allow")), ingress(FROM_WEB)],
            ("NetworkPolicy shop/p", "ingress[0]"),
            "note",
            id="same-verdict",
        ),
        pytest.param(
            [admin(verdict("Allow"), verdict("Deny", "web"))],
            ("AdminNetworkPolicy a", "ingress[1]"),
            "warning",
            id="overruled",
        ),
        pytest.param(
            [admin(verdict("Pass"), verdict("Deny", "web"))],
            ("AdminNetworkPolicy a", "ingress[1]"),
            "warning",
            id="skipped",
        ),
        pytest.param(
            [admin(verdict("Deny"), verdict("Deny", "web"), verdict("Allow", "db"))], None, "", id="beside-its-like"
        ),
    ],
)
def test_a_rule_that_never_decides_is_shadowed(policies, expected, severity):
    """Earlier rules take all of it; where they do something else that is more than a note."""
    told = [each for each in linted(*policies) if each.kind is SHADOWED]
    assert [(each.object, each.rule) for each in told] == ([expected] if expected else [])
    assert [each.severity for each in told] == ([severity] if severity else [])


def test_a_tiers_default_denial_shadows_what_comes_after_it():
    """Nothing gets to the default tier past one that denies what it does not match, unless a rule passes it on."""
    stop = calico({"tier": "sec", "types": ["Ingress"], "selector": "app == 'db'"}, name="stop")
    words = message(stop, ingress(FROM_WEB), kind=SHADOWED, settings=[SEC])
    assert "the default denial of tier sec" in words
    rule = {"action": "Pass", "source": {"selector": "app == 'web'"}}
    passing = calico({"tier": "sec", "selector": "app == 'db'", "ingress": [rule]}, name="stop")
    assert found(passing, ingress(FROM_WEB), kind=SHADOWED, settings=[SEC]) == []


def test_a_baseline_rule_that_is_not_asked_today_is_as_it_should_be():
    """It waits for pods that no policy isolates, of namespaces to come as well."""
    assert found(baseline(verdict("Deny", "web")), DENY_ALL, kind=SHADOWED) == []


def test_whether_it_takes_todays_pods_to_see_it_is_said():
    """What holds by selectors alone is told from what only holds because of the pods there are."""
    pods = [pod("web-1", labels={"app": "web", "tier": "front"}), pod("db-1")]
    always = admin(verdict("Deny", "web"), verdict("Allow", "web"))
    today = admin(verdict("Deny", "web"), {"action": "Allow", "from": [_front()]})
    assert "today" not in message(always, kind=CONTRADICTED, pods=pods)
    assert "with today's pods" in message(today, kind=CONTRADICTED, pods=pods)


def _front() -> dict[str, object]:
    return {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"tier": "front"}}}}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param([verdict("Deny", "web")], [verdict("Allow", "web")], 1, id="contradiction"),
        pytest.param([verdict("Deny", "web")], [verdict("Deny", "web")], 0, id="agreement"),
        pytest.param([verdict("Deny", "web")], [verdict("Allow", "db")], 0, id="other-pods"),
        pytest.param([verdict("Allow", "web"), verdict("Deny")], [verdict("Allow", "web")], 0, id="first-matches-agree"),
        pytest.param([verdict("Pass", "web")], [verdict("Allow")], 1, id="pass-and-allow"),
    ],
)  # fmt: skip
def test_policies_of_one_priority_that_disagree_are_at_odds(one, other, expected):
    """Only what both would decide first, and otherwise, is a contradiction; other priorities have an order."""
    tied = (admin(*one, name="a"), admin(*other, name="b"))
    assert len(found(*tied, kind=Kind.EQUAL_PRIORITY)) == expected
    apart = (admin(*one, name="a", priority=1), admin(*other, name="b", priority=2))
    assert found(*apart, kind=Kind.EQUAL_PRIORITY) == []


def test_two_policies_at_odds_are_reported_once_with_a_rule_of_each():
    """However many pods and rules they disagree about."""
    rules = [verdict("Deny", "web"), verdict("Deny", "db")]
    told = [
        each
        for each in linted(admin(*rules, name="a"), admin(verdict("Allow"), name="b"))
        if each.kind is Kind.EQUAL_PRIORITY
    ]
    assert [(each.object, each.rule, each.severity) for each in told] == [
        ("AdminNetworkPolicy a", "ingress[0]", "error")
    ]
    assert "AdminNetworkPolicy b ingress[0] allows" in told[0].message


def test_nothing_is_said_where_a_policy_that_cannot_be_judged_may_come_between():
    """A kind that is not modelled may do anything to the pods of its namespace."""
    odd = ApiObject(api_version="crd.antrea.io/v1beta1", kind="NetworkPolicy", name="x", namespace="shop", spec=raw({}))
    assert found(admin(verdict("Deny")), ingress(FROM_WEB), kind=CONTRADICTED) != []
    assert found(admin(verdict("Deny")), ingress(FROM_WEB), odd, kind=CONTRADICTED) == []


def test_a_rule_in_doubt_shadows_nobody():
    """An unknown field may narrow it to nothing."""
    doubtful = admin(verdict("Deny") | {"unheardOf": 1})
    assert found(doubtful, ingress(FROM_WEB), kind=CONTRADICTED) == []


def test_a_rule_for_pods_of_several_namespaces_is_asked_as_long_as_one_asks_it():
    """A rule decides if it does so for any pod, also for one that does not exist yet."""
    shop_only = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
    first = ApiObject(
        api_version="policy.networking.k8s.io/v1alpha1",
        kind="AdminNetworkPolicy",
        name="first",
        spec=raw({"priority": 1, "subject": shop_only, "ingress": [verdict("Deny")]}),
    )
    second = admin(verdict("Allow", "web"), name="second", priority=2)
    spaces = [namespace("shop"), namespace("empty")]
    assert found(first, second, kind=CONTRADICTED, namespaces=spaces) == []
    assert found(first, ingress(FROM_WEB), kind=CONTRADICTED) == [("NetworkPolicy shop/p", "ingress[0]")]
