"""Every object store behind one port, chosen by URL: a folder, S3, Google Cloud Storage, Azure Blob, or memory for tests.

Credentials are those that obstore finds in the environment, on the instance or in the function; nothing here takes, holds
or prints one. A custom endpoint (`AWS_ENDPOINT_URL` and the like) is honoured, in plain http only where it says so itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from infra.store.port import MAX_BYTES, Store
from infra.text import printable
from scanner.errors import InputError

if TYPE_CHECKING:
    from obstore.store import AzureStore, ClientConfig, GCSStore, ObjectStore, RetryConfig, S3Store

__all__ = ["MAX_BYTES", "Store", "open_store"]

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,221}")
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
# One request may take so long: the largest part (port.PART) passes at half a megabit a second.
_CLIENT: ClientConfig = {"connect_timeout": timedelta(seconds=10), "timeout": timedelta(minutes=5)}
_RETRY: RetryConfig = {"max_retries": 6, "retry_timeout": timedelta(minutes=2)}


def open_store(url: str) -> Store:
    """The store at `url`: a folder's path, `file://`, `s3://bucket/prefix`, `gs://`, `az://container/prefix`, `memory://`.

    Nothing is contacted or created yet: a folder appears with its first object. Every `memory://` is a store of its own.

    Raises:
        InputError: the URL names no such store, or carries credentials or options.
    """
    scheme, mark, rest = url.partition("://")
    if not url or any(ord(character) < 32 or ord(character) == 127 for character in url):
        raise InputError(f"{url!r} is no store: give a folder, s3://, gs:// or az://")
    if not mark:
        if re.match("(s3|gs|az|file|memory):", url):
            raise InputError(f"{printable(url, 200)}: two slashes are missing: write it {url.partition(':')[0]}://…")
        return _folder_store(url, Path(url))
    match scheme:
        case "file":
            if not rest.startswith("/"):
                raise InputError(
                    "file:// needs an absolute path and no host, as in file:///srv/out: or give the path alone"
                )
            return _folder_store(url, Path(unquote(rest)))
        case "memory":
            return Store("memory://", _memory_store())
        case "s3" | "gs" | "az":
            return _bucket_store(scheme, rest)
        case _:
            raise InputError(f"{printable(scheme, 20)}:// is no store: give a folder, s3://, gs:// or az://")


def _folder_store(url: str, folder: Path) -> Store:
    def connect() -> ObjectStore:
        from obstore.store import LocalStore

        return LocalStore(prefix=folder)

    return Store(url, connect, folder)


def _memory_store() -> Callable[[], ObjectStore]:
    def connect() -> ObjectStore:
        from obstore.store import MemoryStore

        return MemoryStore()

    return connect


def _bucket_store(scheme: str, rest: str) -> Store:
    """A bucket and prefix. Query, fragment and user part could only be secrets or options, so they are refused unprinted."""
    bucket, _, path = rest.partition("/")
    if set("?#@") & set(rest):
        raise InputError(
            f"{scheme}://…: give bucket and prefix alone: credentials and options belong in the environment"
        )
    prefix = path.strip("/")
    if not _BUCKET.fullmatch(bucket) or any(part in {"", ".", ".."} for part in prefix.split("/") if prefix):
        raise InputError(f"{scheme}://{printable(rest, 200)}: write it {scheme}://bucket/prefix")

    def connect() -> ObjectStore:
        from obstore.store import AzureStore, GCSStore, S3Store

        endpoint = next(filter(None, map(os.environ.get, _ENDPOINTS[scheme])), "")
        client: ClientConfig = {**_CLIENT}
        if endpoint.startswith("http://"):
            client["allow_http"] = True
        kinds: dict[str, type[S3Store | GCSStore | AzureStore]] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
        return kinds[scheme](bucket, prefix=prefix or None, client_options=client, retry_config=_RETRY)

    return Store(f"{scheme}://{bucket}/{prefix}".rstrip("/"), connect)
