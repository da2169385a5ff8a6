"""The store port over real folders, memory and an S3 server: create-only, atomic, conditional, and clear when it fails."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from infra.store import Store, open_store
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
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"  # noqa: S105 - the vendor's published example


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """A local S3 with one bucket called `audit`; its URL."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key=SECRET,
    )
    with contextlib.closing(client):
        client.create_bucket(Bucket="audit")
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Point the S3 store at an endpoint, with example credentials and no other AWS setting."""

    def point(endpoint: str) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    return point


@pytest.fixture(params=["folder", "memory", "s3"])
def store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    s3_server: str,
    aws: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Store:
    """An empty store of each kind that can be had without a cloud."""
    if request.param == "s3":
        aws(s3_server)
        return open_store(f"s3://audit/{tmp_path.name}/out%20 é")
    if request.param == "memory":
        return open_store("memory://")
    monkeypatch.chdir(tmp_path)
    return open_store("./out%20 é")


def test_object_comes_back_as_it_was_put(store):
    """What is put is what is got, also nothing at all; a second put replaces it."""
    for data in (b"one", b"", bytes(range(256)) * 30_000):
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


@pytest.mark.parametrize("store", ["memory", "s3"], indirect=True)
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
    wanted = [f"v1/runs/{n:04}/x" for n in range(1200 if store.url.startswith("s3") else 50)]
    for key in reversed(wanted):
        store.put(key, b"")
    store.put("v1/runs2/x", b"")
    assert list(store.list("v1/runs/")) == wanted
    assert list(store.list("v1/runs")) == wanted
    assert list(store.list("v2/")) == []
    assert len(list(store.list(""))) == len(wanted) + 1


def test_hostile_clusters_stay_in_their_folder(store, tmp_path):
    """Every key of a hostile name is stored under exactly that key, and nothing lies anywhere else."""
    made = [keys.result_key(RUN, cluster(Cloud.AWS, name)) for name in NAMES]
    for number, key in enumerate(made):
        assert store.put_new(key, str(number).encode()), key
    assert [store.get(key) for key in made] == [str(number).encode() for number in range(len(made))]
    assert list(store.list(keys.clusters_prefix(RUN))) == sorted(made)
    assert list(store.list("")) == sorted(made)
    below = tmp_path / "out%20 é"
    files = {path.relative_to(below).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == (set() if store.url.startswith(("s3", "memory")) else set(made))


def test_s3_keys_are_stored_as_they_are_made(s3_server, aws):
    """A percent sign in a key is a percent sign in the bucket: nothing is encoded twice."""
    aws(s3_server)
    key = keys.result_key(RUN, cluster(Cloud.AWS, "../x"))
    open_store("s3://audit/as-made").put(key, b"1")
    client = boto3.client("s3", endpoint_url=s3_server)
    with contextlib.closing(client):
        found = client.list_objects_v2(Bucket="audit", Prefix="as-made/")["Contents"]
    assert [entry["Key"] for entry in found] == [f"as-made/{key}"]


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


class _Refusing(BaseHTTPRequestHandler):
    """Answers every request as `answer` says."""

    answer: tuple[int, str] = (500, "")

    def _refuse(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, code = self.answer
        body = f"<Error><Code>{code}</Code><Message>{SECRET}</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = _refuse  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def refusing(aws: Callable[[str], None]) -> Iterator[type[_Refusing]]:
    """An S3 that refuses everything, the way the test sets."""
    handler = type("Handler", (_Refusing,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        aws(f"http://127.0.0.1:{server.server_port}")
        yield handler
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param((403, "AccessDenied"), "access denied: allow", id="denied"),
        pytest.param(
            (403, "InvalidAccessKeyId"), "the credentials are refused: export AWS_ACCESS_KEY_ID", id="bad-key"
        ),
        pytest.param((400, "ExpiredToken"), "the credentials are refused: export AWS_ACCESS_KEY_ID", id="expired"),
        pytest.param((404, "NoSuchBucket"), "no such bucket: create it", id="no-bucket"),
        pytest.param((301, "PermanentRedirect"), "the bucket is elsewhere: set AWS_REGION", id="region"),
        pytest.param((501, "NotImplemented"), "this store cannot update conditionally: use one", id="no-conditions"),
        pytest.param((500, "InternalError"), "the service failed or is throttling: run again later", id="outage"),
        pytest.param((503, "SlowDown"), "the service failed or is throttling: run again later", id="throttled"),
    ],
)
def test_refusal_is_one_line_with_the_mend(refusing, answer, expected):
    """Whatever S3 answers ends as one line that names the object and the mend and repeats nothing it was sent."""
    refusing.answer = answer
    store = open_store("s3://audit/x")
    calls: list[Callable[[], object]] = [
        lambda: store.put_new("v1/k", b"1"),
        lambda: store.get("v1/k"),
        lambda: list(store.list("v1/k")),
        lambda: store.update_latest("v1/k", b"1", lambda _: True),
    ]
    for call in calls[:1] if answer[0] >= 500 else calls:
        with pytest.raises(StoreError, match=expected) as raised:
            call()
        line = str(raised.value)
        assert line.startswith("s3://audit/x/v1/k: ")
        assert "\n" not in line
        assert SECRET not in line
        assert len(line) < 250


def test_unreachable_endpoint_is_one_line(aws):
    """A closed port is said to be unreachable."""
    aws("http://127.0.0.1:1")
    with pytest.raises(StoreError, match="s3://audit/k: it cannot be reached"):
        open_store("s3://audit").get("k")


def test_missing_credentials_are_one_line(aws, refusing, monkeypatch):
    """Without keys or a role, the line says how to give them."""
    refusing.answer = (404, "")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", os.environ["AWS_ENDPOINT_URL"])
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreError, match="no credentials were found: export AWS_ACCESS_KEY_ID"):
        open_store("s3://audit").put("k", b"")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "az://audit", "az://audit/k: no storage account is named: set AZURE_STORAGE_ACCOUNT_NAME", id="azure"
        ),
        pytest.param("gs://audit", "gs://audit/k: the credentials cannot be used: set GOOGLE_APP", id="google"),
    ],
)
def test_other_clouds_say_what_is_missing(url, expected, monkeypatch, tmp_path):
    """Azure without an account and Google with a broken key file end as one line, before any request."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(StoreError, match=expected):
        open_store(url).put("k", b"")


