"""The way in: a token that STS itself takes, renewed in time, sent to the cluster alone that EKS describes."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from infra.clouds.eks import Limits
from infra.clouds.model import Found
from infra.kube import read_api
from scanner.enums import Read
from scanner.errors import ClusterReadError
from tests.infra.kube.server import FakeCluster, Reply, Server
from tests.servers.aws import OWN, AwsCloud

TAKEN = "2026-01-01T00:00:00Z"
OTHER = "210987654321"


@dataclass
class EksCluster(FakeCluster):
    """A cluster that looks whose a token is, as EKS does, and lets `account` in."""

    whose: Callable[[str, str], str] = lambda *_: ""
    account: str = OWN
    tokens: list[str] = field(default_factory=list)

    def answer(self, target: str, headers: dict[str, str]) -> Reply:
        """Look at the token first."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        self.tokens.append(token)
        known = self.whose(token, "prod") == self.account
        return super().answer(target, headers | {"authorization": f"Bearer {self.token if known else ''}"})


@pytest.fixture
def kube(cloud: AwsCloud, tmp_path: Path) -> Iterator[Server]:
    """A Kubernetes API with a namespace and a policy."""
    objects = {
        "namespaces": [{"metadata": {"name": "shop", "uid": "1"}}],
        "networkpolicies.networking.k8s.io": [
            {"metadata": {"name": "deny", "namespace": "shop", "uid": "2"}, "spec": {"podSelector": {}}}
        ],
    }
    served = {"": {"v1": ["namespaces", "pods"]}, "networking.k8s.io": {"v1": ["networkpolicies"]}}
    with Server(EksCluster(served=served, objects=objects, whose=cloud.whose), tmp_path) as server:
        yield server


def found_in(cloud, look, kube: Server, *, limits: Limits = Limits(workers=2), account: str = OWN, **fields) -> Found:  # noqa: B008
    """The one cluster `prod`, which leads to `kube`."""
    given = {"endpoint": f"https://127.0.0.1:{kube.port}", "ca": kube.ca} | fields
    cloud.add_cluster("prod", account=account, **given)
    (found,) = look(limits, accounts=(account,), role="audit").clusters.values()
    return found


@pytest.mark.parametrize("account", [OWN, OTHER])
def test_a_discovered_cluster_is_read_with_a_token_of_its_account(cloud, look, kube: Server, account: str):
    """From discovery to a snapshot, without a kubeconfig: STS itself says whose the token is."""
    kube.cluster.account = account
    found = found_in(cloud, look, kube, account=account)
    snapshot = read_api(found.access(), record=found.record, taken=TAKEN)
    assert snapshot.cluster == found.ref
    assert [policy.name for policy in snapshot.policies] == ["deny"]
    assert snapshot.read is not Read.UNREAD
    assert len(set(kube.cluster.tokens)) == 1
    stored = msgspec.json.encode(snapshot).decode() + repr(found)
    assert kube.cluster.tokens[0] not in stored


def test_a_token_is_renewed_while_a_cluster_is_read(cloud, look, kube: Server):
    """A list takes longer than a token lives: what follows comes with another one, which is taken too."""
    found = found_in(cloud, look, kube, limits=Limits(workers=2, token_s=1.0))
    kube.cluster.canned["namespaces"] = [Reply(200, b'{"metadata": {}, "items": []}', pause=1.1)]
    snapshot = read_api(found.access(), record=found.record, taken=TAKEN)
    assert [policy.name for policy in snapshot.policies] == ["deny"]
    assert len(set(kube.cluster.tokens)) > 1


def test_a_token_that_is_refused_is_replaced(cloud, look, kube: Server):
    """A clock that was off, say: another token is made whatever the age of the first, and taken."""
    found = found_in(cloud, look, kube)
    kube.cluster.canned["/apis"] = [Reply(401)]
    snapshot = read_api(found.access(), record=found.record, taken=TAKEN)
    assert [policy.name for policy in snapshot.policies] == ["deny"]
    assert kube.cluster.asked("apis")[1:]


