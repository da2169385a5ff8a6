"""Mesh controls on specs that nobody would write: every answer is one of the results, and doubt is never a pass."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.baselines.config import BaselineConfig
from scanner.findings import Status
from scanner.judge import judge
from tests.scanner.mesh.meshes import config_map, mesh_snapshot, namespace, pod, setting

ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.sampled_from(["*", "", "STRICT", "ALLOW", "x" * 300, "\u202e"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "mtls", "mode", "selector", "matchLabels", "app", "portLevelMtls", "8080", "rules", "from", "source", "action",
                "principals", "targetRef", "kind", "name", "podSelector", "host", "trafficPolicy", "tls", "servers", "client",
                "server", "identities", "requiredAuthenticationRefs", "wireguardEnabled", "spec", "iap", "enabled",
            ]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
KINDS = [
    ("PeerAuthentication", "security.istio.io"),
    ("AuthorizationPolicy", "security.istio.io"),
    ("RequestAuthentication", "security.istio.io"),
    ("DestinationRule", "networking.istio.io"),
    ("Gateway", "networking.istio.io"),
    ("Server", "policy.linkerd.io"),
    ("ServerAuthorization", "policy.linkerd.io"),
    ("AuthorizationPolicy", "policy.linkerd.io"),
    ("MeshTLSAuthentication", "policy.linkerd.io"),
    ("BackendConfig", "cloud.google.com"),
    ("GCPBackendPolicy", "networking.gke.io"),
    ("Certificate", "cert-manager.io"),
]
CONFIG = BaselineConfig(profile="strict")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(KINDS), ODD), min_size=1, max_size=4), ODD)
def test_odd_specs_never_raise(specs, mesh):
    """Whatever stands in the specs, all five controls answer, with evidence for what is not good."""
    objects = [setting(kind, group, f"o{n}", spec) for n, ((kind, group), spec) in enumerate(specs)]
    text = mesh if isinstance(mesh, str) else "trustDomainAliases: [a]"
    snapshot = mesh_snapshot(
        namespace(labels={"istio-injection": "enabled", "encrypt-in-transit": ""}),
        pod("web", proxy="istio-proxy"),
        pod("db", proxy="linkerd-proxy"),
        config_map("istio", "istio-system", mesh=text),
        *objects,
    )
    found = {result.id: result for result in judge(snapshot, CONFIG).controls if result.id.startswith("NB-MSH")}
    assert len(found) == 5
    for result in found.values():
        for item in result.items:
            assert item.evidence or item.status in {Status.PASS, Status.NOT_APPLICABLE}


@pytest.mark.parametrize("name", ["shop' && rm -rf /", 'x"}\nkind: Secret', "a;b"])
def test_crafted_names_cannot_break_out_of_a_remediation(name):
    """A name from the cluster stands quoted in whatever is pasted into a shell or a manifest."""
    snapshot = mesh_snapshot(namespace(labels={"istio-injection": "enabled"}), pod("web", proxy="istio-proxy"))
    crafted = msgspec.structs.replace(
        snapshot,
        namespaces=tuple(msgspec.structs.replace(each, name=name) for each in snapshot.namespaces),
        pods=tuple(msgspec.structs.replace(each, namespace=name) for each in snapshot.pods),
    )
    for result in judge(crafted, CONFIG).controls:
        for item in result.items if result.id.startswith("NB-MSH") else ():
            assert "\nkind: Secret" not in item.remediation
            assert "namespace shop' && rm" not in item.remediation
