"""What a few policies more or less would change, from a reach that is there: only what they touch is worked out anew.

A policy touches the connections to the pods it selects where it judges ingress, and those from them where it judges egress.
So columns are made again for the destinations selected, with all sources; and for every other destination with the sources
selected alone. Everything that does not depend on policies (classes, addresses, ports, peers) stays as it is, so an edit that
would tell apart what the reach at hand does not is no case for this: then both states are built (scanner/reach/diff.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanner.dataplane.model import DataPlane
from scanner.model import Snapshot
from scanner.policy.combine import combine
from scanner.policy.model import Policy
from scanner.policy.resolve import resolve
from scanner.policy.selectors import bit_set, members
from scanner.reach.bounds import Standing, bounds, endings_of, unfiltered
from scanner.reach.causes import Key, by_key, key_of
from scanner.reach.changes import Change, changes_between
from scanner.reach.columns import Column
from scanner.reach.coverage import undecided
from scanner.reach.engine import ClusterReach
from scanner.reach.flows import Bounds
from scanner.reach.grants import Grant, Peers
from scanner.reach.listing import Group, Line, View, grouped
from scanner.reach.model import Direction
from scanner.reach.names import names_of
from scanner.reach.order import places, tiers_of
from scanner.reach.paths import Lines, bypass_lines, controller_lines
from scanner.reach.population import blocks, label_keys, port_names

_ALL = (1, 65535)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Policies that come and go, resolved and combined as the reach's own; those that go are its own. A changed one does both."""

    added: tuple[Policy, ...] = ()
    removed: tuple[Policy, ...] = ()


def answer(before: ClusterReach, edited: Snapshot, dataplane: DataPlane | None) -> Iterator[Change] | None:
    """What changes where policies alone were edited, as `what_if`; None where both states must be built to say it.

    `before` was built for the same data plane from the snapshot before the edit. Policies are resolved all, for some say
    what they do only beside others.
    """
    policies = resolve(edited)
    edit = edit_towards(before, combine(policies, dataplane).policies)
    same = undecided(edited, policies, dataplane) == before.parts.unjudged
    return what_if(before, edit) if same and fits(before, edit) else None


def edit_towards(before: ClusterReach, policies: Iterable[Policy]) -> Edit:
    """What turns the policies of a reach into these."""
    old, new = (by_key(found) for found in ((each for each, _ in before.parts.standing.selected_by), policies))
    keys = [key for key in sorted(old.keys() | new.keys()) if old.get(key, ()) != new.get(key, ())]
    return Edit(
        added=tuple(each for key in keys for each in new.get(key, ())),
        removed=tuple(each for key in keys for each in old.get(key, ())),
    )


def fits(before: ClusterReach, edit: Edit) -> bool:
    """Whether the reach tells apart all that an edit speaks of, so that `what_if` can answer."""
    parts, added = before.parts, edit.added
    population, cuts = parts.population, parts.cuts
    spaces = {span.name for span in population.spans}
    ports = (port for policy in added for rule in policy.rules for port in rule.ports or () if not port.name)
    return (
        label_keys(added) <= population.keys
        and port_names(added) <= population.port_names
        and cuts.blocks.issuperset(blocks(added))
        and cuts.names.issuperset(names_of(added))
        and all(
            (port.first, port.last) == _ALL or (port.protocol, port.first, port.last) in cuts.ports for port in ports
        )
        and all(policy.namespaces is not None or policy.namespace in spaces for policy in added)
        and not any(classes >> population.controller & 1 for classes in _touched(before, edit).values())
    )


def what_if(before: ClusterReach, edit: Edit) -> Iterator[Change]:
    """Every connection that an edit which fits would change, sorted by src, dst and via. `before` stays as it is."""
    old, parts = before.view, before.parts
    region = _region(before, edit)
    gone = {id(policy) for policy in edit.removed}
    keys = {key_of(policy) for policy in (*edit.added, *edit.removed)}
    selected_by = (
        *(each for each in parts.standing.selected_by if id(each[0]) not in gone),
        *((policy, parts.reader.subject(policy)) for policy in edit.added),
    )
    tiers = tiers_of(policy for policy, _ in selected_by)
    standing = dataclasses.replace(
        parts.standing, selected_by=selected_by, tiers=tiers, endings=endings_of(selected_by, tiers)
    )
    grants = _grants(before, standing, edit, region)
    groups, lines = _columns(before, standing, grants, region)
    yield from changes_between(
        dataclasses.replace(
            _only(old, keys), groups=tuple(_groups(old.groups, region)), extra=_lines(old.extra, region)
        ),
        _only(dataclasses.replace(old, groups=groups, extra=lines, standing=standing, grants=grants), keys),
    )


def _only(view: View, chosen: set[Key]) -> View:
    """A view that knows of some objects' policies alone: those that may be the cause of a change."""
    selected_by = tuple(each for each in view.standing.selected_by if key_of(each[0]) in chosen)
    return dataclasses.replace(
        view,
        standing=dataclasses.replace(view.standing, selected_by=selected_by),
        grants=tuple(grant for grant in view.grants if key_of(grant.policy) in chosen),
    )


@dataclass(frozen=True, slots=True)
class _Region:
    """What an edit touches, as whole workloads: by direction the classes at the judging end, and those as peers.

    `names` are the ids of the workloads touched as destinations, `senders` the bit set of those touched as sources.
    """

    classes: dict[Direction, int]
    names: tuple[str, ...]
    destinations: int
    senders: int


