"""The hops of a way between clusters, each as a sentence of evidence and as a step of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.fabric.member import Member, Opening, Ports
from scanner.fabric.openings import port_words, shared
from scanner.findings import Hop
from scanner.reach.addresses import Span
from scanner.topology.model import Becomes, Firewall, Placement
from scanner.topology.routes import Part, Verdict
from scanner.topology.sites import Kind
from scanner.topology.spans import prefixes, spans_of, union, within

ANY: Ports = dict.fromkeys(("TCP", "UDP", "SCTP"), ((1, 65535),))
_SHOWN = 3
_ALL = ("0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")


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
        return (*known, Opening(ranges=_ALL, ports=ANY, workloads=("?",), count=0, certain=False, reason=reason))


_Told = tuple[str, Hop | None]  # a sentence, and what the picture shows; either may be missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A way that nothing closes for certain: over which part of the routes, by whose openings, on which ports.

    `to` are the addresses that it leads to and `seen` those from which it arrives. `unsure_out` and `unsure_in` say why the
    policies at either end are not known to let it through.
    """

    one: End
    other: End
    part: Part
    out: tuple[Opening, ...]
    inward: tuple[Opening, ...]
    to: tuple[Span, ...]
    seen: tuple[Span, ...]
    ports: Ports
    unsure_out: Sequence[str]
    unsure_in: Sequence[str]

    def hops(self, links: Mapping[str, str]) -> Iterator[_Told]:
        """Each hop in order: who may leave, whose address it carries, the routes, the firewalls, who lets it in."""
        leaving = port_words(all_ports(each.ports for each in self.out))
        permits = f"may open {leaving} to {_some(self.to)}"
        who = _who(self.out)
        yield (
            f"egress: {who} of {self.one.name} {permits}",
            Hop(kind="workload", name=who, by=f"egress: {permits}", doubt="; ".join(self.unsure_out)),
        )
        yield from self._rewriting()
        yield from self._routes(links)
        yield self._firewall(self.one, self.to, inbound=False)
        yield self._firewall(self.other, self.seen, inbound=True)
        yield from self._arrival()

    def _rewriting(self) -> Iterator[_Told]:
        part, addresses = self.part, _some(self.seen)
        if part.seen_as is Becomes.NODE:
            said = f"source address: the node's, {addresses}: {part.rewriting}"
            yield said, Hop(kind="NAT", name=f"the node's address, {addresses}", by=part.rewriting)
        elif part.seen_as is Becomes.POD:
            yield f"source address: the pod's own, {addresses}: {part.rewriting}", None
        elif part.seen_as is Becomes.UNKNOWN:
            yield "", Hop(kind="NAT", name="the pod's address or its node's", doubt=part.rewriting)

    def _routes(self, links: Mapping[str, str]) -> Iterator[_Told]:
        part = self.part
        doubt = part.reason if part.verdict is Verdict.UNKNOWN else ""
        last = len(part.path) - 1
        for at, (text, link) in enumerate(zip(part.path, part.links, strict=True)):
            kind, name = ("link", f"{links.get(link, 'link')} {link}") if link else ("route", text.partition(": ")[0])
            yield f"route: {text}", Hop(kind=kind, name=name, by=text, doubt=doubt if at == last else "")
        if doubt and not part.path:
            yield "", Hop(kind="route", name="not known", doubt=doubt)

    def _firewall(self, end: End, ranges: Sequence[Span], *, inbound: bool) -> _Told:
        wall: Firewall | None = end.place.firewall
        if wall is None:
            return "", Hop(kind="firewall", name=f"of {end.name}", doubt="its firewalls were not read")
        passages = wall.inbound if inbound else wall.outbound
        by = [e.by or "a rule" for e in passages if any(within(span, ranges) for span in spans_of(e.ranges))]
        rules = ", ".join(by[:_SHOWN])
        return f"firewall of {end.name}: {rules}", Hop(kind="firewall", name=f"of {end.name}", by=rules)

    def _arrival(self) -> Iterator[_Told]:
        balanced = self.part.destination is Kind.LOAD_BALANCER
        if balanced:
            yield "", Hop(kind="load balancer", name=_some(self.to))
        rules = _rules(self.other.member, self.seen)
        by = f" by {rules}" if rules else ""
        who = _who(self.inward)
        yield (
            f"ingress: {who} of {self.other.name} ({'load balancers' if balanced else 'pods'}) admit it{by}",
            Hop(kind="workload", name=who, by=f"ingress: admitted{by}", doubt="; ".join(self.unsure_in)),
        )


def all_ports(sets: Iterable[Ports]) -> Ports:
    """The ports that are in any of these."""
    listed = list(sets)
    return shared(ANY, listed) if listed else {}


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
