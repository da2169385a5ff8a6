"""The networks around EKS clusters that were found, account by account and region by region."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

from infra.clouds.eks.estate import Estate
from infra.clouds.eks.failures import CallError
from infra.clouds.eks.fanout import Emit, FanOut, Task
from infra.clouds.eks.limits import Limits
from infra.clouds.eks.network import read_network
from infra.clouds.options import AwsOptions
from scanner.model import Cloud, ClusterRef
from scanner.topology.model import Topology, Unread


def networks(
    options: AwsOptions,
    clusters: Iterable[ClusterRef],
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Iterator[Topology]:
    """A part of the topology for every account and region that holds one of the clusters; what was not read is in it.

    Raises:
        InputError: the options or the credentials cannot be used at all.
    """
    estate = Estate(options, limits)
    places = sorted({(each.account, each.location) for each in clusters})
    yield from FanOut([_task(estate, options, *place) for place in places], limits.workers, threading.Event())


def _task(estate: Estate, options: AwsOptions, account: str, region: str) -> Task[Topology]:
    def read(emit: Emit[Topology]) -> Iterable[Task[Topology]]:
        emit(_part(estate, options, account, region))
        return ()

    return read


def _part(estate: Estate, options: AwsOptions, account: str, region: str) -> Topology:
    try:
        login = estate.login_of(account)
    except CallError as error:
        missing = error.failure.missing
        entry = Unread(
            cloud=Cloud.AWS,
            account=account,
            location=region,
            what="networks",
            reason=error.failure.reason,
            permission=missing[0] if missing else "",
        )
        return Topology(unread=(entry,))
    clients: Callable[[str, str], object] = login.client
    return read_network(clients, account=account, region=region, hybrid=options.hybrid)
