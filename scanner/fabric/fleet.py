"""The fleet before its judge: members, networks and declarations, and the questions that several controls ask of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from scanner.baselines.config import BaselineConfig
from scanner.controls.base import Verdict
from scanner.evidence import Statement
from scanner.fabric.graph import Declaration, Edge, Graph, declarations
from scanner.fabric.member import Member
from scanner.findings import Evidence, Status
from scanner.reach.addresses import Span
from scanner.topology.declared import Declared, zone_id
from scanner.topology.model import DomainKind, LinkState, Placement, Topology
from scanner.topology.reach import Routes
from scanner.topology.routes import Pair
from scanner.topology.spans import spans_of

FLEET = "fleet"  # the subject of an item that is about all of it
NO_NETWORK = (
    "the networks around the clusters were not read: leave `network` on (the default) for the cloud sources of "
    "ringfence.yaml, and see what `ringfence network` says"
)


class Fleet:
    """Everything that a control of the fleet may look at. `topology` is None where no network was read at all."""

    def __init__(
        self,
        members: Sequence[Member],
        topology: Topology | None,
        config: BaselineConfig,
        declared: Declared,
        *,
        statements: Sequence[Statement] = (),
        at: str = "",
    ) -> None:
        self.members = tuple(sorted(members, key=lambda each: each.ref.id))
        self.by_id = {each.ref.id: each for each in self.members}
        self.known = topology is not None
        self.topology = topology or Topology()
        self.config = config
        self.declared = declared
        self.statements = tuple(statements)
        self.at = at

    @cached_property
    def names(self) -> dict[str, str]:
        """What to call each cluster: its name where no other has it, else its id."""
        listed = Counter(each.name for each in self.members)
        return {each.ref.id: each.name if listed[each.name] == 1 else each.ref.id for each in self.members}

    @cached_property
    def placements(self) -> dict[str, Placement]:
        """Where the members stand, those whose network was read, by cluster id."""
        read = {each.id for each in self.topology.domains if not each.unread}
        found = {each.cluster: each for each in self.topology.placements if each.cluster in self.by_id}
        return {name: each for name, each in found.items() if each.domain in read}

    @cached_property
    def unplaced(self) -> tuple[Member, ...]:
        """The members whose network was not read."""
        return tuple(each for each in self.members if each.ref.id not in self.placements)

    @cached_property
    def networks(self) -> frozenset[str]:
        """The networks in which clusters stand."""
        return frozenset(each.domain for each in self.placements.values())

    @cached_property
    def graph(self) -> Graph:
        """The links that were discovered."""
        return Graph(self.topology)

    @cached_property
    def declarations(self) -> tuple[Declaration, ...]:
        """The links that are declared, their ends resolved."""
        by_name = {self.by_id[name].name: each.domain for name, each in self.placements.items()}
        by_id = {name: each.domain for name, each in self.placements.items()}
        return declarations(self.graph, self.declared.links, {**by_name, **by_id})

    @cached_property
    def whole_graph(self) -> Graph:
        """The discovered links with those that only a declaration knows of."""
        added = [
            Edge(f"declared:{each.link.name}", "declared link", LinkState.DECLARED, "by the operator", each.ends,
                 each.link.encryption)
            for each in self.declarations
            if not each.link.via and all(each.ends)
        ]  # fmt: skip
        return self.graph.also(added)

    @cached_property
    def link_kinds(self) -> dict[str, str]:
        """What each link is, by id."""
        return {each.id: each.kind for each in self.topology.links}

    @cached_property
    def _routes(self) -> Routes:
        return Routes(self.topology)

    def pair(self, one: Member, other: Member) -> Pair | None:
        """What one cluster reaches of another by routes; None where no route joins them.

        Worked out anew each time it is asked: a fleet has more pairs than anybody has questions, and they would not fit.
        """
        return self._routes.between(one.ref.id, other.ref.id)

    @cached_property
    def _called(self) -> frozenset[str]:
        return frozenset(name for each in self.members for name in (each.name, each.ref.id))

    @cached_property
    def _behind(self) -> dict[str, frozenset[str]]:
        """The ends of the links around each network that holds a cluster."""
        return {
            name: frozenset(end for edge in self.graph.around((name,)) for end in edge.ends) for name in self.networks
        }

    def declared_from(self, one: Member, other: Member) -> tuple[tuple[Declaration, list[Span]], ...]:
        """The declared links by which one cluster may reach another, each with the destinations that it is declared for."""
        found = []
        for each in self.declarations:
            link = each.link
            ways = [(link.between, link.named, link.to_second)]
            if not link.one_way:
                ways.append((link.between[::-1], link.named[::-1], link.to_first))
            for between, named, carried in ways:
                ends = named if len(named) == 2 else between
                if self._is(one, ends[0], between[0]) and self._is(other, ends[1], between[1]):
                    found.append((each, spans_of(carried) if carried else []))
        return tuple(found)

    def _is(self, member: Member, named: str, resolved: str) -> bool:
        """Whether an end of a declaration means this cluster: by its name or id, or as all that is in its network."""
        if named in self._called:
            return named in {member.name, member.ref.id}
        place = self.placements.get(member.ref.id)
        if place is None:
            return False
        far = self.graph.domains.get(resolved)
        if far is not None and far.kind is DomainKind.FAR_END:  # a tunnel: whatever is attached to its near end
            return resolved in self._behind[place.domain]
        return place.domain in {named, resolved, named.lower()}

    def zones(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The zones that are declared with ranges."""
        seen = {each.name for each in self.declared.zones}
        yield from ((each.name, each.ranges) for each in self.declared.zones)
        yield from ((each.name, each.ranges) for each in self.topology.zones if each.name not in seen)

    def is_zone(self, domain: str) -> bool:
        """Whether a domain stands for a zone."""
        found = self.graph.domains.get(domain)
        return found is not None and (found.kind is DomainKind.ZONE or domain == zone_id(found.name))


def unread_network(fleet: Fleet) -> Iterator[Verdict]:
    """One unknown item for each member whose network nobody read, or one for the fleet where none was."""
    if not fleet.known:
        yield Verdict(subject=FLEET, status=Status.UNKNOWN, reason="network-unread", evidence=(NO_NETWORK,))
        return
    places = {each.cluster: each.domain for each in fleet.topology.placements}
    for member in fleet.unplaced:
        where = places.get(member.ref.id, "")
        why = f"the network {where} of {fleet.names[member.ref.id]} was not read" if where else NO_NETWORK
        yield Verdict(
            subject=fleet.names[member.ref.id], status=Status.UNKNOWN, reason="network-unread", evidence=(why,)
        )


def is_live(member: Member) -> bool:
    """Whether what a member says of its policies rests on live objects (E2)."""
    return member.crossing.evidence in {Evidence.E2, Evidence.E3}


def doubts_of(fleet: Fleet, *members: Member) -> tuple[str, ...]:
    """Why nothing certain can be said of members' policies; empty where they were read whole from live clusters."""
    found: list[str] = []
    for member in members:
        name = fleet.names[member.ref.id]
        found += [f"{name}: {gap}" for gap in member.crossing.gaps]
        if not is_live(member) and not member.crossing.gaps:
            found.append(f"{name}: evidence is {member.crossing.evidence}, a pass needs E2")
    return tuple(dict.fromkeys(found))
