"""Rules and policies without which nothing would change."""

from __future__ import annotations

import pytest

from scanner.lint.model import Kind
from scanner.model import ApiObject
from tests.factories import namespace, pod, policy, raw
from tests.scanner.lint.linting import (
    DB,
    DENY_ALL,
    FROM_WEB,
    SHOP,
    admin,
    calico,
    cilium,
    cluster_wide,
    egress,
    found,
    ingress,
    linted,
    message,
    verdict,
)

RULE, POLICY = Kind.REDUNDANT_RULE, Kind.REDUNDANT_POLICY
FROM_ALL = {"from": [{"podSelector": {}}], "ports": [{"port": 5432}]}


def block(cidr: str, *excepts: str) -> dict[str, object]:
    """An ingress rule from a block of addresses."""
    return {"from": [{"ipBlock": {"cidr": cidr, "except": list(excepts)}}]}


LOW, HIGH = block("10.0.0.0/9"), block("10.128.0.0/9")
NAMED = {"podSelector": {"matchLabels": {"app": "web"}}}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([FROM_WEB, FROM_ALL], ["ingress[0]"], id="narrower"),
        pytest.param([FROM_ALL, FROM_WEB], ["ingress[1]"], id="whatever-the-order"),
        pytest.param([FROM_WEB, FROM_WEB], ["ingress[1]"], id="twice"),
        pytest.param([FROM_WEB, FROM_WEB | {"ports": [{"port": 1}]}], [], id="other-port"),
        pytest.param([FROM_WEB, FROM_WEB | {"ports": [{"port": 5000, "endPort": 6000}]}], ["ingress[0]"], id="port-in-a-range"),
        pytest.param([LOW, HIGH, block("10.0.0.0/8")], ["ingress[0]", "ingress[1]"], id="halves"),
        pytest.param([LOW, HIGH, block("10.0.0.0/8", "10.1.0.0/16")], ["ingress[1]"], id="a-hole"),
        pytest.param([block("0.0.0.0/0"), FROM_WEB], [], id="a-block-holds-no-pod"),
        pytest.param([{"from": [{"namespaceSelector": {}}]}, FROM_WEB], ["ingress[1]"], id="every-namespace"),
    ],
)  # fmt: skip
def test_a_rule_that_others_allow_altogether_is_redundant(rules, expected):
    """Peers and ports are compared as sets; of equal rules the later one is named."""
    kept = block("2001:db8::/32")
    assert [rule for _, rule in found(ingress(*rules, kept), kind=RULE)] == expected


def test_several_rules_may_make_one_redundant_together():
    """Two rules that hold one peer each hold a rule for both, and neither is needless then."""
    both = {
        "from": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]}}]
    }
    one = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}, {"podSelector": {"matchLabels": {"app": "x"}}}]}
    other = {"from": [{"podSelector": {"matchLabels": {"app": "db"}}}, {"podSelector": {"matchLabels": {"app": "y"}}}]}
    pods = [*SHOP, pod("x-1"), pod("y-1")]
    told = [each for each in linted(ingress(both, one, other), pods=pods) if each.kind is RULE]
    assert [each.rule for each in told] == ["ingress[0]"]
    assert "ingress[1] and ingress[2] allow all of it" in told[0].message


def test_a_rule_must_be_allowed_for_every_pod_it_selects():
    """Another policy's rule for some of the pods is not enough."""
    wide = ingress(FROM_WEB, name="wide", subject={})
    assert found(wide, ingress(FROM_WEB, FROM_ALL, name="narrow"), kind=RULE) == [
        ("NetworkPolicy shop/narrow", "ingress[0]")
    ]
    assert "NetworkPolicy shop/wide" not in {name for name, _ in found(wide, ingress(FROM_WEB), kind=RULE)}


