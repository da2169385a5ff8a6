"""NB-XC-04: do the rules that admit another cluster name the identity that arrives, and not one that SNAT has taken away?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from scanner.controls import addresses
from scanner.controls.base import Verdict, bounded
from scanner.fabric.fleet import Fleet, doubts_of, unread_network
from scanner.fabric.member import Block, Member
from scanner.fabric.openings import span_of_run
from scanner.findings import Status
from scanner.reach.addresses import Span
from scanner.topology.model import Becomes
from scanner.topology.routes import Part
from scanner.topology.routes import Verdict as Routed
from scanner.topology.sites import Kind
from scanner.topology.spans import span_of, spans_of, within, without

_FIX = (
    "Let the traffic end at an east-west gateway and admit that gateway (mTLS principals behind it), or switch SNAT off for "
    "these destinations and route the pod ranges; then narrow the rule to what arrives."
)


@dataclass(slots=True)
class _Rules:
    """What the rules of one cluster that name another come to; each line names a rule."""

    bad: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unknown: list[str] = field(default_factory=list)
    good: list[str] = field(default_factory=list)


def rules_name_what_arrives(fleet: Fleet) -> Iterator[Verdict]:
    """One verdict per pair of clusters of which one has ingress rules that name the other's ranges or name.

    Where pods arrive with their node's address, a rule for their own ranges admits nobody, and one for all the nodes of the
    other cluster admits every pod there: that is in order only where the other cluster's own egress policies let no more
    than one workload out on that way. Ranges of which the internet is a part are no list of peers (NB-LP-01, NB-XC-03).
    """
    if len(fleet.members) < 2:
        return
    found = [verdict for member in fleet.members for verdict in _receiver(fleet, member)]
    if found or _flows(fleet):
        yield from unread_network(fleet)
    yield from found


def _flows(fleet: Fleet) -> bool:
    """Whether any cluster names a range that may be another's, whose place is not known."""
    return bool(fleet.unplaced) and any(
        block.inbound and not _is_internet(block) for each in fleet.members for block in each.crossing.blocks
    )


def _receiver(fleet: Fleet, receiver: Member) -> Iterator[Verdict]:
    blocks = [each for each in receiver.crossing.blocks if each.inbound and not _is_internet(each)]
    here = fleet.placements.get(receiver.ref.id)
    named = {name for each in receiver.crossing.remote_names if each.inbound for name in each.clusters}
    if here is None or not (blocks or named):
        return
    ranges = [(block, _spans(block)) for block in blocks]
    for sender in fleet.members:
        there = fleet.placements.get(sender.ref.id)
        if sender is receiver or there is None or there.domain == here.domain:
            continue
        remote = _spans_of((*there.pods, *there.nodes))
        concerned = [block for block, spans in ranges if any(within(span, remote) for span in spans)]
        by_name = named & _mesh_names(sender)
        if not concerned and not by_name:
            continue
        found = fleet.pair(sender, receiver)
        parts = [
            part
            for part in (found.parts if found else ())
            if part.source is Kind.POD and part.verdict is not Routed.NOT_ROUTABLE
        ]
        if not parts and not by_name and (found is None or found.verdict is not Routed.UNKNOWN):
            continue  # nothing gets there: a stale rule, which NB-XC-03 is about
        yield _judged(fleet, (sender, receiver), parts, (concerned, by_name))


def _mesh_names(member: Member) -> set[str]:
    return {member.crossing.mesh_name or member.name, member.name}


