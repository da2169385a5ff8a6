"""NB-XC-02: is there a way from one cluster to another, in another cloud or environment, that nobody declared?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from scanner.controls.base import Verdict, bounded, names, quoted
from scanner.controls.paths import BETWEEN_CLUSTERS, path_of
from scanner.enums import Cloud
from scanner.fabric.fleet import Fleet, doubts_of, unread_network
from scanner.fabric.hops import End
from scanner.fabric.member import Member
from scanner.fabric.openings import port_words
from scanner.fabric.ways import Way, ways
from scanner.findings import Path, Status
from scanner.reach.addresses import Span
from scanner.topology.routes import Part
from scanner.topology.routes import Verdict as Routed

_Kind = tuple[Cloud, str]  # the cloud and the tier of a cluster

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
    groups = _Groups(fleet)
    for one in fleet.members:
        if one.ref.id not in fleet.placements:
            continue
        joined: list[Member] = []
        doubtful: dict[str, list[str]] = defaultdict(list)
        for other in fleet.members:
            if not _asked(one, other) or other.ref.id not in fleet.placements:
                continue
            if (pair := fleet.pair(one, other)) is None:
                continue
            joined.append(other)
            if not pair.parts and pair.verdict is Routed.UNKNOWN:
                doubtful[pair.reason].append(fleet.names[other.ref.id])
            else:
                yield _pair(fleet, one, other, pair.parts)
        source = fleet.names[one.ref.id]
        for reason, found in doubtful.items():
            subject = f"{source} -> {names(found, 2)}"
            evidence = (f"possible path to {names(found)}: {reason}",)
            yield Verdict(subject=subject, status=Status.UNKNOWN, reason="route-unknown", evidence=evidence)
        yield from groups.rest(one, joined)


def _asked(one: Member, other: Member) -> bool:
    """Whether a pair is one of different clouds or environments."""
    return one is not other and (one.cloud is not other.cloud or one.tier != other.tier)


class _Groups:
    """The placed members by what joins their networks, and by cloud and tier: what no route joins is counted, never paired."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._all: dict[_Kind, list[str]] = defaultdict(list)
        self._joined: dict[frozenset[str], dict[_Kind, list[str]]] = defaultdict(lambda: defaultdict(list))
        for member in fleet.members:
            if (place := fleet.placements.get(member.ref.id)) is not None:
                kind = (member.cloud, member.tier)
                name = fleet.names[member.ref.id]
                self._all[kind].append(name)
                self._joined[fleet.whole_graph.component(place.domain)][kind].append(name)

    def rest(self, one: Member, joined: Sequence[Member]) -> Iterator[Verdict]:
        """What is said of the members that no route of one leads to: linked ones, and those that nothing joins with it."""
        source = self._fleet.names[one.ref.id]
        here = self._fleet.whole_graph.component(self._fleet.placements[one.ref.id].domain)
        reached = {self._fleet.names[each.ref.id] for each in joined}
        linked = _others(self._joined[here], one)
        apart = sum(map(len, linked)) - len(reached)
        unlinked = sum(map(len, _others(self._all, one))) - sum(map(len, linked))
        if apart > 0:
            few = islice((name for group in linked for name in group if name not in reached), 5)
            evidence = (f"no route leads there and back: {_counted(few, apart)}",)
            yield Verdict(subject=f"{source} -> others", status=Status.PASS, reason="no-route", evidence=evidence)
        if unlinked > 0:
            evidence = (f"nothing joins the networks with those of {unlinked} other clusters",)
            yield Verdict(
                subject=f"{source} -> unlinked", status=Status.NOT_APPLICABLE, reason="unlinked", evidence=evidence
            )


def _others(groups: Mapping[_Kind, list[str]], one: Member) -> list[list[str]]:
    """The groups of other clouds or tiers."""
    return [found for kind, found in groups.items() if kind != (one.cloud, one.tier)]


def _counted(few: Iterable[str], total: int) -> str:
    listed = list(few)
    return f"{', '.join(listed)}{f' and {total - len(listed)} more' if total > len(listed) else ''}"


def _pair(fleet: Fleet, one: Member, other: Member, parts: Sequence[Part]) -> Verdict:
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
    found = sorted(ways(here, there, parts, carried, fleet.link_kinds), key=lambda way: len(way.doubts))
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
            subject=subject,
            status=Status.UNKNOWN,
            reason="possible-path",
            evidence=bounded(evidence, MOST_HOPS),
            paths=(_path(subject, way, (here, there)),),
            more_paths=len(found) - 1,
        )
    if doubts := (*here.doubts, *there.doubts):
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="declared-pass", evidence=bounded(doubts))
    if declared and next(ways(here, there, parts, (), fleet.link_kinds), None) is not None:
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
        paths=(_path(subject, way, ends),),
        more_paths=len(found) - 1,
    )


def _path(subject: str, way: Way, ends: tuple[End, End]) -> Path:
    """The way for pictures."""
    here, there = ends
    return path_of(
        BETWEEN_CLUSTERS, subject, (here.name, there.name), ports=way.ports, hops=way.steps, doubts=way.doubts
    )
