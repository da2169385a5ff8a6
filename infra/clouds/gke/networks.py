"""The networks around GKE clusters that were found, project by project, the hosts of Shared VPCs among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from infra.clouds.gke.limits import Limits
from infra.clouds.gke.login import Login
from infra.clouds.gke.network import read_network, shared_vpc_host
from infra.clouds.gke.refusals import CallError
from infra.clouds.options import GcpOptions
from scanner.model import ClusterRef
from scanner.topology.model import Topology


def networks(
    options: GcpOptions,
    clusters: Iterable[ClusterRef],
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Iterator[Topology]:
    """A part of the topology for every project that holds one of the clusters, and for the hosts of their networks.

    Raises:
        InputError: the options or the credentials cannot be used at all.
    """
    login = Login(options, limits)
    endpoint = f"https://{login.compute}/compute/v1"
    projects = sorted({each.account for each in clusters})

    def host(project: str) -> tuple[str, Topology]:
        name, unread = shared_vpc_host(login.line.session(), project=project, endpoint=endpoint, errors=(CallError,))
        return name, Topology(unread=unread)

    def part(project: str) -> Topology:
        return read_network(login.line.session(), project=project, endpoint=endpoint, errors=(CallError,))

    pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="gke")
    try:
        hosts = list(pool.map(host, projects))
        yield from (unread for _, unread in hosts if unread.unread)
        yield from pool.map(part, sorted({*projects, *(name for name, _ in hosts if name)}))
    finally:
        login.line.stop.set()
        pool.shutdown(cancel_futures=True)
        login.line.adapter.close()
