"""Rules that name what is not there today."""

from __future__ import annotations

import pytest

from scanner.lint.model import Kind
from scanner.model import ApiObject, ContainerPort, Source
from tests.factories import namespace, pod, raw
from tests.scanner.lint.linting import FROM_WEB, SHOP, calico, egress, found, ingress, linted, message

RULE = [("NetworkPolicy shop/p", "ingress[0]")]
SPACES = [namespace("shop", team="red"), namespace("lab")]


def to(app: str, port: str) -> dict[str, object]:
    """An egress rule to pods of one `app` label on a named port."""
    return {"to": [{"podSelector": labels(app=app)}], "ports": [{"port": port}]}


def labels(**pairs: str) -> dict[str, dict[str, str]]:
    """A label selector on the wire."""
    return {"matchLabels": pairs}


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        pytest.param({"podSelector": labels(app="wbe")}, RULE, id="misspelt"),
        pytest.param({"podSelector": labels(app="web")}, [], id="there"),
        pytest.param({"podSelector": labels(app="job")}, [], id="finished"),
        pytest.param({"podSelector": {}}, [], id="everybody"),
        pytest.param(
            {"namespaceSelector": labels(team="red"), "podSelector": labels(app="job2")}, RULE, id="elsewhere"
        ),
        pytest.param({"namespaceSelector": {}, "podSelector": labels(app="web")}, [], id="anywhere"),
        pytest.param(
            {"namespaceSelector": labels(**{"kubernetes.io/metadata.name": "lab"})}, RULE, id="nobody-lives-there"
        ),
    ],
)
def test_a_selector_that_no_pod_matches_is_named(peer, expected):
    """Pods are looked for in the namespaces that a peer speaks of, finished ones count."""
    pods = [*SHOP, pod("job-1", phase="Failed")]
    assert found(ingress({"from": [peer]}), kind=Kind.DANGLING_PEER, pods=pods, namespaces=SPACES) == expected


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        pytest.param(labels(tema="red"), "no namespace carries the label tema", id="no-such-key"),
        pytest.param(labels(team="rde"), "no namespace matches team=rde", id="no-such-value"),
        pytest.param(
            labels(**{"kubernetes.io/metadata.name": "shpo"}), "there is no namespace shpo", id="no-such-name"
        ),
    ],
)
def test_a_namespace_selector_that_matches_none_says_why(selector, words):
    """A key that nobody carries, a value that nobody has, and a name are told apart."""
    rule = {"from": [{"namespaceSelector": selector}]}
    assert words in message(ingress(rule), kind=Kind.DANGLING_NAMESPACE, namespaces=SPACES)


@pytest.mark.parametrize(
    "selector",
    [
        pytest.param(labels(team="red"), id="there"),
        pytest.param({"matchExpressions": [{"key": "none", "operator": "DoesNotExist"}]}, id="needs-no-key"),
        pytest.param(labels(**{"kubernetes.io/metadata.name": "kube-system"}), id="every-cluster-has-it"),
    ],
)
def test_a_namespace_selector_that_matches_one_or_names_a_system_namespace_is_fine(selector):
    """A namespace that every cluster has need not be in the folder."""
    rule = {"from": [{"namespaceSelector": selector}]}
    assert found(ingress(rule), kind=Kind.DANGLING_NAMESPACE, namespaces=SPACES) == []


@pytest.mark.parametrize(
    ("peer", "severity"),
    [
        pytest.param({"podSelector": labels(app="x")}, "warning", id="own-namespace"),
        pytest.param({"namespaceSelector": {}, "podSelector": labels(app="x")}, "note", id="any-namespace"),
        pytest.param({"namespaceSelector": labels(team="blue")}, "note", id="other-namespaces"),
    ],
)
def test_a_folder_of_manifests_may_hold_part_of_a_cluster(peer, severity):
    """What namespaces outside the folder hold is not known, so there it is only worth a note."""
    told = linted(ingress({"from": [peer]}), source=Source.MANIFESTS)
    assert [each.severity for each in told] == [severity]


def test_nothing_dangles_where_namespaces_could_not_be_read():
    """Labels that are not known may match."""
    assert linted(ingress({"from": [{"namespaceSelector": labels(a="b")}]}), unlisted=["namespaces"]) == ()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(ingress({"ports": [{"port": "pg"}]}), [], id="own-pods-have-it"),
        pytest.param(ingress({"ports": [{"port": "pg", "protocol": "UDP"}]}), ["ingress[0]"], id="other-protocol"),
        pytest.param(ingress({"ports": [{"port": "http"}]}), ["ingress[0]"], id="others-have-it"),
        pytest.param(egress(to("db", "pg")), [], id="peers-have-it"),
        pytest.param(egress(to("db", "http")), ["egress[0]"], id="peers-lack-it"),
        pytest.param(egress(to("none", "x")), [], id="no-peers-at-all"),
        pytest.param(egress({"ports": [{"port": "http"}]}), [], id="somebody-has-it"),
    ],
)  # fmt: skip
def test_a_port_name_that_no_destination_declares_is_named(policy, expected):
    """Names are looked up at destinations: a policy's own pods for ingress, the peers for egress."""
    pods = [
        pod("web-1", ports=[ContainerPort(port=80, name="http")]),
        pod("db-1", ports=[ContainerPort(port=5432, name="pg")]),
    ]
    assert [rule for _, rule in found(policy, kind=Kind.DANGLING_PORT, pods=pods)] == expected


def test_a_service_that_a_rule_names_and_that_is_not_there_is_a_dangling_reference():
    """The resolver's remark becomes a finding, and the rule is not called dead besides."""
    rule = {"action": "Allow", "protocol": "TCP", "destination": {"services": {"name": "gone"}}}
    told = linted(calico({"types": ["Egress"], "egress": [rule]}))
    assert [(each.kind, each.rule) for each in told] == [(Kind.DANGLING_REFERENCE, "egress[0]")]


def test_a_tier_that_is_not_there_is_a_dangling_reference():
    """A policy of a tier that does not exist is in doubt, and the tier is named."""
    stray = calico({"tier": "sec", "ingress": [{"action": "Allow"}]})
    assert Kind.DANGLING_REFERENCE in {each.kind for each in linted(stray)}
    tier = ApiObject(api_version="projectcalico.org/v3", kind="Tier", name="sec", spec=raw({"order": 10}))
    assert Kind.DANGLING_REFERENCE not in {each.kind for each in linted(stray, settings=[tier])}


def test_a_peer_of_many_rules_is_named_at_each():
    """Every rule has its finding, with its own place."""
    rule = {"from": [{"podSelector": labels(app="x")}]}
    assert [name for _, name in found(ingress(rule, FROM_WEB, rule), kind=Kind.DANGLING_PEER)] == [
        "ingress[0]",
        "ingress[2]",
    ]
