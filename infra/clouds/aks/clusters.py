"""The clusters of one subscription, each as its record and the way in to it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from infra.cloudrecord import cluster_ref, record_from
from infra.clouds.aks.access import ACCESS_S, Way, open_access
from infra.clouds.aks.failures import NO_SUBSCRIPTION, READ_ERRORS, Failure, failure
from infra.clouds.aks.pages import Listing
from infra.clouds.aks.permissions import LIST_CLUSTERS
from infra.clouds.aks.pipeline import Errand
from infra.clouds.aks.session import Session
from infra.clouds.aks.subscriptions import Subscription, scope
from infra.clouds.model import Found, Outcome, Scope
from infra.kube.access import Access
from infra.text import printable
from scanner.errors import ClusterReadError, InputError
from scanner.model import Cloud, CloudRecord, ClusterRef

SUBSCRIPTION_S = 180.0  # deadline of one subscription
_ID = re.compile(
    r"/subscriptions/([0-9a-fA-F-]{36})/resourcegroups/([\w().-]{1,90})"
    r"/providers/microsoft\.containerservice/managedclusters/([A-Za-z0-9][\w-]{0,62})",
    re.ASCII | re.IGNORECASE,
)


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


def describe(session: Session, ref: ClusterRef, *, local_accounts: bool) -> Access:
    """The way in to one cluster that is known by its resource id alone.

    Raises:
        ClusterReadError: it cannot be described (any more), or cannot be reached; with the mend.
    """
    shown = printable(ref.id, 300)
    match = _ID.fullmatch(ref.id)
    if match is None or match[1].lower() != ref.account.lower() or match[3].lower() != ref.name.lower():
        raise ClusterReadError(f"{shown}: no cluster of AKS has such an address: discover again")
    errand = Errand(ACCESS_S)
    try:
        with session.containers(match[1], errand, lists=False) as client:
            known = _known(cluster := client.managed_clusters.get(match[2], match[3]), match[1])
    except READ_ERRORS as error:
        reason = failure(error, LIST_CLUSTERS, errand).reason
        raise ClusterReadError(f"{shown}: no way in to it: {reason}") from None
    if known is None or known[0].id.lower() != ref.id.lower():
        raise ClusterReadError(f"{shown}: Azure's answer is another cluster's: check resource_manager")
    return open_access(session, Way.of(ref, cluster), local_accounts=local_accounts)


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
