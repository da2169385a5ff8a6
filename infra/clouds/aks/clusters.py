"""The clusters of one subscription, each as its record and the way in to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from infra.cloudrecord import cluster_ref, record_from
from infra.clouds.aks.access import Way, open_access
from infra.clouds.aks.failures import NO_SUBSCRIPTION, Failure
from infra.clouds.aks.pages import Listing
from infra.clouds.aks.permissions import LIST_CLUSTERS
from infra.clouds.aks.pipeline import Errand
from infra.clouds.aks.session import Session
from infra.clouds.aks.subscriptions import Subscription, scope
from infra.clouds.model import Found, Outcome, Scope
from scanner.errors import InputError
from scanner.model import Cloud, CloudRecord, ClusterRef

SUBSCRIPTION_S = 180.0  # deadline of one subscription


def read(
    session: Session, subscription: Subscription, *, local_accounts: bool, stop: threading.Event
) -> Iterator[Found | Scope]:
    """The clusters of a subscription as its pages come, then its scope.

    Raises:
        StoppedError: nobody wants them any more.
    """
    errand = Errand(SUBSCRIPTION_S, stop)
    seen: set[str] = set()
    odd = 0
    with session.containers(subscription.id, errand) as client:
        listing = Listing(client.managed_clusters.list(), LIST_CLUSTERS, errand)
        for cluster in listing.members():
            known = _known(cluster, subscription.id)
            if known is None:
                odd += 1
                continue
            ref, record = known
            if ref.id in seen:  # a page that was asked for again may repeat what the one before it held
                continue
            seen.add(ref.id)
            way = Way.of(ref, cluster)
            yield Found(
                ref=ref,
                record=record,
                tags=_tags(cluster),
                access=partial(open_access, session, way, local_accounts=local_accounts),
            )
    yield _ended(subscription, listing, odd)


def _known(cluster: Mapping[str, Any], subscription: str) -> tuple[ClusterRef, CloudRecord] | None:
    """A cluster's address and record; None where it cannot be told which one it is, or it is another subscription's."""
    try:
        record = record_from({"provider": Cloud.AZURE.value, "cluster": dict(cluster)}, "the answer")
    except InputError:
        return None
    ref = cluster_ref(record, "")
    return (ref, record) if ref.account == subscription and ref.name else None


def _tags(cluster: Mapping[str, Any]) -> dict[str, str]:
    tags = cluster.get("tags")
    if not isinstance(tags, Mapping):
        return {}
    return {key: value for key, value in tags.items() if isinstance(key, str) and isinstance(value, str)}


def _ended(subscription: Subscription, listing: Listing, odd: int) -> Scope:
    failed = listing.failed
    if failed is not None and failed.code == NO_SUBSCRIPTION and not subscription.listed:
        # Somebody wrote it, and Azure never listed it: a slip of the pen must not look like an empty subscription.
        failed = Failure(
            Outcome.ERROR, "there is no such subscription in the credentials' tenant: check its id and `tenant`"
        )
    if failed is not None:
        return scope(subscription.id, listing.outcome(failed), failed.reason, failed.missing)
    if odd:
        return scope(subscription.id, Outcome.PARTIAL, f"{odd} of its clusters have no resource id that can be read")
    return scope(subscription.id, Outcome.OK)
