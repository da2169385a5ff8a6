"""Azure on a real TLS server for each test, with the environment of a service principal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.clouds.aks.entra import EntraCluster, small_cluster
from tests.infra.kube.server import Server
from tests.servers.azure import AzureServer

# What the machine that runs the tests may have set, and what would send the credentials elsewhere.
_OTHERS = ("AZURE_AUTHORITY_HOST", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_TOKEN_CREDENTIALS", "IDENTITY_ENDPOINT")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureServer]:
    """An empty Azure."""
    for name in (*_OTHERS, *_PROXIES):
        monkeypatch.delenv(name, raising=False)
    with AzureServer(tmp_path) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def cluster(azure: AzureServer) -> EntraCluster:
    """A small cluster."""
    return small_cluster(azure)


@pytest.fixture
def api(cluster: EntraCluster, tmp_path: Path) -> Iterator[Server]:
    """The cluster's API server."""
    with Server(cluster, tmp_path) as running:
        yield running
