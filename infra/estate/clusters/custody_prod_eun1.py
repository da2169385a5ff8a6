"""custody-prod-eun1: a private EKS cluster that nobody may read: the cloud names it, its API server does not answer."""

from __future__ import annotations

from infra.estate.eks import Group
from infra.estate.eks_record import describe_addons, describe_cluster, describe_groups, describe_templates, record
from infra.estate.read import TAKEN
from infra.version import VERSION
from scanner.model import SNAPSHOT_VERSION, Collected, Collector, KindStatus, Snapshot, Source

NAME, ACCOUNT, REGION = "custody-prod-eun1", "777788889999", "eu-north-1"
GROUPS = (Group(name="custody", count=6, instance_type="m7i.xlarge"),)
REASON = (
    "the API server did not answer within 10 s: its endpoint is private, and the scanner has no route into "
    "vpc-0a51c0de28e0a0003: run the scanner inside that network"
)


def draw() -> Snapshot:
    """What is left where the Kubernetes API could not be reached: the address, the cloud's record, and the reason."""
    made, ref = record(
        NAME,
        cluster=describe_cluster(ACCOUNT, REGION, NAME, public=()),
        addons=describe_addons(NAME, {"enableNetworkPolicy": "true"}),
        nodegroups=describe_groups(NAME, GROUPS),
        launchTemplates=describe_templates(NAME, GROUPS),
    )
    return Snapshot(
        version=SNAPSHOT_VERSION,
        collector=Collector(name="ringfence", version=VERSION),
        taken=TAKEN,
        cluster=ref,
        source=Source.CLUSTER,
        collection={"pods": KindStatus(status=Collected.FORBIDDEN, reason=REASON)},
        unread=REASON,
        cloud_record=made,
    )
