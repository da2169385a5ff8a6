"""The comparison itself: it counts, it notices what differs, and it shows little more than that."""

from __future__ import annotations

import pytest

from tests.reference.families import FAMILIES, portable, vendor
from tests.reference.reduce import reduced, smaller_cases
from tests.reference.run import count, shown, smallest


def test_a_wrong_answer_is_counted_and_shown_on_a_small_cluster():
    """Against an evaluator that allows everything, what a policy denies disagrees, and one policy is enough to show it."""
    wrong = portable(FAMILIES["networkpolicy"].cases, lambda *_: True)
    counts = count(wrong, 30, 1)
    assert counts.clusters == 30
    assert 0 < counts.disagreements < counts.probes
    assert counts.first is not None
    small = smallest(wrong, counts.first)
    assert len(small.cluster.policies) == 1
    assert len(small.cluster.pods) + len(small.addresses) == 2
    assert wrong.ask(small).wrong
    assert '"reference": "listed"' in shown(small, wrong)


def test_a_case_that_fails_whatever_it_holds_is_reduced_to_nothing():
    """Every part that may go does go."""
    case = count(portable(FAMILIES["anp"].cases, lambda *_: True), 30, 1).first
    assert case is not None
    nothing = reduced(case, lambda _: True, smaller_cases)
    assert (nothing.cluster.policies, nothing.cluster.pods, nothing.cluster.namespaces) == ((), (), ())
    assert (nothing.addresses, nothing.names) == ((), ())


@pytest.mark.parametrize("name", ["calico", "cilium"])
def test_a_vendor_family_is_counted_and_reduced_alike(name):
    """Against an evaluator that allows everything, what one of the vendor's policies denies is shown on a small cluster."""
    wrong = vendor(FAMILIES[name].cases, lambda *_: True)
    counts = count(wrong, 10, 1)
    assert 0 < counts.disagreements < counts.probes
    small = smallest(wrong, counts.first)
    assert sum("Policy" in each["kind"] for each in small["objects"]) == 1
    assert len(small["objects"]) < len(counts.first["objects"])
    assert "expected allowed, found" in shown(small, wrong)
