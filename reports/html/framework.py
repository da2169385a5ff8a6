"""A framework's page for an auditor: each requirement, which controls decide it on which cluster, and where the evidence is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reports.document import Report, RequirementRow
from reports.html.links import Links, Neighbour, neighbours, whole_name
from reports.html.requirements import Chip, FrameworkPart, RequirementLine, chip_of, framework_parts
from reports.wording import STATUS_RANK
from scanner.findings import Status
from scanner.frameworks.status import NOT_ASSESSED

CLUSTERS_PER_REQUIREMENT = 100


@dataclass(frozen=True, slots=True)
class Decider:
    """A control that made a requirement what it is on a cluster, and where its evidence stands."""

    control: str
    href: str


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """One requirement on one cluster."""

    name: str
    href: str
    chip: Chip
    deciders: tuple[Decider, ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement with the clusters that it was assessed on, the worst first; `left_out` counts those not listed."""

    line: RequirementLine
    clusters: tuple[ClusterLine, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class FrameworkPage:
    """The whole page; `name` is with the version."""

    report: Report
    links: Links
    name: str
    part: FrameworkPart
    requirements: tuple[Requirement, ...]
    before: Neighbour | None
    after: Neighbour | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What all frameworks of a report are seen with; `hrefs` lead to the controls."""

    report: Report
    links: Links
    hrefs: Mapping[str, str]
    parts: tuple[FrameworkPart, ...]
    statuses: Mapping[str, Mapping[str, Status]]  # by cluster id and control; those of the fabric under ""
    names: Mapping[str, str]  # by cluster id

    def to(self, cluster: str, control: str = "") -> str:
        """A link to a cluster by its id; none where the report does not hold it."""
        index = self.links.names.at.get(cluster)
        return "" if index is None else self.links.cluster(index, control)


def seen(report: Report, links: Links, hrefs: Mapping[str, str]) -> Seen:
    """Worked out once for all of a report's frameworks."""
    statuses = {cluster.id: {each.id: each.status for each in cluster.controls} for cluster in report.clusters}
    names = {cluster.id: cluster.name for cluster in report.clusters}
    fabric = {each.id: each.status for each in (report.fabric.controls if report.fabric else ())}
    return Seen(report, links, hrefs, framework_parts(report, hrefs, links), statuses | {"": fabric}, names)


def framework_page(known: Seen, number: int) -> FrameworkPage:
    """The page of the `number`-th of the report's frameworks."""
    part = known.parts[number]
    rows = [row for row in part.view.requirements if row.status != NOT_ASSESSED]
    before, after = neighbours([Neighbour(each.view.name, each.href) for each in known.parts], number)
    return FrameworkPage(
        report=known.report,
        links=known.links,
        name=whole_name(part.view),
        part=part,
        requirements=tuple(_requirement(known, *pair) for pair in zip(part.assessed, rows, strict=True)),
        before=before,
        after=after,
    )


def _requirement(known: Seen, line: RequirementLine, row: RequirementRow) -> Requirement:
    def name(cluster: str) -> str:
        return known.names.get(cluster, cluster)

    judged = sorted(row.clusters.items(), key=lambda pair: (STATUS_RANK[chip_of(pair[1]).mark], name(pair[0])))
    shown = judged[:CLUSTERS_PER_REQUIREMENT]
    lines = tuple(
        ClusterLine(name(cluster), known.to(cluster), chip_of(status), tuple(_deciders(known, row, cluster, status)))
        for cluster, status in shown
    )
    return Requirement(line, lines, len(judged) - len(shown))


def _deciders(known: Seen, row: RequirementRow, cluster: str, status: str) -> Iterator[Decider]:
    """The controls that make the requirement what it is there: the cluster's own, and those of the fabric."""
    own, shared = known.statuses.get(cluster, {}), known.statuses[""]
    for control in row.equal:
        if own.get(control) == status:
            yield Decider(control, known.to(cluster, control))
        elif control not in own and shared.get(control) == status:
            yield Decider(control, known.hrefs.get(control, ""))
