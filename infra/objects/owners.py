"""Who owns a pod in the end: the Deployment rather than its ReplicaSet, the CronJob rather than its Job."""

from __future__ import annotations

from infra.wire import Metadata, PodMetadata
from scanner.model import WorkloadRef

# Kinds that others make on a workload's behalf. Deployments, StatefulSets and DaemonSets end the walk even where an operator's
# own resource owns them: they are what people find in the cluster.
_MIDDLE = frozenset({"ReplicaSet", "ReplicationController", "Job"})
_HASH = "pod-template-hash"


def controller(metadata: Metadata | PodMetadata) -> WorkloadRef | None:
    """The owner that makes and removes the object, or None. Hand-written references often leave `controller` out."""
    references = metadata.owner_references or []
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
        self._top: dict[tuple[str, WorkloadRef, str], WorkloadRef] = {}

    def record(self, namespace: str, ref: WorkloadRef, owner: WorkloadRef | None) -> None:
        """Note that `ref` exists, and who owns it."""
        self._owner[namespace, ref] = owner

    def top(self, namespace: str, ref: WorkloadRef, labels: dict[str, str]) -> WorkloadRef:
        """The topmost owner of a pod that `ref` owns (or is).

        Where the ReplicaSet itself is not among the objects, its name less the pod's `pod-template-hash` names the
        Deployment, for only the Deployment controller sets that label and builds names so.
        """
        key = (namespace, ref, labels.get(_HASH, ""))
        found = self._top.get(key)
        if found is None:
            found = self._top[key] = self._walk(*key)
        return found

    def _walk(self, namespace: str, ref: WorkloadRef, template_hash: str) -> WorkloadRef:
        seen: set[WorkloadRef] = set()
        while ref.kind in _MIDDLE and ref not in seen:
            seen.add(ref)
            if (namespace, ref) in self._owner:
                owner = self._owner[namespace, ref]
                if owner is None:
                    return ref
                ref = owner
            elif ref.kind == "ReplicaSet" and template_hash and ref.name.endswith(f"-{template_hash}"):
                return WorkloadRef(kind="Deployment", name=ref.name[: -len(template_hash) - 1])
            else:
                return ref
        return ref
