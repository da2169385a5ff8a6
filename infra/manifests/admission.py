"""What an API server would refuse in an object: names, labels and ports (apimachinery's validation, core/v1's ports).

A cluster would not hold such an object, so judging it would judge nothing; and a name that no cluster accepts never gets
into reports or object keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from infra.objects.pieces import Pieces, Shape
from infra.objects.workloads import pod_template
from infra.text import printable
from infra.wire import CronJob, DaemonSet, Pod, Rollout, Service, Workload
from infra.wire.metadata import Metadata, OwnerReference, PodMetadata
from infra.wire.workloads import AgentPodSpec, PodSpec
from scanner.model import ContainerPort
from scanner.reach.model import PROTOCOLS

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9](?:-?[a-z0-9])*", re.ASCII)
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}", re.ASCII)
_PATH_NAMED = ".rbac.authorization.k8s.io"  # any name that can stand in a path (rbac/v1, ValidatePathSegmentName)
_LABEL_NAMED = frozenset({"namespaces", "services"})

# (field, what is wrong and the mend)
Refusal = tuple[str, str]


class Admission:
    """Looks at objects as an API server does. What many pods share (`pieces`) is looked at once."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._fine: set[int] = set()  # the id() of each shape and port list that is as it must be

    def pod(self, wire: Pod, shape: Shape) -> list[Refusal]:
        """Everything for which the API server would refuse a pod of that shape; none where it would take it."""
        metadata = wire.metadata
        named = _is_subdomain(metadata.name) and _is_label_name(metadata.namespace or "")
        if named and id(shape) in self._fine:
            return []
        refused = [*_labels("metadata.labels", shape.labels), *_references(shape.ownership.references)]
        if wire.spec is not None:
            refused += self._containers("spec", wire.spec)
        if not refused:
            self._fine.add(id(shape))
        return refused if named else [*_name("pods", metadata), *refused]

    def refusals(self, resource: str, wire: Any) -> list[Refusal]:  # noqa: ANN401 - any of WIRE_TYPES but Pod
        """Everything for which the API server would refuse the object; none where it would take it.

        Raises what `Pieces` raises, for a piece of the wrong shape.
        """
        return list(self._object(resource, wire))

    def _object(self, resource: str, wire: Any) -> Iterator[Refusal]:  # noqa: ANN401 - any of WIRE_TYPES but Pod
        metadata: Metadata = wire.metadata
        yield from _name(resource, metadata)
        yield from _labels("metadata.labels", metadata.labels)
        yield from _annotations(metadata.annotations)
        yield from _references(metadata.owner_references or ())
        if isinstance(wire, Service):
            yield from _service(wire)
        elif isinstance(wire, Workload | DaemonSet | CronJob):
            yield from self._template(wire)

    def _template(self, wire: Workload | DaemonSet | CronJob) -> Iterator[Refusal]:
        field = "spec.jobTemplate.spec.template" if isinstance(wire, CronJob) else "spec.template"
        template = pod_template(wire)
        if template is None:
            if not (isinstance(wire, Rollout) and wire.spec and wire.spec.workload_ref):
                yield field, "the workload has no pod template: add it"
            return
        if template.metadata:
            place = f"{field}.metadata.labels"
            yield from _labels(place, self._pieces.labels(template.metadata.labels, place))
        if template.spec is not None:
            yield from self._containers(f"{field}.spec", template.spec)

    def _containers(self, field: str, spec: PodSpec | AgentPodSpec) -> Iterator[Refusal]:
        for name, containers in (("containers", spec.containers), ("initContainers", spec.init_containers)):
            for container in containers or ():
                ports = self._pieces.entries(container.ports, f"{field}.{name}[...].ports")
                if id(ports) not in self._fine:
                    refused = [*_ports(f"{field}.{name}.ports", ports)]
                    if not refused:
                        self._fine.add(id(ports))
                    yield from refused


