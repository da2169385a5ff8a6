"""The example for one account, really applied: to a stand-in of AWS, by Terraform and its provider. Takes some three minutes.

Most of it the provider waits: 25 s for each change of a queue, 55 s for a bucket's lifecycle, so that real ones settle.
"""

from __future__ import annotations

import json

import pytest

from functions.scheduled.deployment import deployed
from tests.servers.aws import HOME, OWN, AwsCloud
from tests.servers.moto_plus import ENTRIES, complete_moto
from tests.servers.terraform import small_zip, terraform

EXAMPLE = "examples/aws-single-account"


@pytest.fixture(scope="module")
def cloud():
    """AWS with one cluster, which knows access entries."""
    complete_moto()
    ENTRIES.clear()
    with AwsCloud() as cloud:
        cloud.add_cluster("shop", accessConfig={"authenticationMode": "API"})
        yield cloud


@pytest.fixture(scope="module")
def example(cloud, tmp_path_factory):
    """The example with its variables, initialised and applied."""
    into = tmp_path_factory.mktemp("example")
    variables = {
        "TF_VAR_region": HOME,
        "TF_VAR_zip": str(small_zip(into / "ringfence.zip")),
        "TF_VAR_emails": '["ops@example.com"]',
        "TF_VAR_clusters": '["shop"]',
    }
    example = terraform(EXAMPLE, into, cloud.environment() | variables)
    done = example.run("apply", "-auto-approve", "-parallelism=30")
    assert done.returncode == 0, done.stderr
    return example


def test_applied_twice_changes_nothing(example):
    """A second plan finds what it asks for, to the letter."""
    done = example.run("plan", "-detailed-exitcode")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes." in done.stdout


def test_the_functions_find_their_store_and_settings(cloud, example, monkeypatch):
    """The environment that Lambda holds is one that the program starts with, and its queue takes tasks."""
    functions = cloud.client("lambda").list_functions()["Functions"]
    given = {each["FunctionName"]: each["Environment"]["Variables"] for each in functions}
    assert set(given) == {"ringfence-plan", "ringfence-scan"}
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    for environment in given.values():
        deployment = deployed(environment)
        assert [each.aws is not None for each in deployment.settings.sources] == [True]
        assert (deployment.tries, deployment.lasts_s) == (3, 3 * 3600)
        assert list(deployment.store.list("")) == []
    assert deployment.store.put_new("v1/latest.json", b"{}")
    url = given["ringfence-plan"]["RINGFENCE_QUEUE_URL"]
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == deployment.tries
    assert attributes["VisibilityTimeout"] == "1800"


def test_the_cluster_lets_the_scan_in(cloud, example):
    """The access entry is of the scan's role, in the group that the manifests bind."""
    (principal, entry), *others = ENTRIES[OWN, HOME, "shop"].items()
    assert others == []
    assert principal == f"arn:aws:iam::{OWN}:role/ringfence-scan"
    assert entry["kubernetesGroups"] == ["ringfence"]
    manifests = example.run("output", "-raw", "manifests").stdout
    assert "name: ringfence\n" in manifests
    assert "kind: ClusterRoleBinding" in manifests


def test_schedules_call_the_plan_with_their_time(cloud, example):
    """As Scheduler keeps it, keyword and all."""
    scheduler = cloud.client("scheduler")
    targets = {name: scheduler.get_schedule(GroupName="ringfence", Name=name)["Target"] for name in ("plan", "sweep")}
    assert json.loads(targets["plan"]["Input"]) == {"step": "plan", "time": "<aws.scheduler.scheduled-time>"}
    assert json.loads(targets["sweep"]["Input"]) == {"step": "sweep"}
    assert {each["Arn"].rsplit(":", 1)[1] for each in targets.values()} == {"ringfence-plan"}


def test_other_settings_reach_both_functions_and_nothing_else(cloud, example):
    """New text: the object, what the roles may do, and an environment that makes new instances; no queue, no bucket."""
    settings = example.folder / "ringfence.yaml"
    settings.write_text(settings.read_text() + "  exclude: [{name: sandbox}]\n")
    planned = example.run("plan", "-out", "changed")
    assert planned.returncode == 0, planned.stderr
    shown = json.loads(example.run("show", "-json", "changed").stdout)
    changed = {
        each["address"]: each["change"]["actions"]
        for each in shown["resource_changes"]
        if each["change"]["actions"] != ["no-op"] and each["mode"] == "managed"
    }
    assert changed == {
        'module.ringfence.aws_s3_object.settings["ringfence.yaml"]': ["update"],
        'module.ringfence.aws_lambda_function.of["plan"]': ["update"],
        'module.ringfence.aws_lambda_function.of["scan"]': ["update"],
    }
    done = example.run("apply", "changed")
    assert done.returncode == 0, done.stderr
    stored = cloud.client("s3").get_object(Bucket=f"ringfence-{OWN}-{HOME}-settings", Key="ringfence.yaml")
    assert stored["Body"].read().decode() == settings.read_text()


def test_destroyed_where_the_runs_are_kept(cloud, example):
    """Runs are not destroyed by the way: with one stored, the store stays, and says so; emptied, everything goes."""
    done = example.run("destroy", "-auto-approve", "-parallelism=30", seconds=100)
    assert done.returncode == 1
    assert "BucketNotEmpty" in done.stderr
    store = f"ringfence-{OWN}-{HOME}"
    s3 = cloud.client("s3")
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == [store]
    for version in s3.list_object_versions(Bucket=store)["Versions"]:
        s3.delete_object(Bucket=store, Key=version["Key"], VersionId=version["VersionId"])
    done = example.run("destroy", "-auto-approve", "-parallelism=30", seconds=100)
    assert done.returncode == 0, done.stderr
    assert s3.list_buckets()["Buckets"] == []
    assert cloud.client("sqs").list_queues().get("QueueUrls", []) == []
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.client("iam").list_roles()["Roles"] == []
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert ENTRIES[OWN, HOME, "shop"] == {}
