"""Wire nodes, ConfigMaps, and objects kept by their spec, as a snapshot holds them."""

from __future__ import annotations

import msgspec

from infra.depth import MAX_DEPTH, raw_problem
from infra.kinds import LABELLED_KINDS, POLICY_KINDS, Kind
from infra.objects.kept import kept_values
from infra.objects.pods import is_ready
from infra.objects.reduced_config import reduced
from infra.wire.cluster import ConfigMap as WireConfigMap
from infra.wire.cluster import Node as WireNode
from infra.wire.evidence import KyvernoPolicy, Reduced
from infra.wire.metadata import ABSENT, AnyObject, PolicyEndpoint
from scanner.kept import KEPT_ANNOTATIONS, KEPT_CONFIG
from scanner.model import ApiObject, ConfigMap, Node, Origin

_NOTHING = (ABSENT, msgspec.Raw(b"null"))
_DATED = frozenset({*POLICY_KINDS, "peerauthentications.security.istio.io"})  # of some, the oldest counts
_IDENTITY = frozenset({"metadata", "api_version", "kind"})


def node(wire: WireNode) -> Node:
    """A node. Its operating system is the kubelet's word, else the label's."""
    spec, status = wire.spec, wire.status
    labels = {key: value or "" for key, value in (wire.metadata.labels or {}).items()}
    info = status.node_info if status else None
    ranges = (spec and (spec.pod_cidrs or [spec.pod_cidr or ""])) or []
    taints = sorted(f"{taint.key}={taint.value or ''}:{taint.effect}" for taint in (spec and spec.taints) or ())
    return Node(
        name=wire.metadata.name,
        labels=labels,
        os=(info and info.operating_system) or labels.get("kubernetes.io/os", ""),
        kernel=(info and info.kernel_version) or "",
        ready=is_ready(status.conditions if status else None),
        unschedulable=bool(spec and spec.unschedulable),
        provider_id=(spec and spec.provider_id) or "",
        addresses=tuple(
            entry.address for entry in (status and status.addresses) or () if entry.type in {"InternalIP", "ExternalIP"}
        ),
        external_addresses=tuple(
            entry.address
            for entry in (status and status.addresses) or ()
            if entry.type == "ExternalIP" and entry.address
        ),
        pod_cidrs=tuple(block for block in ranges if block),
        taints=tuple(taints),
    )


def config_map(wire: WireConfigMap, namespace: str) -> ConfigMap | None:
    """A ConfigMap that configures a data plane, with its kept keys; None for any other."""
    names = KEPT_CONFIG.get(wire.metadata.name)
    if names is None:
        return None
    return ConfigMap(
        namespace=namespace, name=wire.metadata.name, data=reduced(wire.metadata.name, kept_values(wire.data, names))
    )


def api_object(
    wire: AnyObject | PolicyEndpoint | Reduced, kind: Kind, namespace: str, origin: Origin | None
) -> ApiObject:
    """A policy or setting with its spec as it is; of a PolicyEndpoint only the policy it came from.

    Labels are kept of the kinds that selectors look at, version and time of policies (and the time of
    PeerAuthentications). Of a kind that is kept in part, the
    spec holds the object's own fields as they are named beside the metadata: `rules`, `subjects`, `spec`, `status`.

    Raises:
        RecursionError: the spec is nested deeper than a snapshot can hold.
    """
    labels = (kind.resource in LABELLED_KINDS and wire.metadata.labels) or {}
    return ApiObject(
        api_version=wire.api_version or kind.api_version,
        kind=wire.kind or kind.name,
        name=wire.metadata.name,
        namespace=namespace,
        spec=_storable(_kept_spec(wire, kind)),
        labels={key: value or "" for key, value in sorted(labels.items())},
        annotations=kept_values(wire.metadata.annotations, KEPT_ANNOTATIONS),
        resource_version=(kind.resource in POLICY_KINDS and wire.metadata.resource_version) or "",
        created=(kind.resource in _DATED and wire.metadata.creation_timestamp) or "",
        origin=origin,
    )


def _storable(spec: msgspec.Raw) -> msgspec.Raw:
    """A spec that a snapshot can hold: what is nested too deep for it would make the whole snapshot unreadable."""
    text = bytes(spec)
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and raw_problem(spec):
        raise RecursionError
    return spec


def _kept_spec(wire: AnyObject | PolicyEndpoint | Reduced, kind: Kind) -> msgspec.Raw:
    if isinstance(wire, PolicyEndpoint):
        return _endpoint_spec(wire)
    return _reduced(wire) if isinstance(wire, Reduced) else _spec(wire, kind)


def _reduced(wire: Reduced) -> msgspec.Raw:
    """What stands beside the metadata. What Kyverno would generate is kept of network policies alone."""
    if isinstance(wire, KyvernoPolicy):
        for rule in (wire.spec and wire.spec.rules) or ():
            if rule.generate is not None and not (rule.generate.kind or "").endswith("NetworkPolicy"):
                rule.generate.data = ABSENT
    fields = msgspec.structs.fields(wire)
    own = {field.encode_name: getattr(wire, field.name) for field in fields if field.name not in _IDENTITY}
    return msgspec.Raw(msgspec.json.encode({name: value for name, value in own.items() if value is not None}))


def _endpoint_spec(wire: PolicyEndpoint) -> msgspec.Raw:
    if wire.spec is None or wire.spec.policy_ref in _NOTHING:
        return msgspec.Raw(b"{}")
    return msgspec.Raw(msgspec.json.encode({"policyRef": wire.spec.policy_ref}))


def _spec(wire: AnyObject, kind: Kind) -> msgspec.Raw:
    """The spec's own bytes: a copy, so that the page it came from can go. Cilium's `specs` becomes a list of specs.

    Other kinds have no `specs`: to the API server that is a field it does not know, and drops.
    """
    if wire.specs in _NOTHING or kind.group != "cilium.io":
        return msgspec.Raw(b"{}") if wire.spec in _NOTHING else wire.spec.copy()
    own = [] if wire.spec in _NOTHING else [wire.spec]
    return msgspec.Raw(msgspec.json.encode([*own, *msgspec.json.decode(wire.specs, type=list[msgspec.Raw])]))
