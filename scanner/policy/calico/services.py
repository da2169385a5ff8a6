"""The `services` of a rule: whoever stands behind a Service.

Source: Calico's `felix/serviceindex` (the addresses of the Service's EndpointSlices, ready or not; as a destination together with
each slice's ports, where no ports are no match) and its API types (which namespace is meant, what does not go together).
"""

from __future__ import annotations

from scanner.model import NAME_LABEL, Service
from scanner.policy.calico.peers import Found, Scope
from scanner.policy.calico.wire import WireEntity, WireService
from scanner.policy.decode import FieldError, Remark
from scanner.policy.model import Entity, EntityPeer, Operator, PodPeer, Ports, Requirement, Selector
from scanner.policy.selectors import equalities, matches
from scanner.reach.model import PROTOCOLS

_API_SERVER = ("default", "kubernetes")


def service_peers(
    wire: WireService, entity: WireEntity, field: str, scope: Scope, remarks: list[Remark]
) -> tuple[Found, tuple[Ports, ...] | None]:
    """Who stands behind a Service, and on which ports (None: it is not known).

    Raises:
        FieldError: the Service's name or namespace is missing, or `services` stands beside what it does not go with.
    """
    others = ("selector", "notSelector", "namespaceSelector", "nets", "notNets", "serviceAccounts")
    given = (
        entity.selector,
        entity.not_selector,
        entity.namespace_selector,
        entity.nets,
        entity.not_nets,
        entity.service_accounts,
    )
    for name, value in zip(others, given, strict=True):
        if value:
            raise FieldError(f"{field}.{name}", "does not go with services; write them as two rules")
    if not wire.name:
        raise FieldError(f"{field}.services.name", "is missing; write a Service's name")
    namespace = wire.namespace or scope.namespace
    if not namespace:
        raise FieldError(f"{field}.services.namespace", "is missing, which a global policy needs; write it")
    key = (namespace, wire.name)
    service = scope.context.services.get(key)
    if key == _API_SERVER:
        return _api_server(field), _targets(service) if service else None
    shown = f"Service {namespace}/{wire.name}"
    if service is None:
        if not scope.context.snapshot.collected("services"):
            return Found(None, f"{field}: the Services could not be read whole"), None
        remarks.append((f"{field}.services", f"{shown} does not exist, so this matches nothing"))
        return Found(()), ()
    if service.type == "ExternalName":
        remarks.append((f"{field}.services", f"{shown} is a name outside without addresses, so this matches nothing"))
        return Found(()), ()
    if not service.selector:
        return Found(None, f"{field}: {shown} has no selector, and its endpoints are not read"), _targets(service)
    return _behind(service, field, scope), _targets(service)


def _behind(service: Service, field: str, scope: Scope) -> Found:
    pods = equalities(service.selector or {})
    own = service.namespace == scope.namespace
    found = PodPeer(pods, None if own else Selector((Requirement(NAME_LABEL, Operator.IN, (service.namespace,)),)))
    hosts = any(matches(pods, labels) for labels in scope.facts.hosts.get(service.namespace, ()))
    if not hosts:
        return Found((found,))
    why = f"{field}: host-network pods stand behind Service {service.namespace}/{service.name}"
    return Found((found,), more=(EntityPeer(Entity.NODES),), more_doubt=why)


def _api_server(field: str) -> Found:
    """Its addresses are those of nodes, or of machines outside."""
    why = f"{field}: the addresses behind Service default/kubernetes are not known"
    elsewhere = (EntityPeer(Entity.NODES), EntityPeer(Entity.WORLD))
    return Found((EntityPeer(Entity.KUBE_APISERVER),), more=elsewhere, more_doubt=why)


def _targets(service: Service) -> tuple[Ports, ...]:
    """The ports of the pods behind a Service."""
    found: dict[Ports, None] = {}
    for port in (each for each in service.ports if each.protocol in PROTOCOLS):
        target = port.port if port.target is None else port.target
        if isinstance(target, str):
            found[Ports(port.protocol, name=target)] = None
        else:
            found[Ports(port.protocol, target, target)] = None
    return tuple(found)
