"""AWS Security Finding Format as JSON lines, each the input of one `BatchImportFindings`: what AWS Security Hub CSPM takes in.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html; the limits of length are those of
https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html. A call is made with the account of its
findings, in their region, takes 100 of them, 240 KB each and 6 MB together: a line holds findings of one account and region,
and the bounded texts keep each far below. Only clusters of AWS have an account and a region to be filed under; `notices` names
the others.

`Workflow` is the customer's: an import that sets it to SUPPRESSED would never be able to take that back once a waiver has
expired (BatchImportFindings cannot update it). A waived finding is FAILED with the reason WAIVED and the product field
`ringfence/status`, on which an automation rule may act.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import chain, groupby, islice
from typing import Any

import msgspec

from reports.document import Cluster, Report
from reports.exports.common import (
    PRODUCT,
    Finding,
    described,
    evidence_of,
    findings_in,
    fleet_controls,
    requirements,
    run_time,
    times_taken,
    unsearched,
    within,
)
from reports.html.families import family_of
from reports.wording import join_names
from scanner.findings import Severity, Status

_BATCH = 100
_OBJECTS = 8  # 31 are allowed beside the cluster, but a hundred findings have to stay below 6 MB
_ACCOUNT = re.compile(r"[0-9]{12}\Z")
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]\Z")
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-us-iso-b"), ("us-iso-", "aws-us-iso"))
_TYPES = ("Software and Configuration Checks/Industry and Regulatory Standards",)
_QUIET = (Status.PASS, Status.NOT_APPLICABLE)
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_Compliance.html: WARNING is missing information.
_STATUSES: Mapping[Status, str] = {
    Status.PASS: "PASSED",
    Status.FAIL: "FAILED",
    Status.WAIVED: "FAILED",
    Status.UNKNOWN: "WARNING",
    Status.NOT_APPLICABLE: "NOT_AVAILABLE",
}
_LABELS: Mapping[Severity, str] = {each: each.upper() for each in Severity}
_NONE = "-"  # an empty text is refused


def render(report: Report) -> Iterator[bytes]:
    """A line for each call: at most 100 findings of one account in one region.

    Raises:
        InputError: a time of the report is none.
    """
    run = run_time(report)
    encode = msgspec.json.Encoder().encode
    timed = zip(report.clusters, times_taken(report), strict=True)
    fitting = ((each, at) for each, at in timed if _fits(each))
    for _, clusters in groupby(fitting, key=lambda pair: (pair[0].account, pair[0].location)):
        rows = chain.from_iterable(_of_cluster(each, at, report, run) for each, at in clusters)
        while batch := list(islice(rows, _BATCH)):
            yield encode({"Findings": batch}) + b"\n"


def notices(report: Report) -> Iterator[str]:
    """What Security Hub cannot hold."""
    others = [each.name for each in report.clusters if not _fits(each)]
    if others:
        yield f"left out of asff, which files findings under an AWS account and region: {join_names(others, 3)}"
    if fleet_controls(report):
        yield "left out of asff: what is judged between clusters"
    yield from unsearched(report)


def _fits(cluster: Cluster) -> bool:
    return bool(cluster.cloud == "aws" and _ACCOUNT.match(cluster.account) and _REGION.match(cluster.location))


def _of_cluster(cluster: Cluster, at: datetime, report: Report, run: datetime) -> Iterator[dict[str, Any]]:
    """The findings of one cluster. What they share is made once."""
    partition = next((each for start, each in _PARTITIONS if cluster.location.startswith(start)), "aws")
    product = f"arn:{partition}:securityhub:{cluster.location}:{cluster.account}:product/{cluster.account}/default"
    shared: dict[str, Any] = {
        "SchemaVersion": "2018-10-08",
        "ProductArn": product,
        "ProductName": PRODUCT,
        "CompanyName": PRODUCT,
        "AwsAccountId": cluster.account,
        "CreatedAt": _rfc3339(run),
        "UpdatedAt": _rfc3339(run),
        "LastObservedAt": _rfc3339(at),
        "RecordState": "ACTIVE",
    }
    fields = {
        "ringfence/run": _text(report.run.id, 200),
        "ringfence/version": _text(report.run.tool, 100),
        "ringfence/baseline": _text(report.baseline, 100),
        "ringfence/cluster": _text(cluster.name, 200),
        "ringfence/tier": _text(cluster.tier, 100),
        "ringfence/read": _text(cluster.read, 100),
        "ringfence/dataplane": _text(f"{cluster.dataplane.name} {cluster.dataplane.version}", 300),
        "ringfence/enforcing": _text(cluster.dataplane.enforcing, 100),
    }
    whole = _cluster_resource(cluster, partition)
    for each in findings_in(cluster):
        yield {**shared, **_finding(each, report.baseline, fields), "Resources": _resources(each, whole)}


def _finding(finding: Finding, baseline: str, fields: Mapping[str, str]) -> dict[str, Any]:
    control, item = finding.control, finding.item
    label = "INFORMATIONAL" if item.status in _QUIET else _LABELS[control.severity]
    found: dict[str, Any] = {
        "Id": f"{PRODUCT}/{finding.id}",
        "GeneratorId": _text(f"{PRODUCT}/{control.id}", 512),
        "Title": _text(f"{control.id} {control.title}", 256),
        "Description": described(finding, 1024),
        "FindingProviderFields": {"Severity": {"Label": label, "Original": control.severity}, "Types": _TYPES},
        "Compliance": _compliance(finding, baseline),
        "ProductFields": {
            **fields,
            "ringfence/status": item.status,
            "ringfence/reason": _text(item.reason, 500),
            "ringfence/subject": _text(item.subject, 1000),
            "ringfence/family": family_of(control.id).title,
            "ringfence/level": control.level,
        },
    }
    if item.remediation.strip():
        found["Remediation"] = {"Recommendation": {"Text": within(item.remediation, 512)}}
    return found


def _compliance(finding: Finding, baseline: str) -> dict[str, Any]:
    """How the control did. Each of a waiver's effects is a reason of its own, before the item's."""
    item = finding.item
    waived = [_reason("waived", "accepted for a time by a waiver")] if item.status is Status.WAIVED else []
    found = {
        "Status": _STATUSES[item.status],
        "StatusReasons": [*waived, _reason(item.reason, evidence_of(finding, 512))],
        "SecurityControlId": _text(finding.control.id, 256),
        "AssociatedStandards": [{"StandardsId": _text(f"standards/ringfence-baseline/v/{baseline}", 256)}],
    }
    related = _related(finding.control.id)
    return {**found, "RelatedRequirements": related} if related else found


def _reason(word: str, description: str) -> dict[str, str]:
    code = re.sub(r"[^A-Z0-9]+", "_", word.upper()).strip("_")[:100]
    return {"ReasonCode": code or "UNSPECIFIED", "Description": _text(description, 512)}


@cache
def _related(control: str) -> list[str]:
    """The requirements that it is equal to, 32 at most, spelled as Security Hub spells its own."""
    return [within(f"{name}/{code}", 64) for name, code in requirements(control, "aws")][:32]


def _cluster_resource(cluster: Cluster, partition: str) -> dict[str, Any]:
    details = {"Name": _text(cluster.name, 100)}
    if cluster.id.startswith(f"arn:{partition}:eks:"):
        details["Arn"] = within(cluster.id, 512)
    return {
        "Type": "AwsEksCluster",
        "Id": _text(cluster.id, 512),
        "Partition": partition,
        "Region": cluster.location,
        "Details": {"AwsEksCluster": details},
    }


def _resources(finding: Finding, whole: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The cluster, then the first objects in it that the finding is about."""
    objects = [
        {
            "Type": "Other",
            "Id": _text("/".join(filter(None, (finding.cluster_id, each.namespace, each.kind, each.name))), 512),
            "Partition": whole["Partition"],
            "Region": whole["Region"],
            "Details": {"Other": {"kind": each.kind, "name": each.name} | _in_namespace(each.namespace)},
        }
        for each in finding.objects[:_OBJECTS]
    ]
    return [whole, *objects]


def _in_namespace(namespace: str) -> dict[str, str]:
    return {"namespace": namespace} if namespace else {}


def _text(text: str, limit: int) -> str:
    return within(text, limit).strip() or _NONE


def _rfc3339(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
