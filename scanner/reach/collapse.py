"""A cluster's reach class by class, straight from the columns: what a large cluster's listing is without its pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanner.dataplane.model import Answer
from scanner.findings import Level
from scanner.model import Notice
from scanner.policy.selectors import bit_set
from scanner.reach.addresses import AddressSpace
from scanner.reach.columns import Column, less, mask_of
from scanner.reach.flows import Space
from scanner.reach.listing import CONTROLLER, Group
from scanner.reach.matrix import Matrix
from scanner.reach.model import PodClass, PortSet
from scanner.reach.selection import Selection, narrowed
from scanner.reach.services import ServicePaths


@dataclass(frozen=True, slots=True)
class Outside:
    """What is no pod: addresses that no policy tells apart (`ranges`), or something known by `name` only."""

    id: int
    ranges: tuple[str, ...]
    name: str = ""


class ClassColumn(NamedTuple):
    """Destinations (ids of classes) with the same columns: port masks with the sources they are open to, as sets of ids.

    `filtered` is what of `allowed` is also filtered above the ports. With `via` the path through that Service is meant.
    """

    destinations: tuple[int, ...]
    allowed: Column
    unknown: Column
    filtered: Column = ()
    via: str = ""


@dataclass(frozen=True, slots=True)
class Collapsed:
    """The whole reach by class. Pod classes have the ids from 0, what is outside those that follow.

    A class among its own sources means that its pods may talk with each other.
    """

    level: Level
    selection: Selection
    classes: tuple[PodClass, ...]
    outside: tuple[Outside, ...]
    columns: tuple[ClassColumn, ...]
    port_set: Callable[[int], PortSet]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Matrices:
    """What is certainly allowed, what may be, and what certainly is without a filter above the ports."""

    certain: Matrix
    possible: Matrix
    plain: Matrix | None


@dataclass(frozen=True, slots=True)
class Numbering:
    """From the engine's numbers to ids: hypothetical classes, which stand between pods and addresses, have none."""

    real: int
    space: Space
    controller: int

    def outside(self, number: int) -> int:
        """The id of an external class."""
        return number - self.space.pods + self.real

    @property
    def entry(self) -> int:
        """The id of whatever serves Ingress, Gateway and Route: the last one."""
        return self.outside(self.space.size)

    def sources(self, classes: int) -> int:
        """A set of the engine's numbers as one of ids."""
        return classes & (1 << self.real) - 1 | classes >> self.space.pods << self.real


def collapse(
    *,
    level: Level,
    notices: tuple[Notice, ...],
    selection: Selection,
    classes: Sequence[PodClass],
    wanted: Sequence[frozenset[str]],
    matrices: Matrices,
    numbering: Numbering,
    addresses: AddressSpace,
    services: ServicePaths,
) -> Collapsed:
    """Put the columns together; `classes` are the real ones, `wanted` what Selection.wanted answers."""
    ports, port_set = selection.ports(numbering.space.atoms)
    columns = (*_columns(matrices, numbering), *_paths(matrices, numbering, services))
    if not selection.empty:
        columns = _selected(columns, [_classes_of(names, classes) for names in wanted], ports)
    return Collapsed(
        level=level,
        selection=selection,
        classes=tuple(classes),
        outside=_outside(numbering, addresses, CONTROLLER if services.entry_points else ""),
        columns=columns,
        port_set=port_set,
        notices=notices,
    )


def _outside(numbering: Numbering, addresses: AddressSpace, entry_name: str) -> tuple[Outside, ...]:
    """Everything outside; `entry_name` is what ingress controllers are called, empty where nothing leads to them."""
    found = []
    for number in range(len(addresses)):
        name = addresses.name(number)
        found.append(Outside(numbering.real + number, () if name else addresses.ranges(number), name))
    if entry_name:
        found.append(Outside(numbering.entry, (), entry_name))
    return tuple(found)


