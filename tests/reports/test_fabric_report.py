"""The fleet's pseudo-cluster: what is merged from clusters, what is judged once, and what it weighs."""

from __future__ import annotations

import pytest

from reports.aggregate import build_report
from reports.document import Fabric, Report
from reports.fabric import build_fabric
from scanner.findings import ClusterResult, ControlResult, Item, Score, Severity, Status, WaiverUse
from scanner.waivers.model import Waiver, WaiverScope
from tests.reports.governed_factory import fabric_control, waiver_use
from tests.reports.test_aggregate import RUN, result

AT = "2026-11-23T08:00:00Z"
FULL = Score(proven=100.0, ceiling=100.0, coverage=1.0)


def governed(name: str = "NB-GOV-04", status: Status = Status.FAIL, fraction: float = 0.0) -> ControlResult:
    """A control of the fleet as one cluster has it, about the whole cluster."""
    items = (Item(subject="cluster", status=status, reason=str(status)),)
    return fabric_control(name, Severity.MEDIUM, status, reason=str(status), fraction=fraction, items=items)


def on_waivers(*uses: WaiverUse, name: str = "c1", status: Status = Status.NOT_APPLICABLE) -> ClusterResult:
    """A cluster with these waivers, and what its NB-GOV-06 says."""
    return result(name, controls=(governed("NB-GOV-06", status, float(status is Status.PASS)),), waivers=uses)


def waiver(name: str = "W-1", control: str = "NB-XC-01", **scope: str) -> Waiver:
    """A waiver in force."""
    return Waiver(
        id=name, control=control, scope=WaiverScope(**scope), reason="r", compensating_control="c", owner="Ada",
        approvers=("Grace",), ticket="T-1", created="2026-11-01", expires="2026-12-01",
    )  # fmt: skip


def built(*results: ClusterResult, judged: tuple[ControlResult, ...] = (), waivers: tuple[Waiver, ...] = ()) -> Fabric:
    """The fabric of these."""
    found = build_fabric(results, judged, waivers=waivers, at=AT)
    assert found is not None
    return found


def one(fabric: Fabric, name: str) -> ControlResult:
    """One of its controls."""
    (found,) = (each for each in fabric.controls if each.id == name)
    return found


def report(*results: ClusterResult, **rest: object) -> Report:
    """The report over these."""
    return build_report(results, run=RUN, scopes=(), baseline="1.0.0", **rest)


def test_a_control_of_several_clusters_is_merged():
    """Items under their cluster's name, the worst status, the mean of the fractions that apply."""
    clusters = [
        result("a", controls=(governed(status=Status.PASS, fraction=1.0),)),
        result("b", controls=(governed(fraction=0.5),)),
        result("c", controls=(governed(status=Status.NOT_APPLICABLE),)),
    ]
    found = one(built(*clusters), "NB-GOV-04")
    assert (found.status, found.reason, found.fraction) == (Status.FAIL, "fail", 0.75)
    assert [item.subject for item in found.items] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ((Status.WAIVED, Status.PASS), Status.WAIVED),
        ((Status.WAIVED, Status.UNKNOWN), Status.UNKNOWN),
        ((Status.WAIVED, Status.FAIL), Status.FAIL),
        ((Status.NOT_APPLICABLE, Status.PASS), Status.PASS),
    ],
)
def test_the_worst_status_counts(statuses, status):
    """Fail, then unknown, then waived, then pass."""
    clusters = [result(f"c{n}", controls=(governed(status=each),)) for n, each in enumerate(statuses)]
    assert one(built(*clusters), "NB-GOV-04").status is status


def test_what_is_waived_in_one_cluster_leaves_the_others_to_count():
    """Without its waived items one cluster does not count; the mean is of the others, and there is none without others."""
    waived, passed = governed(status=Status.WAIVED), governed(status=Status.PASS, fraction=1.0)
    both = one(built(result("a", controls=(waived,)), result("b", controls=(passed,))), "NB-GOV-04")
    assert (both.fraction, both.accepted) == (0.5, 1.0)
    assert one(built(result("a", controls=(waived,))), "NB-GOV-04").accepted is None
    assert one(built(result("b", controls=(passed,))), "NB-GOV-04").accepted is None


