"""What one cluster contributes to the judgement of the fleet: small, stored inside its result, and all that is asked later.

Addresses are texts: `ranges` of openings "first-last" as the reachability engine prints them, everything else CIDRs.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from scanner.enums import Cloud
from scanner.model import ClusterRef
from scanner.topology.model import Becomes, Confidence, Pods

Ports = dict[str, tuple[tuple[int, int], ...]]  # by protocol, inclusive; all ports are ((1, 65535),)


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base: results of later versions may carry more fields."""


class Opening(_Part, frozen=True, kw_only=True):
    """External addresses that some workloads may talk with (outbound), or that may talk with them (inbound).

    `workloads` are the first few of `count`, by "namespace/name[Kind]". `certain` is false where the engine cannot tell, and
    `reason` then says why. With `via` the way leads through that Service past the pods' own ingress policies.
    """

    ranges: tuple[str, ...]
    ports: Ports
    workloads: tuple[str, ...]
    count: int
    certain: bool = True
    reason: str = ""
    via: str = ""


class Block(_Part, frozen=True, kw_only=True):
    """A range that an allow rule names, less what it excepts: an ipBlock, a CIDR, an entry of a network set."""

    object: str  # "NetworkPolicy shop/allow-web"
    field: str  # "ingress[0]"
    inbound: bool
    cidr: str
    excepts: tuple[str, ...] = ()


class RemoteName(_Part, frozen=True, kw_only=True):
    """An allow rule that names pods of another cluster by that cluster's name, as Cilium's ClusterMesh lets it."""

    object: str
    field: str
    inbound: bool
    clusters: tuple[str, ...]


class Flow(_Part, frozen=True, kw_only=True):
    """What one workload may open to another, both as "namespace/name" (the same name in every cloud)."""

    source: str
    destination: str
    ports: Ports


class IntentView(_Part, frozen=True, kw_only=True):
    """The allow matrix of one intent group in one cluster, at both levels. `gap` says why it is not known, if it is not."""

    name: str
    workloads: tuple[str, ...] = ()
    declared: tuple[Flow, ...] = ()
    effective: tuple[Flow, ...] = ()
    undecided: tuple[Flow, ...] = ()  # what the effective level may allow
    gap: str = ""


class Peering(_Part, frozen=True, kw_only=True):
    """What a cloud record's `vpc` part says of one link: the cluster or place at its far end, its kind, the ranges behind it."""

    to: str
    kind: str
    cidrs: tuple[str, ...] = ()


class Rewriting(_Part, frozen=True, kw_only=True):
    """`MasqueradeRule` as results hold it."""

    becomes: Becomes
    why: str
    confidence: Confidence
    to: tuple[str, ...] = ()


class Stand(_Part, frozen=True, kw_only=True):
    """Where a cluster stands as far as its own record says: what a `Placement` holds without its network having been read."""

    nodes: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    routing: Pods = Pods.UNKNOWN
    masquerade: tuple[Rewriting, ...] = ()
    unread: dict[str, str] = {}


class Crossing(_Part, frozen=True, kw_only=True):
    """A cluster's own side of everything that leads to other clusters.

    `gaps` are sentences: what was not read of it, so that nothing may be concluded from what is missing here. `evidence` is
    the level (E0, E1, E2) of the rest. `network`, `ranges` and `peerings` are what the `vpc` part of its record says of its
    network, and `stand` what else the record says, for a fleet whose networks nobody read.
    `unmasqueraded` is the custom list of GKE's ip-masq-agent, None where there is none or it was not read.
    """

    evidence: str = "E0"
    gaps: tuple[str, ...] = ()
    network: str = ""
    ranges: tuple[str, ...] = ()
    peerings: tuple[Peering, ...] = ()
    stand: Stand | None = None
    pods: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    load_balancers: tuple[str, ...] | None = None
    unmasqueraded: tuple[str, ...] | None = None
    inbound: tuple[Opening, ...] = ()
    outbound: tuple[Opening, ...] = ()
    blocks: tuple[Block, ...] = ()
    remote_names: tuple[RemoteName, ...] = ()
    mesh_name: str = ""  # what Cilium calls this cluster
    intents: tuple[IntentView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A cluster of the fleet. `engine` is the status of its NB-ENF-01; an unread cluster has an empty crossing with a gap."""

    ref: ClusterRef
    tier: str
    engine: str
    crossing: Crossing

    @property
    def cloud(self) -> Cloud:
        """The cloud it runs in."""
        return self.ref.cloud

    @property
    def name(self) -> str:
        """What people call it."""
        return self.ref.name
