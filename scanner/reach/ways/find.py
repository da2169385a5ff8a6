"""Every way from outside into a cluster: through Services, entry points, and the nodes' own ports.

What a Service's port does is the API reference's `ServiceSpec`: externalIPs and node ports are served at every node, and
know nothing of loadBalancerSourceRanges. A headless Service is served nowhere (kube-proxy skips it), one of type
ExternalName leads out of the cluster.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from scanner.dataplane.model import Answer
from scanner.model import Pod, Service, ServicePort, Snapshot, Source
from scanner.reach.assemble import Parts
from scanner.reach.listing import CONTROLLER
from scanner.reach.model import PROTOCOLS
from scanner.reach.population import Population, workload_id
from scanner.reach.selection import Selection
from scanner.reach.services import Entrance, passed_by
from scanner.reach.ways.admission import Gate, Path, Sources, port_set
from scanner.reach.ways.attach import Attachment
from scanner.reach.ways.model import Judgement, Through, WayIn
from scanner.reach.ways.ranges import joined
from scanner.reach.ways.scope import Front, Fronts
from scanner.reach.ways.targets import Backend, Backends, Stray

_NODE_HIDES = "with externalTrafficPolicy Cluster policy may see a node's address instead of the client's"
_BALANCER_HIDES = "policy may see the balancer's address instead of the client's"
_HOST_PORT_HIDES = "whether policy sees the client's address or the node's at a host port is not known"
_CHOSEN = "the cluster chooses a node port too, unless allocateLoadBalancerNodePorts is false"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """A way in before anybody asked whom it lets in; `path` is None where ingress controllers stand between.

    `families` are the IP versions that are served.
    """

    through: Through
    protocol: str
    port: int
    front: Front
    backends: Backends
    strays: tuple[Stray, ...] = ()
    path: Path | None = None
    families: tuple[int, ...] = (4, 6)


class WaysIn:
    """Finds the ways in, and asks policy about those that somebody wants to see."""

    def __init__(self, parts: Parts) -> None:
        self._gate = Gate(parts)
        self._services, self._population = parts.services, parts.population
        self._snapshot: Snapshot = self._services.snapshot
        self._fronts = Fronts(self._snapshot)
        self._sources: dict[object, Sources] = {}

    def wanted(self, selection: Selection, namespaces: Collection[str]) -> tuple[WayIn, ...]:
        """The ways that lead to a wanted workload, on the wanted port of it, in a fixed order.

        Raises:
            InputError: the selection names what this cluster has not.
        """
        wanted = selection.wanted(self._population.workloads, namespaces)
        found: dict[tuple[object, ...], WayIn] = {}
        for door in self._doors():
            by_workload: dict[str, list[Backend]] = {}
            for key in sorted(door.backends):
                backend = _on_port(door.backends[key], selection.port)
                if backend is not None and all(backend.workload in names for names in wanted):
                    by_workload.setdefault(backend.workload, []).append(backend)
            for workload, backends in by_workload.items():
                found[*_place(door), workload] = self._way(door, workload, backends)
            if door.strays and not selection.workloads and _in(door, selection.namespaces):
                strays = [each for each in door.strays if selection.port in {None, (each.protocol, each.port)}]
                if strays:
                    found[*_place(door), ""] = _leaving(door, strays)
        return tuple(found[key] for key in sorted(found))

    def _way(self, door: _Door, workload: str, backends: list[Backend]) -> WayIn:
        judgement = self._judged(door, backends)
        ports = {port for backend in backends for port in backend.ports | backend.undeclared}
        return WayIn(
            through=door.through,
            protocol=door.protocol,
            port=door.port,
            workload=workload,
            targets=port_set(ports),
            scope=door.front.scope,
            scope_reason=_and(door.front.why, door.front.note),
            addresses=door.front.addresses,
            sources=_ranges(self._who(door)) if door.front.sources is not None else (),
            peer="" if door.path else CONTROLLER,
            judgement=judgement,
        )

    def _judged(self, door: _Door, backends: list[Backend]) -> Judgement:
        if door.path is None:
            return self._gate.controller(backends)
        return self._gate.outside(backends, self._who(door), door.path)

    def _who(self, door: _Door) -> Sources:
        key = (door.front.sources, door.families)
        found = self._sources.get(key)
        if found is None:
            found = self._sources[key] = self._gate.sources(*key)
        return found

    def _doors(self) -> Iterator[_Door]:
        for service in self._snapshot.services:
            yield from self._of_service(service)
        for entrance in self._services.entrances:
            yield from self._of_entrance(entrance)
        yield from _of_nodes(self._population, self._fronts.node)

    def _of_service(self, service: Service) -> Iterator[_Door]:
        """A Service's ports, by each of the ways in which it is open to the outside."""
        kinds = [(kind, front, self._path(service, kind)) for kind, front in self._fronts_of(service)]
        families = tuple(sorted({6 if ":" in address else 4 for address in service.cluster_ips})) or (4, 6)
        for port in service.ports if kinds else ():
            if port.protocol not in PROTOCOLS or not 1 <= port.port <= 65535:
                continue
            backends: Backends = {}
            self._services.targets.add(backends, service, [port])
            strays = self._services.targets.strays(service, [port])
            for kind, front, path in kinds:
                number = self._node_port(service, port) if kind == "NodePort" else port.port
                if number is not None:
                    yield _Door(
                        through=Through(kind, f"{service.namespace}/{service.name}"),
                        protocol=port.protocol,
                        port=number,
                        front=front,
                        backends=backends,
                        strays=strays,
                        path=path,
                        families=families,
                    )

    def _fronts_of(self, service: Service) -> Iterator[tuple[str, Front]]:
        """Every way in which a Service is open to the outside."""
        if service.type == "LoadBalancer":
            yield "LoadBalancer", self._fronts.balancer(service)
        if service.type in {"LoadBalancer", "NodePort"}:
            front = self._fronts.node
            if service.type == "LoadBalancer" and not all(port.node_port for port in service.ports):
                front = replace(front, note=_CHOSEN)
            yield "NodePort", front
        if service.external_ips and service.type != "ExternalName" and not self._headless(service):
            yield "externalIPs", self._fronts.external(service)

    def _node_port(self, service: Service, port: ServicePort) -> int | None:
        """The node port of a Service's port, 0 where the cluster will choose it, None where there is none."""
        if 1 <= port.node_port <= 65535:
            return port.node_port
        return 0 if service.type == "NodePort" or self._snapshot.source is Source.MANIFESTS else None

    def _path(self, service: Service, kind: str) -> Path:
        """What becomes of the client's address on the way, and whether the data plane lets what comes past policy."""
        local = service.external_traffic_policy == "Local"
        hidden = "" if local else _NODE_HIDES
        if kind == "LoadBalancer" and local and not self._fronts.keeps_client(service):
            hidden = _BALANCER_HIDES
        return Path(hidden, Answer.NO if local else self._forwarded(kind))

    def _forwarded(self, kind: str) -> Answer:
        """Whether the data plane lets forwarded traffic past policy; what is known of that concerns no externalIPs."""
        plane = self._services.dataplane
        if plane is None:
            return Answer.NO
        firm = passed_by(plane)
        return Answer.UNKNOWN if kind == "externalIPs" and firm is Answer.YES else firm

    def _headless(self, service: Service) -> bool:
        """Whether a Service has no address of its own; in a folder most have none written down."""
        return not service.cluster_ips and self._snapshot.source is not Source.MANIFESTS

    def _of_entrance(self, entrance: Entrance) -> Iterator[_Door]:
        entry = entrance.entry
        backends: Backends = {}
        strays: set[Stray] = set()
        for service, ports in entrance.services:
            self._services.targets.add(backends, service, ports)
            strays.update(self._services.targets.strays(service, ports))
        through = Through(entry.kind, f"{entry.namespace}/{entry.name}", class_name=entry.class_name)
        fronts = self._through_gateways(through, entrance.to) if entrance.to else None
        if fronts is None:
            front = self._fronts.ingress(entry) if entry.kind == "Ingress" else self._fronts.route()
            fronts = iter([(through, 0, front)])
        for each, port, front in fronts:
            yield _Door(
                through=each,
                protocol="UDP" if entry.kind == "UDPRoute" else "TCP",
                port=port,
                front=front,
                backends=backends,
                strays=tuple(sorted(strays)),
            )

    def _through_gateways(self, through: Through, to: tuple[Attachment, ...]) -> Iterator[tuple[Through, int, Front]]:
        """A route by each listener that it is attached to."""
        gateways = {f"{item.namespace}/{item.name}": item for item in self._snapshot.gateways}
        for each in to:
            gateway = gateways.get(each.gateway)
            made_of = gateway.class_name if gateway else ""
            by = replace(through, gateway=each.gateway, listener=each.listener, class_name=made_of)
            yield by, each.port, self._fronts.gateway(gateway, each.doubt)


