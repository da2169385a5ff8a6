"""Where more port entries meet than a data plane keeps for one address: which of them it drops is not known.

The VPC CNI's agent has 24 slots of protocol and ports for each prefix of a pod's table; later entries are dropped, and which
ones survive is random (aws-network-policy-agent, pkg/utils, ComputeTrieValue). Entries of all the pod's policies count.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_

from scanner.policy.model import Action
from scanner.policy.selectors import members
from scanner.reach.flows import Bounds
from scanner.reach.grants import Grant, Peers
from scanner.reach.model import Direction

_KINDS = frozenset({"NetworkPolicy", "ApplicationNetworkPolicy"})  # cluster-wide policies have a table of their own
_Crowd = tuple[int, int]  # classes, and the peers for which their rules have too many entries


def crowded(grants: Sequence[Grant], limit: int) -> tuple[Grant, ...]:
    """The same rules; what concerns peers with more entries than `limit` (0: none) stands apart, and in doubt."""
    if not limit:
        return tuple(grants)
    found: dict[int, list[_Crowd]] = {}
    for direction in Direction:
        for at, crowd in _crowds(grants, direction, limit):
            found.setdefault(at, []).append(crowd)
    if not found:
        return tuple(grants)
    doubt = f"more than {limit} port entries meet at one address, and the data plane drops those beyond, which ones is not known"
    return tuple(part for at, grant in enumerate(grants) for part in _split(grant, found.get(at, ()), doubt))


def _crowds(grants: Sequence[Grant], direction: Direction, limit: int) -> Iterator[tuple[int, _Crowd]]:
    """Positions of rules with classes and peers that they crowd."""
    counted = {
        at: len(grant.maybe_ports)
        for at, grant in enumerate(grants)
        if grant.rule.direction is direction
        and grant.rule.action is Action.ALLOW
        and grant.policy.kind in _KINDS
        and grant.maybe_ports
    }
    if sum(counted.values()) <= limit:
        return
    hanging: dict[int, list[int]] = {}
    for at in counted:
        for number in members(grants[at].subject.maybe):
            hanging.setdefault(number, []).append(at)
    alike: dict[tuple[int, ...], int] = {}
    for number, rules in hanging.items():
        if sum(counted[at] for at in rules) > limit:
            alike[tuple(rules)] = alike.get(tuple(rules), 0) | 1 << number
    for at_class, classes in alike.items():
        over = _over([(grants[at].peers.all.maybe, counted[at]) for at in at_class], limit)
        for at in at_class:
            if grants[at].peers.all.maybe & over:
                yield at, (classes, over)


def _over(entries: Sequence[tuple[int, int]], limit: int) -> int:
    """The peers that more entries than `limit` concern."""
    by_count = {0: reduce(or_, (peers for peers, _ in entries), 0)}
    for peers, count in entries:
        for known, at in list(by_count.items()):
            if both := at & peers:
                by_count[known] ^= both
                total = min(known + count, limit + 1)
                by_count[total] = by_count.get(total, 0) | both
    return by_count.get(limit + 1, 0)


def _split(grant: Grant, crowds: Sequence[_Crowd], doubt: str) -> Iterator[Grant]:
    """A rule in parts: for the classes that are crowded nowhere, and for each of the others both kinds of peers."""
    rest = grant.subject
    for classes, over in crowds:
        own = Bounds(rest.sure & classes, rest.maybe & classes)
        rest = rest.without(classes)
        yield dataclasses.replace(grant, subject=own, peers=_peers(grant.peers, ~over))
        rule = dataclasses.replace(grant.rule, doubt=grant.rule.doubt or doubt)
        yield dataclasses.replace(grant, rule=rule, subject=Bounds(0, own.maybe), peers=_peers(grant.peers, over))
    if rest.maybe or not crowds:
        yield dataclasses.replace(grant, subject=rest) if crowds else grant


def _peers(peers: Peers, kept: int) -> Peers:
    def within(found: Bounds) -> Bounds:
        return Bounds(found.sure & kept, found.maybe & kept)

    return Peers(within(peers.selected), within(peers.addressed), peers.excepted & kept)
