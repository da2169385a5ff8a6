"""Who may talk with whom by namespace, on one screen or as CSV: what is left of a large cluster's listing for people."""

from __future__ import annotations

from collections.abc import Iterator

from reports.reach.blocks import chunks
from reports.reach.sheet import row as csv_row
from reports.reach.table import Paint, head, notices
from reports.reach.words import plain, port_words, selection_words, spans
from scanner.reach.lines import Listing
from scanner.reach.summary import OUTSIDE, NamespacePair

_ROWS = 16  # with counts and headings a screen
_NOTICES = 3
_GAP = "  "
COLUMNS = ("src", "dst", "allowed", "unknown", "pairs", "protocol", "ports")


def title(listing: Listing) -> str:
    """What the overview is of."""
    only = "" if listing.selection.empty else f", only {selection_words(listing.selection)}"
    return f"{head(listing)}{only}"


def pairs_table(listing: Listing, pairs: tuple[NamespacePair, ...], *, width: int, colour: bool) -> Iterator[bytes]:
    """The namespaces with the most pairs of workloads that may talk, on one screen; the others are counted."""
    return chunks(_table(listing, pairs, Paint(colour=colour), width))


def pairs_csv(pairs: tuple[NamespacePair, ...]) -> Iterator[bytes]:
    """All of them, a row for each protocol that is open; one without where everything is undecided."""
    return chunks(_rows(pairs))


def _table(listing: Listing, pairs: tuple[NamespacePair, ...], paint: Paint, width: int) -> Iterator[str]:
    yield paint(title(listing), "bold") + "\n\n"
    shown = sorted(pairs, key=lambda each: (-each.allowed, -each.unknown, each.src, each.dst))[:_ROWS]
    for number, line in enumerate(_aligned(shown, width)):
        yield (line if number else paint(line, "bold")) + "\n"
    if any(OUTSIDE in (each.src, each.dst) for each in shown):
        yield paint(f"{OUTSIDE}: all addresses and names, counted as one", "dim") + "\n"
    if len(pairs) > len(shown):
        left = len(pairs) - len(shown)
        yield paint(f"and {left:,} more pairs of namespaces: --collapse --format csv has them all", "dim") + "\n"
    yield from notices(listing.notices, paint, width, most=_NOTICES)


def _aligned(shown: list[NamespacePair], width: int) -> Iterator[str]:
    """The heading and the rows, in columns; the ports, which come last, are cut where they do not fit."""
    cells = [("FROM", "TO", "PAIRS", "UNDECIDED", "PORTS")]
    cells += [
        (
            plain(each.src),
            plain(each.dst),
            f"{each.allowed:,} of {each.pairs:,}",
            f"{each.unknown:,}" if each.unknown else "",
            port_words(each.ports),
        )
        for each in shown
    ]
    columns = [at for at in range(4) if at != 3 or any(each.unknown for each in shown)]
    widths = {at: max(len(row[at]) for row in cells) for at in columns}
    room = max(width - sum(widths.values()) - len(_GAP) * len(columns), len("PORTS"))
    for row in cells:
        fields = [f"{row[at]:<{widths[at]}}" if at < 2 else f"{row[at]:>{widths[at]}}" for at in columns]
        ports = row[4] if len(row[4]) <= room else f"{row[4][: room - 1]}…"
        yield _GAP.join((*fields, ports)).rstrip()


def _rows(pairs: tuple[NamespacePair, ...]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\n"
    for each in pairs:
        counts = (each.src, each.dst, str(each.allowed), str(each.unknown), str(each.pairs))
        for protocol, ranges in each.ports.items() or (("", ()),):
            yield csv_row((*counts, protocol, " ".join(spans(ranges))))
