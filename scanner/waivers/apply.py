"""Failures that a waiver matches become waived; whatever else is said of a control stays as it was judged.

Waivers match by control and selector, never by a finding's hash, so a renamed pod orphans none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import msgspec

from scanner.evidence import moment
from scanner.findings import ControlResult, Item, Status, WaiverUse
from scanner.model import ClusterRef
from scanner.waivers.model import TWO_APPROVERS, Waiver

EXPIRED = "waiver-expired"


@dataclass(slots=True)
class _Count:
    waiver: Waiver
    items: int = 0


@dataclass(slots=True)
class Applied:
    """The results with their waived items, and what each waiver that may concern the cluster did."""

    results: dict[str, ControlResult] = field(default_factory=dict)
    uses: tuple[WaiverUse, ...] = ()


def apply_waivers(
    results: Mapping[str, ControlResult], waivers: Sequence[Waiver], cluster: ClusterRef, tier: str, at: str
) -> Applied:
    """Apply those of `waivers` that concern a cluster, at the time `at` (RFC 3339); their order does not matter.

    `fraction` stays what was judged: the headline is the raw score.
    """
    mine = sorted(
        (each for each in waivers if each.control in results and _concerns(each, cluster)),
        key=lambda each: (each.control, each.id),
    )
    counts = [_Count(each) for each in mine]
    by_control: dict[str, list[_Count]] = {}
    for count in counts:
        by_control.setdefault(count.waiver.control, []).append(count)
    found = {
        name: _applied(result, by_control[name], tier, at) if name in by_control else result
        for name, result in results.items()
    }
    return Applied(found, tuple(_use(count, cluster, tier, at) for count in counts))


def _applied(result: ControlResult, counts: Sequence[_Count], tier: str, at: str) -> ControlResult:
    items = tuple(_item(each, counts, tier, at) for each in result.items)
    if items == result.items:
        return result
    status = _status(items) if result.status is Status.FAIL else result.status
    reasons = [each.reason for each in items if each.status is status]
    reason = max(dict.fromkeys(reasons), key=reasons.count, default=result.reason)
    return msgspec.structs.replace(
        result,
        items=items,
        status=status,
        reason=result.reason if result.reason in reasons else reason,
        accepted=_accepted(items),
    )


def _accepted(items: Sequence[Item]) -> float | None:
    """What a control that earns no fraction is worth without its waived items; None where nothing is left of it."""
    left = [each.status for each in items if each.status not in {Status.WAIVED, Status.NOT_APPLICABLE}]
    return None if not left else float(all(status is Status.PASS for status in left))


def _status(items: Sequence[Item]) -> Status:
    seen = {item.status for item in items}
    for status in (Status.FAIL, Status.UNKNOWN, Status.WAIVED):
        if status in seen:
            return status
    return Status.PASS


def _item(item: Item, counts: Sequence[_Count], tier: str, at: str) -> Item:
    if item.status is not Status.FAIL:
        return item
    matching = [count for count in counts if _matches(count.waiver, item.subject)]
    for count in matching:
        count.items += 1
    valid = [count.waiver for count in matching if not _problem(count.waiver, tier)]
    live = [each for each in valid if _is_live(each, at)]
    if live:
        waiver = max(live, key=lambda each: each.expires)
        said = (
            f"waived by {waiver.id} until {waiver.expires}: {waiver.reason} (owner {waiver.owner}, approved by "
            f"{', '.join(waiver.approvers)}, {waiver.ticket}); instead: {waiver.compensating_control}"
        )
        return msgspec.structs.replace(item, status=Status.WAIVED, evidence=(said, *item.evidence))
    if valid:
        waiver = max(valid, key=lambda each: each.expires)
        said = f"waiver {waiver.id} of {waiver.owner} expired on {waiver.expires}"
        return msgspec.structs.replace(item, reason=EXPIRED, evidence=(said, *item.evidence))
    return item


def _concerns(waiver: Waiver, cluster: ClusterRef) -> bool:
    scope = waiver.scope
    return (
        _fits(scope.cloud, cluster.cloud)
        and _fits(scope.account, cluster.account)
        and _fits(scope.cluster, cluster.name)
    )


def _matches(waiver: Waiver, subject: str) -> bool:
    """Whether an item is meant: its namespace, and its subject whole or behind the namespace."""
    namespace, name = _parts(subject)
    scope = waiver.scope
    return _fits(scope.namespace, namespace) and (_fits(scope.object, subject) or _fits(scope.object, name))


def _parts(subject: str) -> tuple[str, str]:
    """Namespace and name of a subject: "shop", "shop/web[Deployment]", "NetworkPolicy shop/open"; what is no object has none."""
    last = subject.rpartition(" ")[2] if " " in subject else subject
    namespace, slash, name = last.partition("/")
    if slash:
        return namespace, name
    return (subject, subject) if " " not in subject else ("", subject)


def _fits(pattern: str, text: str) -> bool:
    """`*` and `?` stand for any characters; a bracket is one, for workloads are written with it."""
    return pattern == text or fnmatchcase(text, pattern.replace("[", "[[]"))


def _is_live(waiver: Waiver, at: str) -> bool:
    created, expires, now = moment(waiver.created), moment(waiver.expires), moment(at)
    return created is not None and expires is not None and now is not None and created <= now < expires


def _problem(waiver: Waiver, tier: str) -> str:
    """Why a waiver has no effect here, empty where it has."""
    if waiver.control in TWO_APPROVERS and tier == "prod" and len(waiver.approvers) < 2:
        return f"{waiver.control} on a prod cluster needs two approvers, this has one"
    return ""


def _use(count: _Count, cluster: ClusterRef, tier: str, at: str) -> WaiverUse:
    waiver = count.waiver
    problem = _problem(waiver, tier)
    if problem:
        state = "invalid"
    elif not _is_live(waiver, at):
        state = "expired" if count.items else "lapsed"
    elif not count.items:
        state = "unused"
    else:
        state = "over-broad" if waiver.scope.is_broad and not waiver.broad else "used"
    return WaiverUse(
        id=waiver.id,
        control=waiver.control,
        state=state,
        items=count.items,
        owner=waiver.owner,
        approvers=waiver.approvers,
        ticket=waiver.ticket,
        expires=waiver.expires,
        named=waiver.scope.cluster == cluster.name,
        problem=problem,
    )
