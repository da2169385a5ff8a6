"""A cluster by its cloud's word alone: data plane, exposure, what lies outside, what would settle a doubt."""

from __future__ import annotations

import json

import msgspec
import pytest

from infra.estate.read import estate
from infra.snapshots import decode
from scanner.described import describe
from scanner.model import Cloud, CloudRecord, ClusterRef

REF = ClusterRef(cloud=Cloud.AWS, account="1", location="r", name="n", id="aws/1/r/n")


def _record(
    cluster: object, *, provider: Cloud = Cloud.AWS, addons: tuple[object, ...] = (), **lists: object
) -> CloudRecord:
    raw = {name: tuple(msgspec.Raw(json.dumps(each).encode()) for each in members) for name, members in lists.items()}
    return CloudRecord(
        provider=provider,
        cluster=msgspec.Raw(json.dumps(cluster).encode()),
        addons=tuple(msgspec.Raw(json.dumps(each).encode()) for each in addons),
        **raw,
    )


def test_the_embedded_estate_by_its_records_alone():
    """The records of the demo: the cloud's word, unknown where only the cluster could tell."""
    found = {}
    for name, data in estate():
        snapshot = decode(data, name)
        seen = describe(snapshot.cluster, snapshot.cloud_record)
        found[snapshot.cluster.name] = (seen.plane.name, str(seen.plane.enforcing), seen.exposure, bool(seen.settle))
        assert bool(seen.settle) == (seen.plane.enforcing == "unknown")
    assert found == {
        "custody-prod-eun1": ("eks-vpc-cni", "yes", "private", False),
        "insight-prod-ew4": ("none", "no", "limited", False),
        "ledger-prod-ew1": ("gke-dataplane-v2", "yes", "private", False),
        "lend-prod-weu": ("aks-cilium", "yes", "limited", False),
        "partner-prod-neu": ("aks-npm", "yes", "public", False),
        "pay-prod-euw1": ("unknown", "unknown", "limited", True),
        "store-prod-euc1": ("eks-vpc-cni", "yes", "limited", False),
    }


@pytest.mark.parametrize(
    ("config", "exposure"),
    [
        ({"endpointPublicAccess": False, "endpointPrivateAccess": True}, "private"),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]}, "limited"),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24", "0.0.0.0/0"]}, "public"),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["::/0"]}, "public"),
        ({"endpointPublicAccess": True}, "public"),
        ({}, "unknown"),
    ],
)
def test_exposure(config, exposure):
    """An allow list that takes in everybody limits nothing; what is not said is unknown."""
    assert describe(REF, _record({"name": "n", "resourcesVpcConfig": config})).exposure == exposure


def test_auto_mode_is_settled_by_its_config_map():
    """The record says that the nodes are Auto Mode's, and only the cluster whether its controller is on."""
    seen = describe(REF, _record({"name": "n", "computeConfig": {"enabled": True}}))
    assert (seen.plane.name, seen.plane.enforcing) == ("eks-auto-mode", "unknown")
    assert "kube-system/amazon-vpc-cni" in seen.settle


def test_what_the_engine_may_not_reach_is_named():
    """Fargate profiles and Windows pools, by name."""
    record = _record(
        {"name": "n"},
        addons=({"addonName": "vpc-cni", "configurationValues": '{"enableNetworkPolicy": "true"}'},),
        fargate_profiles=({"fargateProfileName": "batch", "selectors": [{"namespace": "batch"}]},),
        nodegroups=({"nodegroupName": "win", "amiType": "WINDOWS_CORE_2022_x86_64"},),
    )
    assert describe(REF, record).outside == ("Fargate profiles: batch", "Windows pools: win")


@pytest.mark.parametrize("cluster", [None, [], "x", {"resourcesVpcConfig": 3, "computeConfig": [1]}])
@pytest.mark.parametrize("provider", list(Cloud))
def test_a_broken_record_is_unknown(cluster, provider):
    """Whatever a record holds, nothing is raised and nothing is claimed."""
    seen = describe(REF, _record(cluster, provider=provider))
    assert seen.plane.enforcing == "unknown"
    assert seen.settle
