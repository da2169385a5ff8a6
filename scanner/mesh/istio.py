"""Istio's mutual TLS: which mode a workload's ports have, and which policy says so.

Istio, "PeerAuthentication" and "Authentication Policy" (istio.io, reference/config/security/peer_authentication and
concepts/security): a policy with a selector is the workload's, one without the namespace's, one without in the root namespace
the mesh's; the narrowest that is set wins, UNSET inherits, of several at one level the oldest counts, without any the mode is
PERMISSIVE. `portLevelMtls` counts in a workload's policy alone, and a policy with a selector in the root namespace not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from scanner.mesh.specs import (
    ISTIO_NETWORKING,
    ISTIO_SECURITY,
    DestinationRule,
    PeerAuthentication,
    Spec,
    TrafficPolicy,
    objects,
)
from scanner.model import ApiObject, Pod, Snapshot
from scanner.objects import decoded, named

DEFAULT_ROOT = "istio-system"
AKS_ROOT = "aks-istio-system"  # Microsoft, "Istio-based service mesh add-on": there is no other namespace for it
DEFAULT_MODE = "PERMISSIVE"
_PLAIN = frozenset({"DISABLE", "SIMPLE"})  # client modes in which nobody shows a mesh identity


class _MeshConfig(Spec, frozen=True):
    root_namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A mode and the object that sets it; `doubt` says why it may be another."""

    mode: str
    why: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Modes:
    """What a workload's ports ask for: `ports` are those that differ from the rest."""

    rest: Setting
    ports: dict[int, Setting] = field(default_factory=dict)


def root_namespace(snapshot: Snapshot) -> tuple[str, str]:
    """The root namespace, and a reason for doubt where the mesh's configuration could not be read."""
    for item in snapshot.config_maps:
        if (item.namespace, item.name) == (DEFAULT_ROOT, "istio") and "mesh" in item.data:
            try:
                found = msgspec.json.decode(item.data["mesh"], type=_MeshConfig)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return item.namespace, f"ConfigMap {item.namespace}/istio, mesh: no document that can be read"
            return found.root_namespace or item.namespace, ""
    managed = any(item.name == AKS_ROOT for item in snapshot.namespaces)
    if managed:
        return AKS_ROOT, ""
    whole = snapshot.collected("configmaps")
    return DEFAULT_ROOT, "" if whole else f"ConfigMap {DEFAULT_ROOT}/istio was not read, so another root is possible"


class PeerModes:
    """The PeerAuthentications of one cluster."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.root, self._root_doubt = root_namespace(snapshot)
        self._by_namespace: dict[str, list[tuple[ApiObject, PeerAuthentication]]] = {}
        self.broken: dict[str, list[str]] = {}  # namespace -> policies that cannot be read
        for item in objects(snapshot, "PeerAuthentication", ISTIO_SECURITY):
            spec = decoded(item, PeerAuthentication)
            if spec is None:
                self.broken.setdefault(item.namespace, []).append(f"{named(item)}: spec cannot be read")
            else:
                self._by_namespace.setdefault(item.namespace, []).append((item, spec))

    def of(self, pod: Pod) -> Modes:
        """The modes of a pod's ports."""
        rest = Setting(
            DEFAULT_MODE, "no PeerAuthentication sets a mode, and the default is PERMISSIVE", self._root_doubt
        )
        rest = self._level(self.root, rest, self._root_doubt)
        if pod.namespace != self.root:
            rest = self._level(pod.namespace, rest, "")
        own = self._pick(
            [
                (item, spec)
                for item, spec in self._by_namespace.get(pod.namespace, ())
                if pod.namespace != self.root
                and not _general(spec)
                and spec.selector
                and spec.selector.selects(pod.labels)
            ]
        )
        if own is None:
            return Modes(rest)
        item, spec, doubt = own
        rest = _set(spec, item, rest, doubt)
        ports: dict[int, Setting] = {}
        for text, each in (spec.port_level_mtls or {}).items():
            mode = (each.mode if each else None) or "UNSET"
            if text.isascii() and text.isdigit() and mode != "UNSET":
                ports[int(text[:6])] = Setting(mode, f"{named(item)}, portLevelMtls[{text[:6]}]: {mode[:40]}", doubt)
        return Modes(rest, ports)

    def _level(self, namespace: str, above: Setting, doubt: str) -> Setting:
        found = self._pick([(item, spec) for item, spec in self._by_namespace.get(namespace, ()) if _general(spec)])
        return above if found is None else _set(found[1], found[0], above, found[2] or doubt)

    def _pick(
        self, found: list[tuple[ApiObject, PeerAuthentication]]
    ) -> tuple[ApiObject, PeerAuthentication, str] | None:
        """The oldest; without times, which of several differing ones counts is not known."""
        if not found:
            return None
        item, spec = min(found, key=lambda each: (each[0].created, each[0].name))
        undated = len({each.created for each, _ in found}) < len(found)
        differ = len({(each.mtls, str(each.port_level_mtls)) for _, each in found}) > 1
        doubt = f"{', '.join(named(each) for each, _ in found[:5])} apply at one level, and which is the oldest is not known"
        return item, spec, doubt if undated and differ else ""


def _general(spec: PeerAuthentication) -> bool:
    return spec.selector is None or spec.selector.everything


def _set(spec: PeerAuthentication, item: ApiObject, above: Setting, doubt: str) -> Setting:
    mode = (spec.mtls and spec.mtls.mode) or "UNSET"
    return above if mode == "UNSET" else Setting(mode, f"{named(item)}, mtls.mode: {mode[:40]}", doubt)


@dataclass(frozen=True, slots=True)
class PlainClients:
    """A DestinationRule by which clients of some Services do not show a mesh identity."""

    item: ApiObject
    host: str
    field: str

    @property
    def service(self) -> str:
        """The Service it means, as "name.namespace"; empty for a host that begins with a star."""
        host = self.host.lower()
        if host.startswith("*"):
            return ""
        plain = host.removesuffix(".svc.cluster.local").removesuffix(".svc")
        return plain if "." in plain else f"{plain}.{self.item.namespace}"

    def covers(self, service: str, namespace: str) -> bool:
        """Whether its host means a Service: short names are looked up in the rule's own namespace, a leading `*` is any text."""
        if self.host.startswith("*"):
            return f"{service}.{namespace}.svc.cluster.local".endswith(self.host.lower()[1:])
        return self.service == f"{service}.{namespace}"


def plain_clients(snapshot: Snapshot) -> Iterator[PlainClients | str]:
    """The DestinationRules with a TLS mode without a mesh identity; of one that cannot be read, its name."""
    for item in objects(snapshot, "DestinationRule", ISTIO_NETWORKING):
        spec = decoded(item, DestinationRule)
        if spec is None:
            yield f"{named(item)}: spec cannot be read"
            continue
        policies = [("trafficPolicy", spec.traffic_policy)]
        policies += [(f"subsets[{n}].trafficPolicy", each.traffic_policy) for n, each in enumerate(spec.subsets or ())]
        for where, policy in policies:
            mode = _plain_mode(policy)
            if mode:
                yield PlainClients(item, spec.host, f"{where}: tls.mode {mode}")
                break


def _plain_mode(policy: TrafficPolicy | None) -> str:
    if policy is None:
        return ""
    for each in (policy, *(policy.port_level_settings or ())):
        mode = (each.tls and each.tls.mode) or ""
        if mode in _PLAIN:
            return mode
    return ""
