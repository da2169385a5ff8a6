"""A report seen through a public framework: what is found for each of its requirements, per cluster and over the fleet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from reports.document import FrameworkView, Report, RequirementRow
from reports.reach.words import counted
from reports.wording import CLOUD_WORDS, NAME_LIMIT, join_names, visible
from scanner.enums import Cloud
from scanner.findings import WORST_FIRST
from scanner.frameworks.model import ATTESTATION, Framework
from scanner.frameworks.status import NOT_ASSESSED, fleet_statuses, requirement_statuses

_WORDS = {NOT_ASSESSED: "not assessed by this tool", "not_applicable": "not applicable", "not_judged": "not judged"}
_SHORT = {"not_applicable": "n/a"}
_LONGEST = 32  # characters of a status: only a crafted report has a longer one
_STYLES = {"fail": "bold red", "unknown": "yellow", "waived": "yellow", "pass": "green"}
_NARROW = 70  # below this width the table leaves out how many clusters have which status
_ROOM = {"Requirement": 34, "Status": 14, "Clusters": 34}  # columns at most
_LEAST = 18  # columns for the controls, at least


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
        version=framework.version,
        publisher=framework.publisher,
        clouds=framework.clouds,
        note=f"{ATTESTATION}; {framework.note}",
        gaps=tuple(_gaps(report, framework)),
        requirements=tuple(rows),
    )


def _gaps(report: Report, framework: Framework) -> Iterator[str]:
    """What may be missing from the view, for a requirement that seems to hold everywhere may fail where nobody looked."""
    nowhere = [each.name for each in report.clusters if each.cloud == Cloud.OTHER]
    if framework.clouds and nowhere:
        yield (
            f"{join_names(nowhere, 3)} left out: the cloud is not known, nor whether {framework.name} is about it: "
            "give --cloud-record"
        )
    places = sum(not each.is_whole for each in report.scopes)
    if places:
        yield f"{counted(places, 'place')} not searched whole: clusters may be missing"


def framework_parts(view: FrameworkView, width: int) -> Iterator[Text | Table | str]:
    """The view for a terminal: a row for each requirement that is assessed, the others in one line."""
    yield ""
    yield Text(f"{visible(view.name, NAME_LIMIT)}: {ATTESTATION}", style="bold")
    if not view.requirements:
        clouds = " or ".join(CLOUD_WORDS.get(each, visible(each, NAME_LIMIT)) for each in view.clouds)
        yield f"It is about clusters of {clouds} alone, and none is known." if clouds else "There is no cluster."
    assessed = [each for each in view.requirements if each.status != NOT_ASSESSED]
    if assessed:
        yield _table(assessed, width)
    others = [visible(each.id, NAME_LIMIT) for each in view.requirements if each.status == NOT_ASSESSED]
    if others:
        yield f"Not assessed by this tool, which has supporting evidence alone: {', '.join(others)}"
    for gap in view.gaps:
        yield Text(visible(gap), style="yellow")


def _table(rows: Sequence[RequirementRow], width: int) -> Table:
    cells = [(visible(each.id, NAME_LIMIT), requirement_words(each.status), _tally(each.counts)) for each in rows]
    titles = list(_ROOM)[: 2 if width < _NARROW else 3]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0, header_style="bold")
    left = width
    for place, title in enumerate(titles):
        room = min(max(len(title), *(len(row[place]) for row in cells)), _ROOM[title], width // 3)
        table.add_column(title, width=room, overflow="fold")
        left -= room + 1
    table.add_column("Controls with this very subject", width=max(left, _LEAST), overflow="fold")
    for row, found in zip(cells, rows, strict=True):
        name, status, counts = row
        styled = Text(status, style=_STYLES.get(found.status, ""))
        table.add_row(*(Text(name), styled, Text(counts))[: len(titles)], Text(_controls(found.equal)))
    return table


def _controls(equal: Mapping[str, str]) -> str:
    named = ((visible(control.removeprefix("NB-"), NAME_LIMIT), status) for control, status in equal.items())
    return ", ".join(f"{control} {requirement_words(status)}" for control, status in named)


def _tally(counts: Mapping[str, int]) -> str:
    """How many clusters have which status, the worst first."""
    order = [*WORST_FIRST, *(each for each in counts if each not in set(WORST_FIRST))]
    return ", ".join(
        f"{counts[each]:,} {_SHORT.get(each) or requirement_words(each)}" for each in order if each in counts
    )


def requirement_words(status: str) -> str:
    """The status of a requirement, or of a control that speaks to it, for people."""
    return _WORDS.get(status) or visible(status)[:_LONGEST]
