"""The `Topology` record: what the clouds say of the network around the clusters (`topology/v1`).

A packet is followed from route table to route table. Everything a cloud does (a peering that is not transitive, a transit
gateway, a gateway that others use) is written down by its reader as tables and routes, so that one plain walk answers for
three clouds. What nobody could read is missing on purpose: a route that leads to a table which is not here ends in "unknown".
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from scanner.enums import Cloud
from scanner.stored import Stored

TOPOLOGY_VERSION = "topology/v1"


class DomainKind(StrEnum):
    """What a route domain is."""

    AWS_VPC = "aws-vpc"
    AWS_TRANSIT_GATEWAY = "aws-transit-gateway"
    AWS_VPN_GATEWAY = "aws-vpn-gateway"
    GCP_NETWORK = "gcp-network"
    AZURE_VNET = "azure-vnet"
    AZURE_GATEWAY = "azure-gateway"
    AZURE_VIRTUAL_HUB = "azure-virtual-hub"
    FAR_END = "far-end"  # what is behind a VPN connection, Direct Connect, an Interconnect or an ExpressRoute circuit
    ZONE = "zone"  # declared by the operator: an office, a data centre, a partner


class Action(StrEnum):
    """What a route does with a packet."""

    LOCAL = "local"  # delivers it inside the table's own domain
    FORWARD = "forward"
    DROP = "drop"
    INTERNET = "internet"  # an internet gateway or NAT: private addresses end there
    APPLIANCE = "appliance"  # a firewall, an instance, a load balancer in front of them
    UNKNOWN = "unknown"


class LinkState(StrEnum):
    """Whether what joins two domains carries traffic. A tunnel that is down now may be up tomorrow: that is `unknown`."""

    ACTIVE = "active"
    DECLARED = "declared"
    UNKNOWN = "unknown"
    INACTIVE = "inactive"


class Becomes(StrEnum):
    """Whose address a packet of a pod carries when it arrives."""

    POD = "pod"
    NODE = "node"
    UNKNOWN = "unknown"


class Encryption(StrEnum):
    """What protects the packets on a link between its two ends; `unknown` where nobody read it."""

    IPSEC = "ipsec"
    MACSEC = "macsec"
    MTLS = "mtls"  # of the workloads or gateways at both ends, as an operator declares
    NONE = "none"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How a rule is known. One from memory can make an answer unknown or add a note, never decide."""

    DOCUMENTED = "documented"
    MEMORY = "memory"


class Pods(StrEnum):
    """Whether the network around a cluster carries its pods' addresses (`native`) or knows the nodes alone (`overlay`)."""

    NATIVE = "native"
    OVERLAY = "overlay"
    UNKNOWN = "unknown"


class Route(Stored, frozen=True, kw_only=True, gc=False):
    """One entry of a route table.

    `to` is the next domain. `tables` are those that decide there; without any, the next domain delivers to its own ranges
    and forwards nothing (peerings are not transitive). `accepts` are the destinations that the next hop takes and `sources`
    those whose packets the route carries, both empty where it is all of them. Of several routes for one prefix the lowest
    `priority` wins; equal ones may each be taken. `reason` says why a packet is dropped or its end unknown.
    """

    prefix: str
    action: Action
    to: str = ""
    tables: tuple[str, ...] = ()
    link: str = ""
    accepts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    priority: int = 0
    reason: str = ""


class Table(Stored, frozen=True, kw_only=True):
    """A route table. `unread` says why its routes are not (all) known: then nothing that it decides is."""

    id: str
    domain: str
    routes: tuple[Route, ...] = ()
    unread: str = ""


class Domain(Stored, frozen=True, kw_only=True):
    """A network in which addresses are delivered without a further hop.

    `ranges` are its addresses; `table` decides for those that no subnet of it holds. `unread` is set where it is known by
    name only.
    """

    id: str
    kind: DomainKind
    cloud: Cloud = Cloud.OTHER
    account: str = ""
    location: str = ""
    name: str = ""
    ranges: tuple[str, ...] = ()
    table: str = ""
    unread: str = ""


