"""Columns: which sources may use which ports, as a few port masks with disjoint sets of sources; and their arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

Part = tuple[int, int]  # port mask, bit set of sources
Column = tuple[Part, ...]  # ascending by mask, sources disjoint


def disjoint(parts: Iterable[Part]) -> Column:
    """Parts in which a source may occur several times, as a column in which its masks are joined into one."""
    joined: dict[int, int] = {}
    for mask, wanted in parts:
        rest = wanted
        for other, sources in list(joined.items()):
            both = sources & rest
            if not both or other | mask == other:
                rest &= ~both
                continue
            joined[other] ^= both
            joined[other | mask] = joined.get(other | mask, 0) | both
            rest &= ~both
        if rest:
            joined[mask] = joined.get(mask, 0) | rest
    return tuple(sorted((mask, sources) for mask, sources in joined.items() if mask and sources))


def less(column: Iterable[Part], taken: Column) -> Column:
    """What `column` has and `taken` has not."""
    parts: list[Part] = []
    for mask, sources in column:
        rest = sources
        for other, known in taken:
            both = rest & known
            if both:
                parts.append((mask & ~other, both))
                rest &= ~both
        parts.append((mask, rest))
    return disjoint((mask, sources) for mask, sources in parts if mask and sources)


def meet(column: Iterable[Part], parts: Iterable[Part]) -> list[Part]:
    """What both have; the parts of the second may overlap, and then so may those of the answer."""
    others = tuple(parts)
    return [
        (mask & other, sources & wanted)
        for mask, sources in column
        for other, wanted in others
        if mask & other and sources & wanted
    ]


def mask_of(column: Column, source: int) -> int:
    """The ports that one source may open by a column."""
    return next((mask for mask, sources in column if sources >> source & 1), 0)


def anyone(column: Column) -> int:
    """The sources that may use at least one port."""
    found = 0
    for _, sources in column:
        found |= sources
    return found
