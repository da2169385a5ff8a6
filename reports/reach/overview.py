"""Who may talk with whom by namespace, on one screen or as CSV: what is left of a large cluster's listing for people."""

from __future__ import annotations

from collections.abc import Iterator

from reports.reach.blocks import chunks
from reports.reach.sheet import row
from reports.reach.table import Paint, head, notices
from reports.reach.words import plain, port_words, selection_words, spans
from scanner.reach.lines import Listing
from scanner.reach.summary import NamespacePair

_ROWS = 20  # with counts and headings a screen
_NOTICES = 5
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
    widths = [max(len(row[at]) for row in cells) for at in range(4)]
    if not any(row[3] for row in cells[1:]):
        widths[3] = 0
    room = max(width - sum(widths) - len(_GAP) * sum(bool(each) for each in widths), len("PORTS"))
    for number, (src, dst, count, unknown, ports) in enumerate(cells):
        fields = [f"{src:{widths[0]}}", f"{dst:{widths[1]}}", f"{count:>{widths[2]}}"]
        fields += [f"{unknown:>{widths[3]}}"] if widths[3] else []
        fields.append(ports if len(ports) <= room else f"{ports[: room - 1]}…")
        line = _GAP.join(fields).rstrip()
        yield (line if number else paint(line, "bold")) + "\n"
    if len(pairs) > len(shown):
        left = len(pairs) - len(shown)
        yield paint(f"and {left:,} more pairs of namespaces: --collapse --format csv has them all", "dim") + "\n"
    yield from notices(listing.notices[:_NOTICES], paint, width)
    if len(listing.notices) > _NOTICES:
        yield f"- and {len(listing.notices) - _NOTICES:,} more: --format json has them all\n"


def _rows(pairs: tuple[NamespacePair, ...]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\n"
    for each in pairs:
        counts = (each.src, each.dst, str(each.allowed), str(each.unknown), str(each.pairs))
        for protocol, ranges in each.ports.items() or (("", ()),):
            yield row((*counts, protocol, " ".join(spans(ranges))))
