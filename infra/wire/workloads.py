"""Pods, and whatever makes pods from a template."""

from __future__ import annotations

import msgspec

from infra.wire.metadata import ABSENT, Metadata, PodMetadata, Wire


class PortEntry(Wire):
    """A container's port; 0 is "none given"."""

    container_port: int = 0
    protocol: str | None = None
    name: str | None = None
    host_port: int | None = None


class EnvEntry(Wire):
    """An environment variable; the value stays raw unless `KEPT_ENV` has its name."""

    name: str
    value: msgspec.Raw = ABSENT


class PodContainer(Wire):
    """A container as far as the network goes. `restart_policy` Always makes an init container a sidecar.

    `ports` is a list of `PortEntry`, raw because many containers declare the same.
    """

    name: str = ""
    ports: msgspec.Raw = ABSENT
    restart_policy: str | None = None


class AgentContainer(Wire):
    """A container of a DaemonSet, with what tells an engine and its switches."""

    name: str = ""
    image: str | None = None
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[EnvEntry] | None = None
    ports: msgspec.Raw = ABSENT
    restart_policy: str | None = None


class PodSpec(Wire):
    """A pod's spec. `service_account` is the older name of `service_account_name`, which wins (core/v1, PodSpec)."""

    node_name: str | None = None
    service_account_name: str | None = None
    service_account: str | None = None
    host_network: bool | None = None
    containers: list[PodContainer] | None = None
    init_containers: list[PodContainer] | None = None


class AgentPodSpec(Wire):
    """A DaemonSet's pod spec."""

    node_name: str | None = None
    service_account_name: str | None = None
    service_account: str | None = None
    host_network: bool | None = None
    containers: list[AgentContainer] | None = None
    init_containers: list[AgentContainer] | None = None


class Condition(Wire):
    """One condition of a status."""

    type: str = ""
    status: str = ""


class PodAddress(Wire):
    """One of a pod's addresses."""

    ip: str | None = None


class PodStatus(Wire):
    """A pod's status."""

    phase: str | None = None
    pod_ip: str | None = msgspec.field(name="podIP", default=None)
    pod_ips: list[PodAddress] | None = msgspec.field(name="podIPs", default=None)
    conditions: list[Condition] | None = None


class Pod(Wire):
    """A pod. Its apiVersion and kind are those of the object; the items of a typed list have none."""

    metadata: PodMetadata
    api_version: str = ""
    kind: str = ""
    spec: PodSpec | None = None
    status: PodStatus | None = None


class PodTemplate(Wire):
    """The template of a workload's pods."""

    metadata: PodMetadata | None = None
    spec: PodSpec | None = None


class AgentTemplate(Wire):
    """The template of a DaemonSet's pods."""

    metadata: PodMetadata | None = None
    spec: AgentPodSpec | None = None


class WorkloadSpec(Wire):
    """The spec of whatever makes pods from a template."""

    template: PodTemplate | None = None
    replicas: int | None = None


class Workload(Wire):
    """Whatever makes pods from `spec.template`: a Deployment, StatefulSet, ReplicaSet, Job, CloneSet and the like."""

    metadata: Metadata
    spec: WorkloadSpec | None = None


class WorkloadReference(Wire):
    """The workload whose template a Rollout takes over."""

    kind: str = ""
    name: str = ""


class RolloutSpec(WorkloadSpec):
    """A Rollout's spec: a template of its own, or a reference (argoproj/argo-rollouts, rollouts/v1alpha1/types.go)."""

    workload_ref: WorkloadReference | None = None


class Rollout(Workload):
    """Argo's Rollout."""

    spec: RolloutSpec | None = None


class _JobTemplate(Wire):
    spec: WorkloadSpec | None = None


class CronJobSpec(Wire):
    """A CronJob's spec."""

    job_template: _JobTemplate | None = None


class CronJob(Wire):
    """A CronJob."""

    metadata: Metadata
    spec: CronJobSpec | None = None


class DaemonSetSpec(Wire):
    """A DaemonSet's spec."""

    template: AgentTemplate | None = None


class DaemonSetStatus(Wire):
    """How many of a DaemonSet's pods there should be, and are."""

    desired_number_scheduled: int | None = None
    number_ready: int | None = None


class DaemonSet(Wire):
    """A DaemonSet."""

    metadata: Metadata
    spec: DaemonSetSpec | None = None
    status: DaemonSetStatus | None = None
