"""Istio: which mode a port has, who counts as named, whom DestinationRules mean."""

from __future__ import annotations

import pytest

from scanner.mesh.authorisation import Authorisations, is_wildcard
from scanner.mesh.enrolment import AMBIENT, LINKERD, SIDECAR, Enrolment, opted_out
from scanner.mesh.istio import PeerModes, PlainClients, plain_clients, root_namespace
from tests.scanner.mesh.meshes import config_map, mesh_snapshot, namespace, pod, setting

SECURITY, NETWORKING = "security.istio.io", "networking.istio.io"
STRICT, PERMISSIVE = {"mtls": {"mode": "STRICT"}}, {"mtls": {"mode": "PERMISSIVE"}}


def peer(name: str, spec: object, space: str = "shop") -> dict:
    """A PeerAuthentication."""
    return setting("PeerAuthentication", SECURITY, name, spec, space)


@pytest.mark.parametrize(
    ("objects", "mode"),
    [
        pytest.param([], "PERMISSIVE", id="default"),
        pytest.param([peer("a", STRICT, "istio-system")], "STRICT", id="mesh"),
        pytest.param(
            [peer("a", STRICT, "istio-system"), peer("b", PERMISSIVE)], "PERMISSIVE", id="namespace-over-mesh"
        ),
        pytest.param([peer("a", {"selector": {}, **STRICT})], "STRICT", id="empty-selector-is-the-namespace"),
        pytest.param(
            [peer("a", {"selector": {"matchLabels": {}}, **STRICT})], "STRICT", id="no-labels-is-the-namespace"
        ),
        pytest.param(
            [peer("a", {"selector": {"matchLabels": {"app": "db"}}, **STRICT})], "PERMISSIVE", id="another-workload"
        ),
        pytest.param([peer("a", STRICT, "other")], "PERMISSIVE", id="another-namespace"),
        pytest.param([peer("a", {"mtls": None})], "PERMISSIVE", id="null-inherits"),
        pytest.param([peer("a", {})], "PERMISSIVE", id="nothing-inherits"),
    ],
)
def test_the_narrowest_policy_that_is_set_decides(objects, mode):
    """Workload over namespace over mesh; what is unset inherits."""
    snapshot = mesh_snapshot(namespace(), pod(), *objects)
    assert PeerModes(snapshot).of(snapshot.pods[0]).rest.mode == mode


def test_ports_of_a_workload_policy_differ_from_the_rest():
    """Port-level modes are of the workload's policy; UNSET ones and what is no port are left out."""
    spec = {
        "selector": {"matchLabels": {"app": "web"}},
        "mtls": {"mode": "STRICT"},
        "portLevelMtls": {
            "8080": {"mode": "DISABLE"},
            "9090": {"mode": "UNSET"},
            "http": {"mode": "DISABLE"},
            "70": None,
        },
    }
    snapshot = mesh_snapshot(namespace(), pod(), peer("web", spec))
    modes = PeerModes(snapshot).of(snapshot.pods[0])
    assert modes.rest.mode == "STRICT"
    assert {port: found.mode for port, found in modes.ports.items()} == {8080: "DISABLE"}


def test_equal_policies_without_times_are_no_doubt():
    """Which of two policies counts does not matter where both say the same."""
    snapshot = mesh_snapshot(namespace(), pod(), peer("a", STRICT), peer("b", STRICT))
    assert not PeerModes(snapshot).of(snapshot.pods[0]).rest.doubt


def test_root_namespace_is_the_meshs_own_word():
    """The mesh's configuration decides, AKS has its own, and a ConfigMap of a tenant's counts for nothing."""
    assert root_namespace(mesh_snapshot()) == ("istio-system", "")
    assert root_namespace(mesh_snapshot(namespace("aks-istio-system"))) == ("aks-istio-system", "")
    assert root_namespace(mesh_snapshot(config_map("istio", "istio-system", mesh="rootNamespace: r"))) == ("r", "")
    assert root_namespace(mesh_snapshot(config_map("istio", "shop", mesh="rootNamespace: r"))) == ("istio-system", "")
    assert root_namespace(mesh_snapshot(config_map("istio", "istio-system", mesh="a: [")))[1]


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("db", True), ("db.shop", True), ("db.shop.svc.cluster.local", True), ("*.shop.svc.cluster.local", True),
        ("*", True), ("*.local", True), ("web", False), ("db.other", False), ("*.other.svc.cluster.local", False),
        ("*" * 200 + "x", False), ("", False),
    ],
)  # fmt: skip
def test_hosts_of_destination_rules(host, meant):
    """Short names are of the rule's namespace, a leading star is any text; nothing takes long to compare."""
    rule = {"host": host, "trafficPolicy": {"portLevelSettings": [{"tls": {"mode": "DISABLE"}}]}}
    (found,) = plain_clients(mesh_snapshot(setting("DestinationRule", NETWORKING, "d", rule)))
    assert isinstance(found, PlainClients)
    assert found.covers("db", "shop") is meant


