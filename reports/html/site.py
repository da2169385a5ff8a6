"""The report as a set of pages that link to each other: the fleet, each cluster, each control and each framework.

One page is worked out at a time, so a report of a thousand clusters never stands in memory as text. `links` says what the
pages are called.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from reports.document import Report
from reports.html.cluster import cluster_page, items_pages
from reports.html.control import control_page
from reports.html.findings import Placed, control_groups
from reports.html.framework import framework_page, seen
from reports.html.links import Links, Names, quoted
from reports.html.listing import listing_page
from reports.html.render import CLUSTER_SCRIPTS, FLEET_SCRIPTS, LIST_SCRIPTS, PLAIN_SCRIPTS, render_page
from reports.html.view import FINDINGS_PER_CONTROL, Page, page

FLEET = "report.html"


def folder_of(fleet: str) -> str:
    """The folder beside the fleet page that holds the others: `report` for `report.html`."""
    path = PurePosixPath(fleet)
    return path.stem if path.suffix.lower() in {".html", ".htm"} and path.stem else f"{fleet}-pages"


def pages(report: Report, fleet: str = FLEET) -> Iterator[tuple[str, bytes]]:
    """Every page with its relative path, the fleet page last: until that one is written, nothing leads to the others.

    `fleet` is the file name of the fleet page.
    """
    names, folder = Names(report), folder_of(fleet)
    outside = Links(names, fleet="", folder=f"{quoted(folder)}/")
    inside = Links(names, fleet=f"../../{quoted(fleet)}", folder="../")
    front = page(report, outside)
    for path, content in _inner(report, inside, front):
        yield f"{folder}/{path}.html", content
    yield fleet, render_page("report.html.j2", front, FLEET_SCRIPTS)


def _inner(report: Report, links: Links, front: Page) -> Iterator[tuple[str, bytes]]:
    """The pages beside the fleet page, by path below its folder, without suffix."""
    yield from _clusters(report, links, [card.index for card in front.cards])
    yield from _controls(report, links)
    yield from _frameworks(report, links, front)
    for number in range(2, front.lists + 1):
        shown = listing_page(report, links, front.cards, number)
        yield f"fleet/clusters-{number}", render_page("listing.html.j2", shown, LIST_SCRIPTS)


def _clusters(report: Report, links: Links, order: list[int]) -> Iterator[tuple[str, bytes]]:
    for place, index in enumerate(order):
        shown = cluster_page(report, links, order, place)
        yield f"clusters/{links.names.clusters[index]}", render_page("cluster.html.j2", shown, CLUSTER_SCRIPTS)
        for name, part in items_pages(report, links, index):
            yield f"findings/{name}", render_page("items.html.j2", part, PLAIN_SCRIPTS)


def _controls(report: Report, links: Links) -> Iterator[tuple[str, bytes]]:
    placed: dict[str, list[Placed]] = {}
    for index, cluster in enumerate(report.clusters):
        for result in cluster.controls:
            placed.setdefault(result.id, []).append((index, result))
    groups = control_groups(report, links, FINDINGS_PER_CONTROL)
    for place, group in enumerate(groups):
        shown = control_page(report, links, groups, place, placed[group.id])
        yield f"controls/{links.names.control(group.id)}", render_page("control.html.j2", shown, LIST_SCRIPTS)


def _frameworks(report: Report, links: Links, front: Page) -> Iterator[tuple[str, bytes]]:
    if not report.frameworks:
        return
    own = {group.id for group in front.groups}
    hrefs = {
        control: links.control(control) if control in own else f"{links.fleet}#{at}"
        for control, at in front.anchors.items()
    }
    known = seen(report, links, hrefs)
    for number, name in enumerate(links.names.frameworks):
        shown = framework_page(known, number)
        yield f"frameworks/{name}", render_page("framework.html.j2", shown, PLAIN_SCRIPTS)
