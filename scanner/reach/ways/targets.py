"""The pods and ports behind Services: by their selectors, or by the endpoints that somebody wrote.

kube-proxy sends to an endpoint's address, whatever pod the slice says it is; a slice's port belongs to the Service port of
the same name (discovery/v1, EndpointPort). A Service of type ExternalName has no endpoints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from scanner.model import Endpoint, EndpointSlice, Pod, Service, ServicePort, Snapshot
from scanner.policy.selectors import LabelIndex, equalities, members
from scanner.reach.model import PROTOCOLS
from scanner.reach.population import Population, workload_id

PodPort = tuple[str, int]  # protocol, number


@dataclass(slots=True)
class Backend:
    """The ports at which a Service (or every entry point) reaches the pods of one class and workload.

    `ports` are (protocol, number). `undeclared` are numbers that no container of the pod declares: whether anything
    listens there cannot be told.
    """

    workload: str
    pod_class: int
    ports: set[PodPort] = field(default_factory=set)
    undeclared: set[PodPort] = field(default_factory=set)


Backends = dict[tuple[str, int], Backend]  # by workload and class


class Stray(NamedTuple):
    """An endpoint that is no pod of this cluster."""

    address: str
    protocol: str
    port: int


class Arrival(NamedTuple):
    """A pod (by position) with the numbers at which it is reached, those that a container declares and the others."""

    position: int
    declared: set[PodPort]
    undeclared: set[PodPort]


class Targets:
    """Finds what is behind Services; only Services that are asked about are looked at."""

    def __init__(self, snapshot: Snapshot, population: Population) -> None:
        self._slices_listed = snapshot.endpoint_slices
        self._population = population
        self._indexes: dict[str, LabelIndex] = {}

    def add(
        self,
        found: Backends,
        service: Service,
        ports: Iterable[ServicePort],
        wanted: Callable[[Pod], bool] = lambda _: True,
    ) -> None:
        """Add the backends of some ports of a Service to those found so far."""
        for position, reached, undeclared in self._arrivals(service, tuple(ports)):
            pod = self._population.pods[position]
            if wanted(pod):
                key = (workload_id(pod), self._population.class_of[position])
                backend = found.setdefault(key, Backend(*key))
                backend.ports |= reached
                backend.undeclared |= undeclared

    def partial(self, service: Service) -> frozenset[int]:
        """The classes of which a Service reaches some pods and not others: only written endpoints can part a class."""
        if not _is_written(service):
            return frozenset()
        behind = {position for position, _, _ in self._arrivals(service, service.ports)}
        counts = Counter(self._population.class_of[position] for position in behind)
        return frozenset(number for number, count in counts.items() if count < self._sizes[number])

    def strays(self, service: Service, ports: Iterable[ServicePort]) -> tuple[Stray, ...]:
        """The endpoints of a Service that are no pods: what goes there leaves the cluster's pods, and policy's reach."""
        found = {
            Stray(address, *port)
            for numbers, endpoint in self._written(service, tuple(ports))
            if not self._at(endpoint, numbers)
            for address in endpoint.addresses
            for port in numbers
        }
        return tuple(sorted(found))

    def _arrivals(self, service: Service, ports: tuple[ServicePort, ...]) -> Iterator[Arrival]:
        """The pods behind some ports; a pod may come several times."""
        for position in self._selected(service):
            pod = self._population.pods[position]
            for port in ports:
                reached, undeclared = _targets(port, pod)
                if reached or undeclared:
                    yield Arrival(position, reached, undeclared)
        for numbers, endpoint in self._written(service, ports):
            yield from self._at(endpoint, numbers)

    @cached_property
    def _sizes(self) -> Counter[int]:
        """How many pods each class has."""
        return Counter(self._population.class_of)

    @cached_property
    def _positions(self) -> dict[str, list[int]]:
        """The positions of pods by namespace."""
        found: dict[str, list[int]] = {}
        for position, pod in enumerate(self._population.pods):
            found.setdefault(pod.namespace, []).append(position)
        return found

    def _selected(self, service: Service) -> Iterator[int]:
        """The positions of the pods that a Service selects; one without a selector selects none."""
        if not service.selector or service.type == "ExternalName":
            return
        positions = self._positions.get(service.namespace)
        if not positions:
            return
        index = self._indexes.get(service.namespace)
        if index is None:
            index = LabelIndex(self._population.pods[position].labels for position in positions)
            self._indexes[service.namespace] = index
        for number in members(index.select(equalities(service.selector))):
            yield positions[number]

    @cached_property
    def _slices(self) -> dict[tuple[str, str], list[EndpointSlice]]:
        found: dict[tuple[str, str], list[EndpointSlice]] = {}
        for part in self._slices_listed:
            found.setdefault((part.namespace, part.service), []).append(part)
        return found

    def _written(self, service: Service, ports: tuple[ServicePort, ...]) -> Iterator[tuple[set[PodPort], Endpoint]]:
        """The endpoints of a Service without a selector, each with the numbers that some Service ports mean there."""
        if not _is_written(service):
            return
        for part in self._slices.get((service.namespace, service.name), ()):
            numbers = set(_slice_ports(part, ports))
            for endpoint in part.endpoints if numbers else ():
                yield numbers, endpoint

    @cached_property
    def _by_address(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for position, pod in enumerate(self._population.pods):
            for address in pod.ips:
                found.setdefault(address, []).append(position)
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for position, pod in enumerate(self._population.pods):
            found.setdefault(f"{pod.namespace}/{pod.name}", []).append(position)
        return found

    def _at(self, endpoint: Endpoint, numbers: set[PodPort]) -> list[Arrival]:
        """The pods that an endpoint is: those with its address, else the one it names, if no address of that is known.

        Host-network pods share their node's address with each other and with the node's own processes: of these only one
        that the endpoint names, or that declares the port, is meant.
        """
        named = self._by_name.get(endpoint.pod, []) if endpoint.pod else []
        found = [position for address in endpoint.addresses for position in self._by_address.get(address, ())]
        chosen = found or [position for position in named if not self._population.pods[position].ips]
        arrivals = []
        for position in dict.fromkeys(chosen):
            pod = self._population.pods[position]
            declared = {(each.protocol, each.port) for each in pod.ports} & numbers
            if declared or not pod.host_network or position in named:
                arrivals.append(Arrival(position, declared, numbers - declared))
        return arrivals


def _is_written(service: Service) -> bool:
    return not service.selector and service.type != "ExternalName"


def _slice_ports(part: EndpointSlice, ports: Iterable[ServicePort]) -> Iterator[PodPort]:
    """The numbers that Service ports mean in a slice."""
    for port in ports:
        for each in part.ports:
            same = (each.name, each.protocol) == (port.name, port.protocol)
            if same and each.protocol in PROTOCOLS and 1 <= each.port <= 65535:
                yield each.protocol, each.port


def _targets(port: ServicePort, pod: Pod) -> tuple[set[PodPort], set[PodPort]]:
    """Where a Service port arrives at one pod: declared numbers, and a number that no container declares."""
    if port.protocol not in PROTOCOLS:
        return set(), set()
    target = port.port if port.target is None else port.target
    if isinstance(target, str):
        return {
            (port.protocol, each.port)
            for each in pod.ports
            if (each.protocol, each.name) == (port.protocol, target) and 1 <= each.port <= 65535
        }, set()
    if not 1 <= target <= 65535:
        return set(), set()
    declared = any((each.protocol, each.port) == (port.protocol, target) for each in pod.ports)
    return ({(port.protocol, target)}, set()) if declared else (set(), {(port.protocol, target)})
