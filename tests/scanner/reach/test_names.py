"""Peers that are known by name: which pattern covers which name."""

from __future__ import annotations

import pytest

from scanner.dataplane.model import Answer
from scanner.reach.names import covers


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        pytest.param("api.example.com", "api.example.com", Answer.YES, id="same"),
        pytest.param("api.example.com", "web.example.com", Answer.NO, id="other"),
        pytest.param("*.example.com", "api.example.com", Answer.YES, id="star"),
        pytest.param("*.example.com", "a.b.example.com", Answer.NO, id="star-is-one-label"),
        pytest.param("**.example.com", "a.b.example.com", Answer.YES, id="two-stars-are-labels"),
        pytest.param("**.example.com", "example.com", Answer.NO, id="two-stars-need-a-label"),
        pytest.param("api.example.com", "*.example.com", Answer.NO, id="a-name-is-not-its-pattern"),
        pytest.param("**.example.com", "*.example.com", Answer.YES, id="wider-pattern"),
        pytest.param("*.example.com", "**.example.com", Answer.NO, id="narrower-pattern"),
        pytest.param("a*.example.com", "*b.example.com", Answer.UNKNOWN, id="patterns-that-overlap"),
        pytest.param("a*.example.com", "*.example.org", Answer.NO, id="patterns-apart"),
        pytest.param("*", "{kube-apiserver}", Answer.NO, id="the-server-is-no-name"),
        pytest.param("api.*.com", "api.(x).com", Answer.NO, id="no-expression-gets-in"),
    ],
)
def test_covers(pattern, name, expected):
    """Whether a rule for a pattern concerns the peer of a name."""
    assert covers(pattern, name) is expected
