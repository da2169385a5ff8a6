"""What the HTML template shows, worked out from the report: no template decides anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.comparison import KIND_WORDS, answer_words
from reports.document import Cluster, Group, Report
from reports.html.fabric import FabricPart, fabric_part
from reports.html.findings import ControlGroup, FamilyOfControls, control_groups, control_ids, families
from reports.html.matrix import Matrix, matrix
from reports.html.requirements import FrameworkPart, framework_parts
from reports.html.waivers import WaiverRow, waiver_rows
from reports.priorities import Action, first_actions
from reports.reach.words import counted
from reports.wording import badness, enforces, grade_letter, is_unread, tally, verdict
from scanner.findings import Level, Severity, Status

ACTIONS = 5
NOTICES_PER_CLUSTER = 25
_MOST_DIFFERENCES = 8
_MOST_CELLS = 5_000  # of all pictures of namespaces on the page; some 300 bytes each


@dataclass(frozen=True, slots=True)
class Bar:
    """One level's exposure as a drawing: shares of all pairs in per cent that are open, unknown and closed."""

    level: str
    meaning: str
    open: int
    unknown: int
    pairs: int
    workloads: int
    isolated_ingress: int
    isolated_egress: int

    @property
    def open_share(self) -> float:
        """Open pairs in per cent of all pairs."""
        return 100 * min(self.open, self.pairs) / self.pairs if self.pairs else 0.0

    @property
    def unknown_share(self) -> float:
        """Undecided pairs in per cent of all pairs."""
        return min(100 * self.unknown / self.pairs, 100 - self.open_share) if self.pairs else 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """Connections on which declared and effective differ for one cause, in words."""

    lead: str
    because: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One cluster's card. `index` is its place in the report, which its anchor and the filters use."""

    index: int
    cluster: Cluster
    enforcing: str  # yes, no, partly or unknown
    grade: str  # A to F, or `none`
    bars: tuple[Bar, ...]
    drawn: bool  # whether its namespaces are
    gap: int  # pairs, at least, that the policies close and that are open in effect
    differences: tuple[Difference, ...]
    counts: dict[Status, int]
    unread: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    report: Report
    verdict: tuple[str, ...]
    alarming: bool
    grade: str
    lowest: dict[str, str]  # group name -> name of its lowest cluster
    actions: tuple[Action, ...]
    controls_at: dict[str, int]  # control id -> number of its group, for anchors
    anchors: dict[str, str]  # control id -> where the page has it, in findings or fabric
    matrix: Matrix
    cards: tuple[Card, ...]
    fabric: FabricPart | None
    frameworks: tuple[FrameworkPart, ...]
    waivers: tuple[WaiverRow, ...]
    waivers_at: dict[tuple[str, str], int]  # id and control -> number of its row, for anchors
    families: tuple[FamilyOfControls, ...]
    groups: tuple[ControlGroup, ...]
    findings: int
    severities: tuple[Severity, ...]
    statuses: tuple[Status, ...]
    clouds: tuple[str, ...]
    unread: tuple[Card, ...]
    partial: tuple[Card, ...]
    noticed: tuple[Card, ...]
    notices_shown: int
    proven: bool  # whether anything in the report was observed rather than worked out


