"""The store port: objects by key, written whole or not at all, over obstore.

What is created once (`put_new`) or moved forward (`update_latest`) goes up in one request, because only that can be conditional:
obstore drops the condition where it uploads in parts, and Google has none for parts
(https://cloud.google.com/storage/docs/multipart-uploads#considerations). Such objects are read back with `MAX_BYTES`, far below
what one request may carry (5 GB on S3 and Azure). Whatever replaces (`put`, `put_stream`) goes up in parts of `PART` as soon
as it is larger than one: each part is retried by itself, and no more than a few are in memory. Ten thousand parts (S3's
limit) are 160 GB. An upload that fails is aborted; of one that was killed nobody sees anything, but S3 and Google keep, and
charge for, its parts until a lifecycle rule of the bucket removes them (AbortIncompleteMultipartUpload); Azure does so after
a week.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from infra.store.meanings import meaning, no_bucket, under_way, unmet
from infra.text import printable
from scanner.errors import MissingObjectError, StoreError

if TYPE_CHECKING:
    from obstore import Attributes, GetResult, PutMode, UpdateVersion
    from obstore.store import ObjectStore

MAX_BYTES = 256 << 20  # one document; a caller that expects more says so
PART = 16 << 20
# What a browser has to know of an object: without its type it offers a page of a bucket as a download.
_TYPES = {".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8", ".json": "application/json"}
_PARTS_AT_ONCE = 3  # with the one that is being gathered, four in memory
_ATTEMPTS = 20  # of a conditional update that others keep winning
_WAITS_S = (0.1, 0.3, 1.0, 3.0)  # between attempts while the store says that another write is under way


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
        self.put_stream(key, (data,))

    def put_stream(self, key: str, pieces: Iterable[bytes]) -> None:
        """Store the pieces, joined, in place of any other object, without holding them all. A reader sees as with `put`.

        What taking the pieces raises is passed on; nothing is stored then.
        """
        source = _Blocks(pieces, PART)
        blocks = iter(source)
        first = next(blocks, b"")
        second = next(blocks, None)
        if second is None:
            self._put(key, first, "overwrite")
            return
        try:
            self._put_parts(key, itertools.chain((first, second), blocks))
        except StoreError:
            if source.raised is not None:
                raise source.raised from None
            raise

    def get(self, key: str, *, max_bytes: int = MAX_BYTES) -> bytes:
        """The object's bytes. One that is missing, or larger than `max_bytes`, is an error."""
        found = self._find(key, max_bytes)
        if found is None:
            raise MissingObjectError(f"{self._place(key)}: no such object: check the run and the URL")
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
                if no_bucket(error):
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
        """One request; False where the mode's condition does not hold. Without a condition there is no False."""
        from obstore.exceptions import AlreadyExistsError

        with self._told(key):
            if mode != "create":
                self._check_plain(key)
            client = self._open(writing=True)
            for wait_s in _WAITS_S:
                try:
                    return _request(client, key, data, mode, self._told_type(key))
                except AlreadyExistsError as error:
                    if not under_way(error):
                        raise
                time.sleep(wait_s)
            return _request(client, key, data, mode, self._told_type(key))

    def _put_parts(self, key: str, blocks: Iterator[bytes]) -> None:
        from obstore import put

        with self._told(key):
            self._check_plain(key)
            client = self._open(writing=True)
            kind = self._told_type(key)
            put(
                client,
                key,
                blocks,
                attributes=kind,
                use_multipart=True,
                chunk_size=PART,
                max_concurrency=_PARTS_AT_ONCE,
            )

    def _told_type(self, key: str) -> Attributes | None:
        """A folder has no types, and obstore refuses to write them there."""
        kind = _TYPES.get(PurePosixPath(key).suffix) if self._folder is None else None
        return {"Content-Type": kind} if kind else None

    def _check_plain(self, key: str) -> None:
        """A new file takes the name's place, so /dev/stdout would be gone for everybody."""
        path = self._folder / key if self._folder is not None else None
        if path is not None and (path.is_symlink() or (path.exists() and not (path.is_file() or path.is_dir()))):
            raise StoreError(f"{self._place(key)}: not a plain file: move it away, or name another")

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
            raise StoreError(f"{self._place(key)}: {meaning(error, self.url)}") from error

    def _place(self, key: str) -> str:
        return printable(self.describe(key) if key else self.url)


def _request(client: ObjectStore, key: str, data: bytes, mode: PutMode, kind: Attributes | None) -> bool:
    from obstore import put
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    try:
        put(client, key, data, attributes=kind, mode=mode, use_multipart=False)
    except (AlreadyExistsError, PreconditionError) as error:
        if mode == "overwrite" or not unmet(error):
            raise
        return False
    except FileNotFoundError as error:  # S3 says so of a condition on an object that has gone
        if not isinstance(mode, dict) or no_bucket(error):
            raise
        return False
    return True


class _Blocks:
    """Pieces joined to blocks of `size` or a little more, the last one smaller; remembers what taking them raised."""

    def __init__(self, pieces: Iterable[bytes], size: int) -> None:
        self._pieces = pieces
        self._size = size
        self.raised: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        """The blocks; none is empty."""
        gathered: list[bytes] = []
        length = 0
        try:
            for piece in self._pieces:
                for at in range(0, len(piece), self._size):
                    gathered.append(piece[at : at + self._size])
                    length += len(gathered[-1])
                    if length >= self._size:
                        yield b"".join(gathered)
                        gathered, length = [], 0
        except GeneratorExit:
            raise
        except BaseException as error:
            self.raised = error
            raise
        if gathered:
            yield b"".join(gathered)
