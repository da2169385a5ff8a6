"""What every list of findings goes over: who has which controls, and which of the fabric's are no repetition of a cluster's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from reports.document import Cluster, Report
from reports.places import not_whole
from reports.wording import is_unread
from scanner.findings import ControlResult, Item, Status, roll_up
from scanner.gaps import by_cause

FABRIC = "fabric"


@dataclass(frozen=True, slots=True)
class Holder:
    """A cluster with its controls, or the fabric with those that are the fleet's alone (`cluster` is then None)."""

    id: str
    name: str
    cluster: Cluster | None
    controls: Sequence[ControlResult]


def holders(report: Report) -> Iterator[Holder]:
    """Every cluster in the report's order, then the fabric: each finding once.

    The fabric repeats the fleet's controls of each cluster under its name (`reports.fabric`): they are the clusters' own here.
    """
    for cluster in report.clusters:
        yield Holder(cluster.id, cluster.name, cluster, cluster.controls)
    own = _fabric(report)
    if own:
        yield Holder(FABRIC, FABRIC, None, own)


def _fabric(report: Report) -> tuple[ControlResult, ...]:
    if report.fabric is None:
        return ()
    fleets = {control.id for control in report.fabric.controls}
    judged = {control.id for cluster in report.clusters for control in cluster.controls if control.id in fleets}
    repeated = {
        (control.id, cluster.name if item.subject == "cluster" else f"{cluster.name}: {item.subject}")
        for cluster in report.clusters
        for control in cluster.controls
        if control.id in fleets
        for item in control.items
    }
    left = []
    for control in report.fabric.controls:
        items = tuple(item for item in control.items if (control.id, item.subject) not in repeated)
        if control.id not in judged:
            left.append(control)
        elif items:
            left.append(_reduced(control, items))
    return tuple(left)


def _reduced(control: ControlResult, items: tuple[Item, ...]) -> ControlResult:
    status = roll_up(item.status for item in items)
    reason = next((item.reason for item in items if item.status is status), control.reason)
    return msgspec.structs.replace(control, items=items, status=status, reason=reason)


def items_of(control: ControlResult, status: Status) -> Iterator[Item]:
    """A control's items of one status; where none has the control's own (nothing was read), one that stands for all of it."""
    found = False
    for item in control.items:
        if item.status is status:
            found = True
            yield item
    if not found and control.status is status:
        yield Item(subject="cluster", status=status, reason=control.reason)


def unread_lines(report: Report) -> tuple[str, ...]:
    """What was not read, a line each: places, clusters that could not be read, and those that were read in part."""
    clusters = (
        f"{each.name}: not read: {each.unread}" if is_unread(each) else f"{each.name}: read in part: {_gaps(each)}"
        for each in report.clusters
        if each.read != "complete"
    )
    return (*not_whole(report.scopes), *clusters)


def _gaps(cluster: Cluster) -> str:
    return "; ".join(by_cause(cluster.gaps))
