"""Following packets from route table to route table: where every destination address ends, and by which way."""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from scanner.reach.addresses import Span
from scanner.topology.model import Action, Domain, LinkState, Route, Table, Topology
from scanner.topology.spans import WHOLE, LongestMatch, meet, span_of, spans_of, union, within, without

MAX_HOPS = 32
MAX_STEPS = 200_000  # routes looked at from one table: a crafted net of equal routes would have no end
_KEPT = 32  # tables whose whole answers are kept


class End(enum.StrEnum):
    """How a way ends. `internet`: it leaves to the internet, where nobody routes private addresses."""

    DELIVERED = "delivered"
    DROPPED = "dropped"
    INTERNET = "internet"
    UNKNOWN = "unknown"


class Step(NamedTuple):
    """One hop: the table that decided, what it said, and the link that it led over, if any."""

    table: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a packet ends: the domain that delivers it, or the reason why none (is known to). `path` is the evidence.

    `sources` are the source addresses that the whole way carries; None where it carries all. `choices` are the ways that a
    packet may take where they carry different sources: `for_sources` says what holds for some.
    """

    end: End
    domain: str = ""
    reason: str = ""
    path: tuple[Step, ...] = ()
    sources: tuple[Span, ...] | None = None
    choices: tuple[Outcome, ...] = ()


Piece = tuple[Span, Outcome]


@dataclass(frozen=True, slots=True)
class Ends:
    """The domains that a table's packets are delivered in, and the destinations that end elsewhere than dropped."""

    domains: frozenset[str]
    unknown: list[Span]
    internet: list[Span]


class Walker:
    """Answers where packets go that a table decides.

    The whole answer of a table is kept while its clusters are the sources; ways back are followed for the addresses asked
    about alone, because the answers of all tables together grow with the square of the networks on one hub.
    """

    def __init__(self, topology: Topology) -> None:
        self._domains = {each.id: each for each in topology.domains}
        self._ranges = {each.id: spans_of(each.ranges) for each in topology.domains}
        self._tables = {each.id: each for each in topology.tables}
        self._links = {each.id: each for each in topology.links}
        self._matches: dict[str, LongestMatch[Route]] = {}
        self._found: dict[str, list[Piece]] = {}
        self._ends: dict[str, Ends] = {}
        self._steps = 0

    def outcomes(self, table: str) -> list[Piece]:
        """The whole address space as seen from a table: ascending pieces without gaps, IPv4 before IPv6."""
        if table not in self._found:
            while len(self._found) >= _KEPT:
                del self._found[next(iter(self._found))]
            self._steps = 0
            self._found[table] = [piece for span in WHOLE for piece in self._look_up(table, "", span, ())]
        return self._found[table]

    def ways(self, table: str, span: Span) -> Iterator[Piece]:
        """The part of `outcomes` that is about `span`, cut to it."""
        if table not in self._found:
            self._steps = 0
            yield from self._look_up(table, "", span, ())
            return
        pieces = self._found[table]
        at = max(0, bisect_right(pieces, span, key=lambda piece: piece[0]) - 1)
        for run, outcome in islice(pieces, at, None):
            if (part := meet(run, span)) is not None:
                yield part, outcome
            elif run > span:
                break

    def ends(self, table: str) -> Ends:
        """Where packets may get to from a table, without the ways: computed once."""
        if table not in self._ends:
            pieces = self.outcomes(table)
            self._ends[table] = Ends(
                domains=frozenset(each.domain for _, each in pieces if each.end is End.DELIVERED),
                unknown=union(span for span, each in pieces if each.end is End.UNKNOWN),
                internet=union(span for span, each in pieces if each.end is End.INTERNET),
            )
        return self._ends[table]

    def _look_up(self, name: str, domain: str, span: Span, path: tuple[Step, ...]) -> list[Piece]:
        """`domain` is where the packet is, as the route says that led here."""
        table = self._tables.get(name)
        if table is None or table.unread:
            reason = _unread_reason(name, table, self._domains.get(domain), domain)
            return [(span, Outcome(End.UNKNOWN, reason=reason, path=path))]
        if any(step.table == name for step in path):
            return [(span, Outcome(End.DROPPED, reason=f"the routes lead in a circle at {name}", path=path))]
        if len(path) >= MAX_HOPS:
            return [(span, Outcome(End.UNKNOWN, reason=f"more than {MAX_HOPS} hops", path=path))]
        found: list[Piece] = []
        for part, entries in self._match(table).pieces(span):
            best = min((each.priority for each in entries), default=0)
            routes = [each for each in entries if each.priority == best]
            if not routes:
                found.append((part, Outcome(End.DROPPED, reason=f"{name} has no route", path=path)))
            else:
                found += agreed([self._follow(table, route, part, path) for route in routes])
        return found

    def _match(self, table: Table) -> LongestMatch[Route]:
        if table.id not in self._matches:
            self._matches[table.id] = LongestMatch((span_of(route.prefix), route) for route in table.routes)
        return self._matches[table.id]

    def _follow(self, table: Table, route: Route, span: Span, path: tuple[Step, ...]) -> list[Piece]:
        self._steps += 1
        if self._steps > MAX_STEPS:
            return [(span, Outcome(End.UNKNOWN, reason="too many equal routes to follow", path=path))]
        path = (*path, _step(table, route, self._links[route.link].state if route.link in self._links else None))
        if route.action is Action.LOCAL:
            return self._deliver(table.domain, span, path)
        if route.action is Action.FORWARD:
            return self._forward(route, span, path)
        end, reason = {
            Action.DROP: (End.DROPPED, route.reason or f"{table.id} drops it"),
            Action.INTERNET: (End.INTERNET, route.reason or f"{table.id} sends it to the internet"),
            Action.APPLIANCE: (End.UNKNOWN, f"the way ends at an appliance: {route.reason or route.to or table.id}"),
            Action.UNKNOWN: (End.UNKNOWN, route.reason or f"{table.id} does not say where {route.prefix} goes"),
        }[route.action]
        return [(span, Outcome(end, reason=reason, path=path))]

    def _forward(self, route: Route, span: Span, path: tuple[Step, ...]) -> list[Piece]:
        link = self._links.get(route.link)
        if route.link and (link is None or link.state is LinkState.UNKNOWN):
            known = f"{link.kind} {link.id}: {link.evidence}" if link else f"{route.link} was not read"
            return [(span, Outcome(End.UNKNOWN, reason=f"nothing says that this link is up: {known}", path=path))]
        if link is not None and link.state is LinkState.INACTIVE:
            reason = f"{link.kind} {link.id} is not active: {link.evidence}"
            return [(span, Outcome(End.DROPPED, reason=reason, path=path))]
        taken = within(span, spans_of(route.accepts)) if route.accepts else [span]
        refused = Outcome(End.DROPPED, reason=f"{route.to or route.link} does not take this destination", path=path)
        found: list[Piece] = [(part, refused) for part in without(span, taken)]
        for part in taken:
            if route.tables:
                arrived = agreed([self._look_up(name, route.to, part, path) for name in route.tables])
            else:
                arrived = self._deliver(route.to, part, path)
            found += _limited(arrived, route.sources)
        return sorted(found, key=lambda piece: piece[0])

    def _deliver(self, domain: str, span: Span, path: tuple[Step, ...]) -> list[Piece]:
        here = self._domains.get(domain)
        if here is None or here.unread:
            return [(span, Outcome(End.UNKNOWN, reason=_unread_reason("", None, here, domain), path=path))]
        inside = within(span, self._ranges[domain])
        found: list[Piece] = [(part, Outcome(End.DELIVERED, domain=domain, path=path)) for part in inside]
        reason = f"{domain} delivers to its own ranges and forwards nothing"
        found += [(part, Outcome(End.DROPPED, reason=reason, path=path)) for part in without(span, inside)]
        return sorted(found, key=lambda piece: piece[0])


