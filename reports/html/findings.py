"""The findings of the HTML report: by family and control, worst first, and capped so that a large fleet still opens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.document import Cluster, Report
from reports.html.anchors import anchor
from reports.html.families import Family, family_of
from reports.html.judged import ATTENTION, Judged, covered, judged
from reports.html.links import Links
from reports.priorities import ENFORCEMENT
from reports.wording import SEVERITY_RANK, STATUS_RANK, is_unread, tally
from scanner.findings import ControlResult, Level, Severity, Status

ITEMS_PER_CONTROL = 240  # shared evenly by the clusters of a control; the whole list is in report.json
ITEMS_PER_FINDING = 40  # most items shown of one control on one cluster
ITEMS_PER_FAILURE = 3  # least items shown where something is wrong or in doubt, however many clusters there are
FOLDED_FROM = 5  # findings of a control that are in order are folded away where there are as many beside others
Placed = tuple[int, ControlResult]  # a cluster's place in the report, and what one control came to there
_UNDECIDED = frozenset({Status.UNKNOWN, Status.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One control on one cluster. `cluster` is the cluster's index in the report, `href` where its page has all of it."""

    cluster: int
    name: str
    cloud: str
    place: str
    anchor: str
    href: str
    judged: Judged


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """One control over the fleet: its findings, worst first, and how many have which status.

    `levels` are the levels of truth that it was judged at, where it could be; else those it was looked at. `left_out` counts
    the findings that are not among `findings`; `href` is where all are.
    """

    id: str
    title: str
    severity: Severity
    anchor: str
    href: str
    counts: dict[Status, int]
    levels: tuple[Level, ...]
    findings: tuple[Finding, ...]
    left_out: int

    @property
    def is_settled(self) -> bool:
        """Whether it passes, or does not apply, on every cluster."""
        return not ATTENTION & self.counts.keys()

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


def control_groups(report: Report, links: Links, most: int | None = None) -> tuple[ControlGroup, ...]:
    """Return one group per control: failing enforcement first, then the worst severity and the most failing clusters.

    Of each come at most `most` findings, those that need attention; all of them with None.
    """
    placed: dict[str, list[Placed]] = {control: [] for control in control_ids(report)}
    for index, cluster in enumerate(report.clusters):
        for result in cluster.controls:
            placed[result.id].append((index, result))
    return tuple(sorted((_group(report, results, links, most) for results in placed.values()), key=_group_rank))


def worst_first(report: Report, results: Iterable[Placed]) -> list[Placed]:
    """The results of one control on several clusters, those in most need of work first."""

    def rank(placed: Placed) -> tuple[int, float, str, int]:
        index, result = placed
        return STATUS_RANK[result.status], covered(result), report.clusters[index].name, index

    return sorted(results, key=rank)


def reason_of(cluster: Cluster, result: ControlResult) -> str:
    """Why a control came out as it did; for what could not be read that is why it could not."""
    return cluster.unread if is_unread(cluster) and not result.items else result.reason


def _group_rank(group: ControlGroup) -> tuple[bool, bool, int, int, int, str]:
    fails, unknowns = group.counts.get(Status.FAIL, 0), group.counts.get(Status.UNKNOWN, 0)
    return (not fails, group.id not in ENFORCEMENT, SEVERITY_RANK[group.severity], -fails, -unknowns, group.id)


def _group(report: Report, results: list[Placed], links: Links, most: int | None) -> ControlGroup:
    shown = ordered = worst_first(report, results)
    if most is not None:
        shown = [placed for placed in ordered[:most] if placed[1].status in ATTENTION]
    wrong = sum(result.status in ATTENTION for _, result in shown)
    findings = []
    for index, result in shown:
        sharing, least = (wrong, ITEMS_PER_FAILURE) if result.status in ATTENTION else (len(shown), 0)
        cap = min(ITEMS_PER_FINDING, max(least, ITEMS_PER_CONTROL // sharing)) if most is None else ITEMS_PER_FAILURE
        findings.append(_finding(report, index, result, cap, links))
    first = results[0][1]
    told = [result for _, result in results if result.status not in _UNDECIDED]
    seen = {result.level for result in told or [result for _, result in results]}
    return ControlGroup(
        id=first.id,
        title=first.title,
        severity=min((result.severity for _, result in results), key=SEVERITY_RANK.__getitem__),
        anchor=anchor("control", first.id),
        href=links.control(first.id),
        counts=tally(result.status for _, result in ordered),
        levels=tuple(level for level in Level if level in seen),
        findings=tuple(findings),
        left_out=len(results) - len(findings),
    )


def _finding(report: Report, index: int, result: ControlResult, cap: int, links: Links) -> Finding:
    cluster = report.clusters[index]
    return Finding(
        cluster=index,
        name=cluster.name,
        cloud=cluster.cloud,
        place=f"{cluster.account} · {cluster.location}",
        anchor=anchor("finding", links.names.anchors[index], result.id),
        href=links.cluster(index, result.id),
        judged=judged(result, cap, cluster.waivers, reason_of(cluster, result)),
    )
