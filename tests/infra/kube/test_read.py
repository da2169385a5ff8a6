"""Reading a live cluster, against a real TLS server."""

from __future__ import annotations

import json
import traceback

import msgspec
import pytest

from infra.cloudrecord import record_from
from infra.kube import Limits, read_cluster
from infra.snapshots import decode, encode
from infra.version import VERSION
from scanner.errors import ClusterReadError
from scanner.model import Cloud, Collected, Read, WorkloadRef
from tests.infra.kube.server import TOKEN, FakeCluster, Reply, Server

TAKEN = "2026-11-23T08:00:00Z"
QUICK = Limits(retries=0, connect_s=2, read_s=2, deadline_s=20)
POLICIES = "networkpolicies.networking.k8s.io"


def read(server: Server, limits: Limits = QUICK, /, **kubeconfig):
    """Read the server's cluster."""
    return read_cluster(server.kubeconfig(**kubeconfig), None, record=None, taken=TAKEN, limits=limits)


def test_a_whole_cluster_is_read_into_a_snapshot(server: Server):
    """Every served kind is there, owners are followed to the top, and the snapshot can be stored and read again."""
    snapshot = read(server)
    assert snapshot.read is Read.COMPLETE
    assert (len(snapshot.pods), len(snapshot.policies), len(snapshot.nodes), len(snapshot.services)) == (7, 1, 1, 1)
    assert {pod.workload for pod in snapshot.pods} == {WorkloadRef(kind="Deployment", name="web")}
    assert snapshot.kubernetes_version == "v1.33.5-eks-1"
    assert snapshot.policies[0].api_version == "networking.k8s.io/v1"
    assert decode(encode(snapshot), "x") == snapshot


def test_requests_stay_inside_the_role_and_carry_the_token(server: Server, cluster: FakeCluster):
    """Nothing outside clusterrole.yaml is asked for, no Secret ever, and each request names the tool and its user."""
    read(server)
    assert cluster.outside == []
    assert not [path for path in cluster.paths() if "secrets" in path]
    assert {headers["authorization"] for _, headers in cluster.seen} == {f"Bearer {TOKEN}"}
    assert {headers["user-agent"] for _, headers in cluster.seen} == {f"ringfence/{VERSION}"}
    assert not [path for path, _ in cluster.seen if "resourceVersion" in path]


def test_kinds_that_are_not_served_are_absent_and_not_asked_for(server: Server, cluster: FakeCluster):
    """An absent group is an answer: no request is spent on it and the cluster still counts as read whole."""
    snapshot = read(server)
    assert snapshot.collection["ciliumnetworkpolicies.cilium.io"].status is Collected.ABSENT
    assert not cluster.asked("ciliumnetworkpolicies")


@pytest.mark.parametrize("missing", ["pods", "namespaces", "networkpolicies", "daemonsets"])
def test_a_server_without_what_every_server_has_is_no_answer(server: Server, cluster: FakeCluster, missing):
    """A core kind that the server says it does not know is a gap and not an empty list."""
    for versions in cluster.served.values():
        for plurals in versions.values():
            if missing in plurals:
                plurals.remove(missing)
    snapshot = read(server)
    assert snapshot.read is Read.PARTIAL
    assert [
        kind.partition(".")[0] for kind, status in snapshot.collection.items() if status.status is Collected.PARTIAL
    ] == [missing]


@pytest.mark.parametrize("aggregated", [pytest.param(True, id="aggregated"), pytest.param(False, id="one-by-one")])
def test_a_served_group_is_listed_in_its_preferred_version(server: Server, cluster: FakeCluster, aggregated):
    """Both forms of discovery lead to the version that the server prefers, which the objects then carry."""
    cluster.aggregated = aggregated
    group = "policy.networking.k8s.io"
    cluster.served[group] = {"v1beta1": ["clusternetworkpolicies"], "v1alpha1": ["adminnetworkpolicies"]}
    cluster.objects[f"clusternetworkpolicies.{group}"] = [{"metadata": {"name": "guard"}, "spec": {"tier": "Admin"}}]
    snapshot = read(server)
    assert [item.api_version for item in snapshot.policies if item.name == "guard"] == [f"{group}/v1beta1"]
    assert snapshot.collection[f"adminnetworkpolicies.{group}"].status is Collected.COMPLETE
    assert snapshot.collection[f"baselineadminnetworkpolicies.{group}"].status is Collected.ABSENT


