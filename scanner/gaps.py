"""What of a cluster was not read whole, in words."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.model import Collected, Snapshot

_GAPS = frozenset({Collected.PARTIAL, Collected.FORBIDDEN})


def gaps_of(snapshot: Snapshot) -> tuple[str, ...]:
    """The kinds that were not read whole, as "pods: forbidden, why", sorted."""
    return tuple(
        f"{kind}: {status.status}" + (f", {status.reason}" if status.reason else "")
        for kind, status in sorted(snapshot.collection.items())
        if status.status in _GAPS
    )


def by_cause(gaps: Sequence[str]) -> list[str]:
    """A cluster's gaps ("pods: forbidden, why"), kinds with one cause together."""
    kinds: dict[str, list[str]] = {}
    for gap in gaps:
        kind, _, cause = gap.partition(": ")
        kinds.setdefault(cause, []).append(kind)
    return [f"{', '.join(names)}: {cause}" for cause, names in kinds.items()]
