"""Rules as boxes: whom and which ports each matches at one group of pods, surely and at most.

A group are the classes that the same rules concern in one direction, whose port names mean the same, and which the same
tiers deny by default: what holds of one of them holds of all. Within a group a rule is a set of (ports, peers).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanner.lint.case import Case
from scanner.policy.model import Action, Ports
from scanner.policy.selectors import bit_set, members
from scanner.reach.columns import Part
from scanner.reach.flows import Bounds
from scanner.reach.grants import Grant
from scanner.reach.model import Direction
from scanner.reach.ports import NamedPorts

_Parts = tuple[Part, ...]
_MOST_STEPS = 20_000_000  # rules times groups: about a minute; no cluster of good faith comes near


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


class Ref(NamedTuple):
    """A rule at a group, by its number among the grants, and whether it surely concerns the group."""

    number: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Classes that are judged alike. `rules` are in order of judgement; `ends` go by tier: 0 goes on, 1 may deny, 3 denies.

    `undecided`: a policy that cannot be judged may concern them as well.
    """

    classes: int
    named: NamedPorts
    rules: tuple[Ref, ...]
    ends: tuple[int, ...]
    undecided: bool


class Boxes:
    """The rules of one direction."""

    def __init__(self, case: Case, direction: Direction) -> None:
        self.grants: Sequence[Grant] = case.grants
        self.tiers = case.standing.tiers
        self.full = case.atoms.full
        self.everyone = 0  # whom any rule matches
        for grant in case.grants:
            self.everyone |= grant.peers.all.maybe
        self._case, self._inward = case, direction is Direction.INGRESS
        self._leaks = _leaks(grant for grant in case.grants if grant.rule.direction is direction)
        self._by_names = _by_names(case)
        self._outward: dict[tuple[int, bool], _Parts] = {}
        concerned = [
            number
            for number, grant in enumerate(case.grants)
            if grant.rule.direction is direction and grant.subject.maybe
        ]
        self.groups = tuple(self._grouped(concerned, direction))

    def sure(self, ref: Ref, group: Group) -> _Parts:
        """What a rule surely matches at a group."""
        return self._parts(ref.number, group, sure=True) if ref.sure else ()

    def maybe(self, number: int, group: Group) -> _Parts:
        """What a rule matches at most."""
        return self._parts(number, group, sure=False)

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

    def _parts(self, number: int, group: Group, *, sure: bool) -> _Parts:
        grant = self.grants[number]
        ports = grant.sure_ports if sure else grant.maybe_ports
        who = self._sure_peers(grant) if sure else grant.peers.all.maybe
        if self._inward or not any(port.name for port in ports or ()):
            mask = self._case.atoms.mask(ports, group.named)
            return ((mask, who),) if mask and who else ()
        found = self._outward.get((number, sure))
        if found is None:
            each = ((self._case.atoms.mask(ports, named), who & classes) for named, classes in self._by_names)
            found = self._outward[number, sure] = tuple((mask, peers) for mask, peers in each if mask and peers)
        return found

    def _sure_peers(self, grant: Grant) -> int:
        """Less what other rules' excepts may take from it, where a data plane may merge all rules of a pod."""
        leaked = self._leaks.get(grant.policy.namespace, 0) if grant.rule.action is Action.ALLOW else 0
        return grant.peers.selected.sure | grant.peers.addressed.sure & ~leaked

    def _grouped(self, concerned: Iterable[int], direction: Direction) -> Iterable[Group]:
        subjects: dict[Bounds, list[int]] = {}
        for number in concerned:
            subjects.setdefault(self.grants[number].subject, []).append(number)
        named = [any(port.name for at in mine for port in self._ports(at)) for mine in subjects.values()]
        chosen: dict[int, list[int]] = {}  # class -> twice the position of a subject, plus one where it is sure
        for at, subject in enumerate(subjects):
            for number in members(subject.maybe):
                chosen.setdefault(number, []).append(2 * at + (subject.sure >> number & 1))
        standing, names = self._case.standing, self._case.population.named
        endings = standing.endings[direction]
        groups: dict[tuple[tuple[int, ...], NamedPorts, tuple[int, ...], int], list[int]] = {}
        for number, refs in chosen.items():
            own = names[number] if self._inward and any(named[ref >> 1] for ref in refs) else ()
            ends = tuple((end.maybe >> number & 1) | (end.sure >> number & 1) << 1 for end in endings)
            undecided = standing.undecided >> number & 1
            groups.setdefault((tuple(refs), own, ends, undecided), []).append(number)
        listed = list(subjects.values())
        for (refs, own, ends, undecided), classes in groups.items():
            rules = [Ref(number, bool(ref & 1)) for ref in refs for number in listed[ref >> 1]]
            rules.sort(key=lambda ref: (self.grants[ref.number].place, ref.number))
            yield Group(bit_set(classes), own, tuple(rules), ends, bool(undecided))

    def _ports(self, number: int) -> Iterable[Ports]:
        grant = self.grants[number]
        return (*(grant.maybe_ports or ()), *(grant.sure_ports or ()))


def _leaks(grants: Iterable[Grant]) -> dict[str, int]:
    """By namespace what some rule's excepts may also take from the other rules of its pods."""
    found: dict[str, int] = {}
    for grant in grants:
        if grant.peers.excepted:
            found[grant.policy.namespace] = found.get(grant.policy.namespace, 0) | grant.peers.excepted
    return found


def _by_names(case: Case) -> tuple[tuple[NamedPorts, int], ...]:
    """The classes by what port names mean on them. Whatever is outside has none."""
    by_names: dict[NamedPorts, list[int]] = {}
    for number, named in enumerate(case.population.named):
        if named:
            by_names.setdefault(named, []).append(number)
    found = {named: bit_set(classes) for named, classes in by_names.items()}
    others = ~bit_set(number for classes in by_names.values() for number in classes)
    return (*found.items(), ((), others))
