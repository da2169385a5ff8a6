"""The view of columns that people read: peers in order, and connections by source and destination, streamed.

Everything here works on peers (workloads and single address ranges) sorted by id; a peer's position in that order is its
bit, so ascending bits are sorted lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanner.policy.selectors import bit_set, members
from scanner.reach.addresses import AddressSpace
from scanner.reach.bounds import Standing
from scanner.reach.columns import Column, disjoint, less
from scanner.reach.grants import Grant
from scanner.reach.matrix import Matrix
from scanner.reach.model import PortSet
from scanner.reach.names import API_SERVER
from scanner.reach.population import Population

CONTROLLER = "{ingress-controller}"
_CHUNK = 32  # bytes of a class set translated at once: neighbouring columns share most of these


class Line(NamedTuple):
    """One connection before its names are filled in: positions of peers, and a port mask."""

    src: int
    dst: int
    mask: int
    via: str = ""
    reason: str = ""


class PeerTable:
    """Every peer of a listing, sorted by id, and the way from bit sets of classes to bit sets of peers.

    `others` are ids of workloads that another listing has and this one may lack.
    """

    def __init__(
        self, population: Population, space: AddressSpace, *, entry_points: bool, others: Iterable[str] = ()
    ) -> None:
        pods = len(population.classes)
        ranges = {text: pods + number for number in range(len(space)) for text in space.ranges(number)}
        self.classes_of: dict[str, list[int]] = {name: [] for name in others}
        self.classes_of |= {workload.id: [] for workload in population.workloads}
        for item in population.classes:
            for workload in item.workloads:
                self.classes_of[workload].append(item.index)
        self.classes_of |= {text: [number] for text, number in ranges.items()}
        self.ids = tuple(sorted([*self.classes_of, *([CONTROLLER] if entry_points else ())]))
        self.position = {name: position for position, name in enumerate(self.ids)}
        self._names = frozenset(space.names)
        self.kinds = tuple((name, self._kind(name)) for name in self.ids)
        self.workloads = bit_set(self.position[workload.id] for workload in population.workloads)
        self.ranges = bit_set(self.position[text] for text in ranges)
        targets: list[list[int]] = [[] for _ in range(pods + len(space))]
        for name, classes in self.classes_of.items():
            for number in classes:
                targets[number].append(self.position[name])
        self._targets = [bit_set(positions) for positions in targets]
        self._memo: dict[tuple[int, bytes], int] = {}

    def _kind(self, name: str) -> str:
        if name == CONTROLLER:
            return "ingress-controller"
        if name in self._names:
            return "entity" if name == API_SERVER else "dns"
        return "workload" if "/" in name else "ip"

    def peers(self, classes: int) -> int:
        """The peers with a member in any of these classes; hypothetical classes and the stand-in have none."""
        found = 0
        octets = classes.to_bytes((classes.bit_length() + 7) // 8, "little")
        for start in range(0, len(octets), _CHUNK):
            chunk = octets[start : start + _CHUNK]
            part = self._memo.get((start, chunk))
            if part is None:
                part = 0
                for number in members(int.from_bytes(chunk, "little")):
                    part |= self._targets[8 * start + number]
                self._memo[start, chunk] = part
            found |= part
        return found


class Group(NamedTuple):
    """Destinations (positions of peers) that share one column of certain and one of unknown sources.

    `filtered` is what of the certain ones is only let through with a filter above the ports.
    """

    destinations: tuple[int, ...]
    certain: Column
    unknown: Column
    filtered: Column = ()


class Closed(NamedTuple):
    """What a Service's address keeps closed though its pods' own is open: a peer's position, a port mask, and sources."""

    dst: int
    via: str
    mask: int
    sources: int


@dataclass(frozen=True, slots=True)
class View:
    """A listing before its names are filled in: what comparing two of them works on."""

    table: PeerTable
    groups: tuple[Group, ...]
    extra: tuple[
        dict[int, list[Line]], dict[int, list[Line]]
    ]  # lines that are no pod-to-pod question: allowed, unknown
    closed: tuple[Closed, ...]
    port_set: Callable[[int], PortSet]
    population: Population
    standing: Standing
    grants: tuple[Grant, ...]


def grouped(
    table: PeerTable,
    certain: Matrix,
    possible: Matrix,
    plain: Matrix | None = None,
    *,
    names: Iterable[str] | None = None,
) -> tuple[Group, ...]:
    """Every destination's columns over peers, or those of some. A workload of several classes may do what any of its pods may."""
    by_columns: dict[tuple[int, ...], list[int]] = {}
    columns: dict[tuple[int, ...], tuple[list[Column], ...]] = {}
    for name in table.ids if names is None else names:
        if name == CONTROLLER:
            continue
        classes = table.classes_of[name]
        found = tuple(
            [matrix.column(number) for number in classes]
            for matrix in (certain, certain if possible is certain else possible, plain or certain)
        )
        flat: list[int] = []
        for each in found:
            flat += [*sorted({id(column) for column in each}), -1]
        key = tuple(flat)
        by_columns.setdefault(key, []).append(table.position[name])
        columns.setdefault(key, found)
    groups = []
    for key, destinations in by_columns.items():
        lower, upper, unfiltered = columns[key]
        sure = _over_peers(table, lower)
        unsure = () if upper == lower else less(_over_peers(table, upper), sure)
        filtered = () if plain is None else less(sure, _over_peers(table, unfiltered))
        groups.append(Group(tuple(destinations), sure, unsure, filtered))
    return tuple(groups)


def _over_peers(table: PeerTable, columns: Sequence[Column]) -> Column:
    distinct = {id(column): column for column in columns}.values()
    return disjoint((mask, table.peers(sources)) for column in distinct for mask, sources in column)
