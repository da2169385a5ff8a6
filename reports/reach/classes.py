"""`reach-classes/v1`: the reach class by class, for clusters whose pairs nobody wants to count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reports.reach.document import encoded, selection_fields, warnings
from scanner.reach.collapse import ClassColumn, Collapsed, Outside
from scanner.reach.columns import Column

_FILLED = re.compile(rb"[^\0]")  # most sets are mostly empty
_BITS = tuple(tuple(bit for bit in range(8) if octet >> bit & 1) for octet in range(256))


def classes_document(found: Collapsed) -> Iterator[bytes]:
    """The whole document, small as it is: distinct port sets and sets of sources stand once and are referred to by position."""
    masks, sources = _Numbers(), _Numbers()
    columns = [_column(column, masks, sources) for column in found.columns]
    document: dict[str, object] = {"schema": "reach-classes/v1", "level": str(found.level)}
    if not found.selection.empty:
        document["selection"] = selection_fields(found.selection)
    document |= {
        "classes": [
            {"id": each.index, "namespace": each.namespace, "workloads": each.workloads, "pods": len(each.pods)}
            for each in found.classes
        ],
        "external": [_outside(each) for each in found.outside],
        "masks": [found.port_set(mask) for mask in masks],
        "sources": [runs(bits) for bits in sources],
        "columns": columns,
        "warnings": warnings(found.notices),
    }
    yield encoded(document).encode()
    yield b"\n"


def runs(bits: int) -> list[tuple[int, int]]:
    """A bit set as ascending runs (first, last)."""
    edges = bits ^ bits << 1  # where a run begins, and just after where it ends
    octets = edges.to_bytes((edges.bit_length() + 7) // 8, "little")
    found = [8 * at.start() + bit for at in _FILLED.finditer(octets) for bit in _BITS[octets[at.start()]]]
    return [(first, after - 1) for first, after in zip(found[::2], found[1::2], strict=True)]


class _Numbers(dict[int, int]):
    """Values numbered in the order in which they are first asked for."""

    def __missing__(self, value: int) -> int:
        number = self[value] = len(self)
        return number


def _column(column: ClassColumn, masks: _Numbers, sources: _Numbers) -> Mapping[str, object]:
    def referred(part: Column) -> list[tuple[int, int]]:
        return [(masks[mask], sources[who]) for mask, who in part]

    fields: dict[str, object] = {"destinations": column.destinations}
    if column.via:
        fields["via"] = column.via
    fields |= {"allowed": referred(column.allowed), "unknown": referred(column.unknown)}
    if column.filtered:
        fields["filtered"] = referred(column.filtered)
    return fields


def _outside(each: Outside) -> Mapping[str, object]:
    return {"id": each.id, "name": each.name} if each.name else {"id": each.id, "ranges": each.ranges}
