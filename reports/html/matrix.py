"""The fleet picture: the status of every control on every cluster, the controls by family so that sixty fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports.html.card import Card
from reports.html.families import FAMILIES, OWN, Family, family_of, label_of
from scanner.findings import Status


@dataclass(frozen=True, slots=True)
class Column:
    """One control. `href` leads to its findings; `first` begins a family."""

    control: str
    label: str
    href: str
    first: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """All controls; `spans` are the families with how many columns each has."""

    spans: tuple[tuple[Family, int], ...]
    each: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """The status of each control on one cluster, None where it was not judged; `href` leads to the cluster."""

    href: str
    name: str
    cells: tuple[Status | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole picture."""

    columns: Columns
    rows: tuple[MatrixRow, ...]


def columns_of(controls: Iterable[str], hrefs: Mapping[str, str]) -> Columns:
    """The columns for `controls`, family by family."""
    order = (*FAMILIES, OWN)
    members: dict[Family, list[str]] = {}
    for control in controls:
        members.setdefault(family_of(control), []).append(control)
    return Columns(
        spans=tuple((family, len(members[family])) for family in order if family in members),
        each=tuple(
            Column(control, label_of(control), hrefs[control], place == 0)
            for family in order
            for place, control in enumerate(members.get(family, ()))
        ),
    )


def matrix(columns: Columns, cards: Iterable[Card], *, to_pages: bool) -> Matrix:
    """The picture of the clusters of `cards`, in their order; a name leads to the card, or to the cluster's page."""
    return Matrix(columns, tuple(_row(card, columns, to_pages=to_pages) for card in cards))


def _row(card: Card, columns: Columns, *, to_pages: bool) -> MatrixRow:
    statuses = {result.id: result.status for result in card.cluster.controls}
    href = (card.href if to_pages else "") or f"#{card.anchor}"
    return MatrixRow(href, card.cluster.name, tuple(statuses.get(column.control) for column in columns.each))
