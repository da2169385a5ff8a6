"""Ways in through Ingresses, Gateway API routes and OpenShift Routes, and their agreement with the lines of a listing."""

from __future__ import annotations

import msgspec
import pytest

from scanner.model import (
    Cloud,
    Collected,
    ContainerPort,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    EntryPoint,
    Gateway,
    KindStatus,
    Listener,
    RouteParent,
    Service,
    ServicePort,
)
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.factories import cluster, namespace, pod, policy, raw, snapshot

WEB = "shop/web[Deployment]"
CONTROLLER = "{ingress-controller}"
PODS = [pod("web-1", ports=[ContainerPort(port=8080, name="http"), ContainerPort(port=53, protocol="UDP")])]
SERVICE = Service(
    namespace="shop",
    name="web",
    selector={"app": "web"},
    ports=(ServicePort(port=80, target="http"), ServicePort(port=53, protocol="UDP")),
)
PARENT = RouteParent(namespace="infra", name="public")
ALL = Listener(name="web", port=443, protocol="HTTPS", routes_from="All")
SHOP = {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}

AWS_INTERNAL = "service.beta.kubernetes.io/aws-load-balancer-internal"


def route(*parents, **overrides):
    """A route of namespace shop to the web Service."""
    fields = {"kind": "HTTPRoute", "name": "web", "services": ("shop/web",)} | overrides
    return EntryPoint(namespace="shop", parents=parents or (PARENT,), **fields)


def gateway(*listeners, **overrides):
    """A Gateway of namespace infra."""
    return Gateway(**({"namespace": "infra", "name": "public", "listeners": listeners or (ALL,)} | overrides))


def reach_of(entry, *gateways, **parts):
    """The declared reach of a cluster with one entry point."""
    fields = {"pods": PODS, "services": [SERVICE], "namespaces": [namespace("shop"), namespace("infra")]} | parts
    found = snapshot(entry_points=(entry,), gateways=gateways, **fields)
    return build(found, resolve(found))


def controlled(reach):
    """What ingress controllers may open, by workload, and what may or may not be open to them."""
    allowed = {each.dst: dict(each.ports) for each in reach.connections() if each.src == CONTROLLER}
    return allowed, {each.dst: dict(each.ports) for each in reach.unknown() if each.src == CONTROLLER}


TCP = {"TCP": ((8080, 8080),)}


def test_a_route_is_a_way_in_through_each_listener_that_takes_it():
    """The outer port is the listener's; policy sees the ingress controller."""
    listeners = (ALL, msgspec.structs.replace(ALL, name="plain", port=80, protocol="HTTP"))
    reach = reach_of(route(), gateway(*listeners, class_name="istio", addresses=("203.0.113.1",)))
    found = reach.ways_in()
    assert [(way.port, way.through.listener, way.through.gateway, way.through.class_name) for way in found] == [
        (80, "plain", "infra/public", "istio"),
        (443, "web", "infra/public", "istio"),
    ]
    assert {(way.workload, way.peer, way.scope, way.addresses) for way in found} == {
        (WEB, CONTROLLER, "public", ("203.0.113.1",))
    }
    assert [dict(way.targets) for way in found] == [TCP, TCP]
    assert controlled(reach) == ({WEB: TCP}, {})