def _of_nodes(population: Population, front: Front) -> Iterator[_Door]:
    """Host ports, and the declared ports of pods in their node's network, by workload."""
    doors: dict[tuple[str, str, str, int], Backends] = {}
    for position, pod in enumerate(population.pods):
        for kind, protocol, outside, inside in _node_ports(pod):
            backends = doors.setdefault((kind, workload_id(pod), protocol, outside), {})
            key = (workload_id(pod), population.class_of[position])
            backends.setdefault(key, Backend(*key)).ports.add((protocol, inside))
    for (kind, workload, protocol, port), backends in doors.items():
        hidden = _HOST_PORT_HIDES if kind == "hostPort" else ""
        yield _Door(
            through=Through(kind, workload),
            protocol=protocol,
            port=port,
            front=front,
            backends=backends,
            path=Path(hidden),
        )


def _node_ports(pod: Pod) -> Iterator[tuple[str, str, int, int]]:
    """The node's ports that a pod serves: kind, protocol, the node's port, the pod's port."""
    for port in pod.ports:
        if port.protocol not in PROTOCOLS or not 1 <= port.port <= 65535:
            continue
        if pod.host_network:
            yield "hostNetwork", port.protocol, port.port, port.port
        elif 1 <= port.host_port <= 65535:
            yield "hostPort", port.protocol, port.host_port, port.port


