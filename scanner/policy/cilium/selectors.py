"""Endpoint selectors: label selectors whose keys may name their label's source, over pods, their namespaces and more.

Sources: Cilium's documentation, "Using Kubernetes Constructs in Policy" and "Limiting Identity-Relevant Labels";
cilium/cilium, pkg/labels (a key's source), pkg/k8s/apis/cilium.io/utils (what a policy's namespace adds to a selector).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scanner.model import NAME_LABEL
from scanner.policy.cilium.entities import EVERYONE, reserved_peers
from scanner.policy.cilium.found import NO_PODS, Found, Notes, join_doubts
from scanner.policy.cilium.terms import Term, read_terms
from scanner.policy.common import WireSelector
from scanner.policy.model import Operator, PodPeer, Requirement, Selector
from scanner.policy.selectors import matches

NAMESPACE = "io.kubernetes.pod.namespace"
NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels."
SERVICE_ACCOUNT = "io.cilium.k8s.policy.serviceaccount"
CLUSTER = "io.cilium.k8s.policy.cluster"

# Labels that Cilium leaves out of identities unless told otherwise, so that selectors for them find nobody.
_LEFT_OUT = re.compile(
    r"io\.kubernetes|io\.cilium\.k8s\.|kubernetes\.io|k8s\.io|.*beta\.kubernetes\.io|annotation|etcd_node"
    r"|pod-template-generation|pod-template-hash|controller-revision-hash|controller-uid"
    r"|statefulset\.kubernetes\.io/pod-name|apps\.kubernetes\.io/pod-index"
    r"|batch\.kubernetes\.io/(job-completion-index|controller-uid)"
)


def left_out(key: str) -> str:
    """The doubt about a label that Cilium leaves out of identities by default; empty for any other."""
    if key == SERVICE_ACCOUNT or not _LEFT_OUT.match(key):
        return ""
    return f"Cilium leaves the label {key} out of identities unless it is told to keep it"


@dataclass(slots=True)
class _Reading:
    """What a selector asks of a pod and of its namespace."""

    pods: list[Requirement] = field(default_factory=list)
    namespaces: list[Requirement] = field(default_factory=list)
    reserved: list[Term] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    impossible: bool = False  # no pod is so
    named: bool = False  # speaks of the namespace's name
    labelled: bool = False  # speaks of the namespace's labels
    needs: bool = False  # some label must be there


def subject(wire: WireSelector, namespace: str, place: str, notes: Notes) -> tuple[Selector, Selector | None] | None:
    """Which pods an `endpointSelector` selects and in which namespaces; None where it selects no pod.

    Labels of the namespace are asked as labels that its pods carry where the policy has a namespace of its own.
    """
    terms = [
        term for term in read_terms(wire, place) if not (namespace and _overwritten(term, namespace, place, notes))
    ]
    found = _read(terms)
    notes.doubts += found.doubts
    if found.impossible or not all(term.negative for term in found.reserved):
        return None
    if not namespace:
        return _selector(found.pods), _selector(found.namespaces)
    names = [each for each in found.namespaces if each.key == NAME_LABEL]
    if not matches(_selector(names), {NAME_LABEL: namespace}):
        return None
    labels = [
        Requirement(NAMESPACE_LABELS + each.key, each.operator, each.values)
        for each in found.namespaces
        if each.key != NAME_LABEL
    ]
    return _selector([*found.pods, *labels]), None


def endpoint_peers(wire: WireSelector, namespace: str, place: str) -> tuple[Found, ...]:
    """What one of `fromEndpoints` or `toEndpoints` selects.

    Without a word on namespaces it means the policy's own, in a clusterwide policy all of them.
    """
    terms = read_terms(wire, place)
    found = _read(terms)
    if found.reserved:
        return (_reserved(terms),)
    elsewhere = found.named or (bool(namespace) and found.labelled)
    result: list[Found] = []
    if not found.impossible:
        if namespace and found.labelled and not found.named:
            found.doubts.append("older versions of Cilium look for a namespace's labels in the policy's own one only")
        confined = bool(namespace) and not elsewhere
        peer = PodPeer(_selector(found.pods), None if confined else _selector(found.namespaces))
        result.append(Found((peer,), join_doubts(*found.doubts)))
    if elsewhere and not found.needs:
        doubt = "a selector that only says what must not be also matches peers that are no pods"
        result.append(Found(NO_PODS, doubt))
    return tuple(result)


def _read(terms: list[Term]) -> _Reading:
    found = _Reading()
    for term in terms:
        key, need = term.need.key, term.need
        found.needs |= not term.negative
        if term.source == "reserved":
            found.reserved.append(term)
        elif term.source not in {"any", "k8s"}:
            found.doubts.append(f"whether pods carry labels of the source {term.source!r} is not known")
        elif key == NAMESPACE:
            found.named = True
            found.impossible |= need.operator is Operator.DOES_NOT_EXIST
            if need.values:
                found.namespaces.append(Requirement(NAME_LABEL, need.operator, need.values))
        elif key.startswith(NAMESPACE_LABELS):
            found.labelled = True
            found.namespaces.append(Requirement(key.removeprefix(NAMESPACE_LABELS), need.operator, need.values))
        elif key == CLUSTER:
            found.impossible |= need.operator is Operator.DOES_NOT_EXIST
            if need.values:
                found.doubts.append(f"the cluster's name, which {CLUSTER} is about, is not known")
        elif doubt := left_out(key):
            found.doubts.append(doubt)
            if not term.negative:
                found.pods.append(need)
        else:
            found.pods.append(need)
    return found


def _overwritten(term: Term, namespace: str, place: str, notes: Notes) -> bool:
    """Whether the policy's own namespace takes this condition's place (ParseToCiliumRule)."""
    if not term.plain or term.source != "k8s" or term.need.key != NAMESPACE:
        return False
    if term.need.values != (namespace,):
        message = f"k8s:{NAMESPACE} is overwritten by the policy's own namespace; remove it"
        notes.remark(f"{place}.matchLabels", message)
    return True


def _reserved(terms: list[Term]) -> Found:
    """A selector with reserved labels is taken as it is written: it is not confined to any namespace."""
    first = terms[0]
    if len(terms) > 1 or first.negative:
        return Found((EVERYONE,), "a selector for reserved labels that is not for one alone is not modelled")
    if first.need.values and "" not in first.need.values:
        return Found(())  # reserved labels have no value
    return reserved_peers(first.need.key)


def _selector(requirements: list[Requirement]) -> Selector:
    return Selector(tuple(sorted(set(requirements))))
