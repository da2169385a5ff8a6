"""Azurite, Microsoft's emulator of Azure Blob, on 127.0.0.1, where `tests/servers/azurite.sh` has installed it."""

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

from tests.servers.tls import ADDRESS

ROOT = Path(__file__).parents[2]
MAIN = ROOT / ".npm/node_modules/azurite/dist/src/blob/main.js"
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
    node = shutil.which("node")
    assert node is not None, MISSING
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    flags = ("--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck")
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "out").open("w+") as out:
        running = subprocess.Popen(
            [node, str(MAIN), *flags, "--blobHost", ADDRESS, "--blobPort", "0"],
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
                        yield Azurite(int(said[1]), key)
                        break
                else:
                    out.seek(0)
                    raise AssertionError(f"azurite ended: {out.read()}")
            finally:
                running.terminate()
