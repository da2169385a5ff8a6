"""Services, entry points and nodes as own controls see them."""

from __future__ import annotations

import msgspec

from scanner.controls.balancers import facing
from scanner.controls.base import Case
from scanner.dataplane.model import Answer
from scanner.facing import listed
from scanner.facts.model import EntryPointView, Maybe, NodeView, ServicePortView, ServiceView
from scanner.model import EntryPoint, Pod, Service
from scanner.policy.selectors import equalities, matches
from scanner.reach.population import workload_id

_SOURCES = "service.beta.kubernetes.io/load-balancer-source-ranges"  # the older form of the field
_WITH_TLS = frozenset({"Ingress", "Route"})


def service_views(case: Case) -> tuple[ServiceView, ...]:
    """Every Service, sorted by namespace and name."""
    pods: dict[str, dict[frozenset[tuple[str, str]], set[str]]] = {}
    samples: dict[frozenset[tuple[str, str]], Pod] = {}
    for pod in case.pods:
        labels = frozenset(pod.labels.items())
        samples.setdefault(labels, pod)
        pods.setdefault(pod.namespace, {}).setdefault(labels, set()).add(workload_id(pod))
    unknown = bool(case.missing("pods"))

    def chosen(service: Service) -> tuple[str, ...] | msgspec.UnsetType:
        if unknown or not service.selector:
            return msgspec.UNSET
        selector = equalities(service.selector)
        groups = pods.get(service.namespace, {}).items()
        return tuple(
            sorted({name for labels, ids in groups if matches(selector, samples[labels].labels) for name in ids})
        )

    services = sorted(case.snapshot.services, key=lambda item: (item.namespace, item.name))
    return tuple(_service(case, service, chosen(service)) for service in services)


def _service(case: Case, service: Service, workloads: tuple[str, ...] | msgspec.UnsetType) -> ServiceView:
    return ServiceView(
        id=f"Service {service.namespace}/{service.name}",
        namespace=service.namespace,
        name=service.name,
        platform=case.is_platform(service.namespace),
        type=service.type,
        selector=service.selector or {},
        ports=tuple(
            ServicePortView(port=port.port, protocol=port.protocol, name=port.name, node_port=port.node_port)
            for port in service.ports
        ),
        external_ips=service.external_ips,
        source_ranges=service.source_ranges or listed(service.annotations, _SOURCES),
        internet_facing=_faces(case, service),
        workloads=workloads,
    )


def _faces(case: Case, service: Service) -> Maybe:
    if service.type != "LoadBalancer":
        return False
    answer = facing(case, service).answer
    return msgspec.UNSET if answer is Answer.UNKNOWN else answer is Answer.YES


def entry_point_views(case: Case) -> tuple[EntryPointView, ...]:
    """Every Ingress and route, sorted by kind, namespace and name."""
    entries = sorted(case.snapshot.entry_points, key=lambda item: (item.kind, item.namespace, item.name))
    return tuple(_entry_point(case, entry) for entry in entries)


def _entry_point(case: Case, entry: EntryPoint) -> EntryPointView:
    return EntryPointView(
        id=f"{entry.kind} {entry.namespace}/{entry.name}",
        kind=entry.kind,
        namespace=entry.namespace,
        name=entry.name,
        platform=case.is_platform(entry.namespace),
        class_name=entry.class_name,
        hosts=tuple(dict.fromkeys((*entry.hosts, *entry.hostnames))),
        services=entry.services,
        tls=bool(entry.tls) if entry.kind in _WITH_TLS else msgspec.UNSET,
    )


def node_views(case: Case) -> tuple[NodeView, ...]:
    """Every node, sorted by name."""
    return tuple(
        NodeView(
            name=node.name,
            labels=node.labels,
            os=node.os,
            kernel=node.kernel,
            ready=node.ready,
            external_addresses=node.external_addresses,
        )
        for node in sorted(case.snapshot.nodes, key=lambda node: node.name)
    )
