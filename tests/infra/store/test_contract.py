"""The store port over real folders, memory and servers of three clouds: create-only, atomic, conditional."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.store import open_store
from infra.store.port import PART
from reports import keys
from scanner.errors import InputError, StoreError
from scanner.model import Cloud
from tests.factories import cluster

RUN = "20261123T080000Z"
NAMES = (
    "prod-1",
    "../x",
    "",
    ".",
    "..",
    "a/b",
    "Prod",
    "con",
    "%2e%2e%2f",
    "\x00",
    "é\n",
    "#1",
    "~",
    "?a=b&c",
    "x" * 3000,
)


def test_object_comes_back_as_it_was_put(store):
    """What is put is what is got, also nothing at all; a second put replaces it."""
    for data in (b"one", b"", bytes(range(256)) * 30_000, bytes(range(255)) * 150_000):
        store.put("v1/a.bin", data)
        assert store.get("v1/a.bin") == data


def test_create_only_keeps_the_first(store):
    """A second delivery is told so and changes nothing."""
    assert store.put_new("v1/result.json", b"first") is True
    assert store.put_new("v1/result.json", b"second") is False
    assert store.put_new("v1/result.json", b"first") is False
    assert store.get("v1/result.json") == b"first"


def test_one_of_many_creators_wins(store):
    """Of writers at the same moment exactly one creates the object, and it is that one's."""
    start = threading.Barrier(8)

    def write(number: int) -> bool:
        start.wait()
        return store.put_new("v1/race", str(number).encode() * 10_000)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    assert won.count(True) == 1
    assert store.get("v1/race") == str(won.index(True)).encode() * 10_000


def test_latest_never_points_backwards(store):
    """Updates in any order, at the same time, end at the newest."""

    def update(number: int) -> bool:
        return store.update_latest("v1/latest.json", b"%03d" % number, lambda current: current < b"%03d" % number)

    assert update(5) is True
    assert update(3) is False
    assert update(5) is False
    assert store.get("v1/latest.json") == b"005"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(update, [11, 19, 12, 18, 13, 17, 14, 16]))
    assert store.get("v1/latest.json") == b"019"


@pytest.mark.parametrize("store", ["memory", "s3", "gs", "az"], indirect=True)
def test_update_asks_again_about_what_came_in_between(store):
    """A newer object written between reading and writing is not overwritten (a folder is locked all the while)."""
    store.put("v1/latest.json", b"1")
    seen = []

    def newer(current: bytes) -> bool:
        if not seen:
            store.put("v1/latest.json", b"9")
        seen.append(current)
        return current < b"5"

    assert store.update_latest("v1/latest.json", b"5", newer) is False
    assert seen == [b"1", b"9"]
    assert store.get("v1/latest.json") == b"9"


def test_find_gives_none_for_what_is_not_there(store):
    """And what is there as `get` does, its bound included."""
    store.put("v1/a.json", b"data")
    assert store.find("v1/a.json") == b"data"
    assert store.find("v1/b.json") is None
    with pytest.raises(StoreError, match="4 bytes, more than the 3"):
        store.find("v1/a.json", max_bytes=3)


def test_folders_are_those_right_below(store):
    """Sorted, without files and without what lies deeper; none where there is no such folder."""
    for key in ("v1/runs/b/x/y.json", "v1/runs/a/z.json", "v1/runs/a/c/z.json", "v1/runs/note.txt", "v1/other/q.json"):
        store.put(key, b"")
    assert store.folders("v1/runs/") == ("a", "b")
    assert store.folders("v1/nothing/") == ()


def test_list_is_sorted_and_whole(store):
    """Keys come back sorted, by folder and not by text; a folder that is not there has none."""
    wanted = [f"v1/runs/{n:04}/x" for n in range(50)]
    for key in reversed(wanted):
        store.put(key, b"")
    store.put("v1/runs2/x", b"")
    assert list(store.list("v1/runs/")) == wanted
    assert list(store.list("v1/runs")) == wanted
    assert list(store.list("v2/")) == []
    assert len(list(store.list(""))) == len(wanted) + 1


@pytest.mark.parametrize(("kind", "count"), [("folder", 2500), ("s3", 2500), ("gs", 2500), ("az", 5100)])
def test_list_goes_on_after_the_first_page(made, kind, count):
    """More keys than one answer holds (1000, on Azure 5000) all come, once and sorted."""
    place = made(kind)
    wanted = [f"v1/{number:05}" for number in range(count)]
    place.fill(wanted)
    store = open_store(place.url)
    store.put("w", b"")
    assert list(store.list("v1")) == wanted
    assert len(list(store.list(""))) == count + 1