def page(report: Report) -> Page:
    """Work out everything the page shows; clusters are listed in most need of work first."""
    indexed = sorted(enumerate(report.clusters), key=lambda pair: badness(pair[1]))
    drawn = _drawn(cluster for _, cluster in indexed)
    cards = tuple(_card(index, cluster, drawn=cluster.id in drawn) for index, cluster in indexed)
    groups = control_groups(report)
    controls_at = {group.id: number for number, group in enumerate(groups, 1)}
    fabric = fabric_part(report)
    anchors = {control: f"fabric-{number}" for control, number in (fabric.at if fabric else {}).items()}
    anchors |= {control: f"control-{number}" for control, number in controls_at.items()}
    waivers = waiver_rows(report)
    names = {cluster.id: cluster.name for cluster in report.clusters}
    return Page(
        report=report,
        verdict=verdict(report),
        alarming=not report.clusters or any(not enforces(cluster, "yes") for cluster in report.clusters),
        grade=grade_letter(report.fleet.grade),
        lowest={group.name: names.get(group.lowest, "") for group in _scored(report)},
        actions=first_actions(report, ACTIONS),
        controls_at=controls_at,
        anchors=anchors,
        matrix=matrix(control_ids(report), controls_at, indexed),
        cards=cards,
        fabric=fabric,
        frameworks=framework_parts(report, anchors),
        waivers=waivers,
        waivers_at={(row.use.id, row.use.control): number for number, row in enumerate(waivers, 1)},
        families=families(groups),
        groups=groups,
        findings=sum(len(group.findings) for group in groups),
        severities=tuple(severity for severity in Severity if any(g.severity is severity for g in groups)),
        statuses=tuple(tally(f.judged.status for g in groups for f in g.findings)),
        clouds=tuple(dict.fromkeys(cluster.cloud for cluster in report.clusters)),
        unread=tuple(card for card in cards if card.unread),
        partial=tuple(card for card in cards if not card.unread and card.cluster.gaps),
        noticed=tuple(card for card in cards if card.cluster.notices),
        notices_shown=NOTICES_PER_CLUSTER,
        proven=_anything_proven(report),
    )


def _scored(report: Report) -> Sequence[Group]:
    return (report.fleet, *report.clouds)


def _drawn(clusters: Iterable[Cluster]) -> set[str]:
    """The ids of those whose namespaces are drawn: the first ones, as many as a page holds that still opens."""
    found, cells = set(), 0
    for cluster in clusters:
        cells += len(cluster.namespaces.areas) ** 2 if cluster.namespaces else 0
        if cluster.namespaces and cells <= _MOST_CELLS:
            found.add(cluster.id)
    return found


def _card(index: int, cluster: Cluster, *, drawn: bool) -> Card:
    bars = tuple(_bars(cluster))
    by_level = {bar.level: bar for bar in bars}
    declared, effective = by_level.get(Level.DECLARED), by_level.get(Level.EFFECTIVE)
    return Card(
        index=index,
        cluster=cluster,
        enforcing=next(word for word in ("yes", "no", "partly", "unknown") if enforces(cluster, word)),
        grade=grade_letter(cluster.grade),
        bars=bars,
        drawn=drawn,
        gap=max(0, effective.open - declared.open - declared.unknown) if declared and effective else 0,
        differences=tuple(_differences(cluster)),
        counts=tally(result.status for result in cluster.controls),
        unread=is_unread(cluster),
    )


def _differences(cluster: Cluster) -> Iterator[Difference]:
    """The differences in words, gaps first, as many as a card has room for."""
    for each in cluster.differences[:_MOST_DIFFERENCES]:
        yield Difference(
            lead=f"{counted(each.connections, 'connection')} {KIND_WORDS[each.kind]}",
            because=each.because,
            examples=tuple(
                f"{pair.src} → {pair.dst}{f' through {pair.via}' if pair.via else ''}: declared "
                f"{answer_words(pair.declared, pair.declared_unknown)}, here {answer_words(pair.effective, pair.unknown)}"
                for pair in each.examples
            ),
        )


def _bars(cluster: Cluster) -> list[Bar]:
    meanings = {
        Level.DECLARED: "what the policies say",
        Level.EFFECTIVE: "what is really possible",
        Level.PROVEN: "what was observed",
    }
    return [
        Bar(
            level=e.level,
            meaning=meanings[e.level],
            open=e.open,
            unknown=e.unknown,
            pairs=e.pairs,
            workloads=e.workloads,
            isolated_ingress=e.isolated_ingress,
            isolated_egress=e.isolated_egress,
        )
        for level in Level
        for e in cluster.exposure
        if e.level is level
    ]


def _anything_proven(report: Report) -> bool:
    return any(
        any(exposure.level is Level.PROVEN for exposure in cluster.exposure)
        or any(result.level is Level.PROVEN for result in cluster.controls)
        for cluster in report.clusters
    )
