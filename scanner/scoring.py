"""From control results to scores and grades: section 4.2 of the baseline. Pure arithmetic, nothing is rounded on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scanner.findings import ControlResult, Score, Severity, Status

WEIGHTS = {Severity.CRITICAL: 10, Severity.HIGH: 6, Severity.MEDIUM: 3, Severity.LOW: 1}
TIER_WEIGHTS: Mapping[str, float] = {"prod": 4, "staging": 2, "dev": 1}
# Judged once for the fleet, as a pseudo-cluster called `fabric`.
FABRIC = frozenset(
    {
        "NB-XC-01", "NB-XC-02", "NB-XC-03", "NB-XC-04", "NB-XC-05", "NB-XC-06", "NB-VER-02",
        "NB-GOV-01", "NB-GOV-02", "NB-GOV-03", "NB-GOV-04", "NB-GOV-05", "NB-GOV-06",
    }
)  # fmt: skip
DECISIVE = ("NB-ENF-01", "NB-ENF-06", "NB-VER-01")  # a failure of one of these is an F, whatever the number says
INSUFFICIENT = "insufficient evidence"
NOTHING = Score(proven=0.0, ceiling=100.0, coverage=0.0)  # of what nobody could look into

_BANDS = ((90.0, "A"), (80.0, "B"), (70.0, "C"), (60.0, "D"))
_KNOWN = frozenset({Status.PASS, Status.FAIL, Status.WAIVED})


def score(results: Sequence[ControlResult]) -> Score:
    """The score of one cluster.

    Each known control counts its weight times its `fraction`, which `evaluate` has already set to what the control's text
    grants (0 for a failure that is not fractional). Unknown counts as zero in `proven` and as passed in `ceiling`. Where
    nothing applies there is no evidence either: 0, up to 100, coverage 0.
    """
    return _score([(WEIGHTS[each.severity], each.fraction, raw_status(each)) for each in results])


def raw_status(result: ControlResult) -> Status:
    """The status without waivers: only a failure can be waived, so a control with a waived item failed."""
    return Status.FAIL if result.status is Status.WAIVED or _has_waived(result) else result.status


def cluster_score(results: Sequence[ControlResult]) -> Score:
    """The score of one cluster without the fleet's controls, which are scored once for all clusters."""
    return score([each for each in results if each.id not in FABRIC])


def accepted_score(results: Sequence[ControlResult]) -> Score | None:
    """The accepted-risk score: as if the waived items were not there; None where nothing is waived.

    A control of which nothing else is left does not count at all; of any other the remaining items count, with what they
    alone earn (`ControlResult.accepted`) and as what they alone are: a pass, a failure, or unknown. It may be below the raw
    score, where a control that leaves had earned more than most.
    """
    if not any(map(_has_waived, results)):
        return None
    left = [each for each in results if not _has_waived(each) or each.accepted is not None]
    return _score(
        [
            (WEIGHTS[each.severity], each.fraction if each.accepted is None else each.accepted, each.status)
            for each in left
        ]
    )


def _has_waived(result: ControlResult) -> bool:
    return any(item.status is Status.WAIVED for item in result.items)


def _score(parts: Sequence[tuple[int, float, Status]]) -> Score:
    """From weight, fraction and status of each control."""
    applicable = sum(weight for weight, _, status in parts if status is not Status.NOT_APPLICABLE)
    if applicable == 0:
        return NOTHING
    known = sum(weight for weight, _, status in parts if status in _KNOWN)
    gained = sum(weight * fraction for weight, fraction, status in parts if status in _KNOWN)
    proven = 100 * gained / applicable
    ceiling = 100 * (gained + (applicable - known)) / applicable
    return Score(proven=proven, ceiling=min(100.0, max(proven, ceiling)), coverage=known / applicable)


def grade(score: Score, results: Sequence[ControlResult]) -> tuple[str, tuple[str, ...]]:
    """The grade as it is shown, and the gates that apply whether or not the number is below them already.

    Below 90 % coverage the letter is provisional; below 60 % there is no letter at all, though gates are still named.
    """
    letter = next((letter for least, letter in _BANDS if score.proven >= least), "F")
    critical = tuple(r.id for r in results if r.status is Status.FAIL and r.severity is Severity.CRITICAL)
    # Raw: a waiver cannot make what is inert effective. An unwaived failure is meant where a gate is not decisive.
    decisive = tuple(r.id for r in results if r.id in DECISIVE and raw_status(r) is Status.FAIL)
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


def tier_weight(tier: str, weights: Mapping[str, float] = TIER_WEIGHTS) -> float:
    """What a cluster of a tier weighs in a fleet; an unheard-of tier weighs as the heaviest."""
    return float({**TIER_WEIGHTS, **weights}.get(tier, top_weight(weights)))  # as it is read back from a stored result


def top_weight(weights: Mapping[str, float] = TIER_WEIGHTS) -> float:
    """What the heaviest tier weighs, and with it the fabric."""
    return float(max({**TIER_WEIGHTS, **weights}.values()))


def fleet(members: Sequence[tuple[Score, float]]) -> Score:
    """The mean of unrounded scores, weighted by tier, never by resource count."""
    weights = [weight for _, weight in members]
    total = sum(weights)
    if total == 0:
        return NOTHING

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
