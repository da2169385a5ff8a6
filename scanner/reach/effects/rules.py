"""The rules by which a data plane differs from the specification: each named, sourced, and switched off by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scanner.dataplane.catalogue.engine import Engine
from scanner.dataplane.kinds import honours
from scanner.dataplane.model import (
    Answer,
    Capabilities,
    Confidence,
    Coverage,
    DataPlane,
    Enforcing,
    Fact,
    Value,
)
from scanner.model import Snapshot
from scanner.policy.model import BlockPeer, PolicySet
from scanner.reach.coverage import cluster_coverage

# What the engine of reachability reads by the specification until the catalogue says otherwise.
_UNLESS_KNOWN = frozenset({"service_egress", "ipv6", "negative_selectors"})
_SPECIFICATION = "the specification"
_EVERYWHERE = Coverage(Answer.YES, "covered")
# What the specification says of each capability that the engine of reachability asks for.
_CAPABILITIES: Mapping[str, tuple[Value, str]] = {
    "ipblock_matches_pods": (Value.IGNORED, "whether an ipBlock matches pods by their addresses"),
    "ipblock_matches_nodes": (Value.IGNORED, "whether an ipBlock matches nodes and what runs in their network"),
    "except_honoured": (Value.HONOURED, "what an except range of an ipBlock leaves out"),
    "named_ports": (Value.HONOURED, "what a port's name stands for"),
    "end_port": (Value.HONOURED, "port ranges (endPort)"),
    "sctp": (Value.HONOURED, "SCTP"),
    "ipv6": (Value.HONOURED, "the version of IP that the data plane does not police"),
    "negative_selectors": (Value.HONOURED, "selectors with NotIn or DoesNotExist"),
    "host_network_isolated": (Value.IGNORED, "what policy does to host-network pods"),
    "host_network_selected": (Value.IGNORED, "selectors that choose host-network pods as peers"),
    "own_node_policed": (Value.HONOURED, "traffic to a pod from its own node"),
    "balancer_policed": (Value.HONOURED, "node ports and balancers with externalTrafficPolicy Cluster"),
    "service_egress": (Value.HONOURED, "egress to a Service's address"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One difference: its name, what it is about, what the data plane does, and the same data plane without it."""

    name: str
    about: str
    does: str
    without: DataPlane

    @property
    def words(self) -> str:
        """One line: what it is about, and what the data plane makes of that."""
        return f"{self.about}: {self.does}"


def rules_of(plane: DataPlane, policies: PolicySet, *, ipblock_matches_pods: bool = False) -> tuple[Rule, ...]:
    """Every rule by which a data plane differs from the specification, as far as these policies may show it.

    By the specification an ipBlock matches pods or not as the implementation likes; `ipblock_matches_pods` says how the
    policies are read.
    """
    return tuple(_rules(plane, policies, Value.HONOURED if ipblock_matches_pods else Value.IGNORED))


def _rules(plane: DataPlane, policies: PolicySet, blocks: Value) -> Iterator[Rule]:
    gaps = list(dict.fromkeys(_unpoliced(plane)))
    if gaps:
        yield Rule("coverage", "pods that no engine polices", "; ".join(gaps), _covering(plane))
    ignored = list(dict.fromkeys(_ignored(plane, policies)))
    if ignored:
        yield Rule("kinds", "policies of kinds that are not read", "; ".join(ignored), _reading_every_kind(plane))
    yield from _limited(plane)
    known = plane.capabilities
    for field, (specified, about) in _CAPABILITIES.items():
        if known is None:
            return
        value = blocks if field == "ipblock_matches_pods" else specified
        fact: Fact = getattr(known, field)
        if field in _UNLESS_KNOWN and fact.value is value:  # as specified, however that is known
            continue
        if fact.firm is not _specified(value).firm:
            changed: Capabilities = dataclasses.replace(known, **{field: _specified(value)})
            yield Rule(field.replace("_", "-"), about, _said(fact), dataclasses.replace(plane, capabilities=changed))