class Subnet(Stored, frozen=True, kw_only=True):
    """Addresses of a domain whose packets one table decides. `secondary` are GCP's named secondary ranges, also in `ranges`."""

    id: str
    domain: str
    ranges: tuple[str, ...]
    table: str = ""
    location: str = ""
    secondary: dict[str, str] = msgspec.field(default_factory=dict)


class Link(Stored, frozen=True, kw_only=True):
    """What joins two domains. `evidence` is what the clouds said of it, for a reader.

    `ends` are the two domains where its reader knew them; else the routes that lead over it tell.
    """

    id: str
    kind: str
    state: LinkState
    evidence: str = ""
    ends: tuple[str, ...] = ()
    encryption: Encryption = Encryption.UNKNOWN


class Tunnel(Stored, frozen=True, kw_only=True):
    """One end of a connection that leaves a cloud; `id` is also the domain and the table that stand for its far end.

    `own` and `peer` are outside addresses of this end and of the other. Packets from there arrive at domain `arrives_at`
    and are decided by `tables` (none: delivered there or nowhere).
    """

    id: str
    kind: str
    cloud: Cloud
    account: str = ""
    own: tuple[str, ...] = ()
    peer: tuple[str, ...] = ()
    own_asn: int = 0
    peer_asn: int = 0
    arrives_at: str = ""
    tables: tuple[str, ...] = ()
    state: LinkState = LinkState.UNKNOWN
    evidence: str = ""
    encryption: Encryption = Encryption.UNKNOWN


class MasqueradeRule(Stored, frozen=True, kw_only=True):
    """Whose address the far side sees: the first rule whose `to` holds the destination decides (empty: any destination)."""

    becomes: Becomes
    why: str
    confidence: Confidence = Confidence.DOCUMENTED
    to: tuple[str, ...] = ()


class Passage(Stored, frozen=True, kw_only=True):
    """Addresses that a cloud's firewall lets through. Without `ports` it is all of them; `by` names the rule."""

    ranges: tuple[str, ...]
    ports: dict[str, tuple[tuple[int, int], ...]] = msgspec.field(default_factory=dict)  # by protocol, inclusive
    by: str = ""


class Firewall(Stored, frozen=True, kw_only=True):
    """What security groups, VPC firewall rules or NSGs in front of a cluster's nodes and pods let in and out, read whole."""

    inbound: tuple[Passage, ...] = ()
    outbound: tuple[Passage, ...] = ()


class Placement(Stored, frozen=True, kw_only=True):
    """Where a cluster stands: its domain and the ranges of its nodes, pods, Services and load balancers.

    `unread` names the kinds ("node", "pod", "load_balancer") whose ranges are not (all) known, each with the reason.
    `firewall` is None where nobody read the cloud's firewalls: then no way past them is certain.
    """

    cluster: str  # ClusterRef.id
    domain: str
    nodes: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    load_balancers: tuple[str, ...] = ()
    routing: Pods = Pods.UNKNOWN
    masquerade: tuple[MasqueradeRule, ...] = ()
    unread: dict[str, str] = msgspec.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    firewall: Firewall | None = None


class Zone(Stored, frozen=True, kw_only=True):
    """Addresses outside the clusters that somebody named: an office, a data centre. `domain` is where they are."""

    name: str
    domain: str
    ranges: tuple[str, ...]


class Unread(Stored, frozen=True, kw_only=True):
    """Something of the network that could not be read, and the permission that would have allowed it."""

    cloud: Cloud
    account: str
    what: str
    reason: str
    location: str = ""
    permission: str = ""


class Topology(Stored, frozen=True, kw_only=True, tag_field="version", tag=TOPOLOGY_VERSION):
    """The network around the clusters, or the part of it that one reader saw. Order means nothing; ids are unique."""

    domains: tuple[Domain, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    tables: tuple[Table, ...] = ()
    links: tuple[Link, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    placements: tuple[Placement, ...] = ()
    zones: tuple[Zone, ...] = ()
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()
