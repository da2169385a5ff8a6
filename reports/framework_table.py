"""A report seen through a public framework, for a terminal: apart from the view, which functions that draw nothing make too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from reports.document import FrameworkView, RequirementRow
from reports.frameworks import requirement_words
from reports.wording import CLOUD_WORDS, NAME_LIMIT, visible
from scanner.findings import WORST_FIRST
from scanner.frameworks.model import ATTESTATION
from scanner.frameworks.status import NOT_ASSESSED

_SHORT = {"not_applicable": "n/a"}
_STYLES = {"fail": "bold red", "unknown": "yellow", "waived": "yellow", "pass": "green"}
_NARROW = 70  # below this width the table leaves out how many clusters have which status
_ROOM = {"Requirement": 34, "Status": 14, "Clusters": 34}  # columns at most
_LEAST = 18  # columns for the controls, at least


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
