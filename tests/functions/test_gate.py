"""Exit codes follow from the report and the flags alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from functions.gate import Exit, decide
from reports.document import Cluster, Group, Report, Run
from scanner.findings import ControlResult, DataPlaneSummary, Level, Score, Severity, Status
from tests.reports.governed_factory import fabric, fabric_control


def report(*failed: Severity, proven: float = 80.0) -> Report:
    """A one-cluster report with a failed control of each given severity."""
    score = Score(proven=proven, ceiling=100.0, coverage=1.0)
    controls = tuple(
        ControlResult(
            id=f"NB-X-0{n}", title="t", severity=severity, status=Status.FAIL, reason="r", fraction=0.0,
            level=Level.EFFECTIVE,
        )
        for n, severity in enumerate(failed)
    )  # fmt: skip
    cluster = Cluster(
        id="c", cloud="aws", account="1", location="l", name="prod", tier="prod", read="complete", unread="", gaps=(),
        taken="2026-11-23T08:00:00Z", exposure=(), score=score, grade="B", gates=(), controls=controls, notices=(),
        dataplane=DataPlaneSummary(name="x", version="", enforcing="yes", reason="on"),
    )  # fmt: skip
    group = Group(
        name="fleet", score=score, grade="B", clusters=1, unread=0, gated=0, without_critical_fail=1, lowest="c"
    )
    run = Run(id="r", time="2026-11-23T08:00:00Z", tool="t")
    return Report(baseline="1.0.0", run=run, fleet=group, clouds=(), scopes=(), clusters=(cluster,))


@pytest.mark.parametrize(
    ("found", "flags", "expected"),
    [
        pytest.param(report(), {}, Exit.DONE, id="clean"),
        pytest.param(report(Severity.CRITICAL), {}, Exit.DONE, id="no-gate-asked"),
        pytest.param(report(Severity.HIGH), {"fail_on": Severity.CRITICAL}, Exit.DONE, id="milder-than-the-gate"),
        pytest.param(report(Severity.HIGH), {"fail_on": Severity.HIGH}, Exit.GATE_FAILED, id="as-bad-as-the-gate"),
        pytest.param(report(Severity.CRITICAL), {"fail_on": Severity.LOW}, Exit.GATE_FAILED, id="worse-than-the-gate"),
        pytest.param(report(proven=59.9), {"min_score": 60}, Exit.GATE_FAILED, id="score-below"),
        pytest.param(report(proven=60.0), {"min_score": 60}, Exit.DONE, id="score-equal"),
        pytest.param(report(proven=float("nan")), {"min_score": 60}, Exit.GATE_FAILED, id="no-score-never-passes"),
        pytest.param(report(), {"incomplete": True}, Exit.INCOMPLETE, id="incomplete"),
        pytest.param(report(), {"incomplete": True, "allow_partial": True}, Exit.DONE, id="incomplete-allowed"),
        pytest.param(
            report(Severity.HIGH), {"incomplete": True, "fail_on": Severity.HIGH}, Exit.GATE_FAILED, id="gate-wins"
        ),
    ],
)
def test_exit_code(found, flags, expected):
    """A failed gate is 1, an incomplete run that was not allowed 3, all else 0; every failure says why."""
    given = {"incomplete": False, "fail_on": None, "min_score": None, "allow_partial": False} | flags
    code, why = decide(found, **given)
    assert code == expected
    assert bool(why) == (expected != Exit.DONE)


@pytest.mark.parametrize(
    ("name", "named"),
    [("NB-XC-02", "gate failed: NB-XC-02 on the fabric"), ("NB-X-00", "gate failed: NB-X-00 on prod (")],
    ids=["of-the-fleet", "named-with-its-cluster"],
)
def test_what_fails_for_the_fleet_fails_a_gate(name, named):
    """A path between clusters is no cluster's own failure; what a cluster fails is named once, with the cluster."""
    given = report(*([Severity.CRITICAL] if name == "NB-X-00" else []))
    judged = fabric(controls=(fabric_control(name, Severity.CRITICAL), fabric_control("NB-XC-01", status=Status.PASS)))
    code, why = decide(
        replace(given, fabric=judged), incomplete=False, fail_on=Severity.CRITICAL, min_score=None, allow_partial=False
    )
    assert (code, why.startswith(named), "and" in why) == (Exit.GATE_FAILED, True, False)
