"""The fabric on the page: what is judged once for the fleet, shown as a cluster is, with its controls and items."""

from __future__ import annotations

from dataclasses import dataclass

from reports.document import Fabric, Report
from reports.html.families import Family, family_of
from reports.html.findings import ATTENTION, ITEMS_PER_FINDING, Judged, judged
from reports.priorities import INERT
from reports.wording import SEVERITY_RANK, STATUS_RANK, grade_letter, tally
from scanner.findings import Severity, Status


@dataclass(frozen=True, slots=True)
class FabricControl:
    """One control of the fabric."""

    id: str
    title: str
    severity: Severity
    family: Family
    judged: Judged


@dataclass(frozen=True, slots=True)
class FabricPart:
    """The whole section: the controls that fail, are unknown or waived, then those that are in order."""

    fabric: Fabric
    grade: str  # A to F, or `none`
    counts: dict[Status, int]
    pressing: tuple[FabricControl, ...]
    settled: tuple[FabricControl, ...]
    at: dict[str, int]  # control id -> its number, for anchors


def fabric_part(report: Report) -> FabricPart | None:
    """What the section shows; None for a report without a fabric."""
    fabric = report.fabric
    if fabric is None:
        return None
    # The items of a control that every cluster has were waived there.
    waivers = (*fabric.waivers, *(use for cluster in report.clusters for use in cluster.waivers))
    controls = [
        FabricControl(
            id=each.id,
            title=each.title,
            severity=each.severity,
            family=family_of(each.id),
            judged=judged(each, ITEMS_PER_FINDING, waivers, each.reason),
        )
        for each in fabric.controls
    ]
    controls.sort(key=_rank)
    return FabricPart(
        fabric=fabric,
        grade=grade_letter(fabric.grade),
        counts=tally(each.judged.status for each in controls),
        pressing=tuple(each for each in controls if each.judged.status in ATTENTION),
        settled=tuple(each for each in controls if each.judged.status not in ATTENTION),
        at={each.id: number for number, each in enumerate(controls, 1)},
    )


def _rank(control: FabricControl) -> tuple[int, bool, int]:
    """What fails first, and behind it what only waits for another control to be mended."""
    return (STATUS_RANK[control.judged.status], control.judged.reason == INERT, SEVERITY_RANK[control.severity])