def _is_subdomain(name: str) -> bool:
    """Whether `name` is a DNS-1123 subdomain, which most names must be."""
    return len(name) <= 253 and _SUBDOMAIN.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def _is_label_name(name: str) -> bool:
    """Whether `name` is a DNS-1123 label, which namespaces' names must be."""
    return _LABEL.fullmatch(name) is not None


def _name(resource: str, metadata: Metadata | PodMetadata) -> Iterator[Refusal]:
    name, namespace = metadata.name, metadata.namespace
    if not name:
        yield "metadata.name", "the object has no name: add one"
    elif resource in _LABEL_NAMED and not _LABEL.fullmatch(name):
        yield "metadata.name", f"{_quoted(name)} is no DNS label: use at most 63 of a-z, 0-9 and -"
    elif resource.endswith(_PATH_NAMED):
        if name in {".", ".."} or any(mark in name for mark in "/%") or not name.isprintable():
            yield "metadata.name", f"{_quoted(name)} is no part of a path: leave out /, % and what cannot be printed"
    elif not _is_subdomain(name):
        yield "metadata.name", f"{_quoted(name)} is no DNS subdomain: use a-z, 0-9, - and ."
    if namespace and not _is_label_name(namespace):
        yield "metadata.namespace", f"{_quoted(namespace)} is no DNS label: use at most 63 of a-z, 0-9 and -"


def _labels(field: str, labels: Mapping[str, str | None] | None) -> Iterator[Refusal]:
    for key, value in (labels or {}).items():
        if not _is_label(key, value or ""):
            mend = "a key is [prefix/]name, a value at most 63 of letters, digits, -, _ and ."
            yield field, f"{_quoted(key)}: {_quoted(value or '')} is no label: {mend}"


@lru_cache(maxsize=65536)
def _is_label(key: str, value: str) -> bool:
    return _is_label_key(key) and _VALUE.fullmatch(value) is not None


@lru_cache(maxsize=4096)
def _is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return bool(name) and _VALUE.fullmatch(name) is not None and (not slash or _is_subdomain(prefix))


def _annotations(annotations: Mapping[str, msgspec.Raw] | None) -> Iterator[Refusal]:
    for key, value in (annotations or {}).items():
        if bytes(memoryview(value)[:1]) not in {b'"', b"n"}:  # text or null; "n" begins no other JSON value
            yield "metadata.annotations", f"{_quoted(key)} is not text: quote the value"


def _service(wire: Service) -> Iterator[Refusal]:
    for key, value in ((wire.spec and wire.spec.selector) or {}).items():
        if not _is_label(key, value):
            yield "spec.selector", f"{_quoted(key)}: {_quoted(value)} is no label"
    for port in (wire.spec and wire.spec.ports) or ():
        yield from _port("spec.ports", port.port, port.protocol)
        if isinstance(port.target_port, int) and not 0 <= port.target_port <= 65535:
            yield "spec.ports", f"{port.target_port} is no port: use 1 to 65535"


def _references(references: Iterable[OwnerReference]) -> Iterator[Refusal]:
    for reference in references:
        if not _KIND.fullmatch(reference.kind) or not _is_subdomain(reference.name):
            yield "metadata.ownerReferences", f"no owner can be called {_quoted(f'{reference.kind} {reference.name}')}"


def _ports(field: str, ports: Iterable[ContainerPort]) -> Iterator[Refusal]:
    for port in ports:
        yield from _port(field, port.port, port.protocol)
        if port.name and (len(port.name) > 15 or not _PORT_NAME.fullmatch(port.name)):
            mend = "use at most 15 of a-z, 0-9 and -, one a letter"
            yield field, f"{_quoted(port.name)} is no port name: {mend}"


def _port(field: str, number: int, protocol: str | None) -> Iterator[Refusal]:
    if not 1 <= number <= 65535:
        yield field, f"{number} is no port: use 1 to 65535"
    if protocol and protocol not in PROTOCOLS:
        yield field, f"{_quoted(protocol)} is no protocol: use TCP, UDP or SCTP"


def _quoted(text: str) -> str:
    return f'"{printable(text, 80)}"'
