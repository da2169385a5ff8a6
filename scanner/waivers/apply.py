"""Failures that a waiver matches become waived; whatever else is said of a control stays as it was judged.

Waivers match by control and selector, never by a finding's hash, so a renamed pod orphans none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import msgspec

from scanner.evidence import moment
from scanner.findings import ControlResult, Item, Severity, Status, WaiverUse, roll_up
from scanner.model import ClusterRef
from scanner.waivers.model import TWO_APPROVERS, Waiver

EXPIRED = "waiver-expired"
LONGEST_REASON = 300  # characters of a waiver's own words, which every item it covers repeats
_CLUSTER = "cluster"  # the subject of an item that is about the whole cluster


@dataclass(slots=True)
class _Count:
    """One waiver: why it has no effect (empty where it has), how many failures it matches, and whether others cannot be told."""

    waiver: Waiver
    problem: str
    items: int = 0
    undecided: bool = False


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
    counts = [_Count(each, _problem(each, tier, results[each.control].severity)) for each in mine]
    by_control: dict[str, list[_Count]] = {}
    for count in counts:
        by_control.setdefault(count.waiver.control, []).append(count)
    found = {
        name: _applied(result, by_control[name], at) if name in by_control else result
        for name, result in results.items()
    }
    return Applied(found, tuple(_use(count, cluster, at) for count in counts))


def _applied(result: ControlResult, counts: Sequence[_Count], at: str) -> ControlResult:
    for count in counts:
        count.undecided = _is_undecided(count.waiver, result)
    items = tuple(_item(each, counts, at) for each in result.items)
    if items == result.items:
        return result
    status = roll_up(item.status for item in items) if result.status is Status.FAIL else result.status
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


def _is_undecided(waiver: Waiver, result: ControlResult) -> bool:
    """Whether what a waiver is for may fail unseen: nobody could look there, or not at the cluster at all."""
    unknown = [each.subject for each in result.items if each.status is Status.UNKNOWN]
    whole = result.status is Status.UNKNOWN and not result.items
    return whole or any(each == _CLUSTER or _matches(waiver, each) for each in unknown)


def _item(item: Item, counts: Sequence[_Count], at: str) -> Item:
    if item.status is not Status.FAIL:
        return item
    matching = [count for count in counts if _matches(count.waiver, item.subject)]
    for count in matching:
        count.items += 1
    valid = [count.waiver for count in matching if not count.problem]
    live = [each for each in valid if _is_live(each, at)]
    if live:
        waiver = max(live, key=lambda each: each.expires)
        said = (
            f"waived by {waiver.id} until {waiver.expires}: {_short(waiver.reason)} (owner {waiver.owner}, approved by "
            f"{_short(', '.join(waiver.approvers))}, {waiver.ticket}); instead: {_short(waiver.compensating_control)}"
        )
        return msgspec.structs.replace(item, status=Status.WAIVED, evidence=(said, *item.evidence))
    if valid:
        waiver = max(valid, key=lambda each: each.expires)
        said = f"waiver {waiver.id} of {waiver.owner} expired on {waiver.expires}"
        return msgspec.structs.replace(item, reason=EXPIRED, evidence=(said, *item.evidence))
    return item


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"


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
    return _fits_namespace(scope.namespace, namespace, subject) and (
        _fits(scope.object, subject) or _fits(scope.object, name)
    )


def _parts(subject: str) -> tuple[str, str]:
    """Namespace and name of a subject: "shop", "shop/web[Deployment]", "NetworkPolicy shop/open"; what is no object has none."""
    last = subject.rpartition(" ")[2] if " " in subject else subject
    namespace, slash, name = last.partition("/")
    if slash:
        return namespace, name
    return (subject, subject) if " " not in subject else ("", subject)


def _fits_namespace(pattern: str, namespace: str, subject: str) -> bool:
    """The whole cluster is in no namespace, so no pattern for namespaces happens to take it in."""
    return pattern in {"*", subject} if subject == _CLUSTER else _fits(pattern, namespace)


def _fits(pattern: str, text: str) -> bool:
    """`*` and `?` stand for any characters; a bracket is one, for workloads are written with it."""
    return pattern == text or fnmatchcase(text, pattern.replace("[", "[[]"))


def _is_live(waiver: Waiver, at: str) -> bool:
    created, expires, now = moment(waiver.created), moment(waiver.expires), moment(at)
    return created is not None and expires is not None and now is not None and created <= now < expires


def _problem(waiver: Waiver, tier: str, severity: Severity) -> str:
    """Why a waiver has no effect here, empty where it has: also what its file should not have let through."""
    if waiver.control in TWO_APPROVERS and tier == "prod" and waiver.people < 2:
        return f"{waiver.control} on a prod cluster needs two approvers, this has one"
    return next((f"`{key}` {problem}" for key, problem in waiver.problems(severity)), "")


def _state(count: _Count, at: str) -> str:
    waiver = count.waiver
    if count.problem:
        return "invalid"
    if not _is_live(waiver, at):
        return "expired" if count.items else "lapsed"
    if not count.items:
        return "undecided" if count.undecided else "unused"
    return "over-broad" if waiver.scope.is_broad and not waiver.broad else "used"


def unmatched(waiver: Waiver) -> WaiverUse:
    """A waiver in whose scope nothing of a run is: whether it is still needed, this run cannot tell."""
    return _written(waiver, "unmatched", 0, named=False, problem="nothing that was audited is in its scope")


def _use(count: _Count, cluster: ClusterRef, at: str) -> WaiverUse:
    named = count.waiver.scope.cluster == cluster.name
    return _written(count.waiver, _state(count, at), count.items, named=named, problem=count.problem)


def _written(waiver: Waiver, state: str, items: int, *, named: bool, problem: str) -> WaiverUse:
    return WaiverUse(
        id=waiver.id,
        control=waiver.control,
        state=state,
        items=items,
        owner=waiver.owner,
        approvers=waiver.approvers,
        ticket=waiver.ticket,
        expires=waiver.expires,
        named=named,
        problem=problem,
    )
