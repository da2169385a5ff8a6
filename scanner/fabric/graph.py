"""The links around the clusters as a graph of networks: what was discovered, what is declared, and which covers which."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanner.enums import Cloud
from scanner.topology.declared import DeclaredLink, zone_id
from scanner.topology.model import DomainKind, Encryption, LinkState, Topology

_NETWORKS = frozenset(
    {DomainKind.AWS_VPC, DomainKind.GCP_NETWORK, DomainKind.AZURE_VNET, DomainKind.ZONE}
)  # what a link ends at; everything else (gateways, hubs, far ends) passes packets on


@dataclass(frozen=True, slots=True)
class Edge:
    """Something discovered that joins two networks or gateways; an end may be unknown (""), a far end is a tunnel's id."""

    id: str
    kind: str
    state: LinkState
    evidence: str
    ends: tuple[str, str]
    encryption: Encryption
    parts: tuple[str, ...] = ()  # ids that stand for it too: the tunnels of a joined connection

    @property
    def words(self) -> str:
        """The link for a reader."""
        ends = [end or "an unknown network" for end in self.ends]
        between = "" if all(end in self.id for end in ends) else f" between {ends[0]} and {ends[1]}"
        return f"{self.kind} {self.id}{between} ({self.evidence or self.state})"


class Graph:
    """The discovered links of a topology; what an operator declares adds nothing to it."""

    def __init__(self, topology: Topology) -> None:
        self.domains = {each.id: each for each in topology.domains}
        self.edges = tuple(edge for edge in _edges(topology) if edge.state is not LinkState.INACTIVE)
        self._at: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            for end in set(edge.ends) - {""}:
                self._at[end].append(edge)
        self._joined: dict[str, frozenset[str]] = {}

    def is_network(self, domain: str) -> bool:
        """Whether a domain is where links end, rather than a gateway or hub between them."""
        found = self.domains.get(domain)
        return found is None or found.kind in _NETWORKS

    def cloud(self, domain: str) -> Cloud:
        """The cloud a domain belongs to; a far end stands for its tunnel, which is of this end's cloud. `other` for zones."""
        found = self.domains.get(domain)
        return found.cloud if found is not None else Cloud.OTHER

    def around(self, networks: Iterable[str]) -> tuple[Edge, ...]:
        """Every link at one of the networks, also behind the gateways and hubs it is attached to; those of no known end too."""
        found: dict[str, Edge] = {edge.id: edge for edge in self.edges if not any(edge.ends)}
        start = list(networks)
        seen, queue = set(start), deque(start)
        while queue:
            here = queue.popleft()
            for edge in self._at.get(here, ()):
                found[edge.id] = edge
                for end in edge.ends:
                    if end and end not in seen and not self.is_network(end):
                        seen.add(end)
                        queue.append(end)
        return tuple(found[name] for name in sorted(found))

    def between(self, one: str, other: str) -> tuple[Edge, ...]:
        """The links of the shortest ways from one network to another through gateways and hubs alone; empty without any."""
        before: dict[str, list[Edge]] = {one: []}
        depth = {one: 0}
        queue = deque([one])
        while queue:
            here = queue.popleft()
            if here == other or (here != one and self.is_network(here)):
                continue
            for edge in self._at.get(here, ()):
                for end in set(edge.ends) - {here, ""}:
                    if end not in depth:
                        depth[end] = depth[here] + 1
                        queue.append(end)
                    if depth[end] == depth[here] + 1:
                        before.setdefault(end, []).append(edge)
        return tuple(_back(before, depth, other)) if other in depth and one != other else ()

    def component(self, domain: str) -> frozenset[str]:
        """Every domain that discovered or declared links join with this one, itself among them."""
        if domain not in self._joined:
            seen, queue = {domain}, deque([domain])
            while queue:
                for edge in self._at.get(queue.popleft(), ()):
                    fresh = set(edge.ends) - seen - {""}
                    seen |= fresh
                    queue.extend(fresh)
            whole = frozenset(seen)
            self._joined.update(dict.fromkeys(whole, whole))
        return self._joined[domain]

    def also(self, edges: Iterable[Edge]) -> Graph:
        """The same graph with further links, such as those an operator declares."""
        other = Graph(Topology(domains=tuple(self.domains.values())))
        other.edges = (*self.edges, *edges)
        for edge in other.edges:
            for end in set(edge.ends) - {""}:
                other._at[end].append(edge)
        return other


