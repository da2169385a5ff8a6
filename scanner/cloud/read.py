"""What a cloud record says, in the one form that judging works on, whichever cloud wrote it."""

from __future__ import annotations

from scanner.cloud import aks, eks, gke
from scanner.cloud.facts import CloudFacts, Endpoint, EngineSettings
from scanner.cloud.part import Part
from scanner.model import Cloud, CloudRecord


def read_facts(record: CloudRecord) -> CloudFacts:
    """Read a cloud record; never raises.

    What is absent is None, what cannot be understood is None and named in `notices`. A record of a cloud without a
    managed Kubernetes that ringfence knows (`other`) says nothing.
    """
    notices = [f"cloud record: {reason}" for reason in record.unread]
    cluster = Part.decode(record.cluster, "cluster", notices)
    match record.provider:
        case Cloud.AWS:
            return eks.read(record, cluster.part("cluster") or cluster, notices)
        case Cloud.GCP:
            return gke.read(cluster, notices)
        case Cloud.AZURE:
            return aks.read(cluster, notices)
        case Cloud.OTHER:
            return CloudFacts(
                provider=Cloud.OTHER,
                kubernetes_version="",
                endpoint=Endpoint(public=None, private=None, allowed=None, where=""),
                engine=EngineSettings(managed=None, enabled=None),
                pools=None,
                fargate=None,
                pod_ranges=(),
                service_ranges=(),
                workload_identity=None,
                metadata_restricted=None,
                notices=tuple(notices),
            )
