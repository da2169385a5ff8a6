"""Which cluster a kubeconfig's context speaks of, where no cloud record says so."""

from __future__ import annotations

import re
from collections.abc import Iterable

from infra.cloudrecord.identity import UNKNOWN, eks_ref, gke_ref, plain_ref
from infra.kube.access import Access
from scanner.model import Cloud, ClusterRef, Node

_GKE_NAME = re.compile(r"gke_([^_]+)_([^_]+)_([^_]+)\Z")  # gcloud's; neither projects nor clusters may hold a "_"
_EKS_HOST = re.compile(r"[^.]+\.[^.]+\.([a-z0-9-]+)\.eks\.amazonaws\.com(?:\.cn)?(?::\d+)?\Z")
_AKS_HOST = re.compile(r"[^.]+(?:\.[0-9a-f-]{36}\.privatelink|\.hcp|\.privatelink)\.([a-z0-9]+)\.azmk8s\.io(?::\d+)?\Z")
_PROVIDER_IDS = {
    Cloud.AWS: re.compile(r"aws:///(?P<location>[a-z]{2}(?:-[a-z]+)+-\d+)[a-z]?/"),
    Cloud.GCP: re.compile(r"gce://(?P<account>[^/]+)/(?P<location>[a-z]+-[a-z]+\d+)-[a-z]/"),
    Cloud.AZURE: re.compile(r"azure:///subscriptions/(?P<account>[^/]+)/", re.IGNORECASE),
}


def context_ref(access: Access, nodes: Iterable[Node]) -> ClusterRef:
    """The cluster's address, from what is there: names that the clouds' tools write, the server's host, the nodes.

    What none of them says is "unknown"; a cluster that none of them places in a cloud is `other/local/kubeconfig`.
    """
    name = access.context
    for written in (access.context, access.cluster):
        if (found := eks_ref(written)) is not None:
            return found
        if match := _GKE_NAME.match(written):
            return gke_ref(match[1], match[2], match[3])
    cloud, account, location = _from_nodes(nodes)
    for pattern, owner in ((_EKS_HOST, Cloud.AWS), (_AKS_HOST, Cloud.AZURE)):
        if (match := pattern.match(access.host)) and cloud in {owner, Cloud.OTHER}:
            cloud, location = owner, match[1]
    if cloud is Cloud.OTHER:
        return plain_ref(cloud, "local", "kubeconfig", name)
    return plain_ref(cloud, account, location, name)


def _from_nodes(nodes: Iterable[Node]) -> tuple[Cloud, str, str]:
    """Cloud, account and region, by the first node whose provider id tells."""
    for node in nodes:
        for cloud, pattern in _PROVIDER_IDS.items():
            if match := pattern.match(node.provider_id):
                found = match.groupdict()
                return cloud, found.get("account") or UNKNOWN, found.get("location") or UNKNOWN
    return Cloud.OTHER, UNKNOWN, UNKNOWN
