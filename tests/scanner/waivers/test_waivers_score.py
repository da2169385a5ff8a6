"""What waivers do to scores and grades: nothing to the raw one, and to the accepted-risk one what they cover."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.findings import ClusterResult, ControlResult, Item, Level, Severity, Status, roll_up
from scanner.judge import judge
from scanner.scoring import accepted_score, grade, raw_status, score
from scanner.waivers.apply import apply_waivers
from scanner.waivers.model import Waiver, WaiverScope
from tests.factories import cluster, namespace, policy
from tests.scanner.controls.clusters import egress, eks, to_block, web

AT = "2026-11-23T08:00:00Z"
CLUSTER = cluster(name="prod-1")
SUBJECTS = ("a", "b/c", "d", "cluster")
MIXED = eks(
    web(), web("db", ns="pay"), policies=[policy(egress(to_block("0.0.0.0/0")))],
    namespaces=[namespace("shop"), namespace("pay")],
)  # fmt: skip


def waiver(control: str, *, number: int = 1, **scope: str) -> Waiver:
    """A waiver in force, that two people approved."""
    return Waiver(
        id=f"W-{number}", control=control, scope=WaiverScope(**scope), reason="r", compensating_control="c", owner="Ada",
        approvers=("Grace", "Alan"), ticket="T-1", created="2026-11-10", expires="2026-12-01",
    )  # fmt: skip


def control(number: int, severity: Severity, items: dict[str, Status], share: float) -> ControlResult:
    """A result as `evaluate` rolls it up; one that does not pass earned `share`."""
    status = roll_up(items.values())
    return ControlResult(
        id=f"NB-X-{number:02}", title="t", severity=severity, status=status, reason="r", level=Level.EFFECTIVE,
        fraction=1.0 if status is Status.PASS else share,
        items=tuple(Item(subject=name, status=each, reason="r") for name, each in items.items()),
    )  # fmt: skip


JUDGED = st.sampled_from([Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE])
RESULTS = st.lists(
    st.builds(
        control,
        st.integers(0, 9),
        st.sampled_from(list(Severity)),
        st.dictionaries(st.sampled_from(SUBJECTS), JUDGED),
        st.floats(0, 1),
    ),
    unique_by=lambda each: each.id,
    min_size=1,
)
WAIVERS = st.lists(
    st.builds(
        lambda number, name, space: waiver(f"NB-X-{name:02}", number=number, namespace=space),
        st.integers(0, 99),
        st.integers(0, 9),
        st.sampled_from(["*", "a", "b", "c*"]),
    ),
    unique_by=lambda each: each.id,
)


@settings(max_examples=300, deadline=None)
@given(RESULTS, WAIVERS, st.randoms(use_true_random=False))
def test_waivers_never_change_the_raw_score_and_their_order_never_matters(results, waivers, chance):
    """The headline is the same with and without them, whatever else passes or is unknown beside what is waived."""
    before = {each.id: each for each in results}
    after = apply_waivers(before, waivers, CLUSTER, "prod", AT)
    shuffled = list(waivers)
    chance.shuffle(shuffled)
    assert apply_waivers(before, shuffled, CLUSTER, "prod", AT) == after
    assert score(list(after.results.values())) == score(results)
    assert all(raw_status(each) is before[each.id].status for each in after.results.values())
    accepted = accepted_score(list(after.results.values()))
    waived = any(item.status is Status.WAIVED for each in after.results.values() for item in each.items)
    assert (accepted is not None) is waived
    if accepted is not None:
        assert 0 <= accepted.proven <= accepted.ceiling <= 100


@settings(max_examples=300, deadline=None)
@given(RESULTS, st.data())
def test_mending_a_failure_never_lowers_a_score(results, data):
    """A control that fails and then passes lowers neither what is proven, nor the ceiling, nor the coverage."""
    before = score(results)
    failing = [n for n, each in enumerate(results) if each.status is Status.FAIL]
    if not failing:
        return
    mended = data.draw(st.sampled_from(failing))
    passed = msgspec.structs.replace(results[mended], status=Status.PASS, fraction=1.0, items=())
    after = score([passed if n == mended else each for n, each in enumerate(results)])
    assert after.proven >= before.proven - 1e-9
    assert after.ceiling >= before.ceiling - 1e-9
    assert after.coverage == before.coverage


def results_of(*items: Status, name: str = "NB-X-01", share: float = 0.0) -> ControlResult:
    """A critical control with these items, of which the failing ones are waived."""
    raw = control(1, Severity.CRITICAL, {f"n{number}": each for number, each in enumerate(items)}, share)
    raw = msgspec.structs.replace(raw, id=name)
    return apply_waivers({name: raw}, [waiver(name)], CLUSTER, "prod", AT).results[name]


@pytest.mark.parametrize(
    ("items", "status", "proven", "ceiling", "coverage"),
    [
        pytest.param((Status.FAIL,), Status.WAIVED, 0.0, 100.0, 0.0, id="leaves-entirely"),
        pytest.param((Status.FAIL, Status.PASS), Status.WAIVED, 100.0, 100.0, 1.0, id="rest-passes"),
        pytest.param((Status.FAIL, Status.UNKNOWN), Status.UNKNOWN, 0.0, 100.0, 0.0, id="rest-unknown"),
        pytest.param((Status.FAIL, Status.NOT_APPLICABLE), Status.WAIVED, 0.0, 100.0, 0.0, id="rest-does-not-apply"),
    ],
)
def test_the_accepted_score_is_of_what_is_left(items, status, proven, ceiling, coverage):
    """Without its waived items a control counts as the others do; with none left it does not count."""
    found = results_of(*items)
    accepted = accepted_score([found])
    assert found.status is status
    assert accepted is not None
    assert (accepted.proven, accepted.ceiling, accepted.coverage) == (proven, ceiling, coverage)
    assert score([found]).coverage == 1.0


@pytest.mark.parametrize("rest", [(), (Status.PASS,), (Status.UNKNOWN,)], ids=["alone", "pass", "unknown"])
def test_no_waiver_lifts_a_decisive_gate(rest):
    """NB-ENF-01 that failed is an F, whatever is waived of it and whatever is left; a lesser critical one is lifted."""
    decisive, lesser = results_of(Status.FAIL, *rest, name="NB-ENF-01"), results_of(Status.FAIL, *rest)
    top = score([control(2, Severity.HIGH, {"a": Status.PASS}, 1.0)])
    assert grade(top, [decisive]) == ("F", ("NB-ENF-01 fails: grade F",))
    assert grade(top, [lesser]) == ("A", ())


def shown(result: ClusterResult) -> dict[str, Any]:
    """What a report says of a cluster's score."""
    return {"score": result.score, "raw": [(each.id, raw_status(each), each.fraction) for each in result.controls]}


