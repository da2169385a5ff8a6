"""NB-XC-03: do linked networks share addresses, and does each range that a rule names belong to one current owner?"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from scanner.controls import addresses
from scanner.controls.base import Verdict, bounded, names
from scanner.fabric.fleet import FLEET, NO_NETWORK, Fleet
from scanner.fabric.member import Block, Member
from scanner.findings import Status
from scanner.reach.addresses import Span
from scanner.topology.model import DomainKind, Pods
from scanner.topology.spans import is_prefix, meet, prefixes, span_of, spans_of, union, within, without

_LOCAL = ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10")  # of the node or link itself: nobody else's
_INTERNET = "the internet"
_NODE = "the node itself (loopback, link-local)"
MOST = 1_000  # overlaps of a fleet; more are not listed


@dataclass(frozen=True, slots=True)
class _Owner:
    """Somebody whose addresses are known; `network` says that they are a network's, of which two may not share any."""

    name: str
    spans: list[Span]
    network: bool


def address_plans_hold(fleet: Fleet) -> Iterator[Verdict]:
    """One verdict per shared range, per network whose ranges are not known, and per policy object that names ranges.

    Addresses that a cluster keeps for itself (Services, overlay pods) may be the same in every cluster, but not those of a
    network that it is linked with: packets to there would end at home. Owners are the networks that were read, the zones of
    ringfence.yaml, the organisation's ranges, and the internet, which is whatever holds a tenth of the public addresses.
    """
    blocks = any(each.crossing.blocks for each in fleet.members)
    if not blocks and fleet.known and not fleet.unplaced and len(_linked(fleet)) < 2:
        return
    yield from _overlaps(fleet)
    yield from _unknown_plans(fleet)
    owners = _Owners(_owners(fleet))
    whole = fleet.known and not fleet.unplaced and not fleet.topology.unread
    for member in fleet.members:
        by_object: dict[str, list[Block]] = defaultdict(list)
        for block in member.crossing.blocks:
            by_object[block.object].append(block)
        for name, found in by_object.items():
            yield _object(f"{fleet.names[member.ref.id]}: {name}", found, owners, whole=whole)


def _linked(fleet: Fleet) -> frozenset[str]:
    """The networks that clusters stand in or are linked with, gateways and far ends left out."""
    joined = {name for network in fleet.networks for name in fleet.whole_graph.component(network)}
    return frozenset(name for name in joined if name in fleet.graph.domains and fleet.graph.is_network(name))


def _overlaps(fleet: Fleet) -> Iterator[Verdict]:
    entries = [
        _Entry(span, name, name) for name in _linked(fleet) for span in spans_of(fleet.graph.domains[name].ranges)
    ]
    for name, place in fleet.placements.items():
        kept = {"Services": place.services, "pods": place.pods if place.routing is Pods.OVERLAY else ()}
        for what, ranges in kept.items():
            entries += [_Entry(span, place.domain, f"{what} of {fleet.names[name]}") for span in spans_of(ranges)]
    found: dict[tuple[str, str], list[Span]] = {}
    for one, other, both in _meetings(entries):
        kinds = one.who == one.network, other.who == other.network
        apart = one.network != other.network and other.network in fleet.whole_graph.component(one.network)
        if apart and any(kinds):
            named = sorted((one, other), key=lambda each: (each.who == each.network, each.who))
            found.setdefault((named[0].who, named[1].who), []).append(both)
            if len(found) >= MOST:
                break
    for (first, second), spans in sorted(found.items()):
        why = "both networks have these addresses, and they are linked"
        if " of " in first:
            why = f"they are kept for the {first}, so packets from there to {second} stay at home"
        yield _shared(f"{first} and {second}", union(spans), why)


@dataclass(frozen=True, slots=True)
class _Entry:
    """Addresses that a network has, or that a cluster in it keeps for itself (`who` is then not the network)."""

    span: Span
    network: str
    who: str


