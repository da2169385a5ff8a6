"""What a policy uses that a data plane may not honour, each thing with where it stands and what the catalogue says of it."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from scanner.controls.base import Case
from scanner.dataplane.catalogue import CATALOGUE
from scanner.dataplane.model import Capabilities, Confidence, Fact, Value
from scanner.model import Pod
from scanner.policy.model import BlockPeer, Matching, NamePeer, Operator, PodPeer, Policy, Rule, Selector
from scanner.reach.model import Direction

# Capabilities as the comparison of levels calls them, with what a policy then uses and how to do without.
WORDS = {
    "except-honoured": ("a range with except", "write the ranges that remain in place of except"),
    "named-ports": ("a port's name", "write the port's number"),
    "end-port": ("a range of ports (endPort)", "write the ports one by one"),
    "sctp": ("SCTP", "restrict SCTP by a firewall"),
    "ipv6": ("an IPv6 range", "restrict IPv6 by a firewall, or run the cluster without it"),
    "negative-selectors": ("a selector with NotIn or DoesNotExist", "select by labels that are there"),
    "ipblock-matches-pods": ("a range of pods' addresses", "select the pods by labels"),
    "ipblock-matches-nodes": ("a range of nodes' addresses", "name the nodes in a policy of the engine's own kind"),
    "layer-7": ("a rule above the ports (layer 7)", "rewrite it with ports, or switch layer 7 on"),
    "names": ("a domain name", "write the name's addresses, or switch domain names on"),
    "port-entries": ("many ports for one address", "join the ports to ranges"),
}
# What the engine of reachability reads by the specification, so that a fact that is only remembered adds a note.
BY_SPECIFICATION = frozenset({"ipv6", "negative-selectors"})
UNSAID = Fact(Value.UNKNOWN, Confidence.MEMORY, "the catalogue", "nothing is said of this")
_NEGATIVE = frozenset({Operator.NOT_IN, Operator.DOES_NOT_EXIST})
_FEATURES = {"named": "named-ports", "range": "end-port", "sctp": "sctp"}
_NAMED_BY_KIND = frozenset({"FQDNNetworkPolicy"})  # kinds that are all about names: the kind itself decides


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that a policy uses: where ("spec.ingress[0]"), what, and the fact about it; `direction` of the rule, if one."""

    place: str
    feature: str  # a key of WORDS
    fact: Fact
    direction: Direction | None = None

    @property
    def words(self) -> str:
        """A sentence with the source."""
        fact = self.fact
        value = f"{fact.value} only where {fact.condition}" if fact.condition else str(fact.value)
        note = f": {fact.note}" if fact.note else ""
        return f"{self.place}: {WORDS[self.feature][0]} is {value}{note} ({fact.source}, {fact.confidence.words})"


