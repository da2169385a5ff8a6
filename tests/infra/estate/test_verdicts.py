"""What the core says of the estate is what each cluster was drawn to show."""

import pytest

from infra.estate.build import draw
from infra.estate.clusters import lend_prod_weu, partner_prod_neu
from scanner.cloud.read import read_facts
from scanner.dataplane.detect import detect
from scanner.dataplane.model import Answer
from scanner.evidence import TAKEN_BY
from scanner.findings import ClusterResult, Status
from scanner.judge import judge
from scanner.model import Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.engine import build


@pytest.fixture(scope="module")
def results() -> dict[str, ClusterResult]:
    """The judged estate, by name."""
    return {snapshot.cluster.name: judge(snapshot) for snapshot in draw()}


def statuses(result: ClusterResult, *controls: str) -> dict[str, Status]:
    return {item.id: item.status for item in result.controls if item.id in controls}


@pytest.mark.parametrize(
    ("name", "plane", "enforcing", "reason"),
    [
        pytest.param("pay-prod-euw1", "eks-vpc-cni", "no", "off", id="a-eks-never-switched-on"),
        pytest.param("store-prod-euc1", "eks-vpc-cni", "partly", "partly-covered", id="b-eks-partly"),
        pytest.param("ledger-prod-ew1", "gke-dataplane-v2", "yes", "on", id="c-autopilot"),
        pytest.param("insight-prod-ew4", "none", "no", "node-enforcement-off", id="d-gke-half-on"),
        pytest.param("lend-prod-weu", "aks-cilium", "yes", "on", id="e-aks-cilium"),
        pytest.param("partner-prod-neu", "aks-npm", "yes", "on", id="f-aks-npm"),
        pytest.param("custody-prod-eun1", "eks-vpc-cni", "unknown", "unread", id="g-unread"),
    ],
)
def test_data_planes(results, name, plane, enforcing, reason):
    """Each cluster's engine, whether it enforces, and why."""
    found = results[name].dataplane
    assert (found.name, str(found.enforcing), found.reason) == (plane, enforcing, reason)


@pytest.mark.parametrize("name", ["pay-prod-euw1", "insight-prod-ew4"])
def test_policies_without_an_engine_are_inert(results, name):
    """Where nothing enforces, isolation fails as inert, however tidy the policies."""
    assert statuses(results[name], "NB-ENF-01") == {"NB-ENF-01": Status.FAIL}
    inert = {item.id for item in results[name].controls if item.reason == "inert"}
    assert {"NB-ISO-01", "NB-ISO-02", "NB-ISO-03"} <= inert


def test_the_hardened_cluster_fails_nothing(results):
    """Autopilot fails nothing but that so much is unknown; that waits for somebody to vouch for, or for the cloud to say."""
    found = {item.id: item for item in results["ledger-prod-ew1"].controls}
    assert {name for name, item in found.items() if item.status is Status.FAIL} == {"NB-OBS-06"}
    assert found["NB-OBS-06"].reason == "incomplete"
    unknown = {name for name, item in found.items() if item.status is Status.UNKNOWN}
    assert unknown == {"NB-ENF-05", "NB-ISO-05", "NB-EXP-07", *(name for name in unknown if name in TAKEN_BY)}


def test_the_partly_covered_cluster_fails_where_it_is_open(results):
    """Uncovered nodes, the open namespace and the metadata service each fail, the engine itself passes."""
    result = results["store-prod-euc1"]
    assert statuses(result, "NB-ENF-01", "NB-ENF-02", "NB-LP-05", "NB-LP-01") == {
        "NB-ENF-01": Status.PASS,
        "NB-ENF-02": Status.FAIL,
        "NB-LP-01": Status.FAIL,
        "NB-LP-05": Status.FAIL,
    }
    (isolation,) = [item for item in result.controls if item.id == "NB-ISO-01"]
    assert [item.subject for item in isolation.items if item.status is Status.FAIL] == ["promotions"]


def test_nothing_of_the_unread_cluster_passes_but_what_the_cloud_says(results):
    """Without the Kubernetes API the API server's exposure and audit log are known, and that the scan is not complete."""
    found = results["custody-prod-eun1"].controls
    assert [item.id for item in found if item.status is Status.PASS] == ["NB-EXP-01", "NB-OBS-03"]
    assert [item.id for item in found if item.status is Status.FAIL] == ["NB-OBS-06"]


def effective(snapshot: Snapshot, *, ipblock_matches_pods: bool | None = None):
    plane = detect(snapshot, read_facts(snapshot.cloud_record))
    return build(snapshot, resolve(snapshot), plane, ipblock_matches_pods=ipblock_matches_pods)


@pytest.mark.parametrize(
    ("matches", "allowed"),
    [
        pytest.param(None, Answer.NO, id="as-cilium-reads-it"),
        pytest.param(True, Answer.YES, id="as-people-believe"),
    ],
)
def test_the_range_of_everything_reaches_no_pod_under_cilium(matches, allowed):
    """Direct debits reach their database only where an ipBlock selects pods, which it does not under Cilium."""
    reach = effective(lend_prod_weu.draw(), ipblock_matches_pods=matches)
    workloads = "servicing/direct-debit[Deployment]", "servicing/servicing-postgres[StatefulSet]"
    assert [found.allowed for found in reach.explain(*workloads, "TCP", 5432)] == [allowed]


def test_the_balancer_passes_by_npm():
    """Policy lets in the offices alone, and the Service with traffic policy Cluster everybody."""
    (found,) = effective(partner_prod_neu.draw()).explain(
        "203.0.113.7", "exchange/sftp-gateway[Deployment]", "TCP", 2222
    )
    assert "Service exchange/sftp-public lets it in all the same" in found.halves[0].reason
