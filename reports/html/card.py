"""One cluster on a page: its data plane, score and exposure, as drawings and words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.comparison import KIND_WORDS, answer_words
from reports.document import Cluster
from reports.html.links import Links
from reports.priorities import top_failure
from reports.reach.words import counted
from reports.wording import enforces, grade_letter, is_unread, tally
from scanner import findings
from scanner.findings import ControlResult, Level, Status

MOST_DIFFERENCES = 8


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
    """One cluster's card. `index` is its place in the report, which the filters use; `href` leads to its page, if there is one.

    `top` is the failure to mend first, None where nothing fails.
    """

    index: int
    anchor: str
    href: str
    cluster: Cluster
    enforcing: str  # yes, no, partly or unknown
    grade: str  # A to F, or `none`
    bars: tuple[Bar, ...]
    gap: int  # pairs, at least, that the policies close and that are open in effect
    differences: tuple[Difference, ...]
    counts: dict[Status, int]
    unread: bool
    top: ControlResult | None
    drawn: bool  # whether its namespaces are, against each other


def card_of(
    index: int, cluster: Cluster, links: Links, most: int | None = MOST_DIFFERENCES, *, drawn: bool = False
) -> Card:
    """The card of the cluster at `index`, with at most `most` differences, all with None; `drawn` with its namespaces."""
    bars = tuple(_bars(cluster))
    by_level = {bar.level: bar for bar in bars}
    declared, effective = by_level.get(Level.DECLARED), by_level.get(Level.EFFECTIVE)
    return Card(
        index=index,
        anchor=links.names.anchors[index],
        href=links.cluster(index),
        cluster=cluster,
        enforcing=next(word for word in ("yes", "no", "partly", "unknown") if enforces(cluster, word)),
        grade=grade_letter(cluster.grade),
        bars=bars,
        gap=max(0, effective.open - declared.open - declared.unknown) if declared and effective else 0,
        differences=tuple(_differences(cluster.differences[:most])),
        counts=tally(result.status for result in cluster.controls),
        unread=is_unread(cluster),
        top=top_failure(cluster),
        drawn=drawn and cluster.namespaces is not None,
    )


def _differences(found: Sequence[findings.Difference]) -> Iterator[Difference]:
    """Differences in words, gaps first."""
    for each in found:
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