@pytest.mark.parametrize("on", [True, False], ids=["enforcing", "inert"])
def test_a_judged_cluster_keeps_its_raw_score(on):
    """Waivers for everything that fails on a real cluster leave score, raw statuses and fractions as they were."""
    snapshot = msgspec.structs.replace(eks(web(), web("db", ns="pay"), on=on), policies=MIXED.policies)
    plain = judge(snapshot)
    failing = [each.id for each in plain.controls if each.status is Status.FAIL and each.id != "NB-GOV-06"]
    waivers = [waiver(name, number=number) for number, name in enumerate(failing)]
    found = judge(snapshot, waivers=waivers, at=AT)
    kept = [each for each in shown(found)["raw"] if each[0] != "NB-GOV-06"]
    assert failing
    assert found.score == judge(snapshot, at=AT).score
    assert kept == [each for each in shown(judge(snapshot, at=AT))["raw"] if each[0] != "NB-GOV-06"]
    assert found.accepted is not None
    assert judge(snapshot, waivers=waivers[::-1], at=AT) == found
    assert all(each.status is not Status.FAIL for each in found.controls if each.id in failing)


def test_a_fractional_control_counts_what_is_left_by_weight():
    """Of NB-ISO-01 the waived namespace leaves; what the others cover is then all of it."""
    found = judge(MIXED, waivers=[waiver("NB-ISO-01", namespace="pay")], at=AT)
    (isolation,) = (each for each in found.controls if each.id == "NB-ISO-01")
    assert {item.subject: item.status for item in isolation.items} == {"pay": Status.WAIVED, "shop": Status.PASS}
    assert isolation.fraction < 1.0
    assert isolation.accepted == 1.0
