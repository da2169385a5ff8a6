"""Egress to Services where a data plane judges it at the Service's own address, before that becomes a pod's.

The VPC CNI's controller adds a Service's address to what a rule allows where the Service's selector, taken as labels,
satisfies the rule's pod selector; the ports are those that the rule means at the pods (amazon-network-policy-controller-k8s,
pkg/resolvers/endpoints.go). Headless Services resolve to pods and have no address; those without a selector are left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from scanner.dataplane.model import Answer
from scanner.model import Pod, Service, Snapshot, Source, WorkloadRef
from scanner.policy.model import BlockPeer, Policy
from scanner.reach.addresses import AddressSpace
from scanner.reach.bounds import Standing, bounds
from scanner.reach.columns import Column, disjoint, less, mask_of, meet
from scanner.reach.flows import Bounds, Space
from scanner.reach.grants import NOBODY, Grant, Peers
from scanner.reach.matrix import Matrix
from scanner.reach.model import Direction
from scanner.reach.populate import populate
from scanner.reach.population import Population
from scanner.reach.reading import Reading
from scanner.reach.rules import RuleReader
from scanner.reach.ways.targets import Backend, Backends, Targets

Matrices = tuple[Matrix, Matrix]  # certain, possible
ToPeers = Callable[[int], int]  # a bit set of classes as one of listed peers


@dataclass(frozen=True, slots=True)
class Path:
    """What leads through a Service's address to one workload and is judged otherwise than at its pods.

    Columns over peers: `allowed` and `unknown` beyond what the pods' own address gives, and what is `closed` here and
    allowed there.
    """

    service: str  # "namespace/name"
    workload: str
    allowed: Column
    unknown: Column
    closed: Column


@dataclass(frozen=True, slots=True)
class Addressed:
    """One Service with an address and a selector, its class among Services, and the pods behind it."""

    name: str
    number: int
    backends: tuple[Backend, ...]


def addressed_services(snapshot: Snapshot) -> tuple[Service, ...]:
    """Services that are reached at an address of their own and lead to pods by a selector, sorted by name."""
    written = snapshot.source is Source.MANIFESTS  # nobody has given them an address yet
    found = (
        service
        for service in snapshot.services
        if service.selector
        and service.type != "ExternalName"
        and (service.cluster_ips or (written and not service.headless))
    )
    return tuple(sorted(found, key=lambda service: (service.namespace, service.name)))


class ServiceAddresses:
    """Judges egress at Services' addresses; empty where no policy restricts egress or the data plane judges it at the pods."""

    def __init__(
        self,
        snapshot: Snapshot,
        population: Population,
        *,
        policies: Sequence[Policy],
        blocks: Sequence[BlockPeer],
        addresses: AddressSpace,
        reading: Reading,
    ) -> None:
        self.services: tuple[Addressed, ...] = ()
        self._firm = reading.service_egress is Answer.NO
        restricted = any(Direction.EGRESS in policy.directions for policy in policies)
        services = addressed_services(snapshot) if restricted and reading.service_egress is not Answer.YES else ()
        if not services:
            return
        pods = tuple(
            Pod(
                namespace=each.namespace,
                name=each.name,
                labels=each.selector or {},
                workload=WorkloadRef(kind="Service", name=each.name),
                ips=each.cluster_ips,
            )
            for each in services
        )
        fronts = populate(
            msgspec.structs.replace(snapshot, pods=pods), tuple(policies), None, addresses, addressed=lambda _: True
        )
        numbers = {f"{pod.namespace}/{pod.name}": fronts.class_of[at] for at, pod in enumerate(fronts.pods)}
        self._size = sum(not item.hypothetical for item in fronts.classes)
        # That a block holds a Service's address and so opens it follows from the code, and nobody has tried it.
        doubting = dataclasses.replace(reading, blocks_match_pods=Answer.UNKNOWN, asked=False, names_in_doubt=False)
        self._reader = RuleReader(fronts, blocks, addresses, doubting)
        targets = Targets(snapshot, population)
        self.services = tuple(
            Addressed(name, numbers[name], _behind(targets, each))
            for each in services
            for name in [f"{each.namespace}/{each.name}"]
        )

    @property
    def spans(self) -> Iterator[tuple[str, int, int]]:
        """Every port at which the pods behind are reached, as something that port atoms must tell apart."""
        for service in self.services:
            for backend in service.backends:
                for protocol, number in backend.ports | backend.undeclared:
                    yield protocol, number, number

    def judged(self, space: Space, standing: Standing, grants: Sequence[Grant], reading: Reading) -> Judged:
        """Both halves apart: egress to each Service's address, ingress of each class of pods."""
        fronts = space._replace(size=space.pods + self._size)
        outward = [self._at_address(each, space.pods) for each in grants if each.rule.direction is Direction.EGRESS]
        inward = [each for each in grants if each.rule.direction is Direction.INGRESS]
        open_out = {**standing.endings, Direction.EGRESS: (NOBODY,) * len(standing.tiers)}
        return Judged(
            services=self.services,
            space=space,
            firm=self._firm,
            egress=bounds(fronts, standing, outward, reading),
            ingress=bounds(space, dataclasses.replace(standing, endings=open_out), inward, reading),
        )

    def _at_address(self, grant: Grant, first: int) -> Grant:
        """A rule as it matches Services instead of pods. What a range or a name of ports comes to at a Service is not known."""
        found = self._reader.peers(grant.rule, grant.policy.namespace).all
        real = (1 << self._size) - 1
        shifted = Bounds((found.sure & real) << first, (found.maybe & real) << first)
        sure, maybe = grant.sure_ports, grant.maybe_ports
        if sure is not None:
            sure = tuple(port for port in sure if not port.name and port.first == port.last)
        if maybe is not None and any(port.name for port in maybe):
            maybe = None
        return dataclasses.replace(grant, peers=Peers(shifted, NOBODY, 0), sure_ports=sure, maybe_ports=maybe)


