"""ApplicationNetworkPolicy of `networking.k8s.aws/v1alpha1`: a NetworkPolicy whose egress may also go to domain names.

Sources: the kind's types and CRD in aws/amazon-network-policy-controller-k8s (`pkg/crd/crds.yaml`), its resolver
(`applicationnetworkpolicy_resolver.go`) and `pkg/policyendpoints/manager.go`. The schema checks little of what the API server
checks of a NetworkPolicy, so what would be refused there is only unreadable here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from scanner.model import ApiObject
from scanner.policy.common import WireSelector
from scanner.policy.decode import Context, FieldError, Remark, Wire, decode_spec, unknown_fields
from scanner.policy.model import EVERYTHING, BlockPeer, Matching, NamePeer, Peer, Policy, Ports, Rule
from scanner.policy.networking import WireBlock, WireIngress, WirePeer, WirePort, resolve_peer, resolve_port
from scanner.policy.upstream.names import domain_name, network
from scanner.policy.upstream.wire import Unknown, at_the_top, joined, listed, selector, taken_by_the_server, tidy
from scanner.reach.model import Direction

_TYPES = {"Ingress": Direction.INGRESS, "Egress": Direction.EGRESS}
_TYPES_DOUBT = "policyTypes is absent, and the controller then isolates a direction only if its rules name some address"
_STRAY_DOUBT = "policyTypes does not list the direction, and the controller hands its rules on all the same"
_NOWHERE_DOUBT = "it names no peers: everyone by the kind's description, nobody by the controller"
_NAME_DOUBT = "beside domainNames the controller reads a port's name as every port of the protocol"


class WireEgressPeer(WirePeer, frozen=True):
    """One of `to`: a NetworkPolicy's peer, or domain names."""

    domain_names: list[str | None] | None = None


class WireEgress(Wire, frozen=True):
    """One of `egress`."""

    to: list[WireEgressPeer | None] | None = None
    ports: list[WirePort | None] | None = None


class WireSpec(Wire, frozen=True):
    """`spec`."""

    pod_selector: WireSelector | None = None
    policy_types: list[str | None] | None = None
    ingress: list[WireIngress | None] | None = None
    egress: list[WireEgress | None] | None = None


def resolve_application_network_policy(source: ApiObject, _: Context) -> tuple[tuple[Policy, ...], list[Remark]]:
    """An ApplicationNetworkPolicy, in one bag with NetworkPolicy; what of its isolation is in doubt is a policy of its own.

    Raises:
        FieldError: the schema refuses it.
        UnreadableError: it takes what cannot be read.
    """
    spec, unknown = decode_spec(source.spec, WireSpec)
    reader = _Reader(unknown)
    doubt = unknown_fields(unknown, "spec.podSelector")
    chosen = EVERYTHING if doubt else selector(spec.pod_selector, "spec.podSelector")
    rules = (*reader.rules(Direction.INGRESS, spec.ingress), *reader.rules(Direction.EGRESS, spec.egress))
    types = listed(spec.policy_types, "spec.policyTypes", least=0)
    directions = frozenset(_TYPES[name] for name in types if name in _TYPES)
    reader.remarks += _type_remarks(types, directions, rules)
    policy = Policy(
        kind=source.kind,
        namespace=source.namespace or "default",
        name=source.name,
        subject=chosen,
        directions=directions,
        rules=tuple(rule for rule in rules if not types or rule.direction in directions),
        origin=source.origin,
        group=source.api_version.rpartition("/")[0],
        version=source.resource_version,
        doubt=joined(at_the_top(unknown), doubt),
    )
    strays = tuple(rule for rule in rules if rule not in policy.rules)
    unsure = strays if types else policy.rules
    if not unsure:
        return (policy,), reader.remarks
    isolation = dataclasses.replace(
        policy,
        directions=frozenset(rule.direction for rule in unsure),
        rules=strays,
        doubt=joined(policy.doubt, _STRAY_DOUBT if types else _TYPES_DOUBT),
    )
    return (policy, isolation), reader.remarks


def _type_remarks(types: Sequence[str], directions: frozenset[Direction], rules: Sequence[Rule]) -> Iterator[Remark]:
    for at, name in enumerate(types):
        if name not in _TYPES:
            yield f"spec.policyTypes[{at}]", f"is {name!r}, which is ignored; write Ingress or Egress"
    if not types:
        yield (
            "spec.policyTypes",
            "is absent, so what is isolated depends on what the rules find; list Ingress, Egress or both",
        )
    for direction in Direction:
        if types and direction not in directions and any(rule.direction is direction for rule in rules):
            word = direction.capitalize()
            yield (
                f"spec.{direction}",
                f"stands here though policyTypes does not list {word}; list it or remove the rules",
            )


