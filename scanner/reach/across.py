"""The numbers of one level by area (namespaces, and the internet): counted over sets of workloads, never pair by pair.

Work grows with the distinct columns of the reach and with the areas, which are few; not with pairs, nor with namespaces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scanner.findings import Crossings, Level
from scanner.policy.selectors import bit_set, members
from scanner.reach.columns import anyone
from scanner.reach.listing import Group, PeerTable


def across(
    level: Level,
    table: PeerTable,
    groups: Sequence[Group],
    areas: Mapping[str, int],
    internet: Callable[[str], bool],
) -> Crossings:
    """Count open and undecided ordered pairs of different workloads by area.

    Args:
        level: the level that the rest is of.
        table: the peers.
        groups: destinations by what may reach them.
        areas: the number of each workload's area, from 0.
        internet: whether a range "first-last" holds public addresses. Those together are the last area, and one workload.
    """
    size = max(areas.values(), default=-1) + 2
    parts: list[list[int]] = [[] for _ in range(size)]
    for workload, at in areas.items():
        parts[at].append(table.position[workload])
    parts[-1] += [at for at in members(table.ranges) if internet(table.ids[at])]
    masks = [bit_set(each) for each in parts]
    tally = _Tally(masks)
    for group in groups:
        sure = anyone(group.certain)
        tally.add(bit_set(group.destinations), sure, anyone(group.unknown) & ~sure)
    return tally.crossings(level)


class _Tally:
    """The counts so far. The last area is one: what reaches it, or leaves it, is only gathered."""

    def __init__(self, masks: list[int]) -> None:
        self._areas, self._world = masks[:-1], masks[-1]
        self._open, self._unknown = ([[0] * len(masks) for _ in masks] for _ in range(2))
        self._out = [0, 0]  # those that surely, and those that may, reach the internet
        self._rows: dict[int, list[int]] = {}

    def add(self, destinations: int, sure: int, unsure: int) -> None:
        """Count destinations that the same sources may surely, or may or may not, open a connection to."""
        for at, mask in enumerate(self._areas):
            if here := destinations & mask:
                self._count(self._open, at, here, sure)
                self._count(self._unknown, at, here, unsure)
                if sure & self._world:
                    self._open[-1][at] += here.bit_count()
                elif unsure & self._world:
                    self._unknown[-1][at] += here.bit_count()
        if destinations & self._world:
            self._out[0] |= sure
            self._out[1] |= unsure

    def _count(self, counts: list[list[int]], at: int, here: int, sources: int) -> None:
        if not sources:
            return
        size = here.bit_count()
        for source, found in enumerate(self._row(sources)):
            if found:
                counts[source][at] += found * size
        counts[at][at] -= (sources & here).bit_count()

    def _row(self, sources: int) -> list[int]:
        """How many of the sources each area holds: many destinations share theirs."""
        row = self._rows.get(sources)
        if row is None:
            row = self._rows[sources] = [(sources & mask).bit_count() for mask in self._areas]
        return row

    def crossings(self, level: Level) -> Crossings:
        """The whole table."""
        sure, maybe = self._out
        for source, mask in enumerate(self._areas):
            self._open[source][-1] = (sure & mask).bit_count()
            self._unknown[source][-1] = (maybe & ~sure & mask).bit_count()
        unknown = tuple(map(tuple, self._unknown))
        return Crossings(
            level=level, open=tuple(map(tuple, self._open)), unknown=unknown if any(map(any, unknown)) else ()
        )
