"""Namespaces against namespaces: each cell is cut in two, above what is declared, below what is effective."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

from reports.html.pictures.svg import CELL, columns_of, cut, element, folded_table, joined, picture
from scanner.findings import Area, Crossings, NamespaceMatrix

SIDE = 22  # of a cell, in pixels
_FONT = 11.5  # as the stylesheet sets it
_LABEL = 22  # most columns of a label
_ROWS = 40  # of the table beside the picture
_WORDS = {"others": "(others)", "internet": "(internet)"}


class Fill(StrEnum):
    """How a half of a cell is filled: every pair is open, some are, none is known to be and some are undecided, none is."""

    ALL = "all"
    SOME = "some"
    UNKNOWN = "unknown"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Cell:
    """One ordered pair of areas with its counts at both levels; `pairs` is not 0."""

    source: int
    destination: int
    pairs: int
    declared: tuple[int, int]  # open, unknown
    effective: tuple[int, int]

    @property
    def mark(self) -> str:
        """`!` where more is open in effect than the policies may open, `-` where surely less is, else nothing."""
        if self.effective[0] > sum(self.declared):
            return "!"
        return "−" if sum(self.effective) < self.declared[0] else ""  # noqa: RUF001 - a minus is meant

    def fill(self, counts: tuple[int, int]) -> Fill:
        """What the half with these counts looks like."""
        sure, unsure = counts
        if sure >= self.pairs:
            return Fill.ALL
        return Fill.SOME if sure else Fill.UNKNOWN if unsure else Fill.NONE


def namespace_picture(matrix: NamespaceMatrix, name: str) -> Markup:
    """The matrix of the cluster called `name`: picture, legend, and the same as a table. Nothing without workloads."""
    cells = tuple(cells_of(matrix))
    if not cells:
        return Markup("")
    labels = [label_of(each) for each in matrix.areas]
    title = f"Who may talk with whom by namespace in {cut(name, 60)}"
    region = {"class_": "scroll", "tabindex": 0, "role": "region", "aria_label": title}
    return element(
        "figure",
        element("div", _drawing(title, labels, cells), **region),
        element("figcaption", _legend(), _said(matrix)),
        _table(labels, cells),
        class_="pictured",
    )


def label_of(area: Area) -> str:
    """What an area is called; those that are no namespace in brackets, which no namespace's name has."""
    return _WORDS.get(area.kind, area.name or "(no name)")


def cells_of(matrix: NamespaceMatrix) -> Iterator[Cell]:
    """The cells between which there are pairs at all, by source and destination."""
    declared, effective = (_level(matrix, name) for name in ("declared", "effective"))
    if declared is None or effective is None:
        return
    size = len(matrix.areas)
    for source in range(size):
        for destination in range(size):
            if pairs := matrix.pairs(source, destination):
                at = source, destination
                yield Cell(source, destination, pairs, _counts(declared, *at), _counts(effective, *at))


def _level(matrix: NamespaceMatrix, name: str) -> Crossings | None:
    return next((each for each in matrix.levels if each.level == name), None)


def _counts(level: Crossings, source: int, destination: int) -> tuple[int, int]:
    return level.open[source][destination], level.unknown[source][destination] if level.unknown else 0


def _drawing(title: str, labels: Sequence[str], cells: Sequence[Cell]) -> Markup:
    edge = max(min(_LABEL, columns_of(label)) for label in labels) * _FONT * CELL + 12
    size = edge + len(labels) * SIDE + 2
    more = sum(cell.mark == "!" for cell in cells)
    fewer = sum(bool(cell.mark) for cell in cells) - more
    doubt = sum(cell.fill(cell.effective) is Fill.UNKNOWN for cell in cells)
    description = (
        f"{len(labels)} areas. From a row to a column: in {more} cells more pairs of workloads are open in effect than the "
        f"policies declare, in {fewer} fewer, in {doubt} none is known to be open and some are not known. "
        "The table below has the numbers."
    )
    rows = joined(
        element("text", cut(label, _LABEL), x=edge - 6, y=edge + at * SIDE + SIDE * 0.68, class_="row")
        for at, label in enumerate(labels)
    )
    heads = joined(
        element(
            "text",
            cut(label, _LABEL),
            transform=f"translate({edge + at * SIDE + SIDE * 0.68:.1f} {edge - 6:.1f}) rotate(-90)",
        )
        for at, label in enumerate(labels)
    )
    drawn = joined(_cell(labels, cell, edge) for cell in cells)
    return picture(title, description, (size, size), rows, heads, drawn, kind="namespaces")


