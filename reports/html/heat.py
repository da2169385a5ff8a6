"""The picture of a large fleet: for each place and control on how many clusters it fails, shaded by their share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.document import Cluster
from reports.html.matrix import Columns
from reports.wording import CLOUD_WORDS
from scanner.findings import Status, roll_up

_MOST = 60  # rows; more accounts than that are drawn by cloud
_SHADES = 4


@dataclass(frozen=True, slots=True)
class HeatCell:
    """How one control does in one place: on how many clusters it fails, and the worst status it has, None where it has none.

    `shade` is 1 to 4 by the share of clusters that fail, 0 where none does.
    """

    fail: int
    worst: Status | None
    shade: int


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One place with all of its clusters."""

    name: str
    clusters: int
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """The whole picture; `by` says what a row is."""

    by: str
    columns: Columns
    rows: tuple[HeatRow, ...]


def heat(columns: Columns, clusters: Sequence[Cluster]) -> Heat:
    """The clusters by account, or by cloud where there are too many accounts to draw, the most failures first."""
    places = {(cluster.cloud, cluster.account) for cluster in clusters}
    by_account = len(places) <= _MOST
    members: dict[tuple[str, ...], list[Cluster]] = {}
    for cluster in clusters:
        place = (cluster.cloud, cluster.account) if by_account else (cluster.cloud,)
        members.setdefault(place, []).append(cluster)
    rows = [_row(place, members[place], columns) for place in sorted(members)]
    rows.sort(key=lambda row: -sum(cell.fail for cell in row.cells))
    return Heat("account" if by_account else "cloud", columns, tuple(rows))


def _row(place: tuple[str, ...], clusters: Sequence[Cluster], columns: Columns) -> HeatRow:
    found = Counter((result.id, result.status) for cluster in clusters for result in cluster.controls)
    cloud, *account = place
    return HeatRow(
        name=" · ".join((CLOUD_WORDS.get(cloud, cloud), *account)),
        clusters=len(clusters),
        cells=tuple(_cell({status: found[column.control, status] for status in Status}) for column in columns.each),
    )


def _cell(counts: Mapping[Status, int]) -> HeatCell:
    fail, judged = counts[Status.FAIL], sum(counts.values())
    return HeatCell(
        fail=fail,
        worst=roll_up(status for status, count in counts.items() if count) if judged else None,
        shade=min(_SHADES, 1 + fail * _SHADES // judged) if fail else 0,
    )
