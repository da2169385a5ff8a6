"""A listing as CSV: a row for each connection and protocol, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reports.reach.blocks import HERE, WHY, blocks, chunks, doubts, placed
from reports.reach.words import plain, spans
from scanner.reach.lines import Listing
from scanner.reach.rows import Cell

COLUMNS = ("src", "src_kind", "dst", "dst_kind", "protocol", "ports", "answer", "via", "filter", "reason")
_FORMULA = ("=", "+", "-", "@")  # what makes a spreadsheet calculate (OWASP, "CSV Injection")


def reach_csv(listing: Listing) -> Iterator[bytes]:
    """The listing as CSV with a heading. Ports are ranges with spaces between: "80 8000-8100", "1-65535" for all."""
    return chunks(_rows(listing))


def row(fields: Iterable[str]) -> str:
    """One line of CSV."""
    return ",".join(map(field, fields)) + "\n"


def field(text: str) -> str:
    """One field: no formula, no control character, quoted where it must be (RFC 4180)."""
    shown = plain(text)
    if shown.lstrip().startswith(_FORMULA):
        shown = f"'{shown}"
    return '"' + shown.replace('"', '""') + '"' if any(char in shown for char in ',"') else shown


def _rows(listing: Listing) -> Iterator[str | bytes]:
    yield ",".join(COLUMNS) + "\n"
    for source, text in blocks(listing.allowed, lambda cell: _cell(listing, cell, "yes", "")):
        yield placed(text, _peer(listing, source))
    for source, text in doubts(listing, lambda cell: _cell(listing, cell, "unknown", WHY), field):
        yield placed(text, _peer(listing, source))


def _cell(listing: Listing, cell: Cell, answer: str, reason: str) -> str:
    rest = f"{answer},{field(cell.via)},{field(cell.filter)},{reason}\n"
    there = _peer(listing, cell.dst)
    return "".join(
        f"{HERE},{there},{protocol},{' '.join(spans(ranges))},{rest}" for protocol, ranges in cell.ports.items()
    )


def _peer(listing: Listing, at: int) -> str:
    return f"{field(listing.ids[at])},{listing.kinds[at]}"
