"""The order of judgement: tiers, ranks, sequences of undefined order, passes and doubt, over single sources."""

from __future__ import annotations

import pytest

from scanner.policy.model import Action
from scanner.reach.walk import Ending, Place, Step, walk

ONE = ((1, 1),)  # one port of one source
OPEN, CLOSED, PERHAPS = Ending(0, 0), Ending(1, 1), Ending(0, 1)
A, D, P = Action.ALLOW, Action.DENY, Action.PASS


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
