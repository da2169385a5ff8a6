"""Rules as boxes: whom and which ports each matches at one group of pods, surely and at most.

A group are the classes that the same rules concern in one direction, whose port names mean the same, and which the same
tiers deny by default: what holds of one of them holds of all. Within a group a rule is a set of (ports, peers).

Rules are numbered in order of judgement. A *ref* is a rule at a group: twice its number, plus one where the rule surely
concerns the group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from scanner.lint.case import Case
from scanner.policy.model import Action, Ports
from scanner.policy.selectors import bit_set, members
from scanner.reach.columns import Column, Part, disjoint, less
from scanner.reach.flows import Bounds
from scanner.reach.grants import Grant
from scanner.reach.model import Direction
from scanner.reach.ports import NamedPorts

Parts = tuple[Part, ...]
_MOST_STEPS = 10_000_000  # rules times groups: a quarter of a minute; no cluster of good faith comes near


class TooMuch(Exception):  # noqa: N818 - not an error: the rest is left unchecked and a finding says so
    """More work than is worth it."""


@dataclass
class Budget:
    """How much may still be looked at."""

    left: int = _MOST_STEPS

    def spend(self, steps: int) -> None:
        """Count work.

        Raises:
            TooMuch: nothing is left.
        """
        self.left -= steps
        if self.left < 0:
            raise TooMuch


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """The refs of one tier, in order of judgement: one object for all groups that have the same ones.

    `fixed`: what they match is the same at every group.
    """

    tier: int
    refs: tuple[int, ...]
    fixed: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Classes that are judged alike. `slices` go by tier, without empty ones; `ends` too: 0 goes on, 1 may deny, 3 denies.

    `undecided`: a policy that cannot be judged may concern them as well.
    """

    classes: int
    named: NamedPorts
    slices: tuple[Slice, ...]
    ends: tuple[int, ...]
    undecided: bool

    @property
    def refs(self) -> Iterator[int]:
        """All of them in order of judgement."""
        return (ref for each in self.slices for ref in each.refs)

    def names(self, slices: Iterable[Slice]) -> NamedPorts:
        """What port names mean, as far as some of its slices look at them."""
        return () if all(each.fixed for each in slices) else self.named


