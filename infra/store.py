"""Every object store behind one port, chosen by URL: a folder, S3, Google Cloud Storage, Azure Blob, or memory for tests.

Credentials are those that obstore finds in the environment, on the instance or in the function; nothing here takes, holds
or prints one. A custom endpoint (`AWS_ENDPOINT_URL` and the like) is honoured, in plain http only where it says so itself.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from infra.text import printable
from scanner.errors import InputError, StoreError

if TYPE_CHECKING:
    from obstore import GetResult, PutMode, UpdateVersion
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

MAX_BYTES = 256 << 20  # one document; a caller that expects more says so
_ATTEMPTS = 20  # of a conditional update that others keep winning
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,221}")
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
_LOGINS = {
    "s3": "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or run where a service account is attached",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME with a key, SAS or client secret, or run where an identity is attached",
}

# What an obstore error says, in order of precedence: pattern, what that means, the mend ("" is the scheme's login). Their
# own text is never passed on: it may hold signed URLs, and is a page long.
_MEANINGS = tuple(
    (re.compile(pattern), meaning, mend)
    for pattern, meaning, mend in (
        (r"os error (28|122)\b", "the disk is full", "free some space"),
        (r"os error 27\b", "the file would be too large there", "raise the limit, or choose another folder"),
        (r"os error 30\b", "the file system is read-only", "choose another folder"),
        (r"os error (17|20|21)\b|is directory", "a file and a folder are in each other's way", "move one of them away"),
        (r"os error 36\b", "a name is too long for this file system", "choose a shorter folder or name"),
        (r"os error (1|13)\b", "permission denied", "let this user read and write there"),
        ("illegal character|empty path segment|Filenames containing", "a name cannot be a key", "rename that file or folder"),
        ("NoSuchBucket|ContainerNotFound|bucket does not exist", "no such bucket", "create it, or correct the URL"),
        ("Account must be specified", "no storage account is named", "set AZURE_STORAGE_ACCOUNT_NAME"),
        ("/latest/api/token|/latest/meta-data|/computeMetadata/|/metadata/identity", "no credentials were found", ""),
        ("token request|service account file|application credentials", "the credentials cannot be used", ""),
        ("InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|AuthenticationFailed", "the credentials are refused", ""),
        ("AuthorizationHeaderMalformed|configured region", "the bucket is elsewhere", "set AWS_REGION to its region"),
        ("BadScheme|URL scheme is not allowed", "plain http is refused", "give the endpoint as http:// or use https"),
        ("401 Unauthorized|Unauthenticated", "the credentials are refused", ""),
        ("403 Forbidden|PermissionDenied", "access denied", "allow reading, listing and writing objects there"),
        ("error sending request|kind: (Connect|Timeout)", "it cannot be reached", "check network and endpoint"),
        ("not yet implemented|501 Not", "this store cannot update conditionally", "use one that supports If-Match"),
        ("status code: (5|429)", "the service failed or is throttling", "run again later"),
    )
)  # fmt: skip


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


class Store:
    """Objects by key below one root. Every method raises StoreError, one line that names the place and the mend."""

    def __init__(self, url: str, connect: Callable[[], ObjectStore], folder: Path | None = None) -> None:
        self.url = url
        self._folder = folder
        self._connect = connect
        self._client: ObjectStore | None = None

    def describe(self, key: str) -> str:
        """Where `key` lies, for people: a path, or a URL without credentials."""
        if self._folder is not None:
            return str(self._folder / key)
        return f"{self.url.rstrip('/')}/{key}" if self.url != "memory://" else f"{self.url}/{key}"

    def put_new(self, key: str, data: bytes) -> bool:
        """Store an object unless there is one; says whether it did. Of two writers at once, one does."""
        return self._put(key, data, "create")

    def put(self, key: str, data: bytes) -> None:
        """Store an object in place of any other. A reader sees the old one or the new one, whole."""
        self._put(key, data, "overwrite")

    def get(self, key: str, *, max_bytes: int = MAX_BYTES) -> bytes:
        """The object's bytes. One that is missing, or larger than `max_bytes`, is an error."""
        found = self._find(key, max_bytes)
        if found is None:
            raise StoreError(f"{self._place(key)}: no such object: check the run and the URL")
        return found[0]

    def find(self, key: str, *, max_bytes: int = MAX_BYTES) -> bytes | None:
        """As `get`, but None where there is no such object."""
        found = self._find(key, max_bytes)
        return found[0] if found else None

    def folders(self, prefix: str) -> tuple[str, ...]:
        """The names of the folders right below the folder `prefix`, sorted; none where there is no such folder."""
        from obstore import list_with_delimiter

        with self._told(prefix):
            found = list_with_delimiter(self._open(writing=False), prefix)
        return tuple(sorted(each.rstrip("/").rpartition("/")[2] for each in found["common_prefixes"]))

    def list(self, prefix: str) -> Iterator[str]:
        """The keys in the folder `prefix` and below, sorted; none where there is no such folder. All with an empty one."""
        from obstore import list as list_objects

        with self._told(prefix):
            chunks = list(list_objects(self._open(writing=False), prefix or None))
        yield from sorted(entry["path"] for chunk in chunks for entry in chunk)

    def update_latest(self, key: str, data: bytes, newer: Callable[[bytes], bool]) -> bool:
        """Put `data` in place of the current object if `newer(current)` says it is the newer one; says whether it did.

        Whoever writes in between is not overwritten: the question is then asked again of what they wrote. `newer` should
        say yes to bytes it cannot read, or a damaged pointer would stay for ever.
        """
        if self._folder is not None:
            with self._locked(key, self._folder):
                return bool(self._try_update(key, data, newer))
        for _ in range(_ATTEMPTS):
            outcome = self._try_update(key, data, newer)
            if outcome is not None:
                return outcome
        raise StoreError(f"{self._place(key)}: others kept changing it: run again")

    def _try_update(self, key: str, data: bytes, newer: Callable[[bytes], bool]) -> bool | None:
        """One attempt; None where somebody else was faster."""
        found = self._find(key, MAX_BYTES)
        if found is None:
            return self._put(key, data, "create") or None
        current, version = found
        if not newer(current):
            return False
        # LocalStore has no conditional update; there the lock keeps others out
        return self._put(key, data, "overwrite" if self._folder is not None else version) or None

    def _find(self, key: str, max_bytes: int) -> tuple[bytes, UpdateVersion] | None:
        from obstore import get

        with self._told(key):
            if self._folder is not None and (path := self._folder / key).exists() and not path.is_file():
                raise StoreError(f"{self._place(key)}: not a plain file: move it away")  # a pipe would never end
            try:
                found: GetResult = get(self._open(writing=False), key)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error) or "ContainerNotFound" in str(error):
                    raise
                return None
            meta = found.meta
            if meta["size"] <= max_bytes:
                version: UpdateVersion = {"e_tag": meta["e_tag"]}
                if meta["version"] is not None:  # S3 refuses the field where it has no value
                    version["version"] = meta["version"]
                return bytes(found.bytes()), version
        raise StoreError(
            f"{self._place(key)}: {meta['size']} bytes, more than the {max_bytes} read at most: is it ours?"
        )

    def _put(self, key: str, data: bytes, mode: PutMode) -> bool:
        from obstore import put
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._told(key):
            path = self._folder / key if self._folder is not None and mode != "create" else None
            # a new file takes the name's place, so /dev/stdout would be gone for everybody
            if path is not None and (path.is_symlink() or (path.exists() and not (path.is_file() or path.is_dir()))):
                raise StoreError(f"{self._place(key)}: not a plain file: move it away, or name another")
            try:
                put(self._open(writing=True), key, data, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return False
        return True

    def _open(self, *, writing: bool) -> ObjectStore:
        if self._folder is not None:
            if writing:
                self._folder.mkdir(parents=True, exist_ok=True)
            elif not self._folder.is_dir():
                raise StoreError(f"{self._place('')}: no such folder: check the path")
        if self._client is None:
            self._client = self._connect()
        return self._client

    @contextmanager
    def _locked(self, key: str, folder: Path) -> Iterator[None]:
        """Hold the store's folder on this machine; nothing is left behind, and a process that dies lets go."""
        with self._told(key):
            folder.mkdir(parents=True, exist_ok=True)
            if sys.platform == "win32":  # no flock: the last of two writers at once wins, whole
                held = None
            else:
                import fcntl

                held = os.open(folder, os.O_RDONLY)
                fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if held is not None:
                os.close(held)

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """Turn what obstore or the file system raises into one line."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError, NotImplementedError) as error:
            raise StoreError(f"{self._place(key)}: {self._meaning(error)}") from error

    def _place(self, key: str) -> str:
        return printable(self.describe(key) if key else self.url)

    def _meaning(self, error: Exception) -> str:
        text = str(error).replace("[Errno ", "os error ")
        for pattern, meaning, mend in _MEANINGS:
            if pattern.search(text):
                return f"{meaning}: {mend or _LOGINS.get(self.url[:2], 'check them')}"
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return f"it failed ({reason}): check the URL and its settings"


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
        client: ClientConfig = {"connect_timeout": timedelta(seconds=10), "timeout": timedelta(minutes=5)}
        if endpoint.startswith("http://"):
            client["allow_http"] = True
        retry: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(minutes=2)}
        kinds: dict[str, type[S3Store | GCSStore | AzureStore]] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
        return kinds[scheme](bucket, prefix=prefix or None, client_options=client, retry_config=retry)

    return Store(f"{scheme}://{bucket}/{prefix}".rstrip("/"), connect)
