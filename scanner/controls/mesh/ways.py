"""Ways into administrative interfaces: Ingresses, routes and balancers, with what stands behind each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.controls.base import Case
from scanner.mesh.administrative import INTERFACES, LABELS, PROXIES, known_as
from scanner.model import EntryPoint, Pod, Service
from scanner.policy.selectors import equalities, matches


@dataclass(frozen=True, slots=True)
class Way:
    """One entry point with the Services behind it that count; `why` says what makes it administrative."""

    subject: str
    entry: EntryPoint | None  # None for a balancer's own Service
    services: tuple[Service, ...]
    why: str


class Ways:
    """The administrative entry points of one cluster."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._services = {f"{item.namespace}/{item.name}": item for item in case.snapshot.services}
        self._pods: dict[str, list[Pod]] = {}
        for pod in case.pods:
            self._pods.setdefault(pod.namespace, []).append(pod)

    def found(self) -> Iterator[Way]:
        """Every way in to something administrative, in the snapshot's order."""
        for entry in self._case.snapshot.entry_points:
            behind = tuple(self._services[name] for name in entry.services if name in self._services)
            subject = f"{entry.kind} {entry.namespace}/{entry.name}"
            if self._declared(entry.namespace, entry.name):
                yield Way(subject, entry, behind, "baseline.administrative names it")
                continue
            counted = [(service, self.why(service)) for service in behind]
            if any(why for _, why in counted):
                services = tuple(service for service, why in counted if why)
                yield Way(subject, entry, services, next(why for _, why in counted if why))
        for service in self._case.snapshot.services:
            if service.type == "LoadBalancer" and (why := self.why(service)):
                yield Way(f"Service {service.namespace}/{service.name}", None, (service,), why)

    def why(self, service: Service) -> str:
        """What makes a Service administrative; empty where nothing does."""
        if self._case.declared_as(
            self._case.config.administrative, service.namespace, service.name, service.selector or {}
        ):
            return f"baseline.administrative names Service {service.namespace}/{service.name}"
        known = known_as(INTERFACES, dict.fromkeys(self._names(service)))
        if known:
            return f"Service {service.namespace}/{service.name} leads to {known} (as {INTERFACES[known]} calls it)"
        return ""

    def proxy(self, service: Service) -> str:
        """The identity-aware proxy that a Service leads to; empty for any other."""
        return known_as(PROXIES, dict.fromkeys(self._names(service)))

    def pods(self, service: Service) -> list[Pod]:
        """The running pods behind a Service."""
        if not service.selector:
            return []
        chosen = equalities(service.selector)
        return [pod for pod in self._pods.get(service.namespace, ()) if matches(chosen, pod.labels)]

    def _declared(self, namespace: str, name: str) -> bool:
        return self._case.declared_as(self._case.config.administrative, namespace, name, {})

    def _names(self, service: Service) -> Iterator[str]:
        yield service.name
        for label in LABELS:
            if service.selector and label in service.selector:
                yield service.selector[label]
        for pod in self.pods(service):
            yield pod.workload.name
            yield from (pod.labels[label] for label in LABELS if label in pod.labels)
