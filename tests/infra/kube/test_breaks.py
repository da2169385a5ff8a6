"""Reading while things break: connections, time, deletions, and whoever waits for the result."""

from __future__ import annotations

import json
import threading
import tracemalloc

import pytest
import yaml

from infra.kube import Limits, read_cluster
from infra.kube.collect import LISTED, STAGES
from infra.pool import StoppedError
from scanner.model import Collected, Read
from tests.infra.kube.server import ROLE, FakeCluster, Reply, Server

TAKEN = "2026-11-23T08:00:00Z"
QUICK = Limits(retries=0, connect_s=2, read_s=5, deadline_s=30)
CALICO = "projectcalico.org"


def read(server: Server, limits: Limits = QUICK, progress=None):
    """Read the server's cluster."""
    kubeconfig = server.kubeconfig()
    return read_cluster(kubeconfig, None, record=None, taken=TAKEN, limits=limits, progress=progress)


def listed(*names: str, following: str = "", namespace: str = "shop") -> Reply:
    """A page of a list."""
    items = [{"metadata": {"name": name, "namespace": namespace, "uid": name}} for name in names]
    metadata = {"continue": following} if following else {}
    return Reply(200, json.dumps({"metadata": metadata, "items": items}).encode())


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param({"cut": True}, "broke off", id="cut"),
        pytest.param({"headers": {"Content-Encoding": "gzip"}}, "cannot be unpacked", id="not-gzip"),
        pytest.param({"headers": {"Content-Encoding": "br"}}, "not asked for", id="another-packing"),
    ],
)
def test_an_answer_that_breaks_is_a_gap(server: Server, cluster: FakeCluster, broken, reason):
    """Half an answer is never a whole list."""
    cluster.canned["services"] = [Reply(200, b'{"metadata": {}, "items": []}' + b" " * 5000, **broken)]
    status = read(server).collection["services"]
    assert (status.status, status.count) == (Collected.PARTIAL, 0)
    assert reason in status.reason


def test_a_connection_that_breaks_is_tried_again(server: Server, cluster: FakeCluster):
    """A second request gets what the first lost on the way."""
    cluster.canned["pods"] = [Reply(200, listed("lost").body + b" " * 5000, cut=True)]
    snapshot = read(server, Limits(retries=1, read_s=5, deadline_s=30))
    assert snapshot.read is Read.COMPLETE
    assert len(snapshot.pods) == 7


def test_a_wait_longer_than_the_time_left_is_not_begun(server: Server, cluster: FakeCluster):
    """Retry-After beyond the cluster's deadline ends the kind at once, and the rest is still read."""
    cluster.canned["services"] = [Reply(429, headers={"Retry-After": "25"})]
    snapshot = read(server, Limits(retries=4, read_s=5, deadline_s=20))
    assert "throttled: it asks to wait 25 s" in snapshot.collection["services"].reason
    assert len(snapshot.pods) == 7


def test_what_was_deleted_before_a_list_began_anew_is_gone(server: Server, cluster: FakeCluster):
    """After 410 nothing of the first pass stays: neither the object nor the namespace that only it stood in."""
    cluster.canned["pods"] = [
        listed("deleted", following="next", namespace="gone"),
        Reply(410, b'{"kind": "Status", "metadata": {"continue": "old"}}'),
        listed("web-1"),
    ]
    snapshot = read(server)
    assert [pod.name for pod in snapshot.pods] == ["web-1"]
    assert "gone" not in {namespace.name for namespace in snapshot.namespaces}
    assert snapshot.collection["pods"].status is Collected.COMPLETE
    assert snapshot.collection["pods"].count == 1


def test_a_group_whose_server_is_down_is_asked_once(server: Server, cluster: FakeCluster):
    """503 from an aggregated server: its other kinds wait for no retries of their own, the stored form is read."""
    kinds = ["networkpolicies", "globalnetworkpolicies", "tiers", "hostendpoints"]
    cluster.served |= {CALICO: {"v3": kinds}, f"crd.{CALICO}": {"v1": kinds}}
    cluster.stale = {CALICO}
    cluster.canned = {f"{kind}.{CALICO}": [Reply(503)] * 9 for kind in kinds}
    for kind in kinds:
        cluster.objects[f"{kind}.crd.{CALICO}"] = [{"metadata": {"name": "one"}, "spec": {}}]
    snapshot = read(server)
    assert len([path for path in cluster.paths() if f"/{CALICO}/v3" in path]) <= QUICK.lists
    assert snapshot.read is Read.COMPLETE
    assert snapshot.collection[f"tiers.{CALICO}"].reason.startswith(f"read as tiers.crd.{CALICO}: ")
    assert snapshot.collection[f"tiers.crd.{CALICO}"].count == 1
    assert snapshot.collection[f"networksets.{CALICO}"].reason.startswith("not among what is stored: ")


