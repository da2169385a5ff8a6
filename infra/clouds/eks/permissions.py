"""Every AWS operation that discovery calls, the IAM action it needs, and what is not known without it.

Actions as the Service Authorization Reference names them; all are read-only. `doctor` and the Terraform roles read this.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Need(enum.StrEnum):
    """When an action has to be allowed."""

    NEVER = "needs no permission"
    REQUIRED = "required in every account"
    NETWORK = "required unless the network is left out"
    ROLE = "required in the own account where a role is assumed elsewhere"
    ORGANIZATION = "required in the own account where the organization is asked"
    UNITS = "required in the own account where the organization is narrowed to units"


@dataclass(frozen=True, slots=True)
class Permission:
    """One operation of a service's API. `lost` is what is not known where `action` is not allowed."""

    service: str
    operation: str
    action: str
    need: Need
    lost: str


PERMISSIONS = (
    Permission(
        "sts", "GetCallerIdentity", "sts:GetCallerIdentity", Need.NEVER, "which account this is, and everything"
    ),
    Permission("sts", "AssumeRole", "sts:AssumeRole", Need.ROLE, "every account but the own one"),
    Permission(
        "organizations", "ListAccounts", "organizations:ListAccounts", Need.ORGANIZATION, "which accounts there are"
    ),
    Permission(
        "organizations",
        "ListAccountsForParent",
        "organizations:ListAccountsForParent",
        Need.UNITS,
        "which accounts a unit holds",
    ),
    Permission(
        "organizations",
        "ListOrganizationalUnitsForParent",
        "organizations:ListOrganizationalUnitsForParent",
        Need.UNITS,
        "which units a unit holds, and their accounts",
    ),
    Permission(
        "ec2",
        "DescribeRegions",
        "ec2:DescribeRegions",
        Need.REQUIRED,
        "which regions are enabled: every region that the SDK knows is tried, and newer ones are missed",
    ),
    Permission("eks", "ListClusters", "eks:ListClusters", Need.REQUIRED, "every cluster"),
    Permission("eks", "DescribeCluster", "eks:DescribeCluster", Need.REQUIRED, "all but the name, and the way in"),
    Permission("eks", "ListAddons", "eks:ListAddons", Need.REQUIRED, "whether the VPC CNI is told to enforce policies"),
    Permission("eks", "DescribeAddon", "eks:DescribeAddon", Need.REQUIRED, "how the VPC CNI is configured"),
    Permission("eks", "ListNodegroups", "eks:ListNodegroups", Need.REQUIRED, "Windows and other node pools"),
    Permission("eks", "DescribeNodegroup", "eks:DescribeNodegroup", Need.REQUIRED, "system and labels of node pools"),
    Permission("eks", "ListFargateProfiles", "eks:ListFargateProfiles", Need.REQUIRED, "pods that no policy reaches"),
    Permission("eks", "DescribeFargateProfile", "eks:DescribeFargateProfile", Need.REQUIRED, "which pods Fargate runs"),
    Permission(
        "ec2",
        "DescribeLaunchTemplateVersions",
        "ec2:DescribeLaunchTemplateVersions",
        Need.REQUIRED,
        "whether pods reach the nodes' metadata service",
    ),
    Permission("ec2", "DescribeVpcs", "ec2:DescribeVpcs", Need.NETWORK, "the address ranges of pods and nodes"),
    Permission("ec2", "DescribeSubnets", "ec2:DescribeSubnets", Need.NETWORK, "whether nodes get public addresses"),
    Permission(
        "ec2", "DescribeSecurityGroups", "ec2:DescribeSecurityGroups", Need.NETWORK, "who reaches the ports of nodes"
    ),
    Permission("ec2", "DescribeFlowLogs", "ec2:DescribeFlowLogs", Need.NETWORK, "whether flow logs cover the nodes"),
)
BY_OPERATION: Mapping[tuple[str, str], Permission] = {(each.service, each.operation): each for each in PERMISSIONS}
