"""How many connections hang on which rules, from columns: the work grows with distinct columns and rules, not with pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scanner.policy.selectors import members
from scanner.reach.columns import less
from scanner.reach.listing import Group, View

EXAMPLES = 5
Kind = str  # gap, breakage, both or doubt
Key = tuple[Kind, tuple[int, ...]]  # and the positions of the rules that alone change it
_NOTHING = Group((), (), (), ())


class Counted(NamedTuple):
    """How many connections are of one kind and hang on the same rules, and the ends (positions of peers) of the first few."""

    connections: int
    examples: tuple[tuple[int, int], ...]


def tally(declared: View, effective: View, without: Sequence[View]) -> dict[Key, Counted]:
    """The connections between peers that differ, by kind and by the rules without which they would be otherwise.

    All views are of one set of cuts. Lines that lead through Services are not among them.
    """
    found: dict[Key, Counted] = {}
    for columns, destinations in _alike(declared, effective, without).items():
        old, new, *others = columns
        if old == new:
            continue
        turned = [_differing(other, new) for other in others]
        for kind, sources in _kinds(old, new):
            for rules, share in _split(sources, turned):
                _count(found, (kind, rules), share, destinations)
    return found


def _alike(declared: View, effective: View, without: Sequence[View]) -> dict[tuple[Group, ...], list[int]]:
    """Destinations whose columns are equal in every view."""
    views = [_by_destination(view) for view in (declared, effective, *without)]
    found: dict[tuple[Group, ...], list[int]] = {}
    for destination in range(len(declared.table.ids)):
        key = tuple(view.get(destination, _NOTHING) for view in views)
        found.setdefault(key, []).append(destination)
    return found


def _by_destination(view: View) -> Mapping[int, Group]:
    return {
        destination: bare
        for group in view.groups
        for bare in [group._replace(destinations=())]
        for destination in group.destinations
    }


def _kinds(old: Group, new: Group) -> Iterator[tuple[Kind, int]]:
    """The sources that differ, as disjoint sets by kind; what was or is undecided makes no gap and no breakage."""
    gaps = _sources(less(less(new.certain, old.certain), old.unknown))
    broken = _sources(less(less(old.certain, new.certain), new.unknown))
    differing = _differing(old, new)
    yield "both", gaps & broken
    yield "gap", gaps & ~broken
    yield "breakage", broken & ~gaps
    yield "doubt", differing & ~(gaps | broken)


def _differing(old: Group, new: Group) -> int:
    found = 0
    for one, other in ((old.certain, new.certain), (old.unknown, new.unknown), (old.filtered, new.filtered)):
        if one != other:
            found |= _sources(less(one, other)) | _sources(less(other, one))
    return found


def _sources(column: Iterable[tuple[int, int]]) -> int:
    found = 0
    for _, sources in column:
        found |= sources
    return found


def _split(sources: int, turned: Sequence[int]) -> Iterator[tuple[tuple[int, ...], int]]:
    """A set of sources by which rules change it."""
    parts: dict[tuple[int, ...], int] = {(): sources} if sources else {}
    for at, changed in enumerate(turned):
        parts = {
            key: share
            for rules, found in parts.items()
            for key, share in (((*rules, at), found & changed), (rules, found & ~changed))
            if share
        }
    yield from parts.items()


def _count(found: dict[Key, Counted], key: Key, sources: int, destinations: Iterable[int]) -> None:
    count, examples = found.get(key, Counted(0, ()))
    many = sources.bit_count()
    for destination in destinations:
        count += many - (sources >> destination & 1)  # a peer and itself are no connection
        if len(examples) < EXAMPLES:
            more = ((source, destination) for source in members(sources) if source != destination)
            examples += tuple(pair for pair, _ in zip(more, range(EXAMPLES - len(examples)), strict=False))
    if count:
        found[key] = Counted(count, examples)
