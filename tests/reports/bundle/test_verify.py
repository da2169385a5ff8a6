"""Every change of a bundle is found, whoever made it and wherever."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.bundle import container, manifest, pack
from reports.bundle.pack import Packer
from scanner.errors import InputError
from tests.reports.bundle.bundles import FILES, RUN, bundle, checked, made

WHOLE = bundle()
PLACES = range(len(WHOLE))


def zipped(files: dict[str, bytes], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    """The same files as another program would zip them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 23, 8, 0, 0)), content, compression)
    return out.getvalue()


def contents(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_whole_bundle_holds_and_other_programs_read_it():
    """Nothing is wrong with it, and zipfile finds the same content, CRCs included."""
    found = checked(WHOLE)
    assert found.problems == ()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*FILES, "MANIFEST.json", "SHA256SUMS"]
        assert {name: archive.read(name) for name in FILES} == FILES
        assert {each.date_time for each in archive.infolist()} == {(2026, 11, 23, 8, 0, 0)}


def test_the_same_content_gives_the_same_bytes():
    """Nothing in a bundle comes from the clock or from the pieces it was made of."""
    assert bundle() == WHOLE
    out = io.BytesIO()
    packer = Packer(out, RUN.time)
    for path, content in FILES.items():
        packer.add(path, (bytes([byte]) for byte in content))
    packer.close(made(packer), None)
    assert out.getvalue() == WHOLE


@pytest.mark.parametrize("flip", [1, 0x80, 0xFF])
def test_every_single_changed_byte_is_found(flip):
    """All positions, not a sample: also those that readers of zip files ignore."""
    data = bytearray(WHOLE)
    missed = []
    for place in PLACES:
        data[place] ^= flip
        if not checked(bytes(data)).problems:
            missed.append(place)
        data[place] ^= flip
    assert missed == []


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_edit_is_found(data):
    """Bytes cut out, put in or written over, in any number of places."""
    changed = WHOLE
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(changed)))
        stop = data.draw(st.integers(start, min(len(changed), start + 60)))
        changed = changed[:start] + data.draw(st.binary(max_size=40)) + changed[stop:]
    if changed != WHOLE:
        assert checked(changed).problems != ()


@pytest.mark.parametrize("length", [0, 1, 21, 22, 100, len(WHOLE) - 23, len(WHOLE) - 1])
def test_a_truncated_bundle_is_found(length):
    """Also one of no bytes at all."""
    assert checked(WHOLE[:length]).problems != ()


@pytest.mark.parametrize(
    "changed",
    [WHOLE + b"\0", b"\0" + WHOLE, b"#!/bin/sh\n" + WHOLE, WHOLE + WHOLE, WHOLE[:-2] + b"\1\0x"],
    ids=["behind", "before", "a script before", "twice", "a comment"],
)
def test_what_stands_before_or_behind_is_found(changed):
    """Most readers take these for the same zip."""
    assert checked(changed).problems != ()


def test_whoever_zips_the_files_again_is_found():
    """The content is the same, the file is not."""
    again = zipped(contents(WHOLE))
    assert contents(again) == contents(WHOLE)
    assert checked(again).problems != ()


def rebuilt(*files: tuple[str, bytes]) -> bytes:
    """A container in the right form around any files: what somebody makes who knows the format."""
    entries, body = [], b""
    when = container.stamp(RUN.time)
    for path, content in files:
        entry = container.Entry(path, 0, zlib.crc32(content), len(content), len(content))
        entries.append(entry)
        body += container.local_header(entry, when) + content
    return body + b"".join(container.tail(container.placed(entries), when))


@pytest.fixture
def plain() -> dict[str, bytes]:
    """The files of a bundle that packs nothing, so that `rebuilt` gives it back."""
    files = {"a.zst": b"one", "b.zst": b"two"}
    whole = bundle(files)
    assert rebuilt(*contents(whole).items()) == whole
    return contents(whole)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"a.zst": None}, "missing: a.zst"),
        ({"c.zst": b"three"}, "added, the manifest does not know it: c.zst"),
        ({"a.zst": b"eno"}, "a.zst was changed"),
        ({"a.zst": b"longer"}, "a.zst has another size"),
        ({"../up.zst": b"x"}, "leads out of the folder, or is no name of a bundle: ../up.zst"),
        ({"/etc/passwd": b"x"}, "leads out of the folder, or is no name of a bundle: /etc/passwd"),
        ({"a\\b": b"x"}, "leads out of the folder"),
        ({"SHA256SUMS": None}, "missing: SHA256SUMS"),
        ({"SHA256SUMS": b""}, "SHA256SUMS is not what MANIFEST.json says"),
        ({"MANIFEST.json": None}, "MANIFEST.json is missing"),
        ({"MANIFEST.json": b"{}"}, "MANIFEST.json: Object missing required field"),
        ({"MANIFEST.json": b"[" * 10_000}, "MANIFEST.json: "),
        ({"SHA256SUMS.minisig": b"x"}, "SHA256SUMS.minisig was added: the bundle was not signed"),
    ],
)
def test_a_container_that_is_made_anew_is_found(plain, change, said):
    """Each change is named for what it is."""
    files = [(path, content) for path, content in (plain | change).items() if content is not None]
    assert any(said in problem for problem in checked(rebuilt(*files)).problems)


