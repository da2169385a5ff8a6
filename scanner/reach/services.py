"""Ways into pods that lead through a Service: from ingress controllers, and past policy from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from scanner.dataplane.model import Answer, DataPlane
from scanner.model import EntryPoint, Notice, Pod, Service, ServicePort, Snapshot
from scanner.policy.selectors import LabelIndex, equalities, members
from scanner.reach.coverage import pod_coverage
from scanner.reach.model import PROTOCOLS
from scanner.reach.population import Population, workload_id
from scanner.reach.ports import PortAtoms

_OUTSIDE_TYPES = {"NodePort", "LoadBalancer"}
_EVERYWHERE = {"0.0.0.0/0", "::/0"}


@dataclass(slots=True)
class Backend:
    """The ports at which a Service (or every entry point) reaches the pods of one class and workload.

    `ports` are (protocol, number). `undeclared` are numbers that no container of the pod declares: whether anything
    listens there cannot be told.
    """

    workload: str
    pod_class: int
    ports: set[tuple[str, int]] = field(default_factory=set)
    undeclared: set[tuple[str, int]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Bypass:
    """A Service through which outside traffic reaches pods whatever their ingress rules say, or (unknown) may do so."""

    service: str  # "namespace/name"
    answer: Answer
    reason: str
    backends: tuple[Backend, ...]

    def mask(self, atoms: PortAtoms, pod_class: int) -> int:
        """The ports at which the Service reaches the pods of one class."""
        ports = {
            port
            for backend in self.backends
            if backend.pod_class == pod_class
            for port in backend.ports | backend.undeclared
        }
        return atoms.numbers(ports)


def exposed_services(snapshot: Snapshot, dataplane: DataPlane | None) -> tuple[Service, ...]:
    """Services whose outside traffic the data plane may let past ingress policy (externalTrafficPolicy Cluster)."""
    fact = dataplane.capabilities.balancer_bypasses_ingress if dataplane and dataplane.capabilities else None
    if fact is None or fact.answer is Answer.NO:
        return ()
    chosen = (
        service
        for service in snapshot.services
        if service.type in _OUTSIDE_TYPES and service.external_traffic_policy in {"", "Cluster"}
    )
    return tuple(sorted(chosen, key=lambda service: (service.namespace, service.name)))


class ServicePaths:
    """Finds the pods and ports behind Services; only Services that matter are looked at."""

    def __init__(self, snapshot: Snapshot, population: Population, dataplane: DataPlane | None) -> None:
        self.notices: list[Notice] = []
        self._population = population
        self._services = {f"{service.namespace}/{service.name}": service for service in snapshot.services}
        self._positions: dict[str, list[int]] = {}
        for position, pod in enumerate(population.pods):
            self._positions.setdefault(pod.namespace, []).append(position)
        self._indexes: dict[str, LabelIndex] = {}
        self.entry_points = bool(snapshot.entry_points)
        self.controller = self._controller_backends(snapshot.entry_points)
        self.bypasses = tuple(self._bypasses(snapshot, dataplane)) if dataplane else ()

    @property
    def spans(self) -> Iterator[tuple[str, int, int]]:
        """Every port found, as something that port atoms must tell apart."""
        for backend in (*self.controller, *(each for bypass in self.bypasses for each in bypass.backends)):
            for protocol, number in backend.ports | backend.undeclared:
                yield protocol, number, number

    def _controller_backends(self, entry_points: Iterable[EntryPoint]) -> tuple[Backend, ...]:
        """What an Ingress, Gateway or Route leads to: TCP ports of its Services' pods."""
        found: dict[tuple[str, int], Backend] = {}
        for entry in sorted(entry_points, key=lambda each: (each.kind, each.namespace, each.name)):
            for name in entry.services:
                service = self._services.get(name)
                if service is None:
                    message = f"leads to Service {name}, which does not exist; nothing is reached through it"
                    subject = f"{entry.kind} {entry.namespace}/{entry.name}"
                    self.notices.append(Notice(object=subject, field="spec", message=message))
                    continue
                wanted = entry.ports.get(name, ())
                ports = [port for port in service.ports if port.protocol == "TCP" and _meant(port, wanted, entry.kind)]
                self._add(found, service, ports, lambda _pod: True)
        return tuple(found[key] for key in sorted(found))

    def _bypasses(self, snapshot: Snapshot, dataplane: DataPlane) -> Iterator[Bypass]:
        firm = dataplane.capabilities.balancer_bypasses_ingress.firm if dataplane.capabilities else Answer.UNKNOWN
        for service in exposed_services(snapshot, dataplane):
            found: dict[tuple[str, int], Backend] = {}
            self._add(found, service, service.ports, lambda pod: pod_coverage(dataplane, pod)[0] is not Answer.NO)
            answer, reason = firm, ""
            if answer is not Answer.YES:
                answer = Answer.UNKNOWN
                reason = "whether this data plane polices traffic that a balancer or node port forwards is not known"
            elif service.source_ranges and not _EVERYWHERE & set(service.source_ranges):
                answer, reason = Answer.UNKNOWN, "loadBalancerSourceRanges may stop it, node ports may let it through"
            if found:
                name = f"{service.namespace}/{service.name}"
                yield Bypass(name, answer, reason, tuple(found[key] for key in sorted(found)))

    def _add(
        self,
        found: dict[tuple[str, int], Backend],
        service: Service,
        ports: Iterable[ServicePort],
        wanted: Callable[[Pod], bool],
    ) -> None:
        for position in self._behind(service):
            pod = self._population.pods[position]
            if not wanted(pod):
                continue
            key = (workload_id(pod), self._population.class_of[position])
            for port in ports:
                reached, undeclared = _targets(port, pod)
                if reached or undeclared:
                    backend = found.setdefault(key, Backend(*key))
                    backend.ports |= reached
                    backend.undeclared |= undeclared

    def _behind(self, service: Service) -> Iterator[int]:
        """The positions of the pods that a Service selects; one without a selector selects none."""
        positions = self._positions.get(service.namespace)
        if not service.selector or not positions:
            return
        index = self._indexes.get(service.namespace)
        if index is None:
            index = LabelIndex(self._population.pods[position].labels for position in positions)
            self._indexes[service.namespace] = index
        for number in members(index.select(equalities(service.selector))):
            yield positions[number]


def _meant(port: ServicePort, wanted: tuple[int | str, ...], kind: str) -> bool:
    """Whether an entry point names this Service port; a Route may name the target instead."""
    if not wanted:
        return True
    names: set[int | str | None] = {port.port, port.name} if port.name else {port.port}
    if kind == "Route":
        names.add(port.target)
    return not names.isdisjoint(wanted)


def _targets(port: ServicePort, pod: Pod) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
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
