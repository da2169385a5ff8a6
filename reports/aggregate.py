"""Many results, one report: clusters in order, and scores of the fleet and of each cloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from reports.document import Cluster, ControlRow, Fabric, Group, Report, Run, Scope
from reports.fabric import build_fabric
from reports.frameworks import framework_view
from scanner.findings import ClusterResult, ControlResult, Severity, Status, roll_up
from scanner.frameworks.model import Framework
from scanner.model import Read
from scanner.scoring import TIER_WEIGHTS, accepted_score, fleet, grade, rounded, top_weight
from scanner.scoring import score as score_of
from scanner.waivers.model import Waiver


def build_report(
    results: Iterable[ClusterResult],
    *,
    run: Run,
    scopes: Sequence[Scope],
    baseline: str,
    fabric: Sequence[ControlResult] = (),
    waivers: Sequence[Waiver] = (),
    frameworks: Sequence[Framework] = (),
    at: str = "",
    tier_weights: Mapping[str, float] = TIER_WEIGHTS,
) -> Report:
    """The report of one run.

    `fabric` are the controls that were judged for the fleet as a whole, `waivers` theirs too; it is seen through `frameworks`.
    `tier_weights` are the configured ones: the fabric weighs as the heaviest of them.
    A result of another version of the baseline is left out, and said to be: its numbers mean something else.

    `results` carry unrounded scores, as `judge` gives them; a cluster that could not be read is among them and counts as
    it was scored. Scores are rounded here and nowhere earlier (see `scanner.scoring.rounded`).
    """
    given = sorted(results, key=_place)
    ordered = [each for each in given if each.baseline == baseline]
    scopes = (*scopes, *(_other_baseline(each, baseline) for each in given if each.baseline != baseline))
    pseudo = build_fabric(ordered, fabric, waivers=waivers, at=at or run.time)
    report = Report(
        baseline=baseline,
        run=run,
        fleet=_group("fleet", ordered, pseudo, top_weight(tier_weights)),
        clouds=_groups(ordered, lambda each: each.cluster.cloud),
        scopes=tuple(sorted(scopes, key=lambda scope: (scope.cloud, scope.account, scope.location, scope.reason))),
        clusters=tuple(map(_cluster, ordered)),
        fabric=pseudo,
        accounts=_groups(ordered, lambda each: f"{each.cluster.cloud}/{each.cluster.account}"),
        locations=_groups(ordered, lambda each: f"{each.cluster.cloud}/{each.cluster.location}"),
        tiers=_groups(ordered, lambda each: each.tier),
        controls=_control_rows(ordered),
    )
    views = tuple(framework_view(report, each) for each in frameworks)
    return msgspec.structs.replace(report, frameworks=views) if views else report


def _other_baseline(result: ClusterResult, baseline: str) -> Scope:
    ref = result.cluster
    reason = (
        f"{ref.name} was judged by baseline {result.baseline}, this report is of {baseline}: judge its snapshot again"
    )
    return Scope(cloud=ref.cloud, account=ref.account, location=ref.location, outcome="partial", reason=reason)


def _place(result: ClusterResult) -> tuple[str, str, str, str, str]:
    ref = result.cluster
    return ref.cloud, ref.account, ref.location, ref.name, ref.id


def _groups(results: Iterable[ClusterResult], name_of: Callable[[ClusterResult], str]) -> tuple[Group, ...]:
    """The clusters of one name each scored together, by name."""
    members: dict[str, list[ClusterResult]] = {}
    for result in results:
        members.setdefault(name_of(result), []).append(result)
    return tuple(_group(name, members[name]) for name in sorted(members))


def _control_rows(results: Iterable[ClusterResult]) -> tuple[ControlRow, ...]:
    """Each control over the clusters, by id."""
    found: dict[str, list[ControlResult]] = {}
    for result in results:
        for control in result.controls:
            found.setdefault(control.id, []).append(control)
    rows = []
    for name, judged in sorted(found.items()):
        counts = Counter(str(each.status) for each in judged)
        rows.append(
            ControlRow(
                id=name,
                title=judged[0].title,
                severity=judged[0].severity,
                worst=roll_up(each.status for each in judged),
                counts=dict(sorted(counts.items())),
                failing=sum(item.status is Status.FAIL for each in judged for item in each.items),
            )
        )
    return tuple(rows)


def _group(name: str, members: Sequence[ClusterResult], fabric: Fabric | None = None, top: float = 0.0) -> Group:
    """Clusters scored together by tier. The grade is the score's own: gates of single clusters are counted beside it."""
    scores = [(member.score, member.tier_weight) for member in members]
    accepted = [(member.accepted or member.score, member.tier_weight) for member in members]
    waived = any(member.accepted for member in members)
    if fabric is not None and members:
        weight = max(top, *(member.tier_weight for member in members))
        own = accepted_score(fabric.controls)
        scores.append((score_of(fabric.controls), weight))
        accepted.append((own or score_of(fabric.controls), weight))
        waived = waived or own is not None
    score = fleet(scores)
    letter, _ = grade(score, ())
    lowest = min(members, key=lambda member: (member.score.proven, _place(member)), default=None)
    return Group(
        name=name,
        score=rounded(score),
        accepted=rounded(fleet(accepted)) if waived else None,
        grade=letter,
        clusters=len(members),
        unread=sum(member.read is Read.UNREAD for member in members),
        gated=sum(bool(member.gates) for member in members),
        without_critical_fail=sum(map(_without_critical_fail, members)),
        lowest=lowest.cluster.id if lowest else "",
    )


def _without_critical_fail(result: ClusterResult) -> bool:
    """Whether no critical control failed. Of an unread cluster that cannot be said."""
    failed = any(c.severity is Severity.CRITICAL and c.status is Status.FAIL for c in result.controls)
    return result.read is not Read.UNREAD and not failed


def _cluster(result: ClusterResult) -> Cluster:
    ref = result.cluster
    return Cluster(
        id=ref.id,
        cloud=ref.cloud,
        account=ref.account,
        location=ref.location,
        name=ref.name,
        tier=result.tier,
        read=result.read,
        unread=result.unread,
        gaps=result.gaps,
        taken=result.taken,
        dataplane=result.dataplane,
        exposure=result.exposure,
        differences=result.differences,
        namespaces=result.namespaces,
        score=rounded(result.score),
        accepted=rounded(result.accepted) if result.accepted else None,
        grade=result.grade,
        gates=result.gates,
        controls=result.controls,
        waivers=result.waivers,
        tier_weight=result.tier_weight,
        notices=result.notices,
    )
