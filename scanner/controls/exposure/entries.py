"""Which entry points face the internet: what their own objects say, and the balancers at whose addresses they are found."""

from __future__ import annotations

from scanner.controls.balancers import facing
from scanner.controls.base import Case
from scanner.dataplane.model import Answer
from scanner.facing import Facing, by_address, gateway_facing
from scanner.model import EntryPoint, Gateway, Service
from scanner.reach.ways.model import Scope
from scanner.reach.ways.scope import Fronts

# Every list without which an entry point, or what it does with TLS, may be missing.
ENTRY_KINDS = (
    "services",
    "ingresses.networking.k8s.io",
    "gateways.gateway.networking.k8s.io",
    "httproutes.gateway.networking.k8s.io",
    "grpcroutes.gateway.networking.k8s.io",
    "tlsroutes.gateway.networking.k8s.io",
    "tcproutes.gateway.networking.k8s.io",
    "udproutes.gateway.networking.k8s.io",
    "routes.route.openshift.io",
)
_ANSWERS = {Scope.PUBLIC: Answer.YES, Scope.INTERNAL: Answer.NO, Scope.UNKNOWN: Answer.UNKNOWN}
_PRIVATE_GATEWAY = "appgw.ingress.kubernetes.io/use-private-ip"


class Entries:
    """Answers for one cluster."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._fronts = Fronts(case.snapshot)
        self._balancers = {
            address: service
            for service in case.snapshot.services
            if service.type == "LoadBalancer"
            for address in service.balancer_addresses
        }

        self._found = {
            address: f"Gateway {gateway.namespace}/{gateway.name}"
            for gateway in case.snapshot.gateways
            for address in gateway.addresses
        }
        for entry in case.snapshot.entry_points:
            self._found |= dict.fromkeys(entry.addresses, f"{entry.kind} {entry.namespace}/{entry.name}")

    def facing(self, entry: EntryPoint) -> Facing:
        """An Ingress or OpenShift Route: by its class and annotations, else by the addresses in its status."""
        front = self._fronts.ingress(entry) if entry.kind == "Ingress" else self._fronts.route()
        if front.scope is not Scope.UNKNOWN:
            return Facing(_ANSWERS[front.scope], front.why)
        if entry.annotations.get(_PRIVATE_GATEWAY, "").strip().lower() == "true":
            return Facing(Answer.NO, f"annotation {_PRIVATE_GATEWAY}: true")
        for address in entry.addresses:
            service = self._balancers.get(address)
            if service is not None:
                found = facing(self._case, service)
                why = (
                    f"it is found at {address}, the balancer of Service {service.namespace}/{service.name}: {found.why}"
                )
                return Facing(found.answer, why)
        return by_address(entry.addresses) or Facing(Answer.UNKNOWN, front.why)

    def in_front(self, service: Service) -> str:
        """The entry point or Gateway that is found at a balancer's address: it is judged there; empty where there is none."""
        return next((self._found[each] for each in service.balancer_addresses if each in self._found), "")

    def gateway(self, gateway: Gateway) -> Facing:
        """A Gateway of the Gateway API: by its addresses and class, else by the balancer that is found at one of them."""
        found = gateway_facing(gateway, self._case.cloud)
        for address in gateway.addresses if found.answer is Answer.UNKNOWN else ():
            if service := self._balancers.get(address):
                return facing(self._case, service)
        return found
