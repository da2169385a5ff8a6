"""What makes pods: in a folder of manifests, templates stand for the pods that are not among the objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from infra.kinds import WORKLOAD_KINDS
from infra.objects.owners import Owners, controller
from infra.objects.pieces import Pieces
from infra.objects.pods import daemon_set, template
from infra.wire import CronJob, Rollout
from infra.wire.workloads import AgentTemplate, PodTemplate
from scanner.model import DaemonSet, Notice, Origin, Pod, WorkloadRef

_Key = tuple[str, str, str]  # resource, namespace and name


class Workloads:
    """Takes workloads in any order, the last one with a resource, namespace and name counts."""

    def __init__(self, owners: Owners, pieces: Pieces) -> None:
        self._owners = owners
        self._pieces = pieces
        self._templates: dict[_Key, Pod] = {}
        self._daemon_sets: dict[_Key, DaemonSet] = {}
        self._borrowed: dict[_Key, WorkloadRef] = {}  # Rollouts that take another workload's template

    def add(self, resource: str, wire: Any, namespace: str, origin: Origin | None) -> None:  # noqa: ANN401 - Workload, DaemonSet or CronJob
        """Take one workload; `origin` is its place in a folder of manifests."""
        ref = WorkloadRef(kind=WORKLOAD_KINDS[resource].name, name=wire.metadata.name)
        key = (resource, namespace, ref.name)
        owner = controller(wire.metadata.owner_references or ())
        self._owners.record(namespace, ref, owner)
        self._templates.pop(key, None)
        self._borrowed.pop(key, None)
        if resource == "daemonsets.apps":
            self._daemon_sets[key] = daemon_set(wire, namespace)
        if ref.kind == "ReplicaSet" and owner is not None and wire.spec and wire.spec.replicas == 0:
            return  # superseded: what owns it speaks
        if isinstance(wire, Rollout) and wire.spec and wire.spec.workload_ref:
            self._borrowed[key] = WorkloadRef(kind=wire.spec.workload_ref.kind, name=wire.spec.workload_ref.name)
        elif (found := pod_template(wire)) is not None:
            added = _added(resource, ref.name)
            self._templates[key] = template(found, namespace, ref, added=added, pieces=self._pieces, origin=origin)

    def forget(self, resource: str) -> None:
        """Drop every workload of `resource`. Who owned what stays known: without its pods that says nothing."""
        for kept in (self._templates, self._daemon_sets, self._borrowed):
            for key in [key for key in kept if key[0] == resource]:
                del kept[key]

    def namespaces(self) -> set[str]:
        """Where there are any."""
        return {key[1] for kept in (self._templates, self._daemon_sets, self._borrowed) for key in kept}

    def daemon_sets(self) -> tuple[DaemonSet, ...]:
        """Kubernetes' own DaemonSets: engines run as these."""
        return tuple(sorted(self._daemon_sets.values(), key=lambda item: (item.namespace, item.name)))

    def stand_ins(self, pods: Iterable[Pod]) -> Iterator[Pod]:
        """Templates of workloads without a pod that runs: a workload's own before those of what it made."""
        if not self._templates:
            return
        running = {(item.namespace, item.workload) for item in pods if not item.finished}
        finished = {(item.namespace, item.workload) for item in pods if item.finished}
        owned: list[tuple[Pod, Pod]] = [(item, self._owned(item)) for item in self._templates.values()]
        own = {(top.namespace, top.workload) for item, top in owned if top.workload == item.workload}
        for item, top in owned:
            key = (top.namespace, top.workload)
            done = top.workload.kind == "Job" and key in finished  # a Job makes its pods once
            if key not in running and not done and (top.workload == item.workload or key not in own):
                yield top

    def unseen(self, pods: Iterable[Pod]) -> Iterator[Notice]:
        """Rollouts whose pods no object stands for: neither pods of theirs nor the workload whose template they take."""
        if not self._borrowed:
            return
        shown = {(item.namespace, item.workload) for item in pods}
        shown |= {(item.namespace, item.workload) for item in self._templates.values()}
        for (_, namespace, name), source in self._borrowed.items():
            if not shown & {(namespace, WorkloadRef(kind="Rollout", name=name)), (namespace, source)}:
                message = (
                    f"makes pods after {source.kind} {source.name}, which is not in this folder: not judged; add it"
                )
                yield Notice(object=f"Rollout {namespace}/{name}", field="spec.workloadRef", message=message)

    def _owned(self, item: Pod) -> Pod:
        top = self._owners.top(item.namespace, item.workload, item.labels)
        return item if top is item.workload else msgspec.structs.replace(item, workload=top)


def pod_template(wire: Any) -> PodTemplate | AgentTemplate | None:  # noqa: ANN401 - Workload, DaemonSet or CronJob
    """The template of a workload's pods, None where it has none."""
    spec = wire.spec
    if isinstance(wire, CronJob):
        spec = wire.spec.job_template.spec if wire.spec and wire.spec.job_template else None
    found: PodTemplate | AgentTemplate | None = spec.template if spec else None
    return found


def _added(resource: str, name: str) -> dict[str, str]:
    """Labels with a certain value that a controller gives to every pod, and that policies may select by.

    The Job controller's own two (batch/v1, JobNameLabel), and OpenShift's name of the DeploymentConfig.
    """
    if resource == "jobs.batch":
        return {"job-name": name, "batch.kubernetes.io/job-name": name}
    return {"deploymentconfig": name} if resource == "deploymentconfigs.apps.openshift.io" else {}