def test_the_fabric_weighs_as_the_heaviest_tier():
    """By default as a production cluster; where tiers are weighed otherwise, as the heaviest of these."""
    failing = {"fabric": (fabric_control("NB-XC-01"),)}
    dev = result("a", score=FULL, tier="dev", tier_weight=1.0)
    assert report(dev, **failing).fleet.score.proven == 20.0
    weights = {"prod": 1.0, "staging": 0.5, "dev": 0.1}
    prod = result("a", score=FULL, tier_weight=1.0)
    assert report(prod, **failing, tier_weights=weights).fleet.score.proven == 50.0
    assert report(prod, **failing).clouds[0].score.proven == 100.0


def test_without_anything_of_the_fleet_there_is_no_fabric():
    """One cluster, no links and no waivers: the fleet's score is the cluster's."""
    found = report(result("a", proven=70.0, controls=(governed(status=Status.NOT_APPLICABLE),)))
    assert (found.fabric, found.fleet.score.proven) == (None, 70.0)


def test_what_is_judged_for_the_fleet_is_waived_by_its_name():
    """Scope `cluster: fabric` waives a link; the raw status stays in the score, the accepted one is without it."""
    link = fabric_control("NB-XC-01", items=(Item(subject="vpc-1 = vpc-2", status=Status.FAIL, reason="undeclared"),))
    clusters = on_waivers(status=Status.NOT_APPLICABLE)
    found = built(clusters, judged=(link,), waivers=(waiver(cluster="fabric", object="vpc-1*"),))
    assert one(found, "NB-XC-01").status is Status.WAIVED
    assert found.score == Score(proven=33.3, ceiling=33.3, coverage=1.0)  # 3 of 9: NB-GOV-06, not the link
    assert [(use.id, use.state) for use in found.waivers] == [("W-1", "used")]
    assert (one(found, "NB-GOV-06").status, one(found, "NB-GOV-06").items[-1].subject) == (Status.PASS, "fleet: W-1")


@pytest.mark.parametrize(
    ("states", "status", "reason"),
    [
        (("unused", "unused"), Status.FAIL, "unused"),
        (("unused", "undecided"), Status.UNKNOWN, "undecided"),
        (("unused", "used"), Status.NOT_APPLICABLE, "not_applicable"),
    ],
)
def test_whether_a_waiver_is_needed_the_fleet_decides(states, status, reason):
    """One that matched nothing anywhere is unused; where a cluster could not be seen that is not known."""
    clusters = [on_waivers(waiver_use(state=each, named=False), name=f"c{n}") for n, each in enumerate(states)]
    other = fabric_control("NB-XC-01")
    found = one(built(*clusters, judged=(other,)), "NB-GOV-06")
    assert (found.status, found.reason) == (status, reason)


def test_a_named_cluster_has_said_so_itself():
    """What stands in a cluster's own NB-GOV-06 is not said twice."""
    found = one(built(on_waivers(waiver_use(state="unused"), status=Status.FAIL)), "NB-GOV-06")
    assert [item.subject for item in found.items] == ["c1"]


def test_a_waiver_of_nothing_that_was_audited_is_named():
    """Misspelt or for a cluster of another run: NB-GOV-06 is unknown, and the list of waivers has it."""
    found = built(on_waivers(status=Status.PASS), waivers=(waiver(cluster="gone"), waiver("W-2", "NB-ISO-01")))
    assert [(use.id, use.state) for use in found.waivers] == [("W-1", "unmatched"), ("W-2", "unmatched")]
    governed_by = one(found, "NB-GOV-06")
    assert (governed_by.status, governed_by.reason) == (Status.UNKNOWN, "unmatched")


def test_results_of_another_baseline_are_never_mixed_in():
    """They count in no score, and the report says which cluster was left out and why."""
    found = report(result("a", proven=80.0), result("old", proven=0.0, baseline="0.9.0"))
    assert ([each.name for each in found.clusters], found.fleet.score.proven) == (["a"], 80.0)
    (scope,) = found.scopes
    assert (scope.outcome, scope.is_whole) == ("partial", False)
    assert "old was judged by baseline 0.9.0, this report is of 1.0.0" in scope.reason