def _behind(targets: Targets, service: Service) -> tuple[Backend, ...]:
    found: Backends = {}
    targets.add(found, service, service.ports)
    return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True, slots=True)
class Judged:
    """Paths through Services as both halves judge them."""

    services: tuple[Addressed, ...]
    space: Space
    firm: bool
    egress: Matrices
    ingress: Matrices

    def paths(self, direct: Matrices, peers: ToPeers) -> Iterator[Path]:
        """Every path that differs from the pods' own address, by Service and workload."""
        for service in self.services:
            by_workload: dict[str, list[Backend]] = {}
            for backend in service.backends:
                by_workload.setdefault(backend.workload, []).append(backend)
            for workload, backends in sorted(by_workload.items()):
                path = self._path(service, workload, backends, direct, peers)
                if path.allowed or path.unknown or path.closed:
                    yield path

    def answers(self, source: int, destination: int, atom: int, direct: Answer) -> Iterator[tuple[str, Answer]]:
        """Each Service that leads a class of pods to another on a port and is judged otherwise than `direct`, with the answer."""
        for service in self.services:
            if not any(each.pod_class == destination and self._mask(each) & atom for each in service.backends):
                continue
            sure, maybe = (
                mask_of(out.column(self.space.pods + service.number), source)
                & mask_of(into.column(destination), source)
                & atom
                for out, into in zip(self.egress, self.ingress, strict=True)
            )
            answer = Answer.YES if sure else Answer.UNKNOWN if maybe else Answer.NO
            if answer is not direct:
                yield service.name, answer if self.firm else Answer.UNKNOWN

    def _path(
        self, service: Addressed, workload: str, backends: Sequence[Backend], direct: Matrices, peers: ToPeers
    ) -> Path:
        through = [self._over(service, backends, at, peers) for at in (0, 1)]
        own = [
            disjoint(
                (mask & self._mask(each), peers(sources))
                for each in backends
                for mask, sources in self._own(matrix, each)
            )
            for matrix in direct
        ]
        if not self.firm:  # one way or the other
            both = disjoint(meet(through[0], own[0]))
            through = [both, disjoint((*through[1], *own[1]))]
        undecided = less(less(through[1], through[0]), less(own[1], own[0]))
        return Path(service.name, workload, less(through[0], own[0]), undecided, less(own[0], through[1]))

    def _over(self, service: Addressed, backends: Sequence[Backend], bound: int, peers: ToPeers) -> Column:
        """Who reaches a workload's pods through the Service, by one bound."""
        released = self.egress[bound].column(self.space.pods + service.number)
        return disjoint(
            (mask & self._mask(backend), peers(sources))
            for backend in backends
            for mask, sources in meet(self.ingress[bound].column(backend.pod_class), released)
        )

    def _own(self, matrix: Matrix, backend: Backend) -> Iterator[tuple[int, int]]:
        """The sources among pods: what comes from outside does not ask at a Service's address."""
        pods = (1 << self.space.pods) - 1
        for mask, sources in matrix.column(backend.pod_class):
            yield mask, sources & pods

    def _mask(self, backend: Backend) -> int:
        return self.space.atoms.numbers(backend.ports | backend.undeclared)
