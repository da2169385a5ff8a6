"""Which alerts count, how old evidence may be, and what is said of objects that nobody can read."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.baselines.config import BaselineConfig
from scanner.controls.observability.alerts import losses_raise_alerts
from scanner.controls.observability.freshness import scans_are_fresh
from scanner.findings import Status
from scanner.model import ApiObject
from scanner.prepare import case_of
from tests.factories import raw, snapshot
from tests.scanner.controls.clusters import cilium, eks, web
from tests.scanner.controls.listed import whole

DENIED = "sum(rate(hubble_drop_total[5m])) > 10"


def rules(*alerts: Any) -> ApiObject:
    """A PrometheusRule, as a snapshot keeps it."""
    spec = {"spec": {"groups": [{"rules": list(alerts)}]}}
    return ApiObject(
        api_version="monitoring.coreos.com/v1", kind="PrometheusRule", namespace="mon", name="r", spec=raw(spec)
    )


def alert(expression: Any, name: str = "A") -> dict[str, Any]:
    """An alerting rule."""
    return {"alert": name, "expr": expression}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param('kube_daemonset_status_number_unavailable{daemonset="aws-node"} > 0', True, id="by-name"),
        pytest.param('kube_daemonset_status_number_ready{daemonset=~"aws-node|other"} < 3', True, id="by-pattern"),
        pytest.param("kube_daemonset_status_number_ready / kube_daemonset_status_desired_number_scheduled < 1", True, id="all"),
        pytest.param('kube_daemonset_status_number_ready{daemonset="fluent-bit"} < 3', False, id="another"),
        pytest.param('up{job="aws-node"} == 0', True, id="up"),
        pytest.param('up{job="api"} == 0', False, id="something-else-up"),
        pytest.param("cilium_unreachable_nodes > 0", True, id="agent-metric"),
        pytest.param("node_load1 > 10", False, id="unrelated"),
    ],
)  # fmt: skip
def test_alerts_on_the_engine(expression, expected):
    """An alert counts that watches the engine's DaemonSet, or every one."""
    (verdict,) = losses_raise_alerts(case_of(whole(eks(web(), settings=[rules(alert(expression), alert(DENIED))]))))
    assert (verdict.reason == "recipient-unknown") is expected
    assert verdict.status is (Status.UNKNOWN if expected else Status.FAIL)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(7, id="number"),
        pytest.param({"spec": {"groups": {}}}, id="no-list"),
        pytest.param({"spec": {"groups": [{"rules": [{"alert": 7}]}]}}, id="name-is-a-number"),
    ],
)
def test_rules_that_nobody_can_read_are_unknown(broken):
    """The object is named; it is neither taken for an alert nor for its absence."""
    spoilt = ApiObject(
        api_version="monitoring.coreos.com/v1", kind="PrometheusRule", namespace="mon", name="x", spec=raw(broken)
    )
    (verdict,) = losses_raise_alerts(case_of(whole(eks(web(), settings=[spoilt, rules(alert("up == 0"))]))))
    assert (verdict.status, verdict.reason) == (Status.UNKNOWN, "unread")
    assert any("mon/x" in line for line in verdict.evidence)


def test_the_sample_watches_the_engine_that_runs():
    """The pasted rule names this cluster's DaemonSet."""
    (verdict,) = losses_raise_alerts(case_of(whole(cilium(web(), settings=[rules(alert("node_load1 > 1"))]))))
    assert 'daemonset="cilium"' in verdict.remediation


@pytest.mark.parametrize(
    ("taken", "config", "reason"),
    [
        pytest.param("2026-11-23T08:00:00Z", {}, "incomplete", id="now"),
        pytest.param("2026-11-22T08:00:00Z", {}, "incomplete", id="a-day"),
        pytest.param("2026-11-22T07:59:59Z", {}, "stale", id="a-second-more"),
        pytest.param("2026-11-22T07:59:59Z", {"scan_hours": 48}, "incomplete", id="two-days-allowed"),
        pytest.param("2026-11-23T09:00:00Z", {}, "stale", id="of-tomorrow"),
        pytest.param("yesterday", {}, "stale", id="no-time"),
        pytest.param("2020-01-01T00:00:00Z", {"out_of_scope": ("c*",)}, "out-of-scope", id="out-of-scope"),
    ],
)
def test_the_age_of_a_scan(taken, config, reason):
    """Within the hours, to the second; a time that is none, or to come, is not fresh."""
    case = case_of(snapshot(taken=taken), BaselineConfig(**config))
    case.at = "2026-11-23T08:00:00Z"
    (verdict,) = scans_are_fresh(case)
    assert verdict.reason == reason
    assert verdict.status in {Status.FAIL, Status.NOT_APPLICABLE}
