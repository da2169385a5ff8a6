"""What leads traffic to pods: Services, the endpoints of those without a selector, Ingresses, Routes and Gateways.

Sources: the API pages of `Service` and `EndpointSlice` (Kubernetes API reference), the Gateway API's types
(kubernetes-sigs/gateway-api, apis/v1), OpenShift's `route/v1/types.go`.
"""

from __future__ import annotations

import msgspec

from scanner.stored import Origin, Stored


class ServicePort(Stored, frozen=True, kw_only=True):
    """A Service's port. `target` is a number, a container port's name, or None for the same number as `port`."""

    port: int
    protocol: str = "TCP"
    name: str = ""
    target: int | str | None = None
    node_port: int = 0


class Service(Stored, frozen=True, kw_only=True):
    """A Service. `selector` is None for one without a selector, whose endpoints are in `Snapshot.endpoint_slices`.

    `external_traffic_policy` and `internal_traffic_policy` are empty where not said (`Cluster` is then meant).
    `health_check_node_port` is a port of every node, 0 for none. `publish_not_ready` says that pods receive traffic
    before they are ready. `headless` says that it asks for no address of its own.
    """

    namespace: str
    name: str
    type: str = "ClusterIP"
    selector: dict[str, str] | None = None
    ports: tuple[ServicePort, ...] = ()
    cluster_ips: tuple[str, ...] = ()
    external_ips: tuple[str, ...] = ()
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    load_balancer_class: str = ""
    source_ranges: tuple[str, ...] = ()
    balancer_addresses: tuple[str, ...] = ()
    health_check_node_port: int = 0
    publish_not_ready: bool = False
    headless: bool = False
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    origin: Origin | None = None


class EndpointPort(Stored, frozen=True, kw_only=True):
    """A port of a slice's endpoints; `name` is the Service port's name, empty where that has none."""

    port: int
    protocol: str = "TCP"
    name: str = ""


class Endpoint(Stored, frozen=True, kw_only=True):
    """One endpoint. `pod` is "namespace/name" of the pod it names as its own, empty where it names none."""

    addresses: tuple[str, ...]
    ready: bool = True  # nil means ready (EndpointConditions)
    pod: str = ""


class EndpointSlice(Stored, frozen=True, kw_only=True):
    """Endpoints of a Service without a selector: somebody wrote them, so they may lead anywhere.

    `service` is the Service's name in the same namespace. In a folder an `Endpoints` object counts as one slice for each
    of its subsets, as the mirroring controller makes them.
    """

    namespace: str
    name: str
    service: str
    ports: tuple[EndpointPort, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    origin: Origin | None = None


class RouteParent(Stored, frozen=True, kw_only=True):
    """What a Gateway API route wants to attach to. A route whose parents are Services is the mesh's: no way in.

    `section` is a listener's name and `port` a listener's port, empty and 0 for any. `accepted` is what the parent's
    controller says in the route's status, None where it says nothing (always in a folder of manifests).
    """

    namespace: str
    name: str
    kind: str = "Gateway"
    section: str = ""
    port: int = 0
    accepted: bool | None = None


class Tls(Stored, frozen=True, kw_only=True):
    """One certificate of an entry point: `secret` names the Secret that holds it, which nobody reads; no hosts: all."""

    hosts: tuple[str, ...] = ()
    secret: str = ""


class EntryPoint(Stored, frozen=True, kw_only=True):
    """An Ingress, a Gateway API route or an OpenShift Route: what leads traffic from outside to Services.

    The ports of a `Route` (OpenShift) are targets: a number is the endpoints' own, a name the Service port's. `redirects`
    says that all it does with plain HTTP is to send it to HTTPS: every rule of an HTTPRoute, an OpenShift Route's Redirect
    (an Ingress says so by annotations).
    """

    kind: str
    namespace: str
    name: str
    class_name: str = ""
    services: tuple[str, ...] = ()  # backend Services as "namespace/name", sorted
    ports: dict[str, tuple[int | str, ...]] = msgspec.field(
        default_factory=dict
    )  # "namespace/name" -> Service ports; absent or empty: all
    parents: tuple[RouteParent, ...] = ()  # of Gateway API routes
    hostnames: tuple[str, ...] = ()  # of Gateway API routes; empty: every name
    hosts: tuple[str, ...] = ()  # of Ingresses and OpenShift Routes; "" among them: every name
    tls: tuple[Tls, ...] = ()  # of Ingresses and OpenShift Routes
    redirects: bool = False
    addresses: tuple[str, ...] = ()  # of Ingresses: where their controller says that they are found
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    origin: Origin | None = None


class Listener(Stored, frozen=True, kw_only=True):
    """A port that a Gateway opens, and which routes may attach to it.

    `routes_from` is All, Same, Selector or None; Selector goes with `selector`, a label selector over namespaces.
    `route_kinds` are "Kind" names; empty means those that the protocol takes. `hostname` is empty for every name.
    `tls_mode` is Terminate, Passthrough or empty; `certificates` are the "namespace/name" of Secrets, which nobody reads.
    """

    name: str
    port: int
    protocol: str
    hostname: str = ""
    routes_from: str = "Same"
    selector: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    route_kinds: tuple[str, ...] = ()
    tls_mode: str = ""
    certificates: tuple[str, ...] = ()


class Gateway(Stored, frozen=True, kw_only=True):
    """A Gateway. `addresses` are those it has got, else those it asks for: IP addresses and host names.

    `annotations` are its own and those of `spec.infrastructure`, which go on to the balancer made for it.
    """

    namespace: str
    name: str
    class_name: str = ""
    listeners: tuple[Listener, ...] = ()
    addresses: tuple[str, ...] = ()
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    origin: Origin | None = None
