"""One cluster while it is drawn: hosts first, then what runs on them, and a snapshot at the end."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from infra.collector import COLLECTOR
from infra.estate.collection import collection, resource_of
from infra.estate.names import container_ports, number, spread, token
from infra.estate.pods import INSTANCE, NAME, Host, app_labels, made_by, pod_on
from infra.estate.read import TAKEN
from infra.estate.rights import api_server
from scanner.model import (
    SNAPSHOT_VERSION,
    ApiObject,
    CloudRecord,
    ClusterRef,
    ConfigMap,
    Container,
    DaemonSet,
    EntryPoint,
    Namespace,
    Pod,
    Service,
    ServicePort,
    Snapshot,
    Source,
    WorkloadRef,
)

_Placed = TypeVar("_Placed", Pod, DaemonSet, Service, EntryPoint, ConfigMap, ApiObject)


class Draft:
    """Collects one cluster's objects. `serves` are resources beyond Kubernetes' own that its API server knows."""

    def __init__(self, ref: ClusterRef, *, version: str, services: str, serves: Iterable[str] = ()) -> None:
        self.ref = ref
        self.version = version
        self.hosts: list[Host] = []
        self._serves = frozenset(serves)
        self._cluster_ips = spread(services, skip=20)
        self._namespaces: dict[str, Namespace] = {}
        self._pods: list[Pod] = []
        self._daemon_sets: list[DaemonSet] = []
        self._services: list[Service] = []
        self._entry_points: list[EntryPoint] = []
        self._config_maps: list[ConfigMap] = []
        self._objects: dict[str, list[ApiObject]] = {"policies": [], "settings": []}
        self._made: Counter[str] = Counter()  # objects that are counted and not kept
        for name in ("default", "kube-node-lease", "kube-public", "kube-system"):
            self.namespace(name)
        api = str(ipaddress.ip_network(services)[1])
        self.service("default", "kubernetes", "https:443", selector=None, address=api, target=443)
        self._slices = (api_server(number(ref.name, 200)),)

    def namespace(self, name: str, labels: Mapping[str, str] | None = None, **annotations: str) -> None:
        """A namespace, with the label that the API server sets; `annotations` must be among the kept ones."""
        merged = {"kubernetes.io/metadata.name": name} | dict(labels or {})
        self._namespaces[name] = Namespace(name=name, labels=dict(sorted(merged.items())), annotations=annotations)

    def workload(
        self,
        namespace: str,
        name: str,
        *,
        kind: str = "Deployment",
        replicas: int = 2,
        ports: str = "",
        serves: str = "",
        labels: Mapping[str, str] | None = None,
        added: Mapping[str, str] | None = None,
        pool: str = "linux",
        host_network: bool = False,
    ) -> None:
        """A workload and its pods, spread over the hosts of `pool`; `serves` ("http:80") puts a Service before it.

        `labels` replace the app.kubernetes.io ones, `added` come on top. A CronJob has one finished pod of its last run.
        """
        plain = dict(labels or app_labels(namespace, name))
        hosts = [host for host in self.hosts if host.pool == pool]
        start = number(f"{self.ref.name}/{namespace}/{name}", len(hosts))
        for index in range(replicas):
            stem, more = made_by(kind, self.ref.name, namespace, name, index)
            self._pods.append(
                pod_on(
                    hosts[(start + index) % len(hosts)],
                    namespace=namespace,
                    name=stem,
                    labels=plain | dict(added or {}) | more,
                    workload=WorkloadRef(kind=kind, name=name),
                    ports=container_ports(ports),
                    host_network=host_network,
                )
            )
        self._made["replicasets.apps"] += kind == "Deployment"
        self._made["jobs.batch"] += kind == "CronJob"
        if serves:
            keys = (NAME, INSTANCE) if labels is None else tuple(plain)
            self.service(namespace, name, serves, selector={key: plain[key] for key in keys})

    def workloads(self, table: str) -> None:
        """Workloads as lines "namespace/name kind replicas ports serves"; several ports are joined by commas, "-" is none."""
        for line in table.strip().splitlines():
            place, kind, replicas, ports, serves = line.split()
            namespace, _, name = place.partition("/")
            self.workload(
                namespace,
                name,
                kind=kind,
                replicas=int(replicas),
                ports=ports.replace(",", " ").strip("-"),
                serves=serves.replace(",", " ").strip("-"),
            )

    def daemon_set(
        self,
        name: str,
        *containers: Container,
        namespace: str = "kube-system",
        labels: Mapping[str, str] | None = None,
        pools: Iterable[str] = ("linux",),
        ports: str = "",
        host_network: bool = True,
    ) -> None:
        """A DaemonSet with a ready pod on every host of `pools`; without labels it is `k8s-app: <name>`."""
        plain = dict(labels or {"k8s-app": name})
        wanted = [host for host in self.hosts if host.pool in set(pools)]
        revision = {"controller-revision-hash": token(f"{self.ref.name}/{name}", 9), "pod-template-generation": "1"}
        for host in wanted:
            self._pods.append(
                pod_on(
                    host,
                    namespace=namespace,
                    name=f"{name}-{token(f'{host.node.name}/{name}', 5)}",
                    labels=plain | revision,
                    workload=WorkloadRef(kind="DaemonSet", name=name),
                    ports=container_ports(ports),
                    host_network=host_network,
                )
            )
        count = len(wanted)
        self._daemon_sets.append(
            DaemonSet(namespace=namespace, name=name, labels=plain, containers=containers, desired=count, ready=count)
        )

    def static_pods(self, name: str, labels: Mapping[str, str]) -> None:
        """A pod that the kubelet of each host starts by itself: its owner is the Node, so it stands for itself."""
        for host in self.hosts:
            full = f"{name}-{host.node.name}"
            owner = WorkloadRef(kind="Pod", name=full)
            self._pods.append(
                pod_on(host, namespace="kube-system", name=full, labels=dict(labels), workload=owner, host_network=True)
            )

    def service(
        self,
        namespace: str,
        name: str,
        ports: str,
        *,
        selector: Mapping[str, str] | None,
        type: str = "ClusterIP",  # noqa: A002 - the field's name
        address: str = "",
        target: int | str | None = None,
        traffic_policy: str = "",
        balancer: tuple[str, ...] = (),
        source_ranges: tuple[str, ...] = (),
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """A Service whose ports lead to the container ports of the same name, unless `target` says otherwise.

        `address` "None" makes it headless. What is not a ClusterIP gets node ports as well.
        """
        inner = type == "ClusterIP"
        ips = (address or next(self._cluster_ips),)
        self._services.append(
            Service(
                namespace=namespace,
                name=name,
                type=type,
                selector=dict(selector) if selector is not None else None,
                ports=tuple(
                    ServicePort(
                        port=port.port,
                        protocol=port.protocol,
                        name=port.name,
                        target=target if target is not None else port.name or None,
                        node_port=0 if inner else 30_000 + number(f"{namespace}/{name}/{port.name}", 2767),
                    )
                    for port in container_ports(ports)
                ),
                cluster_ips=() if address == "None" else ips,
                external_traffic_policy=traffic_policy,
                source_ranges=source_ranges,
                balancer_addresses=balancer,
                annotations=dict(annotations or {}),
            )
        )

    def entry_point(
        self, kind: str, namespace: str, name: str, services: Mapping[str, int], class_name: str = "", **notes: str
    ) -> None:
        """An Ingress or a route to Services of its namespace, each with the port that it leads to."""
        ports = {f"{namespace}/{service}": (port,) for service, port in sorted(services.items())}
        self._entry_points.append(
            EntryPoint(
                kind=kind,
                namespace=namespace,
                name=name,
                class_name=class_name,
                services=tuple(ports),
                ports=dict(ports),
                annotations=notes,
            )
        )

    def config_map(self, name: str, data: Mapping[str, str]) -> None:
        """A ConfigMap of kube-system that configures the data plane."""
        self._config_maps.append(ConfigMap(namespace="kube-system", name=name, data=dict(sorted(data.items()))))

    def policies(self, *policies: ApiObject) -> None:
        """Policies, of whatever kind."""
        self._objects["policies"] += policies

    def setting(self, api_version: str, kind: str, name: str, spec: object, namespace: str = "") -> None:
        """An object that configures the data plane or its logs."""
        raw = msgspec.Raw(msgspec.json.encode(spec))
        self._objects["settings"].append(
            ApiObject(api_version=api_version, kind=kind, name=name, namespace=namespace, spec=raw)
        )

    def written_policies(self) -> tuple[ApiObject, ...]:
        """The policies drawn so far, in order."""
        return tuple(self._objects["policies"])

    def snapshot(self, record: CloudRecord) -> Snapshot:
        """What the collector would have stored of this cluster."""
        return Snapshot(
            version=SNAPSHOT_VERSION,
            collector=COLLECTOR,
            taken=TAKEN,
            cluster=self.ref,
            source=Source.CLUSTER,
            collection=collection(self._counts(), self._serves),
            kubernetes_version=self.version,
            cloud_record=record,
            namespaces=tuple(sorted(self._namespaces.values(), key=lambda item: item.name)),
            pods=_placed(self._pods),
            nodes=tuple(sorted((host.node for host in self.hosts), key=lambda item: item.name)),
            daemon_sets=_placed(self._daemon_sets),
            services=_placed(self._services),
            endpoint_slices=self._slices,
            entry_points=_placed(self._entry_points),
            config_maps=_placed(self._config_maps),
            policies=_placed(self._objects["policies"]),
            settings=_placed(self._objects["settings"]),
        )

    def _counts(self) -> Counter[str]:
        """Objects by resource, those included that are counted and not kept."""
        counts = Counter(self._made)
        kept: dict[str, int] = {
            "namespaces": len(self._namespaces),
            "pods": len(self._pods),
            "nodes": len(self.hosts),
            "services": len(self._services),
            "configmaps": len(self._config_maps),
            "daemonsets.apps": len(self._daemon_sets),
        }
        counts.update(kept)
        counts.update(resource_of(item) for items in self._objects.values() for item in items)
        counts.update(resource_of(item) for item in self._entry_points)
        return counts


def _placed(items: Iterable[_Placed]) -> tuple[_Placed, ...]:
    """Sorted as snapshots hold them."""
    return tuple(sorted(items, key=lambda item: (item.namespace, item.name)))
