"""Services, Ingresses and Gateway API routes."""

from __future__ import annotations

import msgspec

from infra.wire.metadata import Metadata, Wire


class ServicePort(Wire):
    """One port of a Service; 0 is "none given"."""

    port: int = 0
    protocol: str | None = None
    name: str | None = None
    target_port: int | str | None = None
    node_port: int | None = None


class ServiceSpec(Wire):
    """A Service's spec."""

    type: str | None = None
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None
    cluster_ip: str | None = msgspec.field(name="clusterIP", default=None)
    cluster_ips: list[str] | None = msgspec.field(name="clusterIPs", default=None)
    external_ips: list[str] | None = msgspec.field(name="externalIPs", default=None)
    external_traffic_policy: str | None = None
    load_balancer_class: str | None = None
    load_balancer_ip: str | None = msgspec.field(name="loadBalancerIP", default=None)
    load_balancer_source_ranges: list[str] | None = None


class BalancerAddress(Wire):
    """One address or host name of a load balancer."""

    ip: str | None = None
    hostname: str | None = None


class BalancerStatus(Wire):
    """A load balancer's addresses."""

    ingress: list[BalancerAddress] | None = None


class ServiceStatus(Wire):
    """A Service's status."""

    load_balancer: BalancerStatus | None = None


class Service(Wire):
    """A Service."""

    metadata: Metadata
    spec: ServiceSpec | None = None
    status: ServiceStatus | None = None


class BackendPort(Wire):
    """The Service port of an Ingress backend: by number or by name."""

    number: int | None = None
    name: str | None = None


class BackendService(Wire):
    """The Service of an Ingress backend."""

    name: str = ""
    port: BackendPort | None = None


class IngressBackend(Wire):
    """A backend; `service_name` and `service_port` are the removed v1beta1's form."""

    service: BackendService | None = None
    service_name: str | None = None
    service_port: int | str | None = None


class IngressPath(Wire):
    """One path of a rule."""

    backend: IngressBackend | None = None


class IngressPaths(Wire):
    """The paths of a rule."""

    paths: list[IngressPath] | None = None


class IngressRule(Wire):
    """One host's rule."""

    http: IngressPaths | None = None


class IngressSpec(Wire):
    """An Ingress's spec; `backend` is the removed v1beta1's default backend."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    backend: IngressBackend | None = None
    rules: list[IngressRule] | None = None


class Ingress(Wire):
    """An Ingress."""

    metadata: Metadata
    spec: IngressSpec | None = None


class BackendRef(Wire):
    """A route's backend; without group and kind it is a Service."""

    name: str = ""
    namespace: str | None = None
    group: str | None = None
    kind: str | None = None
    port: int | None = None


class RequestMirror(Wire):
    """Where a route copies requests to."""

    backend_ref: BackendRef | None = None


class RouteFilter(Wire):
    """A route's filter, as far as it sends traffic anywhere."""

    request_mirror: RequestMirror | None = None


class RouteBackend(BackendRef):
    """A backend of a rule, with its own filters."""

    filters: list[RouteFilter] | None = None


class RouteRule(Wire):
    """One rule of a route."""

    backend_refs: list[RouteBackend] | None = None
    filters: list[RouteFilter] | None = None


class RouteSpec(Wire):
    """A route's spec."""

    rules: list[RouteRule] | None = None


class Route(Wire):
    """An HTTPRoute, GRPCRoute, TLSRoute or TCPRoute."""

    metadata: Metadata
    spec: RouteSpec | None = None
