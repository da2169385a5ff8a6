"""The base of every stored struct, and where an object stands in a folder of manifests."""

from __future__ import annotations

import msgspec


class Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """Base of everything stored: strict, immutable, camelCase, defaults left out."""


class Origin(Stored, frozen=True, kw_only=True):
    """Where an object stands in a folder of manifests. `lines` maps "ingress[0]" and the like to line numbers (from 1)."""

    file: str
    line: int
    lines: dict[str, int] = msgspec.field(default_factory=dict)
