"""Google Cloud Storage's XML API over HTTP on 127.0.0.1, as far as object stores are written through it.

with GcsServer(folder) as google:
    google.create_bucket("audit")
    environment = google.environment()      # a key file and the address, as an operator sets them

After Google's reference: objects (https://cloud.google.com/storage/docs/xml-api/put-object-upload, …/get-object-download,
…/delete-object), lists (…/get-bucket-list, version 2), multipart uploads (…/post-object-multipart, …/put-object-multipart,
…/post-object-complete, …/delete-multipart), preconditions (https://cloud.google.com/storage/docs/request-preconditions) and
errors (…/reference-status). A bearer token is the service account's own JWT (https://google.aip.dev/auth/4111), whose
signature and times are checked, or what the metadata server here gave out.

Not checked: checksums, content types, ACLs and IAM beyond `read_only`, versions other than the live one,
quotas, rate limits, and whatever a client sends that is not named above.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.gcs_answers import ACCOUNT, GcsHandler, Stored
from tests.servers.tls import ADDRESS


@dataclass
class Upload:
    """A multipart upload that is neither complete nor aborted."""

    bucket: str
    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


class GcsServer:
    """The buckets and what was asked. `clock_ahead_s` is how far this server's clock is ahead of ours; `page` keys a page."""

    def __init__(self, folder: Path, *, page: int = 1000) -> None:
        self._folder = folder
        self.page = page
        self.clock_ahead_s = 0.0
        self.buckets: dict[str, dict[str, Stored]] = {}
        self.uploads: dict[str, Upload] = {}
        self.read_only: set[str] = set()
        self.tokens: set[str] = set()  # that the metadata server gave out
        self.lock = threading.RLock()
        self._generation = 1_700_000_000_000_000
        self._uploads = 0
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def __enter__(self) -> Self:
        """Serve."""
        self._server = ThreadingHTTPServer((ADDRESS, 0), type("_Handler", (GcsHandler,), {"google": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def create_bucket(self, name: str) -> None:
        """Have an empty bucket."""
        self.buckets[name] = {}

    def environment(self) -> dict[str, str]:
        """The address, and a service account's key file."""
        path = self._folder / "google.json"
        private = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": "security-1",
                    "private_key_id": "1",
                    "private_key": private.decode(),
                    "client_email": ACCOUNT,
                    "token_uri": f"http://{ADDRESS}:{self.port}/token",
                }
            )
        )
        return {"GOOGLE_BASE_URL": f"http://{ADDRESS}:{self.port}", "GOOGLE_APPLICATION_CREDENTIALS": str(path)}

    def now(self) -> float:
        """This server's clock."""
        return time.time() + self.clock_ahead_s

    def store(self, bucket: str, key: str, data: bytes, expected: str | None) -> Stored | None:
        """Keep an object if the live generation is the `expected` one (0: none); None where it is not."""
        with self.lock:
            current = self.buckets[bucket].get(key)
            if expected is not None and int(expected) != (current.generation if current else 0):
                return None
            self._generation += 1
            self.buckets[bucket][key] = made = Stored(data, self._generation, time.time())
            return made

    def begin(self, bucket: str, key: str) -> str:
        """Begin a multipart upload; its id."""
        with self.lock:
            self._uploads += 1
            name = f"upload-{self._uploads}"
            self.uploads[name] = Upload(bucket, key)
            return name
