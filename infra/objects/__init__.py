"""From Kubernetes objects, in any order and from any source, to the parts of a snapshot."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any

import msgspec

from infra.kinds import ENTRY_POINT_KINDS, POLICY_KINDS, SETTING_KINDS, WORKLOAD_KINDS
from infra.objects.addresses import address_range, plain, valid
from infra.objects.cluster import api_object, config_map, node
from infra.objects.endpoints import endpoint_slice, is_written, mirrored
from infra.objects.gateway import gateway, route
from infra.objects.kept import kept_values
from infra.objects.network import ingress, openshift_route, service
from infra.objects.owners import Owners
from infra.objects.pieces import Pieces, Shape
from infra.objects.pods import pod
from infra.objects.workloads import Workloads
from infra.text import printable
from infra.wire import Metadata, Namespace
from infra.wire import Pod as WirePod
from scanner.kept import KEPT_ANNOTATIONS
from scanner.model import NAME_LABEL, ApiObject, EntryPoint, Node, Notice, Origin, Pod, Source, WorkloadRef
from scanner.model import Namespace as StoredNamespace

Key = tuple[str, str, str]  # resource, namespace and name
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_Namespace = tuple[dict[str, str], dict[str, str], str, Origin | None]  # labels, annotations, created, origin
_IMPLIED: _Namespace = ({}, {}, "", None)  # one that is only known from what stands in it


class Objects:
    """Takes objects in any order; `fields` gives them as a snapshot holds them, sorted, owners followed to the top.

    Of two objects with one resource, namespace and name the last one counts.
    """

    def __init__(self) -> None:
        self.pieces = Pieces()
        self._namespaces: dict[str, _Namespace] = {}
        self._owners = Owners()
        self._workloads = Workloads(self._owners, self.pieces)
        self._pods: dict[str, dict[str, Pod]] = {}  # by namespace, then by name
        self._parts: dict[str, dict[Key, tuple[Any, ...]]] = {}
        self._notices: dict[Key, list[Notice]] = {}

    def namespace(self, name: str) -> None:
        """Make sure that a namespace is there, with the one label that is certain."""
        self._namespaces.setdefault(name, _IMPLIED)

    def add(self, resource: str, wire_object: Any, origin: Origin | None = None) -> None:  # noqa: ANN401 - any of WIRE_TYPES
        """Take one object of `resource` in the wire form that `LIST_TYPES` names.

        Nothing of it is kept but what the snapshot holds, so a page's bytes can go as soon as its objects are added.
        Raises what decoding raises (msgspec.DecodeError, UnicodeDecodeError) for a part that the parser only skipped over.
        """
        if resource == "pods":
            self.pod(wire_object, self.pieces.shape(wire_object), origin)
            return
        metadata: Metadata = wire_object.metadata
        namespace = metadata.namespace or ""
        if namespace and namespace not in self._namespaces:
            self.namespace(namespace)
        key = (resource, namespace, metadata.name)
        if self._notices:
            self._notices.pop(key, None)
        if resource == "namespaces":
            self._namespace_object(wire_object, origin)
        elif resource in WORKLOAD_KINDS:
            self._workloads.add(resource, wire_object, namespace, origin)
        else:
            part, items = self._stored(resource, wire_object, namespace, origin)
            self._parts.setdefault(part, {})[key] = tuple(items)

    def add_all(self, resource: str, wire_objects: Iterable[Any]) -> int:
        """Take many objects of `resource`; returns how many could not be, for what the parser only skipped over was broken."""
        broken = 0
        if resource == "pods":
            shape, pod_ = self.pieces.shape, self.pod
            for item in wire_objects:
                try:
                    pod_(item, shape(item))
                except _BROKEN:
                    broken += 1
            return broken
        for item in wire_objects:
            try:
                self.add(resource, item)
            except _BROKEN:
                broken += 1
        return broken

    def forget(self, resource: str) -> None:
        """Drop every object of `resource`, for a list that is begun anew: what was deleted meanwhile must not stay."""
        self._notices = {key: found for key, found in self._notices.items() if key[0] != resource}
        if resource == "pods":
            self._pods.clear()
        elif resource in WORKLOAD_KINDS:
            self._workloads.forget(resource)
        for part, items in self._parts.items():
            self._parts[part] = {key: found for key, found in items.items() if key[0] != resource}
        written = {} if resource == "namespaces" else self._namespaces
        self._namespaces = {name: found for name, found in written.items() if found is not _IMPLIED}
        stored = {key[1] for items in self._parts.values() for key in items}
        for name in (self._pods.keys() | self._workloads.namespaces() | stored) - {""}:
            self.namespace(name)

    def pod(self, wire: WirePod, shape: Shape, origin: Origin | None = None) -> None:
        """Take one pod, whose labels, owners and ports are known already."""
        namespace, name = wire.metadata.namespace or "", wire.metadata.name
        if namespace not in self._namespaces and namespace:
            self.namespace(namespace)
        if self._notices:
            self._notices.pop(("pods", namespace, name), None)
        found = pod(wire, namespace, shape, self.pieces.notes(wire.metadata.annotations), origin)
        self._pods.setdefault(namespace, {})[name] = found if plain(found.ips) else self._checked(found)

    def fields(self, source: Source) -> dict[str, Any]:
        """The snapshot's keyword arguments. In a folder of manifests, templates stand for pods that are not among them."""
        pods = [*self._owned()]
        notices = [notice for found in self._notices.values() for notice in found]
        if source is Source.MANIFESTS and (stand_ins := [*self._workloads.stand_ins(pods)]):
            pods = sorted((*pods, *stand_ins), key=_pod_place)
        if source is Source.MANIFESTS:
            notices += self._workloads.unseen(pods)
        services = self._part("services", _place)
        written = {_place(item) for item in services if is_written(item)}
        entry_points = self._part("entry_points", _kinded)
        return {
            "namespaces": tuple(
                StoredNamespace(
                    name=name,
                    labels=dict(sorted((labels | {NAME_LABEL: name}).items())),
                    annotations=notes,
                    created=created,
                    origin=origin,
                )
                for name, (labels, notes, created, origin) in sorted(self._namespaces.items())
            ),
            "pods": tuple(pods),
            "nodes": self._part("nodes", lambda item: item.name),
            "daemon_sets": self._workloads.daemon_sets(),
            "services": services,
            "endpoint_slices": tuple(
                item for item in self._part("endpoint_slices", _place) if (item.namespace, item.service) in written
            ),
            "entry_points": entry_points,
            "gateways": self._part("gateways", _place),
            "config_maps": self._part("config_maps", _place),
            "policies": self._part("policies", _kind_place),
            "settings": self._part("settings", _kind_place),
            "notices": (*notices, *_crossing(entry_points)),
        }

    def _stored(
        self,
        resource: str,
        wire: Any,  # noqa: ANN401 - any of WIRE_TYPES
        namespace: str,
        origin: Origin | None,
    ) -> tuple[str, Iterable[Any]]:
        """The snapshot's part that an object belongs to, and what it becomes there."""
        found: Any
        name = wire.metadata.name
        if resource in POLICY_KINDS:
            part, found = "policies", api_object(wire, POLICY_KINDS[resource], namespace, origin)
        elif resource in SETTING_KINDS:
            part, found = "settings", api_object(wire, SETTING_KINDS[resource], namespace, origin)
        elif resource == "services":
            part, found = resource, service(wire, namespace, origin)
        elif resource == "endpointslices.discovery.k8s.io":
            refuse = self._refusal(resource, "EndpointSlice", namespace, name, "endpoints")
            part, found = "endpoint_slices", endpoint_slice(wire, namespace, origin, refuse)
        elif resource == "endpoints":
            refuse = self._refusal(resource, "Endpoints", namespace, name, "subsets")
            return "endpoint_slices", mirrored(wire, namespace, origin, refuse)
        elif resource == "gateways.gateway.networking.k8s.io":
            part, found = "gateways", gateway(wire, namespace, origin)
        elif resource == "nodes":
            refuse = self._refusal(resource, "Node", "", name, "spec.podCIDRs")
            part, found = resource, self._node(node(wire), refuse)
        elif resource == "configmaps":
            part, found = "config_maps", config_map(wire, namespace)
        else:
            part, found = "entry_points", _entry_point(resource, wire, namespace, origin)
        return part, () if found is None else (found,)

    def _node(self, found: Node, refuse: Callable[[str], None]) -> Node:
        ranges = valid(found.pod_cidrs, address_range, refuse)
        return found if ranges == found.pod_cidrs else msgspec.structs.replace(found, pod_cidrs=ranges)

    def _part(self, name: str, place: Callable[[Any], Any]) -> tuple[Any, ...]:
        found = (item for items in self._parts.get(name, {}).values() for item in items)
        return tuple(sorted(found, key=place))

    def _checked(self, found: Pod) -> Pod:
        """The pod less what is no address, for a snapshot that held that could not be read."""
        refuse = self._refusal("pods", "Pod", found.namespace, found.name, "status.podIPs")
        kept = valid(found.ips, ipaddress.ip_address, refuse)
        return found if kept == found.ips else msgspec.structs.replace(found, ips=kept)

    def _refusal(self, resource: str, kind: str, namespace: str, name: str, field: str) -> Callable[[str], None]:
        """What names a text that is no address."""

        def refuse(text: str) -> None:
            message = f'"{printable(text, 60)}" is no IP address or range, so it is left out: mend it'
            identity = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
            notice = Notice(object=identity, field=field, message=message)
            self._notices.setdefault((resource, namespace, name), []).append(notice)

        return refuse

    def _namespace_object(self, wire: Namespace, origin: Origin | None) -> None:
        labels = {key: value or "" for key, value in (wire.metadata.labels or {}).items()}
        notes = kept_values(wire.metadata.annotations, KEPT_ANNOTATIONS)
        self._namespaces[wire.metadata.name] = labels, notes, wire.metadata.creation_timestamp or "", origin

    def _owned(self) -> Iterator[Pod]:
        """The pods in order, with their topmost owners; what replicas have in common is looked up once."""
        tops: dict[tuple[str, int, int], WorkloadRef] = {}
        for namespace, pods in sorted(self._pods.items(), key=itemgetter(0)):
            for name in sorted(pods):
                item = pods[name]
                ref, labels = item.workload, item.labels
                key = (namespace, id(ref), id(labels))
                top = tops.get(key)
                if top is None:
                    top = tops[key] = self._owners.top(namespace, ref, labels)
                if top is not ref:  # made here, and nobody else has it yet: a copy of each of 60,000 pods for nothing
                    msgspec.structs.force_setattr(item, "workload", top)
                yield item


