"""Text from outside, made fit for a terminal line."""

from __future__ import annotations

import unicodedata

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, bidi marks, surrogates, line separators


def printable(text: str, limit: int = 500) -> str:
    """`text` on one line without control or direction characters, cut to `limit` characters."""
    clean = "".join(
        character if unicodedata.category(character) not in _UNSAFE else "\N{REPLACEMENT CHARACTER}"
        for character in text[: limit + 1].replace("\n", " ").replace("\t", " ")
    )
    return clean if len(clean) <= limit else clean[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
