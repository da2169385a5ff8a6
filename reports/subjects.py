"""Which objects an item is about: the text of its subject, read as Kubernetes would name them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 4096  # characters of a subject that is read; only a crafted report has a longer one
CLUSTER = "cluster"  # the subject of an item about the whole cluster
# Controls whose bare subjects are namespaces; elsewhere a bare word is a node, a node group, a waiver or what a text calls it.
_OF_NAMESPACES = frozenset(
    {"NB-ENF-06", "NB-ISO-01", "NB-ISO-02", "NB-ISO-06", "NB-ISO-08", "NB-LP-06", "NB-MSH-02", "NB-MSH-05"}
)
_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"  # DNS-1123 label: what a namespace is called
_NAME = r"[a-z0-9](?:[-.:a-z0-9]{0,251}[a-z0-9])?"  # and an object; colons stand in those of RBAC
_KIND = r"[A-Z][A-Za-z0-9]{0,62}"
_WORKLOAD = re.compile(rf"({_LABEL})/({_NAME})\[({_KIND})\]\Z")
_OBJECT = re.compile(rf"({_KIND}) (?:({_LABEL})/)?({_NAME})\Z")
_PART = re.compile(rf"({_KIND}) ({_LABEL})/({_NAME}) [^/]+\Z")  # "Gateway edge/web listener https"
_SERVICE = re.compile(rf"({_LABEL})/({_NAME})\Z")
_NAMESPACE = re.compile(rf"{_LABEL}\Z")
# Groups of the kinds that subjects name most; the API version of any other is left open rather than guessed.
_VERSIONS = {
    "Namespace": "v1", "Pod": "v1", "Service": "v1", "Node": "v1", "ReplicationController": "v1",
    "Deployment": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "ReplicaSet": "apps/v1",
    "Job": "batch/v1", "CronJob": "batch/v1",
    "NetworkPolicy": "networking.k8s.io/v1", "Ingress": "networking.k8s.io/v1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """One object. `namespace` is empty for what lives in none; `version` is its apiVersion, empty where that is not known."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def version(self) -> str:
        """The object's apiVersion."""
        return _VERSIONS.get(self.kind, "")


def objects_of(control: str, subject: str) -> tuple[Subject, ...]:
    """The objects that the subject of an item names; none where it is about the cluster, or about what is no object.

    Names are such as Kubernetes allows, so what stands here may be used as one.
    """
    if subject == CLUSTER or len(subject) > _LONGEST:
        return ()
    if control in _OF_NAMESPACES and _NAMESPACE.match(subject):
        return (Subject("Namespace", subject),)
    found = tuple(map(_object, subject.split(", ")))
    named = tuple(each for each in found if each is not None)
    return named if len(named) == len(found) else ()


def namespace_of(objects: tuple[Subject, ...]) -> str:
    """The one namespace that all of them live in, or are; empty where there is none, or several."""
    spaces = {each.name if each.kind == "Namespace" else each.namespace for each in objects}
    return spaces.pop() if len(spaces) == 1 else ""


def _object(text: str) -> Subject | None:
    if found := _WORKLOAD.match(text):
        return Subject(found[3], found[2], found[1])
    if found := _OBJECT.match(text) or _PART.match(text):
        return Subject(found[1], found[3], found[2] or "")
    if found := _SERVICE.match(text):
        return Subject("Service", found[2], found[1])
    return None
