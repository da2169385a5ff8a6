"""Who finds a way in: the internet or the inside, by addresses, annotations and classes.

Where that hangs on something that no snapshot holds (the balancer before an ingress controller) it is not known.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cached_property

from scanner.cloud.read import read_facts
from scanner.dataplane.model import Answer
from scanner.facing import Facing, Network, aws_type, by_address, facing, gateway_facing, listed, source_networks
from scanner.model import Cloud, EntryPoint, Gateway, Service, Snapshot
from scanner.reach.ways.model import Scope

_ALB_SCHEME = "alb.ingress.kubernetes.io/scheme"
_ALB_SOURCES = "alb.ingress.kubernetes.io/inbound-cidrs"
_SCOPES = {Answer.YES: Scope.PUBLIC, Answer.NO: Scope.INTERNAL, Answer.UNKNOWN: Scope.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Front:
    """The outer side of a way in. `sources` is None for any; `note` is what to know of them."""

    scope: Scope
    why: str
    addresses: tuple[str, ...] = ()
    sources: tuple[Network, ...] | None = None
    note: str = ""


class Fronts:
    """Reads the outer side of everything that leads inside, for one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        record = snapshot.cloud_record
        named = snapshot.cluster.cloud
        self.cloud = record.provider if record and named is Cloud.OTHER else named

    @cached_property
    def _auto_mode(self) -> bool:
        record = self._snapshot.cloud_record
        return record is not None and bool(read_facts(record).engine.auto_mode)

    def balancer(self, service: Service) -> Front:
        """A LoadBalancer Service."""
        sources, note = source_networks(service, self.cloud)
        found = facing(service, self.cloud, auto_mode=self._auto_mode)
        return Front(_SCOPES[found.answer], found.why, service.balancer_addresses, sources, note)

    def external(self, service: Service) -> Front:
        """A Service's externalIPs."""
        return _front(by_address(service.external_ips), service.external_ips, "its externalIPs are no addresses")

    @cached_property
    def node(self) -> Front:
        """The nodes' addresses, at which node ports, host ports and host-network pods are found."""
        nodes = self._snapshot.nodes
        for node in nodes:
            found = by_address(node.addresses)
            if found is not None and found.answer is Answer.YES:
                return Front(Scope.PUBLIC, f"node {node.name}: {found.why} (a firewall may stand before it)")
        if nodes and all(node.addresses for node in nodes) and self._snapshot.collected("nodes"):
            return Front(Scope.INTERNAL, "all nodes have private addresses only")
        return Front(Scope.UNKNOWN, "which addresses the nodes have is not known")

    def gateway(self, gateway: Gateway | None, doubt: str) -> Front:
        """A Gateway, with what is in doubt of a route's attachment to it."""
        if gateway is None or doubt:
            return Front(Scope.UNKNOWN, doubt, gateway.addresses if gateway else ())
        return _front(gateway_facing(gateway, self.cloud), gateway.addresses, "")

    def ingress(self, entry: EntryPoint) -> Front:
        """An Ingress, by the controllers that say it on the object itself."""
        name = entry.class_name
        if name == "alb" or _ALB_SCHEME in entry.annotations:
            return self._alb(entry)
        if name == "gce-internal":
            return Front(Scope.INTERNAL, "Ingress class gce-internal")
        if name == "gce" or (not name and self.cloud is Cloud.GCP):
            return Front(Scope.PUBLIC, f"Ingress class {name or 'gce, the default on GKE'}")
        what = f"of class {name}" if name else "without a class"
        return Front(Scope.UNKNOWN, f"an Ingress {what} is as public as its controller, which is not known")

    def route(self) -> Front:
        """An OpenShift Route."""
        return Front(Scope.UNKNOWN, "a Route is as public as its router, which is not known")

    def _alb(self, entry: EntryPoint) -> Front:
        """An Ingress of the AWS load balancer controller (its guide to Ingress annotations)."""
        scheme = entry.annotations.get(_ALB_SCHEME, "").strip().lower()
        scope = {"internet-facing": Scope.PUBLIC, "internal": Scope.INTERNAL}.get(scheme, Scope.UNKNOWN)
        why = f"annotation {_ALB_SCHEME}: {scheme}"
        if not scheme:
            why = f"without {_ALB_SCHEME} it is internal, unless its class's parameters say otherwise"
        texts = listed(entry.annotations, _ALB_SOURCES)
        try:
            sources = tuple(ipaddress.ip_network(text, strict=False) for text in texts)
        except ValueError as error:
            return Front(scope, why, note=f"{_ALB_SOURCES}: {error}: write CIDRs")
        return Front(scope, why, sources=sources or None)

    def keeps_client(self, service: Service) -> bool:
        """Whether what the balancer forwards bears the client's address, with externalTrafficPolicy Local.

        On AWS only a Network Load Balancer of instances does so for sure: a Classic one is a proxy, and one of addresses
        shows its own unless it is told otherwise (AWS, "Client IP preservation").
        """
        return self.cloud is not Cloud.AWS or aws_type(service) == "nlb"


def _front(found: Facing | None, addresses: tuple[str, ...], otherwise: str) -> Front:
    if found is None:
        return Front(Scope.UNKNOWN, otherwise, addresses)
    return Front(_SCOPES[found.answer], found.why, addresses)
