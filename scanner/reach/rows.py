"""Lines by source, then destination, from columns: millions of them, of which a few thousand distinct parts are held.

Sources in the same sets of columns' parts may do the same: they share one run of cells, put in order once. A writer keeps
the text of a run and only puts in who speaks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scanner.policy.selectors import bit_set, members
from scanner.reach.listing import Line
from scanner.reach.model import PortSet

_BLOCK = 256  # sources looked at in one pass over the sets
_HELD = 1 << 21  # cells of runs kept for sources to come


class Part(NamedTuple):
    """Lines of one sort: every one of `sources` (a bit set) to every one of `destinations`, itself left out."""

    destinations: Sequence[int]
    mask: int
    sources: int
    filter: str = ""


class Cell(NamedTuple):
    """A line less its source: where to, on which ports, and what there is to say of it (as in model.Connection)."""

    dst: int
    ports: PortSet
    via: str = ""
    reason: str = ""
    filter: str = ""


class _Placed(NamedTuple):
    """A cell with what it is sorted by."""

    dst: int
    via: str
    mask: int
    filter: str
    number: int


class Run:
    """What one or more sources may do: numbers of cells, ascending by destination. Equal only to itself."""

    __slots__ = ("_step", "cells")

    def __init__(self, cells: list[int], step: int) -> None:
        self.cells = cells
        self._step = step

    def own(self, source: int) -> tuple[int, int]:
        """From where to where in `cells` a source would speak to itself, which is no line."""
        if not self._step:
            return 0, 0
        start = bisect_left(self.cells, source * self._step)
        return start, bisect_left(self.cells, (source + 1) * self._step, start)

    def of(self, source: int) -> list[int]:
        """The cells of one of the sources that share this run."""
        start, stop = self.own(source)
        return self.cells if start == stop else self.cells[:start] + self.cells[stop:]


class Rows:
    """The lines of one side of a listing, allowed or undecided. Iterating gives sources, ascending, each with its run.

    `extra` are lines to weave in by source, none from a peer to itself; `port_set` says what a mask means.
    """

    def __init__(
        self,
        peers: int,
        parts: Iterable[Part],
        extra: Mapping[int, Sequence[Line]],
        port_set: Callable[[int], PortSet],
    ) -> None:
        kept = [part for part in parts if part.sources]
        self._peers = peers
        self._port_set = port_set
        self._sorts = sorted({(part.mask, part.filter) for part in kept})
        self._step = max(1, len(self._sorts))
        self.count = 0
        self.sources = self.destinations = 0
        self._cells: dict[int, Cell] = {}
        self._extra = self._numbered(extra)
        self._bundles = self._bundled(kept)

    def _numbered(self, extra: Mapping[int, Sequence[Line]]) -> dict[int, list[_Placed]]:
        """Extra lines as cells, numbered beyond those of the columns."""
        number = self._peers * self._step
        found: dict[int, list[_Placed]] = {}
        for source in sorted(extra):
            for line in extra[source]:
                self._cells[number] = Cell(line.dst, self._port_set(line.mask), line.via, line.reason)
                found.setdefault(source, []).append(_Placed(line.dst, line.via, line.mask, "", number))
                self.destinations |= 1 << line.dst
                number += 1
            self.count += len(extra[source])
        self.sources |= bit_set(found)
        return found

    def _bundled(self, parts: Iterable[Part]) -> dict[int, list[int]]:
        """The cells of every distinct set of sources."""
        rank = {sort: at for at, sort in enumerate(self._sorts)}
        bundles: dict[int, list[int]] = {}
        for part in parts:
            there, at = bit_set(part.destinations), rank[part.mask, part.filter]
            bundles.setdefault(part.sources, []).extend(number * self._step + at for number in part.destinations)
            lines = part.sources.bit_count() * len(part.destinations) - (part.sources & there).bit_count()
            if lines:
                self.count += lines
                self.sources |= part.sources
                self.destinations |= there
        return {sources: sorted(cells) for sources, cells in bundles.items()}

    def cell(self, number: int) -> Cell:
        """What a number in a run stands for."""
        found = self._cells.get(number)
        if found is None:
            dst, sort = divmod(number, self._step)
            mask, filtered = self._sorts[sort]
            found = self._cells[number] = Cell(dst, self._port_set(mask), filter=filtered)
        return found

    def __iter__(self) -> Iterator[tuple[int, Run]]:
        """Every source that may have lines, with its run."""
        shared: dict[tuple[int, ...], Run] = {}
        held = 0
        sets, cells = list(self._bundles), list(self._bundles.values())
        for first in range(0, self._peers, _BLOCK):
            found: list[list[int]] = [[] for _ in range(min(_BLOCK, self._peers - first))]
            for number, sources in enumerate(sets):
                for at in members(sources >> first & (1 << _BLOCK) - 1):
                    found[at].append(number)
            for source, numbers in enumerate(found, first):
                key = tuple(numbers)
                run = shared.get(key)
                if run is None:
                    together = [cell for number in numbers for cell in cells[number]]
                    together.sort()
                    run = Run(together, self._step)
                    if held + len(together) > _HELD:
                        shared, held = {}, 0
                    shared[key] = run
                    held += len(together)
                if source in self._extra:
                    run = self._woven(source, run)
                if run.cells:
                    yield source, run

    def _woven(self, source: int, run: Run) -> Run:
        """One source's run with its extra lines among the others, by destination, Service and ports."""
        ordered = list(self._extra[source])
        for number in run.of(source):
            dst, sort = divmod(number, self._step)
            mask, filtered = self._sorts[sort]
            ordered.append(_Placed(dst, "", mask, filtered, number))
        return Run([each.number for each in sorted(ordered)], 0)
