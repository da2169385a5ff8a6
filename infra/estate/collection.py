"""How each kind's list ended, as the collector would have written it down."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from infra.kinds import ENTRY_POINT_KINDS, POLICY_KINDS, SETTING_KINDS
from infra.kube.collect import LISTED
from scanner.model import ApiObject, Collected, EntryPoint, KindStatus

# Resources that every Kubernetes API server knows.
_CORE = frozenset(
    {
        "namespaces", "pods", "nodes", "services", "configmaps", "daemonsets.apps", "replicasets.apps", "jobs.batch",
        "replicationcontrollers", "networkpolicies.networking.k8s.io", "ingresses.networking.k8s.io",
        "ingressclasses.networking.k8s.io", "endpointslices.discovery.k8s.io",
        *(f"{plural}.rbac.authorization.k8s.io" for plural in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")),
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
    }
)  # fmt: skip
_OF_KIND = {(kind.group, kind.name): kind.resource for kind in (*POLICY_KINDS.values(), *SETTING_KINDS.values())}
_ENTRIES = {kind.name: kind.resource for kind in ENTRY_POINT_KINDS.values()}


def resource_of(item: ApiObject | EntryPoint) -> str:
    """The resource whose list an object came from."""
    if isinstance(item, EntryPoint):
        return _ENTRIES[item.kind]
    return _OF_KIND[item.api_version.partition("/")[0], item.kind]


def collection(counts: Mapping[str, int], serves: AbstractSet[str]) -> dict[str, KindStatus]:
    """Every resource that is listed: whole where the server knows it, absent where it does not.

    Raises:
        ValueError: an object of a resource that the server is not said to know.
    """
    known = _CORE | serves
    if stray := sorted(name for name, count in counts.items() if count and name not in known):
        raise ValueError(f"{stray[0]}: drawn, but not among what the API server knows")
    resources = {*(kind.resource for kind in LISTED), "configmaps"}
    return {resource: _status(counts, known, resource) for resource in sorted(resources)}


def _status(counts: Mapping[str, int], known: AbstractSet[str], resource: str) -> KindStatus:
    if resource not in known:
        return KindStatus(status=Collected.ABSENT)
    return KindStatus(status=Collected.COMPLETE, count=counts.get(resource, 0))