@pytest.mark.parametrize(
    ("listener", "parent", "entry", "taken"),
    [
        pytest.param({}, {"section": "web"}, {}, True, id="section"),
        pytest.param({}, {"section": "other"}, {}, False, id="another-section"),
        pytest.param({}, {"port": 443}, {}, True, id="port"),
        pytest.param({}, {"port": 80}, {}, False, id="another-port"),
        pytest.param({"routes_from": "Same"}, {}, {}, False, id="same-namespace-only"),
        pytest.param({"routes_from": "None"}, {}, {}, False, id="no-namespace"),
        pytest.param({"routes_from": "Selector", "selector": raw(SHOP)}, {}, {}, True, id="selector"),
        pytest.param({"routes_from": "Selector", "selector": raw({"matchLabels": {"a": "b"}})}, {}, {}, False, id="other-labels"),
        pytest.param({"route_kinds": ("GRPCRoute",)}, {}, {}, False, id="another-kind"),
        pytest.param({"route_kinds": ("GRPCRoute", "HTTPRoute")}, {}, {}, True, id="kind"),
        pytest.param({"protocol": "TCP"}, {}, {}, False, id="a-protocol-without-http"),
        pytest.param({"protocol": "TCP"}, {}, {"kind": "TCPRoute"}, True, id="tcp"),
        pytest.param({"protocol": "TLS"}, {}, {"kind": "TLSRoute"}, True, id="tls"),
        pytest.param({"hostname": "a.example"}, {}, {"hostnames": ("A.example",)}, True, id="hostname"),
        pytest.param({"hostname": "a.example"}, {}, {"hostnames": ("b.example",)}, False, id="another-hostname"),
        pytest.param({"hostname": "a.example"}, {}, {}, True, id="a-route-of-every-name"),
        pytest.param({"hostname": "*.example"}, {}, {"hostnames": ("x.y.example",)}, True, id="wildcard"),
        pytest.param({"hostname": "*.example"}, {}, {"hostnames": ("example",)}, False, id="wildcard-without-a-label"),
        pytest.param({"hostname": "x.y.example"}, {}, {"hostnames": ("b", "*.example")}, True, id="a-routes-wildcard"),
        pytest.param({"hostname": "*.y.example"}, {}, {"hostnames": ("*.example",)}, True, id="two-wildcards"),
        pytest.param({"hostname": "*.example"}, {}, {"hostnames": ("*.example.org",)}, False, id="wildcards-apart"),
        pytest.param(
            {"protocol": "TCP", "hostname": "a"}, {}, {"kind": "TCPRoute", "hostnames": ("b",)}, True, id="tcp-knows-none"
        ),
        pytest.param({}, {"accepted": False}, {}, False, id="not-accepted"),
        pytest.param({}, {"accepted": True}, {}, True, id="accepted"),
    ],
)  # fmt: skip
def test_which_listeners_take_a_route(listener, parent, entry, taken):
    """A route that no listener takes is no way in, draws no line, and a warning says why."""
    reach = reach_of(
        route(msgspec.structs.replace(PARENT, **parent), **entry), gateway(msgspec.structs.replace(ALL, **listener))
    )
    assert [(way.port, way.workload) for way in reach.ways_in()] == ([(443, WEB)] if taken else [])
    assert controlled(reach) == (({WEB: TCP} if taken else {}), {})
    told = [
        (each.field, each.message) for each in reach.notices if each.object.startswith(entry.get("kind", "HTTPRoute"))
    ]
    assert [field for field, _ in told] == ([] if taken else ["spec.parentRefs"])
    assert all("Gateway infra/public" in message and "nothing is reached" in message for _, message in told)


def test_routes_of_a_gateways_own_namespace_attach_by_default():
    """`Same` is what a listener means that says nothing."""
    here = msgspec.structs.replace(PARENT, namespace="shop")
    reach = reach_of(route(here), gateway(Listener(name="web", port=80, protocol="HTTP"), namespace="shop"))
    assert [way.port for way in reach.ways_in()] == [80]


@pytest.mark.parametrize(
    ("gateways", "entry", "why"),
    [
        pytest.param((), route(), "Gateway infra/public is not in this snapshot", id="gateway-not-seen"),
        pytest.param((), route(msgspec.structs.replace(PARENT, kind="ListenerSet")), "ListenerSet infra/public", id="kind"),
        pytest.param((), msgspec.structs.replace(route(), parents=()), "names no Gateway", id="no-parent"),
        pytest.param(
            (gateway(msgspec.structs.replace(ALL, routes_from="Selector", selector=raw({"matchLabels": 3}))),),
            route(), "cannot be read", id="unreadable-selector",
        ),
        pytest.param((gateway(msgspec.structs.replace(ALL, routes_from="Selector")),), route(), "not there", id="no-selector"),
        pytest.param((gateway(msgspec.structs.replace(ALL, routes_from="Own")),), route(), "not known: Own", id="new-word"),
        pytest.param((gateway(msgspec.structs.replace(ALL, protocol="x.io/y")),), route(), "protocol x.io/y", id="protocol"),
        pytest.param(
            (gateway(msgspec.structs.replace(ALL, name="no", routes_from="None")),),
            route(msgspec.structs.replace(PARENT, accepted=True)), "no listener is seen", id="accepted-all-the-same",
        ),
    ],
)  # fmt: skip
def test_a_route_whose_attachment_is_not_known_keeps_its_doubt(gateways, entry, why):
    """It stays a way in of unknown scope, with the reason; what policy says of ingress controllers is the same."""
    reach = reach_of(entry, *gateways)
    (found,) = reach.ways_in()
    assert (found.workload, found.scope) == (WEB, "unknown")
    assert why in found.scope_reason
    assert controlled(reach) == ({WEB: TCP}, {})


