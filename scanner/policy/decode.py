"""A policy's `spec` from its raw bytes into a kind's wire shape, and what of it no shape has a place for.

A null or absent field is the same to the API server, and so is a null item of a list and an empty one: both are the
type's zero value (Kubernetes API conventions, "Optional vs. Required"; Go's encoding/json). So wire shapes make every field
optional and every list item nullable.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, TypeVar

import msgspec

from scanner.model import ApiObject, Snapshot

_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<name>.*?)`(?: - at `(?P<path>[^`]*)`)?\Z", re.DOTALL)
_ELSEWHERE = re.compile(r"(?P<what>.*?) - at `(?P<path>[^`]*)`\Z", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z0-9]+)|\[(\d+)\]")
_MAX_UNKNOWN_FIELDS = 50

T = TypeVar("T")
Remark = tuple[str, str]  # field (a path from the object: "spec.ingress[0]"), message


class FieldError(Exception):
    """A field that makes the API server refuse the whole object. `field` is a path from the object, `spec.ingress[0]`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class UnreadableError(FieldError):
    """A policy that the API server may well take and that cannot be read here: what it touches is unknown."""


class Wire(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Base of the wire shapes. A field that no shape names is found by `decode_spec`."""


class Context:
    """What policies may refer to: the rest of the snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.services = {(service.namespace, service.name): service for service in snapshot.services}
        self._settings: dict[str, tuple[ApiObject, ...]] = {}

    def settings(self, kind: str) -> tuple[ApiObject, ...]:
        """The setting objects of one kind ("NetworkSet", "Tier", "CiliumCIDRGroup")."""
        found = self._settings.get(kind)
        if found is None:
            found = self._settings[kind] = tuple(each for each in self.snapshot.settings if each.kind == kind)
        return found


def decode_spec(raw: msgspec.Raw, form: type[T]) -> tuple[T, tuple[tuple[str, str], ...]]:
    """A policy's `spec` as `form` (a `Wire` type), and its unknown fields as (path of the holder, name).

    The path is from the object on: "spec", "spec.ingress[0].from[1]". What an unknown field means is the kind's to say: the
    API server drops it (a built-in kind), or a newer version of the kind has it (what it touches is in doubt).

    Raises:
        FieldError: a field has the wrong type, or the bytes are not JSON.
        UnreadableError: it is nested too deep, or has more unknown fields than are worth dropping one by one.
    """
    try:
        found: T | None = _decoder(form).decode(raw)  # type: ignore[arg-type]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_leniently(raw, form)
    return found or form(), ()


@cache
def _decoder(form: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - any Wire type
    return msgspec.json.Decoder(form | None)


def _decode_leniently(raw: msgspec.Raw, form: type[T]) -> tuple[T, tuple[tuple[str, str], ...]]:
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
            spec: T | None = msgspec.convert(tree, form | None)
        except (msgspec.ValidationError, RecursionError) as error:
            unknown = _UNKNOWN_FIELD.match(str(error))
            if unknown is None:
                raise _field_error(error) from error
            if len(dropped) >= _MAX_UNKNOWN_FIELDS:
                message = f"has more than {_MAX_UNKNOWN_FIELDS} fields that no such policy has; remove them"
                raise UnreadableError("spec", message) from error
            path, name = unknown["path"] or "$", unknown["name"]
            _at(tree, path).pop(name)
            dropped.append((_field(path), name))
        else:
            return spec or form(), tuple(dropped)


def unknown_fields(unknown: tuple[tuple[str, str], ...], field: str) -> str:
    """The doubt that unknown fields at or below `field` cause, in words; empty without any."""
    names = [f"{path}.{name}" for path, name in unknown if path == field or path.startswith((f"{field}.", f"{field}["))]
    if not names:
        return ""
    return f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''} is not modelled"


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
