"""What the tests of AKS discovery share: subscriptions, discovery of a whole server, and the search for planted secrets."""

from __future__ import annotations

import msgspec

from infra.clouds.aks import discover
from infra.clouds.model import Found, Scope
from infra.clouds.options import AzureOptions
from tests.servers.azure import AzureServer
from tests.servers.azure_answers import PLANTED, managed_cluster

SUBSCRIPTIONS = tuple(f"{index:08x}-0000-4000-8000-000000000000" for index in range(12))
ONE, TWO, THREE = SUBSCRIPTIONS[:3]
CLUSTERS = "/managedClusters"


def options(azure: AzureServer, **others) -> AzureOptions:
    """What an operator would write for a private cloud at the server's address."""
    return AzureOptions(resource_manager=azure.url, authority=azure.url, **others)


def look(azure: AzureServer, **others) -> tuple[list[Found], dict[str, Scope]]:
    """Discover everything: the clusters, and the scopes by account, each of which comes once."""
    found: list[Found] = []
    scopes: dict[str, Scope] = {}
    for entry in discover(options(azure, **others)):
        if isinstance(entry, Found):
            found.append(entry)
        else:
            assert entry.account not in scopes
            scopes[entry.account] = entry
    assert PLANTED not in repr(found) + repr(scopes)
    assert PLANTED.encode() not in msgspec.json.encode([one.record for one in found])
    return found, scopes


def fill(azure: AzureServer, subscription: str, count: int, **properties) -> None:
    """A subscription with so many clusters."""
    azure.add_subscription(subscription)
    for index in range(count):
        azure.add_cluster(subscription, managed_cluster(subscription, f"c{index}", **properties))


def names(found: list[Found]) -> list[str]:
    """The clusters' names, sorted."""
    return sorted(one.ref.name for one in found)
