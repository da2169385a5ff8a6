"""Rows of a table of targets: what was wanted, what was measured, and whether that will do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound as people write it, and what it comes to here."""

    words: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: `value` is what the limits bound (from above, unless `more`), `shown` what people read; no limits, no verdict."""

    what: str
    shown: str
    value: float = 0.0
    must: Limit | None = None
    aim: Limit | None = None
    more: bool = False

    @property
    def verdict(self) -> str:
        """How far it got: the aim, what it must, or neither."""
        if self.must is None:
            return ""
        if self.aim is not None and self._holds(self.aim):
            return "aim met"
        return "must met" if self._holds(self.must) else "MISSED"

    def _holds(self, limit: Limit) -> bool:
        return self.value >= limit.value if self.more else self.value <= limit.value

    def cells(self) -> tuple[str, ...]:
        """The row as words."""
        limits = (limit.words if limit else "-" for limit in (self.must, self.aim))
        return (self.what, *limits, self.shown, self.verdict)


_HEAD = ("what", "must", "aim", "measured", "verdict")
_WIDTHS = (60, 26, 25, 46, 8)


def show(rows: Iterable[Row]) -> None:
    """Print a table, each row as soon as it is measured."""
    print(_line(_HEAD))
    for row in rows:
        print(_line(row.cells()), flush=True)
    print()


def _line(cells: tuple[str, ...]) -> str:
    return "  ".join(f"{cell:{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()