def test_lists_are_read_page_by_page(server: Server, cluster: FakeCluster):
    """With a page of two, seven pods take four requests."""
    snapshot = read(server, Limits(page=2))
    assert len(snapshot.pods) == 7
    assert len(cluster.asked("pods")) == 4


def test_an_expired_page_token_starts_over_once_in_larger_pages(server: Server, cluster: FakeCluster):
    """One 410 costs one more pass, and the list is whole."""
    cluster.expire = [("pods", 4)]
    snapshot = read(server, Limits(page=2))
    assert len({pod.name for pod in snapshot.pods}) == len(snapshot.pods) == 7
    assert snapshot.collection["pods"].status is Collected.COMPLETE
    assert "limit=8" in cluster.asked("pods")[-1]


def test_a_second_expired_token_resumes_without_repeats_and_is_partial(server: Server, cluster: FakeCluster):
    """The list goes on with the token of the second 410; what comes twice is kept once, and the kind is partial."""
    cluster.expire = [("pods", 1), ("pods", 4)]
    snapshot = read(server, Limits(page=1))
    assert len({pod.name for pod in snapshot.pods}) == len(snapshot.pods) == 7
    assert snapshot.collection["pods"].status is Collected.PARTIAL
    assert "410" in snapshot.collection["pods"].reason
    assert snapshot.read is Read.PARTIAL


def test_throttling_is_waited_out(server: Server, cluster: FakeCluster):
    """A 429 with Retry-After is asked again after that time."""
    cluster.canned["pods"] = [Reply(429, headers={"Retry-After": "1"})]
    snapshot = read(server, Limits(retries=2))
    assert len(snapshot.pods) == 7
    assert len(cluster.asked("pods")) == 2


@pytest.mark.parametrize(
    ("canned", "status", "reason"),
    [
        pytest.param([Reply(429, headers={"Retry-After": "1"})], Collected.PARTIAL, "429", id="throttled-for-good"),
        pytest.param([Reply(500)], Collected.PARTIAL, "500", id="server-error"),
        pytest.param([Reply(200, b'{"metadata": {}, "items": [{')], Collected.PARTIAL, "cannot be read", id="cut-json"),
        pytest.param([Reply(200, b'{"items": 7}')], Collected.PARTIAL, "cannot be read", id="odd-json"),
        pytest.param([Reply(200, b"[" * 9000)], Collected.PARTIAL, "cannot be read", id="deep-json"),
        pytest.param([Reply(302, headers={"Location": "http://127.0.0.1:1/"})], Collected.PARTIAL, "302", id="redirect"),
        pytest.param([Reply(200, pause=1.0)], Collected.PARTIAL, "in time", id="slow"),
        pytest.param(
            [Reply(200, b'{"metadata": {"continue": "0"}, "items": []}')] * 2, Collected.PARTIAL, "again", id="same-page-forever"
        ),
        pytest.param(
            [Reply(200, b'{"metadata": {}, "items": [{"metadata": {"name": ""}}]}')], Collected.PARTIAL, "no name", id="nameless"
        ),
        pytest.param([Reply(410), Reply(410)], Collected.PARTIAL, "410", id="expired-without-a-token"),
        pytest.param([Reply(404, b"gone")], Collected.PARTIAL, "every Kubernetes API", id="unknown-to-the-server"),
    ],
)  # fmt: skip
def test_one_kind_that_fails_loses_no_other(server: Server, cluster: FakeCluster, canned, status, reason):
    """The kind says how it ended; all the others are read."""
    cluster.canned["services"] = list(canned)
    snapshot = read(server, Limits(retries=0, read_s=0.4))
    assert snapshot.collection["services"].status is status
    assert reason in snapshot.collection["services"].reason
    assert (len(snapshot.pods), len(snapshot.policies)) == (7, 1)


def test_a_page_that_breaks_keeps_the_pages_before_it(server: Server, cluster: FakeCluster):
    """What was read stays, and the kind is partial."""
    first = json.dumps({"metadata": {"continue": "3"}, "items": cluster.objects["pods"][:3]}).encode()
    cluster.canned["pods"] = [Reply(200, first), Reply(500)]
    snapshot = read(server)
    assert [pod.name for pod in snapshot.pods] == ["web-0", "web-1", "web-2"]
    assert snapshot.collection["pods"].status is Collected.PARTIAL


