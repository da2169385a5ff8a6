"""`network/v1`: which clusters and zones reach each other over the networks around them, by which way, and seen as whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from rich.text import Text

from reports.document import Run, Scope
from reports.lint import schema_of
from reports.places import not_whole
from reports.reach.document import encoded
from reports.reach.words import counted
from reports.screen import printed
from reports.wording import visible
from scanner.topology.model import Topology
from scanner.topology.reach import Overlap
from scanner.topology.routes import Pair, Part, Verdict

_LIMIT = 300
_EXAMPLES = 3
_SHOWN = 200  # pairs in the table; the document has all


class Network(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the networks say. Pairs are sorted by source and destination; `topology` is what they were judged on."""

    schema: str = "network/v1"
    run: Run
    interrupted: bool
    scopes: tuple[Scope, ...]
    pairs: tuple[Pair, ...]
    overlaps: tuple[Overlap, ...]
    topology: Topology


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `network/v1`; unknown fields stay allowed."""
    return schema_of(Network, "network/v1", "Which clusters reach each other over the networks around them")


def render_network(found: Network) -> bytes:
    """The `network/v1` document."""
    return f"{encoded(msgspec.to_builtins(found))}\n".encode()


def render_network_table(found: Network, *, width: int, colour: bool) -> str:
    """The same for a terminal of `width` columns; names from outside are literal."""
    return printed(_lines(found), width=width, colour=colour)


def _lines(found: Network) -> Iterator[Text | str]:
    names = _names(found)
    joined = [pair for pair in found.pairs if pair.verdict is Verdict.ROUTABLE]
    doubtful = [pair for pair in found.pairs if pair.verdict is Verdict.UNKNOWN]
    yield Text(_summary(found, len(joined), len(doubtful)), style="bold")
    for pair in joined[:_SHOWN]:
        line = Text(f"{names[pair.source]} ")
        yield line.append("reaches", style="red").append(f" {names[pair.destination]}")
        yield from (_part(part, found) for part in pair.parts if part.verdict is Verdict.ROUTABLE)
    if len(joined) > _SHOWN:
        yield f"and {len(joined) - _SHOWN:,} more: --format json has them all"
    for reason, pairs in _by_reason(doubtful, names).items():
        more = f" and {len(pairs) - _EXAMPLES:,} more" if len(pairs) > _EXAMPLES else ""
        yield Text(f"Not known: {'; '.join(pairs[:_EXAMPLES])}{more}: {reason}", style="yellow")
    for overlap in found.overlaps[:_EXAMPLES]:
        sites = ", ".join(names.get(each, visible(each, _LIMIT)) for each in overlap.sites)
        yield Text(f"Shared addresses: {visible(', '.join(overlap.ranges[:4]), _LIMIT)} in {sites}", style="yellow")
    for entry in found.topology.unread:
        where = " ".join(filter(None, (entry.cloud, entry.account, entry.location)))
        mend = f"; grant {entry.permission}" if entry.permission else ""
        yield Text(visible(f"Not read: {entry.what} in {where}: {entry.reason}{mend}", 2 * _LIMIT), style="yellow")
    yield from (
        Text(visible(f"Not searched whole: {line}", 2 * _LIMIT), style="yellow") for line in not_whole(found.scopes)
    )


def _names(found: Network) -> dict[str, str]:
    """Clusters by the last part of their id, where that is enough to tell them apart; zones by their name."""
    ids = {each for pair in found.pairs for each in (pair.source, pair.destination)}
    short = Counter(each.rpartition("/")[2] for each in ids)
    return {
        each: visible(last if short[last] == 1 else each, _LIMIT) for each in ids for last in [each.rpartition("/")[2]]
    }


def _by_reason(pairs: Sequence[Pair], names: Mapping[str, str]) -> dict[str, list[str]]:
    """Pairs of which the same is not known. The names of the ends in a reason say nothing new."""
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        reasons = [part.reason for part in pair.parts if part.verdict is Verdict.UNKNOWN] or [pair.reason]
        text = (
            "; ".join(dict.fromkeys(reasons)).replace(pair.source, "the first").replace(pair.destination, "the second")
        )
        groups.setdefault(visible(text, 2 * _LIMIT), []).append(f"{names[pair.source]} to {names[pair.destination]}")
    return groups


def _summary(found: Network, joined: int, doubtful: int) -> str:
    sites = len({each for pair in found.pairs for each in (pair.source, pair.destination)})
    apart = len(found.pairs) - joined - doubtful
    return (
        f"{sites or len(found.topology.placements):,} clusters and zones: {counted(joined, 'pair')} joined by routes both ways, "
        f"{doubtful:,} not known, {apart:,} apart. Routes only: policies and firewalls are not asked."
    )


def _part(part: Part, found: Network) -> Text:
    kinds = {each.id: each.kind for each in found.topology.links}
    way = " > ".join(kinds.get(hop, hop) for hop in part.path)
    seen = f", seen as its {part.seen_as}" if part.seen_as else ""
    return Text(visible(f"  {part.source}s to {part.destination}s{seen}{f', by {way}' if way else ''}", 2 * _LIMIT))
