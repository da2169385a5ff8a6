"""The zip around a bundle, in the one form it may have: what it holds decides each byte of it.

Readers of zip files ignore much: what stands before, between and behind the files, comments, extra fields, a second header
that contradicts the first, the last bits of compressed data. Nothing can be hidden there when the whole container follows
from its entries, so `zipfile`, which reads leniently and whose output is its own business, makes and checks none of it.
Layout: APPNOTE.TXT 6.3.10, 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end), https://pkware.com/appnote
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reports.keys import run_time
from scanner.errors import InputError

STORED, DEFLATED = 0, 8
MOST_BYTES = 0xFFFF_FFFE  # of the container; more would need the 64-bit fields that not every reader knows
MOST_FILES = 0xFFFE
LONGEST = 1000  # bytes of a path

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s2B5H3L5H2L")
_END = struct.Struct("<4s4H2LH")
END_BYTES = _END.size
MOST_DIRECTORY_BYTES = MOST_FILES * (_CENTRAL.size + LONGEST)
_NEEDED = 20  # version 2.0 of the format: folders, deflate
_UNIX = 3
_MODE = 0o100644 << 16
_PATH = re.compile(r"[A-Za-z0-9_%~.-]+(?:/[A-Za-z0-9_%~.-]+)*")


class BrokenContainerError(Exception):
    """Bytes that are no container of a bundle. `str()` says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as the container has it: `packed` and `size` in bytes, `crc` of the unpacked content."""

    path: str
    method: int
    crc: int
    packed: int
    size: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry, and where its local header begins."""

    entry: Entry
    offset: int

    @property
    def data(self) -> int:
        """Where its packed content begins."""
        return self.offset + _LOCAL.size + len(self.entry.path.encode())

    @property
    def end(self) -> int:
        """Where the next thing begins."""
        return self.data + self.entry.packed


def is_safe(path: str) -> bool:
    """Whether a path stays in the folder that a bundle is unpacked to, on every system, and can only be meant one way."""
    return bool(_PATH.fullmatch(path)) and not {".", ".."} & set(path.split("/")) and len(path) <= LONGEST


def stamp(time: str) -> int:
    """A run's time as the date and time of a file (MS-DOS format, 2 seconds fine), date above time.

    Raises:
        InputError: `time` is no RFC 3339 time with an offset, or none that a zip can hold.
    """
    year, month, day, hour, minute, second = map(int, re.findall("[0-9]+", run_time(time)))
    if not 1980 <= year <= 2107:
        raise InputError(f"run time {time[:60]!r}: a zip holds years from 1980 to 2107: give the run another --time")
    return ((year - 1980) << 25) | (month << 21) | (day << 16) | (hour << 11) | (minute << 5) | (second // 2)


def local_header(entry: Entry, when: int) -> bytes:
    """What stands before a file's content; `when` as `stamp` gives it."""
    name = entry.path.encode()
    header = _LOCAL.pack(
        b"PK\3\4", _NEEDED, 0, entry.method, when & 0xFFFF, when >> 16,
        entry.crc, entry.packed, entry.size, len(name), 0,
    )  # fmt: skip
    return header + name


def placed(entries: Iterable[Entry]) -> tuple[Placed, ...]:
    """Each entry right behind the one before it, the first one at the very beginning."""
    found: list[Placed] = []
    for entry in entries:
        found.append(Placed(entry, found[-1].end if found else 0))
    return tuple(found)


def tail(files: tuple[Placed, ...], when: int) -> Iterator[bytes]:
    """The central directory and the end record, in pieces."""
    start, size = (files[-1].end if files else 0), 0
    for each in files:
        entry, name = each.entry, each.entry.path.encode()
        record = _CENTRAL.pack(
            b"PK\1\2", _NEEDED, _UNIX, _NEEDED, 0, entry.method, when & 0xFFFF, when >> 16,
            entry.crc, entry.packed, entry.size, len(name), 0, 0, 0, 0, _MODE, each.offset,
        )  # fmt: skip
        size += len(record) + len(name)
        yield record + name
    yield _END.pack(b"PK\5\6", 0, 0, len(files), len(files), size, start, 0)


def directory_at(end: bytes, size: int) -> tuple[int, int]:
    """Where the central directory begins and how many bytes it has, by the last `END_BYTES` of a file of `size` bytes.

    Raises:
        BrokenContainerError: the file does not end as a bundle does.
    """
    if len(end) != _END.size or not end.startswith(b"PK\5\6"):
        raise BrokenContainerError("the file is cut short, something was added at its end, or it is no bundle")
    *_, length, start, _ = _END.unpack(end)
    if length > MOST_DIRECTORY_BYTES or start + length + _END.size != size:
        raise BrokenContainerError("the table of its files is not where it belongs: bytes were added or are missing")
    return start, length


def read_directory(data: bytes) -> tuple[Placed, ...]:
    """The files that a central directory lists; whether it is in the one form it may have is not asked here.

    Raises:
        BrokenContainerError: it is no directory.
    """
    found: list[Placed] = []
    at = 0
    while at < len(data):
        if len(data) - at < _CENTRAL.size or data[at : at + 4] != b"PK\1\2":
            raise BrokenContainerError("the table of its files is damaged")
        fields = _CENTRAL.unpack_from(data, at)
        method, crc, packed, size = fields[5], *fields[8:11]
        longer, offset = sum(fields[11:14]), fields[-1]
        name = data[at + _CENTRAL.size : at + _CENTRAL.size + fields[11]]
        at += _CENTRAL.size + longer
        found.append(Placed(Entry(name.decode("utf-8", "surrogateescape"), method, crc, packed, size), offset))
    if at != len(data):
        raise BrokenContainerError("the table of its files is damaged")
    return tuple(found)
