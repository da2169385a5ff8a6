"""What one cluster says of its own side of everything that leads to other clusters, from the case that was judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

import msgspec

from scanner.cloud.part import Part
from scanner.controls.base import POLICIES, Case
from scanner.controls.evaluation import evidence_of
from scanner.fabric.intents import views_of
from scanner.fabric.member import Block, Crossing, Peering, RemoteName, Rewriting, Stand
from scanner.fabric.openings import openings_in, openings_out
from scanner.model import ApiObject, Cloud
from scanner.objects import decoded
from scanner.policy.model import Action, BlockPeer
from scanner.reach.addresses import is_address
from scanner.reach.model import Direction
from scanner.topology.model import Domain, DomainKind, Topology
from scanner.topology.place import place
from scanner.topology.spans import is_prefix, prefixes, spans_of

if TYPE_CHECKING:
    from scanner.reach.engine import ClusterReach

MOST_BLOCKS = 5_000
MOST_PEERINGS = 500
MOST_NODES = 256  # runs of node addresses; more are not told apart
LONGEST = 200  # characters of a name in a record
_CLUSTER = "io.cilium.k8s.policy.cluster"
_LIST = re.compile(r"nonMasqueradeCIDRs\s*:\s*(?:\[(?P<flow>[^\]]*)\]|(?P<block>(?:\s*\n\s*-[^\n]*)+))")


def crossing_of(case: Case) -> Crossing:
    """The cluster's contribution to the fleet; of what was not read nothing is said but why."""
    snapshot = case.snapshot
    facts = case.facts
    gaps = list(case.missing("namespaces", "pods", POLICIES))
    vpc = _vpc(case)
    crossing = Crossing(
        evidence=evidence_of(case),
        network=vpc.text("id") or "",
        ranges=tuple(vpc.ranges(vpc.texts("cidrs") or ())),
        peerings=tuple(_peerings(vpc)),
        stand=_stand(case, vpc),
        pods=tuple(text for text in (facts.pod_ranges if facts else ()) if is_prefix(text)),
        services=tuple(text for text in (facts.service_ranges if facts else ()) if is_prefix(text)),
        intents=tuple(views_of(case)),
    )
    if snapshot.unread:
        return msgspec.structs.replace(crossing, gaps=tuple(gaps))
    reach = cast("ClusterReach", case.effective)
    inbound, outbound = openings_in(reach), openings_out(reach)
    blocks = tuple(_blocks(case))
    gaps += [f"{each} is of a kind that this version does not judge" for each in case.unmodelled[:3]]
    if inbound is None or outbound is None or len(blocks) > MOST_BLOCKS:
        gaps.append("its policies tell more addresses apart than a result can hold")
    balancers = (
        address
        for service in snapshot.services
        if service.type == "LoadBalancer"
        for address in service.balancer_addresses
        if is_address(address)
    )
    pods = spans_of([*crossing.pods, *(text for node in snapshot.nodes for text in node.pod_cidrs if is_prefix(text))])
    return msgspec.structs.replace(
        crossing,
        gaps=tuple(dict.fromkeys(gaps)),
        pods=prefixes(pods)[:64],
        load_balancers=None if case.missing("services") else tuple(sorted(set(balancers))),
        unmasqueraded=_unmasqueraded(case),
        inbound=inbound or (),
        outbound=outbound or (),
        blocks=blocks[:MOST_BLOCKS],
        remote_names=tuple(_remote_names(case)),
        mesh_name=_config(case, "cilium-config", "cluster-name"),
    )


def _vpc(case: Case) -> Part:
    record = case.snapshot.cloud_record
    if record is None or isinstance(record.vpc, msgspec.UnsetType):
        return Part(None, "vpc", [])
    return Part.decode(record.vpc, "vpc", [])


def _peerings(vpc: Part) -> Iterator[Peering]:
    for part in (vpc.items("peerings") or ())[:MOST_PEERINGS]:
        to, kind = (part.text(key) or "" for key in ("to", "kind"))
        if all(0 < len(text) <= LONGEST and text.isprintable() for text in (to, kind)):
            yield Peering(to=to, kind=kind, cidrs=part.ranges(part.texts("cidrs") or ()))


