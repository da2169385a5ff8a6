"""Networks around the clusters that were found, with the token that found them."""

from __future__ import annotations

from infra.clouds.aks.networks import networks
from infra.clouds.options import AzureOptions
from scanner.model import Cloud, ClusterRef
from scanner.topology.build import topology_of
from tests.infra.clouds.aks.network_answers import SUBSCRIPTIONS, estate, vnet_id
from tests.servers.azure import AzureServer, Fault


def ref(name: str) -> ClusterRef:
    """A cluster of a subscription."""
    return ClusterRef(cloud=Cloud.AZURE, account=SUBSCRIPTIONS[name], location="westeurope", name=name, id=f"/{name}")


def options(azure: AzureServer) -> AzureOptions:
    """Options that lead to the local server."""
    return AzureOptions(resource_manager=azure.url, authority=azure.url)


def test_subscriptions_of_clusters_are_read(azure):
    """The two sides of a peering stand in two subscriptions; the third has no cluster, and is not asked."""
    for path, value in estate().items():
        azure.always[path] = azure.always[path.lower()] = Fault(200, value)  # Azure minds no case
    whole = topology_of(networks(options(azure), [ref("hub"), ref("one")]))
    known = {each.id for each in whole.domains if not each.unread}
    assert {vnet_id("hub").lower(), vnet_id("one").lower()} <= known
    assert vnet_id("two").lower() not in known
    assert whole.unread == ()
    assert not azure.asked(f"/subscriptions/{SUBSCRIPTIONS['two']}/providers/Microsoft.Network/virtualNetworks")


def test_what_is_refused_is_named_with_its_permission(azure):
    """Nothing is raised."""
    azure.always["/virtualNetworks"] = Fault.arm(403, "AuthorizationFailed")
    azure.always["/routeTables"] = Fault(200, {"value": []})
    whole = topology_of(networks(options(azure), [ref("hub")]))
    assert [each.permission for each in whole.unread] == ["Microsoft.Network/virtualNetworks/read"]
    assert "planted-secret" not in str(whole)
