"""Scores and grades: section 4.2 of the baseline, and its worked example."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.findings import ControlResult, Level, Score, Severity, Status
from scanner.scoring import INSUFFICIENT, fleet, grade, rounded, score, tier_weight

PER_SEVERITY = {Severity.CRITICAL: 9, Severity.HIGH: 28, Severity.MEDIUM: 19, Severity.LOW: 4}


def result(severity=Severity.HIGH, status=Status.PASS, fraction=None, name="NB-X-01") -> ControlResult:
    earned = (1.0 if status is Status.PASS else 0.0) if fraction is None else fraction
    return ControlResult(
        id=name, title="t", severity=severity, status=status, reason="r", fraction=earned, level=Level.EFFECTIVE
    )


def sixty(*groups: tuple[int, Severity, Status, float | None]) -> list[ControlResult]:
    """Sixty controls in the baseline's severities: `groups` say how many differ from a plain pass, and how."""
    left = dict(PER_SEVERITY)
    numbers = itertools.count(1)
    results = []
    for count, severity, status, fraction in groups:
        left[severity] -= count
        results += [result(severity, status, fraction, f"NB-X-{next(numbers):02}") for _ in range(count)]
    assert min(left.values()) >= 0
    results += [result(severity, name=f"NB-X-{next(numbers):02}") for severity in left for _ in range(left[severity])]
    assert len(results) == 60
    return results


C, H, M, L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
# What the table leaves open is which severities the four unknown and six inapplicable have: these give its numbers.
INAPPLICABLE = ((3, H, Status.NOT_APPLICABLE, None), (3, M, Status.NOT_APPLICABLE, None))
OPEN_ENDS = ((1, C, Status.UNKNOWN, None), (2, H, Status.UNKNOWN, None), (1, M, Status.UNKNOWN, None), *INAPPLICABLE)
PROD_EKS = sixty(
    (1, C, Status.FAIL, 0.8), (4, H, Status.FAIL, None), (1, H, Status.FAIL, 0.9), (3, M, Status.FAIL, None),
    (1, L, Status.FAIL, None), *OPEN_ENDS,
)  # fmt: skip


def prod_gke() -> list[ControlResult]:
    """Enforcement off: five critical and fourteen high are inert, and so are three medium beside the usual failures."""
    results = sixty((5, C, Status.FAIL, None), (14, H, Status.FAIL, None), (6, M, Status.FAIL, None),
                    (1, L, Status.FAIL, None), *OPEN_ENDS)  # fmt: skip
    return [result(C, Status.FAIL, name="NB-ENF-01"), *results[1:]]


def dev_aks() -> list[ControlResult]:
    """The cloud API alone: a public endpoint with an allow list, one high failure, a few passes, nothing else known."""
    return sixty((1, C, Status.PASS, 0.7), (8, C, Status.UNKNOWN, None), (1, H, Status.FAIL, None),
                 (20, H, Status.UNKNOWN, None), (12, M, Status.UNKNOWN, None), (4, L, Status.UNKNOWN, None),
                 *INAPPLICABLE)  # fmt: skip


def shown(points: Score) -> tuple[float, float, float]:
    printed = rounded(points)
    return printed.proven, printed.ceiling, printed.coverage


@pytest.mark.parametrize(
    ("results", "numbers", "letter"),
    [
        pytest.param(PROD_EKS, (78.9, 87.5, 0.91), "C", id="prod-eks"),
        pytest.param(prod_gke(), (39.0, 47.6, 0.91), "F", id="prod-gke"),
        pytest.param(dev_aks(), (14.7, 96.9, 0.18), INSUFFICIENT, id="dev-aks"),
    ],
)
def test_worked_example(results, numbers, letter):
    """The baseline's own example gives its own numbers and grades."""
    points = score(results)
    assert shown(points) == numbers
    assert grade(points, results)[0] == letter


def test_worked_example_of_the_fleet():
    """The example's fleet row comes from its clusters' unrounded scores, weighted by tier; two of three are gated."""
    clusters = [(PROD_EKS, "prod"), (prod_gke(), "prod"), (dev_aks(), "dev")]
    assert shown(fleet([(score(results), tier_weight(tier)) for results, tier in clusters])) == (54.1, 70.8, 0.83)
    assert sum(bool(grade(score(results), results)[1]) for results, _ in clusters) == 2