def test_neither_form_of_a_kind_is_a_gap(server: Server, cluster: FakeCluster):
    """Where the served form is down and the stored one refused, nobody takes that for a cluster without policies."""
    cluster.served |= {CALICO: {"v3": ["tiers"]}, f"crd.{CALICO}": {"v1": ["tiers"]}}
    cluster.canned[f"tiers.{CALICO}"] = [Reply(503)]
    cluster.forbidden = {f"tiers.crd.{CALICO}"}
    snapshot = read(server)
    assert snapshot.collection[f"tiers.{CALICO}"].status is Collected.PARTIAL
    assert snapshot.collection[f"tiers.crd.{CALICO}"].status is Collected.FORBIDDEN


def test_no_more_than_two_lists_are_in_flight_and_policies_come_first(server: Server, cluster: FakeCluster):
    """A control plane is shared: two at a time, policies and namespaces before any pod."""
    lock, answer, now, most = threading.Lock(), cluster.answer, 0, 0

    def counted(target, headers):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        try:
            return answer(target, headers)
        finally:
            with lock:
                now -= 1

    cluster.answer = counted
    read(server)
    assert most <= 2
    order = [path.rpartition("/")[2] for path in cluster.paths()]
    assert order.index("networkpolicies") < order.index("namespaces") < order.index("pods")


@pytest.mark.parametrize(
    "slow", [pytest.param({"drip": True}, id="in-a-body"), pytest.param({"status": 429}, id="waiting")]
)
def test_whoever_hears_may_stop_it(server: Server, cluster: FakeCluster, slow):
    """What `progress` raises ends the reading, also in the middle of an answer or a wait, and no thread stays."""
    cluster.canned["pods"] = [Reply(**({"status": 200, "body": b" " * 2000, "headers": {"Retry-After": "25"}} | slow))]
    heard: list[str] = []

    def stop(text: str) -> None:
        heard.append(text)
        if cluster.asked("pods"):
            raise StoppedError

    with pytest.raises(StoppedError):
        read(server, Limits(retries=2, read_s=30, deadline_s=600), stop)
    assert not [line for line in heard if line.startswith("pods")]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("watch", "worker"))]


def test_pages_are_not_kept(server: Server, cluster: FakeCluster):
    """40 pages of 250 KB go through, and never a quarter of them is in memory: neither bytes nor environment stay."""
    filler = [{"name": "FILLER", "value": "x" * 25_000}]
    cluster.objects["pods"] = [
        {
            "metadata": {"name": f"p{number}", "namespace": "shop"},
            "spec": {"containers": [{"name": "c", "env": filler}]},
        }
        for number in range(400)
    ]
    tracemalloc.start()
    try:
        snapshot = read(server, Limits(page=10))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(snapshot.pods) == 400
    assert peak < 2_500_000


def test_only_endpoints_that_somebody_wrote_are_kept_and_asked_for(server: Server, cluster: FakeCluster):
    """The server leaves out the slices it made itself; of the others those of Services without a selector count."""
    cluster.served["discovery.k8s.io"] = {"v1": ["endpointslices"]}
    labels = {"kubernetes.io/service-name": "web"}
    cluster.objects["endpointslices.discovery.k8s.io"] = [
        {"metadata": {"name": "web-1", "namespace": "shop", "labels": labels}, "addressType": "IPv4",
         "endpoints": [{"addresses": ["192.0.2.7"]}]}
    ]  # fmt: skip
    snapshot = read(server)
    (asked,) = cluster.asked("endpointslices")
    assert "labelSelector=endpointslice.kubernetes.io%2Fmanaged-by%21%3Dendpointslice-controller.k8s.io" in asked
    assert [item.name for item in snapshot.endpoint_slices] == ["web-1"]


def test_the_role_allows_what_is_listed_and_nothing_else():
    """Every kind that is read may be listed, and no right is asked for that nothing uses."""
    rules = yaml.safe_load(ROLE.read_text())["rules"]
    allowed = {
        f"{plural}.{group}" if group else plural
        for rule in rules
        for group in rule.get("apiGroups", ())
        for plural in rule["resources"]
        if not rule.get("resourceNames") and not plural.startswith("tier.")
    }
    assert allowed == {kind.resource for kind in LISTED}
    assert len(LISTED) == len(set(LISTED)) == sum(map(len, STAGES))
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list"}
