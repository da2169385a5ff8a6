"""Where a Calico policy stands: tiers, orders, ties."""

from __future__ import annotations

import math

import pytest

from scanner.model import ApiObject, Collected, KindStatus
from scanner.policy.calico.resolve import resolve_global_network_policy, resolve_network_policy
from scanner.policy.calico.tiers import object_key
from scanner.policy.decode import Context
from scanner.policy.model import DEFAULT, POOL, Tier
from scanner.reach.model import Direction
from tests.factories import policy, raw, snapshot

INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
SERVED, STORED = "projectcalico.org/v3", "crd.projectcalico.org/v1"
READ = {
    f"tiers.{group}": KindStatus(status=Collected.COMPLETE) for group in ("projectcalico.org", "crd.projectcalico.org")
}
DENY = {"types": ["Ingress"], "ingress": [{"action": "Deny"}]}


def np(name="p", ns="shop", api=SERVED, **spec):
    return ApiObject(api_version=api, kind="NetworkPolicy", namespace=ns, name=name, spec=raw(DENY | spec))


def gnp(name="g", api=SERVED, **spec):
    return ApiObject(api_version=api, kind="GlobalNetworkPolicy", name=name, spec=raw(DENY | spec))


def tier(name, spec, api=SERVED):
    return ApiObject(api_version=api, kind="Tier", name=name, spec=raw(spec))


def resolved(*policies, tiers=(), others=()):
    """The resolved policies of a snapshot that holds all of these, in their order."""
    context = Context(snapshot(policies=[*policies, *others], settings=tuple(tiers), collection=READ))
    found = []
    for source in policies:
        read = resolve_network_policy if source.kind == "NetworkPolicy" else resolve_global_network_policy
        found += read(source, context)[0]
    return found


@pytest.mark.parametrize(
    ("spec", "expected", "directions"),
    [
        pytest.param({}, Tier(math.inf, "t"), {INGRESS}, id="no-order-is-last"),
        pytest.param(None, Tier(math.inf, "t"), {INGRESS}, id="null-spec"),
        pytest.param({"order": 5}, Tier(5.0, "t"), {INGRESS}, id="order"),
        pytest.param({"order": -0.5, "defaultAction": "Deny"}, Tier(-0.5, "t"), {INGRESS}, id="deny"),
        pytest.param({"order": 2e7, "defaultAction": "Pass"}, Tier(2e7, "t"), set(), id="pass-does-not-isolate"),
    ],
)
def test_a_tier_has_the_order_and_the_end_of_its_object(spec, expected, directions):
    """`order` decides between tiers; a tier whose default action is Pass isolates nobody."""
    (found,) = resolved(np(tier="t"), tiers=[tier("t", spec)])
    assert (found.tier, found.directions, found.doubt) == (expected, directions, "")


@pytest.mark.parametrize(
    ("name", "order", "directions"),
    [
        pytest.param(None, 1e6, {INGRESS}, id="none-is-default"),
        pytest.param("default", 1e6, {INGRESS}, id="default"),
        pytest.param("adminnetworkpolicy", 1e3, set(), id="admin"),
        pytest.param("kube-admin", 1e3, set(), id="kube-admin"),
        pytest.param("baselineadminnetworkpolicy", 1e7, set(), id="baseline"),
        pytest.param("kube-baseline", 1e7, set(), id="kube-baseline"),
    ],
)
def test_calicos_own_tiers_are_known_without_an_object(name, order, directions):
    """The tiers that Calico makes itself have fixed orders and actions; a policy without a tier is in the default one."""
    (found,) = resolved(np(tier=name))
    assert (found.tier, found.directions, found.doubt) == (Tier(order, name or "default"), directions, "")


def test_the_default_tier_is_that_of_network_policy():
    """With its object or without it, Calico's policies share NetworkPolicy's tier."""
    (found,) = resolved(np(), tiers=[tier("default", {"order": 1000000, "defaultAction": "Deny"})])
    assert (found.tier, found.doubt) == (DEFAULT, "")


@pytest.mark.parametrize(
    ("tiers", "word"),
    [
        pytest.param([], "no Tier has this name", id="missing"),
        pytest.param([tier("t", "x")], "cannot be read", id="unreadable"),
        pytest.param([tier("t", {"order": 1, "colour": "red"})], "colour", id="unknown-field"),
        pytest.param([tier("t", {"defaultAction": "Shrug"})], "Shrug", id="unknown-action"),
    ],
)
def test_a_tier_that_is_not_known_comes_first_and_is_in_doubt(tiers, word):
    """Wherever it stands, its policies then may decide and may not."""
    (found,) = resolved(np(tier="t"), tiers=tiers)
    assert found.tier == Tier(-math.inf, "t")
    assert found.directions == {INGRESS}
    assert word in found.doubt


def test_an_unread_list_of_tiers_is_named():
    """Where tiers could not be listed, the doubt says so."""
    source = np(tier="t")
    forbidden = READ | {"tiers.projectcalico.org": KindStatus(status=Collected.FORBIDDEN)}
    context = Context(snapshot(policies=[source], collection=forbidden))
    (found,), remarks = resolve_network_policy(source, context)
    assert "tiers.projectcalico.org could not be read whole" in found.doubt
    assert ("spec.tier", found.doubt) in remarks


def test_a_default_tier_that_is_no_default_is_in_doubt():
    """Calico fixes its order and action; NetworkPolicy stays in it all the same."""
    (found,) = resolved(np(), tiers=[tier("default", {"order": 10})])
    assert found.tier == DEFAULT
    assert "1000000" in found.doubt


