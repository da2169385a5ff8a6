"""Why one connection is judged otherwise on a data plane than declared: the rules without which it would not be."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

from scanner.dataplane.model import Answer, DataPlane
from scanner.reach.effects.rules import Rule
from scanner.reach.model import Explanation

Ends = tuple[str, str]


def with_causes(
    declared: Iterable[Explanation],
    effective: Iterable[Explanation],
    rules: Sequence[Rule],
    ask: Callable[[DataPlane], Iterable[Explanation]],
) -> list[Explanation]:
    """The effective explanations, each that differs from the declared one with the rules it hangs on.

    `ask` explains the same connection on another data plane; it is only asked where something differs.
    """
    told = list(effective)
    before, after = _answers(declared), _answers(told)
    differing = {ends for ends, answers in after.items() if answers != before.get(ends)}
    if not differing:
        return told
    without = [(rule, _answers(ask(rule.without))) for rule in rules]
    return [
        dataclasses.replace(each, because=_rules(_ends(each), after, without)) if _ends(each) in differing else each
        for each in told
    ]


def _rules(
    ends: Ends, after: dict[Ends, frozenset[Answer]], without: Sequence[tuple[Rule, dict[Ends, frozenset[Answer]]]]
) -> tuple[str, ...]:
    """The rules that alone change the answer; where several act together, all of them."""
    alone = tuple(rule.words for rule, answers in without if answers.get(ends) != after[ends])
    return alone or tuple(rule.words for rule, _ in without)


def _answers(explanations: Iterable[Explanation]) -> dict[Ends, frozenset[Answer]]:
    """What is said of each pair of ends, which may be judged class by class."""
    found: dict[Ends, set[Answer]] = {}
    for each in explanations:
        found.setdefault(_ends(each), set()).add(each.allowed)
    return {ends: frozenset(answers) for ends, answers in found.items()}


def _ends(each: Explanation) -> Ends:
    return each.src, each.dst
