"""Services and their endpoints, Ingresses and OpenShift Routes."""

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
    internal_traffic_policy: str | None = None
    load_balancer_class: str | None = None
    load_balancer_ip: str | None = msgspec.field(name="loadBalancerIP", default=None)
    load_balancer_source_ranges: list[str] | None = None
    health_check_node_port: int | None = None
    publish_not_ready_addresses: bool | None = None


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


class EndpointPort(Wire):
    """A port of endpoints; 0 is "none given"."""

    port: int | None = None
    protocol: str | None = None
    name: str | None = None


class ObjectReference(Wire):
    """The object that an endpoint is."""

    kind: str | None = None
    namespace: str | None = None
    name: str | None = None


class EndpointConditions(Wire):
    """Whether an endpoint is ready; absent means that it is."""

    ready: bool | None = None


class SliceEndpoint(Wire):
    """One endpoint of a slice."""

    addresses: list[str] | None = None
    conditions: EndpointConditions | None = None
    target_ref: ObjectReference | None = None


class EndpointSlice(Wire):
    """An EndpointSlice; its label `kubernetes.io/service-name` names the Service."""

    metadata: Metadata
    address_type: str = ""
    endpoints: list[SliceEndpoint] | None = None
    ports: list[EndpointPort] | None = None


class EndpointAddress(Wire):
    """One address of an Endpoints object."""

    ip: str = ""
    target_ref: ObjectReference | None = None


class EndpointSubset(Wire):
    """Addresses that share their ports."""

    addresses: list[EndpointAddress] | None = None
    not_ready_addresses: list[EndpointAddress] | None = None
    ports: list[EndpointPort] | None = None


class Endpoints(Wire):
    """An Endpoints object, the older form of slices; it has its Service's name."""

    metadata: Metadata
    subsets: list[EndpointSubset] | None = None


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

    host: str | None = None
    http: IngressPaths | None = None


class IngressTls(Wire):
    """One certificate of an Ingress: the hosts it is for, and the name of the Secret that holds it."""

    hosts: list[str] | None = None
    secret_name: str | None = None


class IngressSpec(Wire):
    """An Ingress's spec; `backend` is the removed v1beta1's default backend."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    backend: IngressBackend | None = None
    rules: list[IngressRule] | None = None
    tls: list[IngressTls] | None = None


class IngressStatus(Wire):
    """Where an Ingress's controller says that it is found."""

    load_balancer: BalancerStatus | None = None


class Ingress(Wire):
    """An Ingress."""

    metadata: Metadata
    spec: IngressSpec | None = None
    status: IngressStatus | None = None


class RouteTarget(Wire):
    """A backend of an OpenShift Route; only Services can be one."""

    kind: str | None = None
    name: str = ""


class RoutePort(Wire):
    """The port of the endpoints: its number, or the name of the Service port."""

    target_port: int | str | None = None


class RouteTls(Wire):
    """How an OpenShift Route ends TLS, and what it does with plain HTTP. Its key and certificates are not decoded."""

    termination: str | None = None
    insecure_edge_termination_policy: str | None = None


class OpenShiftRouteSpec(Wire):
    """An OpenShift Route's spec."""

    host: str | None = None
    tls: RouteTls | None = None
    to: RouteTarget | None = None
    alternate_backends: list[RouteTarget] | None = None
    port: RoutePort | None = None


class OpenShiftRoute(Wire):
    """OpenShift's Route."""

    metadata: Metadata
    spec: OpenShiftRouteSpec | None = None
