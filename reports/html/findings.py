"""The findings of the HTML report: by family and control, worst first, and capped so that a large fleet still opens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.document import Report
from reports.html.families import Family, family_of
from reports.html.waivers import waiver_of
from reports.priorities import ENFORCEMENT
from reports.wording import SEVERITY_RANK, STATUS_RANK, is_unread, tally
from scanner.findings import ControlResult, Item, Level, Path, Severity, Status, WaiverUse

ITEMS_PER_CONTROL = 240  # shared evenly by the clusters of a control; the whole list is in report.json
ITEMS_PER_FINDING = 40  # most items shown of one control on one cluster
ITEMS_PER_FAILURE = 3  # least items shown where something is wrong or in doubt, however many clusters there are
SENTENCES_PER_ITEM = 8
PATHS_PER_FINDING = 6  # drawn
FOLDED_FROM = 5  # findings of a control that are in order are folded away where there are as many beside others
ATTENTION = frozenset({Status.FAIL, Status.UNKNOWN, Status.WAIVED})
_UNDECIDED = frozenset({Status.UNKNOWN, Status.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Block:
    """Items of one finding that share status, reason, evidence and remediation, told once.

    `waiver` is what waived them, or would have if it had not expired.
    """

    status: Status
    reason: str
    subjects: tuple[str, ...]
    evidence: tuple[str, ...]
    more_evidence: int
    remediation: str
    waiver: WaiverUse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How one control came out; `left_out` counts items not shown."""

    status: Status
    reason: str
    level: Level
    covered: float
    counts: dict[Status, int]
    blocks: tuple[Block, ...]
    left_out: int
    paths: tuple[Path, ...]
    more_paths: int
    statuses: dict[str, Status]  # of the items that the paths are about, by subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One control on one cluster. `cluster` is the cluster's index in the report."""

    cluster: int
    name: str
    cloud: str
    place: str
    judged: Judged


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """One control over the fleet: its findings, worst first, and how many have which status."""

    id: str
    title: str
    severity: Severity
    counts: dict[Status, int]
    findings: tuple[Finding, ...]

    @property
    def is_settled(self) -> bool:
        """Whether it passes, or does not apply, on every cluster."""
        return not ATTENTION & self.counts.keys()

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels of truth that it was judged at, where it could be; else those it was looked at."""
        told = [each.judged for each in self.findings if each.judged.status not in _UNDECIDED]
        seen = {each.level for each in told or [finding.judged for finding in self.findings]}
        return tuple(level for level in Level if level in seen)

    @property
    def pressing(self) -> tuple[Finding, ...]:
        """The findings that stand open to the eye."""
        return self.findings[: len(self.findings) - len(self.settled)]

    @property
    def settled(self) -> tuple[Finding, ...]:
        """Those that are folded away: in order, too many, and not all there is."""
        found = tuple(each for each in self.findings if each.judged.status not in ATTENTION)
        return found if FOLDED_FROM <= len(found) < len(self.findings) else ()


@dataclass(frozen=True, slots=True)
class FamilyOfControls:
    """The controls of one family. `counts` says how many of them are at worst of which status."""

    family: Family
    counts: dict[Status, int]
    pressing: tuple[ControlGroup, ...]
    settled: tuple[ControlGroup, ...]

    @property
    def size(self) -> int:
        """How many controls it has here."""
        return len(self.pressing) + len(self.settled)

    @property
    def failing(self) -> int:
        """The most clusters on which one of its controls fails."""
        return max(group.counts.get(Status.FAIL, 0) for group in (*self.pressing, *self.settled))


def families(groups: Iterable[ControlGroup]) -> tuple[FamilyOfControls, ...]:
    """The families of `groups`, in the order of their first group; the groups of each keep theirs."""
    members: dict[Family, list[ControlGroup]] = {}
    for group in groups:
        members.setdefault(family_of(group.id), []).append(group)
    return tuple(
        FamilyOfControls(
            family=family,
            counts=tally(next(iter(group.counts)) for group in found),
            pressing=tuple(group for group in found if not group.is_settled),
            settled=tuple(group for group in found if group.is_settled),
        )
        for family, found in members.items()
    )


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
    findings.sort(key=lambda each: (STATUS_RANK[each.judged.status], each.judged.covered, each.name, each.cluster))
    first = results[0][1]
    return ControlGroup(
        id=first.id,
        title=first.title,
        severity=min((result.severity for _, result in results), key=SEVERITY_RANK.__getitem__),
        counts=tally(finding.judged.status for finding in findings),
        findings=tuple(findings),
    )


def _finding(report: Report, index: int, result: ControlResult, cap: int) -> Finding:
    cluster = report.clusters[index]
    return Finding(
        cluster=index,
        name=cluster.name,
        cloud=cluster.cloud,
        place=f"{cluster.account} · {cluster.location}",
        judged=judged(
            result, cap, cluster.waivers, cluster.unread if is_unread(cluster) and not result.items else result.reason
        ),
    )


def judged(result: ControlResult, cap: int, waivers: Sequence[WaiverUse], reason: str) -> Judged:
    """What is shown of `result`: `cap` items, the worst first, each with what waived it."""
    items = sorted(result.items, key=lambda item: STATUS_RANK[item.status])
    mine = [use for use in waivers if use.control == result.id]
    shown = result.paths[:PATHS_PER_FINDING]
    about = {path.subject for path in shown}
    return Judged(
        status=result.status,
        reason=reason,
        level=result.level,
        covered=min(1.0, max(0.0, result.fraction)),
        counts=tally(item.status for item in items),
        blocks=_blocks(items[:cap], mine),
        left_out=max(0, len(items) - cap),
        paths=shown,
        more_paths=result.more_paths + len(result.paths) - len(shown),
        statuses={item.subject: item.status for item in items if item.subject in about},
    )


def _blocks(items: Iterable[Item], waivers: Sequence[WaiverUse]) -> tuple[Block, ...]:
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
            waiver=waiver_of(evidence, waivers),
        )
        for (status, reason, evidence, remediation), subjects in alike.items()
    )
