"""The shape of a `networking.k8s.io/v1` NetworkPolicy's `spec` as it stands on the wire, decoded strictly.

A null or absent field is the same to the API server, and so is a null item of a list and an empty one: both are the
type's zero value (Kubernetes API conventions, "Optional vs. Required"; Go's encoding/json).
"""

from __future__ import annotations

import re

import msgspec

_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<name>.*?)`(?: - at `(?P<path>[^`]*)`)?\Z", re.DOTALL)
_ELSEWHERE = re.compile(r"(?P<what>.*?) - at `(?P<path>[^`]*)`\Z", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z]+)|\[(\d+)\]")
_MAX_UNKNOWN_FIELDS = 50


class FieldError(Exception):
    """A field that makes the API server refuse the whole object. `field` is a path from the object, `spec.ingress[0]`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class UnreadableError(FieldError):
    """A policy that the API server may well take and that cannot be read here: what it touches is unknown."""


class _Wire(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Base of the wire shapes."""


class WireExpression(_Wire, frozen=True):
    """One of `matchExpressions`."""

    key: str | None = None
    operator: str | None = None
    values: list[str | None] | None = None


class WireSelector(_Wire, frozen=True):
    """A label selector."""

    match_labels: dict[str, str | None] | None = None
    match_expressions: list[WireExpression | None] | None = None


class WireBlock(_Wire, frozen=True):
    """An `ipBlock`; `except` is a word of Python."""

    cidr: str | None = None
    except_: list[str | None] | None = msgspec.field(default=None, name="except")


class WirePeer(_Wire, frozen=True):
    """One of `from` or `to`."""

    pod_selector: WireSelector | None = None
    namespace_selector: WireSelector | None = None
    ip_block: WireBlock | None = None


class WirePort(_Wire, frozen=True):
    """One of `ports`."""

    protocol: str | None = None
    port: int | str | None = None
    end_port: int | None = None


class WireIngress(_Wire, frozen=True):
    """One of `ingress`."""

    from_: list[WirePeer | None] | None = msgspec.field(default=None, name="from")
    ports: list[WirePort | None] | None = None


class WireEgress(_Wire, frozen=True):
    """One of `egress`."""

    to: list[WirePeer | None] | None = None
    ports: list[WirePort | None] | None = None


class WireSpec(_Wire, frozen=True):
    """`spec`."""

    pod_selector: WireSelector | None = None
    policy_types: list[str | None] | None = None
    ingress: list[WireIngress | None] | None = None
    egress: list[WireEgress | None] | None = None


_DECODER = msgspec.json.Decoder(WireSpec | None)


def decode_spec(raw: msgspec.Raw) -> tuple[WireSpec, tuple[tuple[str, str], ...]]:
    """A policy's `spec`, and its unknown fields as (path, message): the API server drops those and keeps the rest.

    Raises:
        FieldError: a field has the wrong type, or the bytes are not JSON.
        UnreadableError: it is nested too deep, or has more unknown fields than are worth dropping one by one.
    """
    try:
        return _DECODER.decode(raw) or WireSpec(), ()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_leniently(raw)


def _decode_leniently(raw: msgspec.Raw) -> tuple[WireSpec, tuple[tuple[str, str], ...]]:
    """Drop one unknown field after the other until the rest fits, or say what does not fit."""
    try:
        tree = msgspec.json.decode(raw)
    except RecursionError as error:
        raise UnreadableError("spec", "is nested deeper than can be read; write the object anew") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FieldError("spec", f"is not readable JSON ({error}); write the object anew") from error
    dropped: list[tuple[str, str]] = []
    while True:
        try:
            spec = msgspec.convert(tree, WireSpec | None)
        except (msgspec.ValidationError, RecursionError) as error:
            unknown = _UNKNOWN_FIELD.match(str(error))
            if unknown is None:
                raise _field_error(error) from error
            if len(dropped) >= _MAX_UNKNOWN_FIELDS:
                message = f"has more than {_MAX_UNKNOWN_FIELDS} fields that no NetworkPolicy has; remove them"
                raise UnreadableError("spec", message) from error
            path, name = unknown["path"] or "$", unknown["name"]
            _at(tree, path).pop(name)
            dropped.append((_field(path) + f".{name}", "is no field of a NetworkPolicy and is ignored; remove it"))
        else:
            return spec or WireSpec(), tuple(dropped)


def _field_error(error: Exception) -> FieldError:
    found = _ELSEWHERE.match(str(error))
    what, path = (found["what"], found["path"]) if found else (str(error), "$")
    return FieldError(_field(path), f"{what[:1].lower()}{what[1:].replace('`', '')}; correct the field")


def _field(path: str) -> str:
    return "spec" + path.removeprefix("$").replace("[...]", "")


def _at(tree: dict[str, object], path: str) -> dict[str, object]:
    """Follow one of msgspec's own error paths, which leads to an object."""
    place: object = tree
    for name, index in _STEP.findall(path):
        if isinstance(place, dict):
            place = place[name]
        elif isinstance(place, list):
            place = place[int(index)]
    if not isinstance(place, dict):
        raise TypeError(f"{path} is no object")
    return place
