"""`diff/v1`: what connections two states differ by, as a document, for a terminal, and as a pull-request comment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from reports.lint import schema_of
from reports.reach.document import encoded
from reports.reach.markdown import code, text
from reports.reach.schema import InputWarning, Level, Ports
from reports.reach.words import plain, port_words
from scanner.reach.diff import Change
from scanner.reach.model import PortSet

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "doubt": "?"}
_WORDS = {"added": "opened", "removed": "closed", "changed": "changed", "doubt": "in doubt"}
_MOST_ROWS = 300
_MOST_CHARACTERS = 60_000  # of a comment: GitHub takes 65,536, GitLab a million
_MOST_CAUSES = 3
_MOST_WORDS = 300  # characters of what was compared, and of one cause


class _Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    src: str
    dst: str
    via: str = ""
    causes: list[str] = []
    filtered_before: Ports | msgspec.UnsetType = msgspec.UNSET
    filtered_after: Ports | msgspec.UnsetType = msgspec.UNSET


class OneSided(_Line, kw_only=True, omit_defaults=True):
    """A connection that is possible on one side only, with all its ports there."""

    ports: Ports


class TwoSided(_Line, kw_only=True, omit_defaults=True):
    """A connection with its ports before and after.

    Where both are equal, what is filtered above the ports (`filtered_before`, `filtered_after`) differs.
    """

    before: Ports
    after: Ports


class Diff(msgspec.Struct, kw_only=True):
    """What connections two states differ by, each list sorted by src, dst and via.

    `via` is the Service whose path is meant; `causes` are the policies, workloads and namespaces that made the difference.
    `unknown` holds the ports that are undecided before and after where these differ, whatever else is known of the pair.
    """

    schema: str
    level: Level
    before: str
    after: str
    added: list[OneSided]
    removed: list[OneSided]
    changed: list[TwoSided]
    unknown: list[TwoSided]
    warnings: list[InputWarning]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `diff/v1`; unknown fields stay allowed."""
    return schema_of(Diff, "diff/v1", "What connections two states differ by")


@dataclass(frozen=True, slots=True)
class Sides:
    """What was compared, as the user named it."""

    before: str
    after: str
    level: str


@dataclass
class Tally:
    """How many connections of each kind were seen."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_SIGNS, 0))
    opened: bool = False  # whether some connection gained a port

    def note(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Count what passes by."""
        for change in changes:
            self.counts[change.kind] += 1
            self.opened = self.opened or change.opens
            yield change

    @property
    def words(self) -> str:
        """One line: "2 opened, 1 closed"."""
        parts = [f"{count} {_WORDS[kind]}" for kind, count in self.counts.items() if count]
        return ", ".join(parts) or "no connection differs"


def render_diff(changes: Iterable[Change], sides: Sides, warnings: Iterable[Mapping[str, str]] = ()) -> bytes:
    """The `diff/v1` document. `unknown` holds what is undecided before or after and differs in that."""
    lists: dict[str, list[str]] = {name: [] for name in ("added", "removed", "changed", "unknown")}
    for change in changes:
        for name, entry in _entries(change):
            lists[name].append(encoded(entry))
    head = encoded({"schema": "diff/v1", "level": sides.level, "before": sides.before, "after": sides.after})
    body = "".join(f',"{name}":[{",".join(found)}]' for name, found in lists.items())
    return f'{head[:-1]}{body},"warnings":{encoded(list(warnings))}}}\n'.encode()


def _entries(change: Change) -> Iterator[tuple[str, dict[str, object]]]:
    ends: dict[str, object] = {"src": change.src, "dst": change.dst}
    rest: dict[str, object] = {}
    if change.via:
        rest["via"] = change.via
    if change.causes:
        rest["causes"] = change.causes
    if change.filtered_before or change.filtered_after:
        rest |= {"filtered_before": change.filtered_before, "filtered_after": change.filtered_after}
    kind = change.kind
    if kind in {"added", "removed"}:
        yield kind, ends | {"ports": change.after or change.before} | rest
    elif kind == "changed":
        yield kind, ends | {"before": change.before, "after": change.after} | rest
    if change.unknown_before != change.unknown_after:
        yield "unknown", ends | {"before": change.unknown_before, "after": change.unknown_after} | rest


def diff_lines(changes: Iterable[Change], sides: Sides, tally: Tally) -> Iterator[str]:
    """For a terminal: a line per connection with what caused it, and the tally last; `tally` has noted all that passed by."""
    yield f"# {sides.level}: connections, from {plain(sides.before)} to {plain(sides.after)}"
    for change in changes:
        yield plain(f"{_SIGNS[change.kind]} {change.src} -> {change.dst}  {_ports(change)}{_via(change)}")
        if change.causes:
            more = f" and {len(change.causes) - _MOST_CAUSES} more" if len(change.causes) > _MOST_CAUSES else ""
            yield plain(f"    by {'; '.join(change.causes[:_MOST_CAUSES])}{more}")
    yield f"# {tally.words}"


def diff_markdown(changes: Iterable[Change], sides: Sides, tally: Tally) -> str:
    """A pull-request comment: the tally (of what passed by), then one table per cause; bounded, so that a forge takes it."""
    by_cause: dict[tuple[str, ...], list[Change]] = {}
    for number, change in enumerate(changes):
        if number < _MOST_ROWS:
            by_cause.setdefault(change.causes, []).append(change)
    parts = [
        f"### Network policy: {tally.words}\n\n"
        f"Connections ({sides.level}) from {_name(sides.before)} to {_name(sides.after)}.\n"
    ]
    room, shown = _MOST_CHARACTERS, 0
    for causes, found in sorted(by_cause.items(), key=lambda item: (-len(item[1]), item[0])):
        title = f"\n**{_causes(causes)}**\n\n| | from | to | ports |\n| --- | --- | --- | --- |\n"
        rows = []
        room -= len(title)
        for row in map(_row, found):
            if len(row) <= room:
                room -= len(row)
                rows.append(row)
        parts += [title, *rows] if rows else []
        shown += len(rows)
    total = sum(tally.counts.values())
    if total > shown:
        parts.append(f"\n…and {total - shown:,} more: `ringfence diff` lists them all.\n")
    return "".join(parts)


def _row(change: Change) -> str:
    ports = text(_ports(change) + _via(change))
    return f"| {_WORDS[change.kind]} | {code(change.src)} | {code(change.dst)} | {ports} |\n"


def _causes(causes: tuple[str, ...]) -> str:
    names = [text(_cut(cause)) for cause in causes[:_MOST_CAUSES]]
    names += [f"{len(causes) - _MOST_CAUSES} more"] if len(causes) > _MOST_CAUSES else []
    return ", ".join(names) or "Other causes"


def _name(side: str) -> str:
    return code(_cut(side))


def _cut(words: str) -> str:
    return words if len(words) <= _MOST_WORDS else f"{words[: _MOST_WORDS - 1]}…"


def _ports(change: Change) -> str:
    if change.kind == "added":
        return port_words(change.after)
    if change.kind == "removed":
        return port_words(change.before)
    if change.kind == "doubt":
        return f"undecided: {_or_none(change.unknown_before)} -> {_or_none(change.unknown_after)}"
    if change.before == change.after:
        return f"filtered above the ports: {_or_none(change.filtered_before)} -> {_or_none(change.filtered_after)}"
    return f"{port_words(change.before)} -> {port_words(change.after)}"


def _or_none(ports: PortSet) -> str:
    return port_words(ports) or "none"


def _via(change: Change) -> str:
    return f" via {change.via}" if change.via else ""
