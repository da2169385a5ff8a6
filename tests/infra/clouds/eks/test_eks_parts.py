"""A cluster's parts: what is read, what leaves the module, what is said of what could not be read."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest

from infra.clouds.eks.permissions import PERMISSIONS
from infra.clouds.model import Found, Outcome
from scanner.cloud.read import read_facts
from tests.servers.aws import HOME, OWN, AwsCloud

ROLE = f"arn:aws:iam::{OWN}:role/nodes"
SECRET = "planted-secret-of-many-letters"  # noqa: S105 - it opens nothing


def part(raw: msgspec.Raw) -> dict[str, object]:
    """One part of a record, decoded."""
    return msgspec.json.decode(raw)


def only(seen) -> Found:
    """The one cluster."""
    (found,) = seen.clusters.values()
    return found


def around_nodes(cloud: AwsCloud, vpc: str) -> None:
    """A security group that is open to the world, and a flow log; with a secret in what describes them."""
    ec2 = cloud.client("ec2")
    group = ec2.create_security_group(GroupName="nodes", Description=SECRET, VpcId=vpc)["GroupId"]
    open_ports = {
        "IpProtocol": "tcp",
        "FromPort": 30000,
        "ToPort": 32767,
        "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": SECRET}],
    }
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[open_ports])
    cloud.client("logs").create_log_group(logGroupName=f"/flows/{vpc}")
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName=f"/flows/{vpc}",
        DeliverLogsPermissionArn=ROLE,
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "key", "Value": SECRET}]}],
    )


def full_cluster(cloud: AwsCloud, name: str = "prod") -> None:
    """A cluster with every part, and a secret in each place that can hold one."""
    vpc = cloud.add_vpc("10.0.0.0/16", "10.1.0.0/16")
    ec2, eks = cloud.client("ec2"), cloud.client("eks")
    template = ec2.create_launch_template(
        LaunchTemplateName=f"nodes-{name}",
        LaunchTemplateData={
            "ImageId": "ami-12345678",
            "UserData": base64.b64encode(SECRET.encode()).decode(),
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        },
    )["LaunchTemplate"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    around_nodes(cloud, vpc)
    cloud.add_cluster(
        name,
        vpc=vpc,
        version="1.33",
        tags={"team": "shop", "password": SECRET},
        computeConfig={"enabled": False},
        accessConfig={"authenticationMode": "API"},
        identity={"oidc": {"issuer": f"https://{SECRET}"}},
    )
    values = {"enableNetworkPolicy": "true", "env": {"AWS_VPC_K8S_CNI_EXTERNALSNAT": "true", "TOKEN": SECRET}}
    cloud.add_addon(name, "vpc-cni", values=json.dumps(values), tags={"x": SECRET})
    cloud.add_addon(name, "coredns", values=f"password: {SECRET}")
    eks.create_nodegroup(
        clusterName=name,
        nodegroupName="windows",
        subnets=[subnet],
        nodeRole=ROLE,
        amiType="WINDOWS_CORE_2022_x86_64",
        tags={"key": SECRET},
    )
    eks.create_nodegroup(
        clusterName=name,
        nodegroupName="linux",
        subnets=[subnet],
        nodeRole=ROLE,
        launchTemplate={"id": template["LaunchTemplateId"], "version": "1"},
    )
    eks.create_fargate_profile(
        clusterName=name,
        fargateProfileName="batch",
        podExecutionRoleArn=ROLE,
        selectors=[{"namespace": "jobs", "labels": {"tier": "batch"}}],
        tags={"key": SECRET},
    )


@pytest.fixture(scope="module")
def estate(running: AwsCloud) -> AwsCloud:
    """An organization with a unit, and one cluster that has everything; made once, for moto is slow."""
    running.reset()
    root = running.add_organization()
    running.add_account("member", root=root, unit=running.add_unit(root, "prod"))
    running.enable_only(HOME)
    full_cluster(running)
    return running


@pytest.fixture
def cloud(estate: AwsCloud, environment: None) -> AwsCloud:
    """The estate, without what an earlier test did to it."""
    estate.clear()
    return estate


def test_a_cluster_comes_with_all_its_parts(cloud, look):
    """Every part is in the record, in the form that the core reads facts from."""
    seen = look()
    found = only(seen)
    assert seen.scope().outcome is Outcome.OK
    assert (found.ref.account, found.ref.location, found.ref.name) == (OWN, HOME, "prod")
    assert dict(found.tags)["team"] == "shop"
    assert found.record.unread == ()
    facts = read_facts(found.record)
    assert facts.engine.enabled is True
    assert facts.engine.version == "1.21.1"
    pools = {pool.name: pool for pool in facts.pools}
    assert (pools["windows"].os, pools["linux"].hop_limit, pools["linux"].tokens_required) == ("windows", 1, True)
    assert [(each.namespace, dict(each.labels)) for each in facts.fargate] == [("jobs", {"tier": "batch"})]
    assert part(found.record.vpc)["cidrs"] == ["10.0.0.0/16", "10.1.0.0/16"]
    assert {part(raw)["addonName"] for raw in found.record.addons} == {"vpc-cni", "coredns"}
    assert [rule.sources for rule in facts.around.open_rules] == [("0.0.0.0/0",)]
    assert [(log.resource, log.rejected) for log in facts.around.flow_logs] == [(facts.around.vpc, True)]
    assert pools["windows"].public is False


def test_the_permission_table_is_what_discovery_calls(cloud, look):
    """Every operation of the table is called over an estate that has everything, and no other."""
    organizations = cloud.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"][0]["Id"]
    cloud.clear()
    look(organization=True, role="audit", regions=())
    look(organization=True, role="audit", regions=(), organizational_units=(unit,))
    called = {(call.service, call.operation) for call in cloud.calls}
    assert called == {(each.service, each.operation) for each in PERMISSIONS}
    assert all("ringfence/" in call.user_agent for call in cloud.calls)


def test_nothing_secret_leaves(cloud, look):
    """User data, tags, values of add-ons and credentials are in no repr and no record."""
    cloud.fault("ec2", "DescribeVpcs", "SignatureDoesNotMatch", message=f"x-amz-security-token:{SECRET}")
    cloud.fault("eks", "DescribeFargateProfile", "SomethingNew", message=SECRET)
    seen = look()
    text = repr(seen.clusters) + repr(seen.scopes) + msgspec.json.encode(only(seen).record).decode()
    assert SECRET not in text
    assert base64.b64encode(SECRET.encode()).decode() not in text
    assert cloud.environment()["AWS_SECRET_ACCESS_KEY"] not in text
    assert seen.scope().outcome is Outcome.PARTIAL


@pytest.mark.parametrize(
    ("service", "operation", "name"),
    [
        pytest.param("eks", "ListAddons", "addons", id="list-addons"),
        pytest.param("eks", "DescribeAddon", "addons", id="addon"),
        pytest.param("eks", "ListNodegroups", "nodegroups", id="list-nodegroups"),
        pytest.param("eks", "DescribeNodegroup", "nodegroups", id="nodegroup"),
        pytest.param("eks", "ListFargateProfiles", "fargateProfiles", id="list-fargate"),
        pytest.param("eks", "DescribeFargateProfile", "fargateProfiles", id="fargate"),
        pytest.param("ec2", "DescribeLaunchTemplateVersions", "launchTemplates", id="templates"),
        pytest.param("ec2", "DescribeVpcs", "vpc", id="vpc"),
        pytest.param("ec2", "DescribeSubnets", "vpc.subnets", id="subnets"),
        pytest.param("ec2", "DescribeSecurityGroups", "vpc.securityGroups", id="groups"),
        pytest.param("ec2", "DescribeFlowLogs", "vpc.flowLogs", id="flow-logs"),
        pytest.param("eks", "DescribeCluster", "cluster", id="cluster"),
    ],
)
def test_a_refused_part_is_named_with_its_permission(cloud, look, service, operation, name):
    """The cluster is still there; record and scope say which part is not known, and what would have to be allowed."""
    code = "UnauthorizedOperation" if service == "ec2" else "AccessDeniedException"
    text = f"not authorized to perform: {service}:{operation} with an explicit deny in a service control policy"
    cloud.fault(service, operation, code, message=text, status=403)
    seen = look()
    (line,) = only(seen).record.unread
    assert line.startswith(f"{name}: {service}:{operation} is not allowed")
    assert "explicit deny in a service control policy" in line
    assert (seen.scope().outcome, seen.scope().missing) == (Outcome.PARTIAL, (f"{service}:{operation}",))
    assert f"{name} of prod: " in seen.scope().reason


def test_a_part_that_was_deleted_since_it_was_listed_is_dropped(cloud, look):
    """A part that is gone is no failure."""
    cloud.fault("eks", "DescribeAddon", "ResourceNotFoundException", status=404, path="/coredns")
    seen = look()
    assert [part(raw)["addonName"] for raw in only(seen).record.addons] == ["vpc-cni"]
    assert (seen.scope().outcome, only(seen).record.unread) == (Outcome.OK, ())


def test_the_network_can_be_left_out(cloud, look):
    """Without it EC2 is not asked for VPCs, and nothing is missing."""
    seen = look(network=False)
    assert seen.scope().outcome is Outcome.OK
    assert only(seen).record.vpc is msgspec.UNSET
    assert "DescribeVpcs" not in {call.operation for call in cloud.calls}
