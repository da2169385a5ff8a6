"""ASFF: the parameters of BatchImportFindings by botocore's own model, AWS's documented limits, and a real import into moto."""

from __future__ import annotations

import re

import botocore.session
import msgspec
import pytest
from botocore.validate import ParamValidator

from reports.exports import notices
from scanner.findings import Status
from tests.reports.exports.exchanges import HOSTILE, count, hostile, lines, of_statuses, whole
from tests.reports.report_factory import cluster, control, estate, item, report
from tests.servers.aws import OWN, AwsCloud

OF_AWS = {"cloud": "aws", "account": OWN, "location": "eu-west-1"}
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html
LIMITS = {"Id": 512, "GeneratorId": 512, "Title": 256, "Description": 1024, "ProductArn": 2048}


@pytest.fixture(scope="module")
def shape():
    """The input of the operation, as botocore knows it."""
    return (
        botocore.session.get_session()
        .get_service_model("securityhub")
        .operation_model("BatchImportFindings")
        .input_shape
    )


def patterns(value, shape):
    """Every text in `value` with the pattern that the service's model has for it."""
    if shape.type_name == "structure":
        for name, each in value.items():
            yield from patterns(each, shape.members[name])
    elif shape.type_name == "list":
        for each in value:
            yield from patterns(each, shape.member)
    elif shape.type_name == "map":
        for name, each in value.items():
            yield from patterns(name, shape.key)
            yield from patterns(each, shape.value)
    elif "enum" in shape.metadata:
        yield value, "|".join(shape.enum)
    elif "pattern" in shape.metadata:
        yield value, shape.metadata["pattern"]


def check(batches, shape):
    """What the service would refuse: parameters, patterns, lengths and sizes."""
    for batch in batches:
        report = ParamValidator().validate(batch, shape)
        assert not report.has_errors(), report.generate_report()
        wrong = [(text, pattern) for text, pattern in patterns(batch, shape) if not re.fullmatch(pattern, text)]
        assert wrong == []
        assert 1 <= len(batch["Findings"]) <= 100
        assert len(msgspec.json.encode(batch)) < 6_000_000
        assert len({(each["AwsAccountId"], each["ProductArn"]) for each in batch["Findings"]}) == 1
        for finding in batch["Findings"]:
            assert {name: units(finding[name]) for name in LIMITS if units(finding[name]) > LIMITS[name]} == {}
            assert len(msgspec.json.encode(finding)) < 240_000
            assert len(finding["Resources"]) <= 32
            assert len(finding["Compliance"].get("RelatedRequirements", ())) <= 32
            assert len(finding["ProductFields"]) <= 50
            assert all(len(name) <= 128 and units(text) <= 2048 for name, text in finding["ProductFields"].items())
            assert units(finding.get("Remediation", {}).get("Recommendation", {}).get("Text", "")) <= 512


def units(text: str) -> int:
    """Characters as UTF-16 counts them, which is how the service does."""
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    "source", [whole(), of_statuses(), hostile(**OF_AWS)], ids=["whole", "statuses", "hostile"]
)  # fmt: skip
def test_every_line_is_a_call_that_the_service_takes(source, shape):
    """Of one account and region, within every limit; one finding for each item of a cluster of AWS."""
    batches = lines("asff", source)
    check(batches, shape)
    ours = msgspec.structs.replace(
        source, clusters=tuple(each for each in source.clusters if each.cloud == "aws"), fabric=None
    )
    assert sum(len(batch["Findings"]) for batch in batches) == count(ours)


def test_security_hub_takes_them_and_takes_them_again():
    """A second import of the same findings makes no new ones."""
    source = report(cluster("shop-prod", account=OWN, controls=tuple(control(n) for n in range(14)) * 9))
    with AwsCloud() as cloud:
        hub = cloud.client("securityhub", region="eu-west-1")
        hub.enable_security_hub()
        batches = lines("asff", source)
        assert [len(batch["Findings"]) for batch in batches] == [100, 26]
        for batch in batches * 2:
            answer = hub.batch_import_findings(**batch)
            assert (answer["SuccessCount"], answer["FailedCount"]) == (len(batch["Findings"]), 0)
        pages = hub.get_paginator("get_findings").paginate()
        kept = [each["Id"] for page in pages for each in page["Findings"]]
    assert set(kept) == {each["Id"] for batch in batches for each in batch["Findings"]}


def test_statuses_say_what_they_are():
    """Waived is FAILED with its reason, and nothing sets the customer's workflow."""
    (batch,) = lines("asff", of_statuses())
    found = {each["ProductFields"]["ringfence/status"]: each for each in batch["Findings"]}
    said = {
        name: (each["Compliance"]["Status"], each["FindingProviderFields"]["Severity"]["Label"])
        for name, each in found.items()
    }
    assert said == {
        "pass": ("PASSED", "INFORMATIONAL"),
        "fail": ("FAILED", "HIGH"),
        "unknown": ("WARNING", "HIGH"),
        "not_applicable": ("NOT_AVAILABLE", "INFORMATIONAL"),
        "waived": ("FAILED", "CRITICAL"),
    }
    assert [each["ReasonCode"] for each in found["waived"]["Compliance"]["StatusReasons"]] == ["WAIVED", "WAIVED"]
    assert [each["ReasonCode"] for each in found["unknown"]["Compliance"]["StatusReasons"]] == ["DECLARED_PASS"]
    assert not any("Workflow" in each or "Severity" in each for each in batch["Findings"])


def test_a_finding_is_filed_where_its_cluster_runs():
    """Its account, its region, its partition."""
    source = report(cluster("c", location="cn-north-1", controls=(control(3, items=(item("shop"),)),)))
    ((finding,),) = (batch["Findings"] for batch in lines("asff", source))
    assert finding["ProductArn"] == "arn:aws-cn:securityhub:cn-north-1:123456789012:product/123456789012/default"
    assert finding["Resources"][0]["Partition"] == "aws-cn"
    assert finding["Compliance"]["SecurityControlId"] == "NB-ENF-06"


def test_what_security_hub_cannot_hold_is_named():
    """Clusters of other clouds, and of AWS without an account or a region; the fabric."""
    source = report(
        cluster("good"), cluster("odd", account="unknown"), cluster("azure-1", "azure"), cluster(HOSTILE, "gcp")
    )
    (said,) = notices("asff", source)
    assert said.startswith(
        "left out of asff, which files findings under an AWS account and region: odd, azure-1 and evil\\x1b"
    )
    assert len(said) < 300
    assert {
        each["Resources"][0]["Details"]["AwsEksCluster"]["Name"]
        for b in lines("asff", source)
        for each in b["Findings"]
    } == {"good"}
    assert any("between clusters" in each for each in notices("asff", whole()))
    assert lines("asff", report(cluster("azure-1", "azure"))) == []


def test_a_batch_never_mixes_accounts():
    """Two accounts, both with fewer than a hundred findings, are two calls."""
    source = estate()
    accounts = [batch["Findings"][0]["AwsAccountId"] for batch in lines("asff", source)]
    assert set(accounts) == {"123456789012", "210987654321"}
    assert accounts == sorted(accounts)


def test_every_status_has_a_place():
    """A status that is added needs one here."""
    assert {each["Compliance"]["Status"] for each in lines("asff", of_statuses())[0]["Findings"]} == {
        "PASSED", "FAILED", "WARNING", "NOT_AVAILABLE",
    }  # fmt: skip
    assert len(lines("asff", of_statuses())[0]["Findings"]) == len(Status)
