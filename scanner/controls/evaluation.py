"""From verdicts to results: dependencies, evidence levels, roll-up and fractions, once for all controls.

The rules are those of the baseline, section 1: "Dependencies", "Evidence levels", "Where texts meet", "From items to control".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import msgspec

from scanner.baselines.matching import tier_of
from scanner.controls.base import CLUSTER, Case, Check, Control, Verdict
from scanner.controls.paths import kept
from scanner.findings import ControlResult, Evidence, Item, Level, Severity, Status, roll_up
from scanner.model import Source
from scanner.waivers.apply import Applied, apply_waivers

_RANK = {level: rank for rank, level in enumerate(Evidence)}
_DECLARED_PASS = "declared-pass"  # noqa: S105 - a reason, no password
_INERT = "inert"


def evaluate(controls: Sequence[Control], case: Case) -> tuple[ControlResult, ...]:
    """Judge every control that a cluster alone decides; a control stands behind those it requires, the `last` ones behind all.

    Requirements count as they were judged, so a waiver makes no inert policy look effective; waivers act on what came of it.
    """
    results = case.results
    judged = [control for control in controls if control.check is not None]
    for control in judged:
        if not control.last:
            results[control.id] = _evaluate(control, control.check, case, results)
    case.uses = _waived(case, results).uses
    for control in judged:
        if control.last:
            results[control.id] = _evaluate(control, control.check, case, results)
    applied = _waived(case, results)
    case.uses = applied.uses
    return tuple(_weighed(control, applied.results[control.id], case) for control in judged)


def _weighed(control: Control, result: ControlResult, case: Case) -> ControlResult:
    """What a control earns without its waived items, by the weight and credit of the others."""
    if result.accepted is None:
        return result
    verdicts = case.verdicts[control.id]
    left = [each for each, item in zip(verdicts, result.items, strict=True) if item.status is not Status.WAIVED]
    status = roll_up(each.status for each in left)
    return msgspec.structs.replace(result, accepted=_fraction(control, status, left))


def _waived(case: Case, results: Mapping[str, ControlResult]) -> Applied:
    cluster = case.snapshot.cluster
    return apply_waivers(results, case.waivers, cluster, tier_of(case.config, cluster), case.at)


def evidence_of(case: Case) -> Evidence:
    """The highest evidence level a snapshot carries: live objects, or manifests and the cloud's record alone."""
    if case.snapshot.unread:
        return Evidence.E1 if case.facts is not None else Evidence.E0
    return Evidence.E2 if case.snapshot.source is Source.CLUSTER else Evidence.E1


def _evaluate(control: Control, check: Check | None, case: Case, results: Mapping[str, ControlResult]) -> ControlResult:
    verdicts = tuple(check(case)) if check else ()
    judged, inert, doubtful = _judged(control, verdicts, results, evidence_of(case))
    if case.waivers:
        case.verdicts[control.id] = judged
    return _result(control, judged, evidence_of(case), inert=inert, doubtful=doubtful)


def settled(
    control: Control, verdicts: Sequence[Verdict], results: Mapping[str, ControlResult], found: Evidence
) -> ControlResult:
    """The result of one control from its verdicts, the results of those it requires, and the evidence they rest on."""
    judged, inert, doubtful = _judged(control, verdicts, results, found)
    return _result(control, judged, found, inert=inert, doubtful=doubtful)


def _judged(
    control: Control, verdicts: Sequence[Verdict], results: Mapping[str, ControlResult], found: Evidence
) -> tuple[tuple[Verdict, ...], bool, bool]:
    """The verdicts as dependencies and evidence levels leave them; whether a requirement failed, and whether one is unknown."""
    required = [results[other] for other in control.requires]
    failed = [result.id for result in required if result.status is Status.FAIL]
    doubtful = [result.id for result in required if result.status is Status.UNKNOWN]
    inert = bool(failed)
    if failed:
        touched = _touched(results[failed[0]], verdicts)
        judged = tuple(
            _inert(each, failed[0]) if touched is None or each.subject in touched else each for each in verdicts
        )
        inert = touched is None or any(each.reason == _INERT for each in judged)
    elif doubtful:
        judged = tuple(_declared(verdict, f"{doubtful[0]} could not be established") for verdict in verdicts)
    elif _RANK[found] < _RANK[control.least]:
        why = f"evidence is {found}, a pass needs {control.least}"
        judged = tuple(
            verdict if _RANK[verdict.level or found] >= _RANK[control.least] else _declared(verdict, why)
            for verdict in verdicts
        )
    else:
        judged = tuple(verdicts)
    return judged, inert, bool(doubtful)