def test_an_allow_rule_is_not_redundant_because_of_a_denial_between():
    """What a later rule allows counts only if nothing asked before it does something else."""
    allow, deny = verdict("Allow", "web"), verdict("Deny", "web")
    assert found(admin(allow, deny, verdict("Allow")), kind=RULE) == []
    assert [rule for _, rule in found(admin(allow, verdict("Deny", "db"), verdict("Allow")), kind=RULE)] == [
        "ingress[0]"
    ]


def test_a_denial_of_a_denial_is_redundant_too():
    """Whatever rules do, another that does the same makes one of them needless."""
    spec = {
        "endpointSelector": DB,
        "ingressDeny": [{"fromEndpoints": [{"matchLabels": {"app": "web"}}]}, {"fromEndpoints": [{}]}],
    }
    assert found(cilium(spec), kind=RULE) == [("CiliumNetworkPolicy shop/c", "ingressDeny[0]")]


def test_rules_that_only_an_open_door_makes_idle_are_counted_there():
    """Where one rule allows everything, that rule is to be looked at, and not the others."""
    told = linted(ingress(FROM_WEB, FROM_ALL | {"ports": [{"port": 1}]}, {}))
    assert [each.kind for each in told] == [Kind.OPEN_TO_EVERYTHING]
    assert "2 other rules are idle" in told[0].message


def test_a_rule_with_a_filter_above_the_ports_is_never_redundant():
    """The proxy that filters may be wanted for what it sees, such as the names that toFQDNs need."""
    dns = {
        "toEndpoints": [{}],
        "toPorts": [{"ports": [{"port": "53", "protocol": "UDP"}], "rules": {"dns": [{"matchPattern": "*"}]}}],
    }
    spec = {"endpointSelector": DB, "egress": [dns, {"toEndpoints": [{}]}]}
    assert found(cilium(spec), kind=RULE) == []


def test_a_block_is_not_redundant_where_only_this_reading_says_so():
    """Whether an ipBlock matches pods is each engine's choice, so Cilium's world does not stand in for it."""
    world = cilium({"endpointSelector": DB, "ingress": [{"fromEntities": ["world"]}]})
    assert found(ingress(block("10.0.0.0/8"), {"from": [{"podSelector": {}}]}), world, kind=RULE) == []


def test_the_last_rule_of_a_direction_is_not_to_take_the_isolation_along():
    """A policy that has no egress rule left may end to isolate for egress."""
    everywhere = egress(FROM_OUT, name="wide", subject={})
    both = policy(
        {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [FROM_WEB], "egress": [FROM_OUT]}, name="both"
    )
    assert "but leave the policy isolating for egress" in message(everywhere, both, kind=RULE)


FROM_OUT = {"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        pytest.param([policy(name="one"), policy(name="two")], ["two"], id="denied-twice"),
        pytest.param([DENY_ALL, policy({"podSelector": DB}, name="some")], ["some"], id="denied-already"),
        pytest.param([policy({"podSelector": DB}, name="in"), egress(name="out", subject={})], [], id="other-way"),
        pytest.param([DENY_ALL, ingress(FROM_WEB, name="a"), ingress(FROM_WEB, name="b")], ["b"], id="allowed-twice"),
        pytest.param([ingress(FROM_WEB, name="a"), ingress(FROM_ALL, name="b")], ["a"], id="held-by-another"),
        pytest.param([DENY_ALL, ingress(FROM_WEB, name="a")], [], id="allows-something"),
        pytest.param([policy({"podSelector": DB}, name="a"), policy(NAMED, name="b")], [], id="other-pods"),
    ],
)  # fmt: skip
def test_a_policy_that_is_not_needed_is_named_as_a_whole(policies, expected):
    """Its rules are redundant, and others isolate its pods: one finding instead of one for each rule."""
    assert [name.removeprefix("NetworkPolicy shop/") for name, _ in found(*policies, kind=POLICY)] == expected
    assert found(*policies, kind=RULE) == []