@pytest.mark.parametrize(
    "url",
    [
        "", "ftp://host/x", "https://bucket.example/x", "s3://", "s3:///x", "s3://ab", "s3://bucket/a/../b", "s3://bucket/a//b",
        "s3:/bucket", "file:x",
        f"s3://key:{SECRET}@bucket/x", f"az://audit/x?sig={SECRET}", f"gs://audit/x#{SECRET}", "file://host/x",
        "out\n", "out\x00",
    ],
)  # fmt: skip
def test_unusable_url_is_refused(url):
    """A URL that names no store, or carries more than a place, is refused on one line that repeats no secret."""
    with pytest.raises(InputError) as raised:
        open_store(url)
    assert SECRET not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("./out", "out/v1/x", id="relative"),
        pytest.param("/srv/out/", "/srv/out/v1/x", id="absolute"),
        pytest.param("file:///srv/out", "/srv/out/v1/x", id="file"),
        pytest.param("s3://audit/pre/", "s3://audit/pre/v1/x", id="s3"),
        pytest.param("gs://audit", "gs://audit/v1/x", id="gcs"),
        pytest.param("az://audit/p/q", "az://audit/p/q/v1/x", id="azure"),
        pytest.param("memory://", "memory:///v1/x", id="memory"),
    ],
)
def test_place_is_described_for_people(url, expected):
    """A path for a folder, a URL for the rest."""
    assert open_store(url).describe("v1/x") == expected


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
