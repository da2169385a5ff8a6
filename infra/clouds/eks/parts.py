"""One cluster's parts: add-ons, node groups, Fargate profiles, launch templates, the ranges of its VPC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.clouds.eks.calls import Calls
from infra.clouds.eks.failures import CallError, Failure, Kind
from infra.clouds.eks.surroundings import read_surroundings
from infra.text import printable

_MAX_MEMBERS = 1_000  # of one kind in one cluster; EKS' own quotas are 100 node groups and 10 Fargate profiles
_TEMPLATE = re.compile(r"lt-[0-9a-z]{1,40}\Z")
_TEMPLATE_NAME = re.compile(r"[\w().@/-]{3,128}\Z", re.ASCII)
_VERSION = re.compile(r"(?:\d{1,9}|\$Latest|\$Default)\Z", re.ASCII)
_VPC = re.compile(r"vpc-[0-9a-z]{1,40}\Z")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the members of a part are listed, and each described: operations, their keys, and what names a member."""

    part: str
    list: str
    key: str
    describe: str
    wrapper: str
    name: str


_KINDS = (
    _Kind("addons", "ListAddons", "addons", "DescribeAddon", "addon", "addonName"),
    _Kind("nodegroups", "ListNodegroups", "nodegroups", "DescribeNodegroup", "nodegroup", "nodegroupName"),
    _Kind(
        "fargateProfiles",
        "ListFargateProfiles",
        "fargateProfileNames",
        "DescribeFargateProfile",
        "fargateProfile",
        "fargateProfileName",
    ),
)


@dataclass(slots=True)
class Parts:
    """What was read, in the form of a record, and which part could not be, each with its reason."""

    read: dict[str, Any] = field(default_factory=dict)
    failures: list[tuple[str, Failure]] = field(default_factory=list)

    def fail(self, part: str, failure: Failure) -> None:
        """Note a failure, once a reason: a permission that misses for one add-on misses for all."""
        if (part, failure) not in self.failures:
            self.failures.append((part, failure))

    @property
    def unread(self) -> list[str]:
        """The failures as a record keeps them."""
        return [f"{part}: {failure.reason}" for part, failure in self.failures]


def read_parts(calls: Calls, name: str, vpc: object, *, network: bool) -> Parts:
    """Every part of the cluster `name`, whose VPC has the id `vpc`; nothing is raised."""
    parts = Parts()
    for kind in _KINDS:
        parts.read[kind.part] = _members(calls, name, kind, parts)
    parts.read["launchTemplates"] = _templates(calls, parts.read["nodegroups"], parts)
    if network and isinstance(vpc, str) and _VPC.match(vpc):
        found = _vpc(calls, vpc, parts)
        if found is not None:
            parts.read["vpc"] = found | read_surroundings(calls, vpc, parts.fail)
    return parts


def _members(calls: Calls, cluster: str, kind: _Kind, parts: Parts) -> list[Mapping[str, Any]]:
    """The described members of a kind. One that was deleted since it was listed is left out: it is no longer there."""
    found: list[Mapping[str, Any]] = []
    try:
        for page in calls.pages("eks", kind.list, kind.key, clusterName=cluster):
            for member in page[: _MAX_MEMBERS - len(found)]:
                described = _member(calls, cluster, kind, member, parts)
                if described is not None:
                    found.append(described)
            if len(found) >= _MAX_MEMBERS:
                parts.fail(kind.part, Failure(Kind.OTHER, f"the first {_MAX_MEMBERS} only"))
                break
    except CallError as error:
        parts.fail(kind.part, error.failure)
    return found


def _member(calls: Calls, cluster: str, kind: _Kind, name: object, parts: Parts) -> Mapping[str, Any] | None:
    if not isinstance(name, str) or not name:
        parts.fail(kind.part, Failure(Kind.OTHER, "a member without a name"))
        return None
    try:
        answer = calls.call("eks", kind.describe, clusterName=cluster, **{kind.name: name})
    except CallError as error:
        if error.failure.kind is Kind.LATE:
            raise
        if error.failure.kind is not Kind.GONE:
            parts.fail(kind.part, error.failure)
        return None
    described = answer.get(kind.wrapper)
    if not isinstance(described, dict) or described.get(kind.name) != name:
        parts.fail(kind.part, Failure(Kind.OTHER, f"eks {kind.describe}: not the answer for {printable(name, 100)}"))
        return None
    return described


def _templates(calls: Calls, groups: Iterable[Mapping[str, Any]], parts: Parts) -> list[Any]:
    """The launch template versions that node groups name; EKS' own templates are not named. User data is dropped later on."""
    found: list[Any] = []
    wanted: dict[tuple[str, str, str], None] = {}
    for group in groups:
        template = group.get("launchTemplate")
        if isinstance(template, dict):
            key, pattern = ("id", _TEMPLATE) if template.get("id") else ("name", _TEMPLATE_NAME)
            identity, version = str(template.get(key)), str(template.get("version") or "$Default")
            if pattern.match(identity) and _VERSION.match(version):
                wanted[key, identity, version] = None
            else:
                parts.fail("launchTemplates", Failure(Kind.OTHER, "a node group names a template that can be none"))
    for key, identity, version in wanted:
        by = {"id": "LaunchTemplateId", "name": "LaunchTemplateName"}[key]
        try:
            pages = calls.pages(
                "ec2",
                "DescribeLaunchTemplateVersions",
                "LaunchTemplateVersions",
                **{by: identity, "Versions": [version]},
            )
            found += [each for page in pages for each in page if isinstance(each, dict)]
        except CallError as error:
            parts.fail("launchTemplates", error.failure)
    return found


def _vpc(calls: Calls, identity: str, parts: Parts) -> dict[str, object] | None:
    """The VPC's associated ranges: where its pods' addresses come from with the VPC CNI (discovery.md has no other source)."""
    try:
        pages = calls.pages("ec2", "DescribeVpcs", "Vpcs", VpcIds=[identity])
        vpcs = [each for page in pages for each in _objects(page) if each.get("VpcId") == identity]
    except CallError as error:
        parts.fail("vpc", error.failure)
        return None
    if not vpcs:
        parts.fail("vpc", Failure(Kind.OTHER, f"ec2 DescribeVpcs: not the answer for {identity}"))
        return None
    ranges = [
        entry.get(block)
        for key, block, state in (
            ("CidrBlockAssociationSet", "CidrBlock", "CidrBlockState"),
            ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState"),
        )
        for entry in _objects(vpcs[0].get(key))
        if _state(entry, state) == "associated"
    ]
    return {"id": identity, "cidrs": list(dict.fromkeys(each for each in ranges if isinstance(each, str)))}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _state(entry: Mapping[str, Any], key: str) -> object:
    state = entry.get(key)
    return state.get("State") if isinstance(state, dict) else None
