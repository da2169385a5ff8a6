"""The allow-lists at work: only named annotations, variables and ConfigMap keys are ever decoded."""

from __future__ import annotations

from collections.abc import Container, Mapping

import msgspec

from scanner.kept import ADDRESSES, SET


def kept_text(raw: msgspec.Raw) -> str | None:
    """A raw value as text; None where it is absent, null or no text, which the API server would not have stored."""
    return msgspec.json.decode(raw, type=str) if bytes(memoryview(raw)[:1]) == b'"' else None


def kept_values(raw: Mapping[str, msgspec.Raw] | None, names: Container[str]) -> dict[str, str]:
    """The entries whose name is in `names`, sorted; the others are never looked at."""
    if not raw:
        return {}
    values = {
        name: SET if name in ADDRESSES else text
        for name, value in raw.items()
        if name in names and (text := kept_text(value)) is not None
    }
    return dict(sorted(values.items()))
