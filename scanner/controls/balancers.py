"""LoadBalancer Services: which face the internet, and from where they can be reached."""

from __future__ import annotations

from scanner.controls import addresses
from scanner.controls.base import Case
from scanner.facing import Facing, source_networks
from scanner.facing import facing as balancer_facing
from scanner.model import Cloud, Pod, Service
from scanner.policy.selectors import equalities, matches


def facing(case: Case, service: Service) -> Facing:
    """Whether a Service's balancer faces the internet, in the cluster's own cloud."""
    auto_mode = bool(case.facts and case.facts.engine.auto_mode)
    return balancer_facing(service, case.cloud, auto_mode=auto_mode)


def source_ranges(service: Service, cloud: Cloud) -> tuple[addresses.Ranges | None, str]:
    """The sources a balancer admits: (None, "") where every one is, (None, why) where the list cannot be read."""
    networks, why = source_networks(service, cloud)
    return (None if networks is None else addresses.of_networks(networks)), why


def is_edge(case: Case, service: Service) -> bool:
    """Whether the operator declared this Service as an edge, by its name or by what it selects."""
    return case.declared_as(case.config.edge, service.namespace, service.name, service.selector or {})


class EdgePods:
    """Which pods stand behind an approved way in: an Ingress or Route, or a balancer that is an edge or limited."""

    def __init__(self, case: Case) -> None:
        self._case = case
        entered = {name for entry in case.snapshot.entry_points for name in entry.services}
        self._services: dict[str, list[Service]] = {}
        for service in case.snapshot.services:
            if f"{service.namespace}/{service.name}" in entered or self._is_approved(service):
                self._services.setdefault(service.namespace, []).append(service)

    def _is_approved(self, service: Service) -> bool:
        if service.type != "LoadBalancer":
            return False
        ranges, _ = source_ranges(service, self._case.cloud)
        return is_edge(self._case, service) or (ranges is not None and not addresses.is_unrestricted(ranges))

    def why(self, pod: Pod) -> str:
        """What makes a pod an edge, or empty."""
        if self._case.declared_as(self._case.config.edge, pod.namespace, pod.workload.name, pod.labels):
            return "declared as an edge"
        for service in self._services.get(pod.namespace, ()):
            if service.selector and matches(equalities(service.selector), pod.labels):
                return f"backend of Service {service.namespace}/{service.name}"
        return ""
