"""From resolved rules to bit sets: whom each rule selects and admits, certainly and possibly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanner.dataplane.model import Answer, DataPlane, Fact
from scanner.model import Pod
from scanner.policy.model import BlockPeer, PodPeer, Policy, Ports, Rule, Selector
from scanner.policy.selectors import bit_set, matches, members
from scanner.reach.addresses import AddressSpace, Span, admitted_spans, excepted_spans
from scanner.reach.model import Direction
from scanner.reach.population import NAME_LABEL, NamespaceSpan, Population, select


@dataclass(frozen=True, slots=True)
class Reading:
    """How ipBlocks and ports are read at one level. Doubt stays doubt; the declared level has none unless asked for.

    `asked` says that a person wants ipBlocks to match pods: then 0.0.0.0/0 also matches those without a known address.
    """

    declared: bool
    blocks_match_pods: Answer
    blocks_match_nodes: Answer
    asked: bool
    excepts: Answer
    excepts_may_be_ignored: bool
    unsupported: frozenset[str]  # port features this plane is known not to honour: named, range, sctp
    names_in_doubt: bool  # whether one port name with several numbers may open all of them, or break the rule
    nodes_reach_pods: bool  # whether a node may reach its own pods whatever policy says

    def addressed(self, pod: Pod) -> bool:
        """Whether an ipBlock may match this pod, so that its addresses tell it apart from others."""
        if self.blocks_match_pods is not Answer.NO:
            return True
        return pod.host_network and self.blocks_match_nodes is not Answer.NO


def declared_reading(blocks_match_pods: bool | None) -> Reading:
    """The specification: an ipBlock matches no pod unless asked for, everything else is honoured."""
    return Reading(
        declared=True,
        blocks_match_pods=Answer.YES if blocks_match_pods else Answer.NO,
        blocks_match_nodes=Answer.NO,
        asked=bool(blocks_match_pods),
        excepts=Answer.YES,
        excepts_may_be_ignored=False,
        unsupported=frozenset(),
        names_in_doubt=False,
        nodes_reach_pods=False,
    )


def effective_reading(dataplane: DataPlane, blocks_match_pods: bool | None) -> Reading:
    """What the data plane's capabilities say, as far as they are firm."""
    facts = dataplane.capabilities
    matching = facts.ipblock_matches_pods.firm if facts else Answer.UNKNOWN
    if blocks_match_pods is not None:
        matching = Answer.YES if blocks_match_pods else Answer.NO
    features: dict[str, Fact] = (
        {"named": facts.named_ports, "range": facts.end_port, "sctp": facts.sctp} if facts else {}
    )
    return Reading(
        declared=False,
        blocks_match_pods=matching,
        blocks_match_nodes=facts.ipblock_matches_nodes.firm if facts else Answer.UNKNOWN,
        asked=bool(blocks_match_pods),
        excepts=facts.except_honoured.firm if facts else Answer.UNKNOWN,
        excepts_may_be_ignored=facts is None or facts.except_honoured.answer is Answer.NO,
        unsupported=frozenset(name for name, fact in features.items() if fact.firm is Answer.NO),
        names_in_doubt=facts is None or facts.named_ports.answer is Answer.UNKNOWN,
        nodes_reach_pods=facts is None or facts.node_to_local_pod.firm is not Answer.NO,
    )


@dataclass(frozen=True, slots=True)
class Peers:
    """Whom a rule's peers match: by selector and by address, each certainly (`sure_`) and possibly; and the excepted."""

    sure_selected: int
    selected: int
    sure_addressed: int
    addressed: int
    excepted: int


@dataclass(frozen=True, slots=True)
class Grant:
    """One rule of one policy over the classes, with the ports it certainly and possibly opens.

    `certain_ports` leaves out what the plane is known not to honour, and names that it may read in its own way;
    `possible_ports` has whatever numbers such names may stand for.
    """

    policy: Policy
    rule: Rule
    subject: int
    peers: Peers
    certain_ports: tuple[Ports, ...] | None
    possible_ports: tuple[Ports, ...] | None


