"""Calico's selectors as the model's normal form: conjunctions flatten, double negations go, equal ones become equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scanner.policy.calico.selectors import Both, Either, Leaf, Node, Not
from scanner.policy.model import EVERYTHING, NOTHING, Clause, Operator, Requirement, Selector

Reading = Callable[[Leaf], Selector | None]  # what a leaf means; None: it cannot be told, so it is read as everything


def selector(node: Node, reading: Reading) -> Selector:
    """The tree in normal form: negation stands at the leaves only, equal parts stand once, and all is sorted."""
    return _normal(node, reading, negated=False)


def _normal(node: Node, reading: Reading, *, negated: bool) -> Selector:
    if isinstance(node, Not):
        return _normal(node.part, reading, negated=not negated)
    if isinstance(node, Both | Either):
        parts = [_normal(part, reading, negated=negated) for part in node.parts]
        return conjunction(parts) if isinstance(node, Both) is not negated else disjunction(parts)
    meaning = reading(node)
    if meaning is None:
        return EVERYTHING
    return negation(meaning) if negated else meaning


_OPPOSITE = {
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
    Operator.EXISTS: Operator.DOES_NOT_EXIST,
    Operator.DOES_NOT_EXIST: Operator.EXISTS,
}


def negation(part: Selector) -> Selector:
    """What a selector in normal form does not match, in normal form."""
    return disjunction(
        [*map(_without, part.requirements), *(_without_clause(clause) for clause in part.clauses)],
    )


def _without(requirement: Requirement) -> Selector:
    opposite = _OPPOSITE.get(requirement.operator)
    if opposite is None:
        return Selector(clauses=(Clause((Selector((requirement,)),), negated=True),))
    return Selector((Requirement(requirement.key, opposite, requirement.values),))


def _without_clause(clause: Clause) -> Selector:
    if clause.negated:
        return disjunction(clause.any_of)
    return conjunction([negation(each) for each in clause.any_of])


def conjunction(parts: Iterable[Selector]) -> Selector:
    """What all parts match, in normal form."""
    listed = [part for part in parts if not part.everything]
    if NOTHING in listed:
        return NOTHING
    if len(listed) <= 1:
        return listed[0] if listed else EVERYTHING
    requirements: set[Requirement] = set()
    values: dict[str, set[str]] = {}  # `a != "x" && a != "y"` is `a not in {"x", "y"}`
    for requirement in (each for part in listed for each in part.requirements):
        if requirement.operator is Operator.NOT_IN:
            values.setdefault(requirement.key, set()).update(requirement.values)
        else:
            requirements.add(requirement)
    requirements |= {Requirement(key, Operator.NOT_IN, tuple(sorted(some))) for key, some in values.items()}
    clauses = {clause for part in listed for clause in part.clauses}
    return Selector(tuple(sorted(requirements)), tuple(sorted(clauses, key=_clause_key)))


def disjunction(parts: Iterable[Selector]) -> Selector:
    """What one of the parts matches, in normal form."""
    found: set[Selector] = set()
    values: dict[str, set[str]] = {}  # `a == "x" || a == "y"` is `a in {"x", "y"}`
    for part in parts:
        for each in _alternatives(part):
            if each.everything:
                return EVERYTHING
            match each:
                case Selector((Requirement(key, Operator.IN, some),), ()):
                    values.setdefault(key, set()).update(some)
                case _:
                    found.add(each)
    found |= {Selector((Requirement(key, Operator.IN, tuple(sorted(some))),)) for key, some in values.items()}
    if len(found) == 1:
        return found.pop()
    return Selector(clauses=(Clause(tuple(sorted(found, key=_selector_key))),))


def _alternatives(part: Selector) -> tuple[Selector, ...]:
    match part:
        case Selector((), (Clause(any_of, False),)):
            return any_of
    return (part,)


_Key = tuple[object, ...]


def _selector_key(part: Selector) -> _Key:
    return (part.requirements, tuple(_clause_key(clause) for clause in part.clauses))


def _clause_key(clause: Clause) -> _Key:
    return (clause.negated, tuple(_selector_key(each) for each in clause.any_of))
