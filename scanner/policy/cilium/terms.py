"""The conditions of a selector with the source of each label, as Cilium writes keys: "k8s:app", "any:app", "reserved:host".

Source: cilium/cilium, pkg/labels/labels.go (parsing of keys), pkg/policy/api/selector.go (validation).
"""

from __future__ import annotations

from dataclasses import dataclass

from scanner.policy.cilium.found import entries
from scanner.policy.common import WireSelector, label_key, label_value
from scanner.policy.decode import FieldError
from scanner.policy.model import Operator, Requirement

_OPERATORS = {each.value: each for each in (Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)}


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; `source` is "any" where the key names none. `plain` marks an entry of `matchLabels`."""

    source: str
    need: Requirement
    plain: bool = False

    @property
    def negative(self) -> bool:
        """Whether it also holds for what has no such label."""
        return self.need.operator in {Operator.NOT_IN, Operator.DOES_NOT_EXIST}


def read_terms(wire: WireSelector, place: str) -> list[Term]:
    """Every condition of a selector.

    Raises:
        FieldError: a key, an operator or a value that Cilium refuses.
    """
    found: list[Term] = []
    for text, value in (wire.match_labels or {}).items():
        source, key = _key(text, f"{place}.matchLabels")
        values = (label_value(value, f"{place}.matchLabels"),)
        found.append(Term(source, Requirement(key, Operator.IN, values), plain=True))
    for at, expression in entries(wire.match_expressions, f"{place}.matchExpressions"):
        operator = _OPERATORS.get(expression.operator or "")
        if operator is None:
            raise FieldError(f"{at}.operator", f"is {expression.operator or ''!r}; write {', '.join(_OPERATORS)}")
        listed = {label_value(value, f"{at}.values") for value in expression.values or ()}
        wanted = operator in {Operator.IN, Operator.NOT_IN}
        if wanted != bool(listed):
            mend = "needs at least one value" if wanted else "takes no values"
            raise FieldError(f"{at}.values", f"operator {operator} {mend}")
        source, key = _key(expression.key or "", f"{at}.key")
        found.append(Term(source, Requirement(key, operator, tuple(sorted(listed)))))
    return found


def _key(text: str, place: str) -> tuple[str, str]:
    source, colon, key = text.partition(":")
    if not colon:
        source, key = "any", text
        for mark in ("$", "reserved."):  # the older ways to write reserved:
            if text.startswith(mark):
                source, key = "reserved", text.removeprefix(mark)
    return source or "any", label_key(key.partition("=")[0], place)
