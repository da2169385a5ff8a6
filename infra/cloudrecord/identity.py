"""Which cloud wrote an answer, and which cluster it speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from scanner.model import Cloud, CloudRecord, ClusterRef

UNKNOWN = "unknown"  # a part of an address that the record does not say

_SEGMENT = r"([^/:\s]+)"
EKS_ARN = re.compile(rf"arn:aws[a-z-]*:eks:{_SEGMENT}:(\d{{12}}):cluster/{_SEGMENT}\Z")
_GKE_LINK = re.compile(
    r"(?:https:)?//(?:[a-z0-9-]+-)?container\.(?:[a-z0-9-]+\.)*(?:googleapis\.com|goog)/(?:v[a-z0-9]+/)?"
    r"projects/([^/\s]+)/(?:locations|zones)/([^/\s]+)/clusters/([^/\s]+)\Z"
)
_AKS_ID = re.compile(
    r"/subscriptions/([^/\s]+)/resourcegroups/[^/\s]+/providers/microsoft\.containerservice/managedclusters/([^/\s]+)\Z",
    re.IGNORECASE,
)


def provider_of(cluster: Mapping[str, Any]) -> Cloud | None:
    """The cloud whose API gave this answer, by what only its answers have; None where nothing tells."""
    if EKS_ARN.match(_text(cluster, "arn")):
        return Cloud.AWS
    if (
        _AKS_ID.match(_text(cluster, "id"))
        or _text(cluster, "type").lower() == "microsoft.containerservice/managedclusters"
    ):
        return Cloud.AZURE
    if _GKE_LINK.match(_text(cluster, "selfLink", "self_link")) or _text(
        cluster, "currentMasterVersion", "current_master_version"
    ):
        return Cloud.GCP
    return None


def cluster_ref(record: CloudRecord, fallback_name: str) -> ClusterRef:
    """The address of the cluster a record speaks of; `fallback_name` is used where the record does not name it."""
    cluster = msgspec.json.decode(record.cluster)
    if not isinstance(cluster, dict):
        cluster = {}
    found = {Cloud.AWS: _eks, Cloud.GCP: _gke, Cloud.AZURE: _aks}.get(record.provider, _nowhere)(cluster)
    if found is not None:
        return found
    location = _text(cluster, "location", "zone").lower() or UNKNOWN
    return plain_ref(record.provider, UNKNOWN, location, _text(cluster, "name") or fallback_name)


def plain_ref(cloud: Cloud, account: str, location: str, name: str) -> ClusterRef:
    """An address without a provider's own id."""
    return ClusterRef(
        cloud=cloud, account=account, location=location, name=name, id=f"{cloud}/{account}/{location}/{name}"
    )


def can_be_same(one: ClusterRef, other: ClusterRef) -> bool:
    """Whether two addresses can be of one cluster: not in two clouds, nor under two ids that providers gave."""
    if Cloud.OTHER in {one.cloud, other.cloud}:
        return True
    given = {ref.id for ref in (one, other) if ref.id != f"{ref.cloud}/{ref.account}/{ref.location}/{ref.name}"}
    return one.cloud == other.cloud and len(given) < 2


def eks_ref(arn: str) -> ClusterRef | None:
    """The cluster of an EKS ARN (`arn:aws:eks:REGION:ACCOUNT:cluster/NAME`)."""
    match = EKS_ARN.match(arn)
    return match and ClusterRef(cloud=Cloud.AWS, account=match[2], location=match[1], name=match[3], id=arn)


def gke_ref(project: str, location: str, name: str) -> ClusterRef:
    """A GKE cluster, with its full resource name as Cloud Asset Inventory writes it."""
    identity = f"//container.googleapis.com/projects/{project}/locations/{location}/clusters/{name}"
    return ClusterRef(cloud=Cloud.GCP, account=project, location=location, name=name, id=identity)


def _eks(cluster: Mapping[str, Any]) -> ClusterRef | None:
    return eks_ref(_text(cluster, "arn"))


def _gke(cluster: Mapping[str, Any]) -> ClusterRef | None:
    match = _GKE_LINK.match(_text(cluster, "selfLink", "self_link"))
    return match and gke_ref(match[1], match[2], match[3])


def _aks(cluster: Mapping[str, Any]) -> ClusterRef | None:
    identity = _text(cluster, "id")
    match = _AKS_ID.match(identity)
    return match and ClusterRef(
        cloud=Cloud.AZURE,
        account=match[1].lower(),
        location=_text(cluster, "location").lower().replace(" ", "") or UNKNOWN,
        name=_text(cluster, "name") or match[2],
        id=identity.lower(),
    )


def _nowhere(_: Mapping[str, Any]) -> ClusterRef | None:
    return None


def _text(cluster: Mapping[str, Any], *keys: str) -> str:
    return next((value for key in keys if isinstance(value := cluster.get(key), str) and value), "")
