"""The columns: for each destination class, which source classes may open which ports. Nothing is enumerated by pair.

A rule is a rectangle: selected classes x peers x ports. Ingress rectangles hang at their destination; egress ones are
grouped by (peers, ports) and hang at every destination among their peers. Columns with the same inputs are computed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from scanner.policy.model import Ports
from scanner.policy.selectors import members
from scanner.reach.model import Direction
from scanner.reach.ports import NamedPorts, PortAtoms

Column = tuple[tuple[int, int], ...]  # (port mask, bit set of sources), ascending by mask, sources disjoint


class Flow(NamedTuple):
    """One rectangle: what the classes in `subject` may exchange with those in `peers`."""

    direction: Direction
    subject: int
    peers: int
    ports: tuple[Ports, ...] | None


class Space(NamedTuple):
    """The peers: pod classes first, then the classes of external addresses. `named` has one entry per pod class."""

    pods: int
    size: int
    named: tuple[NamedPorts, ...]
    atoms: PortAtoms

    @property
    def everyone(self) -> int:
        """Every peer."""
        return (1 << self.size) - 1

    @property
    def external(self) -> int:
        """The classes of external addresses."""
        return self.everyone & ~((1 << self.pods) - 1)


def disjoint(parts: Iterable[tuple[int, int]]) -> Column:
    """Parts in which a source may occur several times, as a column in which its masks are joined into one."""
    joined: dict[int, int] = {}
    for mask, wanted in parts:
        rest = wanted
        for other, sources in list(joined.items()):
            both = sources & rest
            if not both or other | mask == other:
                rest &= ~both
                continue
            joined[other] ^= both
            joined[other | mask] = joined.get(other | mask, 0) | both
            rest &= ~both
        if rest:
            joined[mask] = joined.get(mask, 0) | rest
    return tuple(sorted((mask, sources) for mask, sources in joined.items() if mask and sources))


def less(column: Column, certain: Column) -> Column:
    """What `column` has and `certain` has not."""
    parts: list[tuple[int, int]] = []
    for mask, sources in column:
        rest = sources
        for other, known in certain:
            both = rest & known
            if both:
                parts.append((mask & ~other, both))
                rest &= ~both
        parts.append((mask, rest))
    return disjoint((mask, sources) for mask, sources in parts if mask and sources)


def mask_of(column: Column, source: int) -> int:
    """The ports that one source may open by a column."""
    return next((mask for mask, sources in column if sources >> source & 1), 0)


class Matrix:
    """Who may open a connection to whom, one bound of it (certainly or possibly).

    `open_ingress` and `open_egress` are the classes that nothing restricts in that direction.
    """

    def __init__(self, space: Space, flows: Iterable[Flow], *, open_ingress: int, open_egress: int) -> None:
        self.columns_computed = 0
        self.intersections = 0
        self._space = space
        self._open_ingress = open_ingress
        self._keys: dict[tuple[int, tuple[Ports, ...] | None], int] = {}
        self._rectangles: list[tuple[int, tuple[Ports, ...] | None]] = []
        self._ingress: list[dict[int, None]] = [{} for _ in range(space.pods)]
        self._egress: list[list[int]] = [[] for _ in range(space.size)]
        self._groups: list[tuple[int, tuple[Ports, ...] | None]] = []  # sources, ports
        self._to_everyone: dict[tuple[Ports, ...] | None, int] = {None: open_egress | space.external}
        self._columns: dict[tuple[object, ...], Column] = {}
        self._distinct: dict[Column, Column] = {}
        self._place(flows)

    def _place(self, flows: Iterable[Flow]) -> None:
        egress: dict[tuple[int, tuple[Ports, ...] | None], int] = {}
        for flow in flows:
            key = (flow.peers, flow.ports)
            if flow.direction is Direction.EGRESS:
                egress[key] = egress.get(key, 0) | flow.subject
                continue
            number = self._keys.setdefault(key, len(self._rectangles))
            if number == len(self._rectangles):
                self._rectangles.append(key)
            for destination in members(flow.subject & ~self._open_ingress):
                self._ingress[destination][number] = None
        for (peers, ports), sources in egress.items():
            if peers == self._space.everyone:
                self._to_everyone[ports] = self._to_everyone.get(ports, 0) | sources
                continue
            number = len(self._groups)
            self._groups.append((sources, ports))
            for destination in members(peers):
                self._egress[destination].append(number)

    def column(self, destination: int) -> Column:
        """Who may open a connection to one class; an external class has pods as sources only."""
        external = destination >= self._space.pods
        named = () if external else self._space.named[destination]
        ingress = (
            None if external or self._open_ingress >> destination & 1 else tuple(sorted(self._ingress[destination]))
        )
        egress = tuple(self._egress[destination])
        key = (ingress, egress, named, external)
        found = self._columns.get(key)
        if found is None:
            found = self._compute(ingress, egress, named, external=external)
            found = self._distinct.setdefault(found, found)
            self._columns[key] = found
        return found

    def _compute(
        self, ingress: tuple[int, ...] | None, egress: tuple[int, ...], named: NamedPorts, *, external: bool
    ) -> Column:
        self.columns_computed += 1
        atoms, everyone = self._space.atoms, self._space.everyone
        admitted: dict[int, int] = {}
        if ingress is None:
            admitted[atoms.full] = everyone & ~self._space.external if external else everyone
        for number in ingress or ():
            peers, ports = self._rectangles[number]
            mask = atoms.mask(ports, named)
            admitted[mask] = admitted.get(mask, 0) | peers
        released: dict[int, int] = {}
        groups = [(sources, ports) for ports, sources in self._to_everyone.items()]
        for sources, ports in groups + [self._groups[number] for number in egress]:
            mask = atoms.mask(ports, named)
            released[mask] = released.get(mask, 0) | sources
        parts: list[tuple[int, int]] = []
        for mask, sources in released.items():
            for other, peers in admitted.items():
                if mask & other:
                    self.intersections += 1
                    parts.append((mask & other, sources & peers))
        return disjoint(parts)
