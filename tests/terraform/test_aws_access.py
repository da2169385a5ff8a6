"""What Terraform and CloudFormation grant, against what the program asks for, and alarms against what it says."""

from __future__ import annotations

import ast
import json
import re

import boto3
import pytest

from infra.clouds.eks import network
from infra.clouds.eks.permissions import PERMISSIONS, Need
from tests.servers.aws import HOME, AwsCloud
from tests.servers.moto_plus import complete_moto
from tests.servers.terraform import ROOT, TREE, terraform

HUB = "111122223333"
TRUSTED = [f"arn:aws:iam::{HUB}:role/ringfence-plan", f"arn:aws:iam::{HUB}:role/ringfence-scan"]


def test_the_statements_of_a_member():
    """Discovery with and without the network, and `ringfence network`: each part asks for its own, once."""
    statements = json.loads((TREE / "access" / "aws-member.json").read_text())["Statement"]
    granted = {each["Sid"]: each["Action"] for each in statements}
    asked = {need: {each.action for each in PERMISSIONS if each.need is need} for need in Need}
    assert set(granted["Clusters"]) == asked[Need.REQUIRED]
    assert set(granted["Surroundings"]) == asked[Need.NETWORK]
    assert set(granted["Networks"]) == set(network.PERMISSIONS) - asked[Need.NETWORK] - asked[Need.REQUIRED]
    assert len(granted) == 3


def test_alarms_watch_what_the_functions_say():
    """Every metric of ringfence's own namespace is one that the service measures."""
    watched = set(re.findall(r'metric\s*=\s*"(\w+)"', (TREE / "aws" / "alarms.tf").read_text()))
    service = (ROOT / "functions" / "scheduled" / "service.py").read_text()
    measured = {
        name
        for block in re.findall(r"measure\(\s*\{(.*?)\}", service, re.DOTALL)
        for name in re.findall(r'"(\w+)":', block)
    }
    assert {"Reports", "UnreadClusters", "UnreadPlaces", "Score"} <= watched
    assert watched - measured == {"ApproximateNumberOfMessagesVisible"}  # SQS' own


@pytest.mark.parametrize("more", ["false", "true"])
def test_stackset_and_module_make_the_same_role(more, tmp_path, monkeypatch):
    """Both are applied to one AWS; the roles differ in nothing but who made them."""
    complete_moto()
    with AwsCloud() as cloud:
        for name, value in cloud.environment().items():
            monkeypatch.setenv(name, value)
        made = terraform("aws/member", tmp_path).run(
            "apply",
            "-auto-approve",
            trusted_role_arns=json.dumps(TRUSTED),
            external_id="twelve",
            role_name="by-terraform",
            networks=more,
            hybrid=more,
        )
        assert made.returncode == 0, made.stderr
        stacks = boto3.client("cloudformation", region_name=HOME)
        values = {
            "HubAccount": HUB,
            "TrustedRoleArns": ",".join(TRUSTED),
            "ExternalId": "twelve",
            "RoleName": "by-cloudformation",
            "Networks": more,
            "Hybrid": more,
        }
        stacks.create_stack(
            StackName="reader",
            TemplateBody=(TREE / "aws" / "member" / "stackset.yaml").read_text(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        roles = [_role(boto3.client("iam"), name) for name in ("by-terraform", "by-cloudformation")]
    assert roles[0] == roles[1]
    sids = [each["Sid"] for each in roles[0]["may"]]
    assert sids == ["Clusters", "Surroundings"] + (["Networks", "Hybrid"] if more == "true" else [])
    assert roles[0]["trusts"]["Statement"][0]["Condition"]["ArnEquals"] == {"aws:PrincipalArn": TRUSTED}


def _role(iam, name):
    role = iam.get_role(RoleName=name)["Role"]
    policy = iam.get_role_policy(RoleName=name, PolicyName="read")["PolicyDocument"]
    if isinstance(policy, str):  # moto prints a template's policy as Python does, which is not JSON
        policy = ast.literal_eval(policy)
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["read"]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    trusts = json.loads(json.dumps(role["AssumeRolePolicyDocument"]))
    for each in trusts["Statement"]:  # one account: a list of one and the one are the same to IAM
        principal = each["Principal"]["AWS"]
        each["Principal"]["AWS"] = [principal] if isinstance(principal, str) else principal
    return {
        "trusts": trusts,
        "may": [each for each in policy["Statement"] if each is not None],  # AWS::NoValue, which moto leaves in lists
        "description": role["Description"],
        "session": role["MaxSessionDuration"],
    }


def test_every_alarm_is_explained():
    """The guide that an alarm's text leads to has a row for it, and none for another."""
    alarms = re.findall(
        r"^ +([a-z-]+) += (?:merge\(local\.of_|\{$)", (TREE / "aws" / "alarms.tf").read_text(), re.MULTILINE
    )
    guide = (ROOT / "docs" / "operate-aws.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \|", guide, re.MULTILINE)
    assert sorted(alarms) == sorted(rows)
    assert len(alarms) == 7