class Uses:
    """Asks of one cluster's policies what they use."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._plane = case.dataplane

    def of(self, policy: Policy) -> Iterator[Use]:
        """Everything a policy uses that is a matter of the data plane, once per place."""
        seen: dict[tuple[str, str, str], Use] = {}
        for capabilities in self._capabilities(policy):
            for use in self._uses(policy, capabilities):
                seen.setdefault((use.place, use.feature, str(use.fact)), use)
        yield from seen.values()

    def _capabilities(self, policy: Policy) -> Iterator[Capabilities]:
        """Those of the engine, and where the policy selects pods on Windows nodes those of its Windows build."""
        if self._plane.capabilities is not None:
            yield self._plane.capabilities
        if self._plane.name == "aks-npm" and any(self._case.selects(policy, pod) for pod in self._on_windows):
            yield CATALOGUE["aks-npm-windows"].at(self._plane.version)

    @cached_property
    def _on_windows(self) -> list[Pod]:
        nodes = {node.name for node in self._case.snapshot.nodes if node.os == "windows"}
        found = {
            (pod.namespace, tuple(sorted(pod.labels.items()))): pod for pod in self._case.pods if pod.node in nodes
        }
        return list(found.values())

    def _uses(self, policy: Policy, known: Capabilities) -> Iterator[Use]:
        if _is_negative(policy.subject) or (policy.namespaces and _is_negative(policy.namespaces)):
            yield Use("spec, what it selects", "negative-selectors", known.negative_selectors)
        if (limit := self._few_entries) and any(rule.ports for rule in policy.rules):
            yield Use("spec, the ports of its rules", "port-entries", limit)
        for rule in policy.rules:
            for feature in _features(rule):
                yield Use(place(rule), feature, getattr(known, feature.replace("-", "_")), rule.direction)
            for feature, fact in self._addressed(rule, known):
                yield Use(place(rule), feature, fact, rule.direction)
            for feature in _above_ports(policy, rule):
                yield Use(place(rule), feature, self._feature(policy, feature), rule.direction)

    @cached_property
    def _few_entries(self) -> Fact | None:
        """How many port entries the engine keeps for an address, where that may be too few."""
        limits = self._plane.engine.limits if self._plane.engine else None
        entries = sum(len(rule.ports or ()) for policy in self._case.policies.policies for rule in policy.rules)
        if not limits or not limits.port_entries or entries <= limits.port_entries:
            return None
        note = f"{limits.port_entries} are kept for an address, {limits.fact.note}"
        return dataclasses.replace(limits.fact, value=Value.PARTIAL, note=note)

    def _feature(self, policy: Policy, feature: str) -> Fact:
        engine = self._plane.engine
        return engine.feature_at(f"{policy.kind}.{policy.group}", feature, self._plane.version) if engine else UNSAID

    def _addressed(self, rule: Rule, known: Capabilities) -> Iterator[tuple[str, Fact]]:
        """Ranges that can only be meant for pods or nodes: inside the cluster's pod ranges, or one pod's or node's address.

        A wider range may be meant for machines beside the nodes, so nothing is said of it.
        """
        for peer in rule.peers or ():
            if not isinstance(peer, BlockPeer) or peer.matching is Matching.PODS:
                continue
            if self._of_pods(peer.block):
                yield "ipblock-matches-pods", known.ipblock_matches_pods
            elif str(peer.block.network_address) in self._nodes and peer.block.num_addresses == 1:
                yield "ipblock-matches-nodes", known.ipblock_matches_nodes

    def _of_pods(self, block: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
        if block.num_addresses == 1 and str(block.network_address) in self._pods:
            return True
        return any(
            block.version == space.version and block.subnet_of(space)  # type: ignore[arg-type]
            for space in self._pod_ranges
        )

    @cached_property
    def _pods(self) -> frozenset[str]:
        return frozenset(ip for pod in self._case.pods if not pod.host_network for ip in pod.ips)

    @cached_property
    def _nodes(self) -> frozenset[str]:
        return frozenset(address for node in self._case.snapshot.nodes for address in node.addresses)

    @cached_property
    def _pod_ranges(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        facts = self._case.facts
        texts = {
            *(facts.pod_ranges if facts else ()),
            *(each for n in self._case.snapshot.nodes for each in n.pod_cidrs),
        }
        found = []
        for text in sorted(texts):
            try:
                found.append(ipaddress.ip_network(text, strict=False))
            except ValueError:  # a node may say anything; what is no range names no pods
                continue
        return found


def place(rule: Rule) -> str:
    """Where a rule stands, from the object on."""
    return rule.name if rule.name.startswith("spec") else f"spec.{rule.name}"


def _features(rule: Rule) -> Iterator[str]:
    found = {_FEATURES[name] for port in rule.ports or () for name in port.features}
    for peer in rule.peers or ():
        if isinstance(peer, BlockPeer):
            found |= {"except-honoured"} if peer.excepts else set()
            found |= {"ipv6"} if peer.block.version == 6 else set()
        elif isinstance(peer, PodPeer) and (
            _is_negative(peer.pods) or (peer.namespaces and _is_negative(peer.namespaces))
        ):
            found.add("negative-selectors")
    yield from sorted(found)


def _above_ports(policy: Policy, rule: Rule) -> Iterator[str]:
    """Names and filters above the ports; a filter of DNS is what names are learnt from."""
    named = any(isinstance(peer, NamePeer) for peer in rule.peers or ()) or rule.l7 == "dns"
    if named and policy.kind not in _NAMED_BY_KIND:
        yield "names"
    if rule.l7 and rule.l7 != "dns":
        yield "layer-7"


def _is_negative(selector: Selector) -> bool:
    return any(each.operator in _NEGATIVE for each in selector.requirements)
