"""The fleet's pseudo-cluster `fabric`: what is judged once for all clusters, and what each cluster adds to it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reports.document import Fabric
from scanner.controls.governance.exceptions import IDLE, verdict_on
from scanner.findings import ClusterResult, ControlResult, Item, Level, Status, WaiverUse, roll_up
from scanner.model import Cloud, ClusterRef
from scanner.scoring import FABRIC, grade, rounded, score
from scanner.waivers.apply import apply_waivers, unmatched
from scanner.waivers.model import Waiver

REF = ClusterRef(cloud=Cloud.OTHER, account="fleet", location="all", name="fabric", id="fabric")
_WAIVERS = "NB-GOV-06"


def build_fabric(
    results: Sequence[ClusterResult], judged: Sequence[ControlResult], *, waivers: Sequence[Waiver] = (), at: str = ""
) -> Fabric | None:
    """The pseudo-cluster of a fleet: `judged` for all of it, and the fleet's controls that stand in clusters' own results.

    A control of several clusters has their items, each under its cluster's name, their worst status and the mean of their
    fractions. None where nothing of the kind applies.
    """
    applied = apply_waivers({each.id: each for each in judged}, waivers, REF, "prod", at)
    own: dict[str, list[tuple[str, ControlResult]]] = {}
    for result in results:
        for control in result.controls:
            if control.id in FABRIC:
                own.setdefault(control.id, []).append((result.cluster.name, control))
    uses = (*applied.uses, *_unmatched(waivers, results, applied.uses))
    fleet = _of_fleet(own[_WAIVERS][0][1], results, uses, at) if _WAIVERS in own else None
    if fleet is not None:
        own[_WAIVERS].append(("fleet", fleet))
    controls = [*applied.results.values(), *map(_merged, own.values())]
    if all(each.status is Status.NOT_APPLICABLE for each in controls):
        return None
    controls.sort(key=lambda each: (each.id.split("-")[1] != "XC", each.id))
    points = score(controls)
    letter, gates = grade(points, controls)
    return Fabric(score=rounded(points), grade=letter, gates=gates, controls=tuple(controls), waivers=uses)


def _merged(parts: Sequence[tuple[str, ControlResult]]) -> ControlResult:
    """One control over the clusters it applies to."""
    first = parts[0][1]
    counted = [each for _, each in parts if each.status is not Status.NOT_APPLICABLE]
    status = roll_up(each.status for each in counted)
    reasons = [each.reason for _, each in parts if each.status is status]
    levels = {each.level for each in counted}
    return ControlResult(
        id=first.id,
        title=first.title,
        severity=first.severity,
        status=status,
        reason=max(dict.fromkeys(reasons), key=reasons.count, default="nothing-to-judge"),
        fraction=sum(each.fraction for each in counted) / len(counted) if counted else 0.0,
        level=levels.pop() if len(levels) == 1 else Level.DECLARED,
        items=tuple(_named(cluster, item) for cluster, each in parts for item in each.items),
        accepted=_accepted(counted),
    )


def _accepted(parts: Sequence[ControlResult]) -> float | None:
    """The mean without what is waived: a cluster of which nothing else is left does not count; None where none counts."""
    waived = [any(item.status is Status.WAIVED for item in each.items) for each in parts]
    left = [
        each.fraction if each.accepted is None else each.accepted
        for each, some in zip(parts, waived, strict=True)
        if not some or each.accepted is not None
    ]
    return sum(left) / len(left) if left and any(waived) else None


def _named(cluster: str, item: Item) -> Item:
    return msgspec.structs.replace(item, subject=cluster if item.subject == "cluster" else f"{cluster}: {item.subject}")


def _unmatched(
    waivers: Sequence[Waiver], results: Sequence[ClusterResult], uses: Sequence[WaiverUse]
) -> tuple[WaiverUse, ...]:
    """The waivers that concern neither a cluster of the run nor the fleet: misspelt, or for what was not audited."""
    seen = {use.id for use in (*uses, *(use for result in results for use in result.waivers))}
    return tuple(unmatched(each) for each in sorted(waivers, key=lambda each: each.id) if each.id not in seen)


def _of_fleet(
    control: ControlResult, results: Sequence[ClusterResult], uses: Sequence[WaiverUse], at: str
) -> ControlResult | None:
    """What no cluster can tell of NB-GOV-06: the fleet's own waivers, and those that nothing needed anywhere."""
    found = [verdict_on(use, at) for use in (*uses, *_idle(results))]
    if not found:
        return None
    status = roll_up(each.status for each in found)
    items = tuple(
        Item(
            subject=each.subject,
            status=each.status,
            reason=each.reason,
            evidence=each.evidence,
            remediation=each.remediation,
        )
        for each in found
    )
    reasons = [each.reason for each in found if each.status is status]
    return msgspec.structs.replace(
        control,
        status=status,
        reason=max(dict.fromkeys(reasons), key=reasons.count),
        fraction=float(status is Status.PASS),
        items=items,
        accepted=None,
    )


def _idle(results: Sequence[ClusterResult]) -> list[WaiverUse]:
    """The waivers that matched nothing in any cluster, once each, unless a cluster that they name has said so itself.

    Where one cluster could not be seen whole, whether a waiver is needed is not known.
    """
    uses: dict[str, list[WaiverUse]] = {}
    for result in results:
        for use in result.waivers:
            uses.setdefault(use.id, []).append(use)
    idle = [found for found in uses.values() if all(use.state in IDLE and not use.named for use in found)]
    return [
        max(found, key=lambda use: use.state == "undecided") for found in sorted(idle, key=lambda found: found[0].id)
    ]
