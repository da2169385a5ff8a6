"""Pods that do not exist yet, put into a snapshot to see who would talk with them.

What a namespace may be called is apimachinery's validation (`IsDNS1123Label`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from scanner.errors import InputError
from scanner.model import NAME_LABEL, Collected, Namespace, Notice, Pod, Snapshot, WorkloadRef
from scanner.policy.common import label_key, label_value
from scanner.policy.decode import FieldError

_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_GAPS = {Collected.PARTIAL, Collected.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class HypotheticalPod:
    """A pod that somebody might create: in which namespace, with which labels."""

    namespace: str
    labels: Mapping[str, str]

    @property
    def name(self) -> str:
        """Its labels in parentheses, which no real name holds: "hypothetical(app=web,tier=front)"."""
        return f"hypothetical({','.join(f'{key}={self.labels[key]}' for key in sorted(self.labels))})"

    @property
    def id(self) -> str:
        """Its workload's id, as a listing prints it."""
        return f"{self.namespace}/{self.name}[Pod]"


def parse_hypothetical(text: str) -> HypotheticalPod:
    """Read "app=web,tier=front@shop": labels at a namespace; "@shop" is a pod without labels.

    Raises:
        InputError: no such form, or labels or a namespace that no API server would take.
    """
    written, at, namespace = text.rpartition("@")
    if not at:
        raise _refused(text, "write LABELS@NAMESPACE, such as app=web,tier=front@shop, or @shop for no labels")
    if not _NAMESPACE.fullmatch(namespace):
        raise _refused(text, f"{namespace[:80]!r} is no name of a namespace")
    labels: dict[str, str] = {}
    for label in written.split(",") if written else ():
        key, equals, value = label.partition("=")
        if not equals:
            raise _refused(text, f"{label[:80]!r} is no label: write key=value, and commas between labels")
        if not _is_label(key, value):
            raise _refused(text, f"{label[:80]!r} is no label that an API server would take")
        if key in labels:
            raise _refused(text, f"label {key!r} is there twice")
        labels[key] = value
    return HypotheticalPod(namespace, labels)


def with_hypothetical(snapshot: Snapshot, pods: Iterable[HypotheticalPod]) -> Snapshot:
    """The snapshot as it would be with these pods, of the default service account, on a node like any other.

    A namespace that is not there is created without labels, and a notice says so; where namespaces could not be read
    whole, whether it is there is not known, and nothing is said of its labels.
    """
    wanted = {pod.id: pod for pod in pods}
    known = {namespace.name for namespace in snapshot.namespaces}
    known |= {pod.namespace for pod in snapshot.pods} | {policy.namespace for policy in snapshot.policies}
    status = snapshot.collection.get("namespaces")
    whole = status is None or status.status not in _GAPS
    created = sorted({pod.namespace for pod in wanted.values()} - known) if whole else []
    notices = [
        Notice(
            object=f"Namespace {name}",
            field="metadata.name",
            message="not in this cluster: created without labels for --hypothetical; check the spelling",
        )
        for name in created
    ]
    return msgspec.structs.replace(
        snapshot,
        pods=(*snapshot.pods, *(_pod(pod) for pod in wanted.values())),
        namespaces=(*snapshot.namespaces, *(Namespace(name=name, labels={NAME_LABEL: name}) for name in created)),
        notices=(*snapshot.notices, *notices),
    )


def _pod(pod: HypotheticalPod) -> Pod:
    return Pod(
        namespace=pod.namespace,
        name=pod.name,
        labels=dict(pod.labels),
        workload=WorkloadRef(kind="Pod", name=pod.name),
        phase="Running",
        ready=True,
        service_account="default",
    )


def _is_label(key: str, value: str) -> bool:
    try:
        label_key(key, "")
        label_value(value, "")
    except FieldError:
        return False
    return True


def _refused(text: str, why: str) -> InputError:
    return InputError(f"--hypothetical {text[:200]!r}: {why}")
