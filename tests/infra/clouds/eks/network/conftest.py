"""Real EC2 clients on local servers, for the tests of the network; one server and one set of clients serve all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest

from tests.infra.clouds.eks.network.server import Ec2


@pytest.fixture(scope="package")
def cloud() -> Iterator[Ec2]:
    """The servers, for all tests of this file."""
    server = Ec2()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def shared(cloud: Ec2) -> Iterator[Callable[[str, str], Any]]:
    """A way to real clients, pointed at an endpoint as an operator would; loading EC2's model takes a second each."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "AWS_ENDPOINT_URL": cloud.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }.items():
            environment.setenv(name, value)
        session = boto3.Session()
        yield cache(lambda service, region: session.client(service, region_name=region))


@pytest.fixture
def clients(cloud: Ec2, shared: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    """The same clients, the account emptied."""
    cloud.reset()
    return shared