def test_a_role_that_may_no_longer_be_assumed_is_one_line(cloud, look, kube: Server):
    """Credentials that run out and cannot be renewed: no token, and the permission is named."""
    given = cloud.client("sts").assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/audit", RoleSessionName="test")
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)).isoformat()  # the SDK renews ten minutes before the end
    fields = {key: given["Credentials"][key] for key in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
    inner = "".join(f"<{key}>{value}</{key}>" for key, value in (fields | {"Expiration": soon}).items())
    answer = f"<AssumeRoleResponse><AssumeRoleResult><Credentials>{inner}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    cloud.fault("sts", "AssumeRole", body=answer.encode(), status=200)
    found = found_in(cloud, look, kube, account=OTHER)
    cloud.clear()
    cloud.fault("sts", "AssumeRole", "AccessDenied", status=403)
    with pytest.raises(ClusterReadError, match="no token for it: sts:AssumeRole is not allowed"):
        found.access()


def test_a_token_for_another_cluster_is_not_taken(cloud, look, kube: Server):
    """The cluster's name is signed with the request: a cluster cannot use a token against another one."""
    found = found_in(cloud, look, kube)
    token = found.access().configuration.api_key["BearerToken"].removeprefix("Bearer ")
    assert (cloud.whose(token, "prod"), cloud.whose(token, "other")) == (OWN, "")


def test_only_the_authority_that_eks_names_is_trusted(cloud, look, kube: Server, tmp_path: Path):
    """A server with another certificate gets no token."""
    folder = tmp_path / "other"
    folder.mkdir()
    with Server(EksCluster(served={}, objects={}), folder) as other:
        found = found_in(cloud, look, kube, endpoint=f"https://127.0.0.1:{other.port}")
        with pytest.raises(ClusterReadError, match="certificate"):
            read_api(found.access(), record=found.record, taken=TAKEN)
        assert other.cluster.seen == []


def test_a_private_endpoint_out_of_reach_fails_at_once_with_the_mend(cloud, look, kube: Server):
    """VPC, security group and port are named."""
    config = {"vpcId": "vpc-0a", "clusterSecurityGroupId": "sg-0b", "endpointPublicAccess": False}
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        endpoint = f"https://127.0.0.1:{held.getsockname()[1]}"
        found = found_in(cloud, look, kube, endpoint=endpoint, resourcesVpcConfig=config)
        with pytest.raises(ClusterReadError) as caught:
            found.access()
    assert "in the cluster's VPC vpc-0a" in str(caught.value)
    assert "TCP 443 from there in its security group sg-0b" in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        pytest.param({"endpoint": "http://127.0.0.1:1"}, "no https:// URL", id="plain-http"),
        pytest.param({"endpoint": "https://user@127.0.0.1:1"}, "no https:// URL", id="user"),
        pytest.param({"endpoint": "https://[::1"}, "no URL", id="broken"),
        pytest.param({"endpoint": "https://127.0.0.1:99999"}, "no URL", id="port"),
        pytest.param({"certificateAuthority": {"data": "%%%"}}, "holds no certificates", id="no-base64"),
        pytest.param({"certificateAuthority": {"data": "aGVsbG8="}}, "holds no certificates", id="no-pem"),
        pytest.param({"certificateAuthority": None}, "holds no certificates", id="no-authority"),
    ],
)
def test_an_odd_way_in_gets_no_token(cloud, look, kube: Server, fields, line: str):
    """What EKS says of endpoint and authority is checked before anything is sent."""
    found = found_in(cloud, look, kube, **({"ca": b""} if "certificateAuthority" in fields else {}), **fields)
    with pytest.raises(ClusterReadError, match=line):
        found.access()
    assert kube.cluster.seen == []
