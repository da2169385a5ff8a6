"""Wire shapes and the reading of custom resources: here the CRD's schema refuses, and no validation code of the server's own.

Sources: kubernetes-sigs/network-policy-api `apis/v1alpha1`, `apis/v1alpha2`; apiextensions-apiserver
`pkg/apiserver/schema/defaulting/prunenulls.go` (a null field or map entry is dropped, a null list item stays and has the
wrong type).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from scanner.policy.common import WireExpression, WireSelector, label_selector
from scanner.policy.decode import FieldError, UnreadableError, Wire, unknown_fields
from scanner.policy.model import EVERYTHING, Selector

T = TypeVar("T")
Unknown = tuple[tuple[str, str], ...]  # as `decode_spec` returns them


class WirePods(Wire, frozen=True):
    """`pods` of a subject or a peer."""

    namespace_selector: WireSelector | None = None
    pod_selector: WireSelector | None = None


class WireSubject(Wire, frozen=True):
    """`subject`: exactly one of the two."""

    namespaces: WireSelector | None = None
    pods: WirePods | None = None


class WirePeer(Wire, frozen=True):
    """One of `from` or `to`: exactly one of these, of which each kind and direction knows some."""

    namespaces: WireSelector | None = None
    pods: WirePods | None = None
    nodes: WireSelector | None = None
    networks: list[str | None] | None = None
    domain_names: list[str | None] | None = None


@contextmanager
def taken_by_the_server() -> Iterator[None]:
    """Within it, a value that cannot be read is no refusal: the CRD's schema has no rule against it.

    Raises:
        UnreadableError: in place of any FieldError.
    """
    try:
        yield
    except FieldError as error:
        raise UnreadableError(error.field, error.message) from error


def listed(items: Sequence[T | None] | None, field: str, most: int | None = None, *, least: int = 1) -> list[T]:
    """A list's items, as many as the schema wants.

    Raises:
        FieldError: there are too few or too many, or one is null.
    """
    found = items or ()
    if len(found) < least:
        raise FieldError(field, "needs at least one entry; add one")
    if most is not None and len(found) > most:
        raise FieldError(field, f"has {len(found)} entries, more than the {most} allowed; split it up")
    kept = [item for item in found if item is not None]
    if len(kept) < len(found):
        at = next(at for at, item in enumerate(found) if item is None)
        raise FieldError(f"{field}[{at}]", "is an empty list item; fill it in or remove it")
    return kept


def tidy(wire: WireSelector, field: str) -> WireSelector:
    """A label selector as the schema leaves it: labels with a null value are dropped.

    Raises:
        FieldError: an expression is null or without key or operator, or one of its values is null.
    """
    expressions: list[WireExpression | None] = []
    place = f"{field}.matchExpressions"
    for at, expression in enumerate(listed(wire.match_expressions, place, least=0)):
        for name, text in (("key", expression.key), ("operator", expression.operator)):
            if text is None:
                raise FieldError(f"{place}[{at}].{name}", f"is missing; write the {name}")
        listed(expression.values, f"{place}[{at}].values", least=0)
        expressions.append(expression)
    labels = {key: value for key, value in (wire.match_labels or {}).items() if value is not None}
    return msgspec.structs.replace(wire, match_labels=labels, match_expressions=expressions)


def selector(wire: WireSelector | None, field: str) -> Selector:
    """A label selector that must be there, though it may be empty and then selects everything.

    Raises:
        FieldError: it is missing, or the schema refuses it.
        UnreadableError: the schema takes it and no label selector can be made of it.
    """
    if wire is None:
        raise FieldError(field, "is missing; write {} for all")
    plain = tidy(wire, field)
    with taken_by_the_server():
        return label_selector(plain, field)


def pods(wire: WirePods, field: str, *, namespaces_optional: bool) -> tuple[Selector, Selector]:
    """The namespaces and the pods that a `pods` selects; both raise as `selector` does."""
    if wire.namespace_selector is None and namespaces_optional:
        namespaces = EVERYTHING
    else:
        namespaces = selector(wire.namespace_selector, f"{field}.namespaceSelector")
    return namespaces, selector(wire.pod_selector, f"{field}.podSelector")


def subject(wire: WireSubject | None, unknown: Unknown, *, namespaces_optional: bool) -> tuple[Selector, Selector, str]:
    """The namespaces and the pods that `spec.subject` selects, and the doubt about it (then they are everything).

    Raises:
        FieldError: it is missing, or has not exactly one field.
        UnreadableError: a selector of it cannot be read.
    """
    doubt = unknown_fields(unknown, "spec.subject")
    if doubt:
        return EVERYTHING, EVERYTHING, doubt
    if wire is None or (wire.namespaces is None) == (wire.pods is None):
        raise FieldError("spec.subject", "needs either namespaces or pods; write one of them")
    if wire.pods is not None:
        return *pods(wire.pods, "spec.subject.pods", namespaces_optional=namespaces_optional), ""
    return selector(wire.namespaces, "spec.subject.namespaces"), EVERYTHING, ""


def at_the_top(unknown: Unknown) -> str:
    """The doubt that unknown fields of `spec` itself cause."""
    return unknown_fields(tuple(item for item in unknown if item[0] == "spec"), "spec")


def joined(*doubts: str) -> str:
    """Several doubts in one line."""
    return "; ".join(doubt for doubt in doubts if doubt)
