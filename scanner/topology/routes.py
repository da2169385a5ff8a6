"""Which address ranges reach which cluster: `routable`, `not_routable` or `unknown`, with the way there and back.

Routability is judged per pair of addresses and handed on in ranges. A pair of clusters as a whole is `routable` where any
address of one reaches any of the other, because then a connection is possible; its parts say which. Overlapping ranges need
no rule of their own: the walk begins in the source's own domain, so the nearest owner of an address gets the packet.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scanner.reach.addresses import Span
from scanner.stored import Stored
from scanner.topology.model import Becomes
from scanner.topology.seen_as import becomes, rewritten, words
from scanner.topology.sites import Ends, Kind, Site
from scanner.topology.spans import is_public, prefixes, union, within, without
from scanner.topology.walk import End, Outcome, Step, Walker, for_sources


class Verdict(enum.StrEnum):
    """Whether packets get there and back."""

    ROUTABLE = "routable"
    NOT_ROUTABLE = "not_routable"
    UNKNOWN = "unknown"


class Part(Stored, frozen=True, kw_only=True):
    """One answer for ranges of one site to ranges of another.

    `seen_as` is whose address the far side sees, `seen` the ranges that address is in; `rewriting` the rule and its source.
    `path` is the way there and `back` the way back, a hop each, empty where it was not looked at. `links` has one entry for
    each hop of `path`: the id of the link that it leads over, "" for a hop over none.
    """

    source: Kind
    destination: Kind
    verdict: Verdict
    reason: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    seen_as: Becomes | None = None  # None: the source is no pod, and is seen as itself
    seen: tuple[str, ...] = ()
    rewriting: str = ""
    path: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


class Pair(Stored, frozen=True, kw_only=True):
    """What one cluster or zone reaches of another. Without parts, no route leads from one to the other."""

    source: str
    destination: str
    verdict: Verdict
    reason: str
    parts: tuple[Part, ...] = ()


# What is known of one pair of address runs: verdict, reason, the way there, the way back.
_Answer = tuple[Verdict, str, tuple[Step, ...], tuple[Step, ...]]
_Cell = tuple[Span, Span, _Answer]


@dataclass(frozen=True, slots=True)
class _Ask:
    """Addresses of one site that speak, and addresses of another that are spoken to."""

    walker: Walker
    one: Site
    source: Ends
    other: Site
    destination: Ends


def pair_of(walker: Walker, one: Site, other: Site) -> Pair:
    """The answer for an ordered pair of sites, all their ranges looked at."""
    parts = tuple(
        part
        for source in one.ends
        if source.kind is not Kind.LOAD_BALANCER
        for destination in other.ends
        for part in _parts(_Ask(walker, one, source, other, destination))
    )
    verdict, reason = Verdict.NOT_ROUTABLE, ""
    unknown = [part.reason for part in parts if part.verdict is Verdict.UNKNOWN] or [*one.blank, *other.blank]
    if (first := next((part for part in parts if part.verdict is Verdict.ROUTABLE), None)) is not None:
        verdict, reason = Verdict.ROUTABLE, first.reason
    elif unknown or not parts:
        verdict, reason = Verdict.UNKNOWN, next(iter(unknown), "no address ranges are known of one of them")
    return Pair(source=one.name, destination=other.name, verdict=verdict, reason=reason or parts[0].reason, parts=parts)


def _parts(ask: _Ask) -> Iterator[Part]:
    """The answers for all addresses of one kind to all of another, grouped by what was found."""
    for to in ask.destination.spans:
        rules = rewritten(ask.one.masquerade, to) if ask.source.kind is Kind.POD else [(to, None)]
        for span, rule in rules:
            as_whom = None if rule is None else becomes(rule)
            if ask.other.hidden and ask.destination.kind is Kind.POD:
                cells = _alike(ask, span, Verdict.NOT_ROUTABLE, ask.other.hidden)
            elif as_whom is Becomes.UNKNOWN:
                cells = _either(ask, span)
            elif as_whom is Becomes.NODE:
                cells = _as_nodes(ask, span)
            else:
                cells = list(_cells(ask, span))
            yield from _grouped(ask, as_whom, "" if rule is None else words(rule), cells)


def _alike(ask: _Ask, to: Span, verdict: Verdict, reason: str) -> list[_Cell]:
    return [(each, to, (verdict, reason, (), ())) for each in ask.source.spans]


def _as_nodes(ask: _Ask, to: Span) -> list[_Cell]:
    nodes = ask.one.of(Kind.NODE)
    if not nodes:
        reason = f"pods leave with their node's address, and the node ranges of {ask.one.name} are not known"
        return _alike(ask, to, Verdict.UNKNOWN, reason)
    return [cell for each in nodes for cell in _cells(replace(ask, source=each), to)]


def _either(ask: _Ask, to: Span) -> list[_Cell]:
    """Where it is not known whose address leaves: what holds for both, else unknown."""
    as_pods, as_nodes = list(_cells(ask, to)), _as_nodes(ask, to)
    if len({answer[0] for _, _, answer in as_pods + as_nodes}) == 1:
        return as_pods
    reason = f"it is not known whether pods of {ask.one.name} leave with their own address, and the ways differ"
    return _alike(ask, to, Verdict.UNKNOWN, reason)


def _cells(ask: _Ask, to: Span) -> Iterator[_Cell]:
    """Every run of sources by every run of destinations with one answer."""
    doubt = ask.source.doubt or ask.destination.doubt
    for atom in ask.source.atoms:
        for shadowed in within(to, ask.one.own):
            reason = f"{ask.one.name} keeps these addresses for its own pods (overlapping ranges)"
            yield atom.span, shadowed, (Verdict.NOT_ROUTABLE, reason, (), ())
        for span in without(to, ask.one.own):
            for part, outcome in _ways(ask.walker, atom.table, ask.one, span):
                for sources, answer in _forward(atom.span, outcome, part, ask.other):
                    for runs, seen, found in _with_return(ask, (sources, part, answer)):
                        yield runs, seen, _doubted(found, doubt)


def _doubted(answer: _Answer, doubt: str) -> _Answer:
    return (Verdict.UNKNOWN, doubt, *answer[2:]) if doubt and answer[0] is Verdict.ROUTABLE else answer


def _ways(walker: Walker, table: str, site: Site, span: Span) -> Iterator[tuple[Span, Outcome]]:
    if not table:
        yield span, Outcome(End.UNKNOWN, reason=f"no route table is known for these addresses of {site.name}")
        return
    yield from walker.ways(table, span)


def _forward(sources: Span, outcome: Outcome, to: Span, other: Site) -> Iterator[tuple[Span, _Answer]]:
    for part, ours in for_sources(outcome, sources):
        yield part, _arrival(ours, to, other)


def _arrival(outcome: Outcome, to: Span, other: Site) -> _Answer:
    match outcome.end:
        case End.DELIVERED if outcome.domain == other.domain:
            return Verdict.ROUTABLE, f"delivered in {other.domain}", outcome.path, ()
        case End.DELIVERED:
            reason = f"{outcome.domain} has these addresses too, and is nearer (overlapping ranges)"
            return Verdict.NOT_ROUTABLE, reason, outcome.path, ()
        case End.INTERNET if not is_public(to):
            reason = f"{outcome.reason}, where private addresses are not routed"
            return Verdict.NOT_ROUTABLE, reason, outcome.path, ()
        case End.DROPPED:
            return Verdict.NOT_ROUTABLE, outcome.reason, outcome.path, ()
        case _:
            return Verdict.UNKNOWN, outcome.reason, outcome.path, ()


def _with_return(ask: _Ask, cell: _Cell) -> Iterator[_Cell]:
    """The cell with the way back: a connection needs both."""
    sources, to, there = cell
    if there[0] is Verdict.NOT_ROUTABLE:
        yield cell
        return
    unclear = within(to, ask.one.ambiguous)
    for piece in unclear + without(to, ask.one.ambiguous):
        if piece in unclear:
            reason = f"{ask.one.name} uses these addresses for its own Services or pods too (ambiguous)"
            there = (Verdict.UNKNOWN, reason, *there[2:])
        else:
            there = cell[2]
        for atom in ask.destination.atoms:
            for ours in within(piece, [atom.span]):
                for part, outcome in _ways(ask.walker, atom.table, ask.other, sources):
                    for theirs, answer in _forward(ours, outcome, part, ask.one):
                        yield part, theirs, _both(there, answer)


def _both(there: _Answer, back: _Answer) -> _Answer:
    if back[0] is Verdict.NOT_ROUTABLE:
        return Verdict.NOT_ROUTABLE, f"no way back: {back[1]}", there[2], back[2]
    if there[0] is Verdict.ROUTABLE and back[0] is Verdict.UNKNOWN:
        return Verdict.UNKNOWN, f"the way back is not known: {back[1]}", there[2], back[2]
    return there[0], there[1], there[2], back[2]


def _grouped(ask: _Ask, as_whom: Becomes | None, why: str, cells: list[_Cell]) -> Iterator[Part]:
    """Cells of one answer as ranges: first all destinations of each run of sources, then the sources that share them."""
    by_source: dict[tuple[Span, _Answer], list[Span]] = {}
    for run, to, answer in cells:
        by_source.setdefault((run, answer), []).append(to)
    groups: dict[tuple[_Answer, tuple[Span, ...]], list[Span]] = {}
    for (run, answer), reached in by_source.items():
        groups.setdefault((answer, tuple(union(reached))), []).append(run)
    for ((verdict, reason, path, back), reached_runs), runs in groups.items():
        yield Part(
            source=ask.source.kind,
            destination=ask.destination.kind,
            verdict=verdict,
            reason=reason,
            sources=prefixes(ask.source.spans if as_whom is Becomes.NODE else runs),
            destinations=prefixes(reached_runs),
            seen_as=as_whom,
            seen=() if as_whom is Becomes.UNKNOWN else prefixes(runs),
            rewriting=why,
            path=tuple(step.text for step in path),
            links=tuple(step.link for step in path),
            back=tuple(step.text for step in back),
        )
