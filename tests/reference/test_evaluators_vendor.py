"""The vendor evaluators against what the vendors' own pages say about their own examples."""

from __future__ import annotations

import pytest

from tests.reference import calico, cilium, vendor_cases_calico, vendor_cases_cilium
from tests.reference.calico_selector import matches
from tests.reference.plain import UNKNOWN


@pytest.mark.parametrize("asked", [pytest.param(each, id=each.source) for each in vendor_cases_cilium.CASES])
def test_cilium_is_what_its_documentation_says(asked):
    """Each example of the page or file in the case's name comes out as it says there."""
    assert cilium.may(asked.cluster, asked.src, asked.dst, asked.protocol, asked.port) is asked.expected


@pytest.mark.parametrize("asked", [pytest.param(each, id=each.source) for each in vendor_cases_calico.CASES])
def test_calico_is_what_its_documentation_says(asked):
    """Each example of the page or file in the case's name comes out as it says there."""
    assert calico.may(asked.cluster, asked.src, asked.dst, asked.protocol, asked.port) is asked.expected


BRACKETED = "! has(my-label) || my-label starts with 'prod' && role in {'frontend','business'}"


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        pytest.param(BRACKETED, {}, True, id="precedence: without the label"),
        pytest.param(BRACKETED, {"my-label": "production", "role": "frontend"}, True, id="precedence: both of the and"),
        pytest.param(BRACKETED, {"my-label": "production", "role": "other"}, False, id="precedence: half of the and"),
        pytest.param("k != 'v'", {}, True, id="!= without the label"),
        pytest.param("k not in {'v'}", {}, True, id="not in without the label"),
        pytest.param("k in { 'v', \"w\" }", {"k": "w"}, True, id="in, either quote"),
        pytest.param("k contains 'an'", {"k": "banana"}, True, id="contains"),
        pytest.param("k ends with 'an'", {"k": "banana"}, False, id="ends with"),
        pytest.param("!all()", {}, False, id="nothing at all"),
        pytest.param("", {}, True, id="empty is all"),
        pytest.param("!(a == 'b' || has(c)) && !!has(d)", {"d": ""}, True, id="brackets and double negation"),
        pytest.param("a.b/c-d == 'x'", {"a.b/c-d": "x"}, True, id="label names with dots, dashes and slashes"),
        pytest.param("k == 'v' || has(k)", {"k": UNKNOWN}, True, id="an unknown value decides nothing it need not"),
        pytest.param("k == 'v'", {"k": UNKNOWN}, None, id="an unknown value"),
    ],
)
def test_calico_selectors_are_what_their_page_says(selector, labels, expected):
    """Each operator, and their precedence, as on docs.tigera.io calico/latest/reference/resources/networkpolicy#selectors."""
    assert matches(selector, labels) is expected
