"""From control results to scores and grades: section 4.2 of the baseline. Pure arithmetic, nothing is rounded on the way."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.findings import ControlResult, Score, Severity, Status

WEIGHTS = {Severity.CRITICAL: 10, Severity.HIGH: 6, Severity.MEDIUM: 3, Severity.LOW: 1}
TIER_WEIGHTS = {"prod": 4, "staging": 2, "dev": 1}
DECISIVE = ("NB-ENF-01", "NB-ENF-06", "NB-VER-01")  # a failure of one of these is an F, whatever the number says
INSUFFICIENT = "insufficient evidence"

_BANDS = ((90.0, "A"), (80.0, "B"), (70.0, "C"), (60.0, "D"))
_KNOWN = frozenset({Status.PASS, Status.FAIL, Status.WAIVED})  # a waiver never changes the headline


def score(results: Sequence[ControlResult]) -> Score:
    """The score of one cluster.

    Each known control counts its weight times its `fraction`, which `evaluate` has already set to what the control's text
    grants (0 for a failure that is not fractional). Unknown counts as zero in `proven` and as passed in `ceiling`. Where
    nothing applies there is no evidence either: 0, up to 100, coverage 0.
    """
    applicable = sum(WEIGHTS[result.severity] for result in results if result.status is not Status.NOT_APPLICABLE)
    if applicable == 0:
        return Score(proven=0.0, ceiling=100.0, coverage=0.0)
    known = sum(WEIGHTS[result.severity] for result in results if result.status in _KNOWN)
    gained = sum(WEIGHTS[result.severity] * result.fraction for result in results if result.status in _KNOWN)
    proven = 100 * gained / applicable
    ceiling = 100 * (gained + (applicable - known)) / applicable
    return Score(proven=proven, ceiling=min(100.0, max(proven, ceiling)), coverage=known / applicable)


def grade(score: Score, results: Sequence[ControlResult]) -> tuple[str, tuple[str, ...]]:
    """The grade as it is shown, and the gates that apply whether or not the number is below them already.

    Below 90 % coverage the letter is provisional; below 60 % there is no letter at all, though gates are still named.
    """
    letter = next((letter for least, letter in _BANDS if score.proven >= least), "F")
    critical = tuple(r.id for r in results if r.status is Status.FAIL and r.severity is Severity.CRITICAL)
    decisive = tuple(r.id for r in results if r.status in {Status.FAIL, Status.WAIVED} and r.id in DECISIVE)
    if critical and letter in {"A", "B"}:
        letter = "C"
    if decisive:
        letter = "F"
    gates = tuple(f"{control} fails: grade F" for control in decisive)
    gates += tuple(
        f"{control} is critical and fails: grade C at best" for control in critical if control not in decisive
    )
    if score.coverage < 0.60:
        return INSUFFICIENT, gates
    return (f"{letter} (provisional)" if score.coverage < 0.90 else letter), gates


def fleet(members: Sequence[tuple[Score, str]]) -> Score:
    """The tier-weighted mean of clusters' unrounded scores; an unheard-of tier weighs as prod. Never by resource count."""
    weights = [TIER_WEIGHTS.get(tier, TIER_WEIGHTS["prod"]) for _, tier in members]
    total = sum(weights)
    if total == 0:
        return Score(proven=0.0, ceiling=100.0, coverage=0.0)

    def mean(values: Sequence[float]) -> float:
        return sum(weight * value for weight, value in zip(weights, values, strict=True)) / total

    return Score(
        proven=mean([member.proven for member, _ in members]),
        ceiling=mean([member.ceiling for member, _ in members]),
        coverage=mean([member.coverage for member, _ in members]),
    )


def rounded(score: Score) -> Score:
    """The score as a document prints it: one decimal, two for the coverage. For output only, never to compute on."""
    return Score(proven=round(score.proven, 1), ceiling=round(score.ceiling, 1), coverage=round(score.coverage, 2))