def _back(before: dict[str, list[Edge]], depth: dict[str, int], end: str) -> list[Edge]:
    found: dict[str, Edge] = {}
    level = {end}
    while level:
        earlier: set[str] = set()
        for here in level:
            for edge in before.get(here, ()):
                found[edge.id] = edge
                earlier |= {other for other in edge.ends if depth.get(other, -1) == depth[here] - 1}
        level = earlier
    return [found[name] for name in sorted(found)]


def _edges(topology: Topology) -> Iterable[Edge]:
    ways: dict[str, set[str]] = defaultdict(set)
    for table in topology.tables:
        for route in table.routes:
            if route.link:
                ways[route.link] |= {table.domain, route.to} - {""}
    joined: dict[str, tuple[str, ...]] = {}
    tunnels = {each.id for each in topology.tunnels}
    for link in topology.links:
        if link.kind == "declared link" or tunnels & {*link.ends, "/".join(link.ends[::-1])}:
            continue  # the attachment of a tunnel to a hub: the tunnel itself stands for both
        known = sorted(link.ends or ways[link.id] - set(_parts(link.id)) or ways[link.id])[:2]
        ends = (*known, "", "")[:2]
        parts = _parts(link.id)
        joined.update(dict.fromkeys(parts, parts))
        yield Edge(link.id, link.kind, link.state, link.evidence, (ends[0], ends[1]), link.encryption, parts)
    for tunnel in topology.tunnels:
        if tunnel.id not in joined:
            yield Edge(
                tunnel.id, tunnel.kind, tunnel.state, tunnel.evidence, (tunnel.arrives_at, tunnel.id), tunnel.encryption
            )


def _parts(name: str) -> tuple[str, ...]:
    """The two ids in the id of a connection that was joined, or of a peering that is named by both of its networks."""
    return tuple(name.split(" = ")) if " = " in name else ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declared link, its ends as domains ("" where nothing of that name was read)."""

    link: DeclaredLink
    ends: tuple[str, str]

    @property
    def words(self) -> str:
        """The declaration for a reader."""
        owner = f", owner {self.link.owner}" if self.link.owner else ""
        return f"link {self.link.name!r} in ringfence.yaml{owner}"


def declarations(graph: Graph, links: Sequence[DeclaredLink], domain_of: dict[str, str]) -> tuple[Declaration, ...]:
    """The declared links with their ends resolved: a cluster's name, a zone's, a network's or a tunnel's id."""

    def resolve(name: str) -> str:
        candidates = (domain_of.get(name, ""), zone_id(name), name, name.lower())
        return next((each for each in candidates if each and each in graph.domains), "")

    return tuple(Declaration(each, (resolve(each.between[0]), resolve(each.between[1]))) for each in links)


def covered(graph: Graph, declared: Sequence[Declaration]) -> dict[str, Declaration]:
    """Which discovered links are declared: by an id in `via`, or as what joins the two ends, directly or through a hub."""
    found: dict[str, Declaration] = {}
    by_name = {name.lower(): edge for edge in graph.edges for name in (edge.id, *edge.parts)}
    for declaration in declared:
        for name in declaration.link.via:
            if (edge := by_name.get(name.lower())) is not None:
                found.setdefault(edge.id, declaration)
        if not declaration.link.via and all(declaration.ends):
            for edge in graph.between(*declaration.ends):
                found.setdefault(edge.id, declaration)
            for edge in graph.edges:
                if set(declaration.ends) & {edge.id, *edge.parts}:  # a tunnel that the operator names as an end
                    found.setdefault(edge.id, declaration)
    return found