@dataclass(slots=True)
class _Reader:
    """Reads the rules of one policy, gathering remarks."""

    unknown: Unknown
    remarks: list[Remark] = field(default_factory=list)

    def rules(self, direction: Direction, wires: Sequence[WireIngress | WireEgress | None] | None) -> Iterator[Rule]:
        """The rules of one direction."""
        found: list[WireIngress | WireEgress] = listed(wires, f"spec.{direction}", least=0)
        for index, wire in enumerate(found):
            yield from self._rule(Rule(direction, index, peers=None, ports=None), wire, f"spec.{direction}[{index}]")

    def _rule(self, rule: Rule, wire: WireIngress | WireEgress, place: str) -> Iterator[Rule]:
        own = tuple(item for item in self.unknown if item[0] == place or item[0].startswith(f"{place}.ports["))
        doubt = unknown_fields(own, place)
        if doubt:
            yield dataclasses.replace(rule, doubt=doubt)
            return
        rule = dataclasses.replace(rule, ports=self._ports(wire.ports, f"{place}.ports"))
        peers, word = (wire.from_, "from") if isinstance(wire, WireIngress) else (wire.to, "to")
        if not peers:
            settled = peers is None and rule.direction is Direction.INGRESS
            yield rule if settled else dataclasses.replace(rule, doubt=_NOWHERE_DOUBT)
            return
        known: list[Peer] = []
        names: list[NamePeer] = []
        for at, peer in enumerate(listed(peers, f"{place}.{word}")):
            where = f"{place}.{word}[{at}]"
            doubt = doubt or unknown_fields(self.unknown, where)
            if unknown_fields(self.unknown, where):
                continue
            if isinstance(peer, WireEgressPeer) and peer.domain_names is not None:
                names += _domain_names(peer, peer.domain_names, where)
            else:
                known.append(self._peer(peer, where))
        if known:
            yield dataclasses.replace(rule, peers=tuple(dict.fromkeys(known)))
        if names:
            yield from _to_names(dataclasses.replace(rule, peers=tuple(dict.fromkeys(names))))
        if doubt:
            yield dataclasses.replace(rule, doubt=doubt)

    def _ports(self, items: Sequence[WirePort | None] | None, place: str) -> tuple[Ports, ...] | None:
        found = listed(items, place, least=0)
        with taken_by_the_server():
            return tuple(resolve_port(wire, f"{place}[{at}]") for at, wire in enumerate(found)) or None

    def _peer(self, wire: WirePeer, place: str) -> Peer:
        chosen = {
            name: tidy(each, f"{place}.{word}")
            for name, word, each in (
                ("pod_selector", "podSelector", wire.pod_selector),
                ("namespace_selector", "namespaceSelector", wire.namespace_selector),
            )
            if each is not None
        }
        if wire.ip_block is not None:
            self._block(wire.ip_block, f"{place}.ipBlock")
        with taken_by_the_server():
            peer = resolve_peer(msgspec.structs.replace(wire, **chosen), place, self.remarks)
        return dataclasses.replace(peer, matching=Matching.PODS) if isinstance(peer, BlockPeer) else peer

    def _block(self, wire: WireBlock, place: str) -> None:
        """What the schema wants of an ipBlock, and what the data plane can parse of it."""
        if wire.cidr is None:
            raise FieldError(f"{place}.cidr", "is missing; write a CIDR, 10.0.0.0/8")
        excepts = listed(wire.except_, f"{place}.except", least=0)
        with taken_by_the_server():
            network(wire.cidr, f"{place}.cidr", [])
            for at, text in enumerate(excepts):
                network(text, f"{place}.except[{at}]", [])


def _domain_names(wire: WireEgressPeer, texts: Sequence[str | None], place: str) -> Iterator[NamePeer]:
    if wire.pod_selector is not None or wire.namespace_selector is not None or wire.ip_block is not None:
        raise FieldError(place, "has domainNames together with another field; write them as two peers")
    names = listed(texts, f"{place}.domainNames")
    if len(set(names)) < len(names):
        raise FieldError(f"{place}.domainNames", "has one entry twice; remove one")
    for at, text in enumerate(names):
        yield domain_name(text, f"{place}.domainNames[{at}]")


def _to_names(rule: Rule) -> Iterator[Rule]:
    """A rule to domain names: its port numbers, and apart from them its port names, which the controller does not keep."""
    numbers = tuple(port for port in rule.ports or () if not port.name)
    if rule.ports is None or numbers:
        yield dataclasses.replace(rule, ports=numbers or None)
    widened = tuple(Ports(port.protocol) for port in rule.ports or () if port.name)
    if widened:
        yield dataclasses.replace(rule, ports=tuple(dict.fromkeys(widened)), doubt=_NAME_DOUBT)
