"""Many results make one report: order, groups, and scores that are rounded once, at the end."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.aggregate import build_report
from reports.document import Report, Run, Scope, decode_report, render_json
from scanner.findings import ClusterResult, DataPlaneSummary, Score, Severity, Status
from scanner.model import Cloud, Read
from scanner.scoring import tier_weight
from tests.factories import cluster
from tests.reports.report_factory import control

RUN = Run(id="20261123T080000Z", time="2026-11-23T08:00:00Z", tool="ringfence 0.1.0")


def result(name: str = "c1", cloud: Cloud = Cloud.AWS, proven: float = 80.0, **overrides: Any) -> ClusterResult:
    """The result of one production cluster, read whole."""
    fields: dict[str, Any] = {
        "baseline": "1.0.0", "cluster": cluster(cloud, name), "taken": "2026-11-23T08:00:00Z", "tier": "prod",
        "read": Read.COMPLETE, "unread": "", "gaps": (), "exposure": (), "gates": (), "grade": "B", "controls": (), "notices": (),
        "score": Score(proven=proven, ceiling=100.0, coverage=1.0),
        "dataplane": DataPlaneSummary(name="x", version="1", enforcing="yes", reason="on"),
    }  # fmt: skip
    return ClusterResult(**(fields | overrides))


def unread(name: str, cloud: Cloud = Cloud.AZURE) -> ClusterResult:
    """A cluster nobody may read: nothing proven, everything possible."""
    return result(
        name, cloud, read=Read.UNREAD, unread="forbidden", grade="insufficient evidence",
        score=Score(proven=0.0, ceiling=100.0, coverage=0.0), controls=(control(0, Status.UNKNOWN),),
    )  # fmt: skip


def build(*results: ClusterResult, scopes: tuple[Scope, ...] = ()) -> Report:
    """The report over `results`."""
    return build_report(results, run=RUN, scopes=scopes, baseline="1.0.0")


def test_fleet_is_the_tier_weighted_mean():
    """Production counts four times, staging twice, development once: the worked example of the scoring model."""
    fleet = build(
        result("prod-eks", score=Score(proven=78.9, ceiling=87.5, coverage=0.91)),
        result("prod-gke", Cloud.GCP, score=Score(proven=39.0, ceiling=47.6, coverage=0.91)),
        result(
            "dev-aks", Cloud.AZURE, score=Score(proven=14.7, ceiling=96.9, coverage=0.18), tier="dev", tier_weight=1.0
        ),
    ).fleet
    assert fleet.score == Score(proven=54.0, ceiling=70.8, coverage=0.83)  # 54.1 from unrounded members
    assert fleet.grade == "F (provisional)"
    mixed = build(
        result("a", proven=100.0, tier="staging", tier_weight=2.0),
        result("b", proven=40.0, tier="dev", tier_weight=1.0),
    ).fleet
    assert mixed.score.proven == 80.0
    assert mixed.grade == "B"


def test_scores_are_rounded_only_in_the_report():
    """The mean is taken of unrounded scores; the report shows one decimal, and two of coverage."""
    third = Score(proven=66.64, ceiling=66.64, coverage=0.944)
    sixth = Score(proven=66.74, ceiling=66.74, coverage=0.954)
    found = build(result("a", score=third), result("b", score=third), result("c", score=sixth))
    assert [c.score.proven for c in found.clusters] == [66.6, 66.6, 66.7]
    assert found.clusters[0].score.coverage == 0.94
    assert found.fleet.score == Score(proven=66.7, ceiling=66.7, coverage=0.95)


def test_unread_cluster_counts_as_it_was_scored():
    """A cluster nobody read lowers what is proven, leaves the ceiling, and is no cluster without a critical fail."""
    found = build(result("a", proven=100.0), unread("b"))
    assert found.fleet.score == Score(proven=50.0, ceiling=100.0, coverage=0.5)
    assert found.fleet.grade == "insufficient evidence"
    assert (found.fleet.clusters, found.fleet.unread, found.fleet.without_critical_fail) == (2, 1, 1)
    assert found.fleet.lowest == found.clusters[1].id
    assert found.clusters[1].read == "unread"
    assert found.clusters[1].unread == "forbidden"


def test_counts_of_a_group():
    """Gated clusters and clusters without a critical fail are counted; unknown and lesser failures are no critical fail."""
    inert, tidy, lesser = control(0, Status.FAIL), control(0, Status.UNKNOWN), control(1, Status.FAIL)
    assert inert.severity is tidy.severity is Severity.CRITICAL
    found = build(
        result("a", proven=10.0, controls=(lesser, inert), gates=("NB-ENF-01",), grade="F"),
        result("b", proven=20.0, controls=(tidy, lesser)),
        result("c", Cloud.GCP, proven=30.0),
    )
    assert (found.fleet.gated, found.fleet.without_critical_fail, found.fleet.unread) == (1, 2, 0)
    assert found.fleet.lowest == "aws/acct/here/a"
    assert [(g.name, g.clusters, g.gated, g.lowest) for g in found.clouds] == [
        ("aws", 2, 1, "aws/acct/here/a"),
        ("gcp", 1, 0, "gcp/acct/here/c"),
    ]
    assert [g.score.proven for g in found.clouds] == [15.0, 30.0]


def test_accounts_locations_tiers_and_controls_are_rolled_up():
    """Accounts and locations under their cloud, for two clouds may call them alike; each cluster is in one of each sort."""
    found = build(
        result("a", proven=10.0, cluster=cluster(Cloud.AWS, "a", account="1"), controls=(control(0, Status.FAIL),)),
        result("b", proven=30.0, cluster=cluster(Cloud.AWS, "b", account="1"), controls=(control(0, Status.PASS),)),
        result("c", Cloud.GCP, tier="dev", tier_weight=1.0, controls=(control(1, Status.UNKNOWN),)),
        unread("d"),
    )
    rows = [[(g.name, g.clusters, g.score.proven) for g in groups] for groups in (found.accounts, found.locations)]
    assert rows == [
        [("aws/1", 2, 20.0), ("azure/acct", 1, 0.0), ("gcp/acct", 1, 80.0)],
        [("aws/here", 2, 20.0), ("azure/here", 1, 0.0), ("gcp/here", 1, 80.0)],
    ]
    assert [(group.name, group.clusters, group.unread) for group in found.tiers] == [("dev", 1, 0), ("prod", 3, 1)]
    first, second = found.controls
    assert (first.worst, first.counts, first.failing) == ("fail", {"fail": 1, "pass": 1, "unknown": 1}, 1)
    assert (second.worst, second.counts, second.failing) == ("unknown", {"unknown": 1}, 0)
    assert decode_report(render_json(found)) == found


def test_no_cluster_is_no_evidence():
    """A run that found nothing proves nothing and has no grade."""
    found = build(scopes=(Scope(cloud="aws", account="1", location="", outcome="denied", reason="r"),))
    assert found.fleet.score == Score(proven=0.0, ceiling=100.0, coverage=0.0)
    assert found.fleet.grade == "insufficient evidence"
    assert (found.fleet.lowest, found.clouds, found.clusters) == ("", (), ())
    assert decode_report(render_json(found)) == found


def test_report_does_not_depend_on_the_order_of_results():
    """Clusters and scopes are sorted by their address, so results may arrive in any order."""
    results = [result("b"), result("a"), result("c", Cloud.GCP), unread("d"), result("a", Cloud.OTHER)]
    scopes = [Scope(cloud="gcp", account="p", location=place, outcome="ok") for place in "ab"]
    reports = {
        render_json(build(*order, scopes=(first, second)))
        for order in itertools.permutations(results)
        for first, second in itertools.permutations(scopes)
    }
    assert len(reports) == 1
    found = decode_report(reports.pop())
    assert [(c.cloud, c.name) for c in found.clusters] == [
        ("aws", "a"), ("aws", "b"), ("azure", "d"), ("gcp", "c"), ("other", "a"),
    ]  # fmt: skip
    assert [s.location for s in found.scopes] == ["a", "b"]


def test_cluster_carries_everything_of_its_result():
    """What was judged of a cluster is in the report unchanged, its address spelled out."""
    judged = result(
        "a", gaps=("pods: forbidden",), controls=(control(),), gates=("NB-ISO-01",), read=Read.PARTIAL, tier="dev"
    )
    (found,) = build(judged).clusters
    ref = judged.cluster
    assert (found.id, found.cloud, found.account, found.location, found.name) == (ref.id, "aws", "acct", "here", "a")
    for name in (
        "tier",
        "read",
        "unread",
        "gaps",
        "taken",
        "dataplane",
        "exposure",
        "grade",
        "gates",
        "controls",
        "notices",
    ):
        assert getattr(found, name) == getattr(judged, name)


SCORES = st.builds(
    lambda low, high, known: Score(proven=min(low, high), ceiling=max(low, high), coverage=known),
    st.floats(0, 100),
    st.floats(0, 100),
    st.floats(0, 1),
)


@given(st.lists(st.tuples(SCORES, st.sampled_from(["prod", "staging", "dev"])), min_size=1, max_size=6))
@settings(deadline=None, max_examples=50)
def test_fleet_lies_between_its_members(members):
    """A fleet is never better than its best cluster nor worse than its worst, and its report can be read back."""
    found = build(
        *(
            result(f"c{n}", score=score, tier=tier, tier_weight=tier_weight(tier))
            for n, (score, tier) in enumerate(members)
        )
    )
    for name in ("proven", "ceiling", "coverage"):
        values = [getattr(score, name) for score, _ in members]
        assert min(values) - 0.06 <= getattr(found.fleet.score, name) <= max(values) + 0.06
    assert decode_report(render_json(found)) == found


@pytest.mark.parametrize("count", [500])
def test_ten_times_the_clusters_is_ten_times_the_document(count):
    """The document grows with the clusters, not faster."""
    small = len(render_json(build(*(result(f"c{n:05}") for n in range(count // 10)))))
    large = len(render_json(build(*(result(f"c{n:05}") for n in range(count)))))
    assert large < 10.5 * small
