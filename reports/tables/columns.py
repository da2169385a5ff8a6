"""Columns being filled from blocks of rows: repeating values as numbers into a list of the distinct ones."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reports.tables.rows import Block
from reports.tables.schema import Column, Kind, Table
from reports.tables.text import utf8

MISSING = -1  # the number of a value that is not there


class Repeating:
    """A column of values that repeat. `numbers` (int32) point into `values`, which begin with the known ones."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.numbers = array("i")
        self._known: dict[object, int] = {str(value): number for number, value in enumerate(column.known)}

    @property
    def values(self) -> list[Any]:
        """The distinct values, in order of their numbers; text as UTF-8 can hold it."""
        return list(self._known)

    def repeat(self, value: object, times: int) -> None:
        """`times` rows of one value."""
        self.numbers.extend(array("i", (self._number(value),)) * times)

    def extend(self, values: Iterable[object]) -> None:
        """One row for each value."""
        self.numbers.extend(map(self._number, values))

    def _number(self, value: object) -> int:
        if value is None:
            return MISSING
        known = self._known.get(value)
        if known is not None:
            return known
        kept = utf8(str(value)) if isinstance(value, str) else value
        return self._known.setdefault(kept, len(self._known))


class Plain:
    """A column of values that do not repeat, as they are."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.values: list[Any] = []

    def repeat(self, value: object, times: int) -> None:
        """`times` rows of one value."""
        self.values.extend((value,) * times)

    def extend(self, values: Iterable[object]) -> None:
        """One row for each value."""
        self.values.extend(values)


class Lists(Plain):
    """A column of lists of sentences; their text as UTF-8 can hold it."""

    def repeat(self, value: object, times: int) -> None:
        """`times` rows of one list."""
        self.extend((value,) * times)

    def extend(self, values: Iterable[Any]) -> None:
        """One row for each list; one that needs no change is the report's own, not a copy."""
        for texts in values:
            plain = all(map(str.isascii, texts))
            self.values.append(texts if plain else tuple(map(utf8, texts)))


Filled = Repeating | Plain

_REPEATING = {Kind.WORD, Kind.TIME, Kind.DAY}


def fill(table: Table, blocks: Iterable[Block]) -> list[Filled]:
    """All rows as columns, in the order of the table's."""
    columns = _empty(table)
    for shared, rows in blocks:
        _add(columns, shared, rows)
    return columns


def batches(table: Table, blocks: Iterable[Block], most: int) -> Iterator[list[Filled]]:
    """The same in batches of `most` rows, the last one of fewer; at least one, also without rows."""
    columns, held, full = _empty(table), 0, 0
    for shared, rows in blocks:
        start = 0
        while start < len(rows):
            part = rows[start : start + most - held]
            _add(columns, shared, part)
            start, held = start + len(part), held + len(part)
            if held == most:
                yield columns
                columns, held, full = _empty(table), 0, full + 1
    if held or not full:
        yield columns


def _empty(table: Table) -> list[Filled]:
    return [
        Repeating(each) if each.kind in _REPEATING else Lists(each) if each.kind is Kind.TEXTS else Plain(each)
        for each in table.columns
    ]


def _add(columns: Sequence[Filled], shared: Sequence[object], rows: Sequence[Sequence[object]]) -> None:
    if not rows:
        return
    for column, value in zip(columns, shared, strict=False):
        column.repeat(value, len(rows))
    for column, values in zip(columns[len(shared) :], zip(*rows, strict=True), strict=True):
        column.extend(values)
