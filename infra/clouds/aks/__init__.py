"""AKS: which clusters there are in Azure, and the way in to each.

The SDK loads when `discover` is first asked for a result, not before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.clouds.aks.permissions import PERMISSIONS
from infra.clouds.model import Found, Scope
from infra.clouds.options import AzureOptions
from infra.kube.access import Access
from scanner.errors import InputError
from scanner.model import ClusterRef

if TYPE_CHECKING:
    from infra.clouds.aks.session import Session

WORKERS = 8  # subscriptions at once; Resource Manager counts per subscription, so more would only cost memory


def discover(options: AzureOptions) -> Iterator[Found | Scope]:
    """Each AKS cluster as it is found, and one scope for each subscription when it is finished.

    A management group that cannot be read, or has no subscription, is a scope of its own (`managementGroups/NAME`), and so
    is the list of visible subscriptions (`subscriptions`). Closing the generator stops the work.

    Raises:
        InputError: an option cannot be used, there are no credentials, or Azure's libraries are not installed.
    """
    session = _session(options)
    from infra.clouds.aks import clusters, subscriptions
    from infra.clouds.aks.workers import spread

    stop = threading.Event()
    places: list[subscriptions.Subscription] = []
    for entry in subscriptions.find(session, options, stop):
        if isinstance(entry, Scope):
            yield entry
        else:
            places.append(entry)

    def work(place: subscriptions.Subscription) -> Iterator[Found | Scope]:
        return clusters.read(session, place, local_accounts=options.local_accounts, stop=stop)

    yield from spread(places, work, stop, WORKERS)


def way_in(options: AzureOptions, ref: ClusterRef) -> Access:
    """The way in to one cluster that `discover` found with these options, perhaps in another process; two calls.

    Raises:
        ClusterReadError: there is none (any more), with the mend.
        InputError: an option cannot be used, there are no credentials, or Azure's libraries are not installed.
    """
    session = _session(options)
    from infra.clouds.aks.clusters import describe

    return describe(session, ref, local_accounts=options.local_accounts)


def _session(options: AzureOptions) -> Session:
    """Signed in; Azure's libraries are there then."""
    try:
        from infra.clouds.aks.session import Session
    except ImportError as error:
        name = error.name or "a part of it"
        raise InputError(
            f"azure: Azure's client library ({name}) is not installed: install `ringfence[azure]`"
        ) from error
    session = Session(options)
    session.sign_in()
    return session


__all__ = ["PERMISSIONS", "discover", "way_in"]
