"""One cluster's API over HTTPS: authenticated GETs as bytes, bounded in time, size and retries."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Self
from urllib.parse import urlencode

import urllib3
from isal import isal_zlib

from infra.kube.access import Access
from infra.kube.patience import Deadline, Patience, RequestError
from infra.kube.watch import Watch
from infra.text import printable
from infra.version import VERSION
from scanner.errors import ClusterReadError, RingfenceError

JSON = "application/json"
_READ = 1 << 17
_UNPACKED = 1 << 16  # such pieces come from memory that the process has; larger ones are fetched anew each time
_GZIP = 16 + isal_zlib.MAX_WBITS  # zlib's word for its own format in gzip's clothes
_CERTIFICATE = "its TLS certificate cannot be verified: check certificate-authority-data and the server's name"
_LATE = "no answer in time: try again when the control plane is less busy"
# The first that fits: the narrower class stands first. And whether the same request may be answered the next time.
_CAUSES: Mapping[type[BaseException], tuple[str, bool]] = {
    urllib3.exceptions.SSLError: (_CERTIFICATE, False),  # does not get better by asking again
    urllib3.exceptions.NameResolutionError: (
        "its name does not resolve: check it, or connect to its private network",
        False,
    ),
    urllib3.exceptions.NewConnectionError: ("cannot connect: check that it runs and the network path to it", True),
    urllib3.exceptions.ConnectTimeoutError: ("no answer when connecting: check the network path to it", False),
    urllib3.exceptions.ProxyError: ("the proxy refuses: check proxy-url", False),
    urllib3.exceptions.TimeoutError: (_LATE, True),
    TimeoutError: (_LATE, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of reading one cluster; the page is client-go's, the rest is generous for 60,000 pods."""

    page: int = 500  # objects
    lists: int = 2  # at once; what a control plane spends on them is shared with everybody else
    connect_s: float = 5.0
    read_s: float = 60.0  # between two pieces of an answer
    deadline_s: float = 900.0  # for the whole cluster
    retries: int = 4  # of one request, on 429 and 5xx; with any, one more where the connection breaks
    retry_after_s: int = 30  # the longest wait that a server may ask for
    body_bytes: int = 256 << 20  # of one answer, unpacked


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: an HTTP status and the whole body, unpacked."""

    status: int
    body: bytes | bytearray


class Api:
    """GETs one cluster's API, from several threads if need be. A context manager: its connections are closed at the end.

    `alive` is called now and then while an answer is waited for or read; what it raises ends the reading.
    """

    def __init__(self, access: Access, limits: Limits, alive: Callable[[], None] = lambda: None) -> None:
        self.access = access
        self.limits = limits
        self.deadline = Deadline(limits.deadline_s, alive)
        self._watch = Watch(self.deadline)
        self._renewing = threading.Lock()
        self._renewals = 0
        self._client = self._connect()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._watch.end()
        self._client.rest_client.close()

    def get(self, path: str, query: Mapping[str, str] | None = None, accept: str = JSON) -> Answer:
        """GET a path. Credentials that the server refuses are renewed once for the whole cluster.

        Raises:
            RequestError: no answer, or not a whole one; its text holds nothing the server sent.
            ClusterReadError: the server does not know us (401), which no other request will change.
        """
        target = path + (f"?{urlencode(query)}" if query else "")
        renewals = self._renewals
        answer = self._ask(target, accept)
        if answer.status == 401:
            self._renew(renewals)
            answer = self._ask(target, accept)
            if answer.status == 401:
                raise self._refused()
        return answer

    def failure(self, text: str) -> ClusterReadError:
        """An error about the whole cluster: context, server, cause and mend on one line."""
        return ClusterReadError(f"context {printable(self.access.context, 200)} at {self.access.host}: {text}")

    def _connect(self) -> Any:  # noqa: ANN401 - the official client, which has no types
        from kubernetes.client import ApiClient

        configuration = self.access.configuration
        configuration.verify_ssl = True
        configuration.retries = Patience.of(self.deadline, self.limits.retries, self.limits.retry_after_s)
        try:
            with warnings.catch_warnings(action="ignore"):  # urllib3's, before the ImportError
                return ApiClient(configuration)
        except (urllib3.exceptions.HTTPError, ValueError, ImportError):  # ImportError: SOCKS needs a package of its own
            raise self.failure(
                "its proxy cannot be used: write proxy-url, or HTTPS_PROXY, as http://host:port"
            ) from None

    def _renew(self, renewals: int) -> None:
        """Renew the credentials, unless that was done since a request began that counted `renewals`."""
        with self._renewing:
            if self._renewals != renewals:
                return
            if self._renewals or self.access.renew is None:
                raise self._refused()
            try:
                self.access.renew()
            except RingfenceError as error:
                raise self.failure(
                    f"the server does not accept the credentials (401), and new ones are not to be had: {error}"
                ) from None
            self._renewals += 1
            self._client.rest_client.close()
            self._client = self._connect()  # a client certificate belongs to the connections

    def _refused(self) -> ClusterReadError:
        also = ", nor those that were just renewed" if self._renewals else ""
        return self.failure(
            f"the server does not accept the credentials (401){also}: log in again or renew the token, and check that they"
            " are meant for this cluster"
        )

    def _ask(self, target: str, accept: str) -> Answer:
        """One request; where the connection breaks, a second one."""
        try:
            return self._try(target, accept)
        except RequestError as error:
            if not error.again or not self.limits.retries:
                raise
        return self._try(target, accept)

    def _try(self, target: str, accept: str) -> Answer:
        from kubernetes.client.exceptions import ApiException
        from kubernetes.config.config_exception import ConfigException

        self.deadline.look()
        headers = {"Accept": accept, "Accept-Encoding": "gzip", "User-Agent": f"ringfence/{VERSION}"}
        url = self.access.configuration.host + target
        client, left = self._client, self.deadline.left()
        try:
            client.update_params_for_auth(headers, [], ["BearerToken"], target, "GET", None)
            waits = (min(self.limits.connect_s, left), min(self.limits.read_s, left))
            answer = client.call_api("GET", url, headers, _request_timeout=waits)
            return Answer(answer.status, self._body(answer.response))
        except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
            self.deadline.look()  # it may be why this broke off
            raise _broken(error) from error
        except (ValueError, HTTPException):  # their texts repeat the header, token and all
            raise RequestError("the request cannot be sent: check server and token in the kubeconfig") from None
        except ConfigException as error:
            raise RequestError("the credentials could not be renewed: log in again") from error
        except RingfenceError as error:  # of the hook that renews them
            raise self.failure(f"the credentials could not be renewed: {error}") from None

    def _body(self, response: urllib3.HTTPResponse) -> bytearray:
        """The whole body, unpacked."""
        body = bytearray()
        add = self._unpacker(response, body)
        try:
            with self._watch.over(response):
                while part := response.read(_READ, decode_content=False):
                    add(part)
                    self._check_size(len(body))
                add(b"")
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return body

    def _check_size(self, size: int) -> None:
        if size > self.limits.body_bytes:
            raise RequestError(f"an answer of more than {self.limits.body_bytes} bytes")

    def _unpacker(self, response: urllib3.HTTPResponse, body: bytearray) -> Callable[[bytes], None]:
        """What adds a piece of the answer to `body`, unpacked; nothing (b"") says that it was the last one."""
        packing = response.headers.get("Content-Encoding", "identity").strip().lower()
        if packing == "identity":
            return body.extend
        if packing != "gzip":
            raise RequestError("an answer packed in a way that was not asked for: check what stands between")
        unpacker = isal_zlib.decompressobj(wbits=_GZIP)  # half of what zlib takes, which is most of reading a cluster

        def add(part: bytes) -> None:
            if not part and not unpacker.eof:
                raise RequestError("the connection broke off: try again", again=True)
            try:
                while part and len(body) <= self.limits.body_bytes:
                    body.extend(unpacker.decompress(part, _UNPACKED))
                    part = unpacker.unconsumed_tail
            except isal_zlib.error:  # type: ignore[misc]  # its stubs call the class an instance
                raise RequestError("an answer that cannot be unpacked: try again", again=True) from None

        return add


def _broken(error: BaseException) -> RequestError:
    """Why a request got no answer, in our own words: the client's repeat URLs and objects."""
    from kubernetes.client.exceptions import ApiException

    if isinstance(error, ApiException):  # the client makes one of an SSL error, and of nothing else here
        return RequestError(_CERTIFICATE)
    inner = getattr(error, "reason", None)
    cause = inner if isinstance(inner, BaseException) else error
    for kind, (text, again) in _CAUSES.items():
        if isinstance(cause, kind):
            return RequestError(text, again=again)
    return RequestError("the connection broke off: try again", again=True)