def _limited(plane: DataPlane) -> Iterator[Rule]:
    limits = plane.engine.limits if plane.engine else None
    if plane.engine and limits and limits.port_entries:
        does = f"{limits.port_entries} are kept for an address, more are dropped{_known(limits.fact)}"
        unlimited = dataclasses.replace(plane.engine, limits=dataclasses.replace(limits, port_entries=0))
        yield Rule("port-entries", "many ports for one address", does, dataclasses.replace(plane, engine=unlimited))


def shown_by(rules: Iterable[Rule], snapshot: Snapshot, policies: PolicySet) -> tuple[Rule, ...]:
    """The rules that these policies, pods and Services can show at all: the others change no connection of this cluster."""
    found = _shown(snapshot, policies)
    return tuple(rule for rule in rules if rule.name in found)


def _shown(snapshot: Snapshot, policies: PolicySet) -> set[str]:
    found = {"coverage", "kinds"}
    if sum(len(rule.ports or ()) for policy in policies.policies for rule in policy.rules) > _FEW_PORTS:
        found.add("port-entries")
    for policy in policies.policies:
        for rule in policy.rules:
            blocks = [peer for peer in rule.peers or () if isinstance(peer, BlockPeer)]
            found |= {"ipblock-matches-pods", "ipblock-matches-nodes"} if blocks else set()
            found |= {"except-honoured"} if any(block.excepts for block in blocks) else set()
            found |= {_FEATURES[name] for port in rule.ports or () for name in port.features}
        found |= {"negative-selectors"} if policy.negative else set()
    if any(":" in address for pod in snapshot.pods for address in pod.ips):
        found.add("ipv6")
    if any(pod.host_network for pod in snapshot.pods):
        found |= {"host-network-isolated", "host-network-selected", "own-node-policed"}
    return found | ({"balancer-policed", "service-egress"} if snapshot.services else set())


_FEW_PORTS = 20  # entries in all policies that no data plane is known to have too few places for
_FEATURES = {"named": "named-ports", "range": "end-port", "sctp": "sctp"}


def _specified(value: Value) -> Fact:
    return Fact(value, Confidence.SOURCE, _SPECIFICATION)


def _said(fact: Fact) -> str:
    """What the catalogue says, with how it is known."""
    words = f"{fact.value}, where {fact.condition}" if fact.condition else str(fact.value)
    return words + _known(fact)


def _known(fact: Fact) -> str:
    note = f" ({fact.note})" if fact.note else ""
    return f"{note} [{fact.source}; {fact.confidence.words}]"


def _unpoliced(plane: DataPlane) -> Iterator[str]:
    """Why pods are left alone, or may be: the cluster as a whole, else its nodes."""
    answer, reason = cluster_coverage(plane)
    if answer is not Answer.YES:
        yield f"{plane.name}: {reason}"
        return
    for each in (plane.default, *plane.nodes.values(), *plane.pods.values()):
        if each.answer is not Answer.YES:
            yield each.reason


def _covering(plane: DataPlane) -> DataPlane:
    """The same engine, at work on every node. Where no engine is known it reads policy as the specification does."""
    known = plane.capabilities or Capabilities(
        **{
            each.name: _specified(_CAPABILITIES.get(each.name, (Value.HONOURED, ""))[0])
            for each in dataclasses.fields(Capabilities)
        }
    )
    mode = plane.mode if plane.mode == "crd-only" else "enforcing"
    covering = dataclasses.replace(
        plane,
        enforcing=Enforcing.YES,
        reason="on",
        mode=mode,
        nodes={},
        pods={},
        default=_EVERYWHERE,
        capabilities=known,
    )
    return covering if plane.engine else _reading_every_kind(covering)


def _ignored(plane: DataPlane, policies: PolicySet) -> Iterator[str]:
    for policy in policies.policies:
        answer, why = honours(plane, policy.group, policy.kind)
        if answer is not Answer.YES:
            yield f"{policy.kind} {'is not read' if answer is Answer.NO else 'may not be read'}: {why}"


def _reading_every_kind(plane: DataPlane) -> DataPlane:
    engine = Engine(name=plane.name, title=plane.name, other_kinds=_specified(Value.HONOURED))
    return dataclasses.replace(plane, engine=engine, mode="enforcing" if plane.mode == "crd-only" else plane.mode)
