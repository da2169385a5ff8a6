"""How deep a free-form part of an object may be nested to be stored, and read again."""

from __future__ import annotations

import msgspec

MAX_DEPTH = 100  # no API object comes near


def raw_problem(raw: msgspec.Raw) -> str:
    """What keeps a free-form part from being read later, where the parser only skipped over it; else empty."""
    try:
        level = [msgspec.json.decode(raw)]
    except RecursionError:
        return "nested too deeply"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "no JSON"
    for _ in range(MAX_DEPTH):
        inside = [value for value in level if isinstance(value, (dict, list))]
        if not inside:
            return ""
        level = [member for value in inside for member in (value.values() if isinstance(value, dict) else value)]
    return "nested too deeply"
