"""The Kubernetes API's own form of the objects ringfence reads, reduced to the fields that judging needs.

Lenient on purpose: what is not named here is skipped by the parser, so environment values, arguments and annotations never
become objects unless they are kept; `null` stands for absent wherever the API server allows it. Free-form values are `Raw`:
views on the body that only the kept keys are read from. What a manifest may say is checked in `infra/manifests`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from infra.kinds import ENTRY_POINT_KINDS, KINDS, WORKLOAD_KINDS
from infra.wire.cluster import ConfigMap, Node
from infra.wire.evidence import REDUCED_TYPES, Reduced
from infra.wire.gateway import Gateway, Route
from infra.wire.metadata import AnyObject, Metadata, Namespace, PodMetadata, PolicyEndpoint, Wire
from infra.wire.network import Endpoints, EndpointSlice, Ingress, OpenShiftRoute, Service
from infra.wire.workloads import CronJob, DaemonSet, Pod, Rollout, Workload

__all__ = [
    "LIST_TYPES",
    "WIRE_TYPES",
    "AnyObject",
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "EndpointSlice",
    "Endpoints",
    "Gateway",
    "Ingress",
    "ListMetadata",
    "Metadata",
    "Namespace",
    "Node",
    "ObjectList",
    "OpenShiftRoute",
    "Pod",
    "PodMetadata",
    "PolicyEndpoint",
    "Reduced",
    "Rollout",
    "Route",
    "Service",
    "Wire",
    "Workload",
]

T = TypeVar("T")


class ListMetadata(Wire):
    """A list's own metadata. `continue_` is the token of the next page, empty on the last one."""

    continue_: str | None = msgspec.field(name="continue", default=None)
    resource_version: str | None = None
    remaining_item_count: int | None = None


class ObjectList(Wire, Generic[T]):
    """One page of a list."""

    metadata: ListMetadata
    items: list[T] | None = None


_TYPES: dict[str, Any] = {
    "namespaces": Namespace,
    "pods": Pod,
    "nodes": Node,
    "services": Service,
    "configmaps": ConfigMap,
    "endpointslices.discovery.k8s.io": EndpointSlice,
    "endpoints": Endpoints,
    "gateways.gateway.networking.k8s.io": Gateway,
    **dict.fromkeys(WORKLOAD_KINDS, Workload),
    "daemonsets.apps": DaemonSet,
    "cronjobs.batch": CronJob,
    "rollouts.argoproj.io": Rollout,
    "policyendpoints.networking.k8s.aws": PolicyEndpoint,
    "clusterpolicyendpoints.networking.k8s.aws": PolicyEndpoint,
    **dict.fromkeys(ENTRY_POINT_KINDS, Route),
    **REDUCED_TYPES,
    "ingresses.networking.k8s.io": Ingress,
    "routes.route.openshift.io": OpenShiftRoute,
}

# Resource -> the type of one object, and of one page of its list (a msgspec type to decode with).
WIRE_TYPES: Mapping[str, Any] = {resource: _TYPES.get(resource, AnyObject) for resource in KINDS}
LIST_TYPES: Mapping[str, Any] = {resource: ObjectList[form] for resource, form in WIRE_TYPES.items()}  # type: ignore[valid-type]
