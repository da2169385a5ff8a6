"""Ways in through Services and nodes: what is open to the outside, at which port, to whom it leads, and who finds it."""

from __future__ import annotations

import msgspec
import pytest

from scanner.model import (
    Cloud,
    CloudRecord,
    ContainerPort,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Service,
    ServicePort,
    Source,
)
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.selection import WHOLE
from tests.factories import cluster, namespace, node, pod, policy, raw, snapshot
from tests.scanner.reach.planes import capabilities, fact, plane

WEB = "shop/web[Deployment]"
HTTP = pod("web-1", ports=[ContainerPort(port=8080, name="http")], ips=("10.0.0.5",))
INTERNAL = "service.beta.kubernetes.io/"


def service(name="web", **overrides):
    """A LoadBalancer Service for the web pods that has got its node port."""
    fields = {
        "type": "LoadBalancer",
        "selector": {"app": "web"},
        "cluster_ips": ("172.20.0.1", "fd00::1"),
        "ports": (ServicePort(port=80, target="http", node_port=30080),),
    } | overrides
    return Service(namespace="shop", name=name, **fields)


PORT = EndpointPort(port=8080)


def slices(*endpoints, ports=(PORT,), name="web"):
    """What somebody wrote as the endpoints of a Service."""
    return (EndpointSlice(namespace="shop", name=f"{name}-x", service=name, ports=ports, endpoints=endpoints),)


def ways(*, dataplane=None, selection=WHOLE, **parts):
    """The ways into a cluster of one web pod."""
    found = snapshot(**({"pods": [HTTP]} | parts))
    return build(found, resolve(found), dataplane).ways_in(selection)


def doors(found):
    """What leads inside, at which port, to whom and on which ports of theirs."""
    return [(way.through.kind, way.port, way.workload, dict(way.targets)) for way in found]


TARGET = {"TCP": ((8080, 8080),)}


def test_a_balancer_is_a_way_in_and_so_is_its_node_port():
    """Each Service port is one way through the balancer and one at every node."""
    found = ways(services=[service(balancer_addresses=("203.0.113.7",))])
    assert doors(found) == [("LoadBalancer", 80, WEB, TARGET), ("NodePort", 30080, WEB, TARGET)]
    assert [way.through.name for way in found] == ["shop/web"] * 2
    assert [way.addresses for way in found] == [("203.0.113.7",), ()]
    assert [way.scope for way in found] == ["public", "unknown"]


def test_every_protocol_and_port_is_a_way_of_its_own():
    """The ports at the pods are told by protocol."""
    dns = pod("web-1", ports=[ContainerPort(port=53), ContainerPort(port=53, protocol="UDP")])
    ports = (ServicePort(port=53, name="tcp"), ServicePort(port=53, protocol="UDP", name="udp"))
    found = ways(pods=[dns], services=[service(ports=ports)])
    assert doors(found) == [
        ("LoadBalancer", 53, WEB, {"TCP": ((53, 53),)}),
        ("LoadBalancer", 53, WEB, {"UDP": ((53, 53),)}),
    ]


def test_a_balancers_node_port_is_not_known_in_a_folder_and_not_there_in_a_cluster_without_one():
    """The cluster chooses node ports when a Service is created; one it has not got by then is switched off."""
    bare = service(ports=(ServicePort(port=80, target="http"),))
    assert [way.through.kind for way in ways(services=[bare])] == ["LoadBalancer"]
    found = ways(services=[bare], source=Source.MANIFESTS)
    assert [(way.through.kind, way.port) for way in found] == [("LoadBalancer", 80), ("NodePort", 0)]
    assert "allocateLoadBalancerNodePorts" in found[1].scope_reason


def test_source_ranges_limit_the_balancer_and_no_node_port():
    """What loadBalancerSourceRanges say (or the annotation) is the balancer's; a node port takes what reaches the node."""
    expected = {"LoadBalancer": ("198.51.100.0-198.51.100.255", "203.0.113.0-203.0.113.255"), "NodePort": ()}
    for limited in (
        service(source_ranges=("203.0.113.0/24", "198.51.100.0/25", "198.51.100.128/25")),
        service(annotations={f"{INTERNAL}load-balancer-source-ranges": "203.0.113.0/24, 198.51.100.0/24"}),
    ):
        assert {way.through.kind: way.sources for way in ways(services=[limited])} == expected


def test_source_ranges_that_cannot_be_read_limit_nothing_and_say_so():
    """A crafted list is no reason to call a balancer limited."""
    found = ways(services=[service(source_ranges=("=cmd()",))])[0]
    assert (found.sources, found.judgement.admitted) == ((), "yes")
    assert "write CIDRs" in found.scope_reason


def test_a_cluster_ip_is_a_way_in_only_by_external_ips():
    """A Service that is served inside only is none; one with external addresses is one at these."""
    assert ways(services=[service(type="ClusterIP")]) == ()
    (found,) = ways(services=[service(type="ClusterIP", external_ips=("203.0.113.9",))])
    assert doors([found]) == [("externalIPs", 80, WEB, TARGET)]
    assert (found.addresses, found.scope) == (("203.0.113.9",), "public")
    (inside,) = ways(services=[service(type="ClusterIP", external_ips=("10.9.9.9",))])
    assert inside.scope == "internal"


