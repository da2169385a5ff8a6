"""Everything that is asked of a cluster, one after another: what raises on the way is a bug, whatever the objects are."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import scanner
from infra import snapshots
from infra.manifests import read_objects
from reports.reach.document import reach_document
from scanner.dataplane.catalogue import named
from scanner.errors import RingfenceError
from scanner.judge import judge
from scanner.model import Notice, Snapshot
from scanner.policy.model import PolicySet
from scanner.policy.resolve import resolve
from scanner.reach.engine import ClusterReach, build
from scanner.reach.model import Direction

Wire = dict[str, Any]


@dataclass(frozen=True)
class State:
    """A cluster that was read and resolved, and its declared reach."""

    snapshot: Snapshot
    policies: PolicySet
    reach: ClusterReach

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was wrong with the input, of whichever stage."""
        return tuple(dict.fromkeys((*self.snapshot.notices, *self.policies.notices, *self.reach.notices)))


def state_of(snapshot: Snapshot) -> State:
    """A snapshot with what comes of it."""
    policies = resolve(snapshot)
    return State(snapshot, policies, build(snapshot, policies))


def read(objects: list[Wire]) -> State:
    """The objects as a cluster."""
    return state_of(read_objects(objects, taken="2026-11-23T08:00:00Z"))


def effective(state: State, plane: str) -> ClusterReach:
    """The same cluster's reach as one data plane makes of it."""
    return build(state.snapshot, state.policies, named(plane))


def walk(state: State, plane: str, before: Snapshot | None = None) -> None:
    """Ask for everything: both levels, an explanation, lint, the audit, a stored copy, and what changed since `before`."""
    snapshot = state.snapshot
    for reach in (state.reach, effective(state, plane)):
        document = b"".join(reach_document(reach.listing()))
        assert document.decode()
        _drain(reach.unknown())
        _drain(reach.sources(each) for each in reach.classes[:3])
        for each in reach.classes[:2]:
            reach.isolation(each, Direction.INGRESS)
        _explain(reach)
    _drain(scanner.lint_of(snapshot))
    _drain(scanner.lint_of(snapshot, plane))
    judge(snapshot)
    assert snapshots.decode(snapshots.encode(snapshot), "memory") == snapshot
    if before is not None:
        _drain(scanner.diff(before, snapshot))
        _drain(scanner.diff(snapshot, before, plane))


def _explain(reach: ClusterReach) -> None:
    """Explain the first pair of workloads, and the first one with an address, both ways."""
    ids = [each.id for each in reach.workloads[:2]]
    for src, dst in ((ids[0], ids[-1]), (ids[0], "10.0.1.5"), ("2001:db8::5", ids[-1])) if ids else ():
        try:
            reach.explain(src, dst, "TCP", 80)
        except RingfenceError as error:
            one_line(error)


def one_line(error: RingfenceError) -> None:
    """An expected error is one line that a terminal can show."""
    assert str(error).isprintable(), str(error)


def _drain(lines: Any) -> None:
    deque(lines, maxlen=0)
