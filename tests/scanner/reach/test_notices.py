"""What the engine tells people about policies that meet no pod."""

from __future__ import annotations

import pytest

from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.factories import pod, policy, snapshot

FOR_REPORTS = policy({"podSelector": {"matchLabels": {"app": "report"}}, "policyTypes": ["Egress"]})


@pytest.mark.parametrize(
    ("others", "told"),
    [
        pytest.param([], True, id="nobody-ever"),
        pytest.param([pod("report-1", owner=("CronJob", "report"), phase="Succeeded")], False, id="between-two-runs"),
        pytest.param([pod("report-1", ns="elsewhere", phase="Succeeded")], True, id="finished-elsewhere"),
        pytest.param([pod("report-1")], False, id="running"),
    ],
)
def test_a_policy_without_pods_is_named(others, told):
    """A policy that selects no pod is named, unless the pods it is for have only finished."""
    given = snapshot(pods=[pod("web-1"), *others], policies=[FOR_REPORTS])
    notices = build(given, resolve(given)).notices
    assert any("selects no pod" in notice.message for notice in notices) is told
