"""A listing for a terminal: counts, the allowed lines, what cannot be decided and why, and what to know of the input."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby

from reports.reach.blocks import HERE, WHY, blocks, chunks, doubts, encoded_text, placed
from reports.reach.ways import (
    answer_reasons,
    answer_words,
    destination,
    door_words,
    parts,
    scope_reasons,
    where_words,
)
from reports.reach.words import counted, peer_words, plain, port_words, selection_words
from scanner.model import Notice
from scanner.policy.selectors import members
from scanner.reach.lines import Listing
from scanner.reach.rows import Cell, Rows
from scanner.reach.ways.model import Admitted, WayIn

_PORTS = 16  # columns that are worth keeping for ports; lines with more run over
_GAP = "  "
_STYLES = {
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "yellow": "\x1b[33m",
    "cyan": "\x1b[36m",
    "green": "\x1b[32m",
    "red": "\x1b[31m",
}
_RESET = "\x1b[0m"
_ANSWERS = {Admitted.YES: "", Admitted.NO: "dim"}  # what is open in part or in doubt is what to look at


def reach_table(listing: Listing, *, width: int = 100, colour: bool = False) -> Iterator[bytes]:
    """The listing as text of about `width` columns: a line per connection.

    Where two names do not fit beside each other, a source stands above its lines. No name is ever cut.
    """
    return chunks(_table(listing, Paint(colour=colour), width))


class Paint:
    """Colours, or none. Text is padded before it is painted."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, style: str) -> str:
        """`text` in a style of this module; an empty style changes nothing."""
        return f"{_STYLES[style]}{text}{_RESET}" if self._colour and text and style else text


def _table(listing: Listing, paint: Paint, width: int) -> Iterator[str | bytes]:
    allowed, unknown = listing.allowed, listing.unknown
    yield paint(head(listing), "bold") + "\n"
    if not listing.selection.empty:
        yield paint(f"Only {selection_words(listing.selection)}.", "yellow") + "\n"
    if allowed.count:
        yield "\n"
        yield from _Layout(listing, allowed, paint, width).lines()
    if unknown.count:
        yield "\n" + paint(f"Undecided ({unknown.count:,})", "yellow") + "\n"
        yield from _Layout(listing, unknown, paint, width).undecided()
    yield from _ways(listing.ways, paint, width)
    yield from notices(listing.notices, paint, width)


def _ways(ways: tuple[WayIn, ...], paint: Paint, width: int) -> Iterator[str]:
    """The ways in from outside: under what leads inside, to whom it leads and what policy says of it."""
    if not ways:
        return
    yield "\n" + paint(f"Ways in from outside ({len(ways):,})", "bold") + "\n"
    numbers: dict[str, int] = {}
    doors = groupby(ways, key=lambda way: (way.through, way.protocol, way.port))
    for led in (list(group) for _, group in doors):
        first = led[0]
        where = f"{where_words(first)}{_marks(scope_reasons(first), numbers)}"
        yield paint(wrapped("", f"{door_words(first)}: {where}", width).rstrip(), "cyan") + "\n"
        for way in led:
            answer = f"{answer_words(way)}{_marks(answer_reasons(way), numbers)}"
            line = wrapped("  -> ", f"{destination(way)}  {port_words(way.targets)}  {answer}", width).rstrip()
            yield paint(line, _ANSWERS.get(way.judgement.admitted, "yellow") if way.judgement else "dim") + "\n"
    for part, number in numbers.items():
        yield wrapped(f"  [{number}] ", plain(part), width)


def _marks(reasons: list[str], numbers: dict[str, int]) -> str:
    """The numbers of reasons, each of which is spelled once below."""
    if not reasons:
        return ""
    return f" [{','.join(str(numbers.setdefault(part, len(numbers) + 1)) for part in reasons)}]"


def head(listing: Listing) -> str:
    """One line of counts."""
    parts = [f"{counted(listing.allowed.count, 'connection')} allowed"]
    if listing.unknown.count:
        parts.append(f"{listing.unknown.count:,} undecided")
    if listing.notices:
        parts.append(counted(len(listing.notices), "warning"))
    return f"{str(listing.level).capitalize()}: {', '.join(parts)} ({peer_words(listing.peers)})"


def notices(found: tuple[Notice, ...], paint: Paint, width: int, most: int | None = None) -> Iterator[str]:
    """The warnings, under a heading of their own; of more than `most` the rest is counted."""
    if not found:
        return
    yield "\n" + paint(f"Warnings ({len(found):,})", "yellow") + "\n"
    shown = found[:most]
    for each in shown:
        yield wrapped("- ", f"{plain(each.object)}, {plain(each.field)}: {plain(each.message)}", width)
    if len(found) > len(shown):
        yield f"- and {len(found) - len(shown):,} more: --format json has them all\n"


def wrapped(lead: str, text: str, width: int) -> str:
    """Text folded to a width, its further lines indented as far as the first; words are never cut."""
    indent = " " * len(lead)
    return textwrap.fill(
        text, max(width, 40), initial_indent=lead, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) + "\n"  # fmt: skip


class _Layout:
    """How the lines of one side stand: in columns where they fit, else below their source."""

    def __init__(self, listing: Listing, rows: Rows, paint: Paint, width: int) -> None:
        self._listing, self._rows, self._paint = listing, rows, paint
        self._names = {at: plain(listing.ids[at]) for at in members(rows.sources | rows.destinations)}
        self._from = max(4, *(len(self._names[at]) for at in members(rows.sources)))
        self._to = max(2, *(len(self._names[at]) for at in members(rows.destinations)))
        self._beside = self._from + self._to + 2 * len(_GAP) + _PORTS <= width
        self._width = width

    def lines(self) -> Iterator[str | bytes]:
        """The lines, in columns with a heading."""
        if self._beside:
            yield self._paint(f"{'FROM':{self._from}}{_GAP}{'TO':{self._to}}{_GAP}PORTS", "bold") + "\n"
        for source, text in blocks(self._rows, self._line):
            yield self._placed(source, text)

    def undecided(self) -> Iterator[str | bytes]:
        """The same with a number after each line for every reason, and the reasons below."""
        numbers: dict[str, int] = {}

        def why(reason: str) -> str:
            return _marks(parts(reason), numbers).strip()

        for source, text in doubts(self._listing, lambda cell: self._line(cell, WHY), why):
            yield self._placed(source, text)
        for part, number in numbers.items():
            yield wrapped(f"  [{number}] ", plain(part), self._width)

    def _placed(self, source: int, text: bytes) -> bytes:
        if self._beside:
            return placed(text, self._name(source, self._from) + _GAP)
        return encoded_text(self._paint(self._names[source], "bold") + "\n") + text

    def _name(self, at: int, width: int) -> str:
        shown = f"{self._names[at]:{width}}"
        return shown if self._listing.kinds[at] == "workload" else self._paint(shown, "cyan")

    def _line(self, cell: Cell, mark: str = "") -> str:
        ports = port_words(cell.ports)
        notes = [f"via {plain(cell.via)}"] if cell.via else []
        notes += ["(L7 filter)"] if cell.filter else []
        notes += [mark] if mark else []
        lead = HERE if self._beside else "  -> "
        shown = self._paint(ports, "yellow") if ports == "all" else ports
        tail = f" {self._paint(' '.join(notes), 'dim')}" if notes else ""
        return f"{lead}{self._name(cell.dst, self._to)}{_GAP}{shown}{tail}\n"
