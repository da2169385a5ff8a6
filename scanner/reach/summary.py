"""Who may talk with whom by namespace: a listing counted over sets of peers, for those who want one screen of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from scanner.policy.selectors import bit_set, members
from scanner.reach.columns import Column, anyone, disjoint
from scanner.reach.lines import Listing
from scanner.reach.listing import Group
from scanner.reach.model import PortSet

OUTSIDE = "(outside)"


@dataclass(frozen=True, slots=True)
class NamespacePair:
    """How many of the `pairs` of different workloads from `src` to `dst` may talk, and how many more may or may not.

    `OUTSIDE` stands for all addresses and names together and counts as one workload, as do ingress controllers, which
    are no namespace's. `ports` are those that are open between any of them.
    """

    src: str
    dst: str
    allowed: int
    unknown: int
    pairs: int
    ports: PortSet


class _Target(NamedTuple):
    """Destinations of one area (a namespace, or what is outside) with one column: their positions, and how many they are."""

    area: str
    peers: int
    size: int
    certain: Column
    unknown: Column


@dataclass(slots=True)
class _Tally:
    allowed: int = 0
    unknown: int = 0
    ports: int = 0


def by_namespace(listing: Listing) -> tuple[NamespacePair, ...]:
    """Every pair of namespaces between which anything is allowed or undecided, sorted by name."""
    areas = _Areas(listing)
    tallies: dict[tuple[str, str], _Tally] = {}
    for target in _targets(listing, areas):
        sure, unsure = anyone(target.certain), anyone(target.unknown)
        for mask, sources in target.certain:
            _note(tallies, target, areas.spread(sources & ~areas.outside), sources, mask)
        undecided = unsure & ~sure & ~areas.outside
        _note(tallies, target, areas.spread(undecided), undecided, 0)
        if (sure | unsure) & areas.outside and target.area != OUTSIDE:
            tally = tallies.setdefault((OUTSIDE, target.area), _Tally())
            if sure & areas.outside:
                tally.allowed += target.size
                for mask, sources in target.certain:
                    tally.ports |= mask if sources & areas.outside else 0
            else:
                tally.unknown += target.size
    sizes = areas.sizes
    return tuple(
        NamespacePair(
            src=src,
            dst=dst,
            allowed=tally.allowed,
            unknown=tally.unknown,
            pairs=sizes[src] * sizes[dst] - (sizes[src] if src == dst else 0),
            ports=listing.port_set(tally.ports) if tally.ports else {},
        )
        for (src, dst), tally in sorted(tallies.items())
        if tally.allowed or tally.unknown
    )


def _note(
    tallies: dict[tuple[str, str], _Tally], target: _Target, found: list[tuple[str, int]], sources: int, ports: int
) -> None:
    """Count sources of a target, by area, as allowed on some ports or, without any, as undecided."""
    for area, count in found:
        pairs = count * target.size
        if area == target.area:
            pairs -= (sources & target.peers).bit_count()
        if not pairs:
            continue
        tally = tallies.get((area, target.area))
        if tally is None:
            tally = tallies[area, target.area] = _Tally()
        if ports:
            tally.allowed += pairs
            tally.ports |= ports
        else:
            tally.unknown += pairs


class _Areas:
    """Which area each peer is in: its namespace, what is outside, or one of its own for what serves entry points."""

    def __init__(self, listing: Listing) -> None:
        self.of = [
            {"workload": name.partition("/")[0], "ingress-controller": name}.get(kind, OUTSIDE)
            for name, kind in zip(listing.ids, listing.kinds, strict=True)
        ]
        self.sizes = Counter(self.of)
        self.sizes[OUTSIDE] = 1
        self.outside = bit_set(at for at, area in enumerate(self.of) if area == OUTSIDE)
        self._spread: dict[int, list[tuple[str, int]]] = {}

    def spread(self, peers: int) -> list[tuple[str, int]]:
        """How many of these peers each area has."""
        found = self._spread.get(peers)
        if found is None:
            found = self._spread[peers] = list(Counter(map(self.of.__getitem__, members(peers))).items())
        return found


def _targets(listing: Listing, areas: _Areas) -> Iterator[_Target]:
    """The destinations of every group by area; all that is outside is one."""
    certain: list[tuple[int, int]] = []
    unknown: list[tuple[int, int]] = []
    for group in _with_extra(listing):
        if not (group.certain or group.unknown):
            continue
        by_area: dict[str, list[int]] = {}
        for each in group.destinations:
            by_area.setdefault(areas.of[each], []).append(each)
        if by_area.pop(OUTSIDE, None):
            certain += group.certain
            unknown += group.unknown
        for area, peers in by_area.items():
            yield _Target(area, bit_set(peers), len(peers), group.certain, group.unknown)
    yield _Target(OUTSIDE, 0, 1, disjoint(certain), disjoint(unknown))


def _with_extra(listing: Listing) -> Iterator[Group]:
    """The groups, with the lines through Services among their columns."""
    extra: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
    for side, lines in enumerate(listing.extra):
        for of_source in lines.values():
            for line in of_source:
                extra.setdefault(line.dst, ([], []))[side].append((line.mask, 1 << line.src))
    for group in listing.groups:
        plain = tuple(each for each in group.destinations if each not in extra)
        yield group._replace(destinations=plain)
        for each in group.destinations:
            if each in extra:
                sure, unsure = extra[each]
                yield Group((each,), disjoint((*group.certain, *sure)), disjoint((*group.unknown, *unsure)))
