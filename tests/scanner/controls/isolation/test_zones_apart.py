"""NB-ISO-07: ports of paths between zones, and what an operator may write."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from scanner.baselines.config import BaselineConfig
from scanner.baselines.zones import port_range
from scanner.findings import ControlResult
from scanner.model import ContainerPort
from tests.factories import pod, policy
from tests.scanner.controls.clusters import cilium, ingress, item, judged, outcome

FRONT = pod("web-1", node="n1", ips=("10.0.0.9",))
DATA = pod("db-1", node="n1", ips=("10.0.0.10",), ports=(ContainerPort(port=5432),))
ZONES = {"front": [{"workload": "web"}], "data": [{"workload": "db"}]}


def verdict(*paths: dict[str, Any], rule: dict[str, Any] | None = None, zones: Any = ZONES) -> ControlResult:
    """NB-ISO-07 where web may reach db by one ingress rule and nothing else is open."""
    spec = ingress(rule or {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]})
    spec |= {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}
    closed = policy({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}, name="web")
    config = msgspec.convert({"zones": zones, "zone_paths": list(paths)}, BaselineConfig)
    return judged("NB-ISO-07", cilium(FRONT, DATA, policies=[policy(spec), closed]), config)


def test_a_way_that_is_wider_than_declared_fails_with_what_is_beyond():
    """Declared is one port in the middle: both sides of it are named, and the rule."""
    found = item(verdict({"from": "front", "to": "data", "ports": ["TCP/5432"]}), "front -> data")
    assert found.status == "fail"
    assert "TCP 1-5431 5433-65535" in found.evidence[0]
    assert "NetworkPolicy shop/p ingress[0]" in found.evidence[1]
    assert 'from: "front", to: "data", ports: [' in found.remediation


def test_a_path_without_ports_is_for_all():
    """And for its own direction alone."""
    found = verdict({"from": "front", "to": "data"})
    assert outcome(found) == ("pass", "apart")


def test_protocols_are_apart():
    """A path over UDP declares nothing of TCP."""
    found = verdict({"from": "front", "to": "data", "ports": ["UDP/1-65535", "SCTP/1-65535"]})
    assert outcome(found) == ("fail", "undeclared-path")
    assert "UDP" not in item(found, "front -> data").evidence[0]


def test_several_ranges_may_cover_a_way():
    """Their order does not matter."""
    rule = {"from": [{"podSelector": {}}], "ports": [{"port": 8000, "endPort": 8010}]}
    path = {"from": "front", "to": "data", "ports": ["TCP/8006-8010", "TCP/8000-8005"]}
    assert outcome(verdict(path, rule=rule)) == ("pass", "apart")


def test_a_zone_without_pods_is_not_applicable():
    """It may be a zone of another cluster."""
    found = verdict(zones={**ZONES, "far": [{"cluster": "other"}]})
    assert item(found, "far -> data").reason == "empty-zone"
    assert item(found, "front -> data").status == "fail"


@pytest.mark.parametrize(
    "text", ["443", "tcp/443", "TCP/0", "TCP/70000", "TCP/10-5", "ICMP/1", "TCP/\u0664\u0664\u0663", ""]
)
def test_a_port_that_is_none_is_refused(text: str):
    """The message says how to write one."""
    with pytest.raises(ValueError, match="TCP/443"):
        port_range(text)


def test_a_path_names_declared_zones():
    """A slip in a zone's name must not allow nothing in silence."""
    given = {"zones": ZONES, "zone_paths": [{"from": "front", "to": "date"}]}
    with pytest.raises(msgspec.ValidationError, match="'date' is no zone"):
        msgspec.convert(given, BaselineConfig)