def _cell(labels: Sequence[str], cell: Cell, edge: float) -> Markup:
    x, y = edge + cell.destination * SIDE, edge + cell.source * SIDE
    mark = element("text", cell.mark, x=x + SIDE / 2, y=y + SIDE * 0.7, class_="mark-of") if cell.mark else Markup("")
    return element("g", element("title", _sentence(labels, cell)), _square(cell, x, y), mark)


def _square(cell: Cell, x: float, y: float) -> Markup:
    """The two halves of a cell, with the ground for what is closed in both."""
    side = SIDE - 1
    ground = element("rect", x=x, y=y, width=side, height=side, class_="ground")
    above = f"M{x:.1f} {y:.1f}h{side}l-{side} {side}z"
    below = f"M{x + side:.1f} {y:.1f}v{side}h-{side}z"
    halves = ((above, cell.fill(cell.declared)), (below, cell.fill(cell.effective)))
    return joined((ground, *(element("path", d=d, class_=fill) for d, fill in halves if fill is not Fill.NONE)))


def _sentence(labels: Sequence[str], cell: Cell) -> str:
    source, destination = cut(labels[cell.source], 63), cut(labels[cell.destination], 63)
    return (
        f"{source} → {destination}: of {cell.pairs:,} {'pair' if cell.pairs == 1 else 'pairs'} declared "
        f"{_words(cell.declared)}, effective {_words(cell.effective)}"
    )


def _words(counts: tuple[int, int]) -> str:
    sure, unsure = counts
    return f"{sure:,} open{f' and {unsure:,} unknown' if unsure else ''}"


def _legend() -> Markup:
    """A swatch and words for each look of a cell."""
    samples = (
        ("above: declared, all pairs open", Cell(0, 0, 2, (2, 0), (0, 0)), ""),
        ("below: effective, all open", Cell(0, 0, 2, (0, 0), (2, 0)), ""),
        ("some open", Cell(0, 0, 2, (1, 0), (1, 0)), ""),
        ("not known", Cell(0, 0, 2, (0, 1), (0, 1)), ""),
        ("closed", Cell(0, 0, 2, (0, 0), (0, 0)), ""),
        ("more open than declared", Cell(0, 0, 2, (0, 0), (1, 0)), "!"),
        ("less open than declared", Cell(0, 0, 2, (1, 0), (0, 0)), "−"),  # noqa: RUF001 - a minus is meant
    )
    return element(
        "p",
        joined(element("span", _sample(cell, mark), f" {words}", class_="sample") for words, cell, mark in samples),
        class_="samples",
    )


def _sample(cell: Cell, mark: str) -> Markup:
    text = element("text", mark, x=SIDE / 2, y=SIDE * 0.7, class_="mark-of") if mark else Markup("")
    box = {"class_": "picture namespaces", "aria_hidden": "true", "focusable": "false", "viewBox": f"0 0 {SIDE} {SIDE}"}
    return element("svg", _square(cell, 0, 0), text, width=SIDE, height=SIDE, **box)


def _said(matrix: NamespaceMatrix) -> Markup:
    """What the areas are, in words."""
    alone = sum(each.kind == "namespace" for each in matrix.areas)
    rest = matrix.namespaces - alone
    others = (
        f"The {alone:,} namespaces with most workloads stand alone, the other {rest:,} together. " if rest > 0 else ""
    )
    return element(
        "p",
        f"{others}Rows may open connections to columns. From and to the internet count the workloads that policy lets talk "
        "with some public address, whether or not a way leads there.",
        class_="quiet",
    )


def _table(labels: Sequence[str], cells: Sequence[Cell]) -> Markup:
    """The cells in which anything is open or unknown, those that differ first."""
    told = [cell for cell in cells if any((*cell.declared, *cell.effective))]
    told.sort(key=lambda cell: ("!−".find(cell.mark or " ") % 3, -cell.effective[0], cell.source, cell.destination))  # noqa: RUF001
    heads = ("From", "To", "Pairs", "Declared", "Effective", "Effect")
    more = f"and {len(told) - _ROWS:,} more in report.json" if len(told) > _ROWS else ""
    return folded_table("Pairs of namespaces", heads, (_row(labels, cell) for cell in told[:_ROWS]), more)


def _row(labels: Sequence[str], cell: Cell) -> Markup:
    effect = {"!": "! more open", "": ""}.get(cell.mark, f"{cell.mark} less open")
    ends = (labels[cell.source], labels[cell.destination])
    named = joined(element("td", element("span", cut(each, 40), class_="name")) for each in ends)
    figures = (f"{cell.pairs:,}", _words(cell.declared), _words(cell.effective), effect)
    return element("tr", named, joined(element("td", each) for each in figures))
