"""The order in which rules are asked: tiers, then ranks, then a policy's own order, as places that bit sets can be sorted by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from scanner.policy.model import Action, Policy, Rule, Tier
from scanner.reach.model import Direction
from scanner.reach.walk import Place

_Key = tuple[int, int]  # position of the policy, position of the rule in it


def tiers_of(policies: Iterable[Policy]) -> tuple[Tier, ...]:
    """The tiers that policies stand in, in order of judgement."""
    return tuple(sorted({policy.tier for policy in policies}))


def places(policies: Sequence[Policy], tiers: Sequence[Tier]) -> dict[_Key, Place]:
    """Each rule's place. Neighbours in the order that do the same share a step, for their own order cannot matter."""
    number = {tier: at for at, tier in enumerate(tiers)}
    raw = [
        (number[policy.tier], policy.rank, _sequence(policy, at), _step(policy, rule_at), (at, rule_at))
        for at, policy in enumerate(policies)
        for rule_at in range(len(policy.rules))
    ]
    found: dict[_Key, Place] = {}
    for direction in Direction:
        mine = sorted(item for item in raw if _rule(policies, item[4]).direction is direction)
        for tier, items in groupby(mine, key=lambda item: item[0]):
            found |= _in_tier(policies, tier, list(items))
    return found


_Raw = tuple[int, tuple[float, str], int, int, _Key]


def _in_tier(policies: Sequence[Policy], tier: int, items: Sequence[_Raw]) -> dict[_Key, Place]:
    found: dict[_Key, Place] = {}
    group, step = 0, 0
    last: Action | None = None  # of the step that the next rule may join
    for _, ranked in groupby(items, key=lambda item: item[1]):
        members = list(ranked)
        sequences = sorted({item[2] for item in members})
        if len(sequences) > 1:
            group, last = group + 1, None
            for item in members:
                found[item[4]] = Place(tier, group, sequences.index(item[2]), item[3])
            group += 1
            continue
        for _, steps in groupby(members, key=lambda item: item[3]):
            for item in steps:
                action = _rule(policies, item[4]).action
                if action is not last:
                    step, last = step + 1, action
                found[item[4]] = Place(tier, group, 0, step)
    return found


def _rule(policies: Sequence[Policy], key: _Key) -> Rule:
    return policies[key[0]].rules[key[1]]


def _sequence(policy: Policy, at: int) -> int:
    """Policies of one bag are one sequence; any other is its own, for its order among equals is not defined."""
    return 0 if policy.pooled else at + 1


def _step(policy: Policy, rule_at: int) -> int:
    if policy.pooled:
        return 0 if policy.rules[rule_at].action is Action.DENY else 1
    return rule_at
