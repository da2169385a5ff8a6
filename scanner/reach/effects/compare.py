"""How data planes differ from what policies declare, connection by connection, each with the rules it hangs on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from scanner.dataplane.model import DataPlane
from scanner.model import Snapshot
from scanner.policy.calico.ports import subtract
from scanner.policy.model import PolicySet
from scanner.reach.diff import Change, State, all_aligned, difference
from scanner.reach.effects.rules import Rule, rules_of, shown_by
from scanner.reach.engine import ClusterReach
from scanner.reach.model import PortSet

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


class Compared:
    """One cluster's policies on several data planes, beside what they declare. Everything is built once, with one set of cuts."""

    def __init__(self, snapshot: Snapshot, policies: PolicySet, planes: Sequence[DataPlane]) -> None:
        self.planes = tuple(planes)
        self.rules = tuple(shown_by(rules_of(plane, policies), snapshot, policies) for plane in planes)
        without = [rule.without for rules in self.rules for rule in rules]
        states = [State(snapshot, policies, plane) for plane in (None, *planes, *without)]
        self.declared, *built = all_aligned(states)
        self.effective: list[ClusterReach] = built[: len(planes)]
        rest = iter(built[len(planes) :])
        self._without = [[next(rest) for _ in rules] for rules in self.rules]

    def effects(self, at: int) -> Iterator[Effect]:
        """Every connection on which the data plane at that position differs from the declared level, sorted by its ends."""
        effective = self.effective[at]
        turned = [{_pair(change) for change in difference(other, effective)} for other in self._without[at]]
        for change in difference(self.declared, effective):
            pair = _pair(change)
            rules = tuple(rule for rule, pairs in zip(self.rules[at], turned, strict=True) if pair in pairs)
            yield Effect(change, rules or self.rules[at])

    @cached_property
    def all_effects(self) -> list[list[Effect]]:
        """`effects` of every data plane."""
        return [list(self.effects(at)) for at in range(len(self.planes))]


def _pair(change: Change) -> Pair:
    return change.src, change.dst, change.via


def _exceeds(ports: PortSet, *others: PortSet) -> bool:
    """Whether there is a port that is in none of the others."""
    return any(
        subtract(ranges, [each for other in others for each in other.get(protocol, ())])
        for protocol, ranges in ports.items()
    )