def _touched(before: ClusterReach, edit: Edit) -> dict[Direction, int]:
    """By direction the classes that some policy of the edit judges."""
    found = dict.fromkeys(Direction, 0)
    for policy in (*edit.added, *edit.removed):
        subject = before.parts.reader.subject(policy).maybe
        for direction in policy.directions.union(rule.direction for rule in policy.rules):
            found[direction] |= subject
    return found


def _region(before: ClusterReach, edit: Edit) -> _Region:
    table, classes = before.view.table, before.parts.population.classes
    names = {
        direction: sorted({name for number in members(touched) for name in classes[number].workloads})
        for direction, touched in _touched(before, edit).items()
    }
    return _Region(
        classes={
            direction: bit_set({number for name in found for number in table.classes_of[name]})
            for direction, found in names.items()
        },
        names=tuple(names[Direction.INGRESS]),
        destinations=bit_set(table.position[name] for name in names[Direction.INGRESS]),
        senders=bit_set(table.position[name] for name in names[Direction.EGRESS]),
    )


def _grants(before: ClusterReach, standing: Standing, edit: Edit, region: _Region) -> tuple[Grant, ...]:
    """The rules that concern the region, in their new places: a place only means something among the rules asked together."""
    gone = {id(policy) for policy in edit.removed}
    policies: list[Policy] = []
    kept: list[tuple[int, int, Grant]] = []
    last, at = None, 0
    for grant in before.parts.grants:
        at = at + 1 if grant.policy is last else 0
        last = grant.policy
        if id(last) not in gone and any(_narrowed(grant, side, region) is not None for side in Direction):
            if not policies or policies[-1] is not last:
                policies.append(last)
            kept.append((len(policies) - 1, at, grant))
    where = places((*policies, *edit.added), standing.tiers)
    subjects = (
        dict(zip(map(id, edit.added), standing.selected_by[-len(edit.added) :], strict=True)) if edit.added else {}
    )
    found = [dataclasses.replace(grant, place=where[policy_at, rule_at]) for policy_at, rule_at, grant in kept]
    for policy_at, policy in enumerate(edit.added, len(policies)):
        for rule_at, rule in enumerate(policy.rules):
            subject = subjects[id(policy)][1]
            found.append(before.parts.reader.grant(policy, rule, subject, where[policy_at, rule_at]))
    return tuple(found)


def _narrowed(grant: Grant, side: Direction, region: _Region) -> Grant | None:
    """A rule as far as it concerns connections whose end at `side` (ingress: the destination) is in the region."""
    classes = region.classes[side]
    within = Bounds(classes, classes)
    if grant.rule.direction is side:
        subject = grant.subject & within
        return dataclasses.replace(grant, subject=subject) if subject.maybe else None
    peers = grant.peers
    if not (peers.all.maybe | peers.excepted) & classes:
        return None
    return dataclasses.replace(
        grant, peers=Peers(peers.selected & within, peers.addressed & within, peers.excepted & classes)
    )


def _columns(
    before: ClusterReach, standing: Standing, grants: Sequence[Grant], region: _Region
) -> tuple[tuple[Group, ...], Lines]:
    """The region's columns and lines through Services, as they would be."""
    view, parts = before.view, before.parts
    groups: list[Group] = []
    lines: Lines = ({}, {})
    for side in Direction:
        if not region.classes[side]:
            continue
        mine = [narrowed for grant in grants if (narrowed := _narrowed(grant, side, region)) is not None]
        certain, possible = bounds(parts.space, standing, mine, parts.reading)
        plain = unfiltered(parts.space, standing, mine, parts.reading)
        if side is Direction.INGRESS:
            groups += grouped(view.table, certain, possible, plain, names=region.names)
            entering = controller_lines(
                parts.services, view.table, parts.space, (certain, possible), parts.population.controller
            )
            lines = bypass_lines(parts.services, view.table, parts.space, groups, entering)
        else:
            others = [name for name in view.table.ids if not region.destinations >> view.table.position[name] & 1]
            groups += _sent(grouped(view.table, certain, possible, plain, names=others), region)
    return tuple(groups), _lines(lines, region)


def _groups(groups: Sequence[Group], region: _Region) -> Iterator[Group]:
    """The same of a reach that is whole: destinations touched with all sources, others with the sources touched."""
    beyond = []
    for group in groups:
        touched = tuple(at for at in group.destinations if region.destinations >> at & 1)
        if touched:
            yield group._replace(destinations=touched)
        if region.senders and len(touched) < len(group.destinations):
            rest = tuple(at for at in group.destinations if not region.destinations >> at & 1)
            beyond.append(group._replace(destinations=rest))
    yield from _sent(beyond, region)


def _sent(groups: Sequence[Group], region: _Region) -> Iterator[Group]:
    for group in groups:
        yield Group(
            group.destinations,
            *(_from(column, region.senders) for column in (group.certain, group.unknown, group.filtered)),
        )


def _from(column: Column, sources: int) -> Column:
    return tuple((mask, found & sources) for mask, found in column if found & sources)


def _lines(lines: Lines, region: _Region) -> Lines:
    """The lines that lead to destinations touched."""

    def chosen(side: dict[int, list[Line]]) -> dict[int, list[Line]]:
        return {src: [line for line in found if region.destinations >> line.dst & 1] for src, found in side.items()}

    return chosen(lines[0]), chosen(lines[1])