def test_only_rules_without_a_mesh_identity_are_plain():
    """ISTIO_MUTUAL and no TLS setting are the mesh's own; what cannot be read is named."""
    mutual = setting(
        "DestinationRule", NETWORKING, "a", {"host": "db", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}
    )
    broken = setting("DestinationRule", NETWORKING, "b", {"host": ["db"]})
    assert list(plain_clients(mesh_snapshot(mutual, broken))) == ["DestinationRule shop/b: spec cannot be read"]


@pytest.mark.parametrize(
    ("principal", "wild"),
    [
        ("cluster.local/ns/shop/sa/web", False), ("cluster.local/ns/shop/*", False), ("shop", False), ("*", True),
        ("cluster.local/*", True), ("*/ns/shop/sa/web", True), ("cluster.local/ns/shop*", True), ("cluster.local/ns/*", True),
    ],
)  # fmt: skip
def test_wildcards(principal, wild):
    """A whole namespace is named; anything wider is not."""
    assert is_wildcard(principal) is wild


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        pytest.param({}, False, id="everybody"),
        pytest.param(None, False, id="null-is-everybody"),
        pytest.param({"to": [{"operation": {"methods": ["GET"]}}]}, False, id="no-from"),
        pytest.param({"from": []}, False, id="empty-from"),
        pytest.param({"from": [{}]}, False, id="empty-source"),
        pytest.param({"from": [{"source": {"notPrincipals": ["a"]}}]}, False, id="all-but-one"),
        pytest.param({"from": [{"source": {"namespaces": ["shop"]}}]}, True, id="namespace"),
        pytest.param({"from": [{"source": {"serviceAccounts": ["web"]}}]}, True, id="service-account"),
        pytest.param({"from": [{"source": {"principals": ["*"], "namespaces": ["shop"]}}]}, True, id="both-must-hold"),
        pytest.param(
            {"from": [{"source": {"namespaces": ["shop"]}}, {"source": {}}]}, False, id="one-alternative-is-open"
        ),
        pytest.param({"when": [{"key": "request.headers[x]", "values": ["1"]}]}, False, id="a-header-is-no-identity"),
    ],
)
def test_rules_that_name_their_callers(rule, named):
    """Every alternative of a rule must name somebody."""
    item = setting("AuthorizationPolicy", SECURITY, "p", {"rules": [rule]})
    (found,) = Authorisations(mesh_snapshot(item)).effective
    assert (not found.nameless) is named


def test_what_closes_a_namespace():
    """An ALLOW without rules, or a DENY of everything; an audit and a policy for one workload do not."""
    specs = {
        "none": {}, "null": None, "deny": {"action": "DENY", "rules": [{}]}, "audit": {"action": "AUDIT", "rules": [{}]},
        "one": {"selector": {"matchLabels": {"app": "web"}}}, "some": {"rules": [{}]}, "deny-none": {"action": "DENY"},
    }  # fmt: skip
    closing = set()
    for name, spec in specs.items():
        base = Authorisations(mesh_snapshot(setting("AuthorizationPolicy", SECURITY, name, spec))).base("shop")
        closing |= {name} if base else set()
    assert closing == {"none", "null", "deny"}


@pytest.mark.parametrize(
    ("space", "one", "mesh", "wanted"),
    [
        pytest.param(namespace(), pod(), "", "", id="none"),
        pytest.param(namespace(labels={"istio-injection": "enabled"}), pod(), "", SIDECAR, id="not-injected"),
        pytest.param(
            namespace(labels={"istio.io/rev": "asm-1-23"}), pod(proxy="istio-proxy"), SIDECAR, SIDECAR, id="revision"
        ),
        pytest.param(
            namespace(labels={"istio.io/rev": "x", "istio-injection": "disabled"}), pod(), "", "", id="disabled-wins"
        ),
        pytest.param(namespace(), pod(proxy="linkerd-proxy"), LINKERD, LINKERD, id="injected-by-hand"),
        pytest.param(namespace(labels={"istio.io/dataplane-mode": "ambient"}), pod(), "", AMBIENT, id="not-captured"),
        pytest.param(namespace(), pod(labels={"istio.io/dataplane-mode": "ambient"}), "", AMBIENT, id="asked-by-pod"),
        pytest.param(
            namespace(), pod(notes={"ambient.istio.io/redirection": "enabled"}), AMBIENT, AMBIENT, id="captured"
        ),
    ],
)
def test_membership(space, one, mesh, wanted):
    """What a pod has says which mesh it is in; labels say only which one it should be in."""
    snapshot = mesh_snapshot(space, one)
    found = Enrolment(snapshot).of(snapshot.pods[0])
    assert (found.mesh, found.wanted) == (mesh, wanted)


def test_what_keeps_a_pod_out():
    """Labels and annotations that opt out, and the node's network."""
    wrong = [
        pod(labels={"sidecar.istio.io/inject": "false"}),
        pod(notes={"sidecar.istio.io/inject": "false"}),
        pod(labels={"istio.io/dataplane-mode": "none"}),
        pod(notes={"linkerd.io/inject": "disabled"}),
        pod(hostNetwork=True),
    ]
    assert all(opted_out(mesh_snapshot(namespace(), each).pods[0]) for each in wrong)
    assert not opted_out(mesh_snapshot(namespace(), pod()).pods[0])
