"""What the EKS and EC2 APIs say of a cluster, as boto3 returns it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from infra.cloudrecord import cluster_ref, record_from
from infra.estate.eks import SERVICES, VPC_CNI, Group
from infra.estate.names import HEX, token
from infra.estate.network import OFFICE, vpc, vpc_id
from scanner.model import CloudRecord, ClusterRef

VERSION, SERVER = "1.33", "v1.33.5-eks-3025e55"
_ADDONS = {
    "aws-ebs-csi-driver": "v1.51.0-eksbuild.1",
    "coredns": "v1.12.4-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.1",
    "kube-proxy": "v1.33.3-eksbuild.10",
}


def arn(account: str, region: str, name: str) -> str:
    """A cluster's ARN."""
    return f"arn:aws:eks:{region}:{account}:cluster/{name}"


def describe_cluster(account: str, region: str, name: str, *, public: Iterable[str] = (OFFICE,)) -> dict[str, Any]:
    """`describe_cluster`'s answer. `public` are the ranges that may reach its API server; none: it is private."""
    ranges = list(public)
    network = vpc_id(name)
    return {
        "cluster": {
            "name": name,
            "arn": arn(account, region, name),
            "version": VERSION,
            "platformVersion": "eks.22",
            "status": "ACTIVE",
            "endpoint": f"https://{token(name, 32, HEX).upper()}.gr7.{region}.eks.example",
            "resourcesVpcConfig": {
                "subnetIds": subnets(name),
                "securityGroupIds": [],
                "clusterSecurityGroupId": f"sg-0{token(name, 16, HEX)}",
                "vpcId": network,
                "endpointPublicAccess": bool(ranges),
                "endpointPrivateAccess": True,
                "publicAccessCidrs": ranges,
            },
            "kubernetesNetworkConfig": {
                "serviceIpv4Cidr": SERVICES,
                "ipFamily": "ipv4",
                "elasticLoadBalancing": {"enabled": False},
            },
            "accessConfig": {"authenticationMode": "API"},
            "computeConfig": {"enabled": False, "nodePools": []},
            "logging": {
                "clusterLogging": [
                    {"types": ["api", "audit", "authenticator"], "enabled": True},
                    {"types": ["controllerManager", "scheduler"], "enabled": False},
                ]
            },
        }
    }


def subnets(cluster: str) -> list[str]:
    """The ids of a cluster's three private subnets."""
    return [f"subnet-0{token(f'{cluster}/{zone}', 16, HEX)}" for zone in "abc"]


def describe_addons(cluster: str, vpc_cni_values: dict[str, Any] | None) -> list[dict[str, Any]]:
    """`describe_addon`'s answers; the VPC CNI's values are a string of JSON, or not there at all."""
    addons = [_addon(cluster, name, version) for name, version in _ADDONS.items()]
    addons.append(_addon(cluster, "vpc-cni", f"v{VPC_CNI}-eksbuild.1"))
    if vpc_cni_values is not None:
        addons[-1]["addon"]["configurationValues"] = msgspec.json.encode(vpc_cni_values).decode()
    return addons


def _addon(cluster: str, name: str, version: str) -> dict[str, Any]:
    return {"addon": {"addonName": name, "clusterName": cluster, "status": "ACTIVE", "addonVersion": version}}


def describe_groups(cluster: str, groups: Sequence[Group]) -> list[dict[str, Any]]:
    """`describe_nodegroup`'s answers; each group has a launch template called like it."""
    return [
        {
            "nodegroup": {
                "nodegroupName": group.name,
                "clusterName": cluster,
                "version": VERSION,
                "status": "ACTIVE",
                "capacityType": "ON_DEMAND",
                "scalingConfig": {"minSize": group.count, "maxSize": 2 * group.count, "desiredSize": group.count},
                "subnets": subnets(cluster),
                "amiType": "WINDOWS_CORE_2022_x86_64" if group.windows else "AL2023_x86_64_STANDARD",
                "labels": dict(group.labels),
                "taints": [{"key": "os", "value": "windows", "effect": "NO_SCHEDULE"}] if group.windows else [],
                "launchTemplate": {"name": f"{cluster}-{group.name}", "version": "3", "id": _template(cluster, group)},
            }
        }
        for group in groups
    ]


def describe_templates(
    cluster: str, groups: Sequence[Group], *, tokens: str = "required", hops: int = 1
) -> list[dict[str, Any]]:
    """`describe_launch_template_versions`' answers, with what decides who may ask the metadata service."""
    options = {"HttpTokens": tokens, "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": hops}
    return [
        {
            "LaunchTemplateVersions": [
                {
                    "LaunchTemplateId": _template(cluster, group),
                    "LaunchTemplateName": f"{cluster}-{group.name}",
                    "VersionNumber": 3,
                    "DefaultVersion": True,
                    "LaunchTemplateData": {"MetadataOptions": options},
                }
            ]
        }
        for group in groups
    ]


def _template(cluster: str, group: Group) -> str:
    return f"lt-0{token(cluster + group.name, 16, HEX)}"


def record(name: str, **parts: Any) -> tuple[CloudRecord, ClusterRef]:  # noqa: ANN401 - what the SDK returned
    """The stored record, and the address it gives the cluster."""
    made = msgspec.structs.replace(record_from({"provider": "aws", **parts}, name), vpc=vpc(name))
    return made, cluster_ref(made, name)
