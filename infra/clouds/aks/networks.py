"""The networks around AKS clusters that were found, subscription by subscription."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from infra.clouds.aks.network import read_network
from infra.clouds.aks.pipeline import Errand
from infra.clouds.aks.session import Session
from infra.clouds.aks.workers import spread
from infra.clouds.options import AzureOptions
from scanner.model import ClusterRef
from scanner.topology.model import Topology

_WORKERS = 8
_SUBSCRIPTION_S = 300.0


def networks(options: AzureOptions, clusters: Iterable[ClusterRef]) -> Iterator[Topology]:
    """A part of the topology for every subscription that holds one of the clusters; what was not read is in it.

    Raises:
        InputError: an option or the credentials cannot be used at all.
    """
    session = Session(options)
    session.sign_in()
    stop = threading.Event()

    def part(subscription: str) -> Iterator[Topology]:
        with session.client(Errand(_SUBSCRIPTION_S, stop)) as client:
            yield read_network(client, subscription=subscription, endpoint=session.home)

    yield from spread(sorted({each.account for each in clusters}), part, stop, _WORKERS)
