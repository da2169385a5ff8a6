"""Many results, one report: clusters in order, and scores of the fleet and of each cloud."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.document import Cluster, Fabric, Group, Report, Run, Scope
from scanner.findings import ClusterResult, ControlResult, Severity, Status
from scanner.model import Read
from scanner.scoring import fleet, grade, rounded
from scanner.scoring import score as score_of


def build_report(
    results: Iterable[ClusterResult],
    *,
    run: Run,
    scopes: Sequence[Scope],
    baseline: str,
    fabric: Sequence[ControlResult] = (),
) -> Report:
    """The report of one run. `fabric` are the controls that were judged for the fleet as a whole.

    `results` carry unrounded scores, as `judge` gives them; a cluster that could not be read is among them and counts as
    it was scored. Scores are rounded here and nowhere earlier (see `scanner.scoring.rounded`).
    """
    ordered = sorted(results, key=_place)
    clouds = sorted({result.cluster.cloud for result in ordered})
    return Report(
        baseline=baseline,
        run=run,
        fleet=_group("fleet", ordered),
        clouds=tuple(_group(cloud, [r for r in ordered if r.cluster.cloud is cloud]) for cloud in clouds),
        scopes=tuple(sorted(scopes, key=lambda scope: (scope.cloud, scope.account, scope.location, scope.reason))),
        clusters=tuple(map(_cluster, ordered)),
        fabric=_fabric(fabric) if fabric else None,
    )


def _fabric(controls: Sequence[ControlResult]) -> Fabric:
    points = score_of(controls)
    letter, gates = grade(points, controls)
    return Fabric(score=rounded(points), grade=letter, gates=gates, controls=tuple(controls))


def _place(result: ClusterResult) -> tuple[str, str, str, str, str]:
    ref = result.cluster
    return ref.cloud, ref.account, ref.location, ref.name, ref.id


def _group(name: str, members: Sequence[ClusterResult]) -> Group:
    """Clusters scored together by tier. The grade is the score's own: gates of single clusters are counted beside it."""
    score = fleet([(member.score, member.tier) for member in members])
    letter, _ = grade(score, ())
    lowest = min(members, key=lambda member: (member.score.proven, _place(member)), default=None)
    return Group(
        name=name,
        score=rounded(score),
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
        score=rounded(result.score),
        grade=result.grade,
        gates=result.gates,
        controls=result.controls,
        notices=result.notices,
    )
