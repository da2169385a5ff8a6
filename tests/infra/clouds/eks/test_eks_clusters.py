"""Clusters as they are listed: every state they can be in, and many of them."""

from __future__ import annotations

import msgspec
import pytest

from infra.clouds.model import Found, Outcome
from scanner.errors import ClusterReadError

SECRET = "planted-secret-of-many-letters"  # noqa: S105 - it opens nothing


def part(raw: msgspec.Raw) -> dict[str, object]:
    """One part of a record, decoded."""
    return msgspec.json.decode(raw)


def only(seen) -> Found:
    """The one cluster."""
    (found,) = seen.clusters.values()
    return found


def test_a_cluster_that_cannot_be_described_is_not_lost(cloud, look):
    """Its name and ARN are known, and the way in says why there is none."""
    arn = cloud.add_cluster("prod")
    cloud.fault("eks", "DescribeCluster", "AccessDeniedException", status=403)
    found = only(look())
    assert found.ref.id == arn
    with pytest.raises(ClusterReadError, match="eks:DescribeCluster is not allowed"):
        found.access()


def test_a_cluster_that_was_deleted_since_it_was_listed_is_dropped(cloud, look):
    """It is no longer there: a note, no failure."""
    cloud.add_cluster("gone")
    cloud.fault("eks", "DescribeCluster", "ResourceNotFoundException", status=404)
    seen = look()
    assert seen.clusters == {}
    assert (seen.scope().outcome, seen.scope().reason) == (Outcome.OK, "gone was deleted while it was read")


@pytest.mark.parametrize("status", ["CREATING", "DELETING", "FAILED", "PENDING"])
def test_a_cluster_without_an_api_yet_or_any_more_is_said(cloud, look, status: str):
    """It is found, with the reason it cannot be read; its parts are not asked for."""
    cloud.add_cluster("young", status=status, endpoint=None, certificateAuthority=None)
    seen = look()
    found = only(seen)
    assert found.record.unread == (f"parts: not asked for, the cluster is {status}",)
    assert (seen.scope().outcome, seen.scope().reason) == (Outcome.OK, f"young is {status}")
    with pytest.raises(ClusterReadError, match=f"is {status} and has no API"):
        found.access()


def test_a_connected_cluster_is_found_and_read_otherwise(cloud, look):
    """Clusters that run elsewhere are listed on demand, and EKS gives no way in to them."""
    cloud.add_cluster("abroad", connectorConfig={"provider": "OPENSHIFT", "activationCode": SECRET}, endpoint=None)
    seen = look()
    found = only(seen)
    assert part(found.record.cluster)["connectorConfig"] == {"provider": "OPENSHIFT"}
    assert SECRET not in repr(found) + msgspec.json.encode(found.record).decode()
    assert seen.scope().outcome is Outcome.OK
    with pytest.raises(ClusterReadError, match="--kubeconfig"):
        found.access()


def test_many_clusters_come_over_several_pages(cloud, look):
    """More than a page: every one once, and a failure they share is said once, with their number."""
    for index in range(105):
        cloud.add_cluster(f"c-{index}")
    cloud.fault("eks", "DescribeCluster", "AccessDeniedException", status=403)
    seen = look()
    assert len(seen.clusters) == 105
    assert seen.scope().reason.startswith("cluster of c-0, c-1, c-10 and 102 more: eks:DescribeCluster is not allowed")
    assert len([call for call in cloud.calls if call.operation == "ListClusters"]) == 2
