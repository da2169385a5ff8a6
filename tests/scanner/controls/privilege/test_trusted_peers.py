"""NB-LP-04: what makes a peer's labels trustworthy, and NB-LP-03's advice."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.baselines.config import BaselineConfig, Match
from scanner.findings import ControlResult
from scanner.model import ApiObject, ContainerPort
from tests.factories import namespace, pod, policy
from tests.scanner.controls.clusters import cilium, ingress, item, judged, outcome, web
from tests.scanner.controls.whole import RBAC, owner_of, setting, whole

MONITORING = namespace("monitoring", team="platform")
PROMETHEUS = pod("prometheus-1", ns="monitoring", node="n1", ips=("10.0.0.80",))
BY_TEAM = {"namespaceSelector": {"matchLabels": {"team": "platform"}}}
BY_POD = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "prometheus"}}}


def verdict(peer: dict[str, Any], *settings: ApiObject, config: BaselineConfig | None = None) -> ControlResult:
    """NB-LP-04 of one policy that admits one peer."""
    given = cilium(
        web(),
        PROMETHEUS,
        policies=[policy(ingress({"from": [peer], "ports": [{"port": 9090}]}))],
        namespaces=[namespace("shop"), MONITORING],
    )
    return judged("NB-LP-04", whole(given, *settings), config or BaselineConfig())


def test_the_advice_names_todays_namespaces():
    """A peer by name, ready to paste."""
    found = item(verdict(BY_TEAM, *owner_of("namespaces", "patch")), "NetworkPolicy shop/p")
    assert found.reason == "untrusted-label"
    assert "Group:developers" in found.evidence[0]
    assert 'values: ["monitoring"]' in found.remediation


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param((), ("pass", "trusted"), id="nobody"),
        pytest.param(owner_of("namespaces", "get", "delete"), ("pass", "trusted"), id="reads-and-deletes"),
        pytest.param(owner_of("namespaces", "create", names=("shop",)), ("pass", "trusted"), id="create-by-name"),
        pytest.param(
            owner_of("namespaces", "update", names=("shop",)), ("fail", "untrusted-label"), id="own-namespace"
        ),
        pytest.param(owner_of("pods", "create"), ("pass", "trusted"), id="pods-alone"),
        pytest.param(
            (setting(RBAC, "RoleBinding", "odd", ["nothing"], ns="shop"),), ("unknown", "rights-unread"), id="broken"
        ),
    ],
)
def test_a_namespaces_label_is_as_good_as_its_writers(settings: tuple[ApiObject, ...], expected: tuple[str, str]):
    """Whoever may create, update or patch namespaces writes their labels."""
    assert outcome(verdict(BY_TEAM, *settings)) == expected


@pytest.mark.parametrize(
    ("resource", "group", "expected"),
    [
        pytest.param("pods", "", "fail", id="pods"),
        pytest.param("deployments", "apps", "fail", id="deployments"),
        pytest.param("cronjobs", "batch", "fail", id="cronjobs"),
        pytest.param("services", "", "pass", id="services"),
    ],
)
def test_a_pods_label_is_as_good_as_whoever_makes_pods(resource: str, group: str, expected: str):
    """Where any namespace will do, labels of pods decide, and controllers make pods too."""
    assert verdict(BY_POD, *owner_of(resource, "create", group=group)).status == expected


def test_admission_that_speaks_of_the_label_may_keep_it():
    """What an expression does is not judged, so this is no failure."""
    guard = setting(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy",
        "labels",
        {
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["namespaces"]}
                ]
            },
            "validations": [{"expression": "object.metadata.labels['team'] == oldObject.metadata.labels['team']"}],
        },
    )
    found = verdict(BY_TEAM, *owner_of("namespaces", "patch"), guard)
    assert outcome(found) == ("unknown", "guard-not-judged")


def test_a_selector_that_leaves_names_out_takes_tomorrows_namespace():
    """NotIn on names is every namespace but some; what is sensitive behind it was declared."""
    peer = {
        "namespaceSelector": {
            "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}]
        }
    }
    sensitive = BaselineConfig(sensitive=(Match(workload="web"),))
    assert outcome(verdict(peer, config=sensitive)) == ("fail", "every-namespace")
    assert outcome(verdict(peer)) == ("unknown", "sensitive-undeclared")
    other = BaselineConfig(sensitive=(Match(workload="else"),))
    assert outcome(verdict(peer, config=other)) == ("pass", "trusted")


def test_ciliums_namespace_label_is_a_name():
    """A vendor's selector that names the namespace in its own way."""
    spec = {
        "endpointSelector": {},
        "ingress": [{"fromEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "monitoring"}}]}],
    }
    rule = ApiObject(
        api_version="cilium.io/v2",
        kind="CiliumNetworkPolicy",
        namespace="shop",
        name="c",
        spec=setting("", "", "", spec).spec,
    )
    found = judged("NB-LP-04", whole(cilium(web(), PROMETHEUS, policies=[rule]), *owner_of("namespaces", "patch")))
    assert outcome(found) == ("pass", "trusted")


def test_ports_are_advised_from_what_the_pods_declare():
    """NB-LP-03's fraction counts rules; its advice is the container ports of the selected pods."""
    given = cilium(
        web(ports=(ContainerPort(port=8080), ContainerPort(port=9100))),
        policies=[policy(ingress({"from": [{"podSelector": {}}]}, {"from": [BY_TEAM], "ports": [{"port": 8080}]}))],
    )
    found = judged("NB-LP-03", whole(given))
    assert (found.status, found.fraction) == ("fail", 0.5)
    assert found.items[0].remediation.endswith('ports: [{protocol: "TCP", port: 8080}, {protocol: "TCP", port: 9100}]')