def _columns(matrices: Matrices, numbering: Numbering) -> Iterator[ClassColumn]:
    """Every distinct column with its destinations, by the lowest of these."""
    certain, possible = matrices.certain, matrices.possible
    plain = matrices.plain or certain
    numbers = [*range(numbering.real), *range(numbering.space.pods, numbering.space.size)]
    found: dict[tuple[int, int, int], tuple[list[int], Column, Column, Column]] = {}
    for at, number in enumerate(numbers):
        sure = certain.column(number)
        maybe = sure if possible is certain else possible.column(number)
        bare = sure if plain is certain else plain.column(number)
        key = (id(sure), id(maybe), id(bare))
        if key not in found:
            found[key] = (
                [],
                sure,
                less(maybe, sure) if maybe is not sure else (),
                less(sure, bare) if bare is not sure else (),
            )
        found[key][0].append(at)
    known: dict[int, int] = {}
    for destinations, *parts in found.values():
        sure, unsure, filtered = (_shown(column, numbering, known) for column in parts)
        yield ClassColumn(tuple(destinations), sure, unsure, filtered)


def _shown(column: Column, numbering: Numbering, known: dict[int, int]) -> Column:
    parts = []
    for mask, classes in column:
        sources = known.get(classes)
        if sources is None:
            sources = known[classes] = numbering.sources(classes)
        if sources:
            parts.append((mask, sources))
    return tuple(parts)


def _paths(matrices: Matrices, numbering: Numbering, services: ServicePaths) -> Iterator[ClassColumn]:
    """What leads through Services: from ingress controllers, and from outside past ingress policy (see paths)."""
    found: dict[tuple[str, Column, Column], list[int]] = {}
    for number, (allowed, unknown) in sorted(_entries(matrices, numbering, services).items()):
        entry = 1 << numbering.entry
        key = ("", ((allowed, entry),) if allowed else (), ((unknown, entry),) if unknown else ())
        found.setdefault(key, []).append(number)
    for bypass in services.bypasses:
        for number in sorted({backend.pod_class for backend in bypass.backends}):
            mask = bypass.mask(numbering.space.atoms, number)
            beyond = less([(mask, numbering.space.external)], matrices.certain.column(number))
            column = _shown(beyond, numbering, {})
            key = (bypass.service, *((column, ()) if bypass.answer is Answer.YES else ((), column)))
            if column:
                found.setdefault(key, []).append(number)
    for (via, sure, maybe), destinations in found.items():
        yield ClassColumn(tuple(destinations), sure, maybe, via=via)


def _entries(matrices: Matrices, numbering: Numbering, services: ServicePaths) -> Mapping[int, tuple[int, int]]:
    """By class what ingress controllers may reach there, and what they might."""
    found: dict[int, tuple[int, int]] = {}
    for backend in services.controller:
        number, atoms = backend.pod_class, numbering.space.atoms
        declared = atoms.numbers(backend.ports)
        sure = mask_of(matrices.certain.column(number), numbering.controller) & declared
        maybe = mask_of(matrices.possible.column(number), numbering.controller)
        unsure = maybe & (declared | atoms.numbers(backend.undeclared)) & ~sure
        known = found.get(number, (0, 0))
        if sure or unsure:
            allowed = known[0] | sure
            found[number] = (allowed, (known[1] | unsure) & ~allowed)
    return found


def _selected(columns: Sequence[ClassColumn], wanted: Sequence[int], ports: int) -> tuple[ClassColumn, ...]:
    """The columns reduced to some ports, and to destinations and sources as `selection.narrowed` does."""
    touched = -1
    for ends in wanted:
        touched &= ends
    return tuple(
        ClassColumn(*group, via=column.via)
        for column in columns
        for group in narrowed([Group(*column[:4])], wanted, ports)
        if group.certain or group.unknown or any(touched >> each & 1 for each in group.destinations)
    )


def _classes_of(workloads: frozenset[str], classes: Sequence[PodClass]) -> int:
    """The classes with a pod of one of these workloads."""
    return bit_set(item.index for item in classes if not workloads.isdisjoint(item.workloads))
