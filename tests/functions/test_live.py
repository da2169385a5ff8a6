"""`--kubeconfig` end to end: the program's own process against a TLS server that speaks the Kubernetes API."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.functions.test_cli import ringfence
from tests.infra.kube.server import TOKEN, FakeCluster, Server


def _object(name: str, namespace: str = "", **parts: object) -> dict[str, object]:
    return {"metadata": {"name": name, "uid": f"{namespace}-{name}", "namespace": namespace or None}} | parts


@pytest.fixture
def cluster() -> FakeCluster:
    """EKS whose agent runs with policy switched off, one open namespace."""
    agent = {"name": "aws-eks-nodeagent", "image": "agent:v1.2.7", "args": ["--enable-network-policy=false"]}
    cni = {"name": "aws-node", "image": "amazon-k8s-cni:v1.21.1"}
    return FakeCluster(
        served={
            "": {"v1": ["namespaces", "pods", "nodes", "services", "configmaps"]},
            "apps": {"v1": ["daemonsets", "replicasets"]},
            "networking.k8s.io": {"v1": ["networkpolicies", "ingresses"]},
        },
        objects={
            "namespaces": [_object("shop"), _object("kube-system")],
            "pods": [_object("web", "shop", spec={"containers": [{"name": "c"}]}, status={"phase": "Running"})],
            "nodes": [_object("n1", spec={"providerID": "aws:///eu-west-1a/i-1"})],
            "daemonsets.apps": [
                _object(
                    "aws-node", "kube-system", spec={"template": {"spec": {"containers": [cni, agent]}}},
                    status={"desiredNumberScheduled": 1, "numberReady": 1},
                )
            ],
            "networkpolicies.networking.k8s.io": [_object("deny", "shop", spec={"podSelector": {}})],
        },
    )  # fmt: skip


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """The output of `aws eks describe-cluster` for it."""
    found = {
        "name": "shop-prod",
        "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/shop-prod",
        "version": "1.33",
        "resourcesVpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]},
    }
    file = tmp_path / "record.json"
    file.write_text(json.dumps({"cluster": found}))
    return file


def test_a_live_cluster_is_audited_with_its_cloud_record(cluster, record, tmp_path):
    """The record names the cluster, the DaemonSet decides that nothing enforces, and the token stays out of everything."""
    with Server(cluster, tmp_path) as server:
        run = ringfence(
            "audit", "--kubeconfig", server.kubeconfig(), "--context", "lab", "--cloud-record", str(record),
            "-o", str(tmp_path / "out"), "--format", "json",
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    (found,) = json.loads(run.stdout)["clusters"]
    assert (found["cloud"], found["account"], found["location"], found["name"]) == (
        "aws", "111122223333", "eu-west-1", "shop-prod",
    )  # fmt: skip
    assert (found["dataplane"]["name"], found["dataplane"]["enforcing"]) == ("eks-vpc-cni", "no")
    statuses = {control["id"]: (control["status"], control["reason"]) for control in found["controls"]}
    assert statuses["NB-ISO-01"] == ("fail", "inert")
    assert statuses["NB-EXP-01"][0] == "fail"
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert TOKEN.encode() not in written + run.stdout.encode() + run.stderr.encode()


def test_a_refused_kind_makes_the_run_incomplete_and_names_the_permission(cluster, record, tmp_path):
    """Without the right to list pods what depends on them is unknown, the run exits 3, and says which right is missing."""
    cluster.forbidden = {"pods"}
    with Server(cluster, tmp_path) as server:
        run = ringfence("audit", "--kubeconfig", server.kubeconfig(), "--cloud-record", str(record), "--format", "json")
    assert run.returncode == 3
    assert "list pods" in run.stderr
    (found,) = json.loads(run.stdout)["clusters"]
    assert found["read"] == "partial"
    assert {control["status"] for control in found["controls"] if control["id"] == "NB-ISO-03"} <= {"fail", "unknown"}


def test_an_unreachable_cluster_is_unread_and_still_judged_on_its_record(cluster, record, tmp_path):
    """Nobody answers: the cluster is in the report with its reason, its endpoint is judged, nothing else passes."""
    with Server(cluster, tmp_path) as server:
        kubeconfig = server.kubeconfig()
    run = ringfence("audit", "--kubeconfig", kubeconfig, "--cloud-record", str(record), "--format", "json")
    assert run.returncode == 3, run.stderr
    (found,) = json.loads(run.stdout)["clusters"]
    assert (found["read"], found["name"]) == ("unread", "shop-prod")
    statuses = {control["id"]: control["status"] for control in found["controls"]}
    assert statuses.pop("NB-EXP-01") == statuses.pop("NB-OBS-06") == "fail"  # the endpoint; and no complete scan
    assert set(statuses.values()) <= {"unknown", "not_applicable"}  # the latter where the operator declared nothing
    assert statuses["NB-ENF-01"] == statuses["NB-ISO-01"] == "unknown"


def test_a_run_in_s3_is_a_way_in_of_its_own(tmp_path):
    """The demo audit goes to an S3 server whole, its snapshots are audited again from there, and `latest` names the run."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        env = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }  # fmt: skip
        client = boto3.client(
            "s3", endpoint_url=env["AWS_ENDPOINT_URL"], region_name="us-east-1",
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip
        client.create_bucket(Bucket="audits")
        common = ("--allow-partial", "--time", "2026-11-23T08:00:00Z", "--format", "json")
        first = ringfence("audit", "--demo", "-o", "s3://audits/fleet", *common, **env)
        again = ringfence("audit", "--snapshots", "s3://audits/fleet", *common, **env)
        stored = [item["Key"] for item in client.list_objects_v2(Bucket="audits")["Contents"]]
        latest = json.loads(client.get_object(Bucket="audits", Key="fleet/v1/latest.json")["Body"].read())
    finally:
        server.stop()
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert json.loads(first.stdout)["clusters"] == json.loads(again.stdout)["clusters"]
    assert sum(key.endswith("snapshot.json.zst") for key in stored) == 7
    assert latest["run"] == "20261123T080000Z"


def test_a_record_of_another_cloud_is_refused(cluster, tmp_path):
    """The nodes say AWS: what Azure says of another cluster must not decide what is enforced here."""
    file = tmp_path / "aks.json"
    file.write_text('{"type": "Microsoft.ContainerService/managedClusters", "name": "pay"}')
    with Server(cluster, tmp_path) as server:
        run = ringfence("audit", "--kubeconfig", server.kubeconfig(), "--cloud-record", str(file))
    assert (run.returncode, run.stderr.count("\n")) == (2, 1), run.stderr
    assert "speaks of azure/unknown/unknown/pay, the cluster is aws/" in run.stderr
