"""What the admin kinds' rules share: actions, peers, and how a rule fails closed that says more than is known here.

Sources: kubernetes-sigs/network-policy-api `apis/v1alpha1` and `apis/v1alpha2`. Of a peer without any field it knows, an
implementation assumes that a newer version of the kind has one more: it takes an allow rule with such a peer for one that
matches nothing, and a deny or pass rule for one that denies everything. One that knows the field does what it says. So both
readings stay possible wherever a field is unknown here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from scanner.model import ApiObject
from scanner.policy.decode import FieldError, Remark, unknown_fields
from scanner.policy.model import (
    EVERYTHING,
    Action,
    BlockPeer,
    Entity,
    EntityPeer,
    Matching,
    Network,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Rank,
    Rule,
    Tier,
)
from scanner.policy.upstream.names import domain_name
from scanner.policy.upstream.wire import (
    Unknown,
    WirePeer,
    WireSubject,
    at_the_top,
    joined,
    listed,
    pods,
    selector,
    subject,
)
from scanner.reach.model import Direction

_LONGEST_NAME = 100
_MOST_ADDRESSES = 25  # of `networks`, and of `domainNames`
_NODES_DOUBT = "which nodes its label selector matches is not modelled"
_FIELDS = {
    "namespaces": "namespaces",
    "pods": "pods",
    "nodes": "nodes",
    "networks": "networks",
    "domainNames": "domain_names",
}

W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one kind's schema says. `network` reads a CIDR, and raises as that schema refuses or takes it.

    `named_anywhere`: whether the schema takes a port's name beside peers that have none.
    """

    actions: Mapping[str, Action]
    egress: frozenset[str]  # the fields of a peer of `to`; one of `from` has the first two of `_FIELDS`
    network: Callable[[str, str, list[Remark]], Network]
    most_rules: int = 100
    most_peers: int = 100
    repeats: bool = False  # whether `networks` and `domainNames` may say one thing twice
    namespaces_optional: bool = False
    named_anywhere: bool = False
    unnameable: frozenset[Action] = frozenset()  # actions whose rules the schema refuses `domainNames`


@dataclass(frozen=True, slots=True)
class Draft:
    """One wire rule, whatever its kind: `peers` stand in the list `word`, `ports` are read from the list `port_word`."""

    name: str | None
    action: str | None
    peers: Sequence[WirePeer | None] | None
    word: str
    ports: Callable[[], tuple[Ports, ...] | None]
    port_word: str = "ports"


