"""OCSF Compliance Findings (class 2003, schema 1.5.0) as JSON lines: what security data lakes and SIEMs take in.

https://schema.ocsf.io/1.5.0/classes/compliance_finding. An event a finding, built as plain structures: the models of
py-ocsf-models write neither the cloud nor the compliance status, and take half as long again (25 µs and 12 µs a finding). The
tests hold events against those models and against the schema itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from reports.document import Cluster, Report
from reports.exports.common import (
    PRODUCT,
    Finding,
    evidence_of,
    findings_in,
    fleet_findings,
    requirements,
    run_time,
    times_taken,
    unsearched,
    within,
)
from reports.exports.findings import FABRIC
from reports.html.families import family_of
from reports.identity import stable_id
from reports.wording import visible_lines
from scanner.findings import Severity, Status

VERSION = "1.5.0"
_CREATE = 1
_NEW, _SUPPRESSED = (1, "New"), (3, "Suppressed")
_INFORMATIONAL = (1, "Informational")
_SEVERITIES: Mapping[Severity, tuple[int, str]] = {
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
# "Warning: the compliance check did not yield a result due to missing information" is what unknown means here.
_COMPLIANCE: Mapping[Status, tuple[int, str]] = {
    Status.PASS: (1, "Pass"),
    Status.FAIL: (3, "Fail"),
    Status.WAIVED: (3, "Fail"),
    Status.UNKNOWN: (2, "Warning"),
    Status.NOT_APPLICABLE: (99, "Not applicable"),
}
_QUIET = (Status.PASS, Status.NOT_APPLICABLE)
_PROVIDERS = {"aws": "AWS", "gcp": "GCP", "azure": "Azure"}
_ACCOUNTS = {"aws": (10, "AWS Account"), "gcp": (11, "GCP Project"), "azure": (13, "Azure Subscription")}
_ZONE = re.compile(r"(.+)-[a-z]\Z")  # a zonal GKE cluster's location
_TEXT = 4000  # characters of a text; what is longer stands whole in report.json
_NAME = 2048


def render(report: Report) -> Iterator[bytes]:
    """A line for each finding of each cluster, then of the fleet.

    Raises:
        InputError: a time of the report is none.
    """
    run = run_time(report)
    encode = msgspec.json.Encoder().encode
    for cluster, seen in zip(report.clusters, times_taken(report), strict=True):
        for finding in findings_in(cluster):
            yield encode(_event(finding, report, _milliseconds(run), _milliseconds(seen))) + b"\n"
    for finding in fleet_findings(report):
        yield encode(_event(finding, report, _milliseconds(run), _milliseconds(run))) + b"\n"


def notices(report: Report) -> Iterator[str]:
    """What has no place in this form."""
    return unsearched(report)


def _event(finding: Finding, report: Report, run: int, seen: int) -> dict[str, Any]:
    """One event; times are milliseconds since 1970."""
    item, control = finding.item, finding.control
    severity = _INFORMATIONAL if item.status in _QUIET else _SEVERITIES[control.severity]
    status = _SUPPRESSED if item.status is Status.WAIVED else _NEW
    event = {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 2003 * 100 + _CREATE,
        "type_name": "Compliance Finding: Create",
        "time": run,
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": status[0],
        "status": status[1],
        "status_code": item.status,
        "status_detail": evidence_of(finding, _TEXT),
        "message": within(finding.headline, _TEXT),
        "metadata": _metadata(finding, report),
        "finding_info": _finding_info(finding, seen),
        "compliance": _compliance(finding, report.baseline),
        "resources": _resources(finding),
        "unmapped": _unmapped(finding, report),
    }
    if item.remediation:
        event["remediation"] = {"desc": visible_lines(item.remediation, _TEXT)}
    if finding.cluster and finding.cluster.cloud in _PROVIDERS:
        event["cloud"] = _cloud(finding.cluster)
    return event


def _metadata(finding: Finding, report: Report) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "version": VERSION,
        "product": {"name": PRODUCT, "vendor_name": PRODUCT, "uid": PRODUCT, "version": within(report.run.tool, 100)},
        "uid": stable_id(report.run.id, finding.id),
        "correlation_uid": within(report.run.id, _NAME),
        "event_code": within(finding.control.id, _NAME),
        "original_time": within(report.run.time, 100),
    }
    if finding.cloud in _PROVIDERS:
        metadata["profiles"] = ["cloud"]
    return metadata


def _finding_info(finding: Finding, seen: int) -> dict[str, Any]:
    control = finding.control
    return {
        "uid": finding.id,
        "title": within(control.title, _TEXT),
        "last_seen_time": seen,
        "analytic": {
            "type_id": 1,
            "type": "Rule",
            "uid": within(control.id, _NAME),
            "name": within(control.title, _TEXT),
            "category": family_of(control.id).title,
        },
    }


def _compliance(finding: Finding, baseline: str) -> dict[str, Any]:
    status, caption = _COMPLIANCE[finding.item.status]
    standards, codes = _standards(finding.control.id, finding.cloud)
    return {
        "control": within(finding.control.id, _NAME),
        "desc": within(finding.control.title, _TEXT),
        "category": family_of(finding.control.id).title,
        "requirements": codes,
        "standards": [within(f"{PRODUCT} baseline {baseline}", _NAME), *standards],
        "status_id": status,
        "status": caption,
        "status_code": within(finding.item.reason, _NAME),
    }


@cache
def _standards(control: str, cloud: str) -> tuple[list[str], list[str]]:
    """The frameworks, and their requirements with the framework in front, that a control is equal to."""
    marks = requirements(control, cloud)
    return list(dict.fromkeys(name for name, _ in marks)), [f"{name}: {code}" for name, code in marks]


def _resources(finding: Finding) -> list[dict[str, Any]]:
    """The cluster, then the objects in it that the finding is about."""
    cluster = finding.cluster
    if cluster is None:
        return [{"uid": FABRIC, "name": within(finding.item.subject, _NAME), "type": "Kubernetes fleet"}]
    whole: dict[str, Any] = {
        "uid": within(cluster.id, _NAME),
        "name": within(cluster.name, _NAME),
        "type": "Kubernetes cluster",
        "labels": [f"tier={within(cluster.tier, 100)}"],
    }
    if cluster.cloud in _PROVIDERS:  # these two belong to the cloud profile
        whole["region"] = _place(cluster)["region"]
        if cluster.id.startswith("arn:"):
            whole["cloud_partition"] = within(cluster.id.split(":")[1], 100)
    objects = [
        {
            "uid": within("/".join(filter(None, (cluster.id, each.namespace, each.kind, each.name))), _NAME),
            "name": each.name,
            "type": each.kind,
            **({"namespace": each.namespace} if each.namespace else {}),
        }
        for each in finding.objects
    ]
    return [whole, *objects]


def _cloud(cluster: Cluster) -> dict[str, Any]:
    type_id, caption = _ACCOUNTS[cluster.cloud]
    account = within(cluster.account, _NAME)
    return {
        "provider": _PROVIDERS[cluster.cloud],
        "account": {"uid": account, "name": account, "type_id": type_id, "type": caption},
        **_place(cluster),
    }


def _place(cluster: Cluster) -> dict[str, str]:
    location = within(cluster.location, _NAME)
    zone = _ZONE.match(location) if cluster.cloud == "gcp" else None
    return {"region": zone[1], "zone": location} if zone else {"region": location}


def _unmapped(finding: Finding, report: Report) -> dict[str, Any]:
    """What OCSF has no attribute for."""
    cluster, origins = finding.cluster, finding.item.origins
    found: dict[str, Any] = {
        "subject": within(finding.item.subject, _NAME),
        "level": finding.control.level,
        "control_status": finding.control.status,
        "control_severity": finding.control.severity,
        "fraction": finding.control.fraction,
        "baseline": within(report.baseline, 100),
    }
    if origins:
        found["origins"] = [f"{within(each.file, _NAME)}:{each.line}" for each in origins]
    if cluster is not None:
        found |= {
            "read": cluster.read,
            "tier": within(cluster.tier, 100),
            "dataplane": within(f"{cluster.dataplane.name} {cluster.dataplane.version}", 300),
            "enforcing": within(cluster.dataplane.enforcing, 100),
        }
    return found


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1000
