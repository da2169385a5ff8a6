"""The columns of one bound: for each destination class, which source classes may open which ports. Nothing goes by pair.

A rule is a rectangle: selected classes x peers x ports. Ingress rectangles hang at their destination; egress ones are grouped
by (place, peers, ports) and hang at every destination among their peers. Columns with the same inputs are computed once.
Where all rules are allows of one tier (NetworkPolicy alone) a column is a few unions; else its rules are walked in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

from scanner.policy.model import Action
from scanner.policy.selectors import members
from scanner.reach.columns import Column, Part, disjoint, less
from scanner.reach.flows import Bound, Bounds, Flow, PortList, Side, Space
from scanner.reach.model import Direction
from scanner.reach.ports import NamedPorts
from scanner.reach.walk import Ending, Place, Step, walk


class _Rule(NamedTuple):
    """A rule as it hangs at destinations; `who` are its peers (ingress) or the sources it selects (egress)."""

    place: Place
    action: Action
    who: Bounds
    sure_ports: PortList
    maybe_ports: PortList


class _Judge:
    """The rules of one direction, numbered in order of judgement, and what they let sources do.

    Destinations refer to a rule by twice its number, plus one where they are surely concerned.
    """

    def __init__(self, space: Space, bound: Bound, *, plain: bool) -> None:
        self.rules: list[_Rule] = []
        self._fixed: list[tuple[int | None, int | None]] = []
        self._atoms = space.atoms
        self._possible = bound is Bound.POSSIBLE
        self._plain = plain

    def add(self, rule: _Rule) -> None:
        """The next rule. What its ports mean is looked up once where that is the same at every destination."""
        self.rules.append(rule)
        self._fixed.append((self._atoms.fixed(rule.sure_ports), self._atoms.fixed(rule.maybe_ports)))

    def parts(self, refs: Iterable[int], named: NamedPorts, endings: Sequence[Ending], sources: int) -> list[Part]:
        """What `sources` may open, as parts that may overlap."""
        if self._plain:
            return self._united(refs, named, endings, sources)
        start = ((self._atoms.full, sources),)
        steps = [step for ref in refs if (step := self._step(ref, named)).maybe]
        if self._possible:
            return walk(steps, endings, start, Action.ALLOW)
        return list(less(start, disjoint(walk(steps, endings, start, Action.DENY))))

    def _united(self, refs: Iterable[int], named: NamedPorts, endings: Sequence[Ending], sources: int) -> list[Part]:
        """Allows of one tier: their union, and everything for those whom no ending denies."""
        possible, mask_of_ports = self._possible, self._atoms.mask
        denied = 0
        for ending in endings:
            denied |= ending.sure if possible else ending.maybe
        merged: dict[int, int] = {}
        if sources & ~denied:
            merged[self._atoms.full] = sources & ~denied
        for ref in refs:
            rule = self.rules[ref >> 1]
            if possible:
                mask, ports, who = self._fixed[ref >> 1][1], rule.maybe_ports, rule.who.maybe
            elif ref & 1:
                mask, ports, who = self._fixed[ref >> 1][0], rule.sure_ports, rule.who.sure
            else:
                continue
            if mask is None:
                mask = mask_of_ports(ports, named)
            if mask:
                merged[mask] = merged[mask] | who if mask in merged else who
        return [(mask, who & sources) for mask, who in merged.items()]

    def _step(self, ref: int, named: NamedPorts) -> Step:
        rule = self.rules[ref >> 1]
        sure = self._atoms.mask(rule.sure_ports, named) if ref & 1 and rule.who.sure else 0
        maybe = self._atoms.mask(rule.maybe_ports, named)
        return Step(
            rule.place,
            rule.action,
            ((sure, rule.who.sure),) if sure else (),
            ((maybe, rule.who.maybe),) if maybe else (),
        )


class Matrix:
    """Who may open a connection to whom, one bound of it."""

    def __init__(self, space: Space, flows: Sequence[Flow], sides: Mapping[Direction, Side], bound: Bound) -> None:
        self.columns_computed = 0
        self.intersections = 0
        self._space = space
        self._in, self._out = sides[Direction.INGRESS], sides[Direction.EGRESS]
        self._judges = {
            direction: _Judge(space, bound, plain=_is_plain(flows, direction, sides[direction]))
            for direction in Direction
        }
        self._ingress: list[list[int]] = [[] for _ in range(space.pods)]
        self._egress: list[list[int]] = [[] for _ in range(space.size)]
        self._to_everyone: list[int] = []
        self._columns: dict[tuple[object, ...], Column] = {}
        self._distinct: dict[Column, Column] = {}
        self._place_ingress(flows)
        self._place_egress(flows)

    def _place_ingress(self, flows: Iterable[Flow]) -> None:
        """Each destination lists the distinct rectangles that select it."""
        subjects = _same_rules(flows, Direction.INGRESS)
        judge, left_alone = self._judges[Direction.INGRESS], self._in.opened | self._in.closed
        for number, key in enumerate(sorted(subjects, key=_by_place)):
            judge.add(key)
            _hang(self._ingress, number, subjects[key].without(left_alone))

    def _place_egress(self, flows: Iterable[Flow]) -> None:
        """Sources that say the same of the same peers are one group, which hangs at each of these peers."""
        sources = _same_rules(flows, Direction.EGRESS)
        judge, everyone = self._judges[Direction.EGRESS], self._space.everyone
        for number, key in enumerate(sorted(sources, key=_by_place)):
            judge.add(key._replace(who=sources[key]))
            if key.who.sure == everyone:
                self._to_everyone.append(2 * number + 1)
            else:
                _hang(self._egress, number, key.who)

    def column(self, destination: int) -> Column:
        """Who may open a connection to one class; an external class has pods as sources only."""
        external = destination >= self._space.pods
        named = () if external else self._space.named[destination]
        ingress: tuple[int, ...] | None = None
        standing: tuple[bool, tuple[int, ...]] | None = None
        if not external and not self._in.opened >> destination & 1:
            ingress = tuple(self._ingress[destination])
            standing = (bool(self._in.closed >> destination & 1), self._endings(destination))
        egress = tuple(self._egress[destination])
        key = (ingress, standing, egress, named, external)
        found = self._columns.get(key)
        if found is None:
            self.columns_computed += 1
            admitted = self._admitted(ingress, standing, named, external=external)
            found = self._met(admitted, self._released(egress, named))
            found = self._distinct.setdefault(found, found)
            self._columns[key] = found
        return found

    def _endings(self, destination: int) -> tuple[int, ...]:
        """How each tier ends for one destination: 0 goes on, 1 may deny, 3 denies."""
        return tuple(
            (ending.maybe >> destination & 1) | (ending.sure >> destination & 1) << 1 for ending in self._in.endings
        )

    def _admitted(
        self,
        ingress: tuple[int, ...] | None,
        standing: tuple[bool, tuple[int, ...]] | None,
        named: NamedPorts,
        *,
        external: bool,
    ) -> Iterable[Part]:
        """The ingress half: whom the destination lets in."""
        full, everyone = self._space.atoms.full, self._space.everyone
        if external:
            return ((full, everyone & ~self._space.external),)
        if ingress is None or standing is None:
            return ((full, everyone),)
        closed, ends = standing
        if closed:
            return ()
        endings = [Ending(everyone * (end >> 1), everyone * (end & 1)) for end in ends]
        parts = self._judges[Direction.INGRESS].parts(ingress, named, endings, everyone)
        return [*parts, (full, self._in.always)] if self._in.always else parts

    def _released(self, egress: tuple[int, ...], named: NamedPorts) -> Iterable[Part]:
        """The egress half: which sources may go there. What comes from outside is never restricted."""
        out, full = self._out, self._space.atoms.full
        judged = (1 << self._space.pods) - 1 & ~(out.opened | out.closed)
        refs = sorted((*self._to_everyone, *egress)) if self._to_everyone else egress
        endings = [Ending(*ending) for ending in out.endings]
        return [
            (full, out.opened | self._space.external),
            *self._judges[Direction.EGRESS].parts(refs, named, endings, judged),
        ]

    def _met(self, admitted: Iterable[Part], released: Iterable[Part]) -> Column:
        parts: list[Part] = []
        for mask, sources in released:
            for other, peers in admitted:
                if mask & other:
                    self.intersections += 1
                    parts.append((mask & other, sources & peers))
        return disjoint(parts)


def _is_plain(flows: Iterable[Flow], direction: Direction, side: Side) -> bool:
    """Whether all rules of a direction are allows of one tier, the only one that ends in denial."""
    tiers = {at for at, ending in enumerate(side.endings) if ending.maybe}
    for flow in flows:
        if flow.direction is direction:
            if flow.action is not Action.ALLOW:
                return False
            tiers.add(flow.place.tier)
    return len(tiers) <= 1


def _by_place(rule: _Rule) -> Place:
    return rule.place


def _same_rules(flows: Iterable[Flow], direction: Direction) -> dict[_Rule, Bounds]:
    """The distinct rules of one direction, each with all the classes it selects."""
    subjects: dict[_Rule, list[Bounds]] = {}  # a key holds wide sets, so it is hashed once for each flow
    for flow in flows:
        if flow.direction is direction:
            key = _Rule(flow.place, flow.action, flow.peers, flow.sure_ports, flow.maybe_ports)
            subjects.setdefault(key, []).append(flow.subject)
    return {key: reduce(or_, found) for key, found in subjects.items()}


def _hang(at: list[list[int]], number: int, classes: Bounds) -> None:
    for destination in members(classes.sure):
        at[destination].append(2 * number + 1)
    for destination in members(classes.maybe & ~classes.sure):
        at[destination].append(2 * number)
