"""How data planes differ from what policies declare, connection by connection, each with the rules it hangs on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanner.dataplane.model import DataPlane
from scanner.model import Snapshot
from scanner.policy.calico.ports import subtract
from scanner.policy.model import PolicySet
from scanner.reach.changes import Change, closed_changes, service_changes
from scanner.reach.columns import mask_of
from scanner.reach.diff import State, all_aligned, difference
from scanner.reach.effects.rules import Rule, rules_of, shown_by
from scanner.reach.effects.tally import EXAMPLES, tally
from scanner.reach.engine import ClusterReach
from scanner.reach.listing import View
from scanner.reach.model import PortSet

KINDS = ("gap", "both", "breakage", "doubt")
Pair = tuple[str, str, str]  # src, dst, via


@dataclass(frozen=True, slots=True)
class Effect:
    """One connection on which a data plane differs from what policies declare, with the rules without which it would not.

    `change` goes from declared (before) to effective (after). Without a single such rule several act together, and all
    that change anything for this connection's peers are named.
    """

    change: Change
    rules: tuple[Rule, ...]

    @property
    def kind(self) -> str:
        """`gap`: possible though policies deny it; `breakage`: the reverse; `both`; `doubt`: only what is undecided differs."""
        change = self.change
        opened = _exceeds(change.after, change.before, change.unknown_before)
        closed = _exceeds(change.before, change.after, change.unknown_after)
        if opened and closed:
            return "both"
        return "gap" if opened else "breakage" if closed else "doubt"


class Example(NamedTuple):
    """One connection: its ends, the Service it leads through, and the ports that are allowed and undecided at each level."""

    src: str
    dst: str
    via: str
    declared: tuple[PortSet, PortSet]
    effective: tuple[PortSet, PortSet]


@dataclass(frozen=True, slots=True)
class Share:
    """The connections of one kind that hang on the same rules, with the first few of them."""

    kind: str
    rules: tuple[Rule, ...]
    connections: int
    examples: tuple[Example, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The rules' names."""
        return tuple(rule.name for rule in self.rules)


class Compared:
    """One cluster's policies on several data planes, beside what they declare. Everything is built once, with one set of cuts.

    With `ipblock_matches_pods` the policies are read as declaring that an ipBlock lets in pods by their addresses.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        policies: PolicySet,
        planes: Sequence[DataPlane],
        *,
        ipblock_matches_pods: bool | None = None,
    ) -> None:
        self.planes = tuple(planes)
        self.rules = tuple(
            shown_by(rules_of(plane, policies, ipblock_matches_pods=bool(ipblock_matches_pods)), snapshot, policies)
            for plane in planes
        )
        declared = State(snapshot, policies, ipblock_matches_pods=ipblock_matches_pods)
        states = [declared, *(State(snapshot, policies, plane) for plane in planes)]
        known = all_aligned(states)
        asked = [rules if _differ(known[0], each) else () for rules, each in zip(self.rules, known[1:], strict=True)]
        states += [State(snapshot, policies, rule.without) for rules in asked for rule in rules]
        self.declared, *built = all_aligned(states, known=known)
        self.effective: list[ClusterReach] = built[: len(planes)]
        rest = iter(built[len(planes) :])
        self._without = [[next(rest) for _ in rules] for rules in asked]

    def effects(self, at: int, *, through_services: bool = False) -> Iterator[Effect]:
        """Every connection on which the data plane at that position differs from the declared level, sorted by its ends.

        With `through_services` only those that lead through a Service.
        """
        yield from self._changed(at, through_services=through_services)
        for change in closed_changes(self.effective[at].view):
            yield Effect(change, self._at_addresses(at))

    def _changed(self, at: int, *, through_services: bool) -> Iterator[Effect]:
        effective = self.effective[at]
        turned = [_pairs(other, effective, through_services=through_services) for other in self._without[at]]
        for change in _changes(self.declared, effective, through_services=through_services):
            pair = _pair(change)
            rules = tuple(rule for rule, pairs in zip(self.rules[at], turned, strict=True) if pair in pairs)
            yield Effect(self._beside(change) if change.via else change, rules or self.rules[at])

    def _beside(self, change: Change) -> Change:
        """A path through a Service that the declared level does not tell from the pods' own address, beside that."""
        if change.before or change.unknown_before:
            return change
        position = self.declared.view.table.position
        if change.src not in position or change.dst not in position:  # ingress controllers
            return change
        known = _answer(self.declared.view, position[change.src], position[change.dst])
        before, unknown = (_within(ports, change.after, change.unknown_after) for ports in known)
        return dataclasses.replace(change, before=before, unknown_before=unknown)

    def _at_addresses(self, at: int) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules[at] if rule.name == "service-egress") or self.rules[at]

    def _closed_share(self, at: int) -> list[Share]:
        """What Services' addresses keep closed: breakage, counted without looking at every pair."""
        view = self.effective[at].view
        count = sum(each.sources.bit_count() for each in view.closed)
        examples = tuple(_told(change) for change, _ in zip(closed_changes(view), range(EXAMPLES), strict=False))
        return [Share("breakage", self._at_addresses(at), count, examples)] if count else []

    def shares(self, at: int) -> tuple[Share, ...]:
        """The same by kind and rules, gaps first, counted without looking at every pair."""
        effective, others = self.effective[at].view, [each.view for each in self._without[at]]
        counted = tally(self.declared.view, effective, others)
        found = [
            Share(
                kind,
                self._named(at, rules),
                each.connections,
                tuple(self._example(at, *pair) for pair in each.examples),
            )
            for (kind, rules), each in counted.items()
        ]
        found = _merged([*found, *self._through_services(at), *self._closed_share(at)])
        return tuple(sorted(found, key=lambda share: (KINDS.index(share.kind), -share.connections, share.names)))

    def _named(self, at: int, rules: Sequence[int]) -> tuple[Rule, ...]:
        return tuple(self.rules[at][number] for number in rules) or self.rules[at]

    def _example(self, at: int, src: int, dst: int) -> Example:
        before, after = self.declared.view, self.effective[at].view
        return Example(
            before.table.ids[src], before.table.ids[dst], "", _answer(before, src, dst), _answer(after, src, dst)
        )

    def _through_services(self, at: int) -> list[Share]:
        """Lines that lead through Services: few, so they are looked at one by one."""
        groups: dict[tuple[str, ...], list[Effect]] = {}
        for effect in self._changed(at, through_services=True):
            groups.setdefault((effect.kind, *(rule.name for rule in effect.rules)), []).append(effect)
        return [
            Share(found[0].kind, found[0].rules, len(found), tuple(_told(each.change) for each in found[:EXAMPLES]))
            for found in groups.values()
        ]


