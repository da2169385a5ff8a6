"""From Kubernetes objects, in any order and from any source, to the parts of a snapshot."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from infra.kinds import ENTRY_POINT_KINDS, POLICY_KINDS, SETTING_KINDS, WORKLOAD_KINDS
from infra.objects.cluster import api_object, config_map, node
from infra.objects.kept import kept_values
from infra.objects.network import ingress, route, service
from infra.objects.owners import Owners, controller
from infra.objects.pods import daemon_set, pod, template
from infra.text import printable
from infra.wire import CronJob, Metadata, Namespace, PodMetadata
from infra.wire.workloads import AgentTemplate, PodTemplate
from scanner.kept import KEPT_ANNOTATIONS
from scanner.model import (
    ApiObject,
    ConfigMap,
    DaemonSet,
    EntryPoint,
    Node,
    Notice,
    Origin,
    Pod,
    Service,
    Source,
    WorkloadRef,
)
from scanner.model import Namespace as StoredNamespace

_NAME_LABEL = "kubernetes.io/metadata.name"  # set by the API server on every namespace, and not to be changed


class Objects:
    """Takes objects in any order; `fields` gives them as a snapshot holds them, sorted, owners followed to the top."""

    def __init__(self) -> None:
        self._namespaces: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        self._named: set[str] = set()  # namespaces that an object stands for
        self._owners = Owners()
        self._pods: list[Pod] = []
        self._templates: list[Pod] = []
        self._nodes: list[Node] = []
        self._daemon_sets: list[DaemonSet] = []
        self._services: list[Service] = []
        self._entry_points: list[EntryPoint] = []
        self._config_maps: list[ConfigMap] = []
        self._policies: list[ApiObject] = []
        self._settings: list[ApiObject] = []
        self._notices: list[Notice] = []

    def namespace(self, name: str) -> None:
        """Make sure that a namespace is there, with the one label that is certain."""
        self._namespaces.setdefault(name, ({}, {}))

    def add(self, resource: str, wire_object: Any, origin: Origin | None = None) -> None:  # noqa: ANN401 - any of WIRE_TYPES
        """Take one object of `resource` in the wire form that `LIST_TYPES` names.

        Nothing of it is kept but what the snapshot holds, so a page's bytes can go as soon as its objects are added.
        """
        metadata: Metadata | PodMetadata = wire_object.metadata
        namespace = metadata.namespace or ""
        if namespace:
            self.namespace(namespace)
        if resource in WORKLOAD_KINDS:
            self._workload(WORKLOAD_KINDS[resource].name, wire_object, namespace)
        elif resource in POLICY_KINDS:
            self._policies.append(api_object(wire_object, POLICY_KINDS[resource], namespace, origin))
        elif resource in SETTING_KINDS:
            self._settings.append(api_object(wire_object, SETTING_KINDS[resource], namespace, origin))
        elif resource == "ingresses.networking.k8s.io":
            self._entry_points.append(ingress(wire_object, namespace, origin))
        elif resource in ENTRY_POINT_KINDS:
            self._route(route(wire_object, ENTRY_POINT_KINDS[resource].name, namespace, origin))
        else:
            self._object(resource, wire_object, namespace, origin)

    def fields(self, source: Source) -> dict[str, Any]:
        """The snapshot's keyword arguments. In a folder of manifests, templates stand for pods that are not among them."""
        pods = [self._owned(item) for item in self._pods]
        if source is Source.MANIFESTS:
            pods += self._stand_ins(pods)
        pods.sort(key=lambda item: (item.namespace, item.name, item.workload.kind, item.workload.name))
        return {
            "namespaces": tuple(
                StoredNamespace(
                    name=name, labels=dict(sorted((labels | {_NAME_LABEL: name}).items())), annotations=notes
                )
                for name, (labels, notes) in sorted(self._namespaces.items())
            ),
            "pods": tuple(pods),
            "nodes": tuple(sorted(self._nodes, key=lambda item: item.name)),
            "daemon_sets": tuple(sorted(self._daemon_sets, key=_place)),
            "services": tuple(sorted(self._services, key=_place)),
            "entry_points": tuple(sorted(self._entry_points, key=lambda item: (*_place(item), item.kind))),
            "config_maps": tuple(sorted(self._config_maps, key=_place)),
            "policies": tuple(sorted(self._policies, key=_kind_place)),
            "settings": tuple(sorted(self._settings, key=_kind_place)),
            "notices": tuple(self._notices),
        }

    def _object(self, resource: str, wire: Any, namespace: str, origin: Origin | None) -> None:  # noqa: ANN401
        match resource:
            case "pods":
                found = pod(wire, namespace)
                kept = self._valid(f"Pod {namespace}/{found.name}", "status.podIPs", found.ips, ipaddress.ip_address)
                self._pods.append(found if kept == found.ips else msgspec.structs.replace(found, ips=kept))
            case "namespaces":
                self._namespace_object(wire)
            case "nodes":
                place = node(wire)
                ranges = self._valid(f"Node {place.name}", "spec.podCIDRs", place.pod_cidrs, _network)
                self._nodes.append(
                    place if ranges == place.pod_cidrs else msgspec.structs.replace(place, pod_cidrs=ranges)
                )
            case "services":
                self._services.append(service(wire, namespace, origin))
            case "configmaps":
                if (settings := config_map(wire, namespace)) is not None:
                    self._config_maps.append(settings)
            case _:
                raise KeyError(resource)

    def _valid(
        self, identity: str, field: str, texts: tuple[str, ...], parse: Callable[[str], object]
    ) -> tuple[str, ...]:
        """The texts that can be read as addresses; the others are named, for a snapshot that held them could not be read."""
        kept = []
        for text in texts:
            try:
                parse(text)
            except ValueError:
                message = f'"{printable(text, 60)}" is no IP address or range, so it is left out: mend it'
                self._notices.append(Notice(object=identity, field=field, message=message))
            else:
                kept.append(text)
        return tuple(kept)

    def _namespace_object(self, wire: Namespace) -> None:
        """Take a Namespace object. Of a second one with the same name (only a folder has those) the annotations count."""
        labels = {key: value or "" for key, value in (wire.metadata.labels or {}).items()}
        kept = kept_values(wire.metadata.annotations, KEPT_ANNOTATIONS)
        if wire.metadata.name in self._named:
            kept |= self._namespaces[wire.metadata.name][1]
            labels = self._namespaces[wire.metadata.name][0]
        self._named.add(wire.metadata.name)
        self._namespaces[wire.metadata.name] = (labels, kept)

    def _workload(self, kind: str, wire: Any, namespace: str) -> None:  # noqa: ANN401 - Workload, DaemonSet or CronJob
        ref = WorkloadRef(kind=kind, name=wire.metadata.name)
        self._owners.record(namespace, ref, controller(wire.metadata))
        if kind == "DaemonSet":
            self._daemon_sets.append(daemon_set(wire, namespace))
        superseded = kind == "ReplicaSet" and wire.spec and wire.spec.replicas == 0 and controller(wire.metadata)
        if not superseded and (found := _template(wire)):
            # The Job controller gives these labels to every pod of a Job, and policies may select by them.
            added = {"job-name": ref.name, "batch.kubernetes.io/job-name": ref.name} if kind == "Job" else {}
            self._templates.append(template(found, namespace, ref, added))

    def _route(self, found: EntryPoint) -> None:
        self._entry_points.append(found)
        for backend in found.services:
            if not backend.startswith(f"{found.namespace}/"):
                message = (
                    f"counts as leading to {backend} in another namespace: check that a ReferenceGrant there allows it"
                )
                identity = f"{found.kind} {found.namespace}/{found.name}"
                self._notices.append(Notice(object=identity, field="spec.rules", message=message))

    def _owned(self, item: Pod) -> Pod:
        top = self._owners.top(item.namespace, item.workload, item.labels)
        return item if top is item.workload else msgspec.structs.replace(item, workload=top)

    def _stand_ins(self, pods: list[Pod]) -> Iterator[Pod]:
        """Templates of workloads without a pod that runs: a workload's own before those of what it made."""
        running = {(item.namespace, item.workload) for item in pods if not item.finished}
        finished = {(item.namespace, item.workload) for item in pods if item.finished}
        owned: list[tuple[Pod, Pod]] = [(item, self._owned(item)) for item in self._templates]
        own = {(top.namespace, top.workload) for item, top in owned if top.workload == item.workload}
        for item, top in owned:
            key = (top.namespace, top.workload)
            done = top.workload.kind == "Job" and key in finished  # a Job makes its pods once
            if key not in running and not done and (top.workload == item.workload or key not in own):
                yield top


def _template(wire: Any) -> PodTemplate | AgentTemplate | None:  # noqa: ANN401 - Workload, DaemonSet or CronJob
    spec = wire.spec
    if isinstance(wire, CronJob):
        spec = wire.spec.job_template.spec if wire.spec and wire.spec.job_template else None
    found: PodTemplate | AgentTemplate | None = spec.template if spec else None
    return found


def _network(text: str) -> object:
    return ipaddress.ip_network(text, strict=False)


def _place(item: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever has a namespace and a name
    return item.namespace, item.name


def _kind_place(item: ApiObject) -> tuple[str, str, str, str]:
    return item.namespace, item.name, item.kind, item.api_version


__all__ = ["Objects"]
