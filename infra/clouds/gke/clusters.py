"""A project's clusters, as Kubernetes Engine describes them, made into records of named fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud.container_v1 import Cluster, ClusterManagerClient
from google.cloud.container_v1.services.cluster_manager.transports.rest import ClusterManagerRestTransport
from google.protobuf import json_format

from infra.cloudrecord import record_from
from infra.cloudrecord.identity import gke_ref
from infra.clouds.gke.calls import Session
from infra.clouds.gke.refusals import CallError
from infra.text import printable
from scanner.model import CloudRecord, ClusterRef

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")


@dataclass(frozen=True, slots=True)
class Described:
    """One cluster: its record, its labels, and its authority's certificate (base64 of PEM), which stays out of records."""

    ref: ClusterRef
    record: CloudRecord
    labels: dict[str, str]
    authority: str


@dataclass(slots=True)
class Listing:
    """What a project holds. `missing_zones` did not answer, also when asked alone; `odd` clusters have no usable name."""

    clusters: list[Described] = field(default_factory=list)
    missing_zones: tuple[str, ...] = ()
    odd: int = 0


class _Transport(ClusterManagerRestTransport):
    """The library's REST transport on our session, which has the credentials."""

    def __init__(self, session: Session, host: str) -> None:
        self._ours = session
        super().__init__(host=host, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]

    def _prep_wrapped_messages(self, client_info: Any) -> None:  # noqa: ANN401 - as the base class
        """The base class calls this when all else is set up, and keys its methods by the session."""
        self._session.close()  # type: ignore[no-untyped-call]
        self._session = self._ours
        super()._prep_wrapped_messages(client_info)  # type: ignore[no-untyped-call]


def list_clusters(session: Session, host: str, project: str) -> Listing:
    """Every cluster of a project. Zones that the first answer left out are asked for one by one.

    Raises:
        CallError: the project's clusters cannot be listed.
    """
    client = ClusterManagerClient(transport=_Transport(session, host))
    found, missing = _ask(client, project, "-")
    still: list[str] = []
    for zone in dict.fromkeys(missing):
        try:
            more, again = _ask(client, project, zone) if NAME.match(zone) else ([], [zone])
        except CallError:
            more, again = [], [zone]
        found += more
        still += [zone] if again else []
    listing = Listing(missing_zones=tuple(printable(zone, 63) for zone in still))
    described = {each.ref.id: each for each in _described(project, found, listing)}
    listing.clusters = list(described.values())
    return listing


def get_cluster(session: Session, host: str, ref: ClusterRef) -> Described:
    """One cluster, found before.

    Raises:
        CallError: it cannot be described (any more), or the answer is another cluster's.
    """
    client = ClusterManagerClient(transport=_Transport(session, host))
    name = f"projects/{ref.account}/locations/{ref.location}/clusters/{ref.name}"
    try:
        answer = Cluster.pb(client.get_cluster(name=name, retry=None))
    except (json_format.Error, ValueError):
        raise CallError("Google's answer is no cluster: check that the endpoint is Google's") from None
    for found in _described(ref.account, [answer], Listing()):
        if found.ref.id == ref.id:
            return found
    raise CallError("Google's answer is another cluster's: check that the endpoint is Google's")


def _ask(client: ClusterManagerClient, project: str, location: str) -> tuple[list[Any], list[str]]:
    try:
        # One attempt: the session itself asks again.
        answer = client.list_clusters(parent=f"projects/{project}/locations/{location}", retry=None)
    except (json_format.Error, ValueError):
        raise CallError("Google's answer is not a list of clusters: check that the endpoint is Google's") from None
    return [Cluster.pb(cluster) for cluster in answer.clusters], [str(zone) for zone in answer.missing_zones]


def _described(project: str, clusters: list[Any], listing: Listing) -> Iterator[Described]:
    for cluster in clusters:
        name, location = str(cluster.name), str(cluster.location or cluster.zone)
        if not NAME.match(name) or not NAME.match(location):
            listing.odd += 1
            continue
        authority = str(cluster.master_auth.cluster_ca_certificate)
        labels = {str(key): str(value) for key, value in cluster.resource_labels.items()}
        cluster.ClearField("master_auth")
        answer = json_format.MessageToDict(cluster)
        # Its own link may name the project by number, or a private endpoint: one address for a cluster, however it was asked.
        answer["selfLink"] = (
            f"https://container.googleapis.com/v1/projects/{project}/locations/{location}/clusters/{name}"
        )
        record = record_from({"provider": "gcp", "cluster": answer}, f"{project}/{location}/{name}")
        yield Described(gke_ref(project, location, name), record, labels, authority)
