"""Linkerd: whether a workload takes connections without a mesh identity, and whom its policies let in.

Linkerd, "Authorization Policy" (linkerd.io, reference/authorization-policy and features/server-policy): the default inbound
policy is the pod's annotation, else the namespace's, else `proxy.defaultInboundPolicy` (all-unauthenticated). A port that a
Server selects is closed unless its `accessPolicy` or an AuthorizationPolicy or ServerAuthorization opens it. An
AuthorizationPolicy without `requiredAuthenticationRefs` asks for nothing; a NetworkAuthentication asks for an address only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from scanner.mesh.specs import LINKERD, Spec, objects, selector_of
from scanner.model import ApiObject, Pod, Snapshot
from scanner.objects import decoded, named
from scanner.policy.decode import FieldError
from scanner.policy.model import Selector
from scanner.policy.selectors import matches

DEFAULT_POLICY = "all-unauthenticated"
AUTHENTICATED = frozenset({"all-authenticated", "cluster-authenticated"})
_ANNOTATION = "config.linkerd.io/default-inbound-policy"


class _Ref(Spec, frozen=True):
    kind: str = ""
    name: str = ""
    namespace: str | None = None


class _Server(Spec, frozen=True):
    pod_selector: Any = None
    port: int | str | None = None
    access_policy: str | None = None


class _Authorization(Spec, frozen=True):
    target_ref: _Ref | None = None
    required_authentication_refs: list[_Ref] | None = None


class _MeshTls(Spec, frozen=True):
    identities: list[str] | None = None
    identity_refs: list[_Ref] | None = None


class _ClientTls(Spec, frozen=True):
    unauthenticated_tls: bool | None = msgspec.field(name="unauthenticatedTLS", default=None)
    identities: list[str] | None = None
    service_accounts: list[_Ref] | None = None


class _Client(Spec, frozen=True):
    unauthenticated: bool | None = None
    mesh_tls: _ClientTls | None = msgspec.field(name="meshTLS", default=None)


class _ServerRef(Spec, frozen=True):
    name: str | None = None
    selector: Any = None


class _ServerAuthorization(Spec, frozen=True):
    server: _ServerRef | None = None
    client: _Client | None = None


class _Proxy(Spec, frozen=True):
    default_inbound_policy: str | None = None


class _Values(Spec, frozen=True):
    proxy: _Proxy | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """Whom one object lets in: `anyone` without an identity, `any-identity`, or `named`; `unknown` where that is unclear."""

    admits: str
    why: str


@dataclass(frozen=True, slots=True)
class _Port:
    item: ApiObject
    subject: Selector
    access: str


class Linkerd:
    """The Linkerd policies of one cluster."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._notes = {item.name: item.annotations for item in snapshot.namespaces}
        self._default, self._default_why = _cluster_default(snapshot)
        self._servers: dict[str, list[_Port]] = {}
        self.broken: dict[str, list[str]] = {}
        self._mesh_tls = {
            (item.namespace, item.name): item for item in objects(snapshot, "MeshTLSAuthentication", LINKERD)
        }
        self._openings: dict[str, list[tuple[_Ref, Opening]]] = {}
        for item in objects(snapshot, "Server", LINKERD):
            self._add_server(item)
        for item in objects(snapshot, "AuthorizationPolicy", LINKERD):
            self._add_authorization(item)
        for item in objects(snapshot, "ServerAuthorization", LINKERD):
            self._add_server_authorization(item)

    def default(self, pod: Pod) -> tuple[str, str]:
        """The default inbound policy of a pod, and what says so; an empty policy where that could not be read."""
        for notes, where in (
            (pod.annotations, "the pod"),
            (self._notes.get(pod.namespace, {}), f"Namespace {pod.namespace}"),
        ):
            if _ANNOTATION in notes:
                return notes[_ANNOTATION].strip(), f"{where} has {_ANNOTATION}: {notes[_ANNOTATION][:60]}"
        return self._default, self._default_why

    def openings(self, pod: Pod) -> Iterator[Opening]:
        """Whom Servers and authorizations let in to a pod."""
        chosen = [port for port in self._servers.get(pod.namespace, ()) if matches(port.subject, pod.labels)]
        names = {port.item.name for port in chosen}
        for port in chosen:
            if port.access and port.access != "deny":
                admits = "any-identity" if port.access in AUTHENTICATED else "anyone"
                yield Opening(admits, f"{named(port.item)}, accessPolicy: {port.access[:60]}")
        for target, opening in self._openings.get(pod.namespace, ()):
            if target.kind == "Namespace" or (target.kind == "Server" and target.name in names):
                yield opening
            elif target.kind not in {"Namespace", "Server"}:
                yield Opening("unknown", f"{opening.why}; it is for a {target.kind[:40]}, which is not read")

    def _add_server(self, item: ApiObject) -> None:
        spec = decoded(item, _Server)
        broken = self.broken.setdefault(item.namespace, [])
        if spec is None:
            broken.append(f"{named(item)}: spec cannot be read")
            return
        if spec.pod_selector is None:  # it selects external workloads
            return
        try:
            found = _Port(item, selector_of(spec.pod_selector), spec.access_policy or "deny")
        except FieldError as error:
            broken.append(f"{named(item)}: {error.field} {error.message}")
        else:
            self._servers.setdefault(item.namespace, []).append(found)

    def _add_authorization(self, item: ApiObject) -> None:
        spec = decoded(item, _Authorization)
        if spec is None or spec.target_ref is None:
            self.broken.setdefault(item.namespace, []).append(f"{named(item)}: spec cannot be read")
            return
        refs = spec.required_authentication_refs or []
        if not refs:
            opening = Opening("anyone", f"{named(item)} requires no authentication")
        else:
            found = [self._required(item, ref) for ref in refs]
            order = ("named", "any-identity", "unknown", "anyone")  # all are required, so the strictest counts
            opening = min(found, key=lambda each: order.index(each.admits))
        self._openings.setdefault(item.namespace, []).append((spec.target_ref, opening))

    def _required(self, item: ApiObject, ref: _Ref) -> Opening:
        why = named(item)
        if ref.kind == "ServiceAccount":
            return Opening("named", f"{why} names a ServiceAccount")
        if ref.kind == "NetworkAuthentication":
            return Opening("anyone", f"{why} requires an address only (NetworkAuthentication {ref.name[:60]})")
        found = self._mesh_tls.get((ref.namespace or item.namespace, ref.name))
        spec = decoded(found, _MeshTls) if ref.kind == "MeshTLSAuthentication" and found else None
        if spec is None:
            return Opening("unknown", f"{why} refers to {ref.kind[:40]} {ref.name[:60]}, which cannot be read")
        if "*" in (spec.identities or ()):
            return Opening("any-identity", f'{why} takes every identity (MeshTLSAuthentication {ref.name[:60]}: "*")')
        return Opening("named", f"{why} names identities (MeshTLSAuthentication {ref.name[:60]})")

    def _add_server_authorization(self, item: ApiObject) -> None:
        spec = decoded(item, _ServerAuthorization)
        if spec is None or spec.server is None:
            self.broken.setdefault(item.namespace, []).append(f"{named(item)}: spec cannot be read")
            return
        client = spec.client or _Client()
        tls = client.mesh_tls or _ClientTls()
        if client.unauthenticated or tls.unauthenticated_tls:
            opening = Opening("anyone", f"{named(item)} takes unauthenticated clients")
        elif "*" in (tls.identities or ()):
            opening = Opening("any-identity", f'{named(item)} takes every identity ("*")')
        else:
            opening = Opening("named", f"{named(item)} names identities")
        # A selector over Servers may mean any of the namespace: the widest reading.
        target = _Ref("Server", spec.server.name) if spec.server.name else _Ref("Namespace", item.namespace)
        self._openings.setdefault(item.namespace, []).append((target, opening))


def _cluster_default(snapshot: Snapshot) -> tuple[str, str]:
    for item in snapshot.config_maps:
        if (item.namespace, item.name) == ("linkerd", "linkerd-config") and "values" in item.data:
            where = f"ConfigMap {item.namespace}/linkerd-config"
            try:
                found = msgspec.json.decode(item.data["values"], type=_Values)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return "", f"{where}: values cannot be read"
            said = (found.proxy and found.proxy.default_inbound_policy) or DEFAULT_POLICY
            return said, f"{where}, proxy.defaultInboundPolicy: {said[:60]}"
    if snapshot.collected("configmaps"):
        return DEFAULT_POLICY, f"nothing sets a default inbound policy, which then is {DEFAULT_POLICY}"
    return "", "ConfigMap linkerd/linkerd-config was not read"