def _place(door: _Door) -> tuple[object, ...]:
    return door.through, door.protocol, door.port


def _in(door: _Door, namespaces: Collection[str]) -> bool:
    return not namespaces or door.through.name.partition("/")[0] in namespaces


def _on_port(backend: Backend, port: tuple[str, int] | None) -> Backend | None:
    """A backend reduced to one port; None where nothing is left."""
    if port is None:
        return backend
    kept = Backend(backend.workload, backend.pod_class, backend.ports & {port}, backend.undeclared & {port})
    return kept if kept.ports or kept.undeclared else None


def _leaving(door: _Door, strays: list[Stray]) -> WayIn:
    """The part of a way that leads to endpoints that are no pods."""
    return WayIn(
        through=door.through,
        protocol=door.protocol,
        port=door.port,
        workload="",
        targets=port_set((each.protocol, each.port) for each in strays),
        scope=door.front.scope,
        scope_reason=_and(door.front.why, door.front.note),
        addresses=door.front.addresses,
        peer="" if door.path else CONTROLLER,
        endpoints=tuple(sorted({each.address for each in strays})),
    )


def _ranges(sources: Sources) -> tuple[str, ...]:
    return joined(text for texts in sources.ranges.values() for text in texts)


def _and(one: str, other: str) -> str:
    return "; ".join(part for part in (one, other) if part)
