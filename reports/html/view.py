"""What the HTML template shows, worked out from the report: no template decides anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.document import Cluster, Group, Report
from reports.html.card import Card, card_of
from reports.html.fabric import FabricPart, fabric_part
from reports.html.findings import ControlGroup, FamilyOfControls, control_groups, control_ids, families
from reports.html.heat import Heat, heat
from reports.html.links import Links, Names
from reports.html.matrix import Matrix, columns_of, matrix
from reports.html.requirements import FrameworkPart, framework_parts
from reports.html.waivers import WaiverRow, rows_at, uses_of, waiver_rows
from reports.priorities import Action, first_actions
from reports.wording import STATUS_WORDS, badness, enforces, grade_letter, verdict
from scanner.findings import Level, Severity, Status

ACTIONS = 5
RICH = 24  # clusters up to which one page tells everything; above, each is a row and its page tells the rest
FINDINGS_PER_CONTROL = 5  # on the page of a larger fleet
ROWS = 1_000  # clusters on the page, and on each further page of the list
_DRAWN = 60  # clusters of a larger fleet in the picture of controls
_WAIVERS = 200
_NOTICES = 25  # of each cluster
_GAPS = 20
_CELLS = 5_000  # of all pictures of namespaces on the page; some 300 bytes each


@dataclass(frozen=True, slots=True)
class Page:
    """The fleet page. `rich` is one of few clusters, which shows everything of each; else each is a row and a link."""

    report: Report
    links: Links
    rich: bool
    verdict: tuple[str, ...]
    alarming: bool
    grade: str
    lowest: dict[str, str]  # group name -> name of its lowest cluster
    actions: tuple[Action, ...]
    anchors: dict[str, str]  # control id -> where the page has it, in findings or fabric
    matrix: Matrix
    heat: Heat | None  # by place, of a larger fleet
    cards: tuple[Card, ...]
    rows: tuple[Card, ...]  # those that the page lists
    lists: int  # how many pages list the clusters, this one among them
    fabric: FabricPart | None
    frameworks: tuple[FrameworkPart, ...]
    waivers: tuple[WaiverRow, ...]
    waivers_left: int
    waivers_at: dict[tuple[str, str], str]  # id and control -> anchor of its row
    families: tuple[FamilyOfControls, ...]
    groups: tuple[ControlGroup, ...]
    findings: int
    findings_left: int
    severities: tuple[Severity, ...]
    statuses: tuple[Status, ...]
    clouds: tuple[str, ...]
    listed: tuple[int, ...]  # places in the report of the clusters with a finding here
    unread: tuple[Card, ...]
    partial: tuple[Card, ...]
    noticed: tuple[Card, ...]
    notices_shown: int
    gaps_shown: int
    proven: bool  # whether anything in the report was observed rather than worked out


def page(report: Report, links: Links | None = None) -> Page:
    """Work out everything the page shows; clusters are listed in most need of work first.

    Without `links` it stands alone and says where else the rest is.
    """
    links = links or Links(Names(report))
    rich = len(report.clusters) <= RICH
    cards = cards_of(report, links)
    groups = control_groups(report, links, None if rich else FINDINGS_PER_CONTROL)
    fabric = fabric_part(report)
    anchors = anchors_of(fabric, groups)
    waivers = waiver_rows(uses_of(report))
    shown = waivers if rich else waivers[:_WAIVERS]
    names = {cluster.id: cluster.name for cluster in report.clusters}
    here = {control: f"#{at}" for control, at in anchors.items()}
    columns = columns_of(control_ids(report), here)
    return Page(
        report=report,
        links=links,
        rich=rich,
        verdict=verdict(report),
        alarming=not report.clusters or any(not enforces(cluster, "yes") for cluster in report.clusters),
        grade=grade_letter(report.fleet.grade),
        lowest={group.name: names.get(group.lowest, "") for group in _scored(report)},
        actions=first_actions(report, ACTIONS),
        anchors=anchors,
        matrix=matrix(columns, cards if rich else cards[:_DRAWN], to_pages=not rich),
        heat=None if rich else heat(columns, report.clusters),
        cards=cards,
        rows=cards[:ROWS],
        lists=-(-len(cards) // ROWS),
        fabric=fabric,
        frameworks=framework_parts(report, here, links),
        waivers=shown,
        waivers_left=len(waivers) - len(shown),
        waivers_at=rows_at(shown),
        families=families(groups),
        groups=groups,
        findings=sum(len(group.findings) for group in groups),
        findings_left=sum(group.left_out for group in groups),
        severities=tuple(severity for severity in Severity if any(g.severity is severity for g in groups)),
        statuses=tuple(status for status in STATUS_WORDS if any(status in group.counts for group in groups)),
        clouds=tuple(dict.fromkeys(cluster.cloud for cluster in report.clusters)),
        listed=tuple(sorted({finding.cluster for group in groups for finding in group.findings})),
        unread=tuple(card for card in cards if card.unread),
        partial=tuple(card for card in cards if not card.unread and card.cluster.gaps),
        noticed=tuple(card for card in cards if card.cluster.notices),
        notices_shown=_NOTICES if rich else 0,
        gaps_shown=_GAPS if rich else 1,
        proven=_anything_proven(report),
    )


def cards_of(report: Report, links: Links) -> tuple[Card, ...]:
    """The card of each cluster, those in most need of work first."""
    indexed = sorted(enumerate(report.clusters), key=lambda pair: badness(pair[1]))
    drawn = _drawn([cluster for _, cluster in indexed])
    return tuple(card_of(index, cluster, links, drawn=cluster.id in drawn) for index, cluster in indexed)


def _drawn(clusters: Sequence[Cluster]) -> set[str]:
    """The ids of those whose namespaces are drawn on the page of a small fleet: the first, as many as a page holds."""
    found: set[str] = set()
    if len(clusters) > RICH:
        return found
    cells = 0
    for cluster in clusters:
        cells += len(cluster.namespaces.areas) ** 2 if cluster.namespaces else 0
        if cluster.namespaces and cells <= _CELLS:
            found.add(cluster.id)
    return found


def anchors_of(fabric: FabricPart | None, groups: Sequence[ControlGroup]) -> dict[str, str]:
    """Where on the fleet page each control stands: in the findings, or else in the fabric."""
    anchors = {each.id: each.anchor for each in (*fabric.pressing, *fabric.settled)} if fabric else {}
    return anchors | {group.id: group.anchor for group in groups}


def _scored(report: Report) -> Sequence[Group]:
    return (report.fleet, *report.clouds)


def _anything_proven(report: Report) -> bool:
    return any(
        any(exposure.level is Level.PROVEN for exposure in cluster.exposure)
        or any(result.level is Level.PROVEN for result in cluster.controls)
        for cluster in report.clusters
    )
