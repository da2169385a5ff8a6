"""Who can talk to whom: builds the reachability of one cluster at one level and answers every question about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from scanner.dataplane.model import Answer, DataPlane
from scanner.errors import InputError
from scanner.findings import Crossings, Exposure
from scanner.model import Notice, Snapshot
from scanner.policy.model import PolicySet
from scanner.policy.selectors import members
from scanner.reach.across import across
from scanner.reach.assemble import Parts, assemble
from scanner.reach.bounds import Standing
from scanner.reach.collapse import Collapsed, Matrices, Numbering, collapse
from scanner.reach.columns import Column, less, mask_of
from scanner.reach.cuts import Cuts
from scanner.reach.explain import explain
from scanner.reach.exposure import measure
from scanner.reach.fronts import Fronts
from scanner.reach.grants import Grant
from scanner.reach.lines import Listing
from scanner.reach.listing import CONTROLLER, Group, Line, PeerTable, View, grouped
from scanner.reach.model import (
    PROTOCOLS,
    AddressRange,
    Allowed,
    Connection,
    Direction,
    Explanation,
    Isolation,
    NamedPeer,
    PodClass,
)
from scanner.reach.paths import bypass_lines, controller_lines, open_through_services
from scanner.reach.population import Population
from scanner.reach.reasons import sorted_notices
from scanner.reach.selection import WHOLE, Selection
from scanner.reach.ways.model import WayIn


def build(
    snapshot: Snapshot,
    policies: PolicySet,
    dataplane: DataPlane | None = None,
    *,
    ipblock_matches_pods: bool | None = None,
    cuts: Cuts | None = None,
) -> ClusterReach:
    """The reachability of a cluster: as declared, or with a data plane as that makes of it.

    `ipblock_matches_pods` overrides whether an ipBlock selects pods by their addresses: by the specification that is the
    implementation's choice, so without it the declared level says no and the effective level asks the data plane.
    `cuts` are what else to tell apart, for comparing with another reach.
    """
    return ClusterReach(assemble(snapshot, policies, dataplane, ipblock_matches_pods, cuts or Cuts()))


class ClusterReach:
    """`Reach` for one cluster. Columns are computed when first asked for, and once."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts  # for what works on a reach's insides, as `whatif` does
        self.level = parts.level
        self.cuts = parts.cuts
        self.workloads = parts.population.workloads
        self.classes = parts.population.classes[:-1]
        self._space, self._services, self._reasons = parts.space, parts.services, parts.reasons
        self._certain, self._possible, self._plain = parts.certain, parts.possible, parts.plain
        self._addresses, self._population, self._standing = parts.addresses, parts.population, parts.standing
        self._reader, self._grants, self._reading = parts.reader, parts.grants, parts.reading
        spans = parts.population.spans[:-1]
        self._hypothetical = {span.name: parts.population.classes[span.hypothetical] for span in spans}
        self._real = sum(not item.hypothetical for item in self.classes)

    def hypothetical(self, namespace: str) -> PodClass:
        """The pod without labels that somebody might create in `namespace` tomorrow.

        Raises:
            InputError: the snapshot knows no such namespace.
        """
        found = self._hypothetical.get(namespace)
        if found is None:
            raise InputError(f"namespace {namespace!r}: not in this cluster; check the spelling")
        return found

    def isolation(self, pod: PodClass, direction: Direction) -> Isolation:
        """Whether policy isolates `pod` in `direction` at this level, and which policies do."""
        return self._reasons.isolation(pod, direction)

    def sources(self, pod: PodClass) -> Iterator[Allowed]:
        """Every class and external range that may open a connection to `pod`, itself left out.

        A way in from outside that leads past ingress policy through a Service comes last, its reason naming the Service.
        """
        certain = self._certain.column(pod.index)
        yield from self._allowed(certain, Answer.YES, pod, "")
        if self._possible is not self._certain:
            for mask, sources in less(self._possible.column(pod.index), certain):
                for peer in members(sources & self._shown(pod)):
                    reason = self._reasons.classes(peer, pod.index)
                    yield Allowed(self._peer(peer), self._space.atoms.port_set(mask), Answer.UNKNOWN, reason)
        for peer, mask, answer, reason in open_through_services(self._services, self._space, pod.index, certain):
            yield Allowed(self._peer(peer), self._space.atoms.port_set(mask), answer, reason)

    def targets(self, pod: PodClass) -> Iterator[Allowed]:
        """Every class and external range that `pod` may open a connection to, itself left out."""
        seen: dict[int, tuple[int, int]] = {}
        for number in members(self._shown(pod)):
            certain, possible = self._certain.column(number), self._possible.column(number)
            both = seen.get(id(certain) ^ id(possible) << 64)
            if both is None:
                sure = mask_of(certain, pod.index)
                both = (sure, mask_of(possible, pod.index) & ~sure)
                seen[id(certain) ^ id(possible) << 64] = both
            if both[0]:
                yield Allowed(self._peer(number), self._space.atoms.port_set(both[0]), Answer.YES)
            if both[1]:
                reason = self._reasons.classes(pod.index, number)
                yield Allowed(self._peer(number), self._space.atoms.port_set(both[1]), Answer.UNKNOWN, reason)

    def admits(self, pod: PodClass, direction: Direction, address: str, protocol: str, port: int) -> Answer:
        """Whether policy lets `pod` talk with one external address (direction is the pod's: egress is to the address).

        Raises:
            InputError: no such address, protocol or port.
        """
        if protocol not in PROTOCOLS or not 1 <= port <= 65535:
            raise InputError(f"port {protocol} {port}: write TCP, UDP or SCTP and a number from 1 to 65535")
        try:
            outside = self._space.pods + self._addresses.locate(address)
        except ValueError as error:
            raise InputError(f"address {address!r}: not an IP address") from error
        source, destination = (pod.index, outside) if direction is Direction.EGRESS else (outside, pod.index)
        wanted = self._space.atoms.at(protocol, port)
        if mask_of(self._certain.column(destination), source) & wanted:
            return Answer.YES
        return Answer.UNKNOWN if mask_of(self._possible.column(destination), source) & wanted else Answer.NO

    @property
    def peers(self) -> tuple[tuple[str, str], ...]:
        """Every peer of the listing as (id, kind), sorted by id; the kind is workload, ip or ingress-controller."""
        return self._table.kinds

    def connections(self) -> Iterator[Connection]:
        """The allowed connections between workloads and address ranges, sorted by src and dst."""
        return self.listing().connections()

    def unknown(self) -> Iterator[Connection]:
        """The connections that cannot be decided at this level, each with its reason; disjoint from `connections`."""
        return self.listing().undecided()

    def listing(self, selection: Selection = WHOLE) -> Listing:
        """The lines of `connections` and `unknown`, or a selection of them, for writers; with the ways in from outside.

        Raises:
            InputError: the selection names what this cluster has not.
        """
        return Listing(
            level=self.level,
            notices=self.notices,
            selection=selection,
            table=self._table,
            workloads=self.workloads,
            namespaces=frozenset(self._hypothetical),
            groups=self._groups,
            extra=self._extra,
            atoms=self._space.atoms,
            reason=lambda source, destination: self._reasons.peers(self._table, source, destination),
            ways=self.ways_in,
        )

    def collapsed(self, selection: Selection = WHOLE) -> Collapsed:
        """The reach class by class, or a selection of it: what a listing says, without pairs.

        Raises:
            InputError: the selection names what this cluster has not.
        """
        return collapse(
            level=self.level,
            notices=self.notices,
            selection=selection,
            classes=self.classes[: self._real],
            wanted=selection.wanted(self.workloads, self._hypothetical.keys()),
            matrices=Matrices(self._certain, self._possible, self._plain),
            numbering=Numbering(self._real, self._space, self._population.controller),
            addresses=self._addresses,
            services=self._services,
        )

    def ways_in(self, selection: Selection = WHOLE) -> tuple[WayIn, ...]:
        """The ways from outside into the cluster, or those to a selection of it; nothing is looked at before.

        Raises:
            InputError: the selection names what this cluster has not.
        """
        from scanner.reach.ways.find import WaysIn

        return WaysIn(self.parts).wanted(selection, self._hypothetical.keys())

    def explain(self, src: str, dst: str, protocol: str, port: int) -> tuple[Explanation, ...]:
        """Why `src` may (not) reach `dst`, one explanation per pair of classes that judges differently.

        Raises:
            InputError: an unknown peer, two addresses, or no such port.
        """
        return explain(self.parts, src, dst, protocol, port)

    def exposure(self) -> Exposure:
        """The numbers a report shows for this level."""
        return measure(self.level, self._table, self._groups, self.classes, self._reasons)

    def crossings(self, areas: Mapping[str, int], internet: Callable[[str], bool]) -> Crossings:
        """The pairs that `exposure` counts, by areas of workloads, with the internet as the last of them; see `across`."""
        return across(self.level, self._table, self._groups, areas, internet)

    @property
    def counters(self) -> dict[str, int]:
        """How much work was done so far: for tests and benchmarks, independent of the machine."""
        matrices = {id(matrix): matrix for matrix in (self._certain, self._possible)}.values()
        return {
            "classes": self._real,
            "addresses": len(self._addresses),
            "columns": sum(matrix.columns_computed for matrix in matrices),
            "intersections": sum(matrix.intersections for matrix in matrices),
            "selectors": self._reader.selectors_evaluated,
        }

    @property
    def rules(self) -> tuple[Population, Standing, tuple[Grant, ...]]:
        """Every rule over the classes, and how each class stands: for checks of the rules themselves, without a column."""
        return self._population, self._standing, self._grants

    @cached_property
    def view(self) -> View:
        """The listing as sets of peers, for comparing it with another one built with the same cuts."""
        return View(
            table=self._table,
            groups=self._groups,
            extra=self._extra,
            closed=self._fronts.closed,
            port_set=self._space.atoms.port_set,
            population=self._population,
            standing=self._standing,
            grants=self._grants,
        )

    @cached_property
    def _table(self) -> PeerTable:
        return PeerTable(
            self._population,
            self._addresses,
            entry_points=CONTROLLER in self.cuts.peers,
            others=self.cuts.peers - {CONTROLLER},
        )

    @cached_property
    def _groups(self) -> tuple[Group, ...]:
        return grouped(self._table, self._certain, self._possible, self._plain)

    @cached_property
    def _extra(self) -> tuple[dict[int, list[Line]], dict[int, list[Line]]]:
        """Lines that are no pod-to-pod question: from ingress controllers, and past policy through Services."""
        controller = controller_lines(
            self._services, self._table, self._space, (self._certain, self._possible), self._population.controller
        )
        lines = self._fronts.added(controller)
        return bypass_lines(self._services, self._table, self._space, self._groups, lines)

    @cached_property
    def _fronts(self) -> Fronts:
        return Fronts(self.parts.addressed, (self._certain, self._possible), self._table)

    @cached_property
    def notices(self) -> tuple[Notice, ...]:
        """What to know of the input, sorted; and of each Service whose address lets fewer in than its pods' own."""
        if self.parts.addressed is None:  # nobody's peers are listed for this alone
            return self.parts.notices
        return sorted_notices([*self.parts.notices, *self._fronts.notices])

    def _shown(self, pod: PodClass) -> int:
        """The peers that listings of one class hold: real classes and, for a pod, external ranges; not itself."""
        return ((1 << self._real) - 1 | self._space.external) & ~(1 << pod.index)

    def _allowed(self, column: Column, answer: Answer, pod: PodClass, reason: str) -> Iterator[Allowed]:
        for mask, sources in column:
            ports = self._space.atoms.port_set(mask)
            for peer in members(sources & self._shown(pod)):
                yield Allowed(self._peer(peer), ports, answer, reason)

    def _peer(self, number: int) -> PodClass | AddressRange | NamedPeer:
        if number < self._space.pods:
            return self._population.classes[number]
        outside = number - self._space.pods
        name = self._addresses.name(outside)
        return NamedPeer(name) if name else AddressRange(self._addresses.ranges(outside))
