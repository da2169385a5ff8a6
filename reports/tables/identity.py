"""Ids of findings: UUIDs of version 5 (RFC 9562, section 5.5), so the same finding has the same id in every run."""

from __future__ import annotations

from uuid import UUID, uuid5

from reports.tables.text import utf8

_FINDINGS = UUID(
    "6f0a5b1e-64a9-5d0c-9d39-2a1f0c5e7b11"
)  # drawn once; never changes, or every finding would be a new one
_REPEATED = UUID("b3c1f6d2-0a7e-5b84-8c55-41de9f2a6c07")


class Names:
    """Ids of names below one parent, each once.

    A name that comes again (two items about one subject) has an id of its own, by how often it came before: the order of
    a report's items is the scanner's, so that is the same in every run too.
    """

    __slots__ = ("_parent", "_seen")

    def __init__(self, parent: UUID = _FINDINGS) -> None:
        self._parent = parent
        self._seen: dict[str, int] = {}

    def name(self, name: str) -> str:
        """The id of `name` here."""
        return str(self._id(name))

    def below(self, name: str) -> Names:
        """The names below `name`."""
        return Names(self._id(name))

    def _id(self, name: str) -> UUID:
        text = utf8(name)
        found, before = uuid5(self._parent, text), self._seen.get(text, 0)
        self._seen[text] = before + 1
        return uuid5(_REPEATED, f"{found} {before}") if before else found
