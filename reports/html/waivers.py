"""The waivers of a report: what each covers over all clusters, those that do not do what they should first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.document import Report
from reports.html.anchors import anchor
from reports.reach.words import counted
from reports.wording import join_names
from scanner.controls.governance.exceptions import IDLE
from scanner.findings import Status, WaiverUse

# How a state looks: its colours and its sign. The order is the table's; a state of a later version comes last.
STATES = {
    "expired": (Status.FAIL, "✕"),
    "invalid": (Status.FAIL, "✕"),
    "unmatched": (Status.UNKNOWN, "?"),
    "undecided": (Status.UNKNOWN, "?"),
    "unused": (Status.UNKNOWN, "∅"),
    "lapsed": (Status.NOT_APPLICABLE, "∅"),
    "over-broad": (Status.UNKNOWN, "!"),
    "used": (Status.WAIVED, "~"),
}
_UNHEARD = (Status.UNKNOWN, "?")
_COVERING = frozenset({"used", "over-broad"})
_NOTHING = {
    "unmatched": "nothing that was audited is in its scope",
    "undecided": "matches no known failure; not all of its scope could be seen",
}
_NAMES = 4


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """One waiver over the whole report. `state` is the worst it has anywhere, `covers` says where it does what."""

    use: WaiverUse
    anchor: str
    mark: Status
    sign: str
    covers: tuple[str, ...]


def waiver_rows(uses: Iterable[tuple[str, WaiverUse]]) -> tuple[WaiverRow, ...]:
    """One row for each waiver among `uses`, each with the place that it concerns."""
    found: dict[tuple[str, str], list[tuple[str, WaiverUse]]] = {}
    for place, use in uses:
        found.setdefault((use.id, use.control), []).append((place, use))
    rows = [_row(uses) for uses in found.values()]
    return tuple(sorted(rows, key=lambda row: (_rank(row.use.state), row.use.expires, row.use.id, row.use.control)))


def waiver_of(evidence: Sequence[str], waivers: Sequence[WaiverUse]) -> WaiverUse | None:
    """The waiver that an item's first sentence names (`scanner.waivers.apply` writes it); the longest id decides."""
    said = evidence[0] if evidence else ""
    named = [use for use in waivers if said.startswith(_sentences(use))]
    return max(named, key=lambda use: len(use.id), default=None)


def _sentences(use: WaiverUse) -> tuple[str, str]:
    return (
        f"waived by {use.id} until {use.expires}: ",
        f"waiver {use.id} of {use.owner} expired on {use.expires}",
    )


def rows_at(rows: Iterable[WaiverRow]) -> dict[tuple[str, str], str]:
    """Waiver id and control -> the anchor of its row."""
    return {(row.use.id, row.use.control): row.anchor for row in rows}


def uses_of(report: Report) -> Iterator[tuple[str, WaiverUse]]:
    """Every use of a waiver in a report, with the place that it concerns."""
    for cluster in report.clusters:
        yield from ((cluster.name, use) for use in cluster.waivers)
    if report.fabric is not None:
        yield from (("the fabric", use) for use in report.fabric.waivers)


def _row(uses: Sequence[tuple[str, WaiverUse]]) -> WaiverRow:
    # One that matches in some clusters alone is used: unused is what matches nowhere.
    acting = [use for _, use in uses if use.state not in IDLE] or [use for _, use in uses]
    worst = min(acting, key=lambda use: _rank(use.state))
    mark, sign = STATES.get(worst.state, _UNHEARD)
    return WaiverRow(
        use=worst,
        anchor=anchor("waiver", worst.id, worst.control),
        mark=mark,
        sign=sign,
        covers=tuple(_covers(uses)) or (_NOTHING.get(worst.state, "matches no failure"),),
    )


def _covers(uses: Sequence[tuple[str, WaiverUse]]) -> Iterator[str]:
    covering = [(place, use) for place, use in uses if use.state in _COVERING]
    if covering:
        yield _where(covering)
    expired = [(place, use) for place, use in uses if use.state == "expired"]
    if expired:
        yield f"{_where(expired)}, counted again since it expired"
    for problem in dict.fromkeys(use.problem for _, use in uses if use.state == "invalid"):
        idle = [(place, use) for place, use in uses if use.state == "invalid" and use.problem == problem]
        yield f"without effect on {_where(idle)}" + (f": {problem}" if problem else "")


def _where(uses: Sequence[tuple[str, WaiverUse]]) -> str:
    """How many failures, and of which clusters."""
    return f"{counted(sum(use.items for _, use in uses), 'failure')} on {join_names([p for p, _ in uses], _NAMES)}"


def _rank(state: str) -> int:
    return list(STATES).index(state) if state in STATES else len(STATES)
