"""From resolved rules to bit sets: whom each rule selects and whom it matches, surely and maybe."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.dataplane.model import Answer
from scanner.model import NAME_LABEL
from scanner.policy.model import (
    Action,
    BlockPeer,
    EntityPeer,
    Matching,
    NamePeer,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Rule,
    Selector,
)
from scanner.policy.selectors import LabelIndex, bit_set, matches, members
from scanner.reach.addresses import AddressSpace, never_of_pods
from scanner.reach.entities import Entities
from scanner.reach.flows import Bounds
from scanner.reach.grants import NOBODY, Grant, Peers
from scanner.reach.model import Direction
from scanner.reach.names import covers
from scanner.reach.population import NamespaceSpan, Population, select
from scanner.reach.reading import Reading
from scanner.reach.walk import Place


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
        self._entities = Entities(population, space, self.host)
        self._names = bit_set(range(self._offset + space.first_name, self._offset + len(space)))
        self._holders = self._classes_by_set(2 * len(blocks))
        self._addressless = bit_set(number for number, found in enumerate(population.addresses[:-1]) if not found)
        self._mixed = self._has_mixed_families()
        self._numbers = self._classes_by_number() if reading.names_in_doubt else {}
        self._all_listed = all(span.listed for span in population.spans)
        self._labels = LabelIndex(span.labels for span in population.spans)
        self._namespaces: dict[Selector, tuple[list[NamespaceSpan], list[NamespaceSpan]]] = {}
        self._pods: dict[tuple[Selector | str, Selector], Bounds] = {}
        self._peers: dict[tuple[tuple[Peer, ...], str, bool], Peers] = {}

    @property
    def selectors_evaluated(self) -> int:
        """How many selectors were evaluated against the pods of how many namespaces, counted together."""
        return sum(span.index.evaluated for span in self._population.spans)

    def _classes_by_set(self, sets: int) -> tuple[list[int], list[int], list[int]]:
        """For each address set: the external classes in it, the pod classes with an address in it, and those wholly in it."""
        external: list[list[int]] = [[] for _ in range(sets)]
        some: list[list[int]] = [[] for _ in range(sets)]
        whole: list[list[int]] = [[] for _ in range(sets)]
        held = [list(members(self._space.signature(number))) for number in range(len(self._space))]
        for number, found in enumerate(held):
            for which in found:
                external[which].append(self._offset + number)
        for number, classes in enumerate(self._population.addresses):
            counts: dict[int, int] = {}
            for at in classes:
                for which in held[at]:
                    counts[which] = counts.get(which, 0) + 1
            for which, count in counts.items():
                some[which].append(number)
                if count == len(classes):
                    whole[which].append(number)
        return (
            [bit_set(each) for each in external],
            [bit_set(each) for each in some],
            [bit_set(each) for each in whole],
        )

    def _has_mixed_families(self) -> bool:
        """Whether some pods have addresses of families that others lack: then not each of a pod's addresses can be reached."""
        families = {4: set(self._space.family(4)), 6: set(self._space.family(6))}
        found = {
            tuple(version for version, classes in families.items() if not classes.isdisjoint(addresses))
            for addresses in set(self._population.addresses)
            if addresses
        }
        return len(found) > 1

    def subject(self, policy: Policy) -> Bounds:
        """The classes a policy selects. By the specifications no policy of any kind selects a host-network pod."""
        found = self._in_namespaces(policy, policy.subject)
        if self.host and self._reading.declared:
            found = found.without(self.host)
        return Bounds(0, found.maybe) if policy.doubt else found

    def _in_namespaces(self, policy: Policy, selector: Selector) -> Bounds:
        if policy.namespaces is None:
            own = self._spans.get(policy.namespace)
            found = select([own], selector) if own else 0
            return Bounds(found, found)
        certain, possible = self._select_namespaces(policy.namespaces)
        sure = select(certain, selector)
        return Bounds(sure, sure if possible is certain else select(possible, selector))

    def grant(self, policy: Policy, rule: Rule, subject: Bounds, place: Place) -> Grant:
        """One rule as bit sets."""
        if rule.subject is not None:
            subject &= self._in_namespaces(policy, rule.subject)
        peers = self.peers(rule, policy.namespace)
        sure_ports, maybe_ports = self._ports(rule, subject.maybe, peers)
        if rule.doubt or policy.doubt:
            subject = Bounds(0, subject.maybe)
        return Grant(policy, rule, place, subject, peers, sure_ports, maybe_ports)

    def _ports(
        self, rule: Rule, subject: int, peers: Peers
    ) -> tuple[tuple[Ports, ...] | None, tuple[Ports, ...] | None]:
        """What a rule's ports surely and maybe mean.

        Engines that resolve a name once for all pods it concerns may open every number it has there on each of them, and
        may drop a name that concerns no pod in particular (egress to anywhere).
        """
        if rule.ports is None:
            return None, None
        certain = [port for port in rule.ports if not port.features & self._reading.unsupported]
        possible = list(rule.ports)
        inward = rule.direction is Direction.INGRESS
        for port in rule.ports if self._reading.names_in_doubt else ():
            concerned = subject if inward else peers.selected.maybe
            numbers = [
                number
                for number, classes in self._numbers.get((port.protocol, port.name), {}).items()
                if classes & concerned
            ]
            if port.name and (len(numbers) > 1 or (not inward and _beyond_pods(rule))):
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

    def peers(self, rule: Rule, namespace: str) -> Peers:
        """Whom a rule of a policy in that namespace matches."""
        if rule.peers is None:
            return Peers(NOBODY, Bounds(self.everyone, self.everyone), 0)
        own = any(isinstance(peer, PodPeer) and peer.namespaces is None for peer in rule.peers)
        whole = self._mixed or rule.action is not Action.ALLOW
        key = (rule.peers, namespace if own else "", whole)
        found = self._peers.get(key)
        if found is None:
            selected, addressed, excepted = NOBODY, NOBODY, 0
            everywhere = _covers_everywhere(rule.peers)
            for peer in rule.peers:
                if isinstance(peer, PodPeer):
                    selected |= self._select(peer, namespace)
                elif isinstance(peer, BlockPeer):
                    bounds, outside = self._address(peer, everywhere=everywhere, whole=whole)
                    addressed |= bounds
                    excepted |= outside
                elif isinstance(peer, NamePeer):
                    addressed |= self._name(peer)
            addressed |= self._entities.union(peer.entity for peer in rule.peers if isinstance(peer, EntityPeer))
            found = self._peers[key] = Peers(selected, addressed, excepted)
        return found

    def _name(self, peer: NamePeer) -> Bounds:
        sure = maybe = 0
        for at, name in enumerate(self._space.names):
            answer = covers(peer.name, name)
            bit = 1 << self._offset + self._space.first_name + at
            sure |= bit if answer is Answer.YES else 0
            maybe |= bit if answer is not Answer.NO else 0
        return Bounds(sure, maybe)

    def _select(self, peer: PodPeer, namespace: str) -> Bounds:
        """Pods by selector. A host-network pod shows its node's address: matched by none as declared, by some in effect."""
        key: tuple[Selector | str, Selector] = (namespace if peer.namespaces is None else peer.namespaces, peer.pods)
        found = self._pods.get(key)
        if found is None:
            if peer.namespaces is None:
                certain = possible = [self._spans[namespace]] if namespace in self._spans else []
            else:
                certain, possible = self._select_namespaces(peer.namespaces)
            sure = select(certain, peer.pods)
            maybe = sure if possible is certain else select(possible, peer.pods)
            found = Bounds(sure, maybe)
            if self.host:
                hosts = self._reading.selectors_match_hosts
                found = Bounds(
                    sure if hosts is Answer.YES else sure & ~self.host,
                    maybe & ~self.host if hosts is Answer.NO else maybe,
                )
            self._pods[key] = found
        return found

    def _select_namespaces(self, selector: Selector) -> tuple[list[NamespaceSpan], list[NamespaceSpan]]:
        """The namespaces a selector certainly and possibly matches: of an unlisted one only the name is known."""
        found = self._namespaces.get(selector)
        if found is None:
            if self._all_listed:
                chosen = [self._population.spans[at] for at in members(self._labels.select(selector))]
                found = self._namespaces[selector] = (chosen, chosen)
                return found
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

    def _address(self, peer: BlockPeer, *, everywhere: bool, whole: bool) -> tuple[Bounds, int]:
        """Addresses, and the pods behind them where the block may match those; and whom its excepts leave out.

        What stops traffic stops a pod of several addresses only where it names all of them (`whole`), and what lets it
        through surely does where both ends have the same families. What a name resolves
        to is only held for sure where the rule's blocks cover both families (`everywhere`).
        """
        number = self._blocks[peer]
        found = self._held(number, peer, everywhere=everywhere, whole=whole)
        outside = self._held(len(self._blocks) + number, peer, whole=whole) if peer.excepts else NOBODY
        found |= Bounds(self._names if everywhere else 0, self._names)
        if peer.matching is not Matching.IMPLEMENTATION:
            return found, 0
        if self._reading.excepts is Answer.NO:
            return found | outside, 0
        if self._reading.excepts_may_be_ignored:
            return Bounds(found.sure, found.maybe | outside.maybe), outside.maybe
        return found, outside.maybe

    def _held(self, number: int, peer: BlockPeer, *, everywhere: bool = False, whole: bool) -> Bounds:
        external, pods = self._holders[0][number], self._holders[2 if whole else 1][number]
        if peer.matching is Matching.OUTSIDE:
            return Bounds(external, external)
        reading, unaddressed = self._reading, 0 if never_of_pods(peer) else self._addressless
        possible = self._holders[1][number] | unaddressed
        if peer.matching is Matching.PODS:
            if everywhere:
                pods |= unaddressed & ~self.host  # whatever address the pod will get
            return Bounds(external | pods, external | possible)
        if reading.blocks_match_nodes is Answer.NO and not reading.asked:
            possible &= ~self.host
        if reading.blocks_match_pods is Answer.NO:
            return Bounds(external, external | (possible & self.host))
        if reading.blocks_match_pods is Answer.UNKNOWN:
            return Bounds(external, external | possible)
        if reading.asked and (everywhere or (peer.block.version == 4 and _is_whole(peer))):
            pods |= unaddressed  # a person asked, and means the family that pods usually have
        return Bounds(external | (pods & ~self.host), external | possible)


def _is_whole(peer: BlockPeer) -> bool:
    return peer.block.prefixlen == 0 and not peer.excepts


def _covers_everywhere(peers: Sequence[Peer]) -> bool:
    """Whether a rule's blocks together hold every address of both families."""
    return {peer.block.version for peer in peers if isinstance(peer, BlockPeer) and _is_whole(peer)} == {4, 6}


def _beyond_pods(rule: Rule) -> bool:
    """Whether a rule concerns addresses as well, for which a port's name stands for nothing."""
    return rule.peers is None or any(isinstance(peer, BlockPeer) for peer in rule.peers)
