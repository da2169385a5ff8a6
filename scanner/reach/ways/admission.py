"""Whether policy lets in what comes by a way from outside: asked of the columns of the classes behind it, and only those.

A workload is let in where any of its pods is, as in a listing. All ports of an atom are judged alike, so no port needs a
boundary of its own here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from scanner.dataplane.model import Answer
from scanner.facing import Network
from scanner.policy.selectors import bit_set, members
from scanner.reach.assemble import Parts
from scanner.reach.columns import Column, mask_of
from scanner.reach.model import PROTOCOLS, Direction, PortSet
from scanner.reach.paths import UNDECLARED
from scanner.reach.ways.model import Admitted, Judgement, Share
from scanner.reach.ways.ranges import joined, runs
from scanner.reach.ways.targets import Backend, PodPort

_FORWARDED = "this data plane does not police what a balancer or node port forwards"
_MAY_FORWARD = "whether this data plane polices what a balancer or node port forwards is not known"
_NEAR = "what comes from a pod's own node may be let in whatever policy says"


@dataclass(frozen=True, slots=True)
class Path:
    """How traffic gets from the outside to the pod.

    `hidden` says why policy may see another address (a node's, a balancer's) instead of the client's; empty where it sees
    the client's. `forwarded` says whether the data plane lets it past ingress policy.
    """

    hidden: str = ""
    forwarded: Answer = Answer.NO


class Sources(NamedTuple):
    """Who may come: bits of the external classes, each class with its ranges, as far as they may come."""

    classes: int
    ranges: Mapping[int, tuple[str, ...]]


class _Cells(NamedTuple):
    """For one port, the external classes that surely and maybe get in."""

    sure: int
    maybe: int


@dataclass(slots=True)
class _Tally:
    """What is found for one workload: per port who gets in, and why not, or why that is not known."""

    cells: dict[PodPort, _Cells] = field(default_factory=dict)
    doubts: dict[str, None] = field(default_factory=dict)

    def add(self, port: PodPort, cells: _Cells) -> None:
        known = self.cells.get(port, _Cells(0, 0))
        self.cells[port] = _Cells(known.sure | cells.sure, known.maybe | cells.maybe)


class Gate:
    """Says who gets in, at one level."""

    def __init__(self, parts: Parts) -> None:
        self._population, self._addresses, self._space = parts.population, parts.addresses, parts.space
        self._certain, self._possible = parts.certain, parts.possible
        self._grants, self._reading, self._reasons = parts.grants, parts.reading, parts.reasons

    def controller(self, backends: Iterable[Backend]) -> Judgement:
        """Whether ingress controllers get in, exactly as the lines of a listing have it."""
        source = self._population.controller
        tally = _Tally()
        chosen = tuple(backends)
        for backend in chosen:
            sure = mask_of(self._certain.column(backend.pod_class), source)
            maybe = mask_of(self._possible.column(backend.pod_class), source)
            for port in backend.ports | backend.undeclared:
                atom = self._space.atoms.at(*port)
                lets, may = bool(sure & atom), bool(maybe & atom)
                if may and port in backend.undeclared:
                    lets = False
                    tally.doubts[UNDECLARED] = None
                elif may and not lets:
                    tally.doubts[self._reasons.classes(source, backend.pod_class)] = None
                tally.add(port, _Cells(int(lets), int(may)))
        return self._judged(tally, 1, chosen, {})

    def outside(self, backends: Iterable[Backend], sources: Sources, path: Path) -> Judgement:
        """Whether sources outside get in."""
        tally = _Tally()
        chosen = tuple(backends)
        for backend in chosen:
            for port in sorted(backend.ports | backend.undeclared):
                tally.add(port, self._cells(backend.pod_class, port, sources.classes, path, tally.doubts))
        found = self._judged(tally, sources.classes, chosen, sources.ranges)
        if path.forwarded is Answer.YES and not found.reason:
            return replace(found, reason=_FORWARDED)
        return found

    def sources(self, networks: Iterable[Network] | None, families: Iterable[int]) -> Sources:
        """Who may come: from some networks, or anybody of some IP versions."""
        if networks is None:
            ranges = {at: self._addresses.ranges(at) for version in families for at in self._addresses.family(version)}
        else:
            ranges = {}
            for run in runs(networks):
                for at, texts in self._addresses.within(*run).items():
                    ranges[at] = (*ranges.get(at, ()), *texts)
        return Sources(bit_set(self._space.pods + at for at in ranges), ranges)

    def _cells(self, number: int, port: PodPort, wanted: int, path: Path, doubts: dict[str, None]) -> _Cells:
        """Who of `wanted` gets in at one port of one class."""
        if path.forwarded is Answer.YES:
            return _Cells(wanted, wanted)
        atom = self._space.atoms.at(*port)
        sure = _open(self._certain.column(number), atom) & self._space.external
        maybe = _open(self._possible.column(number), atom) & self._space.external
        direct = maybe & ~sure & wanted
        if direct:
            doubts[self._reasons.classes(next(members(direct)), number)] = None
        if path.hidden:
            seen = _Cells(sure, maybe)
            sure, maybe = self._hidden(number, atom, seen, doubts)
            if (maybe & ~sure & wanted) & ~direct:
                doubts[path.hidden] = None
        if path.forwarded is Answer.UNKNOWN and wanted & ~sure:
            maybe |= wanted
            doubts[_MAY_FORWARD] = None
        return _Cells(sure & wanted, maybe & wanted)

    def _hidden(self, number: int, atom: int, client: _Cells, doubts: dict[str, None]) -> _Cells:
        """Who gets in where policy sees the client's address or any other of its family: both must agree to be sure."""
        sure, maybe = client
        # An engine that goes by addresses takes what bears its node's address for the node's own.
        near = self._reading.nodes_reach_pods and self._reading.blocks_match_nodes is not Answer.NO
        by_address = self._goes_by_address(number, atom)
        for family in self._families:
            whole = sure & family == family
            if not whole or (by_address and not self._nodes_match):
                sure &= ~family
            if maybe & family or near:
                if not client.maybe & family:
                    doubts[_NEAR] = None
                maybe |= family
        return _Cells(sure, maybe)

    @property
    def _nodes_match(self) -> bool:
        """Whether a rule by address surely matches a node; at the declared level a node is an address like any other."""
        return self._reading.declared or self._reading.blocks_match_nodes is Answer.YES

    @cached_property
    def _families(self) -> tuple[int, ...]:
        """The external classes of each IP version."""
        return tuple(
            bit_set(self._space.pods + number for number in self._addresses.family(version)) for version in (4, 6)
        )

    def _goes_by_address(self, number: int, atom: int) -> bool:
        """Whether a rule that names addresses has a say at one port of one class."""
        return any(
            grant.rule.direction is Direction.INGRESS
            and grant.rule.peers is not None
            and grant.subject.maybe >> number & 1
            and grant.peers.all.maybe & self._space.external
            and self._space.atoms.mask(grant.maybe_ports, self._space.named[number]) & atom
            for grant in self._grants
        )

    def _judged(
        self, tally: _Tally, wanted: int, backends: Collection[Backend], ranges: Mapping[int, tuple[str, ...]]
    ) -> Judgement:
        """The answer for one workload."""
        cells = tally.cells.values()
        doubts = "; ".join(reason for reason in tally.doubts if reason)
        if all(each.sure == wanted for each in cells):
            return Judgement(Admitted.YES, self._openness(backends))
        if not any(each.maybe for each in cells):
            return Judgement(Admitted.NO, self._isolation(backends))
        allowed = self._shares({port: each.sure for port, each in tally.cells.items()}, wanted, ranges)
        undecided = self._shares({port: each.maybe & ~each.sure for port, each in tally.cells.items()}, wanted, ranges)
        some = Admitted.PARTLY if allowed else Admitted.UNKNOWN
        return Judgement(some, doubts if undecided else self._isolation(backends), allowed, undecided)

    def _shares(
        self, found: Mapping[PodPort, int], wanted: int, ranges: Mapping[int, tuple[str, ...]]
    ) -> tuple[Share, ...]:
        """Ports with the same sources together."""
        together: dict[int, list[PodPort]] = {}
        for port in sorted(found):
            if found[port]:
                together.setdefault(found[port], []).append(port)
        shares = []
        for classes, ports in together.items():
            texts = (
                [] if classes == wanted else [each for at in members(classes) for each in ranges[at - self._space.pods]]
            )
            shares.append(Share(port_set(ports), joined(texts)))
        return tuple(shares)

    def _openness(self, backends: Iterable[Backend]) -> str:
        classes = {backend.pod_class for backend in backends}
        open_to_all = all(
            self._reasons.isolation(self._population.classes[number], Direction.INGRESS).answer is Answer.NO
            for number in classes
        )
        return "no policy isolates it" if open_to_all else ""

    def _isolation(self, backends: Iterable[Backend]) -> str:
        """What closes the pods behind a way, in words."""
        names: dict[str, None] = {}
        for number in sorted({backend.pod_class for backend in backends}):
            found = self._reasons.isolation(self._population.classes[number], Direction.INGRESS)
            names |= dict.fromkeys(found.policies)
        listed = list(names)
        more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
        return f"isolated by {', '.join(listed[:3])}{more}" if listed else ""


def _open(column: Column, atom: int) -> int:
    found = 0
    for mask, sources in column:
        if mask & atom:
            found |= sources
    return found


def port_set(ports: Iterable[PodPort]) -> PortSet:
    """Single ports as sorted, disjoint ranges."""
    found: dict[str, list[tuple[int, int]]] = {}
    for protocol, number in sorted(set(ports), key=lambda port: (PROTOCOLS.index(port[0]), port[1])):
        ranges = found.setdefault(protocol, [])
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return {protocol: tuple(ranges) for protocol, ranges in found.items()}
