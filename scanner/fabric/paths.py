"""NB-XC-02: is there a way from one cluster to another, in another cloud or environment, that nobody declared?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scanner.controls.base import Verdict, bounded, names, quoted
from scanner.fabric.fleet import Fleet, doubts_of, unread_network
from scanner.fabric.member import Member
from scanner.fabric.openings import port_words
from scanner.fabric.ways import End, Way, ways
from scanner.findings import Status
from scanner.reach.addresses import Span
from scanner.topology.routes import Verdict as Routed

MOST_HOPS = 24  # lines of one item: a way over many gateways is long, and every hop of it counts


def no_undeclared_paths(fleet: Fleet) -> Iterator[Verdict]:
    """One verdict per ordered pair of clusters, in different clouds or tiers, that some route may join.

    What is declared (`links`, with the destinations that they name) is left out. A pair whose networks nothing joins is
    not applicable; those whose networks are joined and that no route leads across are one pass per source. A firewall that
    was not read is an unknown hop: a way that everything else leaves open is then possible, and no more.
    """
    if len(fleet.members) < 2:
        return
    yield from unread_network(fleet)
    for one in fleet.members:
        apart: list[str] = []
        unlinked: list[str] = []
        doubtful: dict[str, list[str]] = defaultdict(list)
        for other in fleet.members:
            if not _asked(fleet, one, other):
                continue
            pair = fleet.pairs.get((one.ref.id, other.ref.id))
            name = fleet.names[other.ref.id]
            if pair is None:
                (apart if _linked(fleet, one, other) else unlinked).append(name)
            elif not pair.parts and pair.verdict is Routed.UNKNOWN:
                doubtful[pair.reason].append(name)
            else:
                yield _pair(fleet, one, other)
        yield from _summary(fleet.names[one.ref.id], apart, unlinked, doubtful)


def _asked(fleet: Fleet, one: Member, other: Member) -> bool:
    """Whether a pair is one of different clouds or environments, both of them in networks that were read."""
    placed = one.ref.id in fleet.placements and other.ref.id in fleet.placements
    return placed and one is not other and (one.cloud is not other.cloud or one.tier != other.tier)


def _linked(fleet: Fleet, one: Member, other: Member) -> bool:
    here, there = (fleet.placements[each.ref.id].domain for each in (one, other))
    return here == there or there in fleet.whole_graph.component(here)


def _summary(source: str, apart: list[str], unlinked: list[str], doubtful: dict[str, list[str]]) -> Iterator[Verdict]:
    for reason, found in doubtful.items():
        evidence = (f"possible path to {names(found)}: {reason}",)
        yield Verdict(
            subject=f"{source} -> {names(found, 2)}", status=Status.UNKNOWN, reason="route-unknown", evidence=evidence
        )
    if apart:
        evidence = (f"no route leads there and back: {names(apart)}",)
        yield Verdict(subject=f"{source} -> others", status=Status.PASS, reason="no-route", evidence=evidence)
    if unlinked:
        evidence = (f"nothing joins the networks: {names(unlinked)}",)
        yield Verdict(
            subject=f"{source} -> unlinked", status=Status.NOT_APPLICABLE, reason="unlinked", evidence=evidence
        )


def _pair(fleet: Fleet, one: Member, other: Member) -> Verdict:
    """One pair that some route may join."""
    here, there = (
        End(
            member=each,
            name=fleet.names[each.ref.id],
            place=fleet.placements[each.ref.id],
            doubts=doubts_of(fleet, each),
        )
        for each in (one, other)
    )
    subject = f"{here.name} -> {there.name}"
    declared = fleet.declared_from(one, other)
    lines = [f"declared: {each.words}" for each, _ in declared]
    carried: list[Span] = sorted({span for _, spans in declared for span in spans})
    parts = fleet.pairs[one.ref.id, other.ref.id].parts
    found = sorted(ways(here, there, parts, carried), key=lambda way: len(way.doubts))
    certain = [way for way in found if not way.doubts]
    if certain:
        return _open(subject, certain, (here, there))
    if found:
        way = found[0]
        evidence = (
            f"possible path on {port_words(way.ports)}; not known: {'; '.join(way.doubts[:5])}",
            *way.hops,
        )
        return Verdict(
            subject=subject, status=Status.UNKNOWN, reason="possible-path", evidence=bounded(evidence, MOST_HOPS)
        )
    if doubts := (*here.doubts, *there.doubts):
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="declared-pass", evidence=bounded(doubts))
    if declared and next(ways(here, there, parts, ()), None) is not None:
        return Verdict(subject=subject, status=Status.PASS, reason="declared", evidence=tuple(lines))
    why = f"routes join them, and the policies at one end or the firewalls close every way from {here.name} to {there.name}"
    return Verdict(subject=subject, status=Status.PASS, reason="closed", evidence=(why,))


def _open(subject: str, found: list[Way], ends: tuple[End, End]) -> Verdict:
    way = found[0]
    here, there = ends
    more = (f"and {len(found) - 1} more ways",) if len(found) > 1 else ()
    lines = (f"open on {port_words(way.ports)}, undeclared", *way.hops, *more)
    ranges = ", ".join(there.place.pods[:4]) or "<ranges>"
    fix = (
        f"Let the policies of {there.name} admit no addresses of {here.name} (deny there, or narrow the rules named above), or "
        "stop the routes. Where the path is meant, declare it in ringfence.yaml:\nlinks:\n"
        f"- {{from: {quoted(here.member.name)}, to: {quoted(there.member.name)}, cidrs: [{ranges}], owner: <team>, "
        "note: <purpose>}"
    )
    return Verdict(
        subject=subject,
        status=Status.FAIL,
        reason="open-path",
        evidence=bounded(lines, MOST_HOPS),
        remediation=fix,
    )
