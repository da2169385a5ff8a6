"""Live clusters: the Kubernetes API, read with the official client's configuration and credentials, into snapshots."""

from __future__ import annotations

from infra.cloudrecord import check_record, cluster_ref
from infra.collector import COLLECTOR
from infra.kube.access import Access
from infra.kube.api import Api, Limits
from infra.kube.collect import Collection, Progress
from infra.kube.config import contexts, read_access
from infra.kube.identity import context_ref
from infra.snapshots import problem
from scanner.model import SNAPSHOT_VERSION, CloudRecord, Snapshot, Source


def read_cluster(
    kubeconfig: str | None,
    context: str | None,
    *,
    record: CloudRecord | None,
    taken: str,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    progress: Progress | None = None,
) -> Snapshot:
    """Read one cluster; it needs no more than `clusterrole.yaml` allows, and never asks for a Secret.

    `kubeconfig` None is `$KUBECONFIG` or the default file, `context` None its current context; `record` names the cluster
    where it is given; `taken` is an RFC 3339 time in UTC. What could not be read is in the snapshot's `collection`.

    `progress` hears what was read, at least every fraction of a second while the server answers or is waited for; from
    two threads. What it raises ends the reading: nothing is left behind.

    Raises:
        InputError: the kubeconfig, or its context, cannot be used, or the record is another cluster's.
        ClusterReadError: nothing could be read; one line with context, server, cause and mend.
    """
    return read_api(read_access(kubeconfig, context), record=record, taken=taken, limits=limits, progress=progress)


def read_api(
    access: Access,
    *,
    record: CloudRecord | None,
    taken: str,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    progress: Progress | None = None,
) -> Snapshot:
    """Read the cluster that `access` leads to; otherwise as `read_cluster`.

    Raises:
        InputError: the record is another cluster's.
        ClusterReadError: nothing could be read; one line with context, server, cause and mend.
    """
    told = _Told(progress or _unwatched)
    with Api(access, limits, told.again) as api:
        collection = Collection(api, told)
        collection.read()
        fields = collection.objects.fields(Source.CLUSTER)
        found = context_ref(access, fields["nodes"])
        if record is not None:
            check_record(record, found, f"context {access.context}")
        snapshot = Snapshot(
            version=SNAPSHOT_VERSION,
            collector=COLLECTOR,
            taken=taken,
            cluster=cluster_ref(record, access.context) if record else found,
            source=Source.CLUSTER,
            collection=collection.statuses,
            kubernetes_version=collection.version,
            cloud_record=record,
            **fields,
        )
        if wrong := problem(snapshot):
            raise api.failure(f"gave what no Kubernetes API gives: {wrong}")
        return snapshot


class _Told:
    """Says each thing when it happens, and again and again while nothing else does: who hears may want to stop us."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = "connecting"

    def __call__(self, text: str) -> None:
        self._last = text
        self._progress(text)

    def again(self) -> None:
        """The same as the last time."""
        self._progress(self._last)


def _unwatched(_: str) -> None:
    """Nobody watches."""


__all__ = ["Limits", "contexts", "read_api", "read_cluster"]
