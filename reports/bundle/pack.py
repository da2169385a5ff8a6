"""Writing a bundle into an open file, a piece at a time: only the manifest is ever whole in memory."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import BinaryIO

from reports.bundle import container
from reports.bundle.container import DEFLATED, STORED, Entry
from reports.bundle.manifest import MANIFEST, SIGNATURE, SUMS, File, Manifest, render, sums
from scanner.errors import InputError

MOST_UNPACKED = 64 << 30  # bytes of all files together: what a checker is willing to unpack
_PACKED_ALREADY = (".zst", ".xlsx", ".parquet", ".zip", ".png")
_LEVEL = 6


class Packer:
    """Puts files into `out`, which must be empty and seekable. `time` is the run's, which every file gets."""

    def __init__(self, out: BinaryIO, time: str) -> None:
        self._out = out
        self._when = container.stamp(time)
        self._entries: list[Entry] = []
        self._unpacked = 0
        self.files: list[File] = []

    def add(self, path: str, pieces: Iterable[bytes]) -> None:
        """One file. Where `pieces` fails, nothing of it stays.

        Raises:
            InputError: the bundle would be larger than a bundle may be.
        """
        before = self._out.tell()
        try:
            self.files.append(self._add(path, pieces, packed=path.endswith(_PACKED_ALREADY)))
        except BaseException:
            self._out.seek(before)
            self._out.truncate()
            raise

    def close(self, manifest: Manifest, sign: Callable[[bytes], bytes] | None) -> None:
        """The manifest, the sums of all with their signature, and what makes a zip of it."""
        data = render(manifest)
        listed = sums(manifest, data)
        own = {MANIFEST: data, SUMS: listed} | ({SIGNATURE: sign(listed)} if sign else {})
        for path, content in own.items():
            self._add(path, (content,), packed=True)
        for piece in container.tail(container.placed(self._entries), self._when):
            self._write(piece)

    def _add(self, path: str, pieces: Iterable[bytes], *, packed: bool) -> File:
        start = self._out.tell()
        name = len(container.local_header(Entry(path, STORED, 0, 0, 0), self._when))
        self._out.seek(start + name)
        plain, inside = hashlib.sha256(), hashlib.sha256()
        crc = size = 0
        squeeze = None if packed else zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        for piece in pieces:
            plain.update(piece)
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            self._check(size)
            data = squeeze.compress(piece) if squeeze else piece
            inside.update(data)
            self._write(data)
        rest = squeeze.flush() if squeeze else b""
        inside.update(rest)
        self._write(rest)
        end = self._out.tell()
        method, length = STORED if packed else DEFLATED, end - start - name
        entry = Entry(path, method, crc, length, size)
        self._out.seek(start)
        self._write(container.local_header(entry, self._when))
        self._out.seek(end)
        self._entries.append(entry)
        self._unpacked += size
        return File(
            path=path,
            size=size,
            sha256=plain.hexdigest(),
            method="stored" if packed else "deflated",
            packed_size=length,
            packed_sha256=inside.hexdigest(),
        )

    def _check(self, size: int) -> None:
        if self._unpacked + size > MOST_UNPACKED or len(self._entries) >= container.MOST_FILES:
            raise _too_large()

    def _write(self, data: bytes) -> None:
        if self._out.tell() + len(data) > container.MOST_BYTES:
            raise _too_large()
        self._out.write(data)


def _too_large() -> InputError:
    return InputError(
        f"a bundle holds at most {container.MOST_BYTES:,} bytes and {container.MOST_FILES:,} files: "
        "leave --with-snapshots out, whose digests are in it anyway"
    )