def test_a_refused_kind_names_the_missing_permission(server: Server, cluster: FakeCluster):
    """403 is neither an empty list nor the end of the cluster."""
    cluster.forbidden = {"pods", "configmaps", POLICIES}
    snapshot = read(server)
    assert snapshot.collection["pods"].status is Collected.FORBIDDEN
    assert "list pods" in snapshot.collection["pods"].reason
    assert f"list {POLICIES}" in snapshot.collection[POLICIES].reason
    assert "get configmaps" in snapshot.collection["configmaps"].reason
    assert snapshot.read is Read.PARTIAL
    assert len(snapshot.services) == 1


def test_config_maps_are_fetched_by_name_where_the_agent_runs(server: Server, cluster: FakeCluster):
    """Cilium's is read from the agent's own namespace, with the kept keys alone; ConfigMaps are never listed."""
    snapshot = read(server)
    assert [(item.namespace, item.name, item.data) for item in snapshot.config_maps] == [
        ("cilium", "cilium-config", {"enable-policy": "default"}),
        ("kube-system", "amazon-vpc-cni", {"enable-network-policy-controller": "true"}),
    ]
    assert not cluster.asked("configmaps")


def test_no_secret_value_gets_into_a_snapshot(server: Server):
    """Environment values and unlisted ConfigMap keys are not kept, nor the token."""
    stored = msgspec.json.encode(read(server)).decode()
    assert not [word for word in ("hunter2", "never-kept", TOKEN) if word in stored]


@pytest.mark.parametrize(
    ("v3", "expected"),
    [
        pytest.param(None, ("projectcalico.org/v3", 1), id="served-form"),
        pytest.param(Reply(503), ("crd.projectcalico.org/v1", 1), id="aggregated-server-down"),
    ],
)
def test_calico_policies_are_read_once(server: Server, cluster: FakeCluster, v3, expected):
    """The served form is preferred; the stored form stands in where the aggregated server is down."""
    policy = {"metadata": {"name": "p", "namespace": "shop"}, "spec": {}}
    for group, version in (("crd.projectcalico.org", "v1"), ("projectcalico.org", "v3")):
        cluster.served[group] = {version: ["networkpolicies"]}
        cluster.objects[f"networkpolicies.{group}"] = [policy]
    if v3 is not None:
        cluster.canned["networkpolicies.projectcalico.org"] = [v3]
    snapshot = read(server)
    found = [item.api_version for item in snapshot.policies if item.name == "p"]
    assert (found[0], len(found)) == expected
    assert snapshot.read is Read.COMPLETE


def test_refused_discovery_tries_the_kinds_it_knows(server: Server, cluster: FakeCluster):
    """Without discovery each kind is asked for in its usual version, and a 404 is an absent kind."""
    cluster.canned["/api"], cluster.canned["/apis"] = [Reply(403)], [Reply(403)]
    snapshot = read(server)
    assert len(snapshot.pods) == 7
    assert snapshot.collection["ciliumnetworkpolicies.cilium.io"].status is Collected.ABSENT


def failure(call) -> str:
    """The one line of the ClusterReadError that `call` raises, after looking for leaks in its whole trace."""
    with pytest.raises(ClusterReadError) as caught:
        call()
    trace = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in trace
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_refused_credentials_are_one_clear_line(server: Server, cluster: FakeCluster):
    """401 names context, host and mend, and never the token."""
    cluster.token = "another"  # noqa: S105 - no password
    line = failure(lambda: read(server))
    assert "context lab" in line
    assert f"127.0.0.1:{server.port}" in line
    assert "401" in line


def test_a_cluster_that_gives_out_nothing_is_unread(server: Server, cluster: FakeCluster):
    """Everything forbidden is an error that names the role, never an empty cluster."""
    cluster.role = []
    assert "clusterrole.yaml" in failure(lambda: read(server))


def test_a_server_that_is_no_kubernetes_is_unread(server: Server, cluster: FakeCluster):
    """A server without a single kind is an error, not a cluster without pods."""
    cluster.served = {}
    assert "no Kubernetes kind" in failure(lambda: read(server))


def test_an_untrusted_certificate_is_refused(server: Server):
    """Without the cluster's own authority in the kubeconfig nothing is sent to it."""
    line = failure(lambda: read(server, **{"certificate-authority-data": None}))
    assert "certificate" in line
    assert server.cluster.seen == []


def test_a_closed_port_is_unread(server: Server):
    """Nothing listens: one line with the host."""
    assert "cannot connect" in failure(lambda: read(server, server="https://127.0.0.1:1"))


