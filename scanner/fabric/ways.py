"""From pods of one cluster to pods of another: routes, the address that arrives, firewalls and the policies at both ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.fabric.hops import ANY, End, Found, all_ports
from scanner.fabric.member import Opening, Ports
from scanner.fabric.openings import shared, span_of_run
from scanner.findings import Hop
from scanner.reach.addresses import Span
from scanner.topology.model import Becomes, Firewall, Passage
from scanner.topology.routes import Part, Verdict
from scanner.topology.sites import Kind
from scanner.topology.spans import spans_of, within, without

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way that is, or may be, open. `doubts` name the hops that are not known; without any it is certain.

    `hops` are sentences, `steps` the same for pictures.
    """

    ports: Ports
    hops: tuple[str, ...]
    steps: tuple[Hop, ...]
    doubts: tuple[str, ...]


def ways(
    one: End, other: End, parts: Iterable[Part], declared: Sequence[Span], links: Mapping[str, str]
) -> Iterator[Way]:
    """The ways from pods of one cluster to pods of another, or to the load balancers in front of them.

    Left out is what the routes, a firewall or a policy closes for certain, and destinations that are declared. What a node
    itself may open, or offers on ports of its own, is no tuple of pods: NB-ENF-08 and NB-EXP-03 are about it.
    `links` are the kinds of links, by id.
    """
    for part in parts:
        if part.source is not Kind.POD or part.destination not in {Kind.POD, Kind.LOAD_BALANCER}:
            continue
        left = [span for each in spans_of(part.destinations) for span in without(each, declared)]
        if part.verdict is Verdict.NOT_ROUTABLE or not left:
            continue
        way = _way(one, other, part, left, links)
        if way is not None:
            yield way


def _way(one: End, other: End, part: Part, to: list[Span], links: Mapping[str, str]) -> Way | None:
    """The way over one part of the routes; None where something on it is closed for certain."""
    out, leaving = _through(one.openings(inbound=False), to)
    seen = _seen(one, part)
    if not leaving or not out:
        return None
    inward, entering = _entering(other, part, seen)
    both: Ports = shared(leaving, [entering])
    unread = []
    for end, inbound, ranges in ((one, False, to), (other, True, seen)):
        both, doubt = _past(end.place.firewall, both, ranges, inbound=inbound)
        if doubt:
            side = f"what lets connections {'into' if inbound else 'out of'} {end.name}"
            unread.append(f"{side}: its firewalls (security groups, firewall rules, NSGs) were not read")
    if not both:
        return None
    found = Found(
        one=one,
        other=other,
        part=part,
        out=tuple(out),
        inward=tuple(inward),
        to=tuple(to),
        seen=tuple(seen),
        ports=both,
        unsure_out=_unsure(out, both),
        unsure_in=_unsure(inward, both),
    )
    told = list(found.hops(links))
    return Way(
        ports=both,
        hops=tuple(line for line, _ in told if line),
        steps=tuple(hop for _, hop in told if hop is not None),
        doubts=tuple(dict.fromkeys(_doubts(found, unread))),
    )


def _doubts(found: Found, unread: Sequence[str]) -> Iterator[str]:
    """What is not known of a way; `unread` says of which firewalls."""
    one, other, part = found.one, found.other, found.part
    if part.verdict is Verdict.UNKNOWN:
        yield f"the way: {part.reason}"
    yield from unread
    if part.seen_as is Becomes.UNKNOWN:
        yield f"the address that arrives: {part.rewriting}"
    yield from (f"egress of {one.name}: {each}" for each in found.unsure_out)
    yield from (f"ingress of {other.name}: {each}" for each in found.unsure_in)
    yield from (f"evidence: {each}" for each in (*one.doubts, *other.doubts))
    whole = (one.place.pods, part.sources), (other.place.pods, part.destinations)
    if any(_beyond(mine, named) for mine, named in (whole if part.destination is Kind.POD else whole[:1])):
        yield "which pods stand in the ranges that the routes join: they join some of a cluster's pod ranges only"


def _seen(one: End, part: Part) -> list[Span]:
    """The addresses from which it arrives: those of pods, of nodes, or (not known) of either."""
    if part.seen_as is Becomes.UNKNOWN or not part.seen:
        return spans_of((*part.sources, *one.place.nodes, *one.place.pods))
    return spans_of(part.seen)


def _through(openings: Iterable[Opening], ranges: Sequence[Span]) -> tuple[list[Opening], Ports]:
    """The openings that concern some of these addresses, and the ports that they open together."""
    found = [each for each in openings if _meets(each, ranges)]
    return found, all_ports(each.ports for each in found)


def _entering(other: End, part: Part, seen: Sequence[Span]) -> tuple[list[Opening], Ports]:
    """What the receiving pods admit. Behind a load balancer it is the client or one of their own nodes that they see."""
    listed = other.openings(inbound=True)
    plain, ports = _through((each for each in listed if not each.via), seen)
    if part.destination is Kind.POD:
        return plain, ports
    nodes = spans_of(other.place.nodes)
    through = [each for each in listed if each.via or _meets(each, nodes)]
    found = list({id(each): each for each in (*plain, *through)}.values())
    return found, all_ports(each.ports for each in found)


def _meets(opening: Opening, ranges: Sequence[Span]) -> bool:
    return any(within(span_of_run(text), ranges) for text in opening.ranges)


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
    return shared(ports, [each.ports or ANY for each in concerned]), False


def _beyond(mine: Sequence[str], named: Sequence[str]) -> bool:
    runs = spans_of(named)
    return any(without(span, runs) for span in spans_of(mine))
