"""Wire pods, pod templates and DaemonSets as a snapshot holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from infra.objects.kept import kept_text
from infra.objects.owners import controller
from infra.wire.metadata import PodMetadata
from infra.wire.workloads import (
    AgentContainer,
    AgentPodSpec,
    AgentTemplate,
    Condition,
    PodContainer,
    PodSpec,
    PodTemplate,
)
from infra.wire.workloads import DaemonSet as WireDaemonSet
from infra.wire.workloads import Pod as WirePod
from scanner.kept import KEPT_ARGS, KEPT_ENV
from scanner.model import Container, ContainerPort, DaemonSet, Pod, WorkloadRef


def labels_of(metadata: PodMetadata | None) -> dict[str, str]:
    """The labels; a null value is the empty string, as the API server reads it."""
    labels = (metadata and metadata.labels) or {}
    return {key: value or "" for key, value in labels.items()}


def pod(wire: WirePod, namespace: str) -> Pod:
    """A running pod. Its `workload` is its direct owner, for `Owners` to follow; a Node owns only the mirror of a static pod."""
    owner = controller(wire.metadata)
    if owner is None or owner.kind == "Node":
        owner = WorkloadRef(kind="Pod", name=wire.metadata.name)
    spec, status = wire.spec, wire.status
    addresses = [entry.ip for entry in (status and status.pod_ips) or [] if entry.ip]
    if not addresses and status is not None and status.pod_ip:
        addresses = [status.pod_ip]
    return Pod(
        namespace=namespace,
        name=wire.metadata.name,
        labels=labels_of(wire.metadata),
        workload=owner,
        ports=_ports(spec),
        node=(spec and spec.node_name) or "",
        host_network=bool(spec and spec.host_network),
        phase=(status and status.phase) or "",
        ready=is_ready(status.conditions if status else None),
        ips=tuple(addresses),
    )


def template(wire: PodTemplate | AgentTemplate | None, namespace: str, ref: WorkloadRef, labels: dict[str, str]) -> Pod:
    """The pod that stands for a workload's pods; `labels` are those its controller adds to the template's."""
    spec = wire.spec if wire else None
    return Pod(
        namespace=namespace,
        name=ref.name,
        labels=labels_of(wire.metadata if wire else None) | labels,
        workload=ref,
        ports=_ports(spec),
        node=(spec and spec.node_name) or "",
        host_network=bool(spec and spec.host_network),
        template=True,
    )


def daemon_set(wire: WireDaemonSet, namespace: str) -> DaemonSet:
    """A DaemonSet with its containers' images and the few arguments and variables that switch engines."""
    spec = wire.spec.template.spec if wire.spec and wire.spec.template else None
    containers = [*((spec and spec.init_containers) or []), *((spec and spec.containers) or [])]
    return DaemonSet(
        namespace=namespace,
        name=wire.metadata.name,
        labels={key: value or "" for key, value in (wire.metadata.labels or {}).items()},
        containers=tuple(_container(container) for container in containers),
        desired=wire.status.desired_number_scheduled if wire.status else None,
        ready=wire.status.number_ready if wire.status else None,
    )


def is_ready(conditions: Iterable[Condition] | None) -> bool:
    """Whether a pod's or node's Ready condition is True; unsaid is not ready."""
    return any(condition.type == "Ready" and condition.status == "True" for condition in conditions or ())


def _ports(spec: PodSpec | AgentPodSpec | None) -> tuple[ContainerPort, ...]:
    """Ports of all containers that run beside each other: sidecars are init containers that always restart."""
    if spec is None:
        return ()
    sidecars = [container for container in spec.init_containers or () if container.restart_policy == "Always"]
    containers: Iterable[PodContainer | AgentContainer] = (*(spec.containers or ()), *sidecars)
    ports = {
        ContainerPort(
            port=entry.container_port,
            protocol=entry.protocol or "TCP",
            name=entry.name or "",
            host_port=entry.host_port or 0,
        )
        for container in containers
        for entry in container.ports or ()
    }
    return tuple(sorted(ports, key=lambda entry: (entry.port, entry.protocol, entry.name, entry.host_port)))


def _container(wire: AgentContainer) -> Container:
    env = {
        entry.name: text
        for entry in wire.env or ()
        if entry.name in KEPT_ENV and (text := kept_text(entry.value)) is not None
    }
    return Container(
        name=wire.name,
        image=wire.image or "",
        args=tuple(_kept_args([*(wire.command or ()), *(wire.args or ())])),
        env=dict(sorted(env.items())),
    )


def _kept_args(args: Sequence[str]) -> Iterator[str]:
    """The kept flags, always as "--flag=value"; a flag without a value stays bare."""
    for index, argument in enumerate(args):
        flag, equals, _ = argument.partition("=")
        if flag not in KEPT_ARGS:
            continue
        following = args[index + 1] if index + 1 < len(args) else "-"
        yield argument if equals or following.startswith("-") else f"{flag}={following}"
