"""The lines of a listing that Services' own addresses make, where a data plane judges egress there, and what they keep closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from scanner.model import Notice
from scanner.policy.selectors import members
from scanner.reach.addressed import Judged, Matrices, Path
from scanner.reach.listing import Closed, Line, PeerTable
from scanner.reach.paths import Lines, append

UNDECIDED = "egress is judged at the Service's address, and what the rules come to there is not known"
_MEND = (
    "this data plane judges egress there, and a rule covers it only where the Service's selector has the labels that the "
    "rule asks for"
)


class Fronts:
    """Paths through Services' addresses that are judged otherwise than their pods' own; found when first asked for."""

    def __init__(self, judged: Judged | None, direct: Matrices, table: PeerTable) -> None:
        self._judged, self._direct, self._table = judged, direct, table

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        return tuple(self._judged.paths(self._direct, self._table.peers)) if self._judged else ()

    def added(self, lines: Lines) -> Lines:
        """Lines, and with them what Services' addresses open, or leave undecided, beyond their pods' own."""
        for path in self._paths:
            destination = self._table.position[path.workload]
            for side, column, reason in ((lines[0], path.allowed, ""), (lines[1], path.unknown, UNDECIDED)):
                for mask, sources in column:
                    for source in members(sources & ~(1 << destination)):
                        append(side, Line(source, destination, mask, path.service, reason))
        return lines

    @cached_property
    def closed(self) -> tuple[Closed, ...]:
        """What Services' addresses keep closed; a workload's own Service is no way to itself."""
        return tuple(self._closed())

    def _closed(self) -> Iterator[Closed]:
        for path in self._paths:
            destination = self._table.position[path.workload]
            for mask, sources in path.closed:
                if rest := sources & ~(1 << destination):
                    yield Closed(destination, path.service, mask, rest)

    @property
    def notices(self) -> list[Notice]:
        """One for each Service: whom its pods let in and its address does not."""
        found: dict[str, int] = {}
        for each in self.closed:
            found[each.via] = found.get(each.via, 0) | each.sources
        return [
            Notice(object=f"Service {name}", field="spec.selector", message=_fewer(sources, self._table.ids))
            for name, sources in found.items()
        ]


def _fewer(sources: int, ids: Sequence[str]) -> str:
    first = [ids[at] for at, _ in zip(members(sources), range(3), strict=False)]
    more = sources.bit_count() - len(first)
    who = ", ".join(first) + (f" and {more} more" if more else "")
    return f"its pods may be reached by {who}, its address may not: {_MEND}"