def _result(
    control: Control, judged: Sequence[Verdict], found: Evidence, *, inert: bool, doubtful: bool
) -> ControlResult:
    status = roll_up(verdict.status for verdict in judged)
    paths, more_paths = kept(judged)
    return ControlResult(
        id=control.id,
        title=control.title,
        severity=control.severity,
        status=status,
        reason=_INERT if inert and status is Status.FAIL else _reason(status, judged),
        fraction=_fraction(control, status, judged),
        level=_level(found, judged, doubtful=doubtful),
        items=tuple(
            Item(
                subject=verdict.subject,
                status=verdict.status,
                reason=verdict.reason,
                evidence=verdict.evidence,
                remediation=verdict.remediation,
            )
            for verdict in judged
        ),
        paths=paths,
        more_paths=more_paths,
    )


def _level(found: Evidence, verdicts: Sequence[Verdict], *, doubtful: bool) -> Level:
    """The level of truth: proven where every verdict rests on what was observed."""
    if verdicts and all(verdict.level is Evidence.E3 for verdict in verdicts):
        return Level.PROVEN
    return Level.DECLARED if doubtful or _RANK[found] < _RANK[Evidence.E2] else Level.EFFECTIVE


def _touched(required: ControlResult, verdicts: Sequence[Verdict]) -> frozenset[str] | None:
    """The subjects that a failed requirement makes inert, None for all of them.

    One that fails for some namespaces alone (policies that are only staged there) leaves those of the others in force.
    """
    failed = {item.subject for item in required.items if item.status is Status.FAIL}
    common = failed & {verdict.subject for verdict in verdicts}
    whole = CLUSTER in failed or len(failed) == len(required.items)
    return None if whole or not common else frozenset(common)


def _inert(verdict: Verdict, required: str) -> Verdict:
    """On a plane that enforces nothing, what is declared has no effect; what is not even declared keeps its own reason."""
    if verdict.status is Status.NOT_APPLICABLE:
        return verdict
    if verdict.status is Status.FAIL:
        return dataclasses.replace(verdict, covered=0.0)
    what = "this is declared and" if verdict.status is Status.PASS else "whatever may be declared here"
    return dataclasses.replace(
        verdict,
        status=Status.FAIL,
        reason=_INERT,
        evidence=(f"{required} fails, so {what} has no effect", *verdict.evidence),
        remediation=f"Mend {required} first: it makes what is declared here effective.",
        covered=0.0,
    )


def _declared(verdict: Verdict, why: str) -> Verdict:
    """A pass that rests on what is not established is unknown; a fail stays a fail."""
    if verdict.status is not Status.PASS:
        return verdict
    return dataclasses.replace(
        verdict, status=Status.UNKNOWN, reason=_DECLARED_PASS, evidence=(*verdict.evidence, why), covered=0.0
    )


def _reason(status: Status, verdicts: Sequence[Verdict]) -> str:
    """The reason that most of the deciding items share, the first of several; `nothing-to-judge` without items."""
    reasons = [verdict.reason for verdict in verdicts if verdict.status is status]
    return max(dict.fromkeys(reasons), key=reasons.count, default="nothing-to-judge")


def _fraction(control: Control, status: Status, verdicts: Sequence[Verdict]) -> float:
    """The covered share of what applies. A failure earns it only where the control's text says so."""
    counted = [verdict for verdict in verdicts if verdict.status is not Status.NOT_APPLICABLE]
    total = sum(verdict.weight for verdict in counted)
    if total <= 0 or (status is not Status.PASS and not control.fractional):
        return 0.0
    failed = [verdict for verdict in counted if verdict.status is Status.FAIL]
    if control.severity is Severity.CRITICAL and any(verdict.sensitive for verdict in failed):
        return 0.0
    return min(1.0, max(0.0, sum(map(_covered, counted)) / total))


def _covered(verdict: Verdict) -> float:
    if verdict.covered is not None:
        return verdict.covered
    return verdict.weight if verdict.status is Status.PASS else 0.0
