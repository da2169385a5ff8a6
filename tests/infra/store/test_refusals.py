"""What a store refuses ends as one line with the mend: the answers of a scripted S3, and what is missing in the environment."""

from __future__ import annotations

import os
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer

import pytest

import infra.store as store_module
from infra.store import open_store
from infra.store.port import PART
from scanner.errors import StoreError
from tests.servers.tls import ADDRESS, Handler

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"  # noqa: S105 - the vendor's published example


class _Scripted(Handler):
    """Answers the first requests as `answers` says, the others as a store that has taken, or holds, an empty object."""

    answers: list[tuple[int, str]]
    asked: list[str]

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append(self.command)
        status, code = self.answers.pop(0) if self.answers else (200, "")
        body = f"<Error><Code>{code}</Code><Message>{SECRET}</Message></Error>".encode() if code else b""
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Fri, 27 Nov 2026 00:00:00 GMT")
        self.send_header("x-goog-generation", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_DELETE = Handler.do_GET  # noqa: N815 - the library's names


@pytest.fixture
def scripted(setenv) -> Iterator[type[_Scripted]]:
    """One server that is S3, Google and Azure, and answers as the test sets."""
    handler = type("_Handler", (_Scripted,), {"answers": [], "asked": []})
    with ThreadingHTTPServer((ADDRESS, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        url = f"http://{ADDRESS}:{server.server_port}"
        setenv(
            {
                "AWS_ENDPOINT_URL": url,
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": SECRET,
                "GOOGLE_BASE_URL": url,
                "GOOGLE_BEARER_TOKEN": SECRET,
                "AZURE_STORAGE_ENDPOINT": url,
                "AZURE_STORAGE_ACCOUNT_NAME": "ringfence",
                "AZURE_STORAGE_ACCOUNT_KEY": b64encode(SECRET.encode()).decode(),
            }
        )
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
        pytest.param((400, "ExpiredToken"), "the credentials have expired: export AWS_ACCESS_KEY_ID", id="expired"),
        pytest.param((403, "RequestTimeTooSkewed"), "this machine's clock is wrong: set it", id="clock"),
        pytest.param((400, "RequestTimeout"), "it did not answer in time: check the network", id="stalled"),
        pytest.param((404, "NoSuchBucket"), "no such bucket: create it", id="no-bucket"),
        pytest.param((301, "PermanentRedirect"), "the bucket is elsewhere: set AWS_REGION", id="region"),
        pytest.param((501, "NotImplemented"), "this store cannot update conditionally: use one", id="no-conditions"),
        pytest.param((500, "InternalError"), "the service failed or is throttling: run again later", id="outage"),
        pytest.param((503, "SlowDown"), "the service failed or is throttling: run again later", id="throttled"),
    ],
)
def test_refusal_is_one_line_with_the_mend(scripted, answer, expected, monkeypatch):
    """Whatever S3 answers ends as one line that names the object and the mend and repeats nothing it was sent."""
    monkeypatch.setitem(store_module._RETRY, "max_retries", 1)
    store = open_store("s3://audit/x")
    calls: list[Callable[[], object]] = [
        lambda: store.put_new("v1/k", b"1"),
        lambda: store.put("v1/k", b"1"),
        lambda: store.put_stream("v1/k", (b"1" * PART, b"2")),
        lambda: store.get("v1/k"),
        lambda: list(store.list("v1/k")),
        lambda: store.update_latest("v1/k", b"1", lambda _: True),
    ]
    for call in calls:
        scripted.answers[:] = [answer] * 100
        with pytest.raises(StoreError, match=expected) as raised:
            call()
        line = str(raised.value)
        assert line.startswith("s3://audit/x/v1/k: ")
        assert "\n" not in line
        assert SECRET not in line
        assert len(line) < 250


@pytest.mark.parametrize("answer", [(503, "SlowDown"), (500, "InternalError"), (429, "TooManyRequests")])
@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_throttled_request_is_sent_again(scripted, scheme, answer):
    """A store that is busy for a moment is asked again, for everything it is asked."""
    store = open_store(f"{scheme}://audit/x")
    for call, requests in (
        (lambda: store.put_new("k", b""), 3),
        (lambda: store.put("k", b""), 3),
        (lambda: store.get("k"), 3),
        (lambda: store.update_latest("k", b"", lambda _: True), 4),
    ):
        scripted.answers[:] = [answer] * 2
        scripted.asked.clear()
        assert call() in {True, None, b""}
        assert len(scripted.asked) == requests


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "OperationAborted"])
def test_conflict_that_says_nothing_of_the_object_is_asked_again(scripted, code):
    """S3's "another request on this key is under way" is neither "it exists" nor "it is written"."""
    store = open_store("s3://audit/x")
    for call in (lambda: store.put_new("k", b""), lambda: store.put("k", b"") is None):
        scripted.answers[:] = [(409, code)] * 2
        scripted.asked.clear()
        assert call() is True
        assert len(scripted.asked) == 3


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param((409, "BlobImmutableDueToPolicy"), "the object is locked there: lift", id="immutable"),
        pytest.param((412, "LeaseIdMissing"), "the object is locked there: lift", id="leased"),
        pytest.param((409, "ContainerBeingDeleted"), "another operation on it is under way: run again", id="going"),
    ],
)
def test_refused_replacement_is_never_taken_for_done(scripted, answer, expected):
    """A put without a condition that is answered 409 or 412 has stored nothing, and says so."""
    store = open_store("az://audit/x")
    scripted.answers[:] = [answer]
    with pytest.raises(StoreError, match=f"az://audit/x/k: {expected}"):
        store.put("k", b"")


