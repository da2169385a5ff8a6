"""How a cluster, or a fleet, does on a framework's requirements: section 4.2 of the baseline, "Framework views"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scanner.findings import WORST_FIRST, ControlResult, Status
from scanner.frameworks.model import Framework, Requirement

NOT_ASSESSED = "not_assessed"
NOT_JUDGED = "not_judged"
_RANK: Mapping[str, int] = {
    **{str(each): rank for rank, each in enumerate(WORST_FIRST)},
    NOT_JUDGED: WORST_FIRST.index(Status.UNKNOWN),
}


@dataclass(frozen=True, slots=True)
class RequirementStatus:
    """One requirement: the worst status of the controls that are equal to it, else `not_assessed`.

    `equal` and `supporting` are (control, status) pairs; a control that was not judged has the status "not_judged", and one
    that is equal makes the requirement unknown. Supporting ones decide nothing.
    """

    id: str
    status: str
    equal: tuple[tuple[str, str], ...]
    supporting: tuple[tuple[str, str], ...]


def requirement_statuses(framework: Framework, results: Iterable[ControlResult]) -> tuple[RequirementStatus, ...]:
    """The requirements of a framework by the results of one cluster; those with unconfirmed marks alone are left out."""
    found = {result.id: result.status for result in results}
    return tuple(_status(each, found) for each in framework.requirements if each.exported)


def fleet_statuses(
    clusters: Sequence[Sequence[RequirementStatus]],
) -> tuple[tuple[RequirementStatus, Mapping[str, int]], ...]:
    """The requirements over several clusters: the worst status of each, and how many clusters have which.

    The pairs of a control are its worst over the clusters too.
    """
    rows: dict[str, list[RequirementStatus]] = {}
    for cluster in clusters:
        for each in cluster:
            rows.setdefault(each.id, []).append(each)
    return tuple((_worst(found), _counts(found)) for found in rows.values())


def _status(requirement: Requirement, found: Mapping[str, Status]) -> RequirementStatus:
    equal = tuple((control, str(found.get(control, NOT_JUDGED))) for control in requirement.equal)
    supporting = tuple((control, str(found.get(control, NOT_JUDGED))) for control in requirement.supports)
    return RequirementStatus(requirement.id, _rolled(equal), equal, supporting)


def _rolled(equal: Sequence[tuple[str, str]]) -> str:
    if not equal:
        return NOT_ASSESSED
    return str(WORST_FIRST[min(_RANK[status] for _, status in equal)])


def _worst(found: Sequence[RequirementStatus]) -> RequirementStatus:
    equal, supporting = _pairs(each.equal for each in found), _pairs(each.supporting for each in found)
    statuses = {each.status for each in found}
    status = next((str(each) for each in WORST_FIRST if each in statuses), NOT_ASSESSED)
    return RequirementStatus(found[0].id, status, equal, supporting)


def _pairs(all_pairs: Iterable[Sequence[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    worst: dict[str, str] = {}
    for pairs in all_pairs:
        for control, status in pairs:
            if control not in worst or _RANK[status] < _RANK[worst[control]]:
                worst[control] = status
    return tuple(worst.items())


def _counts(found: Sequence[RequirementStatus]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for each in found:
        counts[each.status] = counts.get(each.status, 0) + 1
    return counts
