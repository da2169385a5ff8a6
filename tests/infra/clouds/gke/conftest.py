"""Google on a local server for each test, and discovery as an operator would run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.clouds.gke import Limits, discover
from infra.clouds.model import Found, Scope
from infra.clouds.options import GcpOptions
from tests.servers.gcp import GcpServer

QUICK = Limits(wait_s=0.02, read_s=5.0, scope_s=20.0)


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GcpServer]:
    """An empty estate; the environment names its credentials and its authority."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "GOOGLE_CLOUD_QUOTA_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    with GcpServer(tmp_path) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def look() -> Callable[..., tuple[dict[str, Found], dict[str, Scope]]]:
    """Run discovery to its end: the clusters by name, the scopes by account, each of which came once."""

    def run(options: GcpOptions, limits: Limits = QUICK) -> tuple[dict[str, Found], dict[str, Scope]]:
        results = list(discover(options, limits=limits))
        found = [each for each in results if isinstance(each, Found)]
        scopes = [each for each in results if isinstance(each, Scope)]
        assert len({each.ref.id for each in found}) == len(found)
        assert len({each.account for each in scopes}) == len(scopes)
        return {each.ref.name: each for each in found}, {each.account: each for each in scopes}

    return run
