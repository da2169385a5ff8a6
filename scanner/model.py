"""What ringfence knows about one cluster: the snapshot, the unit of everything.

Same snapshot in, same result out, on any machine, years later. A snapshot holds only what judging needs: no Secrets, no
environment values, arguments or annotations outside the lists of `scanner/kept.py`. The structs are the stored form
(`snapshot/v1`, camelCase JSON) as well as the form the core works on; `infra/snapshots.py` reads and writes them.
"""

from __future__ import annotations

import msgspec

from scanner.entry import (
    Endpoint,
    EndpointPort,
    EndpointSlice,
    EntryPoint,
    Gateway,
    Listener,
    RouteParent,
    Service,
    ServicePort,
)
from scanner.enums import Cloud, Collected, Read, Source
from scanner.stored import Origin, Stored

__all__ = [
    "SNAPSHOT_VERSION",
    "ApiObject",
    "Cloud",
    "CloudRecord",
    "ClusterRef",
    "Collected",
    "Collector",
    "ConfigMap",
    "Container",
    "ContainerPort",
    "DaemonSet",
    "Endpoint",
    "EndpointPort",
    "EndpointSlice",
    "EntryPoint",
    "Gateway",
    "KindStatus",
    "Listener",
    "Namespace",
    "Node",
    "Notice",
    "Origin",
    "Pod",
    "Read",
    "RouteParent",
    "Service",
    "ServicePort",
    "Snapshot",
    "Source",
    "WorkloadRef",
]

NAME_LABEL = "kubernetes.io/metadata.name"  # set by the API server on every namespace, and not to be changed
SNAPSHOT_VERSION = "1.3"


class ClusterRef(Stored, frozen=True, kw_only=True):
    """A managed cluster's address: enough to find it again, nothing that changes.

    `account` is an AWS account id, a GCP project id or an Azure subscription id; `location` is spelled as the provider
    spells it. `id` is the provider's canonical id (EKS ARN, GKE full resource name, AKS ARM id in lower case) or, where
    there is none, `cloud/account/location/name`.
    """

    cloud: Cloud
    account: str
    location: str
    name: str
    id: str


class CloudRecord(Stored, frozen=True, kw_only=True):
    """What the cloud's API says of a cluster, each part as the SDK answers, projected to the fields that judging reads.

    `cluster` is `describe_cluster.cluster` (EKS), the REST form of `Cluster` (GKE) or the managed cluster (AKS, both the
    ARM form with `properties` and the flattened form of `az aks show`). The lists are EKS only. `vpc` is free-form:
    address ranges and peerings (`cidrs`, `peerings`), for the network graph.
    """

    provider: Cloud
    cluster: msgspec.Raw
    addons: tuple[msgspec.Raw, ...] = ()
    nodegroups: tuple[msgspec.Raw, ...] = ()
    fargate_profiles: tuple[msgspec.Raw, ...] = ()
    launch_templates: tuple[msgspec.Raw, ...] = ()
    vpc: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # msgspec decodes nothing into `Raw | None`
    unread: tuple[str, ...] = ()  # parts that could not be read, as "part: reason"


class KindStatus(Stored, frozen=True, kw_only=True):
    """How the list of one kind ended, and how many objects it gave."""

    status: Collected
    count: int = 0
    reason: str = ""


class WorkloadRef(Stored, frozen=True, kw_only=True):
    """A pod's topmost owner: a Deployment rather than its ReplicaSet; the pod itself where nothing (or a Node) owns it."""

    kind: str
    name: str


class Namespace(Stored, frozen=True, kw_only=True):
    """A namespace; `labels` always holds `kubernetes.io/metadata.name`. `created` is empty where unknown, else RFC 3339.

    One that is only known from what stands in it has no `origin`.
    """

    name: str
    labels: dict[str, str]
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    created: str = ""
    origin: Origin | None = None


class ContainerPort(Stored, frozen=True, kw_only=True):
    """A port a container declares. `name` is empty where it has none."""

    port: int
    protocol: str = "TCP"
    name: str = ""
    host_port: int = 0


class Pod(Stored, frozen=True, kw_only=True, gc=False):
    """A pod, or in a folder of manifests the template that stands for a workload's pods (`template` is then true).

    `annotations` hold those of `KEPT_POD_ANNOTATIONS`, `proxies` the names of its containers that are a mesh's proxy.
    `origin` is the pod's own place, or that of the workload whose template it is.
    """

    namespace: str
    name: str
    labels: dict[str, str]
    workload: WorkloadRef
    ports: tuple[ContainerPort, ...] = ()
    node: str = ""
    host_network: bool = False
    phase: str = ""  # empty where unknown
    ready: bool = False
    ips: tuple[str, ...] = ()
    service_account: str = ""  # empty where unknown
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    proxies: tuple[str, ...] = ()
    template: bool = False
    origin: Origin | None = None

    @property
    def finished(self) -> bool:
        """Whether the pod has run to its end, and so has no network any more."""
        return self.phase in ("Succeeded", "Failed")


