"""Which lines of a listing somebody wants to see: those that touch some namespaces or workloads, or one port."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from scanner.errors import InputError
from scanner.reach.columns import Column
from scanner.reach.listing import Group
from scanner.reach.model import PortSet, Workload
from scanner.reach.ports import PortAtoms


@dataclass(frozen=True, slots=True)
class Selection:
    """Lines with a peer in one of `namespaces` and a peer among `workloads`, reduced to `port`; what is empty asks for nothing.

    A workload is written "namespace/name[Kind]" or without the kind, or as a bare name in namespace default; `*` and `?`
    stand for any characters. `port` is (protocol, number). `hypothetical` are the ids of pods that were only imagined.
    """

    namespaces: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    port: tuple[str, int] | None = None
    hypothetical: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the listing is that of the whole cluster as it is."""
        return self == WHOLE

    def wanted(self, workloads: Iterable[Workload], namespaces: Collection[str]) -> tuple[frozenset[str], ...]:
        """For each filter the workloads that pass it; a line is wanted where each of these sets holds one of its ends.

        Raises:
            InputError: a namespace or pattern that nothing in this cluster answers to; a slip must not look like silence.
        """
        known = tuple(workloads)
        found = []
        if self.namespaces:
            for name in self.namespaces:
                if name not in namespaces:
                    raise InputError(f"--namespace {name!r}: no such namespace in this cluster; check the spelling")
            found.append(frozenset(item.id for item in known if item.namespace in self.namespaces))
        if self.workloads:
            found.append(frozenset().union(*(_matching(pattern, known) for pattern in self.workloads)))
        return tuple(found)

    def ports(self, atoms: PortAtoms) -> tuple[int, Callable[[int], PortSet]]:
        """The atoms to keep (-1 for all), and what a mask of them says: an atom may hold more than the port asked for."""
        if self.port is None:
            return -1, atoms.port_set
        protocol, number = self.port
        only: PortSet = {protocol: ((number, number),)}
        return atoms.at(protocol, number), lambda _: only


WHOLE = Selection()


def _matching(pattern: str, workloads: Sequence[Workload]) -> frozenset[str]:
    text = pattern if "/" in pattern else f"default/{pattern}"
    expression = re.compile(
        "".join(".*" if char == "*" else "." if char == "?" else re.escape(char) for char in text), re.DOTALL
    )
    found = frozenset(
        item.id
        for item in workloads
        if expression.fullmatch(item.id) or expression.fullmatch(f"{item.namespace}/{item.name}")
    )
    if not found:
        raise InputError(
            f"--workload {pattern!r}: no such workload in this cluster; write NAMESPACE/NAME or NAMESPACE/NAME[KIND]"
        )
    return found


def narrowed(groups: Iterable[Group], wanted: Iterable[int], ports: int) -> tuple[Group, ...]:
    """Groups of columns reduced to the lines that have an end in each set of `wanted`, and to the atoms of `ports`."""
    found = [_kept(group, group.destinations, ports, -1) for group in groups]
    for ends in wanted:
        parted: list[Group] = []
        for group in found:
            touched = tuple(each for each in group.destinations if ends >> each & 1)
            others = tuple(each for each in group.destinations if not ends >> each & 1)
            parted += [_kept(group, touched, -1, -1)] if touched else []
            parted += [_kept(group, others, -1, ends)] if others else []
        found = parted
    return tuple(found)


def _kept(group: Group, destinations: tuple[int, ...], ports: int, sources: int) -> Group:
    certain, unknown, filtered = (
        _part(column, ports, sources) for column in (group.certain, group.unknown, group.filtered)
    )
    return Group(destinations, certain, unknown, filtered)


def _part(column: Column, ports: int, sources: int) -> Column:
    """Some ports of some sources of a column; -1 keeps all."""
    found: dict[int, int] = {}
    for mask, who in column:
        if mask & ports and who & sources:
            found[mask & ports] = found.get(mask & ports, 0) | who & sources
    return tuple(sorted(found.items()))
