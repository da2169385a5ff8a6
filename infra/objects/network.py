"""Wire Services, Ingresses and OpenShift Routes as a snapshot holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.objects.kept import kept_values
from infra.wire.network import Ingress, IngressBackend, OpenShiftRoute
from infra.wire.network import Service as WireService
from scanner.entry import Tls
from scanner.kept import KEPT_ANNOTATIONS
from scanner.model import EntryPoint, Origin, Service, ServicePort

_CLASS = "kubernetes.io/ingress.class"  # what ingressClassName replaced; controllers still read it

Port = int | str
# A Service as "namespace/name", and the port of it that is meant; None is every port.
Backend = tuple[str, Port | None]


def service(wire: WireService, namespace: str, origin: Origin | None) -> Service:
    """A Service. A headless one ("None") has no address of its own; an empty selector selects nothing, as none does."""
    spec = wire.spec
    status = wire.status.load_balancer if wire.status else None
    addresses = (spec and (spec.cluster_ips or [spec.cluster_ip or ""])) or []
    balancers = [entry.ip or entry.hostname or "" for entry in (status and status.ingress) or []]
    return Service(
        namespace=namespace,
        name=wire.metadata.name,
        type=(spec and spec.type) or "ClusterIP",
        selector=(spec and spec.selector) or None,
        ports=tuple(
            ServicePort(
                port=entry.port,
                protocol=entry.protocol or "TCP",
                name=entry.name or "",
                target=entry.target_port or None,
                node_port=entry.node_port or 0,
            )
            for entry in (spec and spec.ports) or ()
        ),
        cluster_ips=tuple(address for address in addresses if address not in {"", "None"}),
        headless="None" in addresses,
        external_ips=tuple((spec and spec.external_ips) or ()),
        external_traffic_policy=(spec and spec.external_traffic_policy) or "",
        internal_traffic_policy=(spec and spec.internal_traffic_policy) or "",
        load_balancer_class=(spec and spec.load_balancer_class) or "",
        source_ranges=tuple((spec and spec.load_balancer_source_ranges) or ()),
        balancer_addresses=tuple(address for address in balancers if address),
        health_check_node_port=(spec and spec.health_check_node_port) or 0,
        publish_not_ready=bool(spec and spec.publish_not_ready_addresses),
        annotations=kept_values(wire.metadata.annotations, KEPT_ANNOTATIONS),
        origin=origin,
    )


def ingress(wire: Ingress, namespace: str, origin: Origin | None) -> EntryPoint:
    """An Ingress and the Services behind it."""
    annotations = kept_values(wire.metadata.annotations, KEPT_ANNOTATIONS)
    services, ports = gathered(_ingress_backends(wire, namespace))
    status = wire.status.load_balancer if wire.status else None
    found = [entry.ip or entry.hostname or "" for entry in (status and status.ingress) or []]
    return EntryPoint(
        kind="Ingress",
        namespace=namespace,
        name=wire.metadata.name,
        class_name=(wire.spec and wire.spec.ingress_class_name) or annotations.get(_CLASS, ""),
        services=services,
        ports=ports,
        hosts=_hosts(wire),
        tls=tuple(
            Tls(hosts=tuple(entry.hosts or ()), secret=entry.secret_name or "")
            for entry in (wire.spec and wire.spec.tls) or ()
        ),
        addresses=tuple(address for address in found if address),
        annotations=annotations,
        origin=origin,
    )


def openshift_route(wire: OpenShiftRoute, namespace: str, origin: Origin | None) -> EntryPoint:
    """An OpenShift Route and the Services behind it, all of its own namespace, whatever their weights are today.

    `spec.port.targetPort` chooses among the endpoints' ports, without it all are served (openshift/api, route/v1/types.go).
    """
    spec = wire.spec
    port = spec.port.target_port if spec and spec.port else None
    targets = [spec.to, *(spec.alternate_backends or ())] if spec else []
    services, ports = gathered(
        (f"{namespace}/{target.name}", port or None)
        for target in targets
        if target is not None and target.name and (target.kind or "Service") == "Service"
    )
    return EntryPoint(
        kind="Route",
        namespace=namespace,
        name=wire.metadata.name,
        services=services,
        ports=ports,
        hosts=((spec and spec.host) or "",),
        tls=(Tls(),) if spec and spec.tls and spec.tls.termination else (),
        redirects=bool(spec and spec.tls and spec.tls.insecure_edge_termination_policy == "Redirect"),
        annotations=kept_values(wire.metadata.annotations, KEPT_ANNOTATIONS),
        origin=origin,
    )


def _hosts(wire: Ingress) -> tuple[str, ...]:
    """The hosts of an Ingress, "" for every name: a rule without a host, and a default backend."""
    spec = wire.spec
    if spec is None:
        return ()
    found = {rule.host or "" for rule in spec.rules or ()}
    return tuple(sorted(found | ({""} if spec.default_backend or spec.backend else set())))


def gathered(backends: Iterable[Backend]) -> tuple[tuple[str, ...], dict[str, tuple[Port, ...]]]:
    """All backends, and the ports of those that name one everywhere they stand."""
    ports: dict[str, set[Port | None]] = {}
    for name, port in backends:
        ports.setdefault(name, set()).add(port)
    named = {
        name: tuple(
            sorted((port for port in found if port is not None), key=lambda port: (isinstance(port, str), port))
        )
        for name, found in sorted(ports.items())
        if None not in found
    }
    return tuple(sorted(ports)), named


def _ingress_backends(wire: Ingress, namespace: str) -> Iterator[Backend]:
    if wire.spec is None:
        return
    candidates = [wire.spec.default_backend, wire.spec.backend]
    for rule in wire.spec.rules or ():
        candidates += [path.backend for path in (rule.http and rule.http.paths) or ()]
    for backend in candidates:
        if backend is not None and (found := _ingress_backend(backend)):
            yield f"{namespace}/{found[0]}", found[1]


def _ingress_backend(backend: IngressBackend) -> Backend | None:
    if backend.service is not None:
        port = backend.service.port
        return backend.service.name, (port.number or port.name) if port else None
    return (backend.service_name, backend.service_port) if backend.service_name else None
