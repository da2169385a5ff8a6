"""An AWS of each test's own, and what discovery says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from infra.clouds.eks import Limits, discover
from infra.clouds.model import Found, Scope
from infra.clouds.options import AwsOptions
from tests.servers.aws import AwsCloud


@dataclass
class Seen:
    """What discovery gave, apart."""

    clusters: dict[str, Found]
    scopes: dict[tuple[str, str], Scope]

    def scope(self, location: str = "us-east-1", account: str = "123456789012") -> Scope:
        """The one scope of a place."""
        return self.scopes[account, location]


@pytest.fixture(scope="session")
def running() -> Iterator[AwsCloud]:
    """One server for all: it takes a second to start."""
    with AwsCloud() as cloud:
        yield cloud


@pytest.fixture
def environment(running: AwsCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that leads to the server, as an operator would set it."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def cloud(running: AwsCloud, environment: None) -> AwsCloud:
    """An empty AWS, to which the environment leads."""
    running.reset()
    return running


@pytest.fixture
def look(environment: None) -> Callable[..., Seen]:
    """Discover with these options; every place has one scope."""

    def look(limits: Limits = Limits(workers=8), **options: object) -> Seen:  # noqa: B008 - frozen
        options = {"regions": ("us-east-1",)} | options
        clusters: dict[str, Found] = {}
        scopes: dict[tuple[str, str], Scope] = {}
        for each in discover(AwsOptions(**options), limits):
            if isinstance(each, Scope):
                assert (each.account, each.location) not in scopes
                scopes[each.account, each.location] = each
            else:
                assert each.ref.id not in clusters
                clusters[each.ref.id] = each
        return Seen(clusters, scopes)

    return look