class RuleReader:
    """Resolves selectors and peers against one population, each distinct one once.

    `blocks` and `space` belong together: set number i of the space is block i, set number len(blocks) + i what it excepts.
    """

    def __init__(
        self, population: Population, blocks: Sequence[BlockPeer], space: AddressSpace, reading: Reading
    ) -> None:
        self._population = population
        self._spans = {span.name: span for span in population.spans[:-1]}
        self._blocks = {block: number for number, block in enumerate(blocks)}
        self._space = space
        self._reading = reading
        self._offset = len(population.classes)
        self.everyone = (1 << self._offset + len(space)) - 1
        self.host = bit_set(item.index for item in population.classes if item.host_network)
        self._holders = self._classes_by_set(2 * len(blocks))
        self._unaddressed = bit_set(number for number, found in enumerate(population.addresses[:-1]) if not found)
        self._numbers = self._classes_by_number() if reading.names_in_doubt else {}
        self._namespaces: dict[Selector, tuple[list[NamespaceSpan], list[NamespaceSpan]]] = {}
        self._pods: dict[tuple[Selector | str, Selector], tuple[int, int]] = {}
        self._peers: dict[tuple[tuple[PodPeer | BlockPeer, ...], str], Peers] = {}

    @property
    def selectors_evaluated(self) -> int:
        """How many selectors were evaluated against the pods of how many namespaces, counted together."""
        return sum(span.index.evaluated for span in self._population.spans)

    def _classes_by_set(self, sets: int) -> tuple[list[int], list[int]]:
        """For each address set: the external classes inside it, and the pod classes with an address inside it."""
        external: list[list[int]] = [[] for _ in range(sets)]
        pods: list[list[int]] = [[] for _ in range(sets)]
        held = [list(members(self._space.signature(number))) for number in range(len(self._space))]
        for number, found in enumerate(held):
            for which in found:
                external[which].append(self._offset + number)
        for number, classes in enumerate(self._population.addresses):
            for which in {which for at in classes for which in held[at]}:
                pods[which].append(number)
        return [bit_set(numbers) for numbers in external], [bit_set(numbers) for numbers in pods]

    def subject(self, policy: Policy) -> int:
        """The classes a policy selects. By the specification no policy selects a host-network pod."""
        found = select(self._spans[policy.namespace], policy.subject)
        return found & ~self.host if self._reading.declared else found

    def grant(self, policy: Policy, rule: Rule, subject: int) -> Grant:
        """One rule as bit sets."""
        peers = self._matched(rule, policy.namespace)
        return Grant(policy, rule, subject, peers, *self._ports(rule, subject, peers))

    def _ports(
        self, rule: Rule, subject: int, peers: Peers
    ) -> tuple[tuple[Ports, ...] | None, tuple[Ports, ...] | None]:
        """What a rule's ports certainly and possibly mean.

        Engines that resolve a name once for all pods it concerns may open every number it has there on each of them, and
        may drop a name that concerns no pod in particular (egress to anywhere).
        """
        if rule.ports is None:
            return None, None
        certain = [port for port in rule.ports if not _features(port) & self._reading.unsupported]
        possible = list(rule.ports)
        inward = rule.direction is Direction.INGRESS
        for port in rule.ports if self._reading.names_in_doubt else ():
            concerned = subject if inward else peers.selected
            numbers = [
                number
                for number, classes in self._numbers.get((port.protocol, port.name), {}).items()
                if classes & concerned
            ]
            if port.name and (len(numbers) > 1 or (not inward and rule.peers is None)):
                certain = [each for each in certain if each != port]
                possible += [Ports(port.protocol, number, number) for number in sorted(numbers) if inward]
        return tuple(certain), tuple(possible)

    def _classes_by_number(self) -> dict[tuple[str, str], dict[int, int]]:
        """For each protocol and port name the numbers it has, each with the classes that give it this number."""
        found: dict[tuple[str, str], dict[int, int]] = {}
        for item, named in enumerate(self._population.named):
            for protocol, name, number in named:
                numbers = found.setdefault((protocol, name), {})
                numbers[number] = numbers.get(number, 0) | 1 << item
        return found

    def _matched(self, rule: Rule, namespace: str) -> Peers:
        if rule.peers is None:
            return Peers(0, 0, self.everyone, self.everyone, 0)
        own = any(isinstance(peer, PodPeer) and peer.namespaces is None for peer in rule.peers)
        key = (rule.peers, namespace if own else "")
        found = self._peers.get(key)
        if found is None:
            sure_selected = selected = sure_addressed = addressed = excepted = 0
            for peer in rule.peers:
                if isinstance(peer, PodPeer):
                    sure, possible = self._select(peer, namespace)
                    sure_selected, selected = sure_selected | sure, selected | possible
                else:
                    sure, possible, outside = self._address(peer)
                    sure_addressed, addressed = sure_addressed | sure, addressed | possible
                    excepted |= outside
            found = Peers(sure_selected, selected, sure_addressed, addressed, excepted)
            self._peers[key] = found
        return found

    def _select(self, peer: PodPeer, namespace: str) -> tuple[int, int]:
        """Pods by selector. A host-network pod shows its node's address: matched by none as declared, maybe in effect."""
        key: tuple[Selector | str, Selector] = (namespace if peer.namespaces is None else peer.namespaces, peer.pods)
        found = self._pods.get(key)
        if found is None:
            if peer.namespaces is None:
                certain = possible = [self._spans[namespace]]
            else:
                certain, possible = self._select_namespaces(peer.namespaces)
            sure = self._union(certain, peer.pods)
            maybe = sure if possible is certain else self._union(possible, peer.pods)
            found = (sure & ~self.host, maybe & ~self.host if self._reading.declared else maybe)
            self._pods[key] = found
        return found

    def _union(self, spans: list[NamespaceSpan], selector: Selector) -> int:
        found = 0
        for span in spans:
            found |= select(span, selector)
        return found

    def _select_namespaces(self, selector: Selector) -> tuple[list[NamespaceSpan], list[NamespaceSpan]]:
        """The namespaces a selector certainly and possibly matches: of an unlisted one only the name is known."""
        found = self._namespaces.get(selector)
        if found is None:
            by_name = Selector(tuple(each for each in selector.requirements if each.key == NAME_LABEL))
            certain: list[NamespaceSpan] = []
            possible: list[NamespaceSpan] = []
            for span in self._population.spans:
                if matches(selector if span.listed else by_name, span.labels):
                    possible.append(span)
                    if span.listed or by_name == selector:
                        certain.append(span)
            found = (certain, certain if len(certain) == len(possible) else possible)
            self._namespaces[selector] = found
        return found

    def _address(self, peer: BlockPeer) -> tuple[int, int, int]:
        """Addresses, and the pods behind them where an ipBlock may match those: certain, possible, excepted."""
        number = self._blocks[peer]
        certain, possible = self._held(number, whole=peer.block.prefixlen == 0 and not peer.excepts, block=peer)
        outside_certain, outside = (
            self._held(len(self._blocks) + number, whole=False, block=peer) if peer.excepts else (0, 0)
        )
        if self._reading.excepts is Answer.NO:
            return certain | outside_certain, possible | outside, 0
        if self._reading.excepts_may_be_ignored:
            return certain, possible | outside, outside
        return certain, possible, outside

    def _held(self, number: int, *, whole: bool, block: BlockPeer) -> tuple[int, int]:
        external, pods = self._holders[0][number], self._holders[1][number]
        matching = self._reading.blocks_match_pods
        possible = pods | self._unaddressed
        if self._reading.blocks_match_nodes is Answer.NO and not self._reading.asked:
            possible &= ~self.host
        if matching is Answer.NO:
            return external, external | (possible & self.host)
        if matching is Answer.UNKNOWN:
            return external, external | possible
        certain = pods
        if whole and self._reading.asked and block.block.version == 4:
            certain |= self._unaddressed  # whatever address the pod will get, this block holds it
        return external | (certain & ~self.host), external | possible


def _features(port: Ports) -> frozenset[str]:
    ranged = not port.name and port.first != port.last and (port.first, port.last) != (1, 65535)
    chosen = {"named": bool(port.name), "range": ranged, "sctp": port.protocol == "SCTP"}
    return frozenset(name for name, used in chosen.items() if used)


def address_sets(blocks: Sequence[BlockPeer], *, excepts_matter: bool) -> list[tuple[Span, ...]]:
    """What the address space must tell apart: every ipBlock, then what each excepts (empty where that changes nothing)."""
    return [admitted_spans(block) for block in blocks] + [
        excepted_spans(block) if excepts_matter else () for block in blocks
    ]
