"""Who can change policy: roles followed to subjects, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.baselines.config import BaselineConfig
from scanner.findings import ControlResult
from scanner.model import ApiObject, KindStatus, Snapshot
from scanner.rbac import RESOURCES, Rule, rights_of
from tests.factories import raw, snapshot
from tests.scanner.controls.clusters import judged

GROUP = "rbac.authorization.k8s.io/v1"
WRITE = {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["patch"]}


def entry(kind: str, name: str, ns: str = "", **body: Any) -> ApiObject:
    """An RBAC object as a snapshot holds it."""
    return ApiObject(api_version=GROUP, kind=kind, name=name, namespace=ns, spec=raw(body))


def binding(subject: dict[str, str], *, role: str = "writer", ns: str = "shop", kind: str = "ClusterRole") -> ApiObject:
    """A binding of one subject, cluster-wide without a namespace."""
    what = "RoleBinding" if ns else "ClusterRoleBinding"
    return entry(what, "b", ns, roleRef={"kind": kind, "name": role}, subjects=[subject])


def cluster(*settings: ApiObject) -> Snapshot:
    """A cluster in which RBAC was read whole."""
    read = {resource: KindStatus(status="complete") for resource in RESOURCES}
    found = snapshot(settings=settings)
    return snapshot(settings=settings, collection=found.collection | read)


def result(*settings: ApiObject, config: BaselineConfig | None = None) -> ControlResult:
    """What NB-GOV-04 says."""
    return judged("NB-GOV-04", cluster(*settings), config or BaselineConfig())


WRITER = entry("ClusterRole", "writer", rules=[WRITE])
ADA = {"kind": "User", "name": "ada"}


def test_a_grant_names_binding_role_and_place():
    """The evidence leads to the objects: who may what, where, by which binding to which role."""
    found = result(WRITER, binding(ADA))
    (item,) = found.items
    assert (item.subject, item.status, item.reason) == ("User:ada", "fail", "can-change-policy")
    assert item.evidence[0] == (
        "may patch networkpolicies.networking.k8s.io in namespace shop (policies): "
        "RoleBinding shop/b to ClusterRole writer"
    )


def test_the_fraction_is_what_is_left_of_the_subjects():
    """One of two subjects too many is one half."""
    other = {"kind": "ServiceAccount", "name": "argocd", "namespace": "argocd"}
    config = BaselineConfig(policy_writers=("ServiceAccount:argocd/*",))
    found = result(WRITER, binding(ADA), binding(other), config=config)
    assert (found.status, found.fraction) == ("fail", 0.5)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, True),
        ({"apiGroups": ["networking.k8s.io"], "resources": ["*"], "verbs": ["create"]}, True),
        ({"apiGroups": [""], "resources": ["networkpolicies"], "verbs": ["create"]}, False),
        ({"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["get", "list", "watch"]}, False),
        ({"apiGroups": [""], "resources": ["namespaces"], "verbs": ["update"]}, True),
        ({"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "delete"]}, False),
        ({"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["*"]}, False),
        ({"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["escalate"]}, True),
        ({"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["create"]}, False),
        ({"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]}, True),
        ({"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["delete"]}, False),
    ],
)  # fmt: skip
def test_what_counts_as_a_power_in_a_namespace_of_workloads(rule, holds):
    """Writes on policies, labels, rights; wildcards; the engine only where it runs."""
    found = result(entry("Role", "r", "shop", rules=[rule]), binding(ADA, role="r", kind="Role"))
    assert (found.status == "fail") is holds


def test_the_engine_counts_where_it_runs():
    """Deleting DaemonSets of kube-system switches the engine off; those of a team's namespace do not."""
    rule = {"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["delete"]}
    role = entry("ClusterRole", "r", rules=[rule])
    assert result(role, binding(ADA, role="r", ns="kube-system")).status == "fail"
    assert result(role, binding(ADA, role="r", ns="")).status == "fail"
    assert result(role, binding(ADA, role="r", ns="shop")).status == "pass"


def test_a_role_of_another_namespace_grants_nothing():
    """A RoleBinding to a Role looks in its own namespace alone; a missing role grants nothing."""
    assert result(entry("Role", "writer", "other", rules=[WRITE]), binding(ADA, kind="Role")).status == "pass"
    assert result(binding(ADA, role="gone")).status == "pass"


def test_a_look_alike_of_a_built_in_subject_is_nobody():
    """A ServiceAccount called like a controller is judged by its namespace, a user called system: by the prefix alone."""
    kube = {"kind": "ServiceAccount", "name": "x", "namespace": "kube-system"}
    team = {"kind": "ServiceAccount", "name": "system:masters", "namespace": "shop"}
    assert result(WRITER, binding(kube)).status == "pass"
    assert result(WRITER, binding(team)).status == "fail"


@pytest.mark.parametrize("body", [{"rules": "all"}, {"rules": [7]}, {"subjects": {"a": 1}}])
def test_an_object_that_cannot_be_understood_leaves_it_open(body):
    """Crafted or broken, it may grant anything: never a pass."""
    kind = "ClusterRoleBinding" if "subjects" in body else "ClusterRole"
    found = result(entry(kind, "odd", **body))
    assert (found.status, found.reason) == ("unknown", "not-understood")
    assert "odd" in found.items[0].evidence[0]
    assert rights_of(cluster(entry(kind, "odd", **body))).broken


def test_rules_match_as_kubernetes_matches_them():
    """`*` in groups, resources and verbs; a subresource is another resource."""
    rule = Rule(api_groups=("*",), resources=("pods",), verbs=("*",))
    assert rule.allows(("get", "patch"), "", "pods") == ("get", "patch")
    assert rule.allows(("get",), "", "pods/status") == ()
