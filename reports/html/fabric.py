"""The fabric on the page: what is judged once for the fleet, shown as a cluster is, with its controls and items."""

from __future__ import annotations

from dataclasses import dataclass

from reports.document import Fabric, Report
from reports.html.findings import ITEMS_PER_FINDING
from reports.html.judged import ATTENTION, JudgedControl, judged_control, rank
from reports.wording import grade_letter, tally
from scanner.findings import Status


@dataclass(frozen=True, slots=True)
class FabricPart:
    """The whole section: the controls that fail, are unknown or waived, then those that are in order."""

    fabric: Fabric
    grade: str  # A to F, or `none`
    counts: dict[Status, int]
    pressing: tuple[JudgedControl, ...]
    settled: tuple[JudgedControl, ...]


def fabric_part(report: Report) -> FabricPart | None:
    """What the section shows; None for a report without a fabric."""
    fabric = report.fabric
    if fabric is None:
        return None
    # The items of a control that every cluster has were waived there.
    waivers = (*fabric.waivers, *(use for cluster in report.clusters for use in cluster.waivers))
    controls = [
        judged_control(each, ITEMS_PER_FINDING, waivers, each.reason, "fabric-control") for each in fabric.controls
    ]
    controls.sort(key=rank)
    return FabricPart(
        fabric=fabric,
        grade=grade_letter(fabric.grade),
        counts=tally(each.judged.status for each in controls),
        pressing=tuple(each for each in controls if each.judged.status in ATTENTION),
        settled=tuple(each for each in controls if each.judged.status not in ATTENTION),
    )
