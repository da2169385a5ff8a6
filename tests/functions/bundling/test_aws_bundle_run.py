"""The AWS zip does a whole scheduled run: Lambda's client, SQS and S3 around it, and nothing of this environment in it."""

from __future__ import annotations

import json

from tests.functions.scheduled.aws_deployment import Code, Deployment, Instance, due_now
from tests.servers.lambda_runtime import runtime_client
from tests.servers.three_clouds import UNREACHABLE


def test_the_bundle_reports_what_an_audit_reports(unpacked, estate, operator, tmp_path):
    """Plan, a scan for each cluster of the organization and the sweep: one report, which is the audit's byte for byte."""
    settings = estate.settings("aws")
    code = Code(unpacked["aws"], runtime_client(tmp_path / "client"))
    deployment = Deployment(estate.aws, code, estate.aws.environment(), settings)
    due = due_now()
    with Instance(deployment) as instance:
        planned = instance.plan(due)
        assert not planned.failed, planned.body
        waiting, _ = deployment.waiting()
        assert instance.drain(5) == []
        assert instance.sweep().body == {}
        assert instance.errors() == []
    stored = deployment.stored()
    (key,) = (each for each in stored if each.endswith("/report.json"))
    report = json.loads(stored[key])
    unread = {each["name"] for each in report["clusters"] if each["read"] != "complete"}
    assert (len(report["clusters"]), unread) == (waiting, {UNREACHABLE})
    assert json.loads(stored["v1/latest.json"])["report"] == key
    (operator.folder / "aws.yaml").write_text(settings)
    ran = operator.run("audit", "--config", "aws.yaml", "-o", "bundle", "--time", report["run"]["time"])
    assert ran.returncode == 3
    assert (operator.folder / "bundle" / key).read_bytes() == stored[key]
    assert operator.secrets(estate)[1] == []
    assert not any("planted" in log or "k8s-aws-v1." in log for log in deployment.logs)
