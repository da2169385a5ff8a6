"""Azurite, Microsoft's emulator of Azure Blob and Storage queues, on 127.0.0.1, where `tests/servers/azurite.sh` put it."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from tests.servers.tls import ADDRESS

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".npm/node_modules/azurite/dist/src"
MAIN = PROGRAMS / "blob/main.js"
ACCOUNT = "ringfence"
MISSING = "azurite is not installed: run tests/servers/azurite.sh, which needs npm"


@dataclass(frozen=True)
class Azurite:
    """A running one. `key` is its account's, made for this run."""

    port: int
    key: str

    @property
    def endpoint(self) -> str:
        """The account's address."""
        return f"http://{ADDRESS}:{self.port}/{ACCOUNT}"

    def environment(self) -> dict[str, str]:
        """Account, key and address, as an operator sets them."""
        return {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": self.key,
            "AZURE_STORAGE_ENDPOINT": self.endpoint,
        }

    def client(self) -> BlobServiceClient:
        """Microsoft's own client of it."""
        return BlobServiceClient(self.endpoint, credential=self.key)


@contextlib.contextmanager
def azurite() -> Iterator[Azurite]:
    """Run one on a free port."""
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    with _serving("blob", key) as port:
        yield Azurite(port, key)


@contextlib.contextmanager
def azurite_queues() -> Iterator[QueueServiceClient]:
    """Run one of queues on a free port; Microsoft's own client of it."""
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    with (
        _serving("queue", key) as port,
        QueueServiceClient(f"http://{ADDRESS}:{port}/{ACCOUNT}", credential=key) as client,
    ):
        yield client


@contextlib.contextmanager
def _serving(service: str, key: str) -> Iterator[int]:
    """The program of one service; its port."""
    node = shutil.which("node")
    assert node is not None, MISSING
    flags = ("--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck")
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "out").open("w+") as out:
        running = subprocess.Popen(
            [node, str(PROGRAMS / service / "main.js"), *flags, f"--{service}Host", ADDRESS, f"--{service}Port", "0"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"},
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
        )
        with running:
            try:
                assert running.stdout is not None
                for line in running.stdout:
                    if said := re.search(r"listens on http://[^:]+:(\d+)", line):
                        yield int(said[1])
                        break
                else:
                    out.seek(0)
                    raise AssertionError(f"azurite ended: {out.read()}")
            finally:
                running.terminate()
