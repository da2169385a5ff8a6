"""The product against the plainest reading of Cilium's documentation, on small mean clusters."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings

from tests.reference import vendor_compare
from tests.reference.cilium import may
from tests.reference.generate_cilium import clusters
from tests.reference.vendor_settings import drawn


def compare(cluster: dict[str, Any]) -> tuple[int, list[str]]:
    """How many questions about a cluster of wire objects the evaluator decides, and the answers that differ."""
    probes, _, wrong = vendor_compare.compared(cluster, may)
    return probes, wrong


@drawn
@given(cluster=clusters())
def test_the_product_agrees_with_the_evaluator(cluster):
    """For every pair of ends, protocol and probed port, the product says what the documentation says, where that decides."""
    _, disagreements = compare(cluster)
    assert not disagreements, disagreements[:5]


def test_the_evaluator_decides_and_goes_both_ways():
    """Most questions about drawn clusters are decided, and neither answer is rare: the comparison above is about something."""
    found: Counter[bool | None] = Counter()

    @settings(max_examples=25, deadline=None, database=None, derandomize=True)
    @given(cluster=clusters())
    def ask(cluster: dict[str, Any]) -> None:
        found.update(vendor_compare.judged(cluster, may, ports=(80, 8080)))

    ask()
    share = {answer: found[answer] / found.total() for answer in (True, False, None)}
    assert share[None] < 0.2
    assert share[False] > 0.1
    assert share[True] > 0.1


def test_the_product_declines_little():
    """What the product says it does not model is a small part of what the documentation decides."""
    asked: Counter[str] = Counter()

    @settings(max_examples=25, deadline=None, database=None, derandomize=True)
    @given(cluster=clusters())
    def ask(cluster: dict[str, Any]) -> None:
        probes, declined, _ = vendor_compare.compared(cluster, may)
        asked.update(answered=probes, declined=declined)

    ask()
    assert asked["declined"] < 0.1 * asked.total()
