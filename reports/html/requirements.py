"""The report seen through public frameworks, as the page shows it: what is assessed first, the rest folded away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.document import FrameworkView, Report, RequirementRow
from reports.frameworks import requirement_words
from reports.html.anchors import anchor
from reports.html.links import Links
from reports.wording import STATUS_RANK, join_names
from scanner.findings import Status
from scanner.frameworks.model import ATTESTATION
from scanner.frameworks.status import NOT_ASSESSED

_NAMES = 3


@dataclass(frozen=True, slots=True)
class Chip:
    """A status in words with the mark it looks like; "not judged" and "not assessed" are no statuses of a control."""

    mark: Status
    words: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """One control that speaks to a requirement. `href` leads to it, empty where it was not judged."""

    control: str
    href: str
    chip: Chip


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """One requirement. `failing` names the clusters on which it fails."""

    id: str
    anchor: str
    chip: Chip
    counts: tuple[tuple[int, Chip], ...]
    equal: tuple[Mapped, ...]
    supporting: tuple[Mapped, ...]
    failing: str


@dataclass(frozen=True, slots=True)
class FrameworkPart:
    """One framework: its assessed requirements in its own order, and those that this tool does not assess."""

    view: FrameworkView
    href: str  # of its own page, if there is one
    note: str  # its own; that it is no attestation is said once for all
    clusters: int
    counts: tuple[tuple[int, Chip], ...]
    assessed: tuple[RequirementLine, ...]
    others: tuple[RequirementLine, ...]


def framework_parts(report: Report, hrefs: Mapping[str, str], links: Links) -> tuple[FrameworkPart, ...]:
    """A part for each framework that was asked for; `hrefs` lead to the controls."""
    names = {cluster.id: cluster.name for cluster in report.clusters}
    return tuple(_part(view, names, hrefs, links.framework(number)) for number, view in enumerate(report.frameworks))


def _part(view: FrameworkView, names: Mapping[str, str], hrefs: Mapping[str, str], href: str) -> FrameworkPart:
    assessed = [row for row in view.requirements if row.status != NOT_ASSESSED]
    statuses = [row.status for row in assessed]
    return FrameworkPart(
        view=view,
        href=href,
        note=view.note.removeprefix(ATTESTATION).removeprefix("; "),
        clusters=len({cluster for row in view.requirements for cluster in row.clusters}),
        counts=_counts({status: statuses.count(status) for status in statuses}),
        assessed=tuple(_line(row, names, hrefs) for row in assessed),
        others=tuple(_line(row, names, hrefs) for row in view.requirements if row.status == NOT_ASSESSED),
    )


def _line(row: RequirementRow, names: Mapping[str, str], hrefs: Mapping[str, str]) -> RequirementLine:
    failing = [names.get(cluster, cluster) for cluster, status in row.clusters.items() if status == Status.FAIL]
    return RequirementLine(
        id=row.id,
        anchor=anchor("requirement", row.id),
        chip=chip_of(row.status),
        counts=_counts(row.counts),
        equal=_mapped(row.equal, hrefs),
        supporting=_mapped(row.supporting, hrefs),
        failing=join_names(failing, _NAMES),
    )


def _mapped(controls: Mapping[str, str], hrefs: Mapping[str, str]) -> tuple[Mapped, ...]:
    return tuple(
        Mapped(control=control, href=hrefs.get(control, ""), chip=chip_of(status))
        for control, status in controls.items()
    )


def _counts(counts: Mapping[str, int]) -> tuple[tuple[int, Chip], ...]:
    chips = [(count, chip_of(status)) for status, count in counts.items()]
    return tuple(sorted(chips, key=lambda pair: STATUS_RANK[pair[1].mark]))


def chip_of(status: str) -> Chip:
    """How a status looks; one that is none of a control's is in doubt."""
    mark = Status.NOT_APPLICABLE if status == NOT_ASSESSED else Status.UNKNOWN
    return Chip(Status(status) if status in set(Status) else mark, requirement_words(status))
