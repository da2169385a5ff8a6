"""The lines of a listing that lead through a Service: from ingress controllers, and from outside past ingress policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.dataplane.model import Answer
from scanner.policy.selectors import members
from scanner.reach.columns import Column, mask_of
from scanner.reach.flows import Space
from scanner.reach.listing import CONTROLLER, Group, Line, PeerTable
from scanner.reach.matrix import Matrix
from scanner.reach.services import ServicePaths

Lines = tuple[dict[int, list[Line]], dict[int, list[Line]]]  # by source: allowed, unknown

UNDECLARED = "no container declares this port, so whether anything listens there is not known"


def controller_lines(
    services: ServicePaths, table: PeerTable, space: Space, matrices: tuple[Matrix, Matrix], controller: int
) -> Lines:
    """What ingress controllers reach: the Services' target ports, met with the policies of each pod behind them."""
    certain, possible = matrices
    allowed: dict[str, int] = {}
    doubtful: dict[str, int] = {}
    silent: dict[str, int] = {}
    for backend in services.controller:
        name = backend.workload
        sure = mask_of(certain.column(backend.pod_class), controller)
        maybe = mask_of(possible.column(backend.pod_class), controller)
        declared, undeclared = space.atoms.numbers(backend.ports), space.atoms.numbers(backend.undeclared)
        allowed[name] = allowed.get(name, 0) | sure & declared
        doubtful[name] = doubtful.get(name, 0) | maybe & declared
        silent[name] = silent.get(name, 0) | maybe & undeclared
    lines: Lines = ({}, {})
    for name in sorted(allowed):
        unsure, quiet = doubtful[name] & ~allowed[name], silent[name] & ~allowed[name] & ~doubtful[name]
        source, destination = table.position[CONTROLLER], table.position[name]
        if allowed[name]:
            append(lines[0], Line(source, destination, allowed[name]))
        if unsure:
            append(lines[1], Line(source, destination, unsure))
        if quiet:
            append(lines[1], Line(source, destination, quiet, reason=UNDECLARED))
    return lines


def bypass_lines(
    services: ServicePaths, table: PeerTable, space: Space, groups: Sequence[Group], lines: Lines
) -> Lines:
    """Add what outside traffic reaches through Services and not at the pod's own address."""
    direct = {destination: group.certain for group in groups for destination in group.destinations}
    for bypass in services.bypassed:
        reached: dict[str, int] = {}
        for backend in bypass.backends:
            ports = space.atoms.numbers(backend.ports | backend.undeclared)
            reached[backend.workload] = reached.get(backend.workload, 0) | ports
        for name, mask in sorted(reached.items()):
            destination = table.position[name]
            for source, closed in _beyond(direct.get(destination, ()), mask, table.ranges):
                line = Line(source, destination, closed, bypass.service, bypass.reason)
                append(lines[0 if bypass.answer is Answer.YES else 1], line)
    for side in lines:
        for found in side.values():
            found.sort(key=lambda line: (line.dst, line.via, line.mask))
    return lines


def open_through_services(
    services: ServicePaths, space: Space, pod_class: int, certain: Column
) -> Iterator[tuple[int, int, Answer, str]]:
    """The same for one class: external class, port mask, answer and a reason that names the Service."""
    for bypass in services.bypasses:
        mask = bypass.mask(space.atoms, pod_class)
        if mask:
            reason = f"through Service {bypass.service}, past ingress policy"
            if bypass.reason:
                reason = f"through Service {bypass.service}: {bypass.reason}"
            for peer, closed in _beyond(certain, mask, space.external):
                yield peer, closed, bypass.answer, reason


def _beyond(column: Column, mask: int, outside: int) -> Iterator[tuple[int, int]]:
    """The peers of `outside` with those ports of `mask` that a column does not let them use."""
    for peer in members(outside):
        closed = mask & ~mask_of(column, peer)
        if closed:
            yield peer, closed


def append(side: dict[int, list[Line]], line: Line) -> None:
    """Add a line to those of its source."""
    side.setdefault(line.src, []).append(line)
