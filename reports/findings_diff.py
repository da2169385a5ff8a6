"""What becomes of each finding between two runs. Unknown is never taken for fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from reports.document import Cluster, Report
from reports.identity import stable_id
from scanner.findings import ControlResult, Item, Status
from scanner.model import Read

NEW, FIXED, STILL = "new", "fixed", "still-failing"
UNKNOWN, WAIVED, LOST = "became-unknown", "waived", "not-known"
STATES = (NEW, FIXED, UNKNOWN, WAIVED, LOST, STILL)
ABSENT = "absent"  # the status of what is not among a control's items
_FABRIC = "fabric"


class Finding(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One finding that is or was failing, or can no longer be told; `id` is the same in both runs.

    `before` and `after` are its status there, `absent` where its subject is not among the control's items.
    """

    state: str
    id: str
    cluster: str
    name: str
    control: str
    title: str
    severity: str
    subject: str
    before: str
    after: str
    reason: str


def states(before: Report, after: Report) -> Iterator[str]:
    """The state of each finding, as `findings` gives them, for whoever counts alone: there may be a million."""
    for each in _changes(before, after):
        yield each.state


def findings(before: Report, after: Report) -> Iterator[Finding]:
    """Every finding that fails now or failed before, or that can no longer be told, in the order of clusters and controls.

    A control that one run alone judged is left out: its findings are neither new nor fixed. So are those of a cluster that
    vanished.
    """
    for each in _changes(before, after):
        seen = each.now or each.was
        if seen is not None:
            yield Finding(
                state=each.state,
                id=stable_id(each.place.id, each.control.id, *each.subject),
                cluster=each.place.id,
                name=each.place.name,
                control=each.control.id,
                title=each.control.title,
                severity=each.control.severity,
                subject=seen.subject,
                before=each.was.status if each.was else ABSENT,
                after=each.now.status if each.now else ABSENT,
                reason=seen.reason,
            )


def _changes(before: Report, after: Report) -> Iterator[_Change]:
    """As `findings`, without what only a document needs."""
    common = in_both(before, after)
    old = {cluster.id: cluster for cluster in before.clusters}
    for cluster in after.clusters:
        known = old.get(cluster.id)
        yield from _of_place(_place(known, common) if known else None, _place(cluster, common))
    own = {control.id for report in (before, after) for cluster in report.clusters for control in cluster.controls}
    fleets = [_fabric(report, common - own) for report in (before, after)]
    yield from _of_place(fleets[0], fleets[1])


class _Place(NamedTuple):
    """What a cluster's controls found. `read` is how it was read; the fabric is read whole."""

    id: str
    name: str
    read: str
    controls: Mapping[str, ControlResult]


class _Change(NamedTuple):
    """What became of one item: what it was and is, None where it is not among the control's."""

    state: str
    place: _Place
    control: ControlResult
    subject: tuple[str, ...]
    was: Item | None
    now: Item | None


def _place(cluster: Cluster, common: Iterable[str]) -> _Place:
    wanted = set(common)
    controls = {each.id: each for each in cluster.controls if each.id in wanted}
    return _Place(cluster.id, cluster.name, cluster.read, controls)


def _fabric(report: Report, wanted: Iterable[str]) -> _Place:
    judged = report.fabric.controls if report.fabric else ()
    names = set(wanted)
    return _Place(_FABRIC, _FABRIC, Read.COMPLETE, {each.id: each for each in judged if each.id in names})


def _of_place(old: _Place | None, new: _Place) -> Iterator[_Change]:
    before = old.controls if old else {}
    for name in sorted(before.keys() | new.controls.keys()):
        was, now = before.get(name), new.controls.get(name)
        control = now or was
        if control is None:
            continue
        old_items, new_items = _items(was), _items(now)
        for subject in dict.fromkeys((*old_items, *new_items)):
            one, other = old_items.get(subject), new_items.get(subject)
            if state := _state(one, other, now, new.read):
                yield _Change(state, new, control, subject, one, other)


def _items(control: ControlResult | None) -> dict[tuple[str, ...], Item]:
    """The items by the end of what `finding_ids` derives their ids from; a control without items stands for itself.

    Ids are made of what is listed alone, for there may be a million items.
    """
    if control is None:
        return {}
    seen: Counter[str] = Counter()
    found = {}
    for item in control.items or (Item(subject="", status=control.status, reason=control.reason),):
        seen[item.subject] += 1
        turn = (str(seen[item.subject]),) if seen[item.subject] > 1 else ()
        found[(item.subject, *turn)] = item
    return found


def _state(was: Item | None, now: Item | None, control: ControlResult | None, read: str) -> str:
    """What became of one finding, "" where nothing is to be told.

    `control` is the control's result now, None where it was not judged there, and `read` how the cluster is read now.
    """
    before = was.status if was else None
    after = now.status if now else None
    if after is Status.FAIL:
        return STILL if before is Status.FAIL else NEW
    if after is Status.WAIVED:
        return "" if before is Status.WAIVED else WAIVED
    failed = before in {Status.FAIL, Status.WAIVED}
    if after is Status.UNKNOWN or (after is None and failed and not _told(control, read)):
        if read == Read.UNREAD or control is None:
            return LOST if failed else ""
        return UNKNOWN if failed or before is Status.PASS else ""
    return FIXED if failed else ""


def _told(control: ControlResult | None, read: str) -> bool:
    """Whether a subject that is not among a control's items now can be said to be gone."""
    if control is None or control.status is Status.UNKNOWN or read == Read.UNREAD:
        return False
    return read == Read.COMPLETE or not any(item.status is Status.UNKNOWN for item in control.items)


def in_both(before: Report, after: Report) -> frozenset[str]:
    """The controls that both runs judged; all of one where the other had nothing to judge, for that is no other baseline."""
    old, new = titles(before).keys(), titles(after).keys()
    return frozenset(old & new if old and new else old | new)


def titles(report: Report) -> dict[str, str]:
    """The controls that a run judged, anywhere."""
    judged: list[Sequence[ControlResult]] = [cluster.controls for cluster in report.clusters]
    judged += [report.fabric.controls] if report.fabric else []
    return {control.id: control.title for controls in judged for control in controls}
