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

from infra.text import printable
from infra.wire import CronJob, DaemonSet, Pod, Service, Workload
from infra.wire.metadata import Metadata, PodMetadata
from infra.wire.workloads import AgentPodSpec, PodSpec
from scanner.reach.model import PROTOCOLS

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9](?:-?[a-z0-9])*", re.ASCII)
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}", re.ASCII)
_LABEL_NAMED = frozenset({"namespaces", "services"})

# (field, what is wrong and the mend)
Refusal = tuple[str, str]


def refusals(resource: str, wire: Any) -> Iterator[Refusal]:  # noqa: ANN401 - any of WIRE_TYPES
    """Everything for which the API server would refuse the object; none where it would take it."""
    metadata: Metadata | PodMetadata = wire.metadata
    yield from _name(resource, metadata)
    yield from _labels("metadata.labels", metadata.labels)
    if isinstance(metadata, Metadata):
        yield from _annotations(metadata.annotations)
    for reference in metadata.owner_references or ():
        if not _KIND.fullmatch(reference.kind) or not is_subdomain(reference.name):
            yield "metadata.ownerReferences", f"no owner can be called {_quoted(f'{reference.kind} {reference.name}')}"
    if isinstance(wire, Service):
        yield from _service(wire)
    elif isinstance(wire, Pod):
        yield from _containers("spec", wire.spec)
    elif isinstance(wire, Workload | DaemonSet):
        yield from _template("spec.template", wire.spec)
    elif isinstance(wire, CronJob):
        inner = wire.spec.job_template.spec if wire.spec and wire.spec.job_template else None
        yield from _template("spec.jobTemplate.spec.template", inner)


@lru_cache(maxsize=16384)
def is_subdomain(name: str) -> bool:
    """Whether `name` is a DNS-1123 subdomain, which most names must be."""
    return len(name) <= 253 and _SUBDOMAIN.fullmatch(name) is not None


def _name(resource: str, metadata: Metadata | PodMetadata) -> Iterator[Refusal]:
    name, namespace = metadata.name, metadata.namespace
    if not name:
        yield "metadata.name", "the object has no name: add one"
    elif resource in _LABEL_NAMED and not _LABEL.fullmatch(name):
        yield "metadata.name", f"{_quoted(name)} is no DNS label: use at most 63 of a-z, 0-9 and -"
    elif not is_subdomain(name):
        yield "metadata.name", f"{_quoted(name)} is no DNS subdomain: use a-z, 0-9, - and ."
    if namespace and not _LABEL.fullmatch(namespace):
        yield "metadata.namespace", f"{_quoted(namespace)} is no DNS label: use at most 63 of a-z, 0-9 and -"


def _labels(field: str, labels: Mapping[str, str | None] | None) -> Iterator[Refusal]:
    for key, value in (labels or {}).items():
        if not _is_label(key, value or ""):
            mend = "a key is [prefix/]name, a value at most 63 of letters, digits, -, _ and ."
            yield field, f"{_quoted(key)}: {_quoted(value or '')} is no label: {mend}"


@lru_cache(maxsize=65536)
def _is_label(key: str, value: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    qualified = bool(name) and _VALUE.fullmatch(name) is not None and (not slash or is_subdomain(prefix))
    return qualified and _VALUE.fullmatch(value) is not None


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


def _template(field: str, spec: Any) -> Iterator[Refusal]:  # noqa: ANN401 - a workload's spec
    template = spec.template if spec else None
    if template is None:
        yield field, "the workload has no pod template: add it"
        return
    yield from _labels(f"{field}.metadata.labels", template.metadata and template.metadata.labels)
    yield from _containers(f"{field}.spec", template.spec)


def _containers(field: str, spec: PodSpec | AgentPodSpec | None) -> Iterator[Refusal]:
    groups: tuple[tuple[str, Iterable[Any]], ...] = (
        ("containers", (spec and spec.containers) or ()),
        ("initContainers", (spec and spec.init_containers) or ()),
    )
    for name, containers in groups:
        for container in containers:
            for port in container.ports or ():
                yield from _port(f"{field}.{name}.ports", port.container_port, port.protocol)
                if port.name and (len(port.name) > 15 or not _PORT_NAME.fullmatch(port.name)):
                    mend = "use at most 15 of a-z, 0-9 and -, one a letter"
                    yield f"{field}.{name}.ports", f"{_quoted(port.name)} is no port name: {mend}"


def _port(field: str, number: int, protocol: str | None) -> Iterator[Refusal]:
    if not 1 <= number <= 65535:
        yield field, f"{number} is no port: use 1 to 65535"
    if protocol and protocol not in PROTOCOLS:
        yield field, f"{_quoted(protocol)} is no protocol: use TCP, UDP or SCTP"


def _quoted(text: str) -> str:
    return f'"{printable(text, 80)}"'
