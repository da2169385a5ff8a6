"""Clusters and zones as the two ends of a question: which addresses they have, and which table decides for each."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from scanner.reach.addresses import Span
from scanner.topology.model import MasqueradeRule, Placement, Pods, Topology, Zone
from scanner.topology.spans import spans_of, union, within, without


class Kind(enum.StrEnum):
    """Whose addresses a range holds."""

    NODE = "node"
    POD = "pod"
    LOAD_BALANCER = "load_balancer"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Atom:
    """Addresses of one site that one table decides for; `table` is empty where none is known to."""

    span: Span
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Addresses of one kind. With `doubt` some of them may be of this kind, and that is why more is not known."""

    kind: Kind
    spans: list[Span]
    atoms: list[Atom]
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A cluster or a zone. `blank` says of which kinds nothing can be said at all, and why."""

    name: str
    domain: str
    ends: tuple[Ends, ...]
    hidden: str = ""  # why nobody outside reaches its pods' addresses
    own: list[Span] = field(default_factory=list)  # what it keeps for its own pods, whatever the routes say
    ambiguous: list[Span] = field(default_factory=list)  # what it may keep for itself
    masquerade: tuple[MasqueradeRule, ...] = ()
    blank: tuple[str, ...] = ()

    def of(self, kind: Kind) -> list[Ends]:
        """The addresses of one kind: known ones and doubtful ones."""
        return [each for each in self.ends if each.kind is kind]


class Layout:
    """Which table decides for which addresses of a domain."""

    def __init__(self, topology: Topology) -> None:
        self._mains = {each.id: each.table for each in topology.domains}
        self.ranges = {each.id: spans_of(each.ranges) for each in topology.domains if not each.unread}
        self._subnets: dict[str, list[tuple[Span, str]]] = {}
        for subnet in topology.subnets:
            entries = [(span, subnet.table) for span in spans_of(subnet.ranges)]
            self._subnets.setdefault(subnet.domain, []).extend(entries)
        for entries in self._subnets.values():
            entries.sort()

    def atoms(self, domain: str, spans: list[Span]) -> list[Atom]:
        """The addresses cut by subnet; what is in none is the domain's own table's."""
        main = self._mains.get(domain, "")
        found = []
        for span in spans:
            covered: list[Span] = []
            for run, table in self._subnets.get(domain, ()):
                for part in within(span, [run]):
                    fresh = without(part, covered)
                    found += [Atom(each, table or main) for each in fresh]
                    covered = sorted([*covered, *fresh])
            found += [Atom(part, main) for part in without(span, covered)]
        return sorted(found, key=lambda atom: atom.span)


def sites_of(topology: Topology) -> list[Site]:
    """Every cluster and every zone, by name."""
    layout = Layout(topology)
    found = [_cluster(each, layout) for each in topology.placements] + [_zone(each, layout) for each in topology.zones]
    return sorted(found, key=lambda site: site.name)


def _cluster(placement: Placement, layout: Layout) -> Site:
    known = {
        Kind.NODE: placement.nodes,
        Kind.POD: placement.pods,
        Kind.LOAD_BALANCER: placement.load_balancers,
    }
    ends: list[Ends] = []
    blank: list[str] = []
    for kind, texts in known.items():
        spans = spans_of(texts)
        doubt = ""
        if kind is Kind.POD and placement.routing is Pods.UNKNOWN:
            doubt = "nothing says whether the network around the cluster carries its pods' addresses"
        if spans:
            ends.append(Ends(kind=kind, spans=spans, atoms=layout.atoms(placement.domain, spans), doubt=doubt))
        if (why := placement.unread.get(kind)) and not (kind is Kind.POD and placement.routing is Pods.OVERLAY):
            rest = [part for span in layout.ranges.get(placement.domain, ()) for part in without(span, spans)]
            doubt = f"the {kind} ranges of {placement.cluster} are not all known: {why}"
            if rest:
                ends.append(Ends(kind=kind, spans=rest, atoms=layout.atoms(placement.domain, rest), doubt=doubt))
            elif not spans:
                blank.append(doubt)
    own = spans_of(placement.pods)
    services = spans_of(placement.services)
    overlay = placement.routing is Pods.OVERLAY
    return Site(
        name=placement.cluster,
        domain=placement.domain,
        ends=tuple(ends),
        hidden=f"pods of {placement.cluster} have addresses that only its own nodes know (overlay)" if overlay else "",
        own=own if overlay else [],
        ambiguous=union([*services, *own]) if placement.routing is Pods.UNKNOWN else services,
        masquerade=placement.masquerade,
        blank=tuple(blank),
    )


def _zone(zone: Zone, layout: Layout) -> Site:
    spans = spans_of(zone.ranges)
    ends = Ends(kind=Kind.ZONE, spans=spans, atoms=layout.atoms(zone.domain, spans))
    return Site(name=zone.name, domain=zone.domain, ends=(ends,))