def _judged(
    fleet: Fleet, pair: tuple[Member, Member], parts: list[Part], rules: tuple[list[Block], set[str]]
) -> Verdict:
    sender, receiver = pair
    subject = f"{fleet.names[sender.ref.id]} -> {fleet.names[receiver.ref.id]}"
    seen = {part.seen_as for part in parts}
    found = _Rules()
    for block in rules[0]:
        _block(fleet, sender, block, (parts, seen), found)
    for name in sorted(rules[1]):
        what = f"rules of {fleet.names[receiver.ref.id]} name cluster {name} by its label"
        if Becomes.NODE in seen and Becomes.POD not in seen:
            why = f"{what}, and on the networks its pods are nodes: only a ClusterMesh tunnel would keep their identity"
        else:
            why = f"{what}: whether ClusterMesh carries that identity here is not known"
        found.unknown.append(why)
    doubts = doubts_of(fleet, receiver)
    if found.bad:
        reason, lines = next(iter(found.bad.items()))
        further = [line for key, more in found.bad.items() if key != reason for line in more]
        return Verdict(
            subject=subject, status=Status.FAIL, reason=reason, evidence=bounded([*lines, *further]), remediation=_FIX
        )
    if found.unknown:
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="snat-unknown", evidence=bounded(found.unknown))
    if doubts:
        return Verdict(
            subject=subject, status=Status.UNKNOWN, reason="declared-pass", evidence=bounded([*found.good, *doubts])
        )
    return Verdict(subject=subject, status=Status.PASS, reason="named-as-it-arrives", evidence=bounded(found.good))


def _block(
    fleet: Fleet, sender: Member, block: Block, way: tuple[list[Part], set[Becomes | None]], found: _Rules
) -> None:
    """One range of one rule, against the address with which the sender's pods arrive."""
    parts, seen = way
    place = fleet.placements[sender.ref.id]
    name = fleet.names[sender.ref.id]
    rule = f"{block.object} {block.field} ({block.cidr})"
    why = next((part.rewriting for part in parts if part.rewriting), "nothing says whether they are rewritten")
    named = _spans(block)
    pods, nodes = spans_of(place.pods), spans_of(place.nodes)
    holds_pods = any(within(span, pods) for span in named)
    holds_nodes = any(within(span, nodes) for span in named)
    if seen == {Becomes.POD}:
        found.good.append(f"{rule}: pods of {name} arrive with their own address: {why}")
    elif seen != {Becomes.NODE}:
        found.unknown.append(f"{rule}: whose address pods of {name} arrive with is not known: {why}")
    elif holds_pods and not holds_nodes:
        line = f"{rule} names pod addresses of {name}, whose pods arrive as their node: {why}"
        found.bad["names-pods-behind-snat"].append(line)
    elif not nodes or any(without(span, named) for span in nodes):
        found.good.append(f"{rule} names some of the node addresses with which pods of {name} arrive: {why}")
    else:
        _whole_range(fleet, sender, (rule, why), parts, found)


def _whole_range(fleet: Fleet, sender: Member, rule: tuple[str, str], parts: list[Part], found: _Rules) -> None:
    """A rule for all nodes of the sender: everybody there comes in, unless its own egress lets one workload out alone."""
    name = fleet.names[sender.ref.id]
    to = spans_of(text for part in parts for text in part.destinations)
    out = [each for each in sender.crossing.outbound if any(within(span_of_run(text), to) for text in each.ranges)]
    workloads = {name for each in out for name in each.workloads}
    line = f"{rule[0]} admits every node of {name}, whose pods arrive as their node: {rule[1]}"
    if doubts := doubts_of(fleet, sender):
        found.unknown.append(f"{line}; what may leave there is not known: {doubts[0]}")
    elif len(workloads) <= 1 and all(each.count <= 1 for each in out):
        found.good.append(f"{line}; egress policy there lets {', '.join(workloads) or 'nobody'} out alone")
    else:
        count = max([len(workloads), *(each.count for each in out)])
        found.bad["admits-every-node"].append(f"{line}; {count} workloads may leave there, so each of them is admitted")


@lru_cache(maxsize=1 << 14)
def _spans_of(texts: tuple[str, ...]) -> list[Span]:
    return spans_of(texts)


@lru_cache(maxsize=1 << 14)
def _left(cidr: str, excepts: tuple[str, ...]) -> list[Span]:
    return without(span_of(cidr), spans_of(excepts))


def _spans(block: Block) -> list[Span]:
    return _left(block.cidr, block.excepts)


@lru_cache(maxsize=1 << 14)
def _is_wide(cidr: str, excepts: tuple[str, ...]) -> bool:
    spans = _left(cidr, excepts)
    return addresses.is_unrestricted(
        {version: [(first, last) for kind, first, last in spans if kind == version] for version in (4, 6)}
    )


def _is_internet(block: Block) -> bool:
    return _is_wide(block.cidr, block.excepts)
