"""A report seen through a public framework: what is found for each of its requirements, per cluster and over the fleet."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from reports.document import FrameworkView, Report, RequirementRow
from reports.wording import NAME_LIMIT, visible
from scanner.frameworks.model import ATTESTATION, Framework
from scanner.frameworks.status import NOT_ASSESSED, fleet_statuses, requirement_statuses

_WORDS = {NOT_ASSESSED: "not assessed by this tool", "not_applicable": "not applicable", "not_judged": "not judged"}
_LONGEST = 32  # characters of a status: only a crafted report has a longer one
_STYLES = {"fail": "bold red", "unknown": "yellow", "waived": "yellow", "pass": "green"}


def framework_view(report: Report, framework: Framework) -> FrameworkView:
    """The framework's requirements over the clusters that it is about; rows in the framework's order."""
    fabric = [each for each in (report.fabric.controls if report.fabric else ()) if each.id.startswith("NB-XC")]
    clusters = [each for each in report.clusters if framework.applies_to(each.cloud)]
    found = [requirement_statuses(framework, (*each.controls, *fabric)) for each in clusters]
    rows = []
    for index, (worst, counts) in enumerate(fleet_statuses(found)):
        rows.append(
            RequirementRow(
                id=worst.id,
                status=worst.status,
                counts=dict(sorted(counts.items())),
                equal=dict(worst.equal),
                supporting=dict(worst.supporting),
                clusters={each.id: statuses[index].status for each, statuses in zip(clusters, found, strict=True)},
            )
        )
    return FrameworkView(
        name=framework.name,
        publisher=framework.publisher,
        note=f"{ATTESTATION}; {framework.note}",
        requirements=tuple(rows),
    )


def framework_parts(view: FrameworkView, width: int) -> Iterator[Text | Table | str]:
    """The view for a terminal: a row for each requirement that is assessed, the others in one line."""
    yield ""
    yield Text(f"{visible(view.name)}: {ATTESTATION}", style="bold")
    if not view.requirements:
        yield "None of the clusters is of the kind that it is about."
        return
    assessed = [each for each in view.requirements if each.status != NOT_ASSESSED]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0, header_style="bold")
    names = min(max((len(each.id) for each in assessed), default=11), 34)
    for title, room in (("Requirement", max(names, 11)), ("Status", 14), ("Clusters", 24)):
        table.add_column(title, width=room, overflow="fold")
    table.add_column(
        "Controls with this very subject", width=max(width - max(names, 11) - 14 - 24 - 4, 20), overflow="fold"
    )
    for row in assessed:
        table.add_row(
            Text(visible(row.id, NAME_LIMIT)),
            Text(requirement_words(row.status), style=_STYLES.get(row.status, "")),
            ", ".join(f"{count} {requirement_words(status)}" for status, count in row.counts.items()),
            ", ".join(
                f"{visible(control.removeprefix('NB-'), NAME_LIMIT)} {requirement_words(status)}"
                for control, status in row.equal.items()
            ),
        )
    if assessed:
        yield table
    others = [each.id for each in view.requirements if each.status == NOT_ASSESSED]
    if others:
        yield f"Not assessed by this tool, which has supporting evidence alone: {', '.join(map(visible, others))}"


def requirement_words(status: str) -> str:
    """The status of a requirement, or of a control that speaks to it, for people."""
    return _WORDS.get(status) or visible(status)[:_LONGEST]
