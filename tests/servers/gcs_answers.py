"""What the stand-in for Google Cloud Storage answers; `tests.servers.gcs` says after which pages, and what is not checked."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from google.auth import exceptions, jwt

from tests.servers.tls import Handler

if TYPE_CHECKING:
    from tests.servers.gcs import GcsServer, Upload

ACCOUNT = "ringfence@security-1.iam.gserviceaccount.com"
_LEAST_PART = 5 << 20  # of every part but the last: https://cloud.google.com/storage/quotas#requests
_METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"


@dataclass(frozen=True)
class Stored:
    """One live object."""

    data: bytes
    generation: int
    time: float

    @property
    def etag(self) -> str:
        """Quoted, as the XML API gives it."""
        return f'"{hashlib.md5(self.data, usedforsecurity=False).hexdigest()}"'


class RefusedError(Exception):
    """An answer that is an error: status, code, message."""


class GcsHandler(Handler):
    """Answers each request of the server it is a part of."""

    google: GcsServer

    do_PUT = do_HEAD = do_DELETE = Handler.do_GET  # noqa: N815 - the library's names

    def answer(self) -> None:
        """Read the request whole, then do what it asks, or refuse it."""
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the client has gone: nothing of this is kept
            self.close_connection = True
            return
        try:
            self._ask(body)
        except RefusedError as refusal:
            status, code, message = refusal.args
            text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            self._reply(status, text.encode(), {"Content-Type": "application/xml; charset=UTF-8"})

    def _ask(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        if parts.path == _METADATA:
            self._give_token()
            return
        self._check_token()
        bucket, _, key = unquote(parts.path.removeprefix("/")).partition("/")
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if bucket not in self.google.buckets:
            raise RefusedError(404, "NoSuchBucket", "The specified bucket does not exist.")
        if self.command in {"PUT", "POST", "DELETE"} and bucket in self.google.read_only:
            raise RefusedError(
                403, "AccessDenied", f"{ACCOUNT} does not have storage.objects.create access to {bucket}/{key}."
            )
        if not key:
            self._list(bucket, query)
        elif self.command == "POST" or "uploadId" in query:
            self._multipart(bucket, key, query, body)
        elif self.command == "PUT":
            self._put(bucket, key, body)
        else:
            self._get_or_delete(bucket, key)

    def _give_token(self) -> None:
        if self.headers.get("Metadata-Flavor") != "Google":
            raise RefusedError(403, "Forbidden", "Missing Metadata-Flavor:Google header.")
        token = f"ya29.{len(self.google.tokens)}"
        self.google.tokens.add(token)
        answer = {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}
        self._reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _check_token(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in self.google.tokens:
            return
        try:
            claims = jwt.decode(token, certs={"1": self.google.public}, verify=False) if token else {}
            jwt.decode(token, certs={"1": self.google.public}, clock_skew_in_seconds=300)
        except (ValueError, exceptions.GoogleAuthError) as error:
            if "expired" not in str(error) and "early" not in str(error):
                raise RefusedError(401, "AuthenticationRequired", "Invalid Credentials") from error
        now = self.google.now()
        if not claims["iat"] - 300 <= now <= claims["exp"] + 300 or claims["iss"] != ACCOUNT:
            raise RefusedError(401, "AuthenticationRequired", "Invalid Credentials")

    def _put(self, bucket: str, key: str, body: bytes) -> None:
        made = self.google.store(bucket, key, body, self.headers.get("x-goog-if-generation-match"))
        if made is None:
            raise RefusedError(
                412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."
            )
        self._reply(200, b"", _about(made))

    def _get_or_delete(self, bucket: str, key: str) -> None:
        with self.google.lock:
            found = self.google.buckets[bucket].get(key)
            if found is None:
                raise RefusedError(404, "NoSuchKey", "The specified key does not exist.")
            if self.command == "DELETE":
                del self.google.buckets[bucket][key]
                self._reply(204, b"", {})
                return
        if self.headers.get("If-Match", found.etag) != found.etag:
            raise RefusedError(
                412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."
            )
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is None:
            self._reply(200, found.data, _about(found))
            return
        first, last = int(wanted[1]), min(int(wanted[2] or len(found.data)), len(found.data) - 1)
        place = {"Content-Range": f"bytes {first}-{last}/{len(found.data)}"}
        self._reply(206, found.data[first : last + 1], _about(found) | place)

    def _multipart(self, bucket: str, key: str, query: dict[str, str], body: bytes) -> None:
        if "uploads" in query:
            name = self.google.begin(bucket, key)
            names = f"<Bucket>{bucket}</Bucket><Key>{escape(key)}</Key><UploadId>{name}</UploadId>"
            self._reply(200, f"<InitiateMultipartUploadResult>{names}</InitiateMultipartUploadResult>".encode(), {})
            return
        upload = self.google.uploads.get(query["uploadId"])
        if upload is None or (upload.bucket, upload.key) != (bucket, key):
            raise RefusedError(404, "NoSuchUpload", "The requested upload was not found.")
        if self.command == "DELETE":
            del self.google.uploads[query["uploadId"]]
            self._reply(204, b"", {})
        elif self.command == "PUT":
            upload.parts[int(query["partNumber"])] = body
            self._reply(200, b"", {"ETag": Stored(body, 0, 0).etag})
        else:
            made = self._complete(query["uploadId"], upload, body)
            text = f"<CompleteMultipartUploadResult><ETag>{escape(made.etag)}</ETag></CompleteMultipartUploadResult>"
            self._reply(200, text.encode(), {"x-goog-generation": str(made.generation)})

    def _complete(self, name: str, upload: Upload, body: bytes) -> Stored:
        wanted = [
            (int(part.findtext("PartNumber", "0")), part.findtext("ETag", ""))
            for part in ET.fromstring(body)  # noqa: S314 - from the client that is tested
        ]
        pieces = [upload.parts.get(number) for number, _ in wanted]
        if wanted != sorted(wanted) or not wanted:
            raise RefusedError(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        if any(
            piece is None or Stored(piece, 0, 0).etag != etag for piece, (_, etag) in zip(pieces, wanted, strict=True)
        ):
            raise RefusedError(400, "InvalidPart", "One or more of the specified parts could not be found.")
        whole = [piece for piece in pieces if piece is not None]
        if any(len(piece) < _LEAST_PART for piece in whole[:-1]):
            raise RefusedError(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum object size.")
        del self.google.uploads[name]
        made = self.google.store(upload.bucket, upload.key, b"".join(whole), None)
        assert made is not None
        return made

    def _list(self, bucket: str, query: dict[str, str]) -> None:
        """A page of objects, and of what their names have in common up to the delimiter; each of these once, in order."""
        assert query.get("list-type") == "2", query
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token", query.get("start-after", ""))
        with self.google.lock:
            objects = dict(self.google.buckets[bucket])
        names = {_common(name, prefix, delimiter) for name in objects if name.startswith(prefix)}
        left = sorted(name for name in names if name > after)
        page = left[: self.google.page]
        entries = "".join(
            f"<Contents><Key>{escape(name)}</Key><Generation>{objects[name].generation}</Generation>"
            f"<LastModified>{time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(objects[name].time))}</LastModified>"
            f"<ETag>{escape(objects[name].etag)}</ETag><Size>{len(objects[name].data)}</Size></Contents>"
            if name in objects and not (delimiter and name.endswith(delimiter))
            else f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
            for name in page
        )
        more = len(left) > len(page)
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        head = f"<Name>{bucket}</Name><IsTruncated>{str(more).lower()}</IsTruncated>{token}"
        self._reply(200, f"<ListBucketResult>{head}{entries}</ListBucketResult>".encode(), {})

    def _reply(self, status: int, body: bytes, headers: dict[str, Any]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _about(made: Stored) -> dict[str, str]:
    return {
        "ETag": made.etag,
        "Last-Modified": formatdate(made.time, usegmt=True),
        "x-goog-generation": str(made.generation),
        "x-goog-metageneration": "1",
        "x-goog-stored-content-length": str(len(made.data)),
    }


def _common(name: str, prefix: str, delimiter: str) -> str:
    """The name, or its beginning up to the first delimiter after the prefix, with it."""
    at = name.find(delimiter, len(prefix)) if delimiter else -1
    return name if at < 0 else name[: at + len(delimiter)]
