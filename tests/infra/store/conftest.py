"""Every store that can be had on this machine: a folder, moto for S3, Azurite, a stand-in for Google; started once."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from infra.store import Store, open_store
from tests.servers import azurite as azurites
from tests.servers import stores
from tests.servers.azurite import Azurite
from tests.servers.gcs import GcsServer
from tests.servers.stores import Moto, Place

KINDS = ("folder", "s3", "gs", "az")


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """S3 and IAM."""
    running = Moto()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcsServer]:
    """Google Cloud Storage."""
    with GcsServer(tmp_path_factory.mktemp("google")) as running:
        running.create_bucket(stores.BUCKET)
        yield running


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Azure Blob."""
    if not azurites.MAIN.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(azurites.MISSING)
        pytest.skip(azurites.MISSING)
    with azurites.azurite() as running:
        with running.client() as client:
            client.create_container(stores.BUCKET)
        yield running


@pytest.fixture
def setenv(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, str]], None]:
    """Make an environment the only one that has anything to do with clouds."""

    def only(environment: Mapping[str, str]) -> None:
        for name in [name for name in os.environ if name.startswith(stores.VARIABLES)]:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    return only


@pytest.fixture
def made(
    request: pytest.FixtureRequest, tmp_path: Path, setenv: Callable[[Mapping[str, str]], None]
) -> Callable[[str], Place]:
    """Makes an empty place of a kind, with the environment that leads there."""

    def make(kind: str) -> Place:
        prefix = f"{uuid.uuid4()}/out%20 é"
        match kind:
            case "s3":
                found = stores.s3(request.getfixturevalue("moto"), prefix)
            case "gs":
                found = stores.gcs(request.getfixturevalue("google"), prefix)
            case "az":
                found = stores.azure(request.getfixturevalue("azurite"), prefix)
            case _:
                found = stores.folder(tmp_path / "out%20 é")
        setenv(found.environment)
        return found

    return make


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, made: Callable[[str], Place]) -> Place:
    """An empty place of each kind."""
    return made(request.param)


@pytest.fixture(params=(*KINDS, "memory"))
def store(request: pytest.FixtureRequest, made: Callable[[str], Place]) -> Store:
    """The store at such a place, and in memory."""
    return open_store("memory://" if request.param == "memory" else made(request.param).url)