def test_a_server_that_drips_meets_the_deadline(server: Server, cluster: FakeCluster):
    """A byte now and then never runs into a time-out, but the deadline of the cluster holds."""
    cluster.canned["pods"] = [Reply(200, b" " * 400, drip=True)]
    snapshot = read(server, Limits(retries=0, deadline_s=1.5))
    assert snapshot.collection["pods"].status is Collected.PARTIAL
    assert "not done within" in snapshot.collection["pods"].reason
    assert len(snapshot.policies) == 1


def test_an_oversized_answer_is_cut_off(server: Server, cluster: FakeCluster):
    """A body that unpacks to more than the bound ends its kind only."""
    cluster.canned["pods"] = [Reply(200, b" " * 300_000)]
    snapshot = read(server, Limits(body_bytes=100_000))
    assert "more than 100000 bytes" in snapshot.collection["pods"].reason


def test_an_impossible_object_costs_its_kind_and_not_the_snapshot(server: Server, cluster: FakeCluster):
    """A spec too deep for the stored form is left out; its kind is then known in part, and the rest can be read again."""
    deep: dict[str, object] = {}
    for _ in range(600):
        deep = {"podSelector": deep}
    cluster.objects["networkpolicies.networking.k8s.io"][0]["spec"] = deep
    snapshot = read(server)
    status = snapshot.collection["networkpolicies.networking.k8s.io"]
    assert (status.status, status.reason) == (Collected.PARTIAL, "1 objects cannot be read")
    assert snapshot.policies == ()
    assert decode(encode(snapshot), "x") == snapshot


def test_an_impossible_address_is_left_out_and_named(server: Server, cluster: FakeCluster):
    """One odd address does not cost the cluster: the pod stays, without it, and the snapshot can be read again."""
    cluster.objects["pods"][0]["status"]["podIPs"] = [{"ip": "not-an-address"}]
    snapshot = read(server)
    assert snapshot.pods[0].ips == ()
    assert [notice.object for notice in snapshot.notices] == ["Pod shop/web-0"]
    assert decode(encode(snapshot), "x") == snapshot


ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"


@pytest.mark.parametrize(
    ("names", "provider_id", "expected"),
    [
        pytest.param({"context": ARN}, "", (Cloud.AWS, "111122223333", "eu-west-1", "prod"), id="eks-arn"),
        pytest.param(
            {"context": "mine", "cluster_name": ARN},
            "",
            (Cloud.AWS, "111122223333", "eu-west-1", "prod"),
            id="eks-alias",
        ),
        pytest.param({"context": "gke_p-1_europe-west1_c"}, "", (Cloud.GCP, "p-1", "europe-west1", "c"), id="gcloud"),
        pytest.param(
            {"context": "c"}, "gce://p-1/europe-west1-b/vm", (Cloud.GCP, "p-1", "europe-west1", "c"), id="gce-node"
        ),
        pytest.param(
            {"context": "c"}, "aws:///eu-west-1a/i-1", (Cloud.AWS, "unknown", "eu-west-1", "c"), id="aws-node"
        ),
        pytest.param(
            {"context": "c"},
            "azure:///subscriptions/s-1/resourceGroups/x/y",
            (Cloud.AZURE, "s-1", "unknown", "c"),
            id="azure-node",
        ),
        pytest.param({"context": "c"}, "kind://docker/x/y", (Cloud.OTHER, "local", "kubeconfig", "c"), id="elsewhere"),
    ],
)
def test_a_cluster_is_placed_by_what_its_cloud_writes(
    server: Server, cluster: FakeCluster, names, provider_id, expected
):
    """Names in the kubeconfig and the nodes' provider ids tell the cloud; what nothing tells is unknown."""
    cluster.objects["nodes"][0]["spec"]["providerID"] = provider_id
    ref = read(server, **names).cluster
    assert (ref.cloud, ref.account, ref.location, ref.name) == expected


def test_a_cloud_record_names_the_cluster(server: Server):
    """The record's identity wins and travels in the snapshot."""
    record = record_from({"cluster": {"name": "prod", "arn": ARN}}, "r.json")
    snapshot = read_cluster(server.kubeconfig(), "lab", record=record, taken=TAKEN)
    assert snapshot.cluster.id == ARN
    assert snapshot.cloud_record == record


def test_progress_is_told(server: Server):
    """Whoever watches hears of every kind that was read."""
    heard: list[str] = []
    read_cluster(server.kubeconfig(), None, record=None, taken=TAKEN, limits=QUICK, progress=heard.append)
    assert [line for line in heard if line.startswith("pods: 7")]