def test_a_headless_service_is_no_way_in():
    """It has no address of its own, so nothing is served at its external ones either."""
    assert ways(services=[service(type="ClusterIP", cluster_ips=())]) == ()
    assert ways(services=[service(type="ClusterIP", cluster_ips=(), external_ips=("203.0.113.9",))]) == ()


def test_an_external_name_leads_nowhere_in_the_cluster():
    """Whatever its selector and addresses say."""
    assert ways(services=[service(type="ExternalName", external_ips=("203.0.113.9",))]) == ()


def test_a_service_without_a_selector_leads_to_the_pods_that_its_endpoints_are():
    """By address, or by the pod that an endpoint names where no address of that pod is known."""
    lone = service(selector=None, ports=(ServicePort(port=80),))
    by_address = ways(services=[lone], endpoint_slices=slices(Endpoint(addresses=("10.0.0.5",))))
    nameless = msgspec.structs.replace(HTTP, ips=())
    named = slices(Endpoint(addresses=("10.0.0.9",), pod="shop/web-1"))
    by_name = ways(pods=[nameless], services=[lone], endpoint_slices=named)
    assert doors(by_address) == doors(by_name) == [("LoadBalancer", 80, WEB, TARGET)]


def test_an_endpoints_address_goes_before_the_pod_it_names():
    """kube-proxy sends to the address: a slice that names one pod and holds the address of another leads to that one."""
    pods = [HTTP, pod("db-1", ns="data", ips=("10.0.0.6",))]
    lying = slices(Endpoint(addresses=("10.0.0.6",), pod="shop/web-1"))
    found = ways(pods=pods, services=[service(selector=None, ports=(ServicePort(port=80),))], endpoint_slices=lying)
    assert [way.workload for way in found] == ["data/db[Deployment]"]


def test_endpoints_that_are_no_pods_lead_out_of_the_clusters_pods():
    """They are listed with their addresses, and no policy judges them."""
    both = slices(
        Endpoint(addresses=("192.0.2.8",)), Endpoint(addresses=("10.0.0.5",)), Endpoint(addresses=("192.0.2.9",))
    )
    found = ways(services=[service(selector=None, ports=(ServicePort(port=80),))], endpoint_slices=both)
    assert [(way.workload, way.endpoints, way.judgement is None) for way in found] == [
        ("", ("192.0.2.8", "192.0.2.9"), True),
        (WEB, (), False),
    ]


def test_an_endpoint_port_belongs_to_the_service_port_of_its_name():
    """Names and protocols must be the same; the Service's target port means nothing here."""
    ports = (EndpointPort(port=8080, name="web"), EndpointPort(port=8080, name="web", protocol="UDP"))
    lone = service(selector=None, ports=(ServicePort(port=80, name="web", target=1), ServicePort(port=81, name="x")))
    found = ways(services=[lone], endpoint_slices=slices(Endpoint(addresses=("10.0.0.5",)), ports=ports))
    assert doors(found) == [("LoadBalancer", 80, WEB, TARGET)]


def test_a_nodes_address_means_the_host_network_pod_that_listens_there():
    """Pods in their node's network share its address: one must be named or declare the port."""
    pods = [
        pod(f"{name}-1", host_network=True, ips=("192.0.2.1",), ports=[ContainerPort(port=port)])
        for name, port in (("web", 8080), ("agent", 9000))
    ]
    lone = service(selector=None, ports=(ServicePort(port=80),))
    found = ways(pods=pods, services=[lone], endpoint_slices=slices(Endpoint(addresses=("192.0.2.1",))))
    assert [way.workload for way in found if way.through.kind == "LoadBalancer"] == [WEB]


def test_a_service_that_reaches_a_part_of_a_class_opens_it_for_no_class_as_a_whole():
    """Written endpoints may part pods that policy cannot: the workload's line is firm, the class's answer is not."""
    pods = [HTTP, pod("other-1", labels={"app": "web"}, ips=("10.0.0.6",))]
    parts = snapshot(
        pods=pods, policies=[policy()], services=[service(selector=None, ports=(ServicePort(port=80),))],
        endpoint_slices=slices(Endpoint(addresses=("10.0.0.5",))),
    )  # fmt: skip
    bypassing = plane(capabilities=capabilities(balancer_policed=fact("no")))
    reach = build(parts, resolve(parts), bypassing)
    assert {(each.dst, each.via) for each in reach.connections()} == {(WEB, "shop/web")}
    (both,) = (item for item in reach.classes if item.workloads)
    assert {each.answer for each in reach.sources(both)} == {"unknown"}
    assert [(way.workload, way.judgement.admitted) for way in reach.ways_in()] == [(WEB, "yes")]