def test_created_elsewhere_is_not_taken_from_any_conflict(scripted):
    """Of Azure's 409s only BlobAlreadyExists means that there is such an object."""
    store = open_store("az://audit/x")
    scripted.answers[:] = [(409, "BlobAlreadyExists")]
    assert store.put_new("k", b"") is False
    scripted.answers[:] = [(409, "ContainerBeingDeleted")]
    with pytest.raises(StoreError, match="another operation on it is under way"):
        store.put_new("k", b"")


def test_pointer_that_was_deleted_in_between_is_asked_for_again(scripted):
    """S3 answers 404 where the object of a condition has gone: the next attempt finds none and creates it."""
    scripted.answers[:] = [(200, ""), (404, "NoSuchKey"), (404, "NoSuchKey"), (200, "")]
    assert open_store("s3://audit/x").update_latest("k", b"1", lambda _: True) is True
    assert scripted.asked == ["GET", "PUT", "GET", "PUT"]


def test_a_name_is_not_taken_for_an_error(scripted):
    """A cluster called like an error code does not change what is said."""
    store = open_store("s3://audit/NoSuchBucket")
    scripted.answers[:] = [(404, "NoSuchKey")]
    with pytest.raises(StoreError, match="no such object: check the run"):
        store.get("SlowDown/ExpiredToken/OperationAborted")
    scripted.answers[:] = [(403, "AccessDenied")]
    with pytest.raises(StoreError, match="access denied: allow"):
        store.put_new("SlowDown/ExpiredToken/OperationAborted", b"")


def test_unreachable_endpoint_is_one_line(setenv):
    """A closed port and a name that nobody knows are said to be unreachable."""
    for endpoint in ("http://127.0.0.1:1", "http://no-such-host.invalid"):
        setenv({"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": SECRET})
        with pytest.raises(StoreError, match="s3://audit/k: it cannot be reached"):
            open_store("s3://audit").get("k")


def test_missing_credentials_are_one_line(scripted, monkeypatch):
    """Without keys or a role, the line says how to give them."""
    scripted.answers[:] = [(404, "")] * 20
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
