"""What an own control may look at. A field that is not there could not be established; it is never false instead.

The names are a promise: within `facts/v1` fields are added, never renamed, and never mean something else.
docs/policy-as-code.md lists them, which a test holds against these structs.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

Maybe = bool | msgspec.UnsetType


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base: camelCase, and what is not known is left out."""


class DataPlaneView(_View, frozen=True, kw_only=True):
    """The network-policy engine that was detected, `none` where there is none; `version` is empty where it cannot be told.

    `enforcing` is yes, no or partly; `mode` is enforcing, or what it does instead (audit, never, …). Both are known or neither.
    """

    name: str
    version: str
    enforcing: str | msgspec.UnsetType = msgspec.UNSET
    mode: str | msgspec.UnsetType = msgspec.UNSET


class ClusterView(_View, frozen=True, kw_only=True):
    """The cluster. `cloud` is aws, gcp, azure or other; `tier` prod, staging or dev; `source` cluster or manifests."""

    name: str
    cloud: str
    account: str
    location: str
    tier: str
    source: str
    kubernetes_version: str | msgspec.UnsetType = msgspec.UNSET
    dataplane: DataPlaneView


class LevelView(_View, frozen=True, kw_only=True):
    """What policy makes of pods at one level of truth.

    `isolated_*`: some policy isolates every one of them in that direction, so that only what rules allow passes.
    `admits_internet`, `reaches_internet`: policy lets at least one public address in, or lets one of them out to at least one.
    """

    isolated_ingress: Maybe = msgspec.UNSET
    isolated_egress: Maybe = msgspec.UNSET
    admits_internet: Maybe = msgspec.UNSET
    reaches_internet: Maybe = msgspec.UNSET


class NamespaceView(_View, frozen=True, kw_only=True):
    """A namespace. Its levels are those of a pod without labels that somebody might create in it tomorrow.

    `workloads` are the ids of the workloads with running pods in it; `platform` says that it belongs to the platform.
    """

    name: str
    labels: dict[str, str]
    platform: bool
    workloads: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    declared: LevelView
    effective: LevelView


class PortView(_View, frozen=True, kw_only=True):
    """A port that a container declares; `host_port` is 0 for none."""

    port: int
    protocol: str
    name: str
    host_port: int


class WorkloadView(_View, frozen=True, kw_only=True):
    """The running pods of one top owner; `id` is "namespace/name[Kind]" and `labels` those that all its pods carry.

    `edge`: declared under `baseline.edge`, or behind an Ingress, a route or a limited balancer. `sensitive`: declared so.
    """

    id: str
    namespace: str
    kind: str
    name: str
    labels: dict[str, str]
    platform: bool
    pods: int
    host_network: bool
    service_accounts: tuple[str, ...]
    ports: tuple[PortView, ...]
    edge: Maybe = msgspec.UNSET
    sensitive: bool
    declared: LevelView
    effective: LevelView


class RulePortView(_View, frozen=True, kw_only=True):
    """One entry of a rule's ports: a range of numbers, or the `name` of a container's port (then 1 to 65535)."""

    protocol: str
    first: int
    last: int
    name: str


class PeerView(_View, frozen=True, kw_only=True):
    """One peer of a rule. `kind` is pods, cidr, name (a DNS name or pattern) or entity; what the kind lacks is empty.

    Of `pods`: `all_pods` says that the pod selector is empty, `own_namespace` that it looks in the policy's namespace only,
    `all_namespaces` that it looks in every one.
    """

    kind: str
    cidr: str = ""
    excepts: tuple[str, ...] = ()
    name: str = ""
    entity: str = ""
    all_pods: bool = False
    own_namespace: bool = False
    all_namespaces: bool = False


class RuleView(_View, frozen=True, kw_only=True):
    """One rule; `name` is its place in the policy ("ingress[0]"), `action` is allow, deny or pass.

    Where `all_peers` (or `all_ports`) is true the list of peers (of ports) is empty, for the rule names none and means all.
    """

    name: str
    direction: str
    action: str
    all_peers: bool
    all_ports: bool
    peers: tuple[PeerView, ...]
    ports: tuple[RulePortView, ...]


class PolicyView(_View, frozen=True, kw_only=True):
    """A policy of any kind that can be judged; `namespace` is empty for cluster-scoped kinds, `id` is "Kind namespace/name".

    `directions` are those in which it isolates what it selects; `selects_all`: its pod selector is empty; `selects_pods` is
    how many running pods it selects.
    """

    id: str
    kind: str
    namespace: str
    name: str
    platform: bool
    tier: str
    directions: tuple[str, ...]
    selects_all: bool
    selects_pods: int | msgspec.UnsetType = msgspec.UNSET
    rules: tuple[RuleView, ...]


class ServicePortView(_View, frozen=True, kw_only=True):
    """A port of a Service; `node_port` is 0 for none."""

    port: int
    protocol: str
    name: str
    node_port: int


class ServiceView(_View, frozen=True, kw_only=True):
    """A Service. `workloads` are the ids of those it selects, not known for one without a selector.

    `internet_facing`: its load balancer faces the internet (false for one without a balancer; a node port does not count).
    `source_ranges` are the sources that its balancer is limited to; empty means any.
    """

    id: str
    namespace: str
    name: str
    platform: bool
    type: str
    selector: dict[str, str]
    ports: tuple[ServicePortView, ...]
    external_ips: tuple[str, ...]
    source_ranges: tuple[str, ...]
    internet_facing: Maybe = msgspec.UNSET
    workloads: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class EntryPointView(_View, frozen=True, kw_only=True):
    """An Ingress, a Gateway API route or an OpenShift Route. `services` are its backends as "namespace/name".

    `hosts` are the names it serves, "" or none at all for every name. `tls` is not known of Gateway API routes, whose
    certificates are their Gateway's.
    """

    id: str
    kind: str
    namespace: str
    name: str
    platform: bool
    class_name: str
    hosts: tuple[str, ...]
    services: tuple[str, ...]
    tls: Maybe = msgspec.UNSET


class NodeView(_View, frozen=True, kw_only=True):
    """A node; `os` and `kernel` are empty where the kubelet has not said. `external_addresses` face the internet."""

    name: str
    labels: dict[str, str]
    os: str
    kernel: str
    ready: bool
    external_addresses: tuple[str, ...]


class View(_View, frozen=True, kw_only=True):
    """The variables of an expression besides `self`. A list that could not be read whole is not there."""

    cluster: ClusterView
    namespaces: tuple[NamespaceView, ...] | msgspec.UnsetType = msgspec.UNSET
    workloads: tuple[WorkloadView, ...] | msgspec.UnsetType = msgspec.UNSET
    policies: tuple[PolicyView, ...] | msgspec.UnsetType = msgspec.UNSET
    services: tuple[ServiceView, ...] | msgspec.UnsetType = msgspec.UNSET
    entry_points: tuple[EntryPointView, ...] | msgspec.UnsetType = msgspec.UNSET
    nodes: tuple[NodeView, ...] | msgspec.UnsetType = msgspec.UNSET


# The lists as expressions name them, and what one of their members is.
LISTS: Mapping[str, type[msgspec.Struct]] = {
    "namespaces": NamespaceView,
    "workloads": WorkloadView,
    "policies": PolicyView,
    "services": ServiceView,
    "entryPoints": EntryPointView,
    "nodes": NodeView,
}

# What `self` is in each scope: the list it walks over, empty for the cluster itself.
SCOPES: Mapping[str, str] = {
    "cluster": "",
    "namespace": "namespaces",
    "workload": "workloads",
    "policy": "policies",
    "service": "services",
    "entry-point": "entryPoints",
}