def test_host_ports_and_host_network_pods_are_found_at_their_nodes():
    """A host port is the node's; a pod in the node's network serves its declared ports there."""
    pods = [
        pod("web-1", ports=[ContainerPort(port=8080, host_port=80), ContainerPort(port=9000)]),
        pod("agent-1", ns="ops", owner=("DaemonSet", "agent"), host_network=True, ports=[ContainerPort(port=9100)]),
    ]
    found = ways(pods=pods)
    assert doors(found) == [
        ("hostNetwork", 9100, "ops/agent[DaemonSet]", {"TCP": ((9100, 9100),)}),
        ("hostPort", 80, WEB, TARGET),
    ]


@pytest.mark.parametrize(
    ("cloud", "fields", "scope"),
    [
        pytest.param("aws", {}, "public", id="aws-default"),
        pytest.param("aws", {"annotations": {f"{INTERNAL}aws-load-balancer-internal": "true"}}, "internal", id="aws-internal"),
        pytest.param("aws", {"load_balancer_class": "service.k8s.aws/nlb"}, "internal", id="aws-controllers-default"),
        pytest.param("aws", {"load_balancer_class": "example.com/own"}, "unknown", id="aws-unknown-class"),
        pytest.param("gcp", {"load_balancer_class": "networking.gke.io/l4-regional-internal"}, "internal", id="gke-class"),
        pytest.param(
            "gcp", {"annotations": {"networking.gke.io/load-balancer-type": "Internal"}}, "internal", id="gke-annotation"
        ),
        pytest.param("azure", {"annotations": {f"{INTERNAL}azure-load-balancer-internal": "true"}}, "internal", id="azure"),
        pytest.param("azure", {"load_balancer_class": "example.com/own"}, "unknown", id="azure-unknown-class"),
        pytest.param("other", {}, "public", id="all-clouds-agree"),
        pytest.param(
            "other", {"annotations": {f"{INTERNAL}azure-load-balancer-internal": "true"}}, "unknown", id="cloud-not-known"
        ),
        pytest.param("aws", {"balancer_addresses": ("internal-x.eu-west-1.elb.amazonaws.com",)}, "internal", id="aws-name"),
        pytest.param("other", {"balancer_addresses": ("10.1.2.3",)}, "internal", id="private-address"),
        pytest.param("other", {"balancer_addresses": ("10.1.2.3", "2600::1")}, "public", id="public-address"),
    ],
)  # fmt: skip
def test_who_finds_a_balancer_is_what_its_cloud_makes_of_it(cloud, fields, scope):
    """Its status first, then each cloud's annotations and classes; doubt has its reason."""
    found = ways(services=[service(**fields)], cluster=cluster(Cloud(cloud)))[0]
    assert found.scope == scope
    assert found.scope_reason


def test_auto_mode_is_read_from_the_cloud_record():
    """EKS Auto Mode may set a class of its own on admission: what a plain balancer faces is not known then."""
    record = CloudRecord(provider=Cloud.AWS, cluster=raw({"cluster": {"computeConfig": {"enabled": True}}}))
    assert ways(services=[service()], record=record)[0].scope == "unknown"


@pytest.mark.parametrize(
    ("nodes", "scope"),
    [
        pytest.param([], "unknown", id="none-read"),
        pytest.param([("10.0.0.1",), ()], "unknown", id="one-without-address"),
        pytest.param([("10.0.0.1",), ("10.0.0.2",)], "internal", id="all-private"),
        pytest.param([("10.0.0.1",), ("10.0.0.2", "203.0.113.2")], "public", id="one-public"),
    ],
)
def test_who_finds_a_node_port_is_a_matter_of_the_nodes_addresses(nodes, scope):
    """One public address is enough; private ones only count where every node is known."""
    known = [node(f"n{at}", addresses=addresses) for at, addresses in enumerate(nodes)]
    (found,) = ways(services=[service(type="NodePort")], nodes=known)
    assert found.scope == scope


def test_crafted_services_break_nothing():
    """Ports and protocols that no API server would take are no ways in."""
    odd = service(
        ports=(
            ServicePort(port=0, target=8080), ServicePort(port=70000), ServicePort(port=80, protocol="ICMP"),
            ServicePort(port=81, target=-1), ServicePort(port=82, target=8080, node_port=99999999),
        ),
        balancer_addresses=("no address", ""), external_ips=("nowhere",),
    )  # fmt: skip
    assert [(way.through.kind, way.port) for way in ways(services=[odd])] == [("LoadBalancer", 82), ("externalIPs", 82)]


def test_the_order_of_the_input_never_matters():
    """Same objects, same ways in the same order."""
    pods = [HTTP, pod("api-1", labels={"app": "web"}, ports=[ContainerPort(port=9090, name="http", host_port=90)])]
    services = [service(), service("other", type="NodePort"), service("third", external_ips=("192.0.2.1",))]
    found = ways(pods=pods, services=services, namespaces=[namespace("shop")])
    assert found == ways(pods=pods[::-1], services=services[::-1], namespaces=[namespace("shop")])
    assert len(found) == 13
