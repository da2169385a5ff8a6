"""The whole question over a topology: every ordered pair of clusters and zones, and whose addresses overlap."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.reach.addresses import Span
from scanner.stored import Stored
from scanner.topology.model import Topology
from scanner.topology.routes import Pair, Verdict, pair_of
from scanner.topology.sites import Kind, Site, sites_of
from scanner.topology.spans import is_public, prefixes, within
from scanner.topology.walk import Walker


class Overlap(Stored, frozen=True, kw_only=True):
    """Addresses that clusters or zones in different networks share: who is meant depends on who asks."""

    ranges: tuple[str, ...]
    sites: tuple[str, ...]


def reach_between(topology: Topology, *, every: bool = True) -> Iterator[Pair]:
    """What each cluster and zone reaches of each other, by name; without `every`, pairs that no route joins are left out.

    Each route table is followed once; a pair costs more than a look at its ends only where some way may lead across. Two
    zones are not asked about: their networks are not ours to read.
    """
    walker = Walker(topology)
    sites = sites_of(topology)
    for one in sites:
        tables = sorted({atom.table for ends in one.ends for atom in ends.atoms})
        for other in sites:
            if other is one or (_is_zone(one) and _is_zone(other)):
                continue
            if _may_lead(walker, tables, one, other):
                pair = pair_of(walker, one, other)
                if every or pair.verdict is not Verdict.NOT_ROUTABLE:
                    yield pair
            elif every:
                reason = f"no route of {one.domain} leads to {other.domain}"
                yield Pair(source=one.name, destination=other.name, verdict=Verdict.NOT_ROUTABLE, reason=reason)


def overlaps(topology: Topology) -> list[Overlap]:
    """The addresses that sites of different networks (or overlays, which are networks of their own) share."""
    changes: list[tuple[tuple[int, int], bool, str]] = []
    networks: dict[str, str] = {}
    for site in sites_of(topology):
        networks[site.name] = site.name if site.hidden else site.domain
        spans = {span for ends in site.ends if not ends.doubt for span in ends.spans}
        for version, first, last in spans:
            changes += [((version, first), True, site.name), ((version, last + 1), False, site.name)]
    found: dict[tuple[str, ...], list[Span]] = {}
    here: dict[str, int] = {}
    position = (4, 0)
    for at, begins, name in sorted(changes):
        if at > position and len({networks[each] for each in here}) > 1:
            found.setdefault(tuple(sorted(here)), []).append((at[0], position[1], at[1] - 1))
        position = at
        here[name] = here.get(name, 0) + (1 if begins else -1)
        if not here[name]:
            del here[name]
    return sorted(
        (Overlap(ranges=prefixes(spans), sites=names) for names, spans in found.items()),
        key=lambda overlap: (overlap.sites, overlap.ranges),
    )


def _is_zone(site: Site) -> bool:
    return bool(site.of(Kind.ZONE))


def _may_lead(walker: Walker, tables: list[str], one: Site, other: Site) -> bool:
    """Whether the answer can be anything but "no": a cheap look before the exact one."""
    if one.blank or other.blank or not one.ends or not other.ends or "" in tables:
        return True
    ends = [walker.ends(table) for table in tables]
    return any(other.domain in each.domains for each in ends) or any(
        within(span, each.unknown) or (is_public(span) and within(span, each.internet))
        for each in ends
        for kind in other.ends
        for span in kind.spans
    )