def test_both_directions_must_be_isolated_by_what_is_written_or_it_is_said():
    """One policy holds ingress by its selector, the other egress only because of the pods there are."""
    inward = policy({"podSelector": {}, "policyTypes": ["Ingress"]}, name="in")
    outward = policy({"podSelector": {"matchLabels": {"tier": "data"}}, "policyTypes": ["Egress"]}, name="out")
    both = policy({"podSelector": DB, "policyTypes": ["Ingress", "Egress"]}, name="both")
    pods = [pod("web-1"), pod("db-1", labels={"app": "db", "tier": "data"})]
    assert "with today's pods" in message(inward, outward, both, kind=POLICY, pods=pods)


def test_a_policy_whose_rule_matches_nobody_today_is_not_called_needless():
    """The misspelt rule is to be mended, not the policy to be removed."""
    broken = ingress({"from": [{"podSelector": {"matchLabels": {"app": "wbe"}}}]}, name="broken")
    assert found(DENY_ALL, broken, kind=POLICY) == []


def test_an_object_of_several_specs_is_only_redundant_as_a_whole():
    """One spec that others hold does not make the object needless."""
    same = {"endpointSelector": DB, "ingress": [{"fromEndpoints": [{}]}]}
    other = {"endpointSelector": DB, "ingress": [{"fromEntities": ["world"]}]}
    wide = cilium({"endpointSelector": {}, "ingress": [{"fromEndpoints": [{}]}]}, name="wide")
    specs = ApiObject(
        api_version="cilium.io/v2", kind="CiliumNetworkPolicy", namespace="shop", name="two", spec=raw([same, other])
    )
    assert found(wide, specs, kind=POLICY) == []
    assert found(wide, specs, kind=RULE) == [("CiliumNetworkPolicy shop/two", "specs[0].ingress[0]")]


def test_whether_it_takes_todays_pods_to_see_it_is_said():
    """What selectors say is told from what pods happen to be."""
    pods = [pod("web-1", labels={"app": "web", "tier": "front"}), pod("db-1")]
    front = {"from": [{"podSelector": {"matchLabels": {"tier": "front"}}}], "ports": [{"port": 5432}]}
    assert "today" not in message(ingress(FROM_WEB, FROM_ALL), kind=RULE, pods=pods)
    assert "with today's pods" in message(ingress(FROM_WEB, front), kind=RULE, pods=pods)


def test_namespaces_to_come_count_for_policies_of_the_whole_cluster():
    """A cluster-wide rule is needed as long as a pod in a namespace that nobody has made yet needs it."""
    shop = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
    spec = {"priority": 6, "subject": shop, "ingress": [verdict("Allow", "web")]}
    policies = (admin(verdict("Allow", "web"), name="wide"), cluster_wide("AdminNetworkPolicy", "narrow", spec))
    told = {each.object for each in linted(*policies, namespaces=[namespace("shop")]) if each.kind in NEEDLESS}
    assert told == {"AdminNetworkPolicy narrow"}


NEEDLESS = {RULE, POLICY, Kind.SHADOWED_RULE}


def test_nothing_is_redundant_beside_a_policy_whose_order_is_not_defined():
    """Of two admin policies of one priority neither surely stands in for the other."""
    tied = (admin(verdict("Allow", "web"), name="a"), admin(verdict("Allow", "web"), name="b"))
    assert found(*tied, kind=RULE) + found(*tied, kind=POLICY) == []


def test_a_rule_of_another_tier_makes_none_redundant():
    """Calico's default tier and a tier of one's own are asked one after the other."""
    tier = ApiObject(api_version="projectcalico.org/v3", kind="Tier", name="late", spec=raw({"order": 2e6}))
    rule = {"action": "Allow", "source": {"selector": "app == 'web'"}}
    late = calico({"tier": "late", "selector": "app == 'db'", "ingress": [rule]}, name="late")
    assert found(ingress({"from": [FROM_WEB["from"][0]]}), late, kind=RULE, settings=[tier]) == []
