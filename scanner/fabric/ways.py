"""From pods of one cluster to pods of another: routes, the address that arrives, firewalls and the policies at both ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanner.fabric.member import Member, Opening, Ports
from scanner.fabric.openings import port_words, shared, span_of_run
from scanner.reach.addresses import Span
from scanner.topology.model import Becomes, Firewall, Passage, Placement
from scanner.topology.routes import Part, Verdict
from scanner.topology.sites import Kind
from scanner.topology.spans import prefixes, spans_of, union, within, without

_ANY: Ports = dict.fromkeys(("TCP", "UDP", "SCTP"), ((1, 65535),))
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way that is, or may be, open. `doubts` name the hops that are not known; without any it is certain."""

    ports: Ports
    hops: tuple[str, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of a pair: the cluster, what people call it, where it stands, and why its policies are not (all) known."""

    member: Member
    name: str
    place: Placement
    doubts: tuple[str, ...]

    def openings(self, *, inbound: bool) -> Sequence[Opening]:
        """What its policies let through; everything may be where they were not read whole."""
        crossing = self.member.crossing
        known = crossing.inbound if inbound else crossing.outbound
        if not crossing.gaps:
            return known
        reason = crossing.gaps[0]
        return (*known, Opening(ranges=_ALL, ports=_ANY, workloads=("?",), count=0, certain=False, reason=reason))


_ALL = ("0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")


def ways(one: End, other: End, parts: Iterable[Part], declared: Sequence[Span]) -> Iterator[Way]:
    """The ways from pods of one cluster to pods of another, or to the load balancers in front of them.

    Left out is what the routes, a firewall or a policy closes for certain, and destinations that are declared. What a node
    itself may open, or offers on ports of its own, is no tuple of pods: NB-ENF-08 and NB-EXP-03 are about it.
    """
    for part in parts:
        if part.source is not Kind.POD or part.destination not in {Kind.POD, Kind.LOAD_BALANCER}:
            continue
        left = [span for each in spans_of(part.destinations) for span in without(each, declared)]
        if part.verdict is Verdict.NOT_ROUTABLE or not left:
            continue
        way = _way(one, other, part, left)
        if way is not None:
            yield way


def _way(one: End, other: End, part: Part, to: list[Span]) -> Way | None:
    """The way over one part of the routes; None where something on it is closed for certain."""
    doubts = [f"the way: {part.reason}"] if part.verdict is Verdict.UNKNOWN else []
    out, leaving = _through(one.openings(inbound=False), to)
    seen = _seen(one, part)
    if not leaving or not out:
        return None
    inward, entering = _entering(other, part, seen)
    both: Ports = shared(leaving, [entering])
    for place, inbound, ranges in ((one.place, False, to), (other.place, True, seen)):
        both, doubt = _past(place.firewall, both, ranges, inbound=inbound)
        if doubt:
            side = f"what lets connections {'into' if inbound else 'out of'} {other.name if inbound else one.name}"
            doubts.append(f"{side}: its firewalls (security groups, firewall rules, NSGs) were not read")
    if not both:
        return None
    if part.seen_as is Becomes.UNKNOWN:
        doubts.append(f"the address that arrives: {part.rewriting}")
    doubts += [f"egress of {one.name}: {each}" for each in _unsure(out, both)]
    doubts += [f"ingress of {other.name}: {each}" for each in _unsure(inward, both)]
    doubts += [f"evidence: {each}" for each in (*one.doubts, *other.doubts)]
    whole = (one.place.pods, part.sources), (other.place.pods, part.destinations)
    if any(_beyond(mine, named) for mine, named in (whole if part.destination is Kind.POD else whole[:1])):
        doubts.append(
            "which pods stand in the ranges that the routes join: they join some of a cluster's pod ranges only"
        )
    return Way(
        ports=both, hops=tuple(_hops(one, other, part, (out, inward, to, seen))), doubts=tuple(dict.fromkeys(doubts))
    )


def _seen(one: End, part: Part) -> list[Span]:
    """The addresses from which it arrives: those of pods, of nodes, or (not known) of either."""
    if part.seen_as is Becomes.UNKNOWN or not part.seen:
        return spans_of((*part.sources, *one.place.nodes, *one.place.pods))
    return spans_of(part.seen)


def _through(openings: Iterable[Opening], ranges: Sequence[Span]) -> tuple[list[Opening], Ports]:
    """The openings that concern some of these addresses, and the ports that they open together."""
    found = [each for each in openings if _meets(each, ranges)]
    return found, _all_ports(each.ports for each in found)


def _entering(other: End, part: Part, seen: Sequence[Span]) -> tuple[list[Opening], Ports]:
    """What the receiving pods admit. Behind a load balancer it is the client or one of their own nodes that they see."""
    listed = other.openings(inbound=True)
    plain, ports = _through((each for each in listed if not each.via), seen)
    if part.destination is Kind.POD:
        return plain, ports
    nodes = spans_of(other.place.nodes)
    through = [each for each in listed if each.via or _meets(each, nodes)]
    found = list({id(each): each for each in (*plain, *through)}.values())
    return found, _all_ports(each.ports for each in found)


def _meets(opening: Opening, ranges: Sequence[Span]) -> bool:
    return any(within(span_of_run(text), ranges) for text in opening.ranges)


def _all_ports(sets: Iterable[Ports]) -> Ports:
    listed = list(sets)
    return shared(_ANY, listed) if listed else {}


def _unsure(openings: Sequence[Opening], ports: Ports) -> list[str]:
    """Why none of the openings lets these ports through for certain."""
    concerned = [each for each in openings if shared(ports, [each.ports])]
    if any(each.certain for each in concerned):
        return []
    return list(dict.fromkeys(each.reason or "cannot be told" for each in concerned))[:_SHOWN]


def _past(wall: Firewall | None, ports: Ports, ranges: Sequence[Span], *, inbound: bool) -> tuple[Ports, bool]:
    """The ports that a firewall lets through for some of the addresses, and whether it is not known."""
    if wall is None:
        return ports, True
    passages: tuple[Passage, ...] = wall.inbound if inbound else wall.outbound
    concerned = [each for each in passages if any(within(span, ranges) for span in spans_of(each.ranges))]
    return shared(ports, [each.ports or _ANY for each in concerned]), False


def _beyond(mine: Sequence[str], named: Sequence[str]) -> bool:
    runs = spans_of(named)
    return any(without(span, runs) for span in spans_of(mine))


_Found = tuple[list[Opening], list[Opening], list[Span], list[Span]]


def _hops(one: End, other: End, part: Part, found: _Found) -> Iterator[str]:
    """Each hop in order: who may leave, whose address it carries, the routes, the firewalls, who lets it in."""
    out, inward, to, seen = found
    target = "load balancers" if part.destination is Kind.LOAD_BALANCER else "pods"
    yield f"egress: {_who(out)} of {one.name} may open {port_words(_all_ports(e.ports for e in out))} to {_some(to)}"
    if part.seen_as is Becomes.NODE:
        yield f"source address: the node's, {_some(seen)}: {part.rewriting}"
    elif part.seen_as is Becomes.POD:
        yield f"source address: the pod's own, {_some(seen)}: {part.rewriting}"
    yield from (f"route: {step}" for step in part.path)
    for name, wall, ranges, inbound in (
        (one.name, one.place.firewall, to, False),
        (other.name, other.place.firewall, seen, True),
    ):
        if wall is not None:
            passages = wall.inbound if inbound else wall.outbound
            by = [e.by or "a rule" for e in passages if any(within(span, ranges) for span in spans_of(e.ranges))]
            yield f"firewall of {name}: {', '.join(by[:_SHOWN])}"
    rules = _rules(other.member, seen)
    yield f"ingress: {_who(inward)} of {other.name} ({target}) admit it{f' by {rules}' if rules else ''}"


def _rules(member: Member, seen: Sequence[Span]) -> str:
    """The ingress rules that name some of the addresses that arrive."""
    found = [
        f"{block.object} {block.field}"
        for block in member.crossing.blocks
        if block.inbound and any(within(span, seen) for span in spans_of((block.cidr,)))
    ]
    return ", ".join(dict.fromkeys(found[:_SHOWN]))


def _who(openings: Sequence[Opening]) -> str:
    named = list(dict.fromkeys(name for each in openings for name in each.workloads))
    total = max([len(named), *(each.count for each in openings)])
    more = f" and {total - _SHOWN} more" if total > _SHOWN else ""
    return f"{', '.join(named[:_SHOWN])}{more}"


def _some(spans: Sequence[Span]) -> str:
    texts = prefixes(union(spans))
    return f"{', '.join(texts[:_SHOWN])}{f' and {len(texts) - _SHOWN} more' if len(texts) > _SHOWN else ''}"
