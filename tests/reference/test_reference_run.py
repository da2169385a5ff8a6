"""The comparison itself: it counts, it notices what differs, and it shows little more than that."""

from __future__ import annotations

from tests.reference.compare import disagreements
from tests.reference.families import FAMILIES, Family
from tests.reference.reduce import reduced
from tests.reference.run import count, shown, smallest


def test_a_wrong_answer_is_counted_and_shown_on_a_small_cluster():
    """Against an evaluator that allows everything, what a policy denies disagrees, and one policy is enough to show it."""
    wrong = Family(FAMILIES["networkpolicy"].cases, lambda *_: True)
    counts = count(wrong, 30, 1)
    assert counts.clusters == 30
    assert 0 < counts.disagreements < counts.probes
    assert counts.first is not None
    small = smallest(wrong, counts.first)
    assert len(small.cluster.policies) == 1
    assert len(small.cluster.pods) + len(small.addresses) == 2
    assert disagreements(small, wrong.may)
    assert '"reference": "listed"' in shown(small, wrong)


def test_a_case_that_fails_whatever_it_holds_is_reduced_to_nothing():
    """Every part that may go does go."""
    case = count(Family(FAMILIES["anp"].cases, lambda *_: True), 30, 1).first
    assert case is not None
    nothing = reduced(case, lambda _: True)
    assert (nothing.cluster.policies, nothing.cluster.pods, nothing.cluster.namespaces) == ((), (), ())
    assert (nothing.addresses, nothing.names) == ((), ())
