"""The fleet picture: the status of every control on every cluster, the controls by family so that sixty fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports.document import Cluster
from reports.html.families import FAMILIES, OWN, Family, family_of, label_of
from scanner.findings import Status


@dataclass(frozen=True, slots=True)
class Column:
    """One control. `anchor` is its number among the groups of findings; `first` begins a family."""

    control: str
    label: str
    anchor: int
    first: bool


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """The status of each control on one cluster, None where it was not judged; `index` is its place in the report."""

    index: int
    name: str
    cells: tuple[Status | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole picture; `spans` are the families with how many columns each has."""

    spans: tuple[tuple[Family, int], ...]
    columns: tuple[Column, ...]
    rows: tuple[MatrixRow, ...]


def matrix(controls: Iterable[str], anchors: Mapping[str, int], clusters: Iterable[tuple[int, Cluster]]) -> Matrix:
    """The picture of `clusters`, each with its place in the report, in the order given."""
    order = (*FAMILIES, OWN)
    members: dict[Family, list[str]] = {}
    for control in controls:
        members.setdefault(family_of(control), []).append(control)
    columns = tuple(
        Column(control, label_of(control), anchors[control], place == 0)
        for family in order
        for place, control in enumerate(members.get(family, ()))
    )
    return Matrix(
        spans=tuple((family, len(members[family])) for family in order if family in members),
        columns=columns,
        rows=tuple(_row(index, cluster, columns) for index, cluster in clusters),
    )


def _row(index: int, cluster: Cluster, columns: tuple[Column, ...]) -> MatrixRow:
    statuses = {result.id: result.status for result in cluster.controls}
    return MatrixRow(index, cluster.name, tuple(statuses.get(column.control) for column in columns))
