"""What a report says of the differences between declared and effective: how many of each kind, why, and a few of them."""

from __future__ import annotations

from scanner.dataplane.model import DataPlane
from scanner.findings import Difference, DifferentPair
from scanner.model import Snapshot
from scanner.policy.model import PolicySet
from scanner.reach.effects.compare import Compared, Example, Share

_MOST = 50  # groups of one cluster; what has more is not read by anybody


def differences_of(snapshot: Snapshot, policies: PolicySet, plane: DataPlane) -> tuple[Difference, ...]:
    """The differences of one cluster, gaps first, the largest of each kind first."""
    return tuple(_difference(share) for share in Compared(snapshot, policies, [plane]).shares(0)[:_MOST])


def _difference(share: Share) -> Difference:
    return Difference(
        kind=share.kind,
        rules=share.names,
        because=tuple(rule.words for rule in share.rules),
        connections=share.connections,
        examples=tuple(_pair(example) for example in share.examples),
    )


def _pair(example: Example) -> DifferentPair:
    return DifferentPair(
        src=example.src,
        dst=example.dst,
        via=example.via,
        declared=dict(example.declared[0]),
        declared_unknown=dict(example.declared[1]),
        effective=dict(example.effective[0]),
        unknown=dict(example.effective[1]),
    )