def test_a_selector_needs_the_labels_of_the_routes_namespace():
    """Where namespaces could not be read, whether a selector matches is not known."""
    chosen = msgspec.structs.replace(ALL, routes_from="Selector", selector=raw({"matchLabels": {"team": "a"}}))
    parts = {"namespaces": [namespace("infra")], "unlisted": ["namespaces"]}
    (found,) = reach_of(route(), gateway(chosen), **parts).ways_in()
    assert "labels of namespace shop" in found.scope_reason


def test_a_route_of_the_mesh_is_no_way_in():
    """Its parent is a Service: it steers traffic between pods, and nothing is wrong with that."""
    reach = reach_of(route(RouteParent(namespace="shop", name="web", kind="Service")))
    assert (reach.ways_in(), controlled(reach), reach.notices) == ((), ({}, {}), ())


def test_a_udp_route_leads_to_udp_ports():
    """No TCP port is reached through it."""
    udp = msgspec.structs.replace(ALL, protocol="UDP", port=5353)
    reach = reach_of(route(kind="UDPRoute"), gateway(udp))
    (found,) = reach.ways_in()
    assert (found.protocol, found.port, dict(found.targets)) == ("UDP", 5353, {"UDP": ((53, 53),)})
    assert controlled(reach) == ({WEB: {"UDP": ((53, 53),)}}, {})


def test_two_parents_that_are_one_listener_are_one_way():
    """A route may name a Gateway and one of its listeners as well."""
    reach = reach_of(route(PARENT, msgspec.structs.replace(PARENT, section="web")), gateway())
    assert len(reach.ways_in()) == 1


@pytest.mark.parametrize(
    ("cloud", "fields", "scope"),
    [
        pytest.param("other", {"addresses": ("10.0.0.1",)}, "internal", id="private-address"),
        pytest.param("gcp", {"class_name": "gke-l7-rilb"}, "internal", id="gke-internal"),
        pytest.param("gcp", {"class_name": "gke-l7-global-external-managed-mc"}, "public", id="gke-external"),
        pytest.param("aws", {"annotations": {AWS_INTERNAL: "true"}}, "internal", id="annotated"),
        pytest.param("aws", {"class_name": "istio"}, "unknown", id="controllers-choice"),
    ],
)  # fmt: skip
def test_who_finds_a_gateway(cloud, fields, scope):
    """Its addresses, GKE's classes, or what its annotations pass on to the balancer."""
    (found,) = reach_of(route(), gateway(**fields), cluster=cluster(Cloud(cloud))).ways_in()
    assert (found.scope, bool(found.scope_reason)) == (scope, True)


ALB = "alb.ingress.kubernetes.io/"


@pytest.mark.parametrize(
    ("cloud", "class_name", "annotations", "scope"),
    [
        pytest.param("aws", "alb", {f"{ALB}scheme": "internet-facing"}, "public", id="alb-public"),
        pytest.param("aws", "alb", {f"{ALB}scheme": "internal"}, "internal", id="alb-internal"),
        pytest.param("aws", "alb", {}, "unknown", id="alb-by-its-class"),
        pytest.param("gcp", "gce-internal", {}, "internal", id="gke-internal"),
        pytest.param("gcp", "", {}, "public", id="gke-default"),
        pytest.param("azure", "nginx", {}, "unknown", id="nginx"),
        pytest.param("other", "", {}, "unknown", id="nobody-knows"),
    ],
)
def test_who_finds_an_ingress(cloud, class_name, annotations, scope):
    """What its class and annotations say; behind a controller of the cluster's own it is not known."""
    entry = EntryPoint(
        kind="Ingress",
        namespace="shop",
        name="web",
        services=("shop/web",),
        class_name=class_name,
        annotations=annotations,
    )
    (found,) = reach_of(entry, cluster=cluster(Cloud(cloud))).ways_in()
    assert (found.scope, found.through.class_name, found.port) == (scope, class_name, 0)
    assert found.scope_reason


