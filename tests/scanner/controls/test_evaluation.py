"""Dependencies, evidence levels, roll-up and fractions, on controls made for the purpose."""

from __future__ import annotations

import dataclasses

import pytest

from scanner.controls.base import Control, Verdict
from scanner.controls.evaluation import evaluate
from scanner.findings import Evidence, Severity, Status, roll_up
from scanner.model import Source
from scanner.prepare import case_of
from tests.factories import snapshot

FAIL, PASS, UNKNOWN, NOT = Status.FAIL, Status.PASS, Status.UNKNOWN, Status.NOT_APPLICABLE


def control(name: str, *verdicts: Verdict | Status, **overrides) -> Control:
    """A control that gives these verdicts."""
    given = [
        v if isinstance(v, Verdict) else Verdict(subject=f"s{n}", status=v, reason="own")
        for n, v in enumerate(verdicts)
    ]
    plain = Control(
        id=name,
        title="t",
        severity=Severity.HIGH,
        scope="cluster",
        least=Evidence.E2,
        remediation="r",
        check=lambda _: iter(given),
    )
    return dataclasses.replace(plain, **overrides)


def results(*controls: Control, **snapshot_fields):
    return {r.id: r for r in evaluate(controls, case_of(snapshot(**snapshot_fields)))}


@pytest.mark.parametrize(
    ("required", "own", "expected"),
    [
        pytest.param(FAIL, PASS, (FAIL, "inert"), id="pass-on-nothing-is-inert"),
        pytest.param(FAIL, FAIL, (FAIL, "inert"), id="fail-on-nothing-is-inert"),
        pytest.param(FAIL, UNKNOWN, (FAIL, "inert"), id="unknown-on-nothing-is-inert"),
        pytest.param(FAIL, NOT, (NOT, "own"), id="its-own-text-wins"),
        pytest.param(UNKNOWN, PASS, (UNKNOWN, "declared-pass"), id="pass-on-doubt-is-declared"),
        pytest.param(UNKNOWN, FAIL, (FAIL, "own"), id="fail-on-doubt-stays"),
        pytest.param(NOT, PASS, (PASS, "own"), id="inapplicable-requirement-holds"),
        pytest.param(PASS, PASS, (PASS, "own"), id="holds"),
    ],
)
def test_dependencies(required, own, expected):
    """A failed requirement makes a control inert, an unknown one takes the proof from its pass."""
    found = results(control("A", required), control("B", own, requires=("A",)))["B"]
    assert (found.status, found.reason) == expected


def test_inert_earns_nothing():
    """What is declared on a plane that enforces nothing is not covered, and says what to mend first."""
    found = results(control("A", FAIL), control("B", PASS, FAIL, requires=("A",), fractional=True))["B"]
    assert found.fraction == 0.0
    assert [item.reason for item in found.items] == ["inert", "own"]
    assert "A" in found.items[0].remediation
    assert "this is declared" in found.items[0].evidence[0]


def test_inert_does_not_claim_that_the_unread_is_declared():
    """Where nobody could read what is declared, the evidence says only that it would have no effect."""
    found = results(control("A", FAIL), control("B", UNKNOWN, requires=("A",)))["B"]
    assert found.items[0].evidence[0] == "A fails, so whatever may be declared here has no effect"


@pytest.mark.parametrize(
    ("fields", "least", "expected"),
    [
        pytest.param({}, Evidence.E2, (PASS, "own"), id="live"),
        pytest.param({"source": Source.MANIFESTS}, Evidence.E2, (UNKNOWN, "declared-pass"), id="manifests"),
        pytest.param({"source": Source.MANIFESTS}, Evidence.E1, (PASS, "own"), id="manifests-suffice"),
        pytest.param({"unread": "refused"}, Evidence.E1, (UNKNOWN, "declared-pass"), id="unread"),
        pytest.param({}, Evidence.E3, (UNKNOWN, "declared-pass"), id="nobody-observed"),
    ],
)
def test_a_pass_needs_its_evidence(fields, least, expected):
    """A pass below the control's least evidence level is unknown."""
    found = results(control("A", PASS, least=least), **fields)["A"]
    assert (found.status, found.reason) == expected


def test_a_fail_needs_no_more_evidence():
    """A failure seen in manifests alone stays one."""
    assert results(control("A", FAIL), source=Source.MANIFESTS)["A"].status is FAIL


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((FAIL, UNKNOWN, PASS), FAIL),
        ((PASS, UNKNOWN, NOT), UNKNOWN),
        ((PASS, NOT), PASS),
        ((NOT, NOT), NOT),
        ((), NOT),
    ],
    ids=["fail", "unknown", "pass", "none-applies", "no-items"],
)
def test_roll_up(statuses, expected):
    """The worst item decides, and inapplicable ones do not count."""
    assert roll_up(statuses) is expected


def test_fraction_counts_weight_and_not_the_unknown():
    """The fraction is the covered weight of all that applies; unknown is not covered, inapplicable not counted."""
    heavy = Verdict(subject="a", status=FAIL, reason="own", weight=6.0, covered=3.0)
    verdicts = (heavy, PASS, UNKNOWN, NOT)
    assert results(control("A", *verdicts, fractional=True))["A"].fraction == 4 / 8
    assert results(control("A", *verdicts))["A"].fraction == 0.0


def test_lower_credit_of_a_pass():
    """A pass may earn less than everything where the control's text says so."""
    limited = Verdict(subject="a", status=PASS, reason="own", covered=0.7)
    assert results(control("A", limited))["A"].fraction == 0.7


@pytest.mark.parametrize(("severity", "fraction"), [(Severity.CRITICAL, 0.0), (Severity.HIGH, 0.5)])
def test_sensitive_failure_costs_a_critical_control_everything(severity, fraction):
    """A critical fractional control is 0 when something sensitive is among its failures."""
    sensitive = Verdict(subject="a", status=FAIL, reason="own", sensitive=True)
    assert results(control("A", sensitive, PASS, fractional=True, severity=severity))["A"].fraction == fraction
