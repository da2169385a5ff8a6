"""What judging needs of a cloud record, in one form for three clouds. `None` is "the record does not say"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.model import Cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How the API server can be reached. `allowed` are the ranges of a public endpoint's allow list (None: no list)."""

    public: bool | None
    private: bool | None
    allowed: tuple[str, ...] | None
    where: str  # the fields this was read from


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A node pool or node group. Metadata fields say what stands between a pod and the node's metadata service."""

    name: str
    os: str = ""  # linux, windows
    image: str = ""  # AMI or image type
    hop_limit: int | None = None  # EKS launch template: httpPutResponseHopLimit
    tokens_required: bool | None = None  # EKS launch template: httpTokens == required
    metadata_mode: str | None = None  # GKE: workloadMetadataConfig.mode; EKS: DISABLED where the endpoint is off
    labels: dict[str, str] = field(default_factory=dict)
    public: bool | None = None  # whether its nodes get public addresses
    public_where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressRule:
    """What a firewall of nodes lets in: `ports` inclusive (None: every port and protocol), from `sources`."""

    group: str
    protocol: str  # TCP, UDP, SCTP; empty for all
    ports: tuple[int, int] | None
    sources: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLog:
    """One flow log of a VPC or subnet. `rejected` says whether it holds refused traffic, `live` whether it arrives."""

    id: str
    resource: str
    rejected: bool
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the record says of logs and of the network around the nodes.

    `audit` is whether the API server's audit log is kept; `outbound` is AKS' outboundType in lower case; `external_ips`
    whether GKE lets Services set externalIPs. `open_rules` are those rules of security groups that name addresses (None:
    the groups are not in the record), `node_groups` the ids of the groups that surely are the nodes' own; `vpc` and `subnets` are
    what flow logs have to cover.
    """

    audit: bool | None = None
    audit_where: str = ""
    outbound: str = ""
    outbound_where: str = ""
    external_ips: bool | None = None
    external_ips_where: str = ""
    open_rules: tuple[IngressRule, ...] | None = None
    node_groups: frozenset[str] = frozenset()
    flow_logs: tuple[FlowLog, ...] | None = None
    vpc: str = ""
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateSelector:
    """One selector of a Fargate profile: pods of `namespace` with all of `labels` run on Fargate."""

    profile: str
    namespace: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """The cloud's own switches of policy enforcement.

    `managed` names the engine the cloud would run (`eks-vpc-cni`, `gke-dataplane-v2`, `gke-calico`, `aks-npm`,
    `aks-calico`, `aks-cilium`), "" where it runs none and None where the record does not say. `enabled` is the switch;
    `half` is set where only one of two switches is on and says which. `conditions` are those of the engines' catalogue that
    the record settles, in the catalogue's words.
    """

    managed: str | None
    enabled: bool | None
    version: str = ""
    half: str = ""
    auto_mode: bool = False
    deny_events: bool | None = None
    deny_export: bool | None = None
    enforcing_mode: str = ""  # EKS: standard or strict
    virtual_nodes: bool = False
    plugin: str = ""  # AKS: networkPlugin (azure, kubenet, none)
    where: str = ""
    conditions: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFacts:
    """One cluster's cloud record, read. `notices` name parts that were there and could not be understood."""

    provider: Cloud
    kubernetes_version: str
    endpoint: Endpoint
    engine: EngineSettings
    pools: tuple[Pool, ...] | None  # None: not in the record
    fargate: tuple[FargateSelector, ...] | None
    pod_ranges: tuple[str, ...]
    service_ranges: tuple[str, ...]
    workload_identity: bool | None
    metadata_restricted: bool | None  # AKS: IMDS restriction on
    autopilot: bool | None = None  # GKE: Google runs the nodes and what stands in kube-system
    notices: tuple[str, ...] = ()
    transit_encryption: bool | None = None  # WireGuard between nodes, where the cloud switches it (GKE, AKS)
    transit_where: str = ""  # the field that says so
    around: Surroundings = Surroundings()