def _merged(shares: Iterable[Share]) -> list[Share]:
    """One share for each kind and set of rules."""
    found: dict[tuple[str, ...], Share] = {}
    for each in shares:
        known = found.setdefault((each.kind, *each.names), each)
        if known is not each:
            examples = (*known.examples, *each.examples)[:EXAMPLES]
            found[each.kind, *each.names] = Share(each.kind, each.rules, known.connections + each.connections, examples)
    return list(found.values())


def _told(change: Change) -> Example:
    before, after = (change.before, change.unknown_before), (change.after, change.unknown_after)
    return Example(change.src, change.dst, change.via, before, after)


def _answer(view: View, src: int, dst: int) -> tuple[PortSet, PortSet]:
    """What a view allows and leaves open between two peers."""
    for group in view.groups:
        if dst in group.destinations:
            return view.port_set(mask_of(group.certain, src)), view.port_set(mask_of(group.unknown, src))
    return {}, {}


def _differ(one: ClusterReach, other: ClusterReach) -> bool:
    """Whether two reaches of one set of cuts say anything different: if not, no rule has to be switched off to see why."""
    views = [(each.view.groups, each.view.extra, each.view.closed) for each in (one, other)]
    return views[0] != views[1]


def _changes(one: ClusterReach, other: ClusterReach, *, through_services: bool) -> Iterator[Change]:
    return service_changes(one.view, other.view) if through_services else difference(one, other)


def _pairs(one: ClusterReach, other: ClusterReach, *, through_services: bool) -> set[Pair]:
    return {_pair(change) for change in _changes(one, other, through_services=through_services)}


def _pair(change: Change) -> Pair:
    return change.src, change.dst, change.via


def _within(ports: PortSet, *others: PortSet) -> PortSet:
    """The ports that are in one of the others as well."""
    found = {}
    for protocol, ranges in ports.items():
        outside = subtract(ranges, [each for other in others for each in other.get(protocol, ())])
        if inside := subtract(ranges, outside):
            found[protocol] = tuple(inside)
    return found


def _exceeds(ports: PortSet, *others: PortSet) -> bool:
    """Whether there is a port that is in none of the others."""
    return any(
        subtract(ranges, [each for other in others for each in other.get(protocol, ())])
        for protocol, ranges in ports.items()
    )
