"""What the wire forms of all kinds share: label selectors, CIDRs and port numbers, as the API server validates them.

Source: apimachinery's validation of labels and of networking objects.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache

from scanner.policy.decode import FieldError, Remark, Wire
from scanner.policy.model import EVERYTHING, Network, Operator, Requirement, Selector
from scanner.policy.words import block_words

_NAME_PART = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_PORT_NAME = re.compile(r"(?!.*--)(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?\Z")
_LEADING_ZEROS = re.compile(r"(?<![0-9a-fA-F:.])0+(?=[0-9])|(?<=\.)0+(?=[0-9])")


_OPERATORS = frozenset({Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST})


class WireExpression(Wire, frozen=True):
    """One of `matchExpressions`."""

    key: str | None = None
    operator: str | None = None
    values: list[str | None] | None = None


class WireSelector(Wire, frozen=True):
    """A label selector (`metav1.LabelSelector`)."""

    match_labels: dict[str, str | None] | None = None
    match_expressions: list[WireExpression | None] | None = None


def label_selector(wire: WireSelector | None, field: str) -> Selector:
    """A `metav1.LabelSelector` in normal form; absent selects everything."""
    if wire is None:
        return EVERYTHING
    labels = tuple((wire.match_labels or {}).items())
    try:
        plain = _of_labels(labels)
    except FieldError as error:
        raise FieldError(f"{field}.matchLabels", error.message) from error
    if not wire.match_expressions:
        return plain
    found = set(plain.requirements)
    for index, item in enumerate(wire.match_expressions or ()):
        place = f"{field}.matchExpressions[{index}]"
        expression = item or WireExpression()
        if expression.operator not in _OPERATORS:
            mend = "write In, NotIn, Exists or DoesNotExist"
            raise FieldError(f"{place}.operator", f"is {expression.operator or ''!r}; {mend}")
        operator = Operator(expression.operator)
        values = _values(expression.values, f"{place}.values")
        listed = operator in {Operator.IN, Operator.NOT_IN}
        if listed != bool(values):
            mend = "needs at least one value" if listed else "takes no values"
            raise FieldError(f"{place}.values", f"operator {operator} {mend}")
        found.add(Requirement(label_key(expression.key or "", f"{place}.key"), operator, values))
    return Selector(tuple(sorted(found)))


@lru_cache(maxsize=65536)
def _of_labels(labels: tuple[tuple[str, str | None], ...]) -> Selector:
    """What `matchLabels` says: the same few labels stand in thousands of rules, and one object for each is soon compared."""
    return Selector(
        tuple(sorted(Requirement(label_key(key, ""), Operator.IN, (label_value(value, ""),)) for key, value in labels))
    )


def _values(values: Iterable[str | None] | None, field: str) -> tuple[str, ...]:
    return tuple(sorted({label_value(value, field) for value in values or ()}))


def label_key(key: str, field: str) -> str:
    """A label key as the API server takes it."""
    prefix, slash, name = key.rpartition("/")
    if not _NAME_PART.match(name) or (slash and (len(prefix) > 253 or not _SUBDOMAIN.match(prefix))):
        raise FieldError(field, f"{key!r} is no label key; write name or prefix/name")
    return key


def label_value(value: str | None, field: str) -> str:
    """A label value as the API server takes it; null is empty."""
    text = value or ""
    if text and not _NAME_PART.match(text):
        raise FieldError(field, f"{text!r} is no label value; use at most 63 letters, digits, '-', '_' and '.'")
    return text


def port_name(text: str, field: str) -> str:
    """A container port's name (an IANA service name)."""
    if not _PORT_NAME.match(text):
        mend = "write the number without quotes" if text.isdecimal() else "write a number or a port's name"
        raise FieldError(field, f"{text!r} is no port name; {mend}")
    return text


def port_number(number: int, field: str) -> int:
    """A port number from 1 to 65535."""
    if not 1 <= number <= 65535:
        raise FieldError(field, f"is {number}; write a number from 1 to 65535")
    return number


def cidr(text: str, field: str, remarks: list[Remark]) -> Network:
    """One CIDR. Host bits and leading zeros (read as decimal) are tolerated by the API server, so they are here."""
    address, _, length = text.partition("/")
    try:
        if not length.isascii() or not length.isdecimal() or "%" in address:
            raise ValueError("no prefix length")  # noqa: TRY301 - one message for all that is no CIDR
        plain = _LEADING_ZEROS.sub("", address) if ":" not in address else address
        network = ipaddress.ip_network(f"{plain}/{length}", strict=False)
    except ValueError as error:
        raise FieldError(field, f"{text!r} is no CIDR; write an address and a prefix length, 10.0.0.0/8") from error
    if plain != address or ipaddress.ip_address(plain) != network.network_address:
        remarks.append((field, f"{text!r} is read as {block_words(network)}; write it so"))
    return network