@pytest.mark.parametrize(
    ("cidrs", "sources"), [("203.0.113.0/24, 203.0.112.0/24", ("203.0.112.0-203.0.113.255",)), ("all of it", ())]
)
def test_an_albs_inbound_ranges_are_its_sources(cidrs, sources):
    """A list that cannot be read limits nothing, and the reason says so."""
    entry = EntryPoint(
        kind="Ingress", namespace="shop", name="web", services=("shop/web",), class_name="alb",
        annotations={f"{ALB}inbound-cidrs": cidrs},
    )  # fmt: skip
    (found,) = reach_of(entry).ways_in()
    assert found.sources == sources
    assert ("write CIDRs" in found.scope_reason) is not bool(sources)


def test_an_openshift_route_is_a_way_in_of_its_router():
    """Its port may be the pods' own; how public the router is cannot be seen."""
    entry = EntryPoint(
        kind="Route", namespace="shop", name="web", services=("shop/web",), ports={"shop/web": ("http",)}
    )
    (found,) = reach_of(entry).ways_in()
    assert (found.through.kind, found.workload, dict(found.targets), found.scope) == ("Route", WEB, TCP, "unknown")


def test_an_ingress_to_a_missing_service_is_noticed_and_no_way_in():
    """Nothing is reached through it."""
    entry = EntryPoint(kind="Ingress", namespace="shop", name="web", services=("shop/gone",))
    reach = reach_of(entry)
    assert reach.ways_in() == ()
    assert [(each.object, "shop/gone" in each.message) for each in reach.notices] == [("Ingress shop/web", True)]


def test_an_ingress_leads_through_a_service_without_a_selector():
    """Its endpoints are the backends, in the listing and in the list of ways; those that are no pods stand apart."""
    lone = msgspec.structs.replace(SERVICE, selector=None, ports=(ServicePort(port=80),))
    endpoints = (Endpoint(addresses=("10.0.0.5",)), Endpoint(addresses=("192.0.2.7",)))
    parts = (
        EndpointSlice(namespace="shop", name="x", service="web", ports=(EndpointPort(port=8080),), endpoints=endpoints),
    )
    entry = EntryPoint(kind="Ingress", namespace="shop", name="web", services=("shop/web",))
    pods = [msgspec.structs.replace(PODS[0], ips=("10.0.0.5",))]
    reach = reach_of(entry, pods=pods, services=[lone], endpoint_slices=parts)
    assert controlled(reach) == ({WEB: TCP}, {})
    assert [(way.workload, way.endpoints) for way in reach.ways_in()] == [("", ("192.0.2.7",)), (WEB, ())]


def test_an_ingress_to_an_external_name_reaches_no_pod():
    """Whatever selector the Service carries."""
    outside = msgspec.structs.replace(SERVICE, type="ExternalName")
    reach = reach_of(
        EntryPoint(kind="Ingress", namespace="shop", name="web", services=("shop/web",)), services=[outside]
    )
    assert (reach.ways_in(), controlled(reach)) == ((), ({}, {}))


@pytest.mark.parametrize(
    ("rules", "admitted"),
    [
        pytest.param(None, "partly", id="open-and-undeclared"),
        pytest.param([], "no", id="denied"),
        pytest.param([{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}], "no", id="no-block-matches-it"),
        pytest.param([{"from": [{"namespaceSelector": {}}], "ports": [{"port": 8080}]}], "partly", id="one-port"),
        pytest.param([{"ports": [{"port": 8443}]}], "unknown", id="only-the-undeclared-port"),
    ],
)
def test_what_policy_says_of_a_controller_is_what_the_listing_says(rules, admitted):
    """A port that no container declares cannot be decided; every other as the policies have it."""
    policies = [] if rules is None else [policy({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": rules})]
    both = msgspec.structs.replace(
        SERVICE, ports=(ServicePort(port=80, target="http"), ServicePort(port=443, target=8443))
    )
    entry = EntryPoint(kind="Ingress", namespace="shop", name="web", services=("shop/web",))
    reach = reach_of(entry, services=[both], policies=policies)
    (found,) = reach.ways_in()
    assert found.judgement.admitted == admitted
    allowed, unknown = controlled(reach)
    assert [dict(each.ports) for each in found.judgement.allowed] == list(allowed.values())
    assert [dict(each.ports) for each in found.judgement.undecided] == list(unknown.values())


def test_routes_are_read_from_a_partial_snapshot():
    """Gateways that could not be listed are not seen: the routes keep their doubt."""
    gap = {"gateways.gateway.networking.k8s.io": KindStatus(status=Collected.FORBIDDEN)}
    (found,) = reach_of(route(), collection=gap).ways_in()
    assert found.scope == "unknown"
