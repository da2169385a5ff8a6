"""The view of one cluster, built as far as somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from scanner.baselines.matching import tier_of
from scanner.controls.balancers import EdgePods
from scanner.controls.base import POLICIES, Case, bounded
from scanner.dataplane.model import Enforcing
from scanner.facts.levels import UNKNOWN, Levels
from scanner.facts.model import (
    LISTS,
    ClusterView,
    DataPlaneView,
    EntryPointView,
    Maybe,
    NamespaceView,
    NodeView,
    PolicyView,
    PortView,
    ServiceView,
    View,
    WorkloadView,
)
from scanner.facts.outside import entry_point_views, node_views, service_views
from scanner.facts.policies import policy_views
from scanner.model import Pod
from scanner.reach.population import workload_id

_INGRESSES = "ingresses.networking.k8s.io"
_PROBE = "Internet"  # in the names of the fields that take the most work


class Facts:
    """Everything that an own control may ask of a cluster. `text` is all that is asked: what it does not name costs nothing."""

    def __init__(self, case: Case, text: str = _PROBE) -> None:
        self._case = case
        self._internet = _PROBE in text

    def view(self, wanted: frozenset[str] = frozenset(LISTS)) -> View:
        """The cluster and the wanted lists (by their names in expressions), less those that were not read whole."""
        built = {name: getattr(self, attribute) for name, attribute in _BUILDERS.items() if name in wanted}
        known = {_BUILDERS[name]: value for name, value in built.items() if not self.missing(name)}
        return View(cluster=self.cluster, **known)

    def missing(self, name: str) -> tuple[str, ...]:
        """Why a list is not there, a sentence each; empty where it is."""
        gaps = self._case.missing(*_NEEDS[name])
        if name == "policies" and self._case.unmodelled:
            gaps += tuple(f"{policy} cannot be judged" for policy in self._case.unmodelled)
        return bounded(gaps)

    def doubts(self) -> tuple[str, ...]:
        """What may leave a field unknown though its object was read, a sentence each."""
        case = self._case
        gaps = list(case.missing("namespaces", "pods", "services", _INGRESSES, POLICIES))
        gaps += [f"{policy} cannot be judged" for policy in case.unmodelled]
        plane = case.dataplane
        if plane.enforcing != "yes" or plane.mode != "enforcing":
            gaps.append(f"data plane {plane.name}: enforcing {plane.enforcing} ({plane.reason}), mode {plane.mode}")
        return bounded(gaps)

    @cached_property
    def cluster(self) -> ClusterView:
        """The cluster itself, which is always known by its address."""
        snapshot, plane = self._case.snapshot, self._case.dataplane
        return ClusterView(
            name=snapshot.cluster.name,
            cloud=self._case.cloud.value,
            account=snapshot.cluster.account,
            location=snapshot.cluster.location,
            tier=tier_of(self._case.config, snapshot.cluster),
            source=snapshot.source.value,
            kubernetes_version=snapshot.kubernetes_version or msgspec.UNSET,
            dataplane=DataPlaneView(
                name=plane.name,
                version=plane.version,
                enforcing=msgspec.UNSET if plane.enforcing is Enforcing.UNKNOWN else plane.enforcing.value,
                mode=msgspec.UNSET if plane.enforcing is Enforcing.UNKNOWN else plane.mode,
            ),
        )

    @cached_property
    def namespaces(self) -> tuple[NamespaceView, ...]:
        """Every namespace, sorted by name."""
        case = self._case
        judged = not case.missing("namespaces", POLICIES)
        running: dict[str, set[str]] = {}
        for pod in case.pods:
            running.setdefault(pod.namespace, set()).add(workload_id(pod))
        return tuple(
            NamespaceView(
                name=item.name,
                labels=item.labels,
                platform=case.is_platform(item.name),
                workloads=msgspec.UNSET if case.missing("pods") else tuple(sorted(running.get(item.name, ()))),
                declared=self._declared.of_namespace(item.name) if judged else UNKNOWN,
                effective=self._effective.of_namespace(item.name) if judged else UNKNOWN,
            )
            for item in sorted(case.snapshot.namespaces, key=lambda item: item.name)
        )

    @cached_property
    def workloads(self) -> tuple[WorkloadView, ...]:
        """Every workload with a running pod, sorted by id."""
        found: dict[str, list[Pod]] = {}
        for pod in self._case.pods:
            found.setdefault(workload_id(pod), []).append(pod)
        return tuple(self._workload(key, found[key]) for key in sorted(found))

    @cached_property
    def policies(self) -> tuple[PolicyView, ...]:
        """Every policy of every kind that can be judged."""
        return policy_views(self._case, counted=not self._case.missing("namespaces", "pods"))

    @cached_property
    def services(self) -> tuple[ServiceView, ...]:
        """Every Service, sorted."""
        return service_views(self._case)

    @cached_property
    def entry_points(self) -> tuple[EntryPointView, ...]:
        """Every Ingress and route, sorted."""
        return entry_point_views(self._case)

    @cached_property
    def nodes(self) -> tuple[NodeView, ...]:
        """Every node, sorted."""
        return node_views(self._case)

    def _workload(self, key: str, pods: list[Pod]) -> WorkloadView:
        first, case = pods[0], self._case
        shared = set(first.labels.items()).intersection(*(pod.labels.items() for pod in pods[1:]))
        judged = not case.missing("namespaces", "pods", POLICIES)
        return WorkloadView(
            id=key,
            namespace=first.namespace,
            kind=first.workload.kind,
            name=first.workload.name,
            labels=dict(sorted(shared)),
            platform=case.is_platform(first.namespace),
            pods=len(pods),
            host_network=any(pod.host_network for pod in pods),
            service_accounts=tuple(sorted({pod.service_account for pod in pods if pod.service_account})),
            ports=_ports(pods),
            edge=self._edge(pods),
            sensitive=any(
                case.declared_as(case.config.sensitive, pod.namespace, pod.workload.name, pod.labels) for pod in pods
            ),
            declared=self._declared.of_pods(pods) if judged else UNKNOWN,
            effective=self._effective.of_pods(pods) if judged else UNKNOWN,
        )

    def _edge(self, pods: list[Pod]) -> Maybe:
        distinct = {frozenset(pod.labels.items()): pod for pod in pods}
        if any(self._edges.why(pod) for pod in distinct.values()):
            return True
        return msgspec.UNSET if self._ways_unread else False

    @cached_property
    def _edges(self) -> EdgePods:
        return EdgePods(self._case)

    @cached_property
    def _ways_unread(self) -> bool:
        routes = [kind for kind in self._case.snapshot.collection if kind.partition(".")[0].endswith("routes")]
        return bool(self._case.missing("services", _INGRESSES, *sorted(routes)))

    @cached_property
    def _declared(self) -> Levels:
        return Levels(self._case, self._case.declared, internet=self._internet)

    @cached_property
    def _effective(self) -> Levels:
        return Levels(self._case, self._case.effective, internet=self._internet)


def _ports(pods: list[Pod]) -> tuple[PortView, ...]:
    found = {(port.port, port.protocol, port.name, port.host_port) for pod in pods for port in pod.ports}
    return tuple(
        PortView(port=port, protocol=protocol, name=name, host_port=host)
        for port, protocol, name, host in sorted(found)
    )


_BUILDERS: Mapping[str, str] = {
    "namespaces": "namespaces",
    "workloads": "workloads",
    "policies": "policies",
    "services": "services",
    "entryPoints": "entry_points",
    "nodes": "nodes",
}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "namespaces": ("namespaces",),
    "workloads": ("pods",),
    "policies": (POLICIES,),
    "services": ("services",),
    "entryPoints": (_INGRESSES,),
    "nodes": ("nodes",),
}


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `facts/v1`: the variables of an expression besides `self`, as one object."""
    found = msgspec.json.schema(View)
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["title"] = "facts/v1: what an own control may look at"
    return found