@dataclass(slots=True)
class _Peers:
    """A rule's peers as far as they are known, and what is not."""

    known: list[Peer] = field(default_factory=list)
    some_nodes: bool = False
    portless: bool = False  # whether one of them has no named ports
    doubts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Reader:
    """Reads the rules of one policy of one dialect, gathering remarks."""

    dialect: Dialect
    unknown: Unknown
    remarks: list[Remark] = field(default_factory=list)

    def rules(
        self, direction: Direction, wires: Sequence[W | None] | None, draft: Callable[[W, str], Draft]
    ) -> Iterator[Rule]:
        """The rules of one direction; `draft` takes a wire rule and its path.

        Raises:
            FieldError: the schema refuses one.
            UnreadableError: it takes what cannot be read.
        """
        place = f"spec.{direction}"
        for index, wire in enumerate(listed(wires, place, self.dialect.most_rules, least=0)):
            yield from self._rule(direction, index, draft(wire, f"{place}[{index}]"), f"{place}[{index}]")

    def policy(
        self, source: ApiObject, wire: WireSubject | None, rules: Iterable[Rule], tier: Tier, rank: Rank
    ) -> Policy:
        """The policy that holds these rules. Kinds of this form are cluster-scoped, and isolate no pod they select.

        Raises:
            FieldError: the schema refuses its subject, or one of the rules while they are read.
            UnreadableError: it takes what cannot be read.
        """
        namespaces, chosen, doubt = subject(wire, self.unknown, namespaces_optional=self.dialect.namespaces_optional)
        return Policy(
            kind=source.kind,
            namespace="",
            name=source.name,
            subject=chosen,
            directions=frozenset(),
            rules=tuple(rules),
            origin=source.origin,
            namespaces=namespaces,
            tier=tier,
            rank=rank,
            pooled=False,
            group=source.api_version.rpartition("/")[0],
            version=source.resource_version,
            doubt=joined(at_the_top(self.unknown), doubt),
        )

    def _rule(self, direction: Direction, index: int, draft: Draft, place: str) -> Iterator[Rule]:
        action = self._action(draft.action, f"{place}.action")
        if draft.name is not None and len(draft.name) > _LONGEST_NAME:
            raise FieldError(f"{place}.name", f"is longer than {_LONGEST_NAME} characters; shorten it")
        rule = Rule(direction, index, peers=None, ports=None, action=action, title=draft.name or "")
        doubt = self._doubt_about_all(place, draft)
        if doubt:
            yield from fail_closed(rule, doubt)
            return
        rule = dataclasses.replace(rule, ports=draft.ports())
        peers = self._peers(direction, action, draft, place)
        if any(port.name for port in rule.ports or ()) and peers.portless:
            self._named_without_pods(f"{place}.{draft.port_word}")
        if peers.doubts:
            if peers.known and action is Action.DENY:  # either reading denies these
                yield dataclasses.replace(rule, peers=tuple(dict.fromkeys(peers.known)))
            yield from fail_closed(rule, peers.doubts[0])
            return
        if peers.known:
            yield dataclasses.replace(rule, peers=tuple(dict.fromkeys(peers.known)))
        if peers.some_nodes:
            yield dataclasses.replace(rule, peers=(EntityPeer(Entity.NODES),), doubt=_NODES_DOUBT)

    def _action(self, text: str | None, place: str) -> Action:
        action = self.dialect.actions.get(text or "")
        if action is None:
            *others, last = self.dialect.actions
            raise FieldError(place, f"is {text or ''!r}; write {', '.join(others)} or {last}")
        return action

    def _doubt_about_all(self, place: str, draft: Draft) -> str:
        """What unknown fields of the rule itself, or of its ports, leave open."""
        ports = f"{place}.{draft.port_word}["
        return unknown_fields(
            tuple(item for item in self.unknown if item[0] == place or item[0].startswith(ports)), place
        )

    def _named_without_pods(self, place: str) -> None:
        message = "names a port, which only pods have; write its number, or another rule for the other peers"
        if not self.dialect.named_anywhere:
            raise FieldError(place, message)
        self.remarks.append((place, message))

    def _peers(self, direction: Direction, action: Action, draft: Draft, place: str) -> _Peers:
        found = _Peers()
        field = f"{place}.{draft.word}"
        fields = self.dialect.egress if direction is Direction.EGRESS else frozenset({"namespaces", "pods"})
        for at, wire in enumerate(listed(draft.peers, field, self.dialect.most_peers)):
            where = f"{field}[{at}]"
            given = [name for name, attribute in _FIELDS.items() if getattr(wire, attribute) is not None]
            foreign = tuple((where, name) for name in given if name not in fields)
            doubt = unknown_fields((*self.unknown, *foreign), where)
            if doubt:
                found.doubts.append(doubt)
            elif len(given) != 1:
                raise FieldError(where, f"has {len(given)} of the fields of a peer; write exactly one")
            else:
                self._peer(wire, where, action, found)
        return found

    def _peer(self, wire: WirePeer, place: str, action: Action, found: _Peers) -> None:
        found.portless |= wire.namespaces is None and wire.pods is None
        if wire.namespaces is not None:
            found.known.append(PodPeer(EVERYTHING, selector(wire.namespaces, f"{place}.namespaces")))
        elif wire.pods is not None:
            optional = self.dialect.namespaces_optional
            namespaces, chosen = pods(wire.pods, f"{place}.pods", namespaces_optional=optional)
            found.known.append(PodPeer(chosen, namespaces))
        elif wire.nodes is not None:
            if selector(wire.nodes, f"{place}.nodes").everything:
                found.known.append(EntityPeer(Entity.NODES))
            else:
                found.some_nodes = True
        elif wire.networks is not None:
            for at, text in enumerate(self._distinct(wire.networks, f"{place}.networks")):
                block = self.dialect.network(text, f"{place}.networks[{at}]", self.remarks)
                found.known.append(BlockPeer(block, matching=Matching.PODS))
        else:
            self._domain_names(wire, f"{place}.domainNames", action, found)

    def _domain_names(self, wire: WirePeer, place: str, action: Action, found: _Peers) -> None:
        texts = self._distinct(wire.domain_names, place)
        names = [domain_name(text, f"{place}[{at}]") for at, text in enumerate(texts)]
        if action in self.dialect.unnameable:
            raise FieldError(place, "stands in a Deny rule; name addresses in networks instead")
        if action is Action.ALLOW:
            found.known += names
        else:
            found.doubts.append("domainNames are defined for rules that allow only")

    def _distinct(self, items: Sequence[str | None] | None, place: str) -> list[str]:
        found = listed(items, place, _MOST_ADDRESSES)
        if len(set(found)) < len(found) and not self.dialect.repeats:
            raise FieldError(place, "has one entry twice; remove one")
        return found


def fail_closed(rule: Rule, doubt: str) -> tuple[Rule, ...]:
    """The rules that stand for one of which a part is not known; see the module's text. Their ports are the widest."""
    denial = dataclasses.replace(rule, action=Action.DENY, peers=None, ports=None, doubt=doubt)
    match rule.action:
        case Action.DENY:
            return (denial,)
        case Action.PASS:
            return (denial, dataclasses.replace(rule, peers=None, doubt=doubt))
        case _:
            return (dataclasses.replace(rule, peers=None, doubt=doubt),)
