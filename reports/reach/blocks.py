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
_HERE = HERE.encode()
_HELD = 1 << 25  # bytes of shared text kept for sources to come
_LONG = 1 << 14  # bytes worth writing by themselves

Line = Callable[[Cell], str]


def blocks(rows: Rows, line: Line) -> Iterator[tuple[int, bytes]]:
    """Every source (its position) with its lines, to be completed by `placed`."""
    texts = _Texts(rows, line)
    known: dict[Run, tuple[bytes, list[int]]] = {}
    held = 0
    for source, run in rows:
        found = known.get(run)
        if found is None:
            each = list(map(texts.__getitem__, run.cells))
            found = (b"".join(each), list(accumulate(map(len, each), initial=0)))
            if held + len(found[0]) > _HELD:
                known, held = {}, 0
            known[run] = found
            held += len(found[0])
        text, ends = found
        start, stop = run.own(source)
        if start != stop:
            whole = memoryview(text)
            text = b"".join((whole[: ends[start]], whole[ends[stop] :]))
        if text:
            yield source, text


def doubts(listing: Listing, line: Line, why: Callable[[str], str]) -> Iterator[tuple[int, bytes]]:
    """The same for what is undecided; `why` spells a line's reason, put in at `WHY`."""
    rows = listing.unknown
    texts: dict[int, str] = {}
    for source, run in rows:
        found = []
        for number in run.of(source):
            cell = rows.cell(number)
            text = texts.get(number)
            if text is None:
                text = texts[number] = line(cell)
            found.append(text.replace(WHY, why(listing.reason(source, cell))))
        if found:
            yield source, encoded_text("".join(found))


def placed(text: bytes, source: str) -> bytes:
    """A block with its source put in."""
    return text.replace(_HERE, encoded_text(source))


def chunks(texts: Iterable[str | bytes]) -> Iterator[bytes]:
    """Text in pieces worth writing."""
    pieces: list[bytes] = []
    size = 0
    for text in texts:
        piece = encoded_text(text) if isinstance(text, str) else text
        long = len(piece) >= _LONG
        if pieces and (long or size >= _LONG):
            yield b"".join(pieces)
            pieces, size = [], 0
        if long:  # not copied once more
            yield piece
        else:
            pieces.append(piece)
            size += len(piece)
    yield b"".join(pieces)


def encoded_text(text: str) -> bytes:
    """Text as UTF-8. What is no text (half a surrogate pair) is replaced."""
    return text.encode("utf-8", "replace")


class _Texts(dict[int, bytes]):
    """The text of each cell by its number, spelled when first asked for."""

    def __init__(self, rows: Rows, line: Line) -> None:
        super().__init__()
        self._rows, self._line = rows, line

    def __missing__(self, number: int) -> bytes:
        text = self[number] = encoded_text(self._line(self._rows.cell(number)))
        return text
