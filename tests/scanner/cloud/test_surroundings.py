"""What a cloud record says of the network around nodes and of logs, and that odd content becomes "not known"."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.cloud.read import read_facts
from scanner.model import Cloud, CloudRecord
from tests.factories import raw

POOL = {"name": "a", "networkConfig": {"podRange": "pods"}}
PRIVATE = {"name": "a", "networkConfig": {"enablePrivateNodes": True}}


def facts(provider: Cloud, cluster: dict[str, Any], **parts: Any):
    """The facts of a record."""
    lists = {name: tuple(map(raw, items)) for name, items in parts.items() if name != "vpc"}
    vpc = {"vpc": raw(parts["vpc"])} if "vpc" in parts else {}
    return read_facts(CloudRecord(provider=provider, cluster=raw(cluster), **lists, **vpc))


@pytest.mark.parametrize(
    ("provider", "cluster", "public"),
    [
        pytest.param(Cloud.GCP, {"networkConfig": {}, "nodePools": [PRIVATE]}, False, id="gke-pool"),
        pytest.param(Cloud.GCP, {"networkConfig": {}, "nodePools": [POOL]}, True, id="gke-default-is-public"),
        pytest.param(
            Cloud.GCP,
            {"networkConfig": {"defaultEnablePrivateNodes": True}, "nodePools": [POOL]},
            False,
            id="gke-cluster-default",
        ),
        pytest.param(
            Cloud.GCP,
            {"privateClusterConfig": {"enablePrivateNodes": True}, "nodePools": [POOL]},
            False,
            id="gke-older",
        ),
        pytest.param(Cloud.GCP, {"nodePools": [{"name": "a"}]}, None, id="gke-without-its-network"),
        pytest.param(
            Cloud.GCP,
            {"networkConfig": {}, "nodePools": [{"name": "a", "networkConfig": {"enablePrivateNodes": "?"}}]},
            None,
            id="gke-odd",
        ),
        pytest.param(
            Cloud.AZURE, {"agentPoolProfiles": [{"name": "a", "enableNodePublicIP": True}]}, True, id="aks-on"
        ),
        pytest.param(Cloud.AZURE, {"agentPoolProfiles": [{"name": "a", "osType": "Linux"}]}, False, id="aks-never-set"),
        pytest.param(Cloud.AZURE, {"agentPoolProfiles": [{"name": "a"}]}, None, id="aks-half-a-pool"),
    ],
)
def test_whether_a_pool_gives_its_nodes_public_addresses(provider, cluster, public):
    """The pool's own setting goes before the cluster's; what cannot be read is not known."""
    (pool,) = facts(provider, cluster).pools
    assert pool.public is public


@pytest.mark.parametrize(
    ("subnets", "group", "public"),
    [
        pytest.param({"s1": True, "s2": False}, {}, True, id="one-public"),
        pytest.param({"s1": False, "s2": False}, {}, False, id="none-public"),
        pytest.param({"s1": False}, {}, None, id="one-unknown"),
        pytest.param({"s1": True, "s2": True}, {"launchTemplate": {"id": "lt-1"}}, None, id="a-template-decides"),
    ],
)
def test_eks_nodes_get_what_their_subnets_give(subnets, group, public):
    """`MapPublicIpOnLaunch` of every subnet of the group, unless a launch template may say otherwise."""
    listed = [{"SubnetId": name, "MapPublicIpOnLaunch": value} for name, value in subnets.items()]
    groups = [{"nodegroupName": "a", "subnets": ["s1", "s2"], **group}]
    (pool,) = facts(Cloud.AWS, {}, nodegroups=groups, vpc={"subnets": listed}).pools
    assert pool.public is public


@pytest.mark.parametrize(
    ("logging", "audit"),
    [
        pytest.param([{"types": ["audit"], "enabled": True}], True, id="on"),
        pytest.param([{"types": ["api"], "enabled": True}, {"types": ["audit"], "enabled": False}], False, id="off"),
        pytest.param([], False, id="nothing-listed"),
        pytest.param([{"types": "audit", "enabled": True}], None, id="odd-types"),
        pytest.param([{"types": ["audit"], "enabled": "perhaps"}], None, id="odd-switch"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_the_audit_log_of_eks(logging, audit):
    """On only where it is listed as on; what cannot be read is neither on nor off."""
    assert facts(Cloud.AWS, {"logging": {"clusterLogging": logging}}).around.audit is audit


def test_rules_of_security_groups_keep_what_names_addresses():
    """ICMP and groups are left out; every protocol means every port; a prefix list stays as its name."""
    rules = [
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {"IpProtocol": "icmp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": "sg-2"}]},
        {"IpProtocol": "17", "FromPort": 53, "ToPort": 53, "PrefixListIds": [{"PrefixListId": "pl-1"}]},
        {"IpProtocol": 6, "IpRanges": "0.0.0.0/0"},
        "rule",
    ]
    found = facts(Cloud.AWS, {}, vpc={"securityGroups": [{"GroupId": "sg-1", "IpPermissions": rules}, 7]}).around
    assert [(rule.protocol, rule.ports, rule.sources) for rule in found.open_rules] == [
        ("", None, ("0.0.0.0/0",)),
        ("UDP", (53, 53), ("pl-1",)),
    ]


@pytest.mark.parametrize("vpc", [[], "x", 7, {"securityGroups": {}, "flowLogs": 1, "subnets": [None]}, None])
def test_a_vpc_that_is_none_says_nothing(vpc):
    """Wrong types are not known, and nothing is raised."""
    around = facts(Cloud.AWS, {}, vpc=vpc).around
    assert (around.open_rules, around.flow_logs) == (None, None)
