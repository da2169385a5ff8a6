"""Short ways to lint a few objects, and policies of every kind to do it with."""

from __future__ import annotations

from typing import Any

import msgspec

from scanner.dataplane.model import DataPlane
from scanner.lint.model import Finding, Kind
from scanner.lint.run import lint
from scanner.model import ApiObject, Collected, KindStatus, Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.factories import pod, policy, raw, snapshot

WEB, DB = {"matchLabels": {"app": "web"}}, {"matchLabels": {"app": "db"}}
SHOP = (pod("web-1"), pod("db-1"))
FROM_WEB = {"from": [{"podSelector": WEB}], "ports": [{"port": 5432}]}
LISTED = {
    f"{plural}.{group}": KindStatus(status=Collected.COMPLETE)
    for group in ("projectcalico.org", "crd.projectcalico.org")
    for plural in ("networksets", "globalnetworksets", "hostendpoints", "tiers")
}
DENY_ALL = policy({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}, name="deny-all")


def linted(
    *policies: ApiObject, plane: DataPlane | None = None, pods: Any = SHOP, **cluster: Any
) -> tuple[Finding, ...]:
    """Every finding of a cluster in which whatever policies refer to could be read."""
    return lint_of(snapshot(pods=pods, policies=policies, **cluster), plane)


def lint_of(cluster: Snapshot, plane: DataPlane | None = None) -> tuple[Finding, ...]:
    """The same of a snapshot."""
    whole = msgspec.structs.replace(cluster, collection=LISTED | cluster.collection)
    return lint(whole, build(whole, resolve(whole), plane))


def found(*policies: ApiObject, kind: Kind, pods: Any = SHOP, **cluster: Any) -> list[tuple[str, str]]:
    """The objects and rules that one kind of finding is about."""
    return [(each.object, each.rule) for each in linted(*policies, pods=pods, **cluster) if each.kind is kind]


def message(*policies: ApiObject, kind: Kind, pods: Any = SHOP, **cluster: Any) -> str:
    """What the only finding of a kind says."""
    (only,) = [each for each in linted(*policies, pods=pods, **cluster) if each.kind is kind]
    return only.message


def ingress(
    *rules: dict[str, Any], name: str = "p", subject: dict[str, Any] | None = None, ns: str = "shop"
) -> ApiObject:
    """A NetworkPolicy with ingress rules for pods app=db, or for others."""
    return policy({"podSelector": DB if subject is None else subject, "ingress": list(rules)}, name=name, ns=ns)


def egress(*rules: dict[str, Any], name: str = "p", subject: dict[str, Any] | None = None) -> ApiObject:
    """A NetworkPolicy with egress rules for pods app=web, or for others."""
    spec = {"podSelector": WEB if subject is None else subject, "policyTypes": ["Egress"], "egress": list(rules)}
    return policy(spec, name=name)


def admin(*rules: dict[str, Any], name: str = "a", priority: int = 5) -> ApiObject:
    """An AdminNetworkPolicy with ingress rules for every namespace."""
    return cluster_wide("AdminNetworkPolicy", name, {"priority": priority, "ingress": list(rules)})


def baseline(*rules: dict[str, Any]) -> ApiObject:
    """The BaselineAdminNetworkPolicy with ingress rules for every namespace."""
    return cluster_wide("BaselineAdminNetworkPolicy", "default", {"ingress": list(rules)})


def cluster_wide(kind: str, name: str, spec: dict[str, Any]) -> ApiObject:
    """A policy of the upstream admin kinds."""
    return ApiObject(
        api_version="policy.networking.k8s.io/v1alpha1",
        kind=kind,
        name=name,
        spec=raw({"subject": {"namespaces": {}}} | spec),
    )


def verdict(action: str, app: str = "") -> dict[str, Any]:
    """A rule of an admin kind from pods of one `app` label, or from all pods."""
    pods = {"podSelector": {"matchLabels": {"app": app}} if app else {}, "namespaceSelector": {}}
    return {"action": action, "from": [{"pods": pods}]}


def cilium(spec: dict[str, Any], *, name: str = "c", ns: str = "shop") -> ApiObject:
    """A CiliumNetworkPolicy."""
    return ApiObject(api_version="cilium.io/v2", kind="CiliumNetworkPolicy", namespace=ns, name=name, spec=raw(spec))


def calico(spec: dict[str, Any], *, name: str = "k", ns: str = "shop") -> ApiObject:
    """A NetworkPolicy of Calico."""
    return ApiObject(api_version="projectcalico.org/v3", kind="NetworkPolicy", namespace=ns, name=name, spec=raw(spec))
