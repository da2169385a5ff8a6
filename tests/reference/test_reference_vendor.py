"""The product against the plainest reading of a vendor's documentation, on small mean clusters of that vendor's kinds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import calico, cilium, vendor_compare
from tests.reference.families import VENDOR
from tests.reference.vendor_settings import drawn

MAY = {"calico": calico.may, "cilium": cilium.may}
EACH_VENDOR = pytest.mark.parametrize("vendor", VENDOR)


@EACH_VENDOR
@drawn
@given(data=st.data())
def test_the_product_agrees_with_the_evaluator(vendor, data):
    """For every pair of ends, protocol and probed port, the product says what the documentation says, where that decides."""
    wrong = VENDOR[vendor].ask(data.draw(VENDOR[vendor].cases)).wrong
    assert not wrong, wrong[:5]


@EACH_VENDOR
def test_the_evaluator_decides_and_goes_both_ways(vendor):
    """Most questions about drawn clusters are decided, and neither answer is rare: the comparison above is about something."""
    found: Counter[bool | None] = Counter()

    @settings(max_examples=25, deadline=None, database=None, derandomize=True)
    @given(cluster=VENDOR[vendor].cases)
    def ask(cluster: dict[str, Any]) -> None:
        found.update(vendor_compare.judged(cluster, MAY[vendor], ports=(80, 8080)))

    ask()
    share = {answer: found[answer] / found.total() for answer in (True, False, None)}
    assert share[None] < 0.2
    assert share[False] > 0.1
    assert share[True] > 0.1


@EACH_VENDOR
def test_the_product_declines_little(vendor):
    """What the product says it does not model is a small part of what the documentation decides."""
    asked: Counter[str] = Counter()

    @settings(max_examples=25, deadline=None, database=None, derandomize=True)
    @given(cluster=VENDOR[vendor].cases)
    def ask(cluster: dict[str, Any]) -> None:
        answers = VENDOR[vendor].ask(cluster)
        asked.update(probes=answers.probes, declined=answers.cautious)

    ask()
    assert asked["declined"] < 0.1 * asked["probes"]
