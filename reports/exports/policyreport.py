"""Kubernetes policy reports, as one List that `kubectl apply -f` takes: `Report` and `ClusterReport` of openreports.io/v1alpha1.

https://github.com/openreports/reports-api. That group succeeds wgpolicyk8s.io: the working group's repository is archived and
points to OpenReports (kubernetes-retired/wg-policy-prototypes, pull request 139), Kyverno writes it since 1.15 and means to
drop the old one, Kubewarden installs the old one no longer, and Policy Reporter reads both.

A finding about a namespace, or about objects in one, stands in a Report there; all else in a ClusterReport. Every object
carries its cluster as a label, so `kubectl apply -l ringfence.io/cluster=NAME` takes one cluster's out of a fleet's. Names are
the same in every run: what is applied again replaces what was there. `ringfence.io/run` tells what an earlier run left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec

from reports.document import Cluster, Report
from reports.exports.common import (
    PRODUCT,
    Finding,
    evidence_of,
    findings_in,
    fleet_findings,
    run_time,
    unsearched,
    within,
)
from reports.exports.findings import FABRIC
from reports.html.families import family_of
from reports.identity import stable_id
from reports.subjects import Subject, namespace_of
from reports.wording import visible_lines
from scanner.findings import Status

_VERSION = "openreports.io/v1alpha1"
# `kubectl apply` keeps the whole object as an annotation, of which all may have 262,144 bytes; etcd takes 1.5 MB.
_MOST_BYTES = 220_000
_TEXT = 2000
_RESULTS: Mapping[Status, str] = {
    Status.PASS: "pass",
    Status.FAIL: "fail",
    Status.WAIVED: "warn",  # "the policy requirements are not met and the policy is not scored"
    Status.UNKNOWN: "error",  # "the policy could not be evaluated"
    Status.NOT_APPLICABLE: "skip",
}


def render(report: Report) -> Iterator[bytes]:
    """A List; each of its items is one piece.

    Raises:
        InputError: the time of the run is none.
    """
    seconds = int(run_time(report).timestamp())
    labels = cluster_labels(report.clusters)
    yield b'{"apiVersion":"v1","kind":"List","items":['
    between = b"\n"
    for document in _documents(report, labels, seconds):
        yield between + document
        between = b",\n"
    yield b"\n]}\n"


def notices(report: Report) -> Iterator[str]:
    """What has no place in this form."""
    return unsearched(report)


def cluster_labels(clusters: Iterable[Cluster]) -> dict[str, str]:
    """A value of the cluster's label by its id: its name, made longer where another has the same or it is no label."""
    names: dict[str, list[str]] = {}
    for cluster in clusters:
        names.setdefault(_label(cluster.name), []).append(cluster.id)
    labels = {FABRIC: FABRIC}
    for cluster in clusters:
        plain = _label(cluster.name)
        alone = plain == cluster.name and len(names[plain]) == 1 and plain != FABRIC
        labels[cluster.id] = plain if alone else _label(f"{plain[:54]}-{_digest(cluster.id)[:8]}")
    return labels


def _documents(report: Report, labels: Mapping[str, str], seconds: int) -> Iterator[bytes]:
    for cluster in report.clusters:
        yield from _of_one(findings_in(cluster), cluster.id, labels[cluster.id], report, seconds)
    yield from _of_one(fleet_findings(report), FABRIC, FABRIC, report, seconds)


def _of_one(found: Iterable[Finding], cluster_id: str, label: str, report: Report, seconds: int) -> Iterator[bytes]:
    """The reports of one cluster: the cluster's own first, then one a namespace, each in as many parts as its size asks for."""
    encode = msgspec.json.Encoder().encode
    by_namespace: dict[str, list[tuple[str, bytes]]] = {}
    for finding in found:
        objects = finding.objects if cluster_id != FABRIC else ()
        result = _result(finding, objects, seconds)
        by_namespace.setdefault(namespace_of(objects), []).append((result["result"], encode(result)))
    for namespace in sorted(by_namespace):
        for number, part in enumerate(_parts(by_namespace[namespace]), start=1):
            head = _head(cluster_id, label, namespace, number, report)
            head["summary"] = {each: sum(kind == each for kind, _ in part) for each in _RESULTS.values()}
            head["results"] = [msgspec.Raw(body) for _, body in part]
            yield encode(head)


def _parts(results: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    part: list[tuple[str, bytes]] = []
    size = 0
    for result in results:
        length = _length(result[1])
        if part and size + length > _MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(result)
        size += length
    if part:
        yield part


def _length(body: bytes) -> int:
    """Bytes with a comma, as kubectl writes it: Go spells these three characters in six bytes each."""
    return len(body) + 1 + 5 * sum(body.count(each) for each in (b"<", b">", b"&"))


def _head(cluster_id: str, label: str, namespace: str, number: int, report: Report) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": f"{PRODUCT}-{_digest(cluster_id)[:12]}-{number}",
        "labels": {
            "app.kubernetes.io/managed-by": PRODUCT,
            "ringfence.io/cluster": label,
            "ringfence.io/run": _label(report.run.id),
        },
        "annotations": {
            "ringfence.io/cluster-id": within(cluster_id, _TEXT),
            "ringfence.io/baseline": within(report.baseline, 100),
        },
    }
    if not namespace:
        return {"apiVersion": _VERSION, "kind": "ClusterReport", "metadata": metadata, "source": PRODUCT}
    return {
        "apiVersion": _VERSION,
        "kind": "Report",
        "metadata": {**metadata, "namespace": namespace},
        "source": PRODUCT,
        "scope": {"apiVersion": "v1", "kind": "Namespace", "name": namespace},
    }


def _result(finding: Finding, objects: tuple[Subject, ...], seconds: int) -> dict[str, Any]:
    control, item = finding.control, finding.item
    properties = {
        "id": finding.id,
        "subject": within(item.subject, _TEXT),
        "status": str(item.status),
        "level": str(control.level),
        "title": within(control.title, _TEXT),
    }
    if item.remediation:
        properties["remediation"] = visible_lines(item.remediation, _TEXT)
    found: dict[str, Any] = {
        "source": PRODUCT,
        "policy": within(control.id, 253),
        "rule": within(item.reason, 253),
        "category": family_of(control.id).title,
        "severity": control.severity,
        "result": _RESULTS[item.status],
        "scored": item.status is not Status.WAIVED,
        "message": evidence_of(finding, _TEXT),
        "timestamp": {"seconds": seconds, "nanos": 0},
        "properties": properties,
    }
    references = [_reference(each) for each in objects]
    return {**found, "resources": references} if references else found


def _reference(subject: Subject) -> dict[str, str]:
    named = {"apiVersion": subject.version, "kind": subject.kind, "namespace": subject.namespace, "name": subject.name}
    return {key: value for key, value in named.items() if value}


def _label(text: str) -> str:
    """A label's value: letters, digits, "-", "_" and ".", 63 at most, a letter or digit at either end."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:63].strip("-_.") or "unnamed"


def _digest(text: str) -> str:
    return UUID(stable_id(text)).hex
