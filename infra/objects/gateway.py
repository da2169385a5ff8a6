"""Wire routes and Gateways of the Gateway API as a snapshot holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from infra.objects.kept import kept_values
from infra.objects.network import Backend, gathered
from infra.wire.gateway import BackendRef, GatewayAddress, ParentRef, Route, RouteFilter
from infra.wire.gateway import Gateway as WireGateway
from infra.wire.gateway import Listener as WireListener
from infra.wire.metadata import ABSENT
from infra.wire.workloads import Condition
from scanner.kept import KEPT_ANNOTATIONS
from scanner.model import EntryPoint, Gateway, Listener, Origin, RouteParent

_NOTHING = (ABSENT, msgspec.Raw(b"null"))


def route(wire: Route, kind: str, namespace: str, origin: Origin | None) -> EntryPoint:
    """A route and the Services behind it, those it mirrors requests to among them, and what it wants to attach to."""
    spec = wire.spec
    services, ports = gathered(_backends(wire, namespace))
    return EntryPoint(
        kind=kind,
        namespace=namespace,
        name=wire.metadata.name,
        services=services,
        ports=ports,
        parents=_parents(wire, namespace),
        hostnames=tuple((spec and spec.hostnames) or ()),
        redirects=_redirects(wire),
        annotations=kept_values(wire.metadata.annotations, KEPT_ANNOTATIONS),
        origin=origin,
    )


def gateway(wire: WireGateway, namespace: str, origin: Origin | None) -> Gateway:
    """A Gateway with its listeners; the addresses it has got count before those it asks for."""
    spec = wire.spec
    given = _addresses(wire.status.addresses if wire.status else None)
    inherited = spec.infrastructure.annotations if spec and spec.infrastructure else None
    annotations = kept_values(wire.metadata.annotations, KEPT_ANNOTATIONS) | kept_values(inherited, KEPT_ANNOTATIONS)
    return Gateway(
        namespace=namespace,
        name=wire.metadata.name,
        class_name=(spec and spec.gateway_class_name) or "",
        listeners=tuple(_listener(entry, namespace) for entry in (spec and spec.listeners) or ()),
        addresses=given or _addresses(spec.addresses if spec else None),
        annotations=dict(sorted(annotations.items())),
        origin=origin,
    )


def _listener(wire: WireListener, namespace: str) -> Listener:
    allowed = wire.allowed_routes
    namespaces = allowed.namespaces if allowed else None
    selector = namespaces.selector if namespaces else ABSENT
    return Listener(
        name=wire.name,
        port=wire.port,
        protocol=wire.protocol,
        hostname=wire.hostname or "",
        routes_from=(namespaces and namespaces.from_) or "Same",
        selector=msgspec.UNSET if selector in _NOTHING else selector.copy(),
        route_kinds=tuple(entry.kind for entry in (allowed and allowed.kinds) or ()),
        tls_mode="" if wire.tls is None else wire.tls.mode or "Terminate",
        certificates=tuple(
            f"{entry.namespace or namespace}/{entry.name}"
            for entry in (wire.tls and wire.tls.certificate_refs) or ()
            if entry.name
        ),
    )


def _addresses(wire: Iterable[GatewayAddress] | None) -> tuple[str, ...]:
    """IP addresses (the default type) and host names; another type's value is a name that only its controller knows."""
    return tuple(
        entry.value for entry in wire or () if entry.value and (entry.type or "IPAddress") in {"IPAddress", "Hostname"}
    )


def _parents(wire: Route, namespace: str) -> tuple[RouteParent, ...]:
    """Each parent with what its controllers say; several may speak of one, and one that accepts the route is enough."""
    said: dict[RouteParent, bool] = {}
    for status in (wire.status and wire.status.parents) or ():
        accepted = _accepted(status.conditions)
        if status.parent_ref is not None and accepted is not None:
            parent = _parent(status.parent_ref, namespace)
            said[parent] = said.get(parent, False) or accepted
    wanted = [_parent(entry, namespace) for entry in (wire.spec and wire.spec.parent_refs) or ()]
    return tuple(
        msgspec.structs.replace(parent, accepted=said[parent]) if parent in said else parent for parent in wanted
    )


def _parent(wire: ParentRef, namespace: str) -> RouteParent:
    return RouteParent(
        namespace=wire.namespace or namespace,
        name=wire.name,
        kind=wire.kind or "Gateway",
        section=wire.section_name or "",
        port=wire.port or 0,
    )


def _accepted(conditions: Iterable[Condition] | None) -> bool | None:
    """What the condition Accepted says, None where it is not there or undecided."""
    words = {entry.status for entry in conditions or () if entry.type == "Accepted"}
    return True if words == {"True"} else False if words == {"False"} else None


def _backends(wire: Route, namespace: str) -> Iterator[Backend]:
    for rule in (wire.spec and wire.spec.rules) or ():
        references: list[BackendRef] = [*(rule.backend_refs or ()), *_mirrors(rule.filters)]
        for backend in rule.backend_refs or ():
            references += _mirrors(backend.filters)
        for reference in references:
            if (reference.group or "") == "" and (reference.kind or "Service") == "Service":
                yield f"{reference.namespace or namespace}/{reference.name}", reference.port


def _redirects(wire: Route) -> bool:
    """Whether every rule sends requests to HTTPS and nowhere else."""
    rules = (wire.spec and wire.spec.rules) or ()
    return bool(rules) and all(any(map(_to_https, rule.filters or ())) for rule in rules)


def _to_https(entry: RouteFilter) -> bool:
    return entry.request_redirect is not None and entry.request_redirect.scheme == "https"


def _mirrors(filters: Iterable[RouteFilter] | None) -> Iterator[BackendRef]:
    for entry in filters or ():
        if entry.request_mirror is not None and entry.request_mirror.backend_ref is not None:
            yield entry.request_mirror.backend_ref
