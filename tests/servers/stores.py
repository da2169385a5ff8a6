"""Object stores on this machine, each with the environment that points the product at it and a second client's view of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import obstore
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from obstore.store import AzureStore

from tests.servers.azurite import ACCOUNT, Azurite
from tests.servers.gcs import GcsServer
from tests.servers.tls import ADDRESS

BUCKET = "audit"
VARIABLES = ("AWS_", "GOOGLE_", "AZURE_", "GCE_METADATA")  # that could point elsewhere


@dataclass(frozen=True)
class Place:
    """Where a test may write.

    Past the product, `seen` reads all that is there, by key below the root, `fill` puts empty objects there, and `unfinished`
    counts the uploads that were begun and neither completed nor aborted.
    """

    kind: str
    url: str
    seen: Callable[[], dict[str, bytes]]
    fill: Callable[[Iterable[str]], None]
    unfinished: Callable[[], int]
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0  # of its server

    def through(self, port: int) -> dict[str, str]:
        """The environment, with another port in place of the server's."""
        return {name: value.replace(f":{self.port}", f":{port}") for name, value in self.environment.items()}


class Moto:
    """S3 and IAM by moto, in this process."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address=ADDRESS, port=0, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]
        self.endpoint = f"http://{ADDRESS}:{self.port}"
        with self.client("s3") as s3:
            s3.create_bucket(Bucket=BUCKET)

    def stop(self) -> None:
        """Stop it."""
        self._server.stop()

    def environment(self, key: str = "AKIAIOSFODNN7EXAMPLE", secret: str = "x") -> dict[str, str]:  # noqa: S107
        """Address and keys, as an operator sets them."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
        }

    @contextlib.contextmanager
    def client(self, service: str) -> Iterator[object]:
        """Amazon's own client of it."""
        made = boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",  # noqa: S106
        )
        with contextlib.closing(made):
            yield made

    @contextlib.contextmanager
    def user(self, *actions: str) -> Iterator[dict[str, str]]:
        """Check signatures and permissions, and have a user who may do `actions`; that user's environment."""
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        with self.client("iam") as iam:
            iam.create_user(UserName="reader")
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=policy)
            key = iam.create_access_key(UserName="reader")["AccessKey"]
            self._check_from("0")
            try:
                yield self.environment(key["AccessKeyId"], key["SecretAccessKey"])
            finally:
                self._check_from("inf")
                iam.delete_access_key(UserName="reader", AccessKeyId=key["AccessKeyId"])
                iam.delete_user_policy(UserName="reader", PolicyName="p")
                iam.delete_user(UserName="reader")

    def _check_from(self, count: str) -> None:
        with urlopen(Request(f"{self.endpoint}/moto-api/reset-auth", count.encode(), {"Content-Type": "text/plain"})):  # noqa: S310
            pass

    def seen(self, prefix: str) -> dict[str, bytes]:
        """What is below `prefix`."""
        with self.client("s3") as s3:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}/")
            names = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
            return {
                name.removeprefix(f"{prefix}/"): s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() for name in names
            }

    def unfinished(self) -> int:
        """How many multipart uploads are neither complete nor aborted."""
        with self.client("s3") as s3:
            return len(s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()))


def folder(path: Path) -> Place:
    """A folder that is not there yet. An upload there is a file beside the place, with a number after `#`."""

    def seen() -> dict[str, bytes]:
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}

    def fill(keys: Iterable[str]) -> None:
        for key in keys:
            (path / key).parent.mkdir(parents=True, exist_ok=True)
            (path / key).touch()

    return Place("folder", str(path), seen, fill, lambda: len([*path.rglob("*#[0-9]*")]))


def s3(moto: Moto, prefix: str) -> Place:
    """A prefix in the bucket at moto."""

    def fill(keys: Iterable[str]) -> None:
        backend = s3_backends[ACCOUNT_ID]["aws"]
        for key in keys:
            backend.put_object(BUCKET, f"{prefix}/{key}", b"")

    seen = partial(moto.seen, prefix)
    return Place("s3", f"s3://{BUCKET}/{prefix}", seen, fill, moto.unfinished, moto.environment(), moto.port)


def gcs(google: GcsServer, prefix: str) -> Place:
    """A prefix in the bucket at the stand-in."""

    def seen() -> dict[str, bytes]:
        with google.lock:
            objects = google.buckets[BUCKET].items()
            return {k.removeprefix(f"{prefix}/"): v.data for k, v in objects if k.startswith(f"{prefix}/")}

    def fill(keys: Iterable[str]) -> None:
        for key in keys:
            google.store(BUCKET, f"{prefix}/{key}", b"", None)

    url, unfinished = f"gs://{BUCKET}/{prefix}", lambda: len(google.uploads)
    return Place("gs", url, seen, fill, unfinished, google.environment(), google.port)


def azure(azurite: Azurite, prefix: str) -> Place:
    """A prefix in the container at Azurite, where a blob with uncommitted blocks alone is an unfinished upload."""

    def names(*include: str) -> list[str]:
        with azurite.client() as client:
            container = client.get_container_client(BUCKET)
            return [blob.name for blob in container.list_blobs(name_starts_with=f"{prefix}/", include=list(include))]

    def seen() -> dict[str, bytes]:
        with azurite.client() as client:
            container = client.get_container_client(BUCKET)
            return {name.removeprefix(f"{prefix}/"): container.download_blob(name).readall() for name in names()}

    def fill(keys: Iterable[str]) -> None:
        asyncio.run(fill_all(keys))

    async def fill_all(keys: Iterable[str]) -> None:
        """By a client that costs less per object than Microsoft's."""
        store = AzureStore(
            BUCKET,
            prefix=prefix,
            endpoint=azurite.endpoint,
            account_name=ACCOUNT,
            account_key=azurite.key,
            client_options={"allow_http": True},
        )
        await asyncio.gather(*(obstore.put_async(store, key, b"") for key in keys))

    def unfinished() -> int:
        return len(set(names("uncommittedblobs")) - set(names()))

    return Place("az", f"az://{BUCKET}/{prefix}", seen, fill, unfinished, azurite.environment(), azurite.port)
