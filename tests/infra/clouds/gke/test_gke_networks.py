"""Networks around the clusters that were found, over the session that found them."""

from __future__ import annotations

from infra.clouds.gke.networks import networks
from infra.clouds.options import GcpEndpoints, GcpOptions
from scanner.model import Cloud, ClusterRef
from scanner.topology.build import topology_of
from tests.infra.clouds.gke.conftest import QUICK
from tests.infra.clouds.gke.network_answers import NET_A, NET_B, exchanged, project
from tests.servers.gcp_answers import answer, denied

BASE = "/compute/v1"


def ref(account: str) -> ClusterRef:
    """A cluster of a project."""
    return ClusterRef(cloud=Cloud.GCP, account=account, location="europe-west1", name="prod", id=f"//{account}/prod")


def options(google) -> GcpOptions:
    """Options that lead to the local server."""
    urls = GcpEndpoints(container=google.url, resource_manager=google.url, compute=google.url)
    return GcpOptions(projects=("app-1",), endpoints=urls)


def test_the_host_of_a_shared_vpc_is_read_too(google):
    """A cluster's own project holds no network; that of the host project is the one it stands in."""
    answers = project("host-a", NET_A, "10.1.0.0/20", "10.4.0.0/14", far=NET_B, imported=exchanged("10.2.0.0/20"))
    for path, value in answers.items():
        google.fault(f"{BASE}{path}", answer(value), always=True)
    own = project("app-1", "projects/app-1/global/networks/none", "10.9.0.0/20", "10.10.0.0/16", far=NET_B, imported=[])
    for path, value in own.items():
        google.fault(f"{BASE}{path}", answer({} if path.endswith("networks") else value), always=True)
    google.fault(
        f"{BASE}/projects/app-1/getXpnHost", answer({"kind": "compute#project", "name": "host-a"}), always=True
    )
    whole = topology_of(networks(options(google), [ref("app-1")], QUICK))
    assert NET_A in {each.id for each in whole.domains if not each.unread}
    assert whole.unread == ()
    assert all(
        headers.get("authorization", "").startswith("Bearer ") for _, path, headers in google.seen if BASE in path
    )


def test_what_is_refused_is_named_with_its_permission(google):
    """Nothing is raised, and nothing of the network is taken for known."""
    for path in ("getXpnHost", "global/networks", "aggregated/subnetworks", "global/routes", "aggregated/routers"):
        google.fault(f"{BASE}/projects/app-1/{path}", denied("compute.networks.list"), always=True)
    whole = topology_of(networks(options(google), [ref("app-1")], QUICK))
    assert whole.domains == ()
    assert {"compute.networks.list", "compute.projects.get"} <= {each.permission for each in whole.unread}
