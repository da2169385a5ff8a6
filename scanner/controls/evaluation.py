"""From verdicts to results: dependencies, evidence levels, roll-up and fractions, once for all controls.

The rules are those of the baseline, section 1: "Dependencies", "Evidence levels", "Where texts meet", "From items to control".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from scanner.controls.base import Case, Check, Control, Verdict
from scanner.findings import ControlResult, Evidence, Item, Level, Severity, Status
from scanner.model import Source

_RANK = {level: rank for rank, level in enumerate(Evidence)}
_DECLARED_PASS = "declared-pass"  # noqa: S105 - a reason, no password
_INERT = "inert"


def evaluate(controls: Sequence[Control], case: Case) -> tuple[ControlResult, ...]:
    """Judge every control that a cluster alone decides; a control stands behind those it requires, the `last` ones behind all."""
    results = case.results
    judged = [control for control in controls if control.check is not None]
    for control in sorted(judged, key=lambda control: control.last):
        results[control.id] = _evaluate(control, control.check, case, results)
    return tuple(results[control.id] for control in judged)


def evidence_of(case: Case) -> Evidence:
    """The highest evidence level a snapshot carries: live objects, or manifests and the cloud's record alone."""
    if case.snapshot.unread:
        return Evidence.E1 if case.facts is not None else Evidence.E0
    return Evidence.E2 if case.snapshot.source is Source.CLUSTER else Evidence.E1


def _evaluate(control: Control, check: Check | None, case: Case, results: Mapping[str, ControlResult]) -> ControlResult:
    return settled(control, tuple(check(case)) if check else (), results, evidence_of(case))


def settled(
    control: Control, verdicts: Sequence[Verdict], results: Mapping[str, ControlResult], found: Evidence
) -> ControlResult:
    """The result of one control from its verdicts, the results of those it requires, and the evidence they rest on."""
    required = [results[other] for other in control.requires]
    failed = [result.id for result in required if result.status in {Status.FAIL, Status.WAIVED}]
    doubtful = [result.id for result in required if result.status is Status.UNKNOWN]
    if failed:
        judged = tuple(_inert(verdict, failed[0]) for verdict in verdicts)
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
    status = roll_up(verdict.status for verdict in judged)
    return ControlResult(
        id=control.id,
        title=control.title,
        severity=control.severity,
        status=status,
        reason=_INERT if failed and status is Status.FAIL else _reason(status, judged),
        fraction=_fraction(control, status, judged),
        level=_level(found, judged, doubtful=bool(doubtful)),
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
    )


def _level(found: Evidence, verdicts: Sequence[Verdict], *, doubtful: bool) -> Level:
    """The level of truth: proven where every verdict rests on what was observed."""
    if verdicts and all(verdict.level is Evidence.E3 for verdict in verdicts):
        return Level.PROVEN
    return Level.DECLARED if doubtful or _RANK[found] < _RANK[Evidence.E2] else Level.EFFECTIVE


def roll_up(statuses: Iterable[Status]) -> Status:
    """Fail if any fails; else unknown if any is unknown; else pass; not applicable when all are (also when there is none)."""
    seen = set(statuses)
    for status in (Status.FAIL, Status.UNKNOWN, Status.PASS):
        if status in seen:
            return status
    return Status.NOT_APPLICABLE


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