def test_hostile_clusters_stay_in_their_folder(place, tmp_path):
    """Every key of a hostile name is stored under exactly that key, encoded once, and nothing lies anywhere else."""
    store = open_store(place.url)
    made = [keys.result_key(RUN, cluster(Cloud.AWS, name)) for name in NAMES]
    for number, key in enumerate(made):
        assert store.put_new(key, str(number).encode()), key
    wanted = {key: str(number).encode() for number, key in enumerate(made)}
    assert {key: store.get(key) for key in made} == wanted
    assert list(store.list(keys.clusters_prefix(RUN))) == sorted(made)
    assert list(store.list("")) == sorted(made)
    assert place.seen() == wanted
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == (len(made) if place.kind == "folder" else 0)


def test_missing_object_is_named(store):
    """A missing object is one line with its place and what to check."""
    store.put("v1/other", b"")
    with pytest.raises(StoreError) as raised:
        store.get("v1/none")
    assert str(raised.value) == f"{store.describe('v1/none')}: no such object: check the run and the URL"


def test_too_large_object_is_not_read(store):
    """An object over the limit is refused with both sizes."""
    store.put("v1/big", b"x" * 101)
    assert store.get("v1/big", max_bytes=101) == b"x" * 101
    with pytest.raises(StoreError, match="101 bytes, more than the 100"):
        store.get("v1/big", max_bytes=100)


@pytest.mark.parametrize("key", ["../x", "a/../../x", "a//b", "./a"])
def test_key_that_could_leave_the_root_is_refused(store, key, tmp_path):
    """The port itself takes no key with empty or dot segments."""
    for write in (store.put, store.put_new, lambda key, data: store.update_latest(key, data, lambda _: True)):
        with pytest.raises(StoreError):
            write(key, b"")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((), id="none"),
        pytest.param((b"",), id="empty"),
        pytest.param((b"a", b"", b"b"), id="small"),
        pytest.param((b"0123456789",) * 100_000, id="many"),
        pytest.param((b"x" * PART,), id="one-part"),
        pytest.param((b"x" * PART, b"y"), id="a-byte-more"),
        pytest.param((b"a", bytes(range(251)) * 150_000, b"b" * (PART - 1), b"c"), id="uneven"),
    ],
)
def test_stream_is_its_pieces_joined(store, pieces):
    """Whatever the pieces' sizes, the object is all of them in order, in place of what was there."""
    store.put("v1/x", b"old")
    store.put_stream("v1/x", iter(pieces))
    assert store.get("v1/x") == b"".join(pieces)
    assert list(store.list("")) == ["v1/x"]


@pytest.mark.parametrize("size", [10, 3 * PART])
def test_stream_that_ends_in_an_error_stores_nothing(place, size):
    """What the source of the pieces raises comes out as it is, also an error that stores raise; the old object stays."""
    store = open_store(place.url)
    store.put("v1/x", b"old")
    for error in (OSError(28, "not the store's disk"), InputError("no such cluster"), KeyboardInterrupt()):

        def pieces(error=error):
            yield b"n" * size
            raise error

        with pytest.raises(type(error)) as raised:
            store.put_stream("v1/x", pieces())
        assert raised.value is error
    assert place.seen() == {"v1/x": b"old"}
    assert place.kind == "az" or place.unfinished() == 0  # Azure cannot abort, and forgets the parts in a week


def test_stream_is_not_held(made):
    """The first parts are written before the last pieces are taken."""
    place = made("folder")
    sizes = []

    def pieces():
        for _ in range(12):
            sizes.append(sum(len(data) for data in place.seen().values()))
            yield b"x" * (PART // 2)

    open_store(place.url).put_stream("v1/x", pieces())
    assert sizes[0] == 0
    assert sizes[-1] >= PART


def test_one_process_of_many_wins_and_the_pointer_goes_forward(place):
    """Processes on one place: of each create-only object one writer's is there, and the pointer ends at the newest."""
    script = (
        "import sys\nfrom infra.store import open_store\nstore, me = open_store(sys.argv[1]), int(sys.argv[2])\n"
        "print('ready', flush=True)\nsys.stdin.readline()\nwon = []\n"
        "for n in range(20):\n"
        "    won += [n] if store.put_new(f'v1/{n}', b'%d' % me * 1000) else []\n"
        "    new = b'%04d' % (n * 10 + me)\n"
        "    store.update_latest('latest', new, lambda old: old < new)\n"
        "print(won)\n"
    )
    with contextlib.ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", script, place.url, str(number)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(3)
        ]
        for each in running:
            assert each.stdout.readline() == "ready\n"
        for each in running:
            each.stdin.write("\n")
            each.stdin.flush()
        won = [json.loads(each.stdout.readline()) for each in running]
    assert sorted(number for numbers in won for number in numbers) == list(range(20))
    seen = place.seen()
    assert seen.pop("latest") == b"0192"
    assert seen == {f"v1/{n}": str(me).encode() * 1000 for me, numbers in enumerate(won) for n in numbers}
