"""The Gateway API's routes and Gateways (kubernetes-sigs/gateway-api, apis/v1)."""

from __future__ import annotations

import msgspec

from infra.wire.metadata import ABSENT, Metadata, Wire
from infra.wire.workloads import Condition


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


class RequestRedirect(Wire):
    """A redirect; `scheme` is where it leads, if that changes."""

    scheme: str | None = None


class RouteFilter(Wire):
    """A route's filter, as far as it sends traffic anywhere."""

    request_mirror: RequestMirror | None = None
    request_redirect: RequestRedirect | None = None


class RouteBackend(BackendRef):
    """A backend of a rule, with its own filters."""

    filters: list[RouteFilter] | None = None


class RouteRule(Wire):
    """One rule of a route."""

    backend_refs: list[RouteBackend] | None = None
    filters: list[RouteFilter] | None = None


class ParentRef(Wire):
    """What a route wants to attach to; without group and kind it is a Gateway of the route's own namespace."""

    name: str = ""
    namespace: str | None = None
    group: str | None = None
    kind: str | None = None
    section_name: str | None = None
    port: int | None = None


class RouteSpec(Wire):
    """A route's spec."""

    parent_refs: list[ParentRef] | None = None
    hostnames: list[str] | None = None
    rules: list[RouteRule] | None = None


class ParentStatus(Wire):
    """What one parent's controller says of the route."""

    parent_ref: ParentRef | None = None
    conditions: list[Condition] | None = None


class RouteStatus(Wire):
    """A route's status."""

    parents: list[ParentStatus] | None = None


class Route(Wire):
    """An HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute."""

    metadata: Metadata
    spec: RouteSpec | None = None
    status: RouteStatus | None = None


class RouteNamespaces(Wire):
    """From which namespaces routes may attach; `selector` is a label selector."""

    from_: str | None = msgspec.field(name="from", default=None)
    selector: msgspec.Raw = ABSENT


class RouteKind(Wire):
    """A kind of routes that may attach."""

    kind: str = ""


class AllowedRoutes(Wire):
    """Which routes may attach to a listener."""

    namespaces: RouteNamespaces | None = None
    kinds: list[RouteKind] | None = None


class CertificateRef(Wire):
    """The Secret that holds a listener's certificate."""

    name: str = ""
    namespace: str | None = None


class ListenerTls(Wire):
    """How a listener ends TLS."""

    mode: str | None = None
    certificate_refs: list[CertificateRef] | None = None


class Listener(Wire):
    """A port that a Gateway opens."""

    name: str = ""
    port: int = 0
    protocol: str = ""
    hostname: str | None = None
    allowed_routes: AllowedRoutes | None = None
    tls: ListenerTls | None = None


class GatewayAddress(Wire):
    """An address, asked for or got: an IP address, a host name, or a name that only the implementation knows."""

    type: str | None = None
    value: str | None = None


class Infrastructure(Wire):
    """What goes on to the objects that are made for a Gateway."""

    annotations: dict[str, msgspec.Raw] | None = None


class GatewaySpec(Wire):
    """A Gateway's spec."""

    gateway_class_name: str | None = None
    listeners: list[Listener] | None = None
    addresses: list[GatewayAddress] | None = None
    infrastructure: Infrastructure | None = None


class GatewayStatus(Wire):
    """A Gateway's status."""

    addresses: list[GatewayAddress] | None = None


class Gateway(Wire):
    """A Gateway."""

    metadata: Metadata
    spec: GatewaySpec | None = None
    status: GatewayStatus | None = None
