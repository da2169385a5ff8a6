"""The order of judgement: tiers, ranks, sequences of undefined order, passes and doubt, over single connections and many."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random
from typing import NamedTuple

import pytest

from scanner.policy.model import Action, Ports
from scanner.reach.columns import mask_of
from scanner.reach.flows import Bound, Bounds, Flow, Side, Space
from scanner.reach.grants import NOBODY
from scanner.reach.matrix import Matrix
from scanner.reach.model import Direction
from scanner.reach.ports import PortAtoms
from scanner.reach.walk import Ending, Place, Step, walk

ONE = ((1, 1),)  # one port of one source
OPEN, CLOSED, PERHAPS = Ending(0, 0), Ending(1, 1), Ending(0, 1)
A, D, P = Action.ALLOW, Action.DENY, Action.PASS
ATOMS = PortAtoms([("TCP", 80, 80), ("TCP", 90, 90), ("UDP", 53, 53)])
PORTS = (Ports("TCP", 80, 80), Ports("TCP", 90, 90), Ports("TCP"), Ports("UDP", 53, 53), Ports("TCP", name="web"))
NAMED = ((), (("TCP", "web", 80),), (("TCP", "web", 90), ("UDP", "web", 53)))


def rule(tier: int, step: int, action: Action, *, sure: bool = True, group: int = 0, sequence: int = 0) -> Step:
    """A rule that matches the one connection there is, surely or perhaps."""
    return Step(Place(tier, group, sequence, step), action, ONE if sure else (), ONE)


def answers(steps: list[Step], *endings: Ending) -> set[str]:
    """What may come of it: allowed, denied, or both."""
    return {str(action) for action in (A, D) if walk(steps, endings, ONE, action)}


@pytest.mark.parametrize(
    ("steps", "endings", "expected"),
    [
        pytest.param([], [OPEN], {"allow"}, id="nothing-decides"),
        pytest.param([], [CLOSED], {"deny"}, id="closed-tier"),
        pytest.param([rule(0, 0, A)], [CLOSED], {"allow"}, id="allow-before-the-end"),
        pytest.param([rule(0, 0, D), rule(0, 1, A)], [OPEN], {"deny"}, id="first-match-wins"),
        pytest.param([rule(0, 0, P), rule(1, 0, D)], [OPEN, OPEN], {"deny"}, id="pass-goes-on"),
        pytest.param([rule(0, 0, P), rule(0, 1, D)], [CLOSED, OPEN], {"allow"}, id="pass-skips-the-rest-of-the-tier"),
        pytest.param([rule(1, 0, D)], [CLOSED, OPEN], {"deny"}, id="closed-hides-the-next-tier"),
        pytest.param([rule(1, 0, D)], [OPEN, OPEN], {"deny"}, id="next-tier"),
        pytest.param([rule(0, 0, A, sure=False)], [CLOSED], {"allow", "deny"}, id="perhaps-allowed"),
        pytest.param([rule(0, 0, D, sure=False)], [OPEN], {"allow", "deny"}, id="perhaps-denied"),
        pytest.param([rule(0, 0, D, sure=False), rule(0, 1, D)], [OPEN], {"deny"}, id="denied-either-way"),
        pytest.param([rule(0, 0, P, sure=False), rule(0, 1, D)], [OPEN, OPEN], {"allow", "deny"}, id="perhaps-passed"),
        pytest.param([], [PERHAPS], {"allow", "deny"}, id="perhaps-closed"),
        pytest.param([rule(0, 0, A, sequence=0), rule(0, 0, D, sequence=1)], [OPEN], {"allow", "deny"}, id="tie"),
        pytest.param([rule(0, 0, A, sequence=0), rule(0, 0, A, sequence=1)], [OPEN], {"allow"}, id="tie-that-agrees"),
        pytest.param(
            [rule(0, 0, A, sequence=0), rule(0, 0, D, sequence=1), rule(0, 0, D, group=1)],
            [OPEN],
            {"allow", "deny"},
            id="tie-before-a-later-rank",
        ),
        pytest.param([rule(0, 0, D), rule(0, 0, A, group=1)], [OPEN], {"deny"}, id="lower-rank-first"),
    ],
)
def test_order_of_judgement(steps, endings, expected):
    """What the rules of all tiers make of one connection."""
    assert answers(steps, *endings) == expected


def test_ports_and_sources_are_judged_apart():
    """A rule takes only its ports and sources out of what later rules see."""
    deny = Step(Place(0, 0, 0, 0), D, ((0b01, 0b01),), ((0b01, 0b01),))
    start = ((0b11, 0b11),)
    allowed = walk([deny], [OPEN], start, A)
    assert sorted(allowed) == [(0b10, 0b01), (0b11, 0b10)]
    assert walk([deny], [OPEN], start, D) == [(0b01, 0b01)]


class Asked(NamedTuple):
    """One connection on one atom of the ports, and the rules and classes it is judged by."""

    flows: Sequence[Flow]
    space: Space
    source: int
    destination: int
    atom: int


def bit(classes: int, at: int) -> bool:
    """Whether a set holds one class."""
    return bool(classes >> at & 1)


def matching(asked: Asked, direction: Direction, subject: int, peer: int) -> list[tuple[Place, Action, bool]]:
    """The rules of one direction that may match: place, action, and whether they surely do."""
    named = asked.space.named[asked.destination] if asked.destination < asked.space.pods else ()
    found = []
    for flow in asked.flows:
        maybe, sure = (
            bit(flow.subject[end], subject) and bit(flow.peers[end], peer) and bit(ATOMS.mask(ports, named), asked.atom)
            for end, ports in ((1, flow.maybe_ports), (0, flow.sure_ports))
        )
        if flow.direction is direction and maybe:
            found.append((flow.place, flow.action, sure))
    return sorted(found)


def judged(rules: Sequence[tuple[Place, Action, bool]], endings: Sequence[tuple[bool, bool]]) -> set[Action]:
    """What rules that may match make of one connection, allow, deny or either; `endings` are (surely, maybe) denied by tier."""
    found: set[Action] = set()
    live = True
    for tier, (closed, perhaps) in enumerate(endings):
        passed = False
        for group in sorted({place.group for place, _, _ in rules if place.tier == tier}):
            here = [each for each in rules if (each[0].tier, each[0].group) == (tier, group)]
            rests = []
            for sequence in {place.sequence for place, _, _ in here}:
                rest = live
                for _, action, sure in (each for each in here if each[0].sequence == sequence):
                    if rest:
                        passed = passed or action is P
                        found |= {action} - {P}
                        rest = not sure
                rests.append(rest)
            live = all(rests)
        if live and perhaps:
            found.add(D)
        live = passed or (live and not closed)
    return found | ({A} if live else set())


def lets(asked: Asked, direction: Direction, side: Side, bound: Bound) -> bool:
    """Whether one direction lets a connection through, by one bound."""
    ends = (asked.destination, asked.source)
    subject, peer = ends if direction is Direction.INGRESS else ends[::-1]
    if subject >= asked.space.pods:  # outside there is no policy, and what stays there is nobody's matter
        return direction is Direction.EGRESS or peer < asked.space.pods
    if bit(side.opened | side.closed, subject):
        return bit(side.opened, subject)
    endings = [(bit(ending.sure, subject), bit(ending.maybe, subject)) for ending in side.endings]
    found = judged(matching(asked, direction, subject, peer), endings)
    return bit(side.always, peer) or (A in found if bound is Bound.POSSIBLE else D not in found)


def classes(draw: Random, size: int) -> Bounds:
    """A set of classes, often in doubt."""
    maybe = draw.choice([(1 << size) - 1, draw.getrandbits(size)])
    return Bounds(maybe & draw.choice([maybe, maybe, draw.getrandbits(size)]), maybe)


def rectangles(draw: Random, space: Space, directions: Sequence[Direction], *, plain: bool) -> list[Flow]:
    """Rules of every action, place and doubt, or allows of one tier; those that share a place commute: one action for all."""
    actions: dict[tuple[Direction, Place], Action] = {}
    flows = []
    for _ in range(draw.randint(1, 6)):
        direction = draw.choice(directions)
        place = Place(1, 0, 0, 0)
        if not plain:
            place = Place(draw.randint(0, 1), draw.choice([0, 0, 1]), draw.choice([0, 0, 1]), draw.randint(0, 2))
        action = A if plain else actions.setdefault((direction, place), draw.choice(list(Action)))
        ports = draw.choice([None, *(tuple(draw.sample(PORTS, number)) for number in (1, 2))])
        sure = ports if ports is None or draw.random() < 0.7 else ports[1:]
        flows.append(Flow(direction, place, action, classes(draw, space.pods), classes(draw, space.size), sure, ports))
    return flows


def problem(draw: Random) -> tuple[Space, list[Flow], dict[Direction, Side]]:
    """A few classes, rules of one or both directions, and how each direction stands otherwise."""
    pods = draw.randint(2, 3)
    space = Space(pods, pods + draw.randint(0, 2), tuple(draw.choices(NAMED, k=pods)), ATOMS)
    plain = draw.random() < 0.3
    directions = draw.choice([list(Direction), *([each] for each in Direction)])
    flows = rectangles(draw, space, directions, plain=plain)
    sides = {}
    for direction in Direction:
        judging = direction in directions
        opened, closed = draw.choice([(0, 0), (0, 0), (0, 0), (0b01, 0b10)]) if judging else (0, 0)
        first = draw.choice([NOBODY, classes(draw, pods)]) if judging and not plain else NOBODY
        last = classes(draw, pods) if judging else NOBODY
        always = draw.choice([0, 0, 0, 0b001]) if direction is Direction.INGRESS else 0
        sides[direction] = Side(opened, closed, (first, last), always)
    return space, flows, sides


@pytest.mark.parametrize("bound", Bound)
def test_a_matrix_says_of_every_pair_what_its_rules_say_one_by_one(bound):
    """Whatever the tiers, ranks, ties, doubts and named ports: columns over sets hold what judging each pair alone gives."""
    for seed in range(400):
        space, flows, sides = problem(Random(seed))  # noqa: S311  # nothing secret
        matrix = Matrix(space, flows, sides, bound)
        for destination, source in product(range(space.size), repeat=2):
            expected = sum(
                1 << atom
                for atom in range(ATOMS.full.bit_length())
                if all(lets(Asked(flows, space, source, destination, atom), *side, bound) for side in sides.items())
            )
            assert mask_of(matrix.column(destination), source) == expected, (seed, source, destination)
