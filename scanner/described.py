"""A cluster as its cloud alone describes it: what can be said of its data plane and its endpoint before anybody looks inside."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from scanner.cloud.facts import CloudFacts, Endpoint
from scanner.cloud.read import read_facts
from scanner.dataplane.detect import detect
from scanner.dataplane.model import DataPlane, Enforcing
from scanner.model import SNAPSHOT_VERSION, CloudRecord, ClusterRef, Collector, Snapshot, Source

_NOBODY = Collector(name="ringfence", version="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What the record says. `plane.enforcing` is the cloud's word: nobody has looked inside.

    `outside` are node types that an engine may not reach, each with what the record names of it; `settle` says
    what, read inside the cluster, would settle a data plane that the record leaves open, "" where it leaves nothing open.
    `exposure` is a stable word: `private`, `limited` (public for an allow list), `public`, `unknown`.
    """

    facts: CloudFacts
    plane: DataPlane
    outside: tuple[str, ...]
    settle: str
    exposure: str


def describe(ref: ClusterRef, record: CloudRecord) -> Described:
    """Judge a cluster by its record; never raises."""
    facts = read_facts(record)
    unasked = Snapshot(
        version=SNAPSHOT_VERSION,
        collector=_NOBODY,
        taken="",
        cluster=ref,
        source=Source.CLUSTER,
        collection={},
        cloud_record=record,
    )
    plane = detect(unasked, facts)
    return Described(
        facts=facts,
        plane=plane,
        outside=_outside(facts),
        settle=_settle(plane) if plane.enforcing is Enforcing.UNKNOWN else "",
        exposure=exposure(facts.endpoint),
    )


def exposure(endpoint: Endpoint) -> str:
    """How far the API server can be reached from; a list that takes in the whole internet limits nothing."""
    if endpoint.public is None:
        return "unknown"
    if not endpoint.public:
        return "private"
    if endpoint.allowed is None or any(_is_everything(text) for text in endpoint.allowed):
        return "public"
    return "limited"


def _is_everything(text: str) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).prefixlen == 0
    except ValueError:
        return False


def _outside(facts: CloudFacts) -> tuple[str, ...]:
    """Where an engine does not run (Fargate, virtual nodes) or not every engine does (Windows), as far as the record names it."""
    profiles = {selector.profile for selector in facts.fargate or ()}
    windows = [pool.name for pool in facts.pools or () if pool.os == "windows"]
    found = []
    if profiles:
        found.append(f"Fargate profiles: {', '.join(sorted(profiles))}")
    if windows:
        found.append(f"Windows pools: {', '.join(sorted(windows))}")
    if facts.engine.virtual_nodes:
        found.append("virtual nodes")
    return tuple(found)


def _settle(plane: DataPlane) -> str:
    if plane.name == "eks-auto-mode":
        return "ConfigMap kube-system/amazon-vpc-cni, enable-network-policy-controller: audit with access to the cluster's API"
    return (
        "the DaemonSets in the cluster, where an engine may have been installed by hand: audit with access to its API"
    )
