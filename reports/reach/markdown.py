"""A listing for a pull-request comment or a wiki page: counts, tables that fold away, warnings. GitHub Flavored Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from reports.reach.blocks import chunks
from reports.reach.ways import answer_reasons, answer_words, destination, door_words, scope_reasons, where_words
from reports.reach.words import counted, plain, port_words, selection_words
from scanner.model import Notice
from scanner.reach.lines import Listing
from scanner.reach.model import Connection
from scanner.reach.summary import NamespacePair
from scanner.reach.ways.model import WayIn

_OPEN = 20  # rows that are shown without a click
_MOST = 300  # rows of one table: a comment on GitHub takes 65,536 characters
_MOST_NOTICES = 50
_WWW = re.compile(r"(www)\.", re.IGNORECASE)  # becomes a link on its own
_MARKUP = frozenset("\\`*_{}[]<>#!|~&$")


def reach_markdown(listing: Listing) -> Iterator[bytes]:
    """The listing as Markdown, bounded so that a forge takes it; what is left out is counted."""
    return chunks(_page(listing))


def pairs_markdown(pairs: tuple[NamespacePair, ...], title: str, notices: tuple[Notice, ...]) -> Iterator[bytes]:
    """Who may talk with whom by namespace."""
    return chunks(_pairs(pairs, title, notices))


def text(words: str) -> str:
    """Words from outside: none of them is markup, a link, or calls somebody."""
    escaped = "".join(f"\\{char}" if char in _MARKUP else char for char in plain(words))
    return _WWW.sub(r"\1\\.", escaped.replace("://", "\\://")).replace("@", "`@`")


def code(name: str) -> str:
    """A name in code style. A backtick would end it, a bar would end the cell: they become lookalikes."""
    return f"`{plain(name).replace('`', chr(39)).replace('|', '¦') or ' '}`"


def _page(listing: Listing) -> Iterator[str]:
    allowed, unknown = listing.allowed.count, listing.unknown.count
    yield f"### Network reach, {listing.level}: {counted(allowed, 'connection')} allowed, {unknown:,} undecided\n"
    if not listing.selection.empty:
        yield f"\nOnly {text(selection_words(listing.selection))}.\n"
    if allowed:
        rows = (_row(each) for each in listing.connections())
        yield from folded("Allowed", ("from", "to", "ports"), rows, allowed)
    if unknown:
        rows = (_row(each, text(each.reason)) for each in listing.undecided())
        yield from folded("Undecided", ("from", "to", "ports", "why"), rows, unknown)
    if listing.ways:
        rows = (_way_row(each) for each in listing.ways)
        columns = ("through", "who may come", "to", "ports", "policy")
        yield from folded("Ways in from outside", columns, rows, len(listing.ways))
    yield from _notices(listing.notices)


def _row(each: Connection, *more: str) -> str:
    notes = [code(port_words(each.ports))]
    notes += [f"via {code(each.via)}"] if each.via else []
    notes += ["filtered above the ports"] if each.filter else []
    return " | ".join(("", code(each.src), code(each.dst), " ".join(notes), *more, "")).strip()


def _way_row(way: WayIn) -> str:
    who = "; ".join([where_words(way), *scope_reasons(way)])
    policy = "; ".join([answer_words(way), *answer_reasons(way)])
    cells = (code(door_words(way)), text(who), code(destination(way)), code(port_words(way.targets)), text(policy))
    return f"| {' | '.join(cells)} |"


def folded(title: str, columns: Iterable[str], rows: Iterable[str], total: int) -> Iterator[str]:
    """A table under its title; a long one waits behind a click, and of a very long one the rest is only counted."""
    names = tuple(columns)
    long = total > _OPEN
    yield f"\n<details><summary>{title} ({total:,})</summary>\n\n" if long else f"\n**{title}**\n\n"
    yield f"| {' | '.join(names)} |\n|{' --- |' * len(names)}\n"
    for row in islice(rows, _MOST):
        yield row + "\n"
    if total > _MOST:
        yield f"\n…and {total - _MOST:,} more: `ringfence reach --format csv` lists them all.\n"
    if long:
        yield "\n</details>\n"


def _pairs(pairs: tuple[NamespacePair, ...], title: str, notices: tuple[Notice, ...]) -> Iterator[str]:
    yield f"### {text(title)}\n"
    rows = (
        f"| {code(each.src)} | {code(each.dst)} | {each.allowed:,} of {each.pairs:,} | {each.unknown:,} |"
        f" {code(port_words(each.ports)) if each.ports else ''} |"
        for each in pairs
    )
    yield from folded("By namespace", ("from", "to", "allowed", "undecided", "ports"), rows, len(pairs))
    yield from _notices(notices)


def _notices(notices: tuple[Notice, ...]) -> Iterator[str]:
    if not notices:
        return
    yield f"\n**{counted(len(notices), 'warning')}**\n\n"
    for each in notices[:_MOST_NOTICES]:
        yield f"- {code(each.object)} {code(each.field)}: {text(each.message)}\n"
    if len(notices) > _MOST_NOTICES:
        yield f"- …and {len(notices) - _MOST_NOTICES:,} more\n"
