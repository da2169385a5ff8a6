"""Checking a bundle: what holds, and everything that does not. Whoever made the file may wish us ill.

Nothing is believed before it is compared: the table of files must be what its entries make, byte by byte; every file must be
in the manifest, and packed and unpacked be what its digests say. Memory is bounded by the table and the manifest, what is
unpacked by the sizes in the manifest, and those by `MOST_UNPACKED`.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reports.bundle import container, signature
from reports.bundle.container import DEFLATED, STORED, BrokenContainerError, Placed
from reports.bundle.manifest import MANIFEST, MOST_BYTES, SIGNATURE, SUMS, File, Manifest, decode, sums
from reports.bundle.pack import MOST_UNPACKED
from reports.wording import join_names, visible
from scanner.errors import InputError

Read = Callable[[int, int], bytes]  # (offset, length) to bytes, fewer only where the file ends
_PIECE = 1 << 20
_OWN = (MANIFEST, SUMS, SIGNATURE)
_NAMED = 5
_METHODS = {"stored": STORED, "deflated": DEFLATED}


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check: nothing is wrong where `problems` is empty. `manifest` is None where there was none to read.

    `sums` is `SHA256SUMS` as it stands there and `signed` its signature, b"" where there is none; whether that is valid
    takes a public key, which is not asked for here.
    """

    problems: tuple[str, ...]
    manifest: Manifest | None = None
    sums: bytes = b""
    signed: bytes = b""


def check(read: Read, size: int) -> Checked:
    """Check a bundle of `size` bytes."""
    try:
        opened = _open(read, size)
    except (BrokenContainerError, InputError) as error:
        return Checked((str(error),))
    manifest, places = opened.manifest, {each.entry.path: each for each in opened.files}
    problems = list(_names(opened.files))
    problems += _listing(opened.files, manifest, opened.signed)
    if opened.sums != sums(manifest, opened.data):
        problems.append(f"{SUMS} is not what {MANIFEST} says: one of them was changed")
    problems += _signature(manifest, opened.signed)
    problems += _frame(read, opened, size)
    problems += filter(None, (_file(read, places[each.path], each) for each in manifest.files if each.path in places))
    return Checked(tuple(dict.fromkeys(problems)), manifest, opened.sums, opened.signed)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The table of files, and the bundle's own files as they stand there; `when` as `container.stamp` has it."""

    files: tuple[Placed, ...]
    manifest: Manifest
    when: int
    data: bytes
    sums: bytes
    signed: bytes


def _open(read: Read, size: int) -> _Opened:
    """The parts that the others are checked against.

    Raises:
        BrokenContainerError: there is nothing that could be checked.
        InputError: its manifest is none.
    """
    files = _directory(read, size)
    own = {each.entry.path: each for each in files if each.entry.path in _OWN}
    if MANIFEST not in own:
        raise BrokenContainerError(f"{MANIFEST} is missing: it is no bundle, or that was taken out of it")
    data = _content(read, own[MANIFEST], size, MOST_BYTES)
    signed = _content(read, own[SIGNATURE], size, signature.MOST_BYTES) if SIGNATURE in own else b""
    listed = _content(read, own[SUMS], size, MOST_BYTES) if SUMS in own else b""
    manifest = decode(data)
    if sum(each.size for each in manifest.files) > MOST_UNPACKED:
        raise BrokenContainerError(f"it would unpack to more than a bundle may hold ({MOST_UNPACKED:,} bytes)")
    return _Opened(files, manifest, container.stamp(manifest.run.time), data, listed, signed)


def _directory(read: Read, size: int) -> tuple[Placed, ...]:
    if size > container.MOST_BYTES:
        raise BrokenContainerError(f"it is larger than a bundle can be ({container.MOST_BYTES:,} bytes)")
    start, length = container.directory_at(read(max(0, size - container.END_BYTES), container.END_BYTES), size)
    return container.read_directory(read(start, length))


def _names(files: Sequence[Placed]) -> Iterator[str]:
    """What is wrong with the names alone; a hostile zip may hold thousands."""
    times = Counter(each.entry.path for each in files)
    unsafe = [path for path in times if not container.is_safe(path)]
    twice = [path for path, count in times.items() if count > 1]
    if unsafe:
        yield f"leads out of the folder, or is no name of a bundle: {join_names(unsafe, _NAMED)}"
    if twice:
        yield f"is there more than once: {join_names(twice, _NAMED)}"


