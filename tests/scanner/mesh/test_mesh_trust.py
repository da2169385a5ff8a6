"""Trust domains, roots and encryption between nodes, as snapshots show them."""

from __future__ import annotations

import pytest

from scanner.dataplane.detect import detect
from scanner.dataplane.model import Answer
from scanner.mesh.encryption import node_encryption
from scanner.mesh.linkerd import Linkerd
from scanner.mesh.trust import trusts_of
from tests.scanner.mesh.meshes import as_text, config_map, mesh_snapshot, namespace, pod, setting

LINKERD = "policy.linkerd.io"


def test_domain_defaults_and_doubts():
    """Without a word the domain is cluster.local; what was not there or cannot be read is a doubt, never an empty list."""
    (found,) = trusts_of(mesh_snapshot(config_map("istio", "istio-system", mesh="enableAutoMtls: true")))
    assert (found.domain, found.aliases, found.roots) == ("cluster.local", (), None)
    assert found.doubts == (
        "ConfigMap istio-system/istio-ca-root-cert, root-cert.pem: no certificates that can be read",
    )
    (found,) = trusts_of(mesh_snapshot(config_map("linkerd-config", "linkerd", values="[")))
    assert (found.domain, found.roots, len(found.doubts)) == ("", None, 2)
    assert trusts_of(mesh_snapshot(config_map("istio", "shop", mesh="trustDomain: mine"))) == ()


def test_aliases_and_gateways_are_signs_of_a_federation():
    """What joins a mesh to others is named."""
    gateway = setting("Gateway", "networking.istio.io", "east", {"servers": [{"tls": {"mode": "AUTO_PASSTHROUGH"}}]})
    plain = setting("Gateway", "networking.istio.io", "web", {"servers": [{"tls": {"mode": "SIMPLE"}}, {}]})
    mesh = config_map("istio", "istio-system", mesh=as_text({"trustDomain": "p", "trustDomainAliases": ["q"]}))
    (found,) = trusts_of(mesh_snapshot(gateway, plain, mesh))
    assert [sign.partition(" ")[0] for sign in found.signs] == ["ConfigMap", "Gateway"]


@pytest.mark.parametrize(
    ("spec", "answer"),
    [
        pytest.param({"wireguardEnabled": True}, Answer.YES, id="on"),
        pytest.param({"wireguardEnabledV6": True}, Answer.NO, id="other-family"),
        pytest.param({"wireguardEnabled": False}, Answer.NO, id="off"),
        pytest.param({"wireguardEnabled": "yes"}, Answer.UNKNOWN, id="odd"),
    ],
)
def test_calicos_wireguard(spec, answer):
    """The default FelixConfiguration decides, for the families of addresses that pods have."""
    calico = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "calico-node", "namespace": "calico-system"},
        "spec": {
            "template": {"spec": {"containers": [{"name": "calico-node", "image": "quay.io/calico/node:v3.30.3"}]}}
        },
        "status": {"desiredNumberScheduled": 1, "numberReady": 1},
    }
    felix = setting("FelixConfiguration", "crd.projectcalico.org", "default", spec, "")
    snapshot = mesh_snapshot(namespace(), pod(), calico, felix)
    assert node_encryption(snapshot, None, detect(snapshot, None)).answer is answer


def test_all_required_authentications_of_linkerd_must_hold():
    """An address beside a named identity is the identity; `*` is any identity; nothing required is anyone."""
    names = setting(
        "MeshTLSAuthentication", LINKERD, "named", {"identityRefs": [{"kind": "ServiceAccount", "name": "a"}]}
    )
    every = setting("MeshTLSAuthentication", LINKERD, "every", {"identities": ["*"]})
    server = setting("Server", LINKERD, "s", {"podSelector": {"matchLabels": {"app": "web"}}, "port": 8080})
    wanted = {
        ("NetworkAuthentication", "MeshTLSAuthentication:named"): "named",
        ("NetworkAuthentication", "MeshTLSAuthentication:every"): "any-identity",
        ("NetworkAuthentication",): "anyone",
        ("ServiceAccount",): "named",
        (): "anyone",
        ("MeshTLSAuthentication:gone",): "unknown",
    }
    for refs, admits in wanted.items():
        listed = [{"kind": ref.partition(":")[0], "name": ref.partition(":")[2] or "x"} for ref in refs]
        spec = {"targetRef": {"kind": "Server", "name": "s"}, "requiredAuthenticationRefs": listed}
        policy = setting("AuthorizationPolicy", LINKERD, "p", spec)
        snapshot = mesh_snapshot(namespace(), pod(), names, every, server, policy)
        assert [found.admits for found in Linkerd(snapshot).openings(snapshot.pods[0])] == [admits], refs