@pytest.mark.parametrize(
    ("proven", "letter"),
    [(90.0, "A"), (89.99, "B"), (80.0, "B"), (79.99, "C"), (70.0, "C"), (69.99, "D"), (60.0, "D"), (59.99, "F")],
)
def test_bands(proven, letter):
    """A band begins exactly at its number, before any rounding."""
    assert grade(Score(proven=proven, ceiling=100.0, coverage=1.0), ()) == (letter, ())


@pytest.mark.parametrize(
    ("results", "letter", "gated"),
    [
        pytest.param([result(C, Status.FAIL, name="NB-ISO-04")], "C", 1, id="critical-caps-at-c"),
        pytest.param([result(C, Status.WAIVED, name="NB-ISO-04")], "A", 0, id="waived-critical-does-not-cap"),
        pytest.param([result(H, Status.FAIL, name="NB-ISO-02")], "A", 0, id="high-does-not-cap"),
        pytest.param([result(C, Status.FAIL, name="NB-ENF-01")], "F", 1, id="no-engine"),
        pytest.param([result(C, Status.FAIL, name="NB-ENF-06")], "F", 1, id="not-enforcing"),
        pytest.param([result(C, Status.FAIL, name="NB-VER-01")], "F", 1, id="canary"),
        pytest.param([result(C, Status.WAIVED, name="NB-ENF-01")], "F", 1, id="waiver-cannot-make-inert-effective"),
        pytest.param([result(C, Status.UNKNOWN, name="NB-ENF-01")], "A", 0, id="unknown-is-no-failure"),
    ],
)
def test_gates(results, letter, gated):
    """Gates override the letter of even a perfect number, and are named."""
    found, gates = grade(Score(proven=100.0, ceiling=100.0, coverage=1.0), results)
    assert (found, len(gates)) == (letter, gated)
    assert all(results[0].id in gate for gate in gates)


@pytest.mark.parametrize(
    ("coverage", "shown_as"),
    [(0.90, "A"), (0.8999, "A (provisional)"), (0.60, "A (provisional)"), (0.5999, INSUFFICIENT)],
)
def test_coverage_qualifies_the_grade(coverage, shown_as):
    """Below 90 % coverage the letter is provisional, below 60 % there is none."""
    assert grade(Score(proven=95.0, ceiling=100.0, coverage=coverage), ())[0] == shown_as


@pytest.mark.parametrize("results", [[], [result(status=Status.NOT_APPLICABLE)]], ids=["none", "none-applies"])
def test_no_evidence_is_no_score(results):
    """Where nothing applies nothing is proven, nothing excluded and nothing covered."""
    assert score(results) == Score(proven=0.0, ceiling=100.0, coverage=0.0)
    assert fleet([]) == Score(proven=0.0, ceiling=100.0, coverage=0.0)


def test_fleet_does_not_weigh_by_size():
    """One production cluster outweighs two staging or four development ones exactly, and an unheard-of tier is prod."""
    good, bad = Score(proven=100.0, ceiling=100.0, coverage=1.0), Score(proven=0.0, ceiling=0.0, coverage=1.0)
    assert fleet([(good, 4), (bad, 2), (bad, 2)]).proven == 50.0
    assert fleet([(good, 4), *[(bad, 1)] * 4]).proven == 50.0
    assert (tier_weight("prod"), tier_weight("staging"), tier_weight("dev")) == (4, 2, 1)
    assert tier_weight("unheard-of") == tier_weight("prod")
    assert tier_weight("dev", {"dev": 0.5}) == 0.5
    assert tier_weight("unheard-of", {"staging": 9}) == 9


RESULTS = st.lists(
    st.builds(
        result,
        severity=st.sampled_from(Severity),
        status=st.sampled_from(Status),
        fraction=st.floats(0, 1, allow_nan=False),
    ),
    max_size=20,
)


@settings(deadline=None, max_examples=100)
@given(RESULTS, st.data())
def test_less_evidence_never_raises_a_score(results, data):
    """Turning one result unknown never raises the proven score nor the coverage, and never lowers the ceiling."""
    before = score(results)
    assert 0 <= before.proven <= before.ceiling <= 100
    assert 0 <= before.coverage <= 1
    judged = [n for n, r in enumerate(results) if r.status is not Status.NOT_APPLICABLE]
    if judged:
        hidden = data.draw(st.sampled_from(judged))
        after = score([result(r.severity, Status.UNKNOWN) if n == hidden else r for n, r in enumerate(results)])
        assert after.proven <= before.proven + 1e-9
        assert after.ceiling >= before.ceiling - 1e-9
        assert after.coverage <= before.coverage + 1e-9
