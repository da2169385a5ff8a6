"""Objects of a snapshot whose spec is kept as it is: what evidence calls them, and their specs as far as a reader asks."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from scanner.model import ApiObject

T = TypeVar("T")
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # all that decoding foreign text raises


def named(item: ApiObject) -> str:
    """An object as evidence names it: "Kind namespace/name", or "Kind name" where it has no namespace."""
    return f"{item.kind} {item.namespace}/{item.name}" if item.namespace else f"{item.kind} {item.name}"


def decoded(item: ApiObject, form: type[T]) -> T | None:
    """An object's spec, None where it is not of that form: broken JSON, no UTF-8, other types, nested too deep.

    Specs are foreign text that was skipped over while it was read: any of these may turn up here first.
    """
    return decoded_raw(item.spec, form)


def decoded_raw(raw: msgspec.Raw | bytes, form: type[T]) -> T | None:
    """The same of any part that was kept raw."""
    try:
        return msgspec.json.decode(raw, type=form)
    except UNREADABLE:
        return None


def decoded_or_listed(item: ApiObject, form: type[T], broken: list[str]) -> T | None:
    """The spec; what is not of that form is listed by its name."""
    found = decoded(item, form)
    if found is None:
        broken.append(named(item))
    return found
