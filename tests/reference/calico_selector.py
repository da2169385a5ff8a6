"""Calico's selector language, read by its documentation: tigera/docs `_includes/content/_selectors.mdx`.

Operators bind in the order: match operators, `!`, `&&`, `||`. `!=` and `not in` also match what lacks the label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from tests.reference.plain import UNKNOWN, Verdict, both, either, negated

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*'|\"[^\"]*\")|(?P<sign>&&|\|\||==|!=|[!(){},])"
    r"|(?P<call>has\(\s*[\w./-]+\s*\)|all\(\s*\)|global\(\s*\))|(?P<word>[\w./-]+))"
)
Tree = tuple[Any, ...]
REST = "*"  # a key among labels: nobody knows whether there are others, and which


def matches(selector: str, labels: Mapping[str, Any], *, namespaced: bool | None = None) -> Verdict:
    """Whether a selector matches labels; a label whose value is UNKNOWN answers None.

    `namespaced` is given for a selector of namespaces: there `all()` is everything in a namespace and `global()`
    everything in none. Elsewhere both match whatever is in scope.
    """
    return _judge(parse(selector), labels, namespaced)


@lru_cache(maxsize=4096)
def parse(selector: str) -> Tree:
    """The expression as nested tuples; an empty one matches everything."""
    tokens = _tokens(selector)
    if not tokens:
        return ("all",)
    tree, rest = _either(tokens)
    if rest:
        raise ValueError(f"left over in {selector!r}: {rest}")
    return tree


def _tokens(selector: str) -> list[str]:
    found, at = [], 0
    while selector[at:].strip():
        token = _TOKEN.match(selector, at)
        if token is None:
            raise ValueError(f"unreadable: {selector[at:]!r}")
        found.append(token.group().strip())
        at = token.end()
    return found


def _either(tokens: list[str]) -> tuple[Tree, list[str]]:
    first, rest = _both(tokens)
    parts = [first]
    while rest and rest[0] == "||":
        part, rest = _both(rest[1:])
        parts.append(part)
    return (parts[0] if len(parts) == 1 else ("or", *parts)), rest


def _both(tokens: list[str]) -> tuple[Tree, list[str]]:
    first, rest = _one(tokens)
    parts = [first]
    while rest and rest[0] == "&&":
        part, rest = _one(rest[1:])
        parts.append(part)
    return (parts[0] if len(parts) == 1 else ("and", *parts)), rest


def _one(tokens: list[str]) -> tuple[Tree, list[str]]:
    head, *rest = tokens
    if head == "!":
        part, rest = _one(rest)
        return ("not", part), rest
    if head == "(":
        part, rest = _either(rest)
        if rest[:1] != [")"]:
            raise ValueError("unclosed parenthesis")
        return part, rest[1:]
    if head.endswith(")"):
        name, _, inner = head.partition("(")
        return (name, inner.rstrip(")").strip()), rest
    return _comparison(head, rest)


def _comparison(key: str, rest: list[str]) -> tuple[Tree, list[str]]:
    operator, rest = rest[0], rest[1:]
    if operator in ("not", "starts", "ends"):
        operator, rest = f"{operator} {rest[0]}", rest[1:]
    if operator in ("in", "not in"):
        closing = rest.index("}")
        return (operator, key, [each[1:-1] for each in rest[1:closing] if each != ","]), rest[closing + 1 :]
    if operator not in ("==", "!=", "contains", "starts with", "ends with"):
        raise ValueError(f"no operator: {operator}")
    return (operator, key, rest[0][1:-1]), rest[1:]


def _judge(tree: Tree, labels: Mapping[str, Any], namespaced: bool | None) -> Verdict:
    operator, *rest = tree
    if operator in ("or", "and", "not"):
        parts = [_judge(each, labels, namespaced) for each in rest]
        return {"or": either, "and": both}[operator](parts) if operator != "not" else negated(parts[0])
    if operator in ("all", "global"):
        return namespaced is not (operator == "global")
    key, wanted = rest[0], rest[-1]
    value = labels.get(key, labels.get(REST))
    if operator == "has":
        return None if value is UNKNOWN and key not in labels else value is not None
    if value is UNKNOWN:
        return None
    if value is None:
        return operator in ("!=", "not in")
    return _OPERATORS[operator](value, wanted)


_OPERATORS: dict[str, Callable[[str, Any], bool]] = {
    "==": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "in": lambda value, wanted: value in wanted,
    "not in": lambda value, wanted: value not in wanted,
    "contains": lambda value, wanted: wanted in value,
    "starts with": lambda value, wanted: value.startswith(wanted),
    "ends with": lambda value, wanted: value.endswith(wanted),
}