class Boxes:
    """The rules of one direction. `origins` are the rules' positions among all grants.

    Raises:
        TooMuch: there are more rules at more groups than the budget has.
    """

    def __init__(self, case: Case, direction: Direction, budget: Budget) -> None:
        self.origins = [
            at
            for at, grant in enumerate(case.grants)
            if grant.rule.direction is direction and grant.subject.maybe
        ]  # fmt: skip
        self.origins.sort(key=lambda at: (case.grants[at].place, at))
        self.grants = [case.grants[at] for at in self.origins]
        self.tiers, self.declared = case.standing.tiers, case.declared
        self.full = case.atoms.full
        self.everyone = 0  # whom any rule matches
        for grant in self.grants:
            self.everyone |= grant.peers.all.maybe
        self._case, self._inward = case, direction is Direction.INGRESS
        self._leaks = _leaks(self.grants)
        self._by_names = _by_names(case)
        self._named = [any(port.name for port in _ports(grant)) for grant in self.grants]
        # Only port names of the rule's own pods make its box another one from group to group.
        self.same_everywhere = [not (named and self._inward) for named in self._named]
        fixed = [number if same else None for number, same in enumerate(self.same_everywhere)]
        self._sure = [() if at is None else self._parts(at, (), sure=True) for at in fixed]
        self._maybe = [() if at is None else self._parts(at, (), sure=False) for at in fixed]
        self._slices: dict[tuple[int, ...], Slice] = {}
        self.groups = tuple(self._grouped(direction, budget))

    def sure(self, ref: int, group: Group) -> Parts:
        """What a rule surely matches at a group: nothing where it also looks above the ports, for then others may be asked."""
        if not ref & 1:
            return ()
        number = ref >> 1
        return self._sure[number] if self.same_everywhere[number] else self._parts(number, group.named, sure=True)

    def maybe(self, ref: int, group: Group) -> Parts:
        """What a rule matches at most."""
        number = ref >> 1
        return self._maybe[number] if self.same_everywhere[number] else self._parts(number, group.named, sure=False)

    def left(self, number: int, other: int) -> Column:
        """What one rule matches at most and another not surely; both must match the same everywhere."""
        return less(disjoint(self._maybe[number]), disjoint(self._sure[other]))

    def certain(self, number: int) -> bool:
        """Whether a rule matches just what it says, at every group."""
        grant = self.grants[number]
        return (
            not grant.doubt
            and grant.subject.sure == grant.subject.maybe
            and grant.peers.all.sure == grant.peers.all.maybe
            and grant.sure_ports == grant.maybe_ports
            and not grant.peers.excepted
        )

    def _parts(self, number: int, named: NamedPorts, *, sure: bool) -> Parts:
        grant = self.grants[number]
        if sure and grant.rule.l7:
            return ()
        ports = grant.sure_ports if sure else grant.maybe_ports
        who = self._sure_peers(grant) if sure else grant.peers.all.maybe
        mask_of = self._case.atoms.mask
        by_names = self._by_names if self._named[number] and not self._inward else ((named, -1),)
        each = ((mask_of(ports, names), who & classes) for names, classes in by_names)
        return tuple((mask, peers) for mask, peers in each if mask and peers)

    def _sure_peers(self, grant: Grant) -> int:
        """Less what other rules' excepts may take from it, where a data plane may merge all rules of a pod."""
        leaked = self._leaks.get(grant.policy.namespace, 0) if grant.rule.action is Action.ALLOW else 0
        return grant.peers.selected.sure | grant.peers.addressed.sure & ~leaked

    def _grouped(self, direction: Direction, budget: Budget) -> Iterator[Group]:
        subjects: dict[Bounds, list[int]] = {}
        for number, grant in enumerate(self.grants):
            subjects.setdefault(grant.subject, []).append(2 * number)
        unsure = list(subjects.values())
        sure = [[ref + 1 for ref in refs] for refs in unsure]
        named = [any(self._named[ref >> 1] for ref in refs) for refs in unsure]
        chosen: dict[int, list[int]] = {}  # class -> twice the position of a subject, plus one where it is sure
        for at, subject in enumerate(subjects):
            for number in members(subject.maybe):
                chosen.setdefault(number, []).append(2 * at + (subject.sure >> number & 1))
        standing, names = self._case.standing, self._case.population.named
        groups: dict[tuple[tuple[int, ...], NamedPorts, tuple[int, ...], int], list[int]] = {}
        for number, found in chosen.items():
            own = names[number] if self._inward and any(named[each >> 1] for each in found) else ()
            ends = tuple(
                (end.maybe >> number & 1) | (end.sure >> number & 1) << 1 for end in standing.endings[direction]
            )
            key = (tuple(found), own, ends, standing.undecided >> number & 1)
            groups.setdefault(key, []).append(number)
        for (joined, own, ends, undecided), classes in groups.items():
            refs = [ref for each in joined for ref in (sure if each & 1 else unsure)[each >> 1]]
            budget.spend(len(refs))
            refs.sort()
            tiers = groupby(refs, key=lambda ref: self.grants[ref >> 1].place.tier)
            mine = tuple(self._slice(tier, tuple(each)) for tier, each in tiers)
            yield Group(bit_set(classes), own, mine, ends, bool(undecided))

    def _slice(self, tier: int, refs: tuple[int, ...]) -> Slice:
        found = self._slices.get(refs)
        if found is None:
            fixed = all(self.same_everywhere[ref >> 1] for ref in refs)
            found = self._slices[refs] = Slice(tier, refs, fixed)
        return found


def _ports(grant: Grant) -> Iterable[Ports]:
    return (*(grant.maybe_ports or ()), *(grant.sure_ports or ()))


def _leaks(grants: Iterable[Grant]) -> dict[str, int]:
    """By namespace what some rule's excepts may also take from the other rules of its pods."""
    found: dict[str, int] = {}
    for grant in grants:
        if grant.peers.excepted:
            found[grant.policy.namespace] = found.get(grant.policy.namespace, 0) | grant.peers.excepted
    return found


def _by_names(case: Case) -> tuple[tuple[NamedPorts, int], ...]:
    """The classes by what port names mean on them; everybody else, also outside, has none."""
    by_names: dict[NamedPorts, list[int]] = {}
    for number, named in enumerate(case.population.named):
        if named:
            by_names.setdefault(named, []).append(number)
    found = {named: bit_set(classes) for named, classes in by_names.items()}
    others = ~bit_set(number for classes in by_names.values() for number in classes)
    return (*found.items(), ((), others))
