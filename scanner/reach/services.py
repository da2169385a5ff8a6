"""Ways into pods that lead through a Service: from ingress controllers, and past policy from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scanner.dataplane.model import Answer, DataPlane
from scanner.model import EntryPoint, Notice, Service, ServicePort, Snapshot
from scanner.reach.coverage import pod_coverage
from scanner.reach.population import Population
from scanner.reach.ports import PortAtoms
from scanner.reach.ways.attach import Attachment, Attachments, is_route
from scanner.reach.ways.targets import Backend, Backends, Targets

_OUTSIDE_TYPES = {"NodePort", "LoadBalancer"}
_EVERYWHERE = {"0.0.0.0/0", "::/0"}


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
    fact = dataplane.capabilities.balancer_policed if dataplane and dataplane.capabilities else None
    if fact is None or fact.answer is Answer.YES:
        return ()
    chosen = (
        service
        for service in snapshot.services
        if service.type in _OUTSIDE_TYPES and service.external_traffic_policy in {"", "Cluster"}
    )
    return tuple(sorted(chosen, key=lambda service: (service.namespace, service.name)))


def passed_by(dataplane: DataPlane) -> Answer:
    """Whether what a balancer or node port forwards to another node gets past policy."""
    firm = dataplane.capabilities.balancer_policed.firm if dataplane.capabilities else Answer.UNKNOWN
    return {Answer.YES: Answer.NO, Answer.NO: Answer.YES}.get(firm, Answer.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Entrance:
    """An Ingress, a Route, or a Gateway API route that is (or may be) attached: its Services with the ports it means.

    `to` are the listeners of a Gateway API route.
    """

    entry: EntryPoint
    to: tuple[Attachment, ...]
    services: tuple[tuple[Service, tuple[ServicePort, ...]], ...]


class ServicePaths:
    """Finds the pods and ports behind Services; only Services that matter are looked at.

    `bypassed` are the ways past policy as they hold for workloads, `bypasses` as they hold for classes.
    """

    def __init__(self, snapshot: Snapshot, population: Population, dataplane: DataPlane | None) -> None:
        self.notices: list[Notice] = []
        self.snapshot, self.dataplane = snapshot, dataplane
        self.targets = Targets(snapshot, population)
        self._services = {f"{service.namespace}/{service.name}": service for service in snapshot.services}
        self.entry_points = bool(snapshot.entry_points)
        self.entrances = tuple(self._entrances(snapshot, population))
        self.controller = self._controller_backends()
        self.bypassed = tuple(self._bypasses(snapshot, dataplane)) if dataplane else ()
        self.bypasses = tuple(part for bypass in self.bypassed for part in self._by_class(bypass))

    @property
    def spans(self) -> Iterator[tuple[str, int, int]]:
        """Every port found, as something that port atoms must tell apart."""
        for backend in (*self.controller, *(each for bypass in self.bypasses for each in bypass.backends)):
            for protocol, number in backend.ports | backend.undeclared:
                yield protocol, number, number

    def _entrances(self, snapshot: Snapshot, population: Population) -> Iterator[Entrance]:
        """The entry points that lead anywhere. A route that no listener takes is named; the mesh's own routes are none."""
        attachments = Attachments(snapshot.gateways, population.spans[:-1])
        for entry in sorted(snapshot.entry_points, key=lambda each: (each.kind, each.namespace, each.name)):
            to: tuple[Attachment, ...] = ()
            if is_route(entry):
                attached = attachments.of(entry)
                to = attached.to
                if not to:
                    self._note(entry, "spec.parentRefs", attached.refusals)
                    continue
            yield Entrance(entry, to, tuple(self._meant_by(entry)))

    def _note(self, entry: EntryPoint, field: str, reasons: Iterable[str]) -> None:
        """What keeps an entry point from leading anywhere, if anything does."""
        for reason in reasons:
            subject = f"{entry.kind} {entry.namespace}/{entry.name}"
            self.notices.append(Notice(object=subject, field=field, message=f"{reason}; nothing is reached through it"))

    def _meant_by(self, entry: EntryPoint) -> Iterator[tuple[Service, tuple[ServicePort, ...]]]:
        """The Services that an entry point leads to, with the ports that it means: UDP of a UDPRoute, else TCP."""
        protocol = "UDP" if entry.kind == "UDPRoute" else "TCP"
        for name in entry.services:
            service = self._services.get(name)
            if service is None:
                self._note(entry, "spec", [f"leads to Service {name}, which does not exist"])
                continue
            wanted = entry.ports.get(name, ())
            ports = (port for port in service.ports if port.protocol == protocol and _meant(port, wanted, entry.kind))
            yield service, tuple(ports)

    def _controller_backends(self) -> tuple[Backend, ...]:
        """What Ingresses, Gateways and Routes lead to: ports of their Services' pods."""
        found: Backends = {}
        for entrance in self.entrances:
            for service, ports in entrance.services:
                self.targets.add(found, service, ports)
        return tuple(found[key] for key in sorted(found))

    def _bypasses(self, snapshot: Snapshot, dataplane: DataPlane) -> Iterator[Bypass]:
        firm = passed_by(dataplane)
        for service in exposed_services(snapshot, dataplane):
            found: Backends = {}
            self.targets.add(
                found, service, service.ports, lambda pod: pod_coverage(dataplane, pod)[0] is not Answer.NO
            )
            answer, reason = firm, ""
            if answer is not Answer.YES:
                answer = Answer.UNKNOWN
                reason = "whether this data plane polices traffic that a balancer or node port forwards is not known"
            elif service.source_ranges and not _EVERYWHERE & set(service.source_ranges):
                answer, reason = Answer.UNKNOWN, "loadBalancerSourceRanges may stop it, node ports may let it through"
            if found:
                name = f"{service.namespace}/{service.name}"
                yield Bypass(name, answer, reason, tuple(found[key] for key in sorted(found)))

    def _by_class(self, bypass: Bypass) -> Iterator[Bypass]:
        """A bypass as it holds for classes: of one that a Service reaches in part nothing certain can be said."""
        parted = self.targets.partial(self._services[bypass.service])
        whole = tuple(each for each in bypass.backends if each.pod_class not in parted)
        some = tuple(each for each in bypass.backends if each.pod_class in parted)
        if whole:
            yield Bypass(bypass.service, bypass.answer, bypass.reason, whole)
        if some:
            reason = bypass.reason or "it leads to some of these pods and not to others"
            yield Bypass(bypass.service, Answer.UNKNOWN, reason, some)


def _meant(port: ServicePort, wanted: tuple[int | str, ...], kind: str) -> bool:
    """Whether an entry point names this Service port; a Route may name the target instead."""
    if not wanted:
        return True
    names: set[int | str | None] = {port.port, port.name} if port.name else {port.port}
    if kind == "Route":
        names.add(port.target)
    return not names.isdisjoint(wanted)
