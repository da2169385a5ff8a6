"""Who may do what in a drawn cluster, what its admission refuses, and where its API server is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from scanner.model import Endpoint, EndpointPort, EndpointSlice

if TYPE_CHECKING:
    from infra.estate.draft import Draft

_RBAC = "rbac.authorization.k8s.io/v1"
_EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


def add_rights(draft: Draft, *bound: tuple[str, str]) -> None:
    """Kubernetes' roles cluster-admin and edit (as far as it writes policies), the latter for (group, namespace) pairs."""
    draft.setting(_RBAC, "ClusterRole", "cluster-admin", {"rules": [_EVERYTHING]})
    _bind(draft, "cluster-admin", "system:masters", "cluster-admin")
    writes = ["create", "delete", "deletecollection", "patch", "update"]
    rule = {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"], "verbs": writes}
    draft.setting(_RBAC, "ClusterRole", "edit", {"rules": [rule]})
    for group, namespace in bound:
        _bind(draft, "edit", group, f"{group}-edit", namespace)


def add_admission(
    draft: Draft, name: str, *, plural: str, operations: Iterable[str], expression: str, group: str
) -> None:
    """A ValidatingAdmissionPolicy that is bound and denies."""
    rule = {"apiGroups": [group], "apiVersions": ["*"], "operations": [*operations], "resources": [plural]}
    version = "admissionregistration.k8s.io/v1"
    policy = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": expression}]}
    draft.setting(version, "ValidatingAdmissionPolicy", name, policy)
    binding = {"policyName": name, "validationActions": ["Deny"]}
    draft.setting(version, "ValidatingAdmissionPolicyBinding", name, binding)


def api_server(host: int) -> EndpointSlice:
    """Where the API server's own Service leads: an address in the provider's network."""
    return EndpointSlice(
        namespace="default",
        name="kubernetes",
        service="kubernetes",
        ports=(EndpointPort(port=443, name="https"),),
        endpoints=(Endpoint(addresses=(f"172.16.0.{host + 2}",)),),
    )


def _bind(draft: Draft, role: str, group: str, binding: str, namespace: str = "") -> None:
    spec = {"roleRef": {"kind": "ClusterRole", "name": role}, "subjects": [{"kind": "Group", "name": group}]}
    draft.setting(_RBAC, "RoleBinding" if namespace else "ClusterRoleBinding", binding, spec, namespace)
