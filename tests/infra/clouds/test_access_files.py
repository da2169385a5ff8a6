"""What `terraform/access` grants is what the program asks for: no call without its permission, no permission without a call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from infra.clouds.aks import PERMISSIONS as AZURE
from infra.clouds.aks import network as azure_network
from infra.clouds.eks import network as aws_network
from infra.clouds.eks.permissions import PERMISSIONS as AWS
from infra.clouds.eks.permissions import Need
from infra.clouds.gke import PERMISSIONS as GOOGLE
from infra.clouds.gke import network as google_network

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "terraform" / "access"


def granted(name: str) -> set[str]:
    """The actions of an IAM policy; each is a single action, and only allowed."""
    statements = json.loads((FOLDER / name).read_text())["Statement"]
    assert {each["Effect"] for each in statements} == {"Allow"}
    actions = [action for each in statements for action in each["Action"]]
    assert not any("*" in action for action in actions)
    return set(actions)


def asked(*needs: Need) -> set[str]:
    """The actions that AWS discovery needs so."""
    return {each.action for each in AWS if each.need in needs}


def test_aws_policies_grant_what_is_asked():
    """Members, the hub and the hybrid extra; what needs no permission stands in none."""
    assert granted("aws-member.json") == asked(Need.REQUIRED, Need.NETWORK) | set(aws_network.PERMISSIONS)
    assert granted("aws-hub.json") == asked(Need.ORGANIZATION, Need.UNITS, Need.ROLE)
    assert granted("aws-hybrid.json") == set(aws_network.HYBRID_PERMISSIONS)
    known = {Need.REQUIRED, Need.NETWORK, Need.ORGANIZATION, Need.UNITS, Need.ROLE, Need.NEVER}
    assert {each.need for each in AWS} <= known


def test_the_google_role_grants_what_is_asked():
    """All but the use of a quota project, which is granted on that project."""
    role = yaml.safe_load((FOLDER / "gcp-role.yaml").read_text())
    needed = {each.permission for each in GOOGLE} | set(google_network.PERMISSIONS)
    assert needed - set(role["includedPermissions"]) == {"serviceusage.services.use"}
    assert set(role["includedPermissions"]) <= needed


def test_the_azure_role_grants_what_is_asked():
    """Reads, and the one action that gives a cluster's address; nothing of the data plane."""
    role = json.loads((FOLDER / "azure-role.json").read_text())
    assert set(role["Actions"]) == {each.permission for each in AZURE} | set(azure_network.PERMISSIONS)
    assert role["DataActions"] == []


def test_the_cluster_role_is_the_programs_own():
    """The one that `doctor` and the tests hold requests against."""
    assert (FOLDER / "cluster-role.yaml").read_bytes() == (ROOT / "infra" / "kube" / "clusterrole.yaml").read_bytes()


@pytest.mark.parametrize("cloud", ["eks", "gke", "aks"])
def test_bindings_bind_that_role_alone(cloud):
    """One subject, one role."""
    role = yaml.safe_load((FOLDER / "cluster-role.yaml").read_text())
    binding = yaml.safe_load((FOLDER / f"{cloud}-binding.yaml").read_text())
    assert binding["kind"] == "ClusterRoleBinding"
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == ("ClusterRole", role["metadata"]["name"])
    assert len(binding["subjects"]) == 1
