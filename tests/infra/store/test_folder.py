"""A folder as a store: atomic, locked, and clear about what is in the way."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.store import open_store
from infra.store.port import PART
from scanner.errors import StoreError


def test_folder_appears_with_its_first_object(tmp_path):
    """Opening or reading creates nothing; a missing folder is one line."""
    store = open_store(str(tmp_path / "a" / "out"))
    with pytest.raises(StoreError, match="a/out: no such folder: check the path"):
        list(store.list(""))
    with pytest.raises(StoreError, match="no such folder"):
        store.get("v1/x")
    assert list(tmp_path.iterdir()) == []
    store.put("v1/x", b"1")
    assert (tmp_path / "a" / "out" / "v1" / "x").read_bytes() == b"1"


def test_file_url_is_a_path(tmp_path):
    """file:// names the same folder as its path, escapes undone."""
    open_store(f"file://{tmp_path}/my%20out").put("x", b"1")
    assert (tmp_path / "my out" / "x").read_bytes() == b"1"


def test_reader_never_sees_half_an_object(tmp_path):
    """While a file is replaced again and again, every read gives one writer's whole bytes, and no scrap stays behind."""
    store = open_store(str(tmp_path))
    bodies = [bytes((letter,)) * 2_000_000 for letter in b"abcd"]
    store.put("v1/x", bodies[0])
    with ThreadPoolExecutor(3) as pool:
        writing = [pool.submit(lambda: [store.put("v1/x", body) for body in bodies * 3]) for _ in range(2)]
        reads = [store.get("v1/x") in bodies for _ in range(20)]
        for done in writing:
            done.result()
    assert all(reads)
    assert [path.name for path in (tmp_path / "v1").iterdir()] == ["x"]


def test_update_leaves_no_lock_behind(tmp_path):
    """After an update of latest, the folder holds the object alone."""
    open_store(str(tmp_path)).update_latest("v1/latest.json", b"1", lambda _: True)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["latest.json"]


def test_folder_where_a_file_stands(tmp_path):
    """A file in the way of a folder, and a folder in the way of a file, are one line each."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="file and a folder"):
        open_store(str(tmp_path / "file")).put("x", b"")
    store = open_store(str(tmp_path))
    with pytest.raises(StoreError, match="file and a folder"):
        store.put("file/x", b"")
    with pytest.raises(StoreError, match="no such folder"):
        open_store(str(tmp_path / "file")).get("x")


def test_write_that_breaks_off_leaves_the_old_object(tmp_path):
    """Where the system stops a write half-way, the old object stays whole, no scrap is left, and the line says why."""
    store = open_store(str(tmp_path))
    store.put("v1/x", b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreError, match="v1/x: the file would be too large there"):
            store.put("v1/x", b"n" * 100_000)
        with pytest.raises(StoreError, match="v1/y: the file would be too large there"):
            store.put_new("v1/y", b"n" * 100_000)
        with pytest.raises(StoreError, match="v1/x: the file would be too large there"):
            store.put_stream("v1/x", (b"n" * PART,) * 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name: path.read_bytes() for path in (tmp_path / "v1").iterdir()} == {"x": b"old"}
    assert list(store.list("")) == ["v1/x"]


def test_pipe_or_folder_is_no_object(tmp_path):
    """What is not a plain file is refused rather than waited for."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zeroes").symlink_to("/dev/zero")
    store = open_store(str(tmp_path))
    for key in ("pipe", "folder", "zeroes"):
        with pytest.raises(StoreError, match=f"{key}: not a plain file"):
            store.get(key)
    with pytest.raises(StoreError, match="a name is too long"):
        store.get("x" * 300)


@pytest.mark.parametrize("form", ["link", "pipe"])
def test_what_is_no_plain_file_is_not_replaced(tmp_path, form):
    """An output called /dev/stdout must not put a file in the device's place."""
    place = tmp_path / "out"
    if form == "pipe":
        os.mkfifo(place)
    else:
        (tmp_path / "real").write_bytes(b"old")
        place.symlink_to("real")
    before = place.lstat()
    with pytest.raises(StoreError, match="not a plain file"):
        open_store(str(tmp_path)).put("out", b"new")
    assert place.lstat() == before


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small file system in memory; only root may."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a file system needs root")
    where = tmp_path / "mounted"
    where.mkdir()

    def mount(options: str) -> Path:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(where)], capture_output=True, check=False, text=True
        )
        if done.returncode:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
        return where

    yield mount
    subprocess.run(["umount", "-l", str(where)], capture_output=True, check=False)


def test_full_disk_leaves_the_old_object(mounted):
    """Where the disk is full, every write says so; the old object is whole, and the space of what failed is free again."""
    where = mounted("size=1m")
    store = open_store(str(where))
    store.put("v1/x", b"o" * 500_000)
    for call in (
        lambda: store.put("v1/x", b"n" * 900_000),
        lambda: store.put_new("v1/y", b"n" * 900_000),
        lambda: store.put_stream("v1/x", (b"n" * PART,) * 3),
        lambda: store.update_latest("v1/x", b"n" * 900_000, lambda _: True),
    ):
        with pytest.raises(StoreError, match=r"v1/[xy]: the disk is full: free some space"):
            call()
        assert [path.name for path in (where / "v1").iterdir()] == ["x"]
    store.put("v1/z", b"z" * 400_000)
    assert store.get("v1/x") == b"o" * 500_000


def test_read_only_file_system_is_said(mounted):
    """A read-only file system is read, and every write says what it is."""
    where = mounted("size=1m")
    store = open_store(str(where))
    store.put("v1/x", b"old")
    subprocess.run(["mount", "-o", "remount,ro", str(where)], check=True)
    for call in (
        lambda: store.put("v1/x", b"new"),
        lambda: store.put_new("v1/x", b"new"),
        lambda: store.put_stream("v1/x", (b"n" * PART,) * 3),
        lambda: store.update_latest("v1/x", b"new", lambda _: True),
    ):
        with pytest.raises(StoreError, match="v1/x: the file system is read-only: choose another folder"):
            call()
    assert store.get("v1/x") == b"old"
    assert list(store.list("")) == ["v1/x"]


_AS_NOBODY = """
import fcntl, os, sys  # Python itself may lie where nobody reads: everything is loaded before
import obstore.exceptions, obstore.store
from infra.store import open_store
from scanner.errors import StoreError
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
store = open_store(sys.argv[1])
print(store.get("v1/x"), *store.list(""))
for call in (
    lambda: store.put("v1/x", b"new"),
    lambda: store.put_new("v1/y", b"new"),
    lambda: store.put_stream("v1/x", (b"n" * (9 << 20),) * 3),
    lambda: store.update_latest("v1/x", b"new", lambda _: True),
):
    try:
        print("stored", call())
    except StoreError as error:
        print(error)
"""


def test_folder_that_may_not_be_written():
    """A folder of somebody else's: reading goes on, writing says that it is denied."""
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(0o755)  # pytest's own folders are closed to others
        out = Path(above, "out")
        open_store(str(out)).put("v1/x", b"old")
        for path in (out / "v1", out):
            path.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, str(out)], capture_output=True, text=True, check=True, timeout=60
        )
        for path in (out, out / "v1"):
            path.chmod(0o755)
        assert {path.name: path.read_bytes() for path in (out / "v1").iterdir()} == {"x": b"old"}
        denied = "permission denied: let this user read and write there"
        refused = [f"{out}/v1/{key}: {denied}" for key in "xyxx"]
        assert done.stdout.splitlines() == ["b'old' v1/x", *refused]
