"""Who owns a pod in the end: the Deployment rather than its ReplicaSet, the CronJob rather than its Job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from infra.wire.metadata import OwnerReference
from scanner.model import WorkloadRef

# Kinds that others make on a workload's behalf. Deployments, StatefulSets, DaemonSets, Rollouts and the like end the walk even
# where an operator's own resource owns them: they are what people find in the cluster.
_MIDDLE = frozenset({"ReplicaSet", "ReplicationController", "Job"})

# The label that only the top owner's controller sets on its ReplicaSets' pods, and whose value ends the ReplicaSet's name:
# Kubernetes' deployment controller; argo-rollouts' DefaultRolloutUniqueLabelKey (rollouts/v1alpha1/types.go).
_HASHES = {"pod-template-hash": "Deployment", "rollouts-pod-template-hash": "Rollout"}
# OpenShift's DeploymentConfig controller names its ReplicationControllers by itself and a number, and labels their pods.
_CONFIG = "deploymentconfig"
_NUMBERED = re.compile(r"(.+)-[0-9]+", re.ASCII)


def controller(references: Iterable[OwnerReference]) -> WorkloadRef | None:
    """The owner that makes and removes the object, or None. Hand-written references often leave `controller` out."""
    unmarked = None
    for reference in references:
        if reference.controller:
            return WorkloadRef(kind=reference.kind, name=reference.name)
        if reference.controller is None and unmarked is None:
            unmarked = WorkloadRef(kind=reference.kind, name=reference.name)
    return unmarked


class Owners:
    """Owners as they come in, in any order; `top` is asked once all are known."""

    def __init__(self) -> None:
        self._owner: dict[tuple[str, WorkloadRef], WorkloadRef | None] = {}

    def record(self, namespace: str, ref: WorkloadRef, owner: WorkloadRef | None) -> None:
        """Note that `ref` exists, and who owns it."""
        self._owner[namespace, ref] = owner

    def top(self, namespace: str, ref: WorkloadRef, labels: Mapping[str, str]) -> WorkloadRef:
        """The topmost owner of a pod that `ref` owns (or is).

        Where the ReplicaSet or ReplicationController itself is not among the objects, its name and the label that its
        owner's controller gives to the pods name that owner.
        """
        seen: set[WorkloadRef] = set()
        while ref.kind in _MIDDLE and ref not in seen:
            seen.add(ref)
            if (namespace, ref) not in self._owner:
                return _implied(ref, labels) or ref
            owner = self._owner[namespace, ref]
            if owner is None:
                return ref
            ref = owner
        return ref


def _implied(ref: WorkloadRef, labels: Mapping[str, str]) -> WorkloadRef | None:
    """The owner that a ReplicaSet's or ReplicationController's name and its pods' labels tell."""
    if ref.kind == "ReplicaSet":
        for label, kind in _HASHES.items():
            value = labels.get(label)
            if value and ref.name.endswith(f"-{value}") and len(ref.name) > len(value) + 1:
                return WorkloadRef(kind=kind, name=ref.name[: -len(value) - 1])
        return None
    match = _NUMBERED.fullmatch(ref.name) if ref.kind == "ReplicationController" else None
    if match is not None and match[1] == labels.get(_CONFIG):
        return WorkloadRef(kind="DeploymentConfig", name=match[1])
    return None
