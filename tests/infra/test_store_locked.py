"""Buckets that lock what is put into them: refused without a checksum, with the mend; and what sends one."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from moto.server import ThreadedMotoServer

from infra.store import open_store
from scanner.errors import StoreError


@pytest.fixture
def aws(monkeypatch):
    """Point the S3 store at an endpoint."""
    for name in ("AWS_CHECKSUM_ALGORITHM", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def point(endpoint: str) -> None:
        settings = {"ENDPOINT_URL": endpoint, "REGION": "us-east-1", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "y"}
        for name, value in settings.items():
            monkeypatch.setenv(f"AWS_{name}", value)

    return point


def test_a_locked_bucket_names_the_setting_that_it_needs(aws):
    """A default retention refuses puts without a checksum; the error is one line and says what to set."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        aws(f"http://{host}:{port}")
        with contextlib.closing(boto3.client("s3", endpoint_url=f"http://{host}:{port}")) as client:
            client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
            rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}}
            client.put_object_lock_configuration(
                Bucket="locked", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
            )
        with pytest.raises(
            StoreError, match=r"locked/x/a: the bucket locks objects.* set AWS_CHECKSUM_ALGORITHM=SHA256"
        ):
            open_store("s3://locked/x").put_new("a", b"1")
    finally:
        server.stop()


def test_the_setting_sends_the_checksum_with_every_put(aws, monkeypatch):
    """`x-amz-checksum-sha256`, which is what S3's refusal asks for; create-only and replacing puts alike."""
    seen: list[tuple[str | None, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            seen.append((self.headers.get("x-amz-checksum-sha256"), self.headers.get("if-none-match")))
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        aws(f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_CHECKSUM_ALGORITHM", "SHA256")
        store = open_store("s3://locked/x")
        store.put_new("a", b"1")
        store.put("a", b"1")
        server.shutdown()
        thread.join()
    digest = "a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="
    assert seen == [(digest, "*"), (digest, None)]