def _stand(case: Case, vpc: Part) -> Stand | None:
    """What the cluster's own record says of where it stands; nodes by their addresses where the record names no subnets."""
    record = case.snapshot.cloud_record
    if record is None:
        return None
    ranges = tuple(vpc.ranges(vpc.texts("cidrs") or ()))
    cluster = Part.decode(record.cluster, "cluster", [])
    known = (cluster.part("cluster") or cluster).part("resourcesVpcConfig").text("vpcId") or vpc.text("id") or ""
    domain = Domain(id=known, kind=DomainKind.AWS_VPC, ranges=ranges)
    placed = place(case.snapshot.cluster, record, Topology(domains=(domain,)))
    if placed is None:
        return None
    unread = dict(placed.unread)
    nodes = spans_of(address for node in case.snapshot.nodes for address in node.addresses if is_address(address))
    if "node" in unread and not placed.nodes and nodes and len(nodes) <= MOST_NODES and not case.missing("nodes"):
        placed = msgspec.structs.replace(placed, nodes=prefixes(nodes))
        del unread["node"]
    return Stand(
        nodes=placed.nodes,
        pods=placed.pods,
        services=placed.services,
        routing=placed.routing,
        masquerade=tuple(
            Rewriting(becomes=rule.becomes, why=rule.why, confidence=rule.confidence, to=rule.to)
            for rule in placed.masquerade
        ),
        unread=unread,
    )


def _blocks(case: Case) -> Iterator[Block]:
    """Every range that an allow rule names, each once per rule."""
    for policy in case.policies.policies:
        for rule in policy.rules:
            if rule.action is not Action.ALLOW:
                continue
            for peer in dict.fromkeys(rule.peers or ()):
                if isinstance(peer, BlockPeer):
                    yield Block(
                        object=policy.id,
                        field=rule.name,
                        inbound=rule.direction is Direction.INGRESS,
                        cidr=str(peer.block),
                        excepts=tuple(map(str, peer.excepts)),
                    )


def _remote_names(case: Case) -> Iterator[RemoteName]:
    """Rules of Cilium policies that name a cluster; what cannot be decoded is a notice of the resolver's already."""
    own = _config(case, "cilium-config", "cluster-name")
    for policy in case.snapshot.policies:
        if not policy.kind.startswith("Cilium"):
            continue
        for field, inbound, clusters in _named(policy):
            strangers = tuple(sorted(set(clusters) - {own, "", "any"}))
            if strangers:
                where = f"{policy.kind} {policy.namespace}/{policy.name}" if policy.namespace else policy.name
                yield RemoteName(object=where, field=field, inbound=inbound, clusters=strangers)


def _named(policy: ApiObject) -> Iterator[tuple[str, bool, list[str]]]:
    spec = decoded(policy, object)
    for number, rules in enumerate(_dicts(spec if isinstance(spec, list) else [spec])):
        place = f"specs[{number}]." if isinstance(spec, list) else ""
        for section, key, inbound in (("ingress", "fromEndpoints", True), ("egress", "toEndpoints", False)):
            for at, rule in enumerate(_dicts(rules.get(section))):
                found = [name for peer in _dicts(rule.get(key)) for name in _clusters(peer)]
                if found:
                    yield f"{place}{section}[{at}].{key}", inbound, found


def _dicts(value: object) -> list[dict[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _clusters(selector: dict[str, object]) -> Iterator[str]:
    labels = selector.get("matchLabels")
    for key, value in (labels if isinstance(labels, dict) else {}).items():
        if key.endswith(_CLUSTER) and isinstance(value, str):
            yield value
    for each in _dicts(selector.get("matchExpressions")):
        values = each.get("values")
        if str(each.get("key")).endswith(_CLUSTER) and each.get("operator") == "In" and isinstance(values, list):
            yield from (value for value in values if isinstance(value, str))


def _config(case: Case, name: str, key: str) -> str:
    maps: Iterable[str] = (
        each.data.get(key, "")
        for each in case.snapshot.config_maps
        if each.name == name and each.namespace == "kube-system"
    )
    return next(iter(maps), "")


def _unmasqueraded(case: Case) -> tuple[str, ...] | None:
    """`nonMasqueradeCIDRs` of GKE's ip-masq-agent, where its ConfigMap is there and can be read to the end."""
    text = _config(case, "ip-masq-agent", "config") if case.cloud is Cloud.GCP else ""
    found = _LIST.search(text)
    if found is None:
        return None
    listed = (found["flow"] or found["block"] or "").replace("\n", ",").split(",")
    entries = [entry for each in listed if (entry := each.strip().removeprefix("-").strip().strip("\"'"))]
    return tuple(entries) if all(map(is_prefix, entries)) else None
