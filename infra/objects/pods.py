"""Wire pods, pod templates and DaemonSets as a snapshot holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from infra.objects.kept import kept_text
from infra.objects.pieces import Pieces, Shape, proxies_of
from infra.wire.workloads import (
    AgentContainer,
    AgentPodSpec,
    AgentTemplate,
    Condition,
    PodSpec,
    PodTemplate,
)
from infra.wire.workloads import DaemonSet as WireDaemonSet
from infra.wire.workloads import Pod as WirePod
from scanner.kept import KEPT_ARGS, KEPT_ENV
from scanner.model import Container, DaemonSet, Origin, Pod, WorkloadRef

DEFAULT_ACCOUNT = "default"  # what the ServiceAccount admission controller gives to a pod that names none


def pod(wire: WirePod, namespace: str, shape: Shape, notes: dict[str, str], origin: Origin | None) -> Pod:
    """A running pod of that shape, with the annotations that are kept.

    Its `workload` is its direct owner, for `Owners` to follow; a Node owns only the mirror of a static pod.
    """
    metadata, spec, status = wire.metadata, wire.spec, wire.status
    owner = shape.ownership.owner
    if owner is None or owner.kind == "Node":
        owner = WorkloadRef(kind="Pod", name=metadata.name)
    addresses: tuple[str, ...] = ()
    if status is not None:
        addresses = tuple([entry.ip for entry in status.pod_ips or () if entry.ip])
        if not addresses and status.pod_ip:
            addresses = (status.pod_ip,)
    return Pod(
        namespace=namespace,
        name=metadata.name,
        labels=shape.labels,
        workload=owner,
        ports=shape.ports,
        node=(spec and spec.node_name) or "",
        host_network=bool(spec and spec.host_network),
        phase=(status and status.phase) or "",
        ready=status is not None and is_ready(status.conditions),
        ips=addresses,
        service_account=account(spec),
        annotations=notes,
        proxies=shape.proxies,
        origin=origin,
    )


def template(
    wire: PodTemplate | AgentTemplate,
    namespace: str,
    ref: WorkloadRef,
    *,
    added: Mapping[str, str],
    pieces: Pieces,
    origin: Origin | None,
) -> Pod:
    """The pod that stands for a workload's pods; `added` are labels that its controller adds to the template's."""
    spec = wire.spec
    labels = pieces.labels(wire.metadata.labels) if wire.metadata else {}
    return Pod(
        namespace=namespace,
        name=ref.name,
        labels={**labels, **added} if added else labels,
        workload=ref,
        ports=pieces.ports(spec),
        node=(spec and spec.node_name) or "",
        host_network=bool(spec and spec.host_network),
        service_account=account(spec) or DEFAULT_ACCOUNT,
        annotations=pieces.notes(wire.metadata.annotations) if wire.metadata else {},
        proxies=proxies_of(spec),
        template=True,
        origin=origin,
    )


def account(spec: PodSpec | AgentPodSpec | None) -> str:
    """The service account's name, empty where none is given; the older field counts where the newer is empty (core/v1)."""
    return (spec and (spec.service_account_name or spec.service_account)) or ""


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
    for condition in conditions or ():  # noqa: SIM110 - any() costs a generator for each of 60,000 pods
        if condition.type == "Ready" and condition.status == "True":
            return True
    return False


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