class Node(Stored, frozen=True, kw_only=True):
    """A node, with what decides whether an engine can run on it."""

    name: str
    labels: dict[str, str]
    os: str = ""  # linux, windows; empty where the kubelet has not said
    kernel: str = ""
    ready: bool = False
    unschedulable: bool = False
    provider_id: str = ""
    addresses: tuple[str, ...] = ()
    external_addresses: tuple[str, ...] = ()  # those among `addresses` that the internet can reach
    pod_cidrs: tuple[str, ...] = ()
    taints: tuple[str, ...] = ()  # "key=value:effect"


class Container(Stored, frozen=True, kw_only=True):
    """A container of a DaemonSet. `args` and `env` hold only the names in `KEPT_ARGS` and `KEPT_ENV`."""

    name: str
    image: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = msgspec.field(default_factory=dict)


class DaemonSet(Stored, frozen=True, kw_only=True):
    """A DaemonSet: engines, CNI agents and log collectors are found among these."""

    namespace: str
    name: str
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    containers: tuple[Container, ...] = ()
    desired: int | None = None  # None where no status was read (a folder of manifests)
    ready: int | None = None


class ConfigMap(Stored, frozen=True, kw_only=True):
    """A ConfigMap that configures a data plane; only the keys in `KEPT_CONFIG`."""

    namespace: str
    name: str
    data: dict[str, str] = msgspec.field(default_factory=dict)


class ApiObject(Stored, frozen=True, kw_only=True):
    """An object of any other kind whose `spec` judging reads: every policy kind, and what configures data planes and logs."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""  # empty for cluster-scoped kinds
    spec: msgspec.Raw
    labels: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # only of kinds that selectors look at: address sets, host endpoints and CIDR groups
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    resource_version: str = ""  # of policies that were read from a cluster
    created: str = ""  # likewise, RFC 3339
    origin: Origin | None = None


class Notice(Stored, frozen=True, kw_only=True):
    """Something in the input that was invalid, ignored or not modelled: which object (or file), which field, what."""

    object: str
    field: str
    message: str


class Collector(Stored, frozen=True, kw_only=True):
    """Who took the snapshot."""

    name: str
    version: str


class Snapshot(Stored, frozen=True, kw_only=True):
    """One cluster at one time. Lists are sorted by namespace and name, so the same cluster gives the same bytes.

    `collection` maps a resource (`pods`, `networkpolicies.networking.k8s.io`) to how its list ended; a resource without an
    entry was not asked for. `unread` is the reason why nothing could be read over the Kubernetes API, else empty.
    `taken` is an RFC 3339 time in UTC with seconds. `folder` is where a folder of manifests lies in its repository (else below
    where it was read from), with "/"; empty where it is neither: the files of origins are relative to it.
    """

    version: str
    collector: Collector
    taken: str
    cluster: ClusterRef
    source: Source
    collection: dict[str, KindStatus]
    kubernetes_version: str = ""
    unread: str = ""
    folder: str = ""
    cloud_record: CloudRecord | None = None
    namespaces: tuple[Namespace, ...] = ()
    pods: tuple[Pod, ...] = ()
    nodes: tuple[Node, ...] = ()
    daemon_sets: tuple[DaemonSet, ...] = ()
    services: tuple[Service, ...] = ()
    endpoint_slices: tuple[EndpointSlice, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    config_maps: tuple[ConfigMap, ...] = ()
    policies: tuple[ApiObject, ...] = ()
    settings: tuple[ApiObject, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def read(self) -> Read:
        """How much of the cluster was read: `partial` as soon as one kind's list was refused or broke off."""
        if self.unread:
            return Read.UNREAD
        gaps = {Collected.PARTIAL, Collected.FORBIDDEN}
        return Read.PARTIAL if any(kind.status in gaps for kind in self.collection.values()) else Read.COMPLETE

    def collected(self, resource: str) -> bool:
        """Whether the list of `resource` is whole (an absent kind's list is: it is empty)."""
        status = self.collection.get(resource)
        return status is not None and status.status in {Collected.COMPLETE, Collected.ABSENT}
