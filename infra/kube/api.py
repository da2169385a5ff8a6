"""One cluster's API over HTTPS: authenticated GETs as bytes, bounded in time, size and retries."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Self
from urllib.parse import urlencode

import urllib3

from infra.kube.access import Access
from infra.text import printable
from infra.version import VERSION
from scanner.errors import ClusterReadError

JSON = "application/json"
_CHUNK = 1 << 16
_CERTIFICATE = "its TLS certificate cannot be verified: check certificate-authority-data and the server's name"
_CAUSES: Mapping[type[BaseException], str] = {  # the first that fits: the narrower class stands first
    urllib3.exceptions.SSLError: _CERTIFICATE,
    urllib3.exceptions.NameResolutionError: "its name does not resolve: check it, or connect to its private network",
    urllib3.exceptions.NewConnectionError: "cannot connect: check that it runs and the network path to it",
    urllib3.exceptions.ConnectTimeoutError: "no answer when connecting: check the network path to it",
    urllib3.exceptions.ProxyError: "the proxy refuses: check proxy-url",
    urllib3.exceptions.TimeoutError: "no answer in time: try again when the control plane is less busy",
    TimeoutError: "no answer in time: try again when the control plane is less busy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of reading one cluster; the page is client-go's, the rest is generous for 60,000 pods."""

    page: int = 500  # objects
    connect_s: float = 5.0
    read_s: float = 60.0  # between two pieces of an answer
    deadline_s: float = 900.0  # for the whole cluster
    retries: int = 4  # of one request, on 429 and 5xx
    retry_after_s: int = 30  # the longest wait that a server may ask for
    body_bytes: int = 256 << 20  # of one answer, unpacked


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: an HTTP status and the whole body, unpacked."""

    status: int
    body: bytes


class RequestError(Exception):
    """A request without an answer: the server cannot be reached, is not who it should be, or took too long."""


class Api:
    """GETs one cluster's API. A context manager: its connections are closed at the end."""

    def __init__(self, access: Access, limits: Limits) -> None:
        from kubernetes.client import ApiClient

        configuration = access.configuration
        configuration.verify_ssl = True
        configuration.retries = urllib3.Retry(
            total=limits.retries,
            connect=1,
            read=1,
            redirect=False,
            other=0,  # a certificate does not get better by asking again
            status_forcelist=(429, 500, 502, 503, 504),
            backoff_factor=0.5,
            backoff_max=10,
            retry_after_max=limits.retry_after_s,
            raise_on_status=False,
        )
        self._ends = time.monotonic() + limits.deadline_s
        self.access = access
        self.limits = limits
        try:
            with warnings.catch_warnings(action="ignore"):  # urllib3's, before the ImportError
                self._client: Any = ApiClient(configuration)
        except (urllib3.exceptions.HTTPError, ValueError, ImportError):  # ImportError: SOCKS needs a package of its own
            raise self.failure(
                "its proxy cannot be used: write proxy-url, or HTTPS_PROXY, as http://host:port"
            ) from None

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._client.rest_client.close()

    def get(self, path: str, query: Mapping[str, str] | None = None, accept: str = JSON) -> Answer:
        """GET a path.

        Raises:
            RequestError: no answer, or not a whole one; its text holds nothing the server sent.
            ClusterReadError: the server does not know us (401), which no other request will change.
        """
        from kubernetes.client.exceptions import ApiException
        from kubernetes.config.config_exception import ConfigException

        headers = {"Accept": accept, "Accept-Encoding": "gzip", "User-Agent": f"ringfence/{VERSION}"}
        url = self.access.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            self._client.update_params_for_auth(headers, [], ["BearerToken"], path, "GET", None)
            answer = self._client.call_api(
                "GET", url, headers, _request_timeout=(min(self.limits.connect_s, self._left()), self._wait())
            )
            body = self._body(answer.response)
        except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
            raise RequestError(_cause(error)) from error
        except (ValueError, HTTPException):  # their texts repeat the header, token and all
            raise RequestError("the request cannot be sent: check server and token in the kubeconfig") from None
        except ConfigException as error:
            raise RequestError("the credentials could not be renewed: log in again") from error
        if answer.status == 401:
            raise self.failure("the server does not accept the credentials (401): log in again or renew the token")
        return Answer(answer.status, body)

    def failure(self, text: str) -> ClusterReadError:
        """An error about the whole cluster: context, server, cause and mend on one line."""
        return ClusterReadError(f"context {printable(self.access.context, 200)} at {self.access.host}: {text}")

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise RequestError(f"not done within {self.limits.deadline_s:g} s")
        return left

    def _wait(self) -> float:
        return min(self.limits.read_s, self._left())

    def _check_size(self, size: int) -> None:
        if size > self.limits.body_bytes:
            raise RequestError(f"an answer of more than {self.limits.body_bytes} bytes")

    def _body(self, response: urllib3.HTTPResponse) -> bytes:
        """The whole body. Piece by piece, for a server that sends a byte now and then never runs into a time-out."""
        parts: list[bytes] = []
        size = 0
        try:
            while part := response.read1(_CHUNK, decode_content=True):
                parts.append(part)
                size += len(part)
                self._check_size(size)
                self._left()
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return b"".join(parts)


def _cause(error: BaseException) -> str:
    """Why a request got no answer, in our own words: the client's repeat URLs and objects."""
    from kubernetes.client.exceptions import ApiException

    if isinstance(error, ApiException):  # the client makes one of an SSL error, and of nothing else here
        return _CERTIFICATE
    inner = getattr(error, "reason", None)
    cause = inner if isinstance(inner, BaseException) else error
    return next(
        (text for kind, text in _CAUSES.items() if isinstance(cause, kind)), "the connection broke off: try again"
    )
