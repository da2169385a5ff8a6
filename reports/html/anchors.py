"""Anchors and page names: made of ids, so that a link into a report stays right when the next run orders things otherwise."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,80}")
_DIGEST = 20  # hexadecimal digits kept of a SHA-256: 80 bits, for what stands in one report


def anchor(kind: str, *parts: str) -> str:
    """The `id` of an element: `kind` and its id where that is a plain word, else a digest of its parts.

    No two sets of parts give the same: a digest stands behind `~`, which no plain word holds.
    """
    if len(parts) == 1 and _PLAIN.fullmatch(parts[0]):
        return f"{kind}-{parts[0]}"
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    joined = b"".join(len(part).to_bytes(8, "big") + part for part in encoded)
    return f"{kind}~{hashlib.sha256(joined).hexdigest()[:_DIGEST]}"


def told_apart(ids: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Each id as the parts that make it unique: a number behind those that come again (a crafted report may hold such)."""
    seen: Counter[str] = Counter()
    found = []
    for each in ids:
        found.append((each, str(seen[each])) if seen[each] else (each,))
        seen[each] += 1
    return tuple(found)
