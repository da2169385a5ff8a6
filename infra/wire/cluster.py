"""Nodes, and the ConfigMaps that configure a data plane."""

from __future__ import annotations

import msgspec

from infra.wire.metadata import Metadata, Wire
from infra.wire.workloads import Condition


class Taint(Wire):
    """A node's taint."""

    key: str = ""
    value: str | None = None
    effect: str = ""


class NodeSpec(Wire):
    """A node's spec."""

    provider_id: str | None = msgspec.field(name="providerID", default=None)
    unschedulable: bool | None = None
    pod_cidr: str | None = msgspec.field(name="podCIDR", default=None)
    pod_cidrs: list[str] | None = msgspec.field(name="podCIDRs", default=None)
    taints: list[Taint] | None = None


class NodeInfo(Wire):
    """What the kubelet says of its machine."""

    operating_system: str = ""
    kernel_version: str = ""


class NodeAddress(Wire):
    """One address of a node; `type` is InternalIP, ExternalIP, Hostname and the like."""

    type: str = ""
    address: str = ""


class NodeStatus(Wire):
    """A node's status."""

    node_info: NodeInfo | None = None
    conditions: list[Condition] | None = None
    addresses: list[NodeAddress] | None = None


class Node(Wire):
    """A node."""

    metadata: Metadata
    spec: NodeSpec | None = None
    status: NodeStatus | None = None


class ConfigMap(Wire):
    """A ConfigMap; values stay raw unless `KEPT_CONFIG` has their key."""

    metadata: Metadata
    data: dict[str, msgspec.Raw] | None = None
