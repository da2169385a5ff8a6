"""The whole question over a topology: every ordered pair of clusters and zones, and whose addresses overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.reach.addresses import Span
from scanner.stored import Stored
from scanner.topology.model import Topology
from scanner.topology.routes import Pair, Verdict, pair_of
from scanner.topology.sites import Kind, Site, sites_of
from scanner.topology.spans import is_public, prefixes, union, within
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
    index = _Index(sites)
    for one in sites:
        maybe = index.led_to(walker, one)
        for other in sites if every else maybe.values():
            if other is one or (_is_zone(one) and _is_zone(other)):
                continue
            if other.name in maybe:
                pair = pair_of(walker, one, other)
                if every or pair.verdict is not Verdict.NOT_ROUTABLE:
                    yield pair
            elif every:
                reason = f"no route of {one.domain} leads to {other.domain}"
                yield Pair(source=one.name, destination=other.name, verdict=Verdict.NOT_ROUTABLE, reason=reason)


class Routes:
    """What the sites of a topology reach of each other, asked for one pair at a time: of a large fleet nobody wants all.

    Kept are the route tables that were followed, and where each site's lead.
    """

    def __init__(self, topology: Topology) -> None:
        sites = sites_of(topology)
        self._walker = Walker(topology)
        self._sites = {site.name: site for site in sites}
        self._index = _Index(sites)

    def between(self, source: str, destination: str) -> Pair | None:
        """What the site `source` reaches of another one; None where no route joins them, or one of them is none."""
        one, other = self._sites.get(source), self._sites.get(destination)
        if one is None or other is None or one is other or not self._index.may_lead(self._walker, one, other):
            return None
        pair = pair_of(self._walker, one, other)
        return None if pair.verdict is Verdict.NOT_ROUTABLE else pair


class _Index:
    """The sites by what may lead to them, so that most pairs cost nothing."""

    def __init__(self, sites: list[Site]) -> None:
        self._sites = sites
        self._by_domain: dict[str, list[Site]] = {}
        for site in sites:
            self._by_domain.setdefault(site.domain, []).append(site)
        self._blank = [site for site in sites if site.blank or not site.ends]
        self._leads: dict[str, _Lead | None] = {}
        self._public = [site for site in sites if _is_public_site(site)]

    def led_to(self, walker: Walker, one: Site) -> dict[str, Site]:
        """The sites for which the answer may be anything but "no", by name and in order."""
        lead = self._lead(walker, one)
        if lead is None:
            return {site.name: site for site in self._sites}
        found = {site.name: site for site in self._blank}
        for domain in lead.domains:
            found |= {site.name: site for site in self._by_domain.get(domain, ())}
        for sites, runs in ((self._sites, lead.unknown), (self._public, lead.internet)):
            if runs:
                found |= {site.name: site for site in sites if _any_within(site, runs)}
        return {name: found[name] for name in sorted(found)}

    def may_lead(self, walker: Walker, one: Site, other: Site) -> bool:
        """Whether `led_to(one)` holds the other."""
        lead = self._lead(walker, one)
        return (
            lead is None
            or bool(other.blank)
            or not other.ends
            or other.domain in lead.domains
            or _any_within(other, lead.unknown)
            or (bool(lead.internet) and _is_public_site(other) and _any_within(other, lead.internet))
        )

    def _lead(self, walker: Walker, one: Site) -> _Lead | None:
        """Where the tables of a site lead; None where that is not known, so that it may be anywhere."""
        if one.name not in self._leads:
            tables = {atom.table for ends in one.ends for atom in ends.atoms}
            ends = [] if one.blank or not one.ends or "" in tables else [walker.ends(table) for table in sorted(tables)]
            self._leads[one.name] = (
                _Lead(
                    frozenset(domain for each in ends for domain in each.domains),
                    union(run for each in ends for run in each.unknown),
                    union(run for each in ends for run in each.internet),
                )
                if ends
                else None
            )
        return self._leads[one.name]


@dataclass(frozen=True, slots=True)
class _Lead:
    """Where a site's route tables lead: networks, and runs of addresses of which the rest is not known or is the internet."""

    domains: frozenset[str]
    unknown: list[Span]
    internet: list[Span]


def _is_public_site(site: Site) -> bool:
    return any(is_public(span) for ends in site.ends for span in ends.spans)


def _any_within(site: Site, runs: list[Span]) -> bool:
    return any(within(span, runs) for ends in site.ends for span in ends.spans)


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