def _meetings(entries: Iterable[_Entry]) -> Iterator[tuple[_Entry, _Entry, Span]]:
    """Every two entries that share addresses, in one sweep over both lines of addresses."""
    open_now: list[_Entry] = []
    for entry in sorted(entries, key=lambda each: (each.span, each.who)):
        open_now = [each for each in open_now if each.span[0] == entry.span[0] and each.span[2] >= entry.span[1]]
        for other in open_now:
            if (both := meet(other.span, entry.span)) is not None:
                yield other, entry, both
        open_now.append(entry)


def _common(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    return [part for span in one for part in within(span, other)]


def _shared(subject: str, both: list[Span], why: str) -> Verdict:
    return Verdict(
        subject=subject,
        status=Status.FAIL,
        reason="overlap",
        evidence=(f"{names(prefixes(both))}: {why}",),
        remediation=f"Renumber one of them, so that {names(prefixes(both), 2)} belongs to one network, or cut the link.",
    )


def _unknown_plans(fleet: Fleet) -> Iterator[Verdict]:
    if not fleet.known:
        yield Verdict(subject=FLEET, status=Status.UNKNOWN, reason="network-unread", evidence=(NO_NETWORK,))
        return
    for member in fleet.unplaced:
        name = fleet.names[member.ref.id]
        why = f"the network of {name} was not read, so its ranges are not known"
        yield Verdict(subject=name, status=Status.UNKNOWN, reason="ranges-unknown", evidence=(why,))
    for name in sorted(_linked(fleet) - fleet.networks):
        domain = fleet.graph.domains[name]
        if (domain.unread or not domain.ranges) and domain.kind is not DomainKind.ZONE:
            why = f"{name} is linked and its ranges are not known: {domain.unread or 'none were read'}"
            yield Verdict(subject=name, status=Status.UNKNOWN, reason="ranges-unknown", evidence=(why,))
    linked = _linked(fleet)
    if len(linked) > 1 and all(fleet.graph.domains[name].ranges for name in linked):
        evidence = bounded(f"{name} has {names(fleet.graph.domains[name].ranges)}" for name in sorted(linked))
        yield Verdict(subject="address plans", status=Status.PASS, reason="read", evidence=evidence)


def _owners(fleet: Fleet) -> Iterator[_Owner]:
    seen: set[str] = set()
    for domain in fleet.topology.domains:
        if domain.ranges and domain.kind is not DomainKind.ZONE and not domain.unread:
            seen.add(domain.id)
            yield _Owner(f"network {domain.id}", spans_of(domain.ranges), network=True)
    for member in fleet.members:
        yield from _kept(fleet, member, seen)
    for name, ranges in fleet.zones():
        yield _Owner(f"zone {name}", spans_of(text for text in ranges if is_prefix(text)), network=False)
    if fleet.config.organisation_ranges:
        yield _Owner("the organisation", spans_of(fleet.config.organisation_ranges), network=False)
    yield _Owner(_NODE, spans_of(_LOCAL), network=False)


def _kept(fleet: Fleet, member: Member, seen: set[str]) -> Iterator[_Owner]:
    """A cluster's own ranges: what its record says of its network, where nobody read that, and what it keeps for itself."""
    crossing = member.crossing
    name = fleet.names[member.ref.id]
    if crossing.ranges and crossing.network not in seen:
        seen.add(crossing.network)
        yield _Owner(f"network {crossing.network or name}", spans_of(crossing.ranges), network=True)
    place = fleet.placements.get(member.ref.id)
    spans = spans_of(
        [*crossing.pods, *crossing.services, *(place.pods if place else ()), *(place.services if place else ())]
    )
    home = spans_of(fleet.graph.domains[place.domain].ranges) if place else spans_of(crossing.ranges)
    if outside := [part for span in spans for part in without(span, home)]:
        yield _Owner(f"cluster {name}", outside, network=False)


def _object(subject: str, blocks: list[Block], owners: _Owners, *, whole: bool) -> Verdict:
    """The ranges of one policy object; the worst of them decides."""
    found = [(block, *owners.of(block)) for block in blocks]
    for reason in ("several-owners", "wider-than-owner", "orphaned"):
        bad = [(block, who) for block, why, who in found if why == reason]
        if not bad:
            continue
        lines = bounded(f"{block.field} names {_text(block)}: {_WORDS[reason]}{who}" for block, who in bad)
        if reason == "orphaned" and not whole:
            further = "its owner may be in a network that was not read, or a zone that is not declared"
            return Verdict(subject=subject, status=Status.UNKNOWN, reason="owner-unknown", evidence=(*lines, further))
        return Verdict(
            subject=subject,
            status=Status.FAIL,
            reason=reason,
            evidence=lines,
            remediation=_mend(subject, bad[0], reason),
        )
    lines = bounded(f"{block.field} names {_text(block)} of {who}" for block, _, who in found)
    return Verdict(subject=subject, status=Status.PASS, reason="one-owner", evidence=lines)


_WORDS = {
    "several-owners": "it covers addresses of ",
    "wider-than-owner": "it is wider than what belongs to ",
    "orphaned": "nobody that is known has such addresses",
}


def _mend(subject: str, bad: tuple[Block, str], reason: str) -> str:
    block, who = bad
    if reason == "orphaned":
        return (
            f"Remove {block.cidr} from {subject}, {block.field}, or declare whose it is in ringfence.yaml:\ntrustZones:\n"
            f"- {{name: <owner>, trust: low, cidrs: [{block.cidr}]}}"
        )
    return f"In {subject}, {block.field}, replace {block.cidr} by the ranges of the one peer that is meant (of: {who})."


def _text(block: Block) -> str:
    return f"{block.cidr}{f' except {names(block.excepts)}' if block.excepts else ''}"


class _Owners:
    """All owners, found by address; the same range is looked up once, however many clusters name it."""

    def __init__(self, owners: Iterable[_Owner]) -> None:
        self._owners = tuple(owners)
        runs = sorted((span, at) for at, each in enumerate(self._owners) for span in each.spans)
        self._runs = runs
        self._ends = list(accumulate(((span[0], span[2]) for span, _ in runs), max))
        self._known: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {}

    def of(self, block: Block) -> tuple[str, str]:
        """What is wrong with a range ("" if nothing), and its owners."""
        key = (block.cidr, block.excepts)
        if key not in self._known:
            left = without(span_of(block.cidr), spans_of(block.excepts))
            touched = {at for span in left for at in self._touching(span)}
            self._known[key] = _owned(left, [self._owners[at] for at in sorted(touched)])
        return self._known[key]

    def _touching(self, span: Span) -> Iterator[int]:
        at = bisect_right(self._runs, ((span[0], span[2], 1 << 128), len(self._owners))) - 1
        while at >= 0 and self._ends[at] >= (span[0], span[1]):
            if meet(self._runs[at][0], span) is not None:
                yield self._runs[at][1]
            at -= 1


def _owned(left: list[Span], touched: Sequence[_Owner]) -> tuple[str, str]:
    everywhere = addresses.is_unrestricted(_ranges(left))
    if everywhere:
        others = [each.name for each in touched if any(not _public(span) for span in _common(left, each.spans))]
        others = [name for name in others if name != _NODE]
        return ("several-owners", f"{_INTERNET}, {names(others)}") if others else ("", _INTERNET)
    holding = [each for each in touched if not [part for span in left for part in without(span, each.spans)]]
    if holding:
        networks = [each.name for each in holding if each.network]
        nearest = min(holding, key=lambda each: (sum(last - first for _, first, last in each.spans), each.name))
        return ("several-owners", names(networks)) if len(networks) > 1 else ("", nearest.name)
    if not touched:
        return "orphaned", ""
    listed = names(each.name for each in touched)
    return ("wider-than-owner" if len(touched) == 1 else "several-owners"), listed


def _ranges(spans: Sequence[Span]) -> addresses.Ranges:
    return {version: [(first, last) for kind, first, last in spans if kind == version] for version in (4, 6)}


def _public(span: Span) -> bool:
    return any(addresses.public(_ranges([span])).values())
