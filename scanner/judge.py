"""One cluster, from snapshot to result: resolve, detect, connect, judge, score. Pure: the same snapshot gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.baselines import BASELINE_VERSION
from scanner.baselines.config import DEFAULT_CONFIG, BaselineConfig
from scanner.baselines.matching import tier_of
from scanner.baselines.profiles import PROFILES
from scanner.controls import CONTROLS
from scanner.controls.base import INERT_MODES, Control, bounded
from scanner.controls.evaluation import evaluate
from scanner.dataplane.model import DataPlane, Enforcing
from scanner.evidence import Statement
from scanner.fabric.crossing import crossing_of
from scanner.findings import ClusterResult, DataPlaneSummary
from scanner.gaps import gaps_of
from scanner.model import Notice, Snapshot
from scanner.namespaces import namespace_matrix
from scanner.places import located
from scanner.prepare import case_of
from scanner.reach.effects.summary import differences_of
from scanner.scoring import FABRIC, NOTHING, accepted_score, cluster_score, grade, tier_weight
from scanner.waivers.model import Waiver

MOST_NOTICES = 500  # of one cluster; a crafted one must not blow up its report


def judge(
    snapshot: Snapshot,
    config: BaselineConfig = DEFAULT_CONFIG,
    *,
    at: str = "",
    statements: Sequence[Statement] = (),
    waivers: Sequence[Waiver] = (),
    own: Sequence[Control] = (),
) -> ClusterResult:
    """Judge one cluster against the baseline. Scores are not rounded.

    `at` is when it is judged (RFC 3339 in UTC; by default when the snapshot was taken): what is old or expired is so then.
    `statements` are what people vouch for, `waivers` what they accept for a time. `own` are controls besides the baseline's:
    they are judged and reported like these in every profile, and change neither score nor grade.

    Every control is judged, for others depend on it; the profile then says which are reported and scored. A cluster that
    could not be read is judged on its cloud record alone, and everything else of it is unknown.
    """
    case = case_of(snapshot, config, at=at, statements=statements, waivers=waivers)
    facts, policies, dataplane = case.facts, case.policies, case.dataplane
    declared, effective = case.declared, case.effective
    chosen = PROFILES[config.profile]
    controls = (*CONTROLS, *own)
    judged = located(evaluate(controls, case), snapshot, policies.policies, controls)
    results = tuple(result for result in judged if result.id in chosen)
    points = NOTHING if snapshot.unread and facts is None else cluster_score(results)
    scored = [each for each in results if each.id not in FABRIC]
    letter, gates = grade(points, scored)
    others = {control.id for control in own}
    tier = tier_of(config, snapshot.cluster)
    record = [Notice(object="cloud record", field="", message=text) for text in (facts.notices if facts else ())]
    return ClusterResult(
        baseline=BASELINE_VERSION,
        cluster=snapshot.cluster,
        taken=snapshot.taken,
        tier=tier,
        tier_weight=tier_weight(tier, config.tier_weights),
        waivers=case.uses,
        accepted=accepted_score(scored),
        read=snapshot.read,
        unread=snapshot.unread,
        gaps=gaps_of(snapshot),
        dataplane=_summary(dataplane),
        exposure=() if snapshot.unread else (declared.exposure(), effective.exposure()),
        differences=() if snapshot.unread else differences_of(snapshot, policies, dataplane),
        namespaces=None if snapshot.unread else namespace_matrix(declared, effective),
        score=points,
        grade=letter,
        gates=gates,
        controls=(*results, *(result for result in judged if result.id in others)),
        crossing=crossing_of(case),
        notices=_notices((*snapshot.notices, *policies.notices, *declared.notices, *effective.notices, *record)),
    )


def _summary(dataplane: DataPlane) -> DataPlaneSummary:
    """The data plane as reports show it: an engine that runs in a mode that drops nothing does not enforce."""
    enforcing, reason = dataplane.enforcing, dataplane.reason
    if enforcing in {Enforcing.YES, Enforcing.PARTLY} and dataplane.mode != "enforcing":
        enforcing = Enforcing.NO if dataplane.mode in INERT_MODES else Enforcing.UNKNOWN
        reason = f"mode-{dataplane.mode}"
    return DataPlaneSummary(
        name=dataplane.name,
        version=dataplane.version,
        enforcing=enforcing,
        reason=reason,
        evidence=bounded(str(proof) for proof in dataplane.proofs),
    )


def _notices(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Each notice once, in a fixed order, and no more than a report can carry."""
    distinct = {(notice.object, notice.field, notice.message): notice for notice in notices}
    ordered = [distinct[key] for key in sorted(distinct)]
    if len(ordered) <= MOST_NOTICES:
        return tuple(ordered)
    more = Notice(object="notices", field="", message=f"{len(ordered) - MOST_NOTICES} more are left out")
    return (*ordered[:MOST_NOTICES], more)