def test_tiers_beside_upstream_admin_policies_are_in_doubt():
    """What breaks the tie of two tiers with the admin tier's order depends on the version."""
    upstream = ApiObject(
        api_version="policy.networking.k8s.io/v1alpha1", kind="AdminNetworkPolicy", name="a", spec=raw({})
    )
    mine = [tier("mine", {"order": 1000}), tier("late", {"order": 1001})]
    found = resolved(
        np("a", tier="mine"), np("b", tier="kube-admin"), np("c", tier="late"), tiers=mine, others=[upstream]
    )
    assert [bool(each.doubt) for each in found] == [True, True, False]
    assert [each.tier.order for each in found] == [-math.inf, -math.inf, 1001.0]
    assert not resolved(np(tier="mine"), tiers=mine)[0].doubt


def test_the_served_form_of_a_tier_wins():
    """One object read from both groups is one tier."""
    both = [tier("t", {"order": 1}), tier("t", {"order": 2}, api=STORED)]
    assert {resolved(np(tier="t"), tiers=order)[0].tier for order in (both, both[::-1])} == {Tier(1.0, "t")}


def ranks(*policies):
    return [policy.rank for policy in resolved(*policies)]


def test_policies_go_by_order_and_those_without_come_last():
    """Orders are numbers of any kind; no order is later than any; none is pooled."""
    found = resolved(np("a", order=20), np("b", order=3.5), np("c"), np("d", order=-1), np("e", order=None))
    assert [each.name for each in sorted(found, key=lambda each: each.rank)] == ["d", "b", "a", "c", "e"]
    assert not any(each.pooled for each in found)


def test_where_network_policy_stands_too_there_is_no_order():
    """At order 1000 of the default tier, names of both kinds break the tie, in each version of Calico otherwise."""
    beside = [policy({"podSelector": {}})]
    found = resolved(np(order=1000), gnp(order=1000.0), others=beside)
    assert [each.rank for each in found] == [POOL, POOL]
    assert ranks(np(order=999)) < [POOL] < ranks(np(order=1001))
    (other,) = resolved(np(tier="t", order=1000), tiers=[tier("t", {"order": 1})], others=beside)
    assert other.rank != POOL


def test_without_a_network_policy_order_1000_is_like_any():
    """Calico's own policies are told apart by name there too."""
    one, other = resolved(gnp("a", order=1000), gnp("b", order=1000))
    assert one.rank < other.rank


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(np("a"), np("b"), id="by-name"),
        pytest.param(np("default.a", api=STORED), np("default.b", api=STORED), id="stored-names"),
        pytest.param(gnp("a"), gnp("b"), id="global"),
        pytest.param(np("a1"), np("b-a"), id="no-prefix"),
    ],
)
def test_names_break_ties(first, second):
    """Policies of one order and kind go by name in every version."""
    assert ranks(first, second) == sorted(set(ranks(second, first)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(np("allow"), np("allow-web"), id="dash-after-the-shorter-name"),
        pytest.param(np("a"), gnp("b"), id="global-and-namespaced"),
        pytest.param(np("default.b"), np("c"), id="with-and-without-prefix"),
    ],
)
def test_ties_that_versions_break_otherwise_stay(first, second):
    """Older versions compare "namespace/tier.name", newer "name/namespace/kind": where these differ ranks are equal."""
    one, other = ranks(first, second)
    assert one == other


def test_only_what_can_meet_and_has_rules_is_compared():
    """A policy of another namespace, tier or order, or without rules, disturbs no order."""
    plain = ranks(np("a"), np("b"))
    idle = gnp("g", ingress=[])
    (a, b, *_) = ranks(np("a"), np("b"), np("a-b", ns="bank"), np("aa", order=1), gnp("a-z", order=2), idle)
    assert [a, b] == plain


def test_a_tie_takes_in_what_lies_between():
    """A block of one rank reaches as far as the orders disagree, and no further."""
    a, ab, b = ranks(np("a"), np("a-b"), np("b"))
    assert a == ab < b


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(np("a"), ("NetworkPolicy", "shop", "a"), id="served"),
        pytest.param(np("default.a", api=STORED), ("NetworkPolicy", "shop", "a"), id="stored"),
        pytest.param(np("t.a", api=STORED, tier="t"), ("NetworkPolicy", "shop", "a"), id="tier"),
        pytest.param(np("t.a", api=STORED), ("NetworkPolicy", "shop", "t.a"), id="no-tier"),
        pytest.param(np("a", ns=""), ("NetworkPolicy", "default", "a"), id="no-namespace"),
        pytest.param(gnp("default.g", api=STORED), ("GlobalNetworkPolicy", "", "g"), id="global"),
    ],
)
def test_one_object_of_two_groups_has_one_key(source, expected):
    """The stored form's name may carry the tier."""
    assert object_key(source) == expected


def test_the_key_of_an_unreadable_object():
    """An object whose spec is rubbish still has a key."""
    assert object_key(
        ApiObject(api_version=SERVED, kind="NetworkPolicy", namespace="shop", name="x", spec=raw([]))
    ) == (
        "NetworkPolicy",
        "shop",
        "x",
    )


def test_one_policy_in_both_groups_is_no_tie():
    """Two forms of one policy are one entry, and rubbish is none."""
    rubbish = ApiObject(api_version=SERVED, kind="NetworkPolicy", namespace="shop", name="x", spec=raw("x"))
    context = Context(snapshot(policies=[np("a"), np("default.a", api=STORED), np("b"), rubbish]))
    found = [resolve_network_policy(each, context)[0][0].rank for each in context.snapshot.policies[:3]]
    assert found[0] == found[1] < found[2]
