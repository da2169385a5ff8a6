"""Work done, counted and not timed: a change that moves these explains itself."""

from __future__ import annotations

import pytest

from scanner.policy.model import PolicySet
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.bench.files import generate
from tests.bench.generate import SIZES, Profile

EVERYDAY = [pytest.param((size, Profile.MIXED), id=size) for size in ("S", "M", "L")]
HARD = [pytest.param(("M", profile), id=profile) for profile in (Profile.STRICT, Profile.CLASSES)]


@pytest.fixture(scope="module", params=EVERYDAY + HARD)
def answered(request):
    """A generated cluster, its policies resolved, and its reach with every column computed; the largest takes seconds."""
    size, profile = request.param
    cluster = generate(SIZES[size], profile)
    policies = resolve(cluster)
    reach = build(cluster, policies)
    assert reach.exposure().open > 0
    return cluster, policies, reach


def selectors(policies: PolicySet) -> set[object]:
    """Every distinct selector of pods that a policy holds."""
    return {policy.subject for policy in policies.policies} | {
        peer.pods
        for policy in policies.policies
        for rule in policy.rules
        for peer in rule.peers or ()
        if hasattr(peer, "pods")
    }


def test_work_grows_with_classes_and_rules_and_never_with_pairs(answered):
    """Columns are computed once per distinct input, with few set operations each, and selectors once per namespace."""
    cluster, policies, reach = answered
    counters = reach.counters
    assert 0 < counters["columns"] <= counters["classes"] + counters["addresses"]
    assert counters["intersections"] <= 20 * counters["columns"]
    assert 0 < counters["selectors"] <= len(selectors(policies)) * len(cluster.namespaces)
    assert list(reach.unknown()) == []


def test_classes_are_no_more_than_what_policies_tell_apart(answered):
    """Replicas are one class, whatever hash they carry; only a label of a pod's own that policies look at parts them."""
    cluster, policies, reach = answered
    own = any("instance" in str(selector) for selector in selectors(policies))
    assert reach.counters["classes"] == (len(cluster.pods) if own else len(reach.workloads))


def test_asking_again_computes_nothing_again(answered):
    """Another question is answered from the columns that are there."""
    _, _, reach = answered
    before = reach.counters
    reach.exposure()
    reach.collapsed()
    assert reach.counters == before


def test_what_is_the_same_is_stored_once(answered):
    """There are no more columns than were computed, and hardly more sets of sources than columns."""
    _, _, reach = answered
    columns = reach.collapsed().columns
    sources = {who for column in columns for _, who in (*column.allowed, *column.unknown)}
    assert 0 < len(columns) <= reach.counters["columns"]
    assert len(sources) <= 1.5 * len(columns)
