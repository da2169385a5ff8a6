"""What connections two states of a cluster differ by: by meaning, so that renaming or reordering policies changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from scanner.dataplane.model import DataPlane
from scanner.model import Snapshot
from scanner.policy.model import PolicySet
from scanner.reach.changes import Change, changes_between
from scanner.reach.cuts import Cuts
from scanner.reach.engine import ClusterReach, build

__all__ = ["Change", "State", "aligned", "all_aligned", "difference"]


@dataclass(frozen=True, slots=True)
class State:
    """One side of a comparison. `ipblock_matches_pods` as in `engine.build`, for this side alone."""

    snapshot: Snapshot
    policies: PolicySet
    dataplane: DataPlane | None = None
    ipblock_matches_pods: bool | None = None


def aligned(
    before: State, after: State, *, ipblock_matches_pods: bool | None = None
) -> tuple[ClusterReach, ClusterReach]:
    """The reach of both states, each told to tell apart what the other does."""
    one, other = all_aligned((before, after), ipblock_matches_pods=ipblock_matches_pods)
    return one, other


def all_aligned(
    states: Sequence[State], *, known: Sequence[ClusterReach] = (), ipblock_matches_pods: bool | None = None
) -> list[ClusterReach]:
    """The same of any number of states; `known` is what was built of the first of them.

    Each is told what those before it tell apart, so that few have to be built twice.
    """
    found = list(known)
    cuts = reduce(or_, (each.cuts for each in found), Cuts())
    for state in states[len(found) :]:
        found.append(_build(state, ipblock_matches_pods, cuts))
        cuts |= found[-1].cuts
    return [
        each if each.cuts == cuts else _build(state, ipblock_matches_pods, cuts)
        for state, each in zip(states, found, strict=True)
    ]


def _build(state: State, ipblock_matches_pods: bool | None, cuts: Cuts | None = None) -> ClusterReach:
    asked = state.ipblock_matches_pods if ipblock_matches_pods is None else ipblock_matches_pods
    return build(state.snapshot, state.policies, state.dataplane, ipblock_matches_pods=asked, cuts=cuts)


def difference(before: ClusterReach, after: ClusterReach) -> Iterator[Change]:
    """Every connection that differs, sorted by src, dst and via. Both must be built with the same cuts (`aligned`)."""
    yield from changes_between(before.view, after.view)
