"""Lines of a listing as text, source by source, fast: what sources share is written once and only the source is put in.

A writer spells a line with `HERE` where the source goes. No escaped text holds that character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from scanner.reach.lines import Listing
from scanner.reach.rows import Cell, Rows, Run

HERE = "\0"
WHY = "\1"  # and where the reason for doubt goes
_HELD = 1 << 25  # characters of shared text kept for sources to come
_CHUNK = 1 << 16

Line = Callable[[Cell], str]


def blocks(rows: Rows, line: Line) -> Iterator[tuple[int, str]]:
    """Every source (its position) with its lines, `HERE` still in them."""
    texts = _Texts(rows, line)
    known: dict[Run, tuple[str, list[int]]] = {}
    held = 0
    for source, run in rows:
        found = known.get(run)
        if found is None:
            each = list(map(texts.__getitem__, run.cells))
            found = ("".join(each), list(accumulate(map(len, each), initial=0)))
            if held + len(found[0]) > _HELD:
                known, held = {}, 0
            known[run] = found
            held += len(found[0])
        text, ends = found
        start, stop = run.own(source)
        if start != stop:
            text = text[: ends[start]] + text[ends[stop] :]
        if text:
            yield source, text


def doubts(listing: Listing, line: Line, why: Callable[[str], str]) -> Iterator[tuple[int, str]]:
    """The same for what is undecided; `why` spells a line's reason, put in at `WHY`."""
    rows = listing.unknown
    texts = _Texts(rows, line)
    for source, run in rows:
        text = "".join(
            texts[number].replace(WHY, why(listing.reason(source, rows.cell(number)))) for number in run.of(source)
        )
        if text:
            yield source, text


def chunks(texts: Iterable[str]) -> Iterator[bytes]:
    """Text as UTF-8 in pieces worth writing. What is no text (half a surrogate pair) is replaced."""
    pieces: list[str] = []
    size = 0
    for text in texts:
        pieces.append(text)
        size += len(text)
        if size >= _CHUNK:
            yield "".join(pieces).encode("utf-8", "replace")
            pieces, size = [], 0
    yield "".join(pieces).encode("utf-8", "replace")


class _Texts(dict[int, str]):
    """The text of each cell by its number, spelled when first asked for."""

    def __init__(self, rows: Rows, line: Line) -> None:
        super().__init__()
        self._rows, self._line = rows, line

    def __missing__(self, number: int) -> str:
        text = self[number] = self._line(self._rows.cell(number))
        return text