def _entry_point(resource: str, wire: Any, namespace: str, origin: Origin | None) -> EntryPoint:  # noqa: ANN401
    if resource == "ingresses.networking.k8s.io":
        return ingress(wire, namespace, origin)
    if resource == "routes.route.openshift.io":
        return openshift_route(wire, namespace, origin)
    return route(wire, ENTRY_POINT_KINDS[resource].name, namespace, origin)


def _crossing(entry_points: Iterable[EntryPoint]) -> Iterator[Notice]:
    """Backends in other namespaces; only a Gateway API route can have one."""
    for entry in entry_points:
        for backend in entry.services:
            if not backend.startswith(f"{entry.namespace}/"):
                message = (
                    f"counts as leading to {backend} in another namespace: check that a ReferenceGrant there allows it"
                )
                identity = f"{entry.kind} {entry.namespace}/{entry.name}"
                yield Notice(object=identity, field="spec.rules", message=message)


def _place(item: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever has a namespace and a name
    return item.namespace, item.name


def _pod_place(item: Pod) -> tuple[str, str, str, str]:
    return item.namespace, item.name, item.workload.kind, item.workload.name


def _kinded(item: EntryPoint) -> tuple[str, str, str]:
    return item.namespace, item.name, item.kind


def _kind_place(item: ApiObject) -> tuple[str, str, str, str]:
    return item.namespace, item.name, item.kind, item.api_version


__all__ = ["Objects"]
