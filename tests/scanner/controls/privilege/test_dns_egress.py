"""NB-LP-06: where resolvers are, and what counts as one."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.findings import ControlResult
from scanner.model import Cloud, Service
from tests.factories import pod, policy
from tests.scanner.controls.clusters import DNS, antrea, cilium, egress, item, judged, outcome, record, to_block, web
from tests.scanner.controls.whole import whole

PORTS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
SYSTEM = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
RESOLVER = pod("coredns-1", ns="kube-system", labels={"k8s-app": "kube-dns"}, node="n1", ips=("10.0.0.53",))
CACHE = pod(
    "cache-1", ns="kube-system", labels={"k8s-app": "node-local-dns"}, node="n1", host_network=True, ips=("10.9.0.7",)
)
SERVICE = Service(namespace="kube-system", name="kube-dns", cluster_ips=("172.20.0.10",))


def verdict(
    *rules: dict[str, Any], pods: tuple[Any, ...] = (RESOLVER,), plane: Any = cilium, **parts: Any
) -> ControlResult:
    """NB-LP-06 where every pod of namespace shop may leave by these rules alone."""
    given = plane(web(), *pods, policies=[policy(egress(*rules))], services=[SERVICE], **parts)
    return judged("NB-LP-06", whole(given))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(DNS, ("pass", "whole"), id="resolver"),
        pytest.param({"to": DNS["to"]}, ("pass", "whole"), id="resolver-every-port"),
        pytest.param({"to": [SYSTEM], "ports": PORTS}, ("pass", "whole"), id="kube-system"),
        pytest.param({"to": DNS["to"], "ports": PORTS[1:]}, ("fail", "will-break"), id="tcp-alone"),
        pytest.param({"to": DNS["to"], "ports": PORTS[:1]}, ("fail", "udp-only"), id="udp-alone"),
        pytest.param({"to": DNS["to"], "ports": [{"protocol": "UDP", "port": 54}]}, ("fail", "will-break"), id="another-port"),
    ],
)  # fmt: skip
def test_the_allowance_is_for_both_protocols(rule: dict[str, Any], expected: tuple[str, str]):
    """UDP is asked first, TCP for what does not fit."""
    assert outcome(verdict(rule)) == expected


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        pytest.param(to_block("0.0.0.0/0", ports=PORTS), "dns-anywhere", id="internet"),
        pytest.param(to_block("0.0.0.0/0", "10.0.0.0/8"), "dns-anywhere", id="internet-every-port"),
        pytest.param(to_block("192.0.3.53/32", ports=PORTS), "beyond-resolver", id="another-server"),
        pytest.param({"to": [{"podSelector": {}}], "ports": PORTS}, "beyond-resolver", id="own-namespace"),
        pytest.param(to_block("172.20.0.10/32", ports=PORTS), "resolver-only", id="the-service"),
        pytest.param(to_block("169.254.20.10/32", ports=PORTS), "resolver-only", id="the-node-cache"),
    ],
)
def test_dns_goes_to_the_resolver_alone(rule: dict[str, Any], reason: str):
    """Whatever else a rule about port 53 leads to is named."""
    found = item(verdict(DNS, rule), "NetworkPolicy shop/p")
    assert found.reason == reason
    assert (found.status == "pass") == (reason == "resolver-only")


def test_rules_for_other_ports_are_not_about_dns():
    """A range of addresses on 443 is no way for DNS, and neither are all ports of one workload."""
    found = verdict(DNS, to_block("192.0.3.0/24", ports=[{"port": 443}]), {"to": [{"podSelector": {}}]})
    assert outcome(found) == ("pass", "whole")


def test_a_node_local_cache_is_asked_at_its_address():
    """Where it runs, an allowance for its link-local address will do."""
    assert outcome(verdict(to_block("169.254.20.10/32", ports=PORTS), pods=(CACHE,))) == ("pass", "whole")


def test_cloud_dns_needs_no_pod():
    """On GKE the metadata address answers on port 53."""
    rule = to_block("169.254.169.254/32", ports=PORTS)
    assert outcome(verdict(rule, pods=(), record=record(Cloud.GCP))) == ("pass", "whole")


def test_a_plane_that_is_not_known_to_enforce_gives_no_certain_answer():
    """The declared level decides there, and says so."""
    found = item(verdict(DNS, plane=antrea), "shop")
    assert found.status in {"pass", "unknown"}
    assert "level" in found.evidence[0] or "not established" in found.evidence[0]
