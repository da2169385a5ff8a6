"""A listing as writers take it: who the peers are, how many lines there are, and the lines themselves, streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from scanner.findings import Level
from scanner.model import Notice
from scanner.policy.selectors import bit_set, members
from scanner.reach.columns import less
from scanner.reach.listing import Group, Line, PeerTable
from scanner.reach.model import Connection, Workload
from scanner.reach.ports import PortAtoms
from scanner.reach.rows import Cell, Part, Rows
from scanner.reach.selection import Selection, narrowed
from scanner.reach.ways.model import WayIn

Extra = tuple[Mapping[int, Sequence[Line]], Mapping[int, Sequence[Line]]]  # by source: allowed, undecided


class Listing:
    """The lines of one reach, or a selection of them. Nothing is held per line.

    `ids` and `kinds` go by position of the peer; `groups` and `extra` are what is left of the columns.
    """

    def __init__(
        self,
        *,
        level: Level,
        notices: tuple[Notice, ...],
        selection: Selection,
        table: PeerTable,
        workloads: tuple[Workload, ...],
        namespaces: frozenset[str],
        groups: Sequence[Group],
        extra: Extra,
        atoms: PortAtoms,
        reason: Callable[[int, int], str],
        ways: Callable[[Selection], tuple[WayIn, ...]],
    ) -> None:
        self.level, self.notices, self.selection = level, notices, selection
        self.ids = table.ids
        self.kinds = tuple(kind for _, kind in table.kinds)
        self.workloads = workloads
        self._reason, self._ways = reason, ways
        wanted = selection.wanted(workloads, namespaces)
        self._wanted = tuple(bit_set(table.position[name] for name in names) for names in wanted)
        ports, self.port_set = selection.ports(atoms)
        self.groups = tuple(groups) if selection.empty else narrowed(groups, self._wanted, ports)
        self.extra = (self._narrowed(extra[0], ports), self._narrowed(extra[1], ports))

    def _narrowed(self, lines: Mapping[int, Sequence[Line]], ports: int) -> dict[int, list[Line]]:
        found: dict[int, list[Line]] = {}
        for source in sorted(lines):
            kept = [
                line._replace(mask=line.mask & ports)
                for line in lines[source]
                if line.mask & ports and all((ends >> source | ends >> line.dst) & 1 for ends in self._wanted)
            ]
            if kept:
                found[source] = kept
        return found

    @cached_property
    def ways(self) -> tuple[WayIn, ...]:
        """The ways in from outside, those of the selection: found when a writer first asks."""
        return self._ways(self.selection)

    @cached_property
    def allowed(self) -> Rows:
        """The allowed lines."""
        parts = [
            Part(group.destinations, mask, sources)
            for group in self.groups
            for mask, sources in (less(group.certain, group.filtered) if group.filtered else group.certain)
        ]
        parts += [
            Part(group.destinations, mask, sources, "L7") for group in self.groups for mask, sources in group.filtered
        ]
        return Rows(len(self.ids), parts, self.extra[0], self.port_set)

    @cached_property
    def unknown(self) -> Rows:
        """The lines that cannot be decided; `reason` says why each cannot."""
        parts = [Part(group.destinations, mask, sources) for group in self.groups for mask, sources in group.unknown]
        return Rows(len(self.ids), parts, self.extra[1], self.port_set)

    @cached_property
    def peers(self) -> tuple[tuple[str, str], ...]:
        """The peers as (id, kind), sorted by id: of a selection, those selected and those that they talk with."""
        whole = (1 << len(self.ids)) - 1
        shown = whole if not self._wanted else 0
        for ends in self._wanted:
            shown |= ends
        if self._wanted:
            for rows in (self.allowed, self.unknown):
                shown |= rows.sources | rows.destinations
        return tuple((self.ids[at], self.kinds[at]) for at in members(shown))

    def reason(self, source: int, cell: Cell) -> str:
        """Why one undecided line cannot be decided."""
        return cell.reason or self._reason(source, cell.dst)

    def connections(self) -> Iterator[Connection]:
        """The allowed lines one by one: for those who ask rather than write."""
        return self._named(self.allowed, lambda _, cell: cell.reason)

    def undecided(self) -> Iterator[Connection]:
        """The undecided lines one by one, each with its reason."""
        return self._named(self.unknown, self.reason)

    def _named(self, rows: Rows, reason: Callable[[int, Cell], str]) -> Iterator[Connection]:
        for source, run in rows:
            for number in run.of(source):
                cell = rows.cell(number)
                yield Connection(
                    self.ids[source], self.ids[cell.dst], cell.ports, cell.via, reason(source, cell), cell.filter
                )