def agreed(ways: Sequence[list[Piece]]) -> list[Piece]:
    """One answer from several ways that a packet may take, each over the same addresses: unknown where they end apart."""
    found = ways[0]
    for other in ways[1:]:
        found = [(part, _same(one, two)) for part, one, two in _overlaid(found, other)]
    return found


def _overlaid(one: list[Piece], other: list[Piece]) -> Iterator[tuple[Span, Outcome, Outcome]]:
    here = there = 0
    while here < len(one) and there < len(other):
        if (part := meet(one[here][0], other[there][0])) is not None:
            yield part, one[here][1], other[there][1]
        if one[here][0][:1] + one[here][0][2:] <= other[there][0][:1] + other[there][0][2:]:
            here += 1
        else:
            there += 1


def _same(one: Outcome, other: Outcome) -> Outcome:
    known = (one.choices or (one,)) + (other.choices or (other,))
    if len({(each.end, each.domain, each.sources) for each in known}) == 1:
        return one
    limited = any(each.sources is not None for each in known)
    if not limited and {each.end for each in known} == {End.DROPPED, End.INTERNET}:
        return next(each for each in known if each.end is End.INTERNET)  # which says "no" to private addresses as well
    ends = sorted({each.reason or f"delivered in {each.domain}" for each in known})
    reason = f"equal routes end differently: {'; '.join(ends)[:300]}"
    return Outcome(End.UNKNOWN, reason=reason, path=one.path, choices=known if limited else ())


def for_sources(outcome: Outcome, sources: Span) -> list[Piece]:
    """An outcome for some sources, which are cut where it is not the same for all: ascending pieces of `sources`."""
    if outcome.choices:
        return agreed([for_sources(each, sources) for each in outcome.choices])
    if outcome.sources is None:
        return [(sources, outcome)]
    refused = Outcome(End.DROPPED, reason="the way carries other sources only", path=outcome.path)
    carried = [(part, replace(outcome, sources=None)) for part in within(sources, outcome.sources)]
    return sorted(
        [*carried, *((part, refused) for part in without(sources, outcome.sources))], key=lambda piece: piece[0]
    )


def _limited(pieces: Iterable[Piece], sources: Sequence[str]) -> list[Piece]:
    """The pieces, of which the way carries only packets from `sources` (all where there are none named)."""
    if not sources:
        return list(pieces)
    runs = spans_of(sources)
    return [(span, _narrowed(outcome, runs)) for span, outcome in pieces]


def _narrowed(outcome: Outcome, runs: Sequence[Span]) -> Outcome:
    carried = outcome.sources
    return replace(
        outcome,
        sources=tuple(runs) if carried is None else tuple(part for run in carried for part in within(run, runs)),
        choices=tuple(_narrowed(each, runs) for each in outcome.choices),
    )


def _step(table: Table, route: Route, state: LinkState | None) -> Step:
    over = f" over {route.link} ({state or 'not read'})" if route.link else ""
    target = f" -> {route.to}" if route.to else ""
    return Step(table.id, f"{table.id}: {route.prefix} {route.action}{target}{over}", route.link)


def _unread_reason(name: str, table: Table | None, domain: Domain | None, to: str) -> str:
    if table is not None and table.unread:
        return f"the routes of {table.id} are not known: {table.unread}"
    if domain is not None and domain.unread:
        return f"{domain.id} was not read: {domain.unread}"
    if domain is not None and name:
        return f"the routes of {name} in {domain.id} were not read"
    return f"{to or name} was not read"
