"""The findings of the HTML report: grouped by control, worst first, and capped so that a large fleet still opens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.document import Report
from reports.priorities import ENFORCEMENT
from reports.wording import SEVERITY_RANK, STATUS_RANK, is_unread, tally
from scanner.findings import ControlResult, Item, Severity, Status

ITEMS_PER_CONTROL = 240  # shared evenly by the clusters of a control; the whole list is in report.json
ITEMS_PER_FINDING = 40  # most items shown of one control on one cluster
ITEMS_PER_FAILURE = 3  # least items shown where something is wrong or in doubt, however many clusters there are
SENTENCES_PER_ITEM = 8
ATTENTION = frozenset({Status.FAIL, Status.UNKNOWN, Status.WAIVED})


@dataclass(frozen=True, slots=True)
class Block:
    """Items of one finding that share status, reason, evidence and remediation, told once."""

    status: Status
    reason: str
    subjects: tuple[str, ...]
    evidence: tuple[str, ...]
    more_evidence: int
    remediation: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One control on one cluster. `cluster` is the cluster's index in the report; `left_out` counts items not shown."""

    cluster: int
    name: str
    cloud: str
    place: str
    status: Status
    reason: str
    level: str
    covered: float
    counts: dict[Status, int]
    blocks: tuple[Block, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """One control over the fleet: its findings, worst first, and how many have which status."""

    id: str
    title: str
    severity: Severity
    counts: dict[Status, int]
    findings: tuple[Finding, ...]


def control_ids(report: Report) -> tuple[str, ...]:
    """Return the ids of all controls, in the order in which the clusters list them."""
    return tuple(dict.fromkeys(result.id for cluster in report.clusters for result in cluster.controls))


def control_groups(report: Report) -> tuple[ControlGroup, ...]:
    """Return one group per control: failing enforcement first, then the worst severity and the most failing clusters."""
    placed: dict[str, list[tuple[int, ControlResult]]] = {control: [] for control in control_ids(report)}
    for index, cluster in enumerate(report.clusters):
        for result in cluster.controls:
            placed[result.id].append((index, result))
    return tuple(sorted((_group(report, results) for results in placed.values()), key=_group_rank))


def _group_rank(group: ControlGroup) -> tuple[bool, bool, int, int, int, str]:
    fails, unknowns = group.counts.get(Status.FAIL, 0), group.counts.get(Status.UNKNOWN, 0)
    return (not fails, group.id not in ENFORCEMENT, SEVERITY_RANK[group.severity], -fails, -unknowns, group.id)


def _group(report: Report, results: list[tuple[int, ControlResult]]) -> ControlGroup:
    wrong = sum(result.status in ATTENTION for _, result in results)
    findings = []
    for index, result in results:
        sharing, least = (wrong, ITEMS_PER_FAILURE) if result.status in ATTENTION else (len(results), 0)
        cap = min(ITEMS_PER_FINDING, max(least, ITEMS_PER_CONTROL // sharing))
        findings.append(_finding(report, index, result, cap))
    findings.sort(key=lambda finding: (STATUS_RANK[finding.status], finding.covered, finding.name, finding.cluster))
    first = results[0][1]
    return ControlGroup(
        id=first.id,
        title=first.title,
        severity=min((result.severity for _, result in results), key=SEVERITY_RANK.__getitem__),
        counts=tally(finding.status for finding in findings),
        findings=tuple(findings),
    )


def _finding(report: Report, index: int, result: ControlResult, cap: int) -> Finding:
    cluster = report.clusters[index]
    items = sorted(result.items, key=lambda item: STATUS_RANK[item.status])
    return Finding(
        cluster=index,
        name=cluster.name,
        cloud=cluster.cloud,
        place=f"{cluster.account} · {cluster.location}",
        status=result.status,
        reason=cluster.unread if is_unread(cluster) and not items else result.reason,
        level=result.level,
        covered=min(1.0, max(0.0, result.fraction)),
        counts=tally(item.status for item in items),
        blocks=_blocks(items[:cap]),
        left_out=max(0, len(items) - cap),
    )


def _blocks(items: Iterable[Item]) -> tuple[Block, ...]:
    alike: dict[tuple[Status, str, tuple[str, ...], str], list[str]] = {}
    for item in items:
        alike.setdefault((item.status, item.reason, item.evidence, item.remediation), []).append(item.subject)
    return tuple(
        Block(
            status=status,
            reason=reason,
            subjects=tuple(subjects),
            evidence=evidence[:SENTENCES_PER_ITEM],
            more_evidence=max(0, len(evidence) - SENTENCES_PER_ITEM),
            remediation=remediation,
        )
        for (status, reason, evidence, remediation), subjects in alike.items()
    )
