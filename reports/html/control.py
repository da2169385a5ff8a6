"""A control's page: how it came out on every cluster, each row a link to evidence and mend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.document import Cluster, Report
from reports.html.findings import ControlGroup, Placed, reason_of, worst_first
from reports.html.judged import covered
from reports.html.links import Links, Neighbour, neighbours
from scanner.findings import ControlResult, Status


@dataclass(frozen=True, slots=True)
class ControlRow:
    """The control on one cluster."""

    cluster: Cluster
    href: str
    result: ControlResult
    reason: str
    covered: float
    failing: int  # items


@dataclass(frozen=True, slots=True)
class ControlPage:
    """The whole page."""

    report: Report
    links: Links
    group: ControlGroup
    rows: tuple[ControlRow, ...]
    statuses: tuple[Status, ...]
    clouds: tuple[str, ...]
    before: Neighbour | None
    after: Neighbour | None


def control_page(
    report: Report, links: Links, groups: Sequence[ControlGroup], place: int, results: Sequence[Placed]
) -> ControlPage:
    """The page of the control at `place` among `groups`; `results` are what it came to on each cluster."""
    ordered = worst_first(report, results)
    before, after = neighbours([Neighbour(group.id, links.control(group.id)) for group in groups], place)
    return ControlPage(
        report=report,
        links=links,
        group=groups[place],
        rows=tuple(_row(report, links, index, result) for index, result in ordered),
        statuses=tuple(dict.fromkeys(result.status for _, result in ordered)),
        clouds=tuple(dict.fromkeys(cluster.cloud for cluster in report.clusters)),
        before=before,
        after=after,
    )


def _row(report: Report, links: Links, index: int, result: ControlResult) -> ControlRow:
    cluster = report.clusters[index]
    return ControlRow(
        cluster=cluster,
        href=links.cluster(index, result.id),
        result=result,
        reason=reason_of(cluster, result),
        covered=covered(result),
        failing=sum(item.status is Status.FAIL for item in result.items),
    )
