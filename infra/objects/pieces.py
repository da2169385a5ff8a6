"""The parts that many pods share, byte for byte: labels, owners and ports. What is distinct is decoded once.

The bytes are only the key of a cache: two spellings of one value become two equal values. What is handed out is shared
between pods, so nobody may change it.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from infra.objects.kept import kept_values
from infra.objects.owners import controller
from infra.wire.metadata import ABSENT, OwnerReference
from infra.wire.workloads import AgentPodSpec, Pod, PodSpec, PortEntry
from scanner.kept import KEPT_POD_ANNOTATIONS, PROXIES
from scanner.model import ContainerPort, WorkloadRef

_LABELS = msgspec.json.Decoder(dict[str, str | None] | None)
_REFERENCES = msgspec.json.Decoder(list[OwnerReference] | None)
_PORTS = msgspec.json.Decoder(list[PortEntry] | None)
# A struct with the kept annotations alone: what has another name is skipped over while it is parsed.
_NAMES = tuple(sorted(KEPT_POD_ANNOTATIONS))
_Notes = msgspec.defstruct(
    "_Notes",
    [(f"note_{number}", msgspec.Raw, ABSENT) for number, _ in enumerate(_NAMES)],
    rename={f"note_{number}": name for number, name in enumerate(_NAMES)},
    gc=False,
)
_NO_NOTES = _Notes()
_NOTES: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_Notes | None)
_NOTHING = (b"", b"null")
_NONE: dict[str, str] = {}
T = TypeVar("T")


class Ownership(msgspec.Struct, frozen=True, gc=False):
    """An object's owner references, and the owner among them that makes and removes it."""

    references: tuple[OwnerReference, ...]
    owner: WorkloadRef | None


class Shape(msgspec.Struct, frozen=True, gc=False):
    """What the pods of one workload have in common: labels, owners, the ports at which they can be reached, mesh proxies."""

    labels: dict[str, str]
    ownership: Ownership
    ports: tuple[ContainerPort, ...]
    proxies: tuple[str, ...] = ()


class Pieces:
    """One cluster's pieces. They live as long as this does, so their id() tells them apart.

    Every method raises msgspec.ValidationError, with the path from the object on, for a piece of the wrong shape; and
    what decoding raises for bytes that the parser only skipped over (msgspec.DecodeError, UnicodeDecodeError).
    """

    def __init__(self) -> None:
        none = Ownership((), None)
        self._labels: dict[bytes, dict[str, str]] = {raw: {} for raw in _NOTHING}
        self._owners: dict[bytes, Ownership] = dict.fromkeys(_NOTHING, none)
        self._entries: dict[bytes, tuple[ContainerPort, ...]] = dict.fromkeys(_NOTHING, ())
        self._ports: dict[tuple[int, ...], tuple[ContainerPort, ...]] = {}
        self._shapes: dict[bytes, Shape] = {}

    def shape(self, wire: Pod) -> Shape:
        """A pod's labels, owners and ports, looked up by all their bytes at once (no raw JSON holds a byte below 9)."""
        metadata, spec = wire.metadata, wire.spec
        parts: list[bytes | msgspec.Raw] = [metadata.labels, metadata.owner_references]
        if spec is not None:
            for container in spec.containers or ():
                parts.append(container.ports)
                if container.name in PROXIES:
                    parts.append(b"\3" + container.name.encode())
            for container in spec.init_containers or ():
                parts += (b"\1" if container.restart_policy == "Always" else b"\2", container.ports)
                if container.name in PROXIES:
                    parts.append(b"\3" + container.name.encode())
        key = b"\0".join(parts)
        found = self._shapes.get(key)
        if found is None:
            labels, ownership = self.labels(metadata.labels), self.owners(metadata.owner_references)
            found = self._shapes[key] = Shape(labels, ownership, self.ports(spec), proxies_of(spec))
        return found

    def notes(self, raw: msgspec.Raw) -> dict[str, str]:
        """The annotations that a snapshot keeps of a pod; most pods have many others, which are not even decoded."""
        if raw is ABSENT:
            return _NONE
        found = _decode(_NOTES, raw, "metadata.annotations")
        if found is None or found == _NO_NOTES:
            return _NONE
        return kept_values(
            {
                name: value
                for name, value in zip(_NAMES, msgspec.structs.astuple(found), strict=True)
                if value is not ABSENT
            },
            KEPT_POD_ANNOTATIONS,
        )

    def labels(self, raw: msgspec.Raw, path: str = "metadata.labels") -> dict[str, str]:
        """The labels; a null value is the empty string, as the API server reads it."""
        key = bytes(raw)
        found = self._labels.get(key)
        if found is None:
            decoded = _decode(_LABELS, key, path) or {}
            found = self._labels[key] = {name: value or "" for name, value in decoded.items()}
        return found

    def owners(self, raw: msgspec.Raw) -> Ownership:
        """The owner references."""
        key = bytes(raw)
        found = self._owners.get(key)
        if found is None:
            references = tuple(_decode(_REFERENCES, key, "metadata.ownerReferences") or ())
            found = self._owners[key] = Ownership(references, controller(references))
        return found

    def entries(self, raw: msgspec.Raw, path: str = "spec.containers[...].ports") -> tuple[ContainerPort, ...]:
        """The ports of one container, as they are declared."""
        key = bytes(raw)
        found = self._entries.get(key)
        if found is None:
            found = self._entries[key] = tuple(_port(entry) for entry in _decode(_PORTS, key, path) or ())
        return found

    def ports(self, spec: PodSpec | AgentPodSpec | None) -> tuple[ContainerPort, ...]:
        """Every port at which a pod can be reached for as long as it runs, sorted, each once.

        The ports of containers and of sidecars: init containers that always restart. A plain init container ends before
        the others start, and a Service's named port is not looked up in it: Kubernetes' `FindPort`
        (pkg/api/v1/pod/util.go) goes over `spec.containers` and the restartable init containers. Ephemeral containers
        may declare none (core/v1, EphemeralContainerCommon).
        """
        if spec is None:
            return ()
        declared = [self.entries(container.ports) for container in spec.containers or ()]
        if spec.init_containers:
            sidecars = (container for container in spec.init_containers if container.restart_policy == "Always")
            declared += [self.entries(sidecar.ports, "spec.initContainers[...].ports") for sidecar in sidecars]
        key = tuple(map(id, declared))
        found = self._ports.get(key)
        if found is None:
            distinct = {port for ports in declared for port in ports}
            found = self._ports[key] = tuple(sorted(distinct, key=_port_order))
        return found


def proxies_of(spec: PodSpec | AgentPodSpec | None) -> tuple[str, ...]:
    """The containers of a pod that are a mesh's proxy, by the names that the meshes' injectors give them."""
    if spec is None:
        return ()
    found = [container.name for container in spec.containers or () if container.name in PROXIES]
    found += [container.name for container in spec.init_containers or () if container.name in PROXIES]
    return tuple(sorted(found)) if found else ()


def _port(entry: PortEntry) -> ContainerPort:
    return ContainerPort(
        port=entry.container_port,
        protocol=entry.protocol or "TCP",
        name=entry.name or "",
        host_port=entry.host_port or 0,
    )


def _port_order(port: ContainerPort) -> tuple[int, str, str, int]:
    return port.port, port.protocol, port.name, port.host_port


def _decode(decoder: msgspec.json.Decoder[T], raw: bytes, path: str) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        message, at, inner = str(error).partition(" - at `$")
        raise msgspec.ValidationError(f"{message} - at `$.{path}{inner if at else '`'}") from error
