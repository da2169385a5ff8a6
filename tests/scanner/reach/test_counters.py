"""Work done, counted and not timed: a change that moves these explains itself."""

from __future__ import annotations

import pytest

from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.bench.reach import SIZES, generate


@pytest.mark.parametrize("name", ["S", "M"])
def test_work_grows_with_classes_and_rules_and_never_with_pairs(name):
    """Columns are computed once per distinct input, with few set operations each, and selectors once per namespace."""
    cluster = generate(SIZES[name])
    policies = resolve(cluster)
    reach = build(cluster, policies)
    assert reach.exposure().open > 0
    counters = reach.counters
    assert 0 < counters["columns"] <= counters["classes"] + counters["addresses"]
    assert counters["classes"] <= len(reach.workloads)
    assert counters["intersections"] <= 20 * counters["columns"]
    selectors = {policy.subject for policy in policies.policies}
    selectors |= {
        peer.pods
        for policy in policies.policies
        for rule in policy.rules
        for peer in rule.peers or ()
        if hasattr(peer, "pods")
    }
    assert 0 < counters["selectors"] <= len(selectors) * len(cluster.namespaces)
    assert list(reach.unknown()) == []
    reach.exposure()
    assert reach.counters == counters, "asking again computes nothing again"
