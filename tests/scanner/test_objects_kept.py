"""Specs that a snapshot keeps raw: whatever is wrong with them is no exception, for any reader."""

from __future__ import annotations

import msgspec
import pytest

from scanner.controls import CONTROLS
from scanner.judge import judge
from scanner.model import ApiObject
from scanner.objects import decoded, named
from tests.factories import snapshot

BROKEN = [b'{"a":"\xff"}', b'{"spec":{"a":"\xff"}}', b"[" * 50_000, b"{", b"3", b'"\xed\xa0\x80"']
KINDS = [
    ("kyverno.io/v1", "ClusterPolicy"), ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
    ("constraints.gatekeeper.sh/v1beta1", "K8sExternalIPs"), ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("monitoring.coreos.com/v1", "PrometheusRule"), ("cert-manager.io/v1", "Certificate"),
    ("networking.istio.io/v1", "Gateway"), ("networking.gke.io/v1beta1", "FrontendConfig"),
    ("networking.k8s.io/v1", "IngressClass"), ("security.istio.io/v1", "PeerAuthentication"),
    ("policy.linkerd.io/v1beta3", "Server"), ("k8s.cni.cncf.io/v1beta1", "MultiNetworkPolicy"),
    ("crd.projectcalico.org/v1", "HostEndpoint"), ("crd.projectcalico.org/v1", "FelixConfiguration"),
]  # fmt: skip


def setting(api: str, kind: str, spec: bytes) -> ApiObject:
    """An object with a spec that was skipped over while it was read."""
    return ApiObject(api_version=api, kind=kind, name="odd", namespace="shop", spec=msgspec.Raw(spec))


@pytest.mark.parametrize("spec", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_spec_is_no_spec(spec):
    """No UTF-8, no JSON, nested without end, another type: none of it raises."""
    item = setting("v1", "Odd", spec)
    assert decoded(item, dict[str, str]) is None
    assert named(item) == "Odd shop/odd"


@pytest.mark.parametrize("spec", BROKEN, ids=range(len(BROKEN)))
def test_no_control_raises_on_a_broken_object(spec):
    """Every kind that a control reads, broken: a cluster of them is judged to the end, and every control answers."""
    settings = [setting(api, kind, spec) for api, kind in KINDS]
    policies = [setting("cilium.io/v2", "CiliumNetworkPolicy", spec)]
    found = judge(snapshot(settings=settings, policies=policies))
    assert len(found.controls) >= sum(control.check is not None for control in CONTROLS) - 2
