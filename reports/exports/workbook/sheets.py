"""Sheets of a workbook: a heading, rows that go on in another sheet where one is full, and cells that act on nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from reports.document import Report
from reports.tables.rows import Values, blocks
from reports.tables.schema import Column, Kind, Table
from reports.tables.text import is_formula, line
from scanner.findings import Status

ROWS = 1_048_576  # of a sheet, and characters of a cell, in UTF-16: Microsoft, "Excel specifications and limits"
CHARACTERS = 32_767

_HEADING = {"bold": True, "bg_color": "#1F2937", "font_color": "#FFFFFF", "valign": "top"}
_COLOURS: Mapping[str, Mapping[str, str]] = {
    Status.FAIL: {"bg_color": "#FEE2E2", "font_color": "#991B1B"},
    Status.UNKNOWN: {"bg_color": "#FEF3C7", "font_color": "#92400E"},
    Status.WAIVED: {"bg_color": "#EDE9FE", "font_color": "#5B21B6"},
    Status.PASS: {"bg_color": "#DCFCE7", "font_color": "#166534"},
    Status.NOT_APPLICABLE: {"font_color": "#6B7280"},
    "not_assessed": {"font_color": "#6B7280"},
}
_ALIKE = {
    "no": Status.FAIL,
    "partly": Status.FAIL,
    "yes": Status.PASS,
    "unread": Status.UNKNOWN,
    "partial": Status.UNKNOWN,
}
_COLOURED = frozenset({"status", "item_status", "enforcing", "read_state"})
_WIDTHS = {
    "evidence": 60,
    "remediation": 60,
    "title": 48,
    "subject": 34,
    "cluster_name": 24,
    "cluster_id": 44,
    "status": 14,
}
_WIDTH = 18
# What every row of a sheet would say alike is in the summary, and what only programs read is in CSV and Parquet.
_LEFT_OUT = frozenset({"run_id", "run_time", "day", "tool", "baseline", "family", "level", "note"})
_FIRST = (
    "severity",
    "status",
    "item_status",
    "control_id",
    "title",
    "cluster_name",
    "subject",
    "item_reason",
    "reason",
)


@dataclass(frozen=True, slots=True)
class Head:
    """The heading of a column, its width in characters, and whether its words have colours."""

    text: str
    width: int = _WIDTH
    coloured: bool = False


class Book:
    """A workbook being filled. `rows` are those of a sheet at most."""

    def __init__(self, workbook: Any, report: Report, rows: int = ROWS) -> None:  # noqa: ANN401 - xlsxwriter has no types
        self.report = report
        self._book = workbook
        self._rows = rows
        self._heading = workbook.add_format(_HEADING)
        self._bold = workbook.add_format({"bold": True})
        self._formats: dict[tuple[str, bool], Any] = {}
        self._text = lru_cache(1 << 16)(cell)

    def write(self, name: str, table: Table) -> None:
        """A sheet of a table's rows, the columns that people look for first in front."""
        order = _order(table.columns)
        heads = [_head(table.columns[at]) for at in order]
        self.fill(name, heads, _rows(blocks(table, self.report), order))

    def fill(self, name: str, heads: Sequence[Head], rows: Iterable[Sequence[object]]) -> None:
        """A sheet of rows, and further ones where they are too many for one."""
        part, at = 1, 1
        sheet = self._begin(name, heads)
        for row in rows:
            if at == self._rows:
                self._end(sheet, heads, at)
                part, at = part + 1, 1
                sheet = self._begin(f"{name} {part}", heads)
            for number, (head, value) in enumerate(zip(heads, row, strict=True)):
                self.put(sheet, at, number, value, coloured=head.coloured)
            at += 1
        self._end(sheet, heads, at)

    def sheet(self, name: str, widths: Sequence[int]) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        """An empty sheet."""
        sheet = self._book.add_worksheet(name)
        for number, width in enumerate(widths):
            sheet.set_column(number, number, width)
        return sheet

    def put(self, sheet: Any, row: int, column: int, value: object, *, coloured: bool = False) -> None:  # noqa: ANN401
        """One cell: numbers as numbers, all else as text; nothing where there is no value."""
        if isinstance(value, bool):
            sheet.write_string(row, column, "yes" if value else "no")
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value)
        elif isinstance(value, str | tuple):
            text, formula = self._text(value)
            if text:
                sheet.write_string(row, column, text, self._format(text if coloured else "", formula=formula))
        elif isinstance(value, date):
            sheet.write_string(row, column, told(value))

    def title(self, sheet: Any, row: int, *texts: str) -> None:  # noqa: ANN401 - xlsxwriter has no types
        """A row of bold words of ours."""
        for column, text in enumerate(texts):
            sheet.write_string(row, column, text, self._bold)

    def _begin(self, name: str, heads: Sequence[Head]) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        sheet = self.sheet(name, [head.width for head in heads])
        sheet.freeze_panes(1, 0)
        for number, head in enumerate(heads):
            sheet.write_string(0, number, head.text, self._heading)
        return sheet

    @staticmethod
    def _end(sheet: Any, heads: Sequence[Head], rows: int) -> None:  # noqa: ANN401 - xlsxwriter has no types
        sheet.autofilter(0, 0, rows - 1, len(heads) - 1)

    def _format(self, word: str, *, formula: bool) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        """The look of a word; what would be a formula once somebody edits it is marked as text."""
        look = _COLOURS.get(_ALIKE.get(word, word))
        if look is None and not formula:
            return None
        key = (word if look else "", formula)
        if key not in self._formats:
            self._formats[key] = self._book.add_format({**(look or {}), **({"quote_prefix": True} if formula else {})})
        return self._formats[key]


def told(value: date) -> str:
    """A time or a day as text: it is shown the same everywhere, and sorts."""
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else value.isoformat()


def cell(value: str | Sequence[str], most: int = CHARACTERS) -> tuple[str, bool]:
    """A text or several as a cell holds them, cut with a mark where they are too long, and whether it looks like a formula."""
    text = line(value)
    if _units(text) > most:
        mark = f"… (cut: {len(text):,} characters)"
        kept = text[: most - len(mark)]
        while _units(kept) > most - len(mark):
            kept = kept[: -(_units(kept) - most + len(mark) + 1) // 2 or -1]
        text = kept + mark
    return text, is_formula(text)


def _units(text: str) -> int:
    """UTF-16 code units, in which Excel counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _order(columns: Sequence[Column]) -> tuple[int, ...]:
    shown = [number for number, column in enumerate(columns) if column.name not in _LEFT_OUT]
    rank = {name: number for number, name in enumerate(_FIRST)}
    return tuple(sorted(shown, key=lambda number: rank.get(columns[number].name, len(rank))))


def _head(column: Column) -> Head:
    name = column.name
    width = _WIDTHS.get(name, 40 if column.kind is Kind.TEXTS else _WIDTH)
    words = name.replace("_", " ")
    return Head(f"{words[0].upper()}{words[1:]}".replace(" id", " ID"), width, name in _COLOURED)


def _rows(source: Iterable[tuple[Values, Sequence[Values]]], order: Sequence[int]) -> Iterator[list[object]]:
    for shared, rows in source:
        for row in rows:
            every = (*shared, *row)
            yield [every[at] for at in order]
