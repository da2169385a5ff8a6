"""A cluster's page: everything about it, split where one page could not hold all items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.document import Cluster, Report
from reports.html.card import Card, card_of
from reports.html.families import FAMILIES, OWN, Family
from reports.html.findings import reason_of
from reports.html.judged import ATTENTION, JudgedControl, judged_control, rank
from reports.html.links import Links, Neighbour, neighbours
from reports.html.waivers import WaiverRow, rows_at, waiver_rows
from reports.wording import STATUS_WORDS, tally
from scanner.findings import Severity, Status

ITEMS_PER_PAGE = 1_500  # more than a reader scrolls through, few enough to open at once
_LEAST = 20  # items of each control that stand on the page, however many controls there are
_SENTENCES = 200  # of one item


@dataclass(frozen=True, slots=True)
class ClusterControl:
    """One control on the cluster; `rest` are the pages with the items that this one has no room for."""

    control: JudgedControl
    href: str  # of the control's page
    rest: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class ControlFamily:
    """The controls of one family: those that need attention, and those that are in order."""

    family: Family
    counts: dict[Status, int]
    pressing: tuple[ClusterControl, ...]
    settled: tuple[ClusterControl, ...]


@dataclass(frozen=True, slots=True)
class ClusterPage:
    """The whole page."""

    report: Report
    links: Links
    card: Card
    families: tuple[ControlFamily, ...]
    controls: int
    severities: tuple[Severity, ...]
    statuses: tuple[Status, ...]
    waivers: tuple[WaiverRow, ...]
    waivers_at: dict[tuple[str, str], str]
    anchors: dict[str, str]  # control id -> where the page has it
    before: Neighbour | None
    after: Neighbour | None


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """More items of one control on one cluster: part `number` of `parts`, the first of which is on the cluster's page."""

    report: Report
    links: Links
    name: str
    cluster: str  # href of the cluster's page, at the control
    control: JudgedControl
    number: int
    parts: int
    before: Neighbour
    after: Neighbour | None


def cluster_page(report: Report, links: Links, around: Sequence[int], place: int) -> ClusterPage:
    """The page of the cluster that stands at `place` among `around`, places in the report."""
    index = around[place]
    cluster = report.clusters[index]
    cap = _room(cluster)
    controls = [_control(cluster, index, cap, links, which) for which in range(len(cluster.controls))]
    controls.sort(key=lambda each: rank(each.control))
    waivers = waiver_rows((cluster.name, use) for use in cluster.waivers)
    paged = [Neighbour(report.clusters[at].name, links.cluster(at)) for at in around[max(0, place - 1) : place + 2]]
    before, after = neighbours(paged, min(place, 1))
    return ClusterPage(
        report=report,
        links=links,
        card=card_of(index, cluster, links, most=None, drawn=True),
        families=tuple(_families(controls)),
        controls=len(controls),
        severities=tuple(severity for severity in Severity if any(c.severity is severity for c in cluster.controls)),
        statuses=tuple(status for status in STATUS_WORDS if any(c.status is status for c in cluster.controls)),
        waivers=waivers,
        waivers_at=rows_at(waivers),
        anchors={each.control.id: each.control.anchor for each in controls},
        before=before,
        after=after,
    )


def items_pages(report: Report, links: Links, index: int) -> Iterator[tuple[str, ItemsPage]]:
    """The further pages of the cluster at `index`, each with its name."""
    cluster = report.clusters[index]
    cap = _room(cluster)
    for result in cluster.controls:
        rest = _rest(links, index, result.id, len(result.items), cap)
        start = Neighbour(cluster.name, links.cluster(index, result.id))
        for number, _ in enumerate(rest):
            skip = cap + number * ITEMS_PER_PAGE
            shown = judged_control(
                result, ITEMS_PER_PAGE, cluster.waivers, result.reason, "control", skip=skip, sentences=_SENTENCES
            )
            before, after = neighbours((start, *rest), number + 1)
            yield (
                links.names.items(index, result.id, number + 2),
                ItemsPage(
                    report=report,
                    links=links,
                    name=cluster.name,
                    cluster=start.href,
                    control=shown,
                    number=number + 2,
                    parts=len(rest) + 1,
                    before=before or start,
                    after=after,
                ),
            )


def _control(cluster: Cluster, index: int, cap: int, links: Links, which: int) -> ClusterControl:
    result = cluster.controls[which]
    control = judged_control(result, cap, cluster.waivers, reason_of(cluster, result), "control", sentences=_SENTENCES)
    return ClusterControl(control, links.control(result.id), _rest(links, index, result.id, len(result.items), cap))


def _rest(links: Links, index: int, control: str, items: int, cap: int) -> tuple[Neighbour, ...]:
    """Where the items behind the first `cap` are."""
    pages = -(-max(0, items - cap) // ITEMS_PER_PAGE)
    return tuple(Neighbour(f"part {number}", links.items(index, control, number)) for number in range(2, pages + 2))


def _room(cluster: Cluster) -> int:
    """How many items of each control the page has room for: controls with few leave theirs to those with many."""
    left, fair = ITEMS_PER_PAGE, ITEMS_PER_PAGE
    sizes = sorted(len(result.items) for result in cluster.controls)
    for place, size in enumerate(sizes):
        fair = left // (len(sizes) - place)
        if size > fair:
            return max(_LEAST, fair)
        left -= size
    return max(_LEAST, sizes[-1] if sizes else fair)


def _families(controls: Sequence[ClusterControl]) -> Iterator[ControlFamily]:
    for family in (*FAMILIES, OWN):
        mine = [each for each in controls if each.control.family is family]
        if mine:
            yield ControlFamily(
                family=family,
                counts=tally(each.control.judged.status for each in mine),
                pressing=tuple(each for each in mine if each.control.judged.status in ATTENTION),
                settled=tuple(each for each in mine if each.control.judged.status not in ATTENTION),
            )
