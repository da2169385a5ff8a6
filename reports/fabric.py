"""The fleet's pseudo-cluster `fabric`: what is judged once for all clusters, and what each cluster adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from reports.document import Fabric
from scanner.controls.evaluation import roll_up
from scanner.findings import ClusterResult, ControlResult, Item, Level, Status, WaiverUse
from scanner.model import Cloud, ClusterRef
from scanner.scoring import FABRIC, grade, rounded, score
from scanner.waivers.apply import apply_waivers
from scanner.waivers.model import Waiver

REF = ClusterRef(cloud=Cloud.OTHER, account="fleet", location="all", name="fabric", id="fabric")
_WAIVERS = "NB-GOV-06"
_IDLE = frozenset({"unused", "lapsed"})


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
    merged = [_merged(parts) for parts in own.values()]
    idle = _unused(results, applied.uses, waivers)
    controls = [_with_unused(each, idle, len(results)) for each in (*applied.results.values(), *merged)]
    if all(each.status is Status.NOT_APPLICABLE for each in controls):
        return None
    controls.sort(key=lambda each: (each.id.split("-")[1] != "XC", each.id))
    points = score(controls)
    letter, gates = grade(points, controls)
    return Fabric(score=rounded(points), grade=letter, gates=gates, controls=tuple(controls), waivers=applied.uses)


def _merged(parts: Sequence[tuple[str, ControlResult]]) -> ControlResult:
    """One control over the clusters it applies to."""
    first = parts[0][1]
    counted = [each for _, each in parts if each.status is not Status.NOT_APPLICABLE]
    status = _worst(each.status for each in counted)
    accepted = [each.fraction if each.accepted is None else each.accepted for each in counted]
    waived = any(each.accepted is not None for each in counted)
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
        accepted=sum(accepted) / len(accepted) if waived else None,
    )


def _named(cluster: str, item: Item) -> Item:
    return msgspec.structs.replace(item, subject=cluster if item.subject == "cluster" else f"{cluster}: {item.subject}")


def _worst(statuses: Iterable[Status]) -> Status:
    """As items roll up, with waived ones between unknown and pass."""
    seen = set(statuses)
    if Status.WAIVED in seen and not seen & {Status.FAIL, Status.UNKNOWN}:
        return Status.WAIVED
    return roll_up(seen)


def _unused(
    results: Sequence[ClusterResult], own: Sequence[WaiverUse], waivers: Sequence[Waiver]
) -> tuple[tuple[str, str, str], ...]:
    """The waivers that matched nothing in the whole fleet (id, control, expires), those of clusters that are not there too."""
    used = {use.id for use in own if use.state not in _IDLE}
    seen = {use.id: (use.id, use.control, use.expires) for use in own}
    for result in results:
        seen.update({use.id: (use.id, use.control, use.expires) for use in result.waivers})
        used |= {use.id for use in result.waivers if use.state not in _IDLE}
    seen.update({each.id: (each.id, each.control, each.expires) for each in waivers})
    return tuple(seen[name] for name in sorted(seen) if name not in used)


def _with_unused(control: ControlResult, idle: Sequence[tuple[str, str, str]], clusters: int) -> ControlResult:
    """NB-GOV-06 with a finding for each waiver that matched nothing in any cluster of the fleet."""
    if control.id != _WAIVERS:
        return control
    named = {item.subject.rpartition(": ")[2] for item in control.items if item.status is Status.FAIL}
    items = tuple(
        Item(
            subject=name,
            status=Status.FAIL,
            reason="unused",
            evidence=(f"waiver {name} ({waived}, until {expires}) matched nothing in {clusters} clusters",),
            remediation=f"Remove waiver {name}, or mend its scope.",
        )
        for name, waived, expires in idle
        if name not in named
    )
    if not items:
        return control
    return msgspec.structs.replace(
        control, items=(*control.items, *items), status=Status.FAIL, reason="unused", fraction=0.0
    )
