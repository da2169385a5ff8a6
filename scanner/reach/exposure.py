"""The numbers of one level: counted over sets of workloads, never over pairs held in memory."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.dataplane.model import Answer
from scanner.findings import Exposure, Level
from scanner.reach.columns import anyone
from scanner.reach.listing import Group, PeerTable
from scanner.reach.model import Direction, PodClass
from scanner.reach.reasons import Reasons


def measure(
    level: Level, table: PeerTable, groups: Sequence[Group], classes: Sequence[PodClass], reasons: Reasons
) -> Exposure:
    """Count open and undecided ordered pairs of different workloads, and workloads isolated in every pod."""
    opened = unknown = 0
    for group in groups:
        sure = anyone(group.certain) & table.workloads
        unsure = anyone(group.unknown) & table.workloads & ~sure
        for destination in group.destinations:
            if table.workloads >> destination & 1:
                opened += sure.bit_count() - (sure >> destination & 1)
                unknown += unsure.bit_count() - (unsure >> destination & 1)
    workloads = {workload for item in classes for workload in item.workloads}
    isolated = {
        direction: len(workloads)
        - len(
            {
                workload
                for item in classes
                if item.workloads and reasons.isolation(item, direction).answer is not Answer.YES
                for workload in item.workloads
            }
        )
        for direction in Direction
    }
    return Exposure(
        level=level,
        workloads=len(workloads),
        pairs=len(workloads) * (len(workloads) - 1),
        open=opened,
        unknown=unknown,
        isolated_ingress=isolated[Direction.INGRESS],
        isolated_egress=isolated[Direction.EGRESS],
    )
