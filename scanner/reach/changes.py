"""The connections that two views of a cluster differ by, from columns: the work grows with what differs.

Both views must speak of the same peers and ports (`Cuts`): then a peer's position and a port's bit mean the same in both, and
destinations whose columns are equal are passed over at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from scanner.policy.selectors import members
from scanner.reach.causes import Causes
from scanner.reach.columns import less, mask_of
from scanner.reach.listing import Group, Line, View
from scanner.reach.model import PortSet

_BLOCK = 256  # sources looked at in one pass over the groups that differ
_NOTHING = Group((), (), (), ())


@dataclass(frozen=True, slots=True)
class Change:
    """One connection that differs: its ports before and after, allowed and undecided, and what brought the change about.

    `filtered` are the allowed ports that are also filtered above the ports. `via` names the Service whose path is meant.
    """

    src: str
    dst: str
    before: PortSet
    after: PortSet
    unknown_before: PortSet
    unknown_after: PortSet
    filtered_before: PortSet
    filtered_after: PortSet
    via: str = ""
    causes: tuple[str, ...] = ()

    @property
    def opens(self) -> bool:
        """Whether a port is allowed that was not."""
        return any(
            not any(low <= first and last <= high for low, high in self.before.get(protocol, ()))
            for protocol, ranges in self.after.items()
            for first, last in ranges
        )

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`; `doubt` where only what is undecided differs."""
        if self.before == self.after:
            return "doubt" if self.filtered_before == self.filtered_after else "changed"
        if not self.before:
            return "added"
        return "changed" if self.after else "removed"


class _Masks(NamedTuple):
    certain: int
    unknown: int
    filtered: int


def changes_between(one: View, other: View) -> Iterator[Change]:
    """Every connection that differs, sorted by src, dst and via."""
    causes = Causes(one, other)
    pairs = _pairs(one, other)
    yield from _changes(one, pairs, other, causes)


def closed_changes(view: View) -> Iterator[Change]:
    """What Services' addresses keep closed though their pods' own are open, as changes from the latter."""
    ids = view.table.ids
    for each in view.closed:
        ports = view.port_set(each.mask)
        for source in members(each.sources):
            yield Change(ids[source], ids[each.dst], ports, {}, {}, {}, {}, {}, via=each.via)


def service_changes(one: View, other: View) -> Iterator[Change]:
    """Those of them that lead through a Service."""
    yield from _changes(one, {}, other, Causes(one, other))


def _changes(one: View, pairs: dict[tuple[Group, Group], list[int]], other: View, causes: Causes) -> Iterator[Change]:
    touched = [(both, _changed(*both)) for both in pairs]
    extra = _extra(one, other)
    for first in range(0, len(one.table.ids), _BLOCK):
        found: list[tuple[int, int, str, _Masks, _Masks]] = []
        for (old, new), sources in touched:
            for source in members(sources >> first & (1 << _BLOCK) - 1):
                masks = _masks(old, first + source), _masks(new, first + source)
                found += [(first + source, at, "", *masks) for at in pairs[old, new] if at != first + source]
        found += [(*key, *masks) for key, masks in extra.items() if first <= key[0] < first + _BLOCK]
        for src, dst, via, old_masks, new_masks in sorted(found):
            opened, closed = _turned(old_masks, new_masks)
            by = causes.of(src, dst, opened=opened, closed=closed)
            yield _change(one, (src, dst, via), old_masks, new_masks, by)


def _pairs(one: View, other: View) -> dict[tuple[Group, Group], list[int]]:
    """Destinations whose columns differ, by their groups on both sides."""
    new = {destination: group for group in other.groups for destination in group.destinations}
    found: dict[tuple[Group, Group], list[int]] = {}
    for group in one.groups:
        old = group._replace(destinations=())
        for destination in group.destinations:
            partner = new.get(destination, _NOTHING)._replace(destinations=())
            if partner != old:
                found.setdefault((old, partner), []).append(destination)
    return found


def _changed(old: Group, new: Group) -> int:
    """The sources for which anything differs between two groups of columns."""
    found = 0
    for one, other in ((old.certain, new.certain), (old.unknown, new.unknown), (old.filtered, new.filtered)):
        for _, sources in (*less(one, other), *less(other, one)):
            found |= sources
    return found


def _masks(group: Group, source: int) -> _Masks:
    return _Masks(mask_of(group.certain, source), mask_of(group.unknown, source), mask_of(group.filtered, source))


def _turned(old: _Masks, new: _Masks) -> tuple[bool, bool]:
    """Whether ports were gained, and lost; a change of doubt or of filters may be either."""
    gained, lost = new.certain & ~old.certain, old.certain & ~new.certain
    return (True, True) if not gained and not lost else (bool(gained), bool(lost))


def _extra(one: View, other: View) -> dict[tuple[int, int, str], tuple[_Masks, _Masks]]:
    """The lines through Services that differ: from ingress controllers, and past policy."""
    old, new = _lines(one), _lines(other)
    none = _Masks(0, 0, 0)
    return {
        key: (old.get(key, none), new.get(key, none))
        for key in sorted(old.keys() | new.keys())
        if old.get(key, none) != new.get(key, none)
    }


def _lines(view: View) -> Mapping[tuple[int, int, str], _Masks]:
    found: dict[tuple[int, int, str], _Masks] = {}
    for side, lines in enumerate(view.extra):
        for line in chain.from_iterable(lines.values()):
            key = (line.src, line.dst, line.via)
            known = found.get(key, _Masks(0, 0, 0))
            found[key] = _joined(known, line, side)
    return found


def _joined(known: _Masks, line: Line, side: int) -> _Masks:
    if side:
        return known._replace(unknown=known.unknown | line.mask)
    return known._replace(certain=known.certain | line.mask)


def _change(view: View, key: tuple[int, int, str], old: _Masks, new: _Masks, causes: tuple[str, ...]) -> Change:
    ids, ports = view.table.ids, view.port_set
    return Change(
        src=ids[key[0]],
        dst=ids[key[1]],
        before=ports(old.certain),
        after=ports(new.certain),
        unknown_before=ports(old.unknown),
        unknown_after=ports(new.unknown),
        filtered_before=ports(old.filtered),
        filtered_after=ports(new.filtered),
        via=key[2],
        causes=causes,
    )