def _content(read: Read, place: Placed, size: int, most: int) -> bytes:
    """One of the bundle's own files, whose content stands as it is."""
    entry = place.entry
    if entry.method != STORED or entry.size > most or entry.packed != entry.size or place.end > size:
        raise BrokenContainerError(f"{visible(entry.path, 200)} does not stand there as it should")
    data = read(place.data, entry.size)
    if zlib.crc32(data) != entry.crc:
        raise BrokenContainerError(f"{visible(entry.path, 200)} was changed")
    return data


def _listing(files: Sequence[Placed], manifest: Manifest, signed: bytes) -> Iterator[str]:
    """Files that are missing, were added, or stand in another order than the manifest has them in."""
    expected = [each.path for each in manifest.files]
    expected += [path for path in _OWN if path != SIGNATURE or signed]
    found = [each.entry.path for each in files]
    missing = sorted(set(expected) - set(found))
    added = sorted(set(found) - set(expected))
    if missing:
        yield f"missing: {join_names(missing, _NAMED)}"
    if added:
        yield f"added, the manifest does not know it: {join_names(added, _NAMED)}"
    if not missing and not added and expected != found:
        yield "its files stand in another order than the manifest has them in"


def _signature(manifest: Manifest, signed: bytes) -> Iterator[str]:
    """Whether there is a signature exactly where the manifest says so, by the key that it names."""
    said = manifest.signer.key_id if manifest.signer else ""
    if said and not signed:
        yield f"the signature is missing: the bundle was signed with key {said}"
    elif signed and not said:
        yield f"{SIGNATURE} was added: the bundle was not signed"
    elif signed and signature.key_id(signed, manifest.run.id) != said:
        yield f"{SIGNATURE} is not the signature that was made with key {said}"


def _frame(read: Read, opened: _Opened, size: int) -> Iterator[str]:
    """Everything that is no content: it must be what the entries make, each byte of it."""
    files, when = opened.files, opened.when
    wrong = "something stands before, between or behind its files, or their headers were changed"
    if not all(container.is_safe(each.entry.path) for each in files):
        return  # said already, and no header can be made of such a name
    if files != container.placed(each.entry for each in files):
        yield wrong
        return
    for each in files:
        header = container.local_header(each.entry, when)
        if read(each.offset, len(header)) != header:
            yield f"{visible(each.entry.path, 200)}: its header was changed"
    at = files[-1].end
    for piece in container.tail(files, when):
        if read(at, len(piece)) != piece:
            yield "the table of its files was changed"
            return
        at += len(piece)
    if at != size:
        yield wrong


def _file(read: Read, place: Placed, said: File) -> str:
    """What is wrong with one file, "" where nothing is."""
    entry, name = place.entry, visible(said.path, 200)
    if (entry.method, entry.size, entry.packed) != (_METHODS[said.method], said.size, said.packed_size):
        return f"{name} has another size, or is packed otherwise, than the manifest says"
    inside = hashlib.sha256()
    try:
        plain, crc, size = _unpack(_pieces(read, place, inside.update), said)
    except zlib.error:
        return f"{name} was changed: it cannot be unpacked"
    if size != said.size or plain != said.sha256 or crc != entry.crc or inside.hexdigest() != said.packed_sha256:
        return f"{name} was changed"
    return ""


def _pieces(read: Read, place: Placed, seen: Callable[[bytes], None]) -> Iterator[bytes]:
    for at in range(place.data, place.end, _PIECE):
        data = read(at, min(_PIECE, place.end - at))
        seen(data)
        yield data


def _unpack(pieces: Iterator[bytes], said: File) -> tuple[str, int, int]:
    """Digest, CRC and size of the unpacked content; unpacking ends with the first byte too many."""
    plain, crc, size = hashlib.sha256(), 0, 0
    squeezed = zlib.decompressobj(-zlib.MAX_WBITS) if said.method == "deflated" else None
    for piece in pieces:
        for content in _inflated(squeezed, piece) if squeezed else (piece,):
            plain.update(content)
            crc, size = zlib.crc32(content, crc), size + len(content)
            if size > said.size:
                raise zlib.error("more than the manifest says")
    if squeezed and (not squeezed.eof or squeezed.unused_data):
        raise zlib.error("cut short, or followed by something")
    return plain.hexdigest(), crc, size


def _inflated(squeezed: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    """What a piece unpacks to, a bounded part at a time: it may be a thousand times as much."""
    content = squeezed.decompress(piece, _PIECE)
    yield content
    while squeezed.unconsumed_tail or len(content) == _PIECE:
        content = squeezed.decompress(squeezed.unconsumed_tail, _PIECE)
        yield content