def test_an_altered_manifest_contradicts_the_sums(plain):
    """A manifest that fits the altered file still does not fit the sums beside it."""
    forged = plain["MANIFEST.json"].replace(b'"baseline": "1.0.0"', b'"baseline": "9.9.9"')
    assert forged != plain["MANIFEST.json"]
    found = checked(rebuilt(*(plain | {"MANIFEST.json": forged}).items()))
    assert any("SHA256SUMS is not" in each for each in found.problems)


def test_two_files_of_one_name_are_found(plain):
    """Readers differ in which of them they take."""
    twice = rebuilt(("a.zst", b"evil"), *plain.items())
    assert any("more than once: a.zst" in each for each in checked(twice).problems)


def bomb(files: int, size: int, claimed: int) -> bytes:
    """A bundle whose files unpack to `size` zeros while the manifest says `claimed`."""
    out = io.BytesIO()
    packer = Packer(out, RUN.time)
    for number in range(files):
        packer.add(f"bomb-{number}", (bytes(1 << 20) for _ in range(size >> 20)))
    lying = tuple(
        manifest.File(**{name: getattr(each, name) for name in each.__struct_fields__} | {"size": claimed})
        for each in packer.files
    )
    packer.files[:] = lying
    packer.close(made(packer), None)
    return out.getvalue()


def test_a_bomb_is_not_unpacked_beyond_what_the_manifest_says():
    """64 MiB that claim to be 10 bytes: refused by its numbers, before anything is unpacked."""
    found = checked(bomb(1, 64 << 20, 10))
    assert any("bomb-0 has another size" in each for each in found.problems)


def test_a_manifest_cannot_ask_for_endless_unpacking():
    """Sizes beyond what a bundle may hold are refused before the first file is read."""
    found = checked(bomb(2, 1 << 20, pack.MOST_UNPACKED))
    assert found.problems == (f"it would unpack to more than a bundle may hold ({pack.MOST_UNPACKED:,} bytes)",)


def test_a_stream_that_unpacks_to_more_stops_at_the_size():
    """A lie in every header and the manifest alike: unpacking ends with the first byte too many."""
    data = bytearray(bomb(1, 8 << 20, 10))
    entry = struct.pack("<L", 8 << 20)
    assert data.count(entry) == 2  # local header and table
    data = data.replace(entry, struct.pack("<L", 10))
    assert any("bomb-0 was changed" in each for each in checked(bytes(data)).problems)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 40))
def test_no_bytes_end_in_a_traceback(tail, keep):
    """Whatever the file is, there is an answer."""
    assert checked(WHOLE[:keep] + tail + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(tail), keep, 0)).problems


def test_random_directories_are_answered():
    """Tables with wild numbers: offsets beyond the end, sizes of 4 GiB, names that are no text."""
    wild = random.Random(7)  # noqa: S311 - the same tables each time
    start, length = container.directory_at(WHOLE[-container.END_BYTES :], len(WHOLE))
    for _ in range(300):
        data = bytearray(WHOLE)
        for _ in range(wild.randint(1, 20)):
            data[start + wild.randrange(length)] = wild.choice((0, 0xFF, 0x80, wild.randrange(256)))
        assert bytes(data) == WHOLE or checked(bytes(data)).problems


def test_what_a_file_leaves_out_is_not_kept():
    """A form that fails half-way leaves no bytes, and the bundle is whole without it."""
    out = io.BytesIO()
    packer = Packer(out, RUN.time)
    packer.add("a", [b"1"])

    def failing():
        yield b"half" * 1000
        raise InputError("cannot")

    with pytest.raises(InputError, match="cannot"):
        packer.add("b", failing())
    packer.add("c", [b"2"])
    packer.close(made(packer), None)
    assert checked(out.getvalue()).problems == ()
    assert contents(out.getvalue()).keys() == {"a", "c", "MANIFEST.json", "SHA256SUMS"}


@pytest.mark.parametrize("time", ["1979-12-31T23:59:59Z", "2108-01-01T00:00:00Z", "yesterday"])
def test_a_time_that_no_zip_holds_is_refused(time):
    """One clear error, for a run's time may come from a file made by hand."""
    with pytest.raises(InputError, match="run time"):
        Packer(io.BytesIO(), time)


def test_too_many_bytes_are_refused(monkeypatch):
    """The mend is named."""
    monkeypatch.setattr(container, "MOST_BYTES", 1000)
    packer = Packer(io.BytesIO(), RUN.time)
    with pytest.raises(InputError, match="leave --with-snapshots out"):
        packer.add("a.zst", [bytes(2000)])
