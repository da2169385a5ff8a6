"""Calls to Google's APIs: bounded in time, size and tries, refused in words of our own.

Google's client library asks again on 503 alone and knows no `Retry-After`; its REST transport takes a session, so all calls,
the library's and our own, go through this one.
"""

from __future__ import annotations

import io
import threading
import time
from typing import Any

import requests
import urllib3
from google.api_core.retry import exponential_sleep_generator
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request

from infra.clouds.gke.limits import Limits
from infra.clouds.gke.refusals import CallError, is_object, refusal
from infra.version import VERSION

_CHUNK = 1 << 16
_NO_OBJECT = "Google's answer is not a JSON object: check that the endpoint is Google's"


class Line:
    """What all sessions share: credentials, connections and the sign to stop, which does not concern clusters' tokens."""

    def __init__(self, credentials: Any, limits: Limits) -> None:  # noqa: ANN401 - google-auth types no base here
        self.credentials = credentials
        self.limits = limits
        self.stop = threading.Event()
        self.adapter = requests.adapters.HTTPAdapter(pool_connections=limits.threads, pool_maxsize=limits.threads)

    def session(self) -> Session:
        """A session for one scope, whose time starts now."""
        return Session(self)

    def token_request(self, seconds: float) -> Request:
        """What google-auth renews tokens with; no renewal may take longer than `seconds`."""
        session = requests.Session()
        session.mount("https://", _Timed(self, time.monotonic() + seconds, threading.Event()))
        return Request(session)


class Session(AuthorizedSession):
    """One scope's calls. Every request raises CallError unless the answer is a success."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.ends = time.monotonic() + line.limits.scope_s
        super().__init__(  # type: ignore[no-untyped-call]
            line.credentials, auth_request=line.token_request(line.limits.scope_s)
        )
        self.mount("https://", _Timed(line, self.ends, line.stop))
        self.headers["User-Agent"] = f"ringfence/{VERSION}"

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as the base class
        """Send, and ask again what may pass: the answer, its body read and known to be a JSON object.

        Raises:
            CallError: refused, no answer, not such an answer, too large a one, or out of time.
        """
        limits = self.line.limits
        waits = exponential_sleep_generator(1.0, limits.wait_s)
        attempt = 1
        while True:
            failure = self._failure(args, kwargs)
            if isinstance(failure, requests.Response):
                return failure
            if not failure.passing or attempt >= limits.attempts:
                raise failure
            self._rest(max(next(waits), min(failure.retry_after_s, limits.wait_s)), failure)
            attempt += 1

    def _failure(self, args: Any, kwargs: Any) -> requests.Response | CallError:  # noqa: ANN401 - as `request`
        """One attempt: its answer, or why there is none. No redirect is followed: a token goes to named hosts only."""
        kwargs = kwargs | {"max_allowed_time": None, "allow_redirects": False}
        try:
            answer: requests.Response = super().request(*args, **kwargs)  # type: ignore[no-untyped-call]
        except GoogleAuthError as error:
            return CallError(
                "the credentials cannot be renewed: log in again, or check the key", passing=error.retryable
            )
        except requests.exceptions.RequestException as error:
            return _unanswered(error)
        except (urllib3.exceptions.HTTPError, OSError):
            return CallError("the connection broke off", passing=True)
        if answer.status_code >= 300:
            return refusal(answer)
        return answer if is_object(answer.content) else CallError(_NO_OBJECT)

    def _rest(self, seconds: float, failure: CallError) -> None:
        if time.monotonic() + seconds > self.ends or self.line.stop.wait(seconds):
            raise failure


class _Timed(requests.adapters.BaseAdapter):
    """Sends through the shared connections and reads whole bodies, for a server may send a byte now and then for ever."""

    def __init__(self, line: Line, ends: float, stop: threading.Event) -> None:
        super().__init__()
        self._line, self._ends, self._stop = line, ends, stop

    def send(self, request: requests.PreparedRequest, *_: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        """The answer, its body in memory."""
        limits = self._line.limits
        wait = (limits.connect_s, min(limits.read_s, self._left()))
        response = self._line.adapter.send(request, **(kwargs | {"stream": True, "timeout": wait}))
        try:
            body = self._body(response.raw)
        except BaseException:
            response.close()
            raise
        response.raw.release_conn()
        response.raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)
        return response

    def close(self) -> None:
        """Nothing of its own to close: the connections are shared."""

    def _body(self, raw: Any) -> bytes:  # noqa: ANN401 - requests types it so
        parts: list[bytes] = []
        size = 0
        while part := raw.read1(_CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self._line.limits.body_bytes:
                raise CallError(f"an answer of more than {self._line.limits.body_bytes} bytes")
            self._left()
        return b"".join(parts)

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0 or self._stop.is_set():
            raise CallError("not done in time: try again when Google answers faster")
        return left


def _unanswered(error: requests.exceptions.RequestException) -> CallError:
    """Why there is no answer, without the library's text, which repeats URLs."""
    if isinstance(error, requests.exceptions.ProxyError):
        return CallError("the proxy refuses: check HTTPS_PROXY", passing=True)
    if isinstance(error, requests.exceptions.SSLError):
        return CallError("its TLS certificate cannot be verified: check REQUESTS_CA_BUNDLE and the endpoint's name")
    if isinstance(error, requests.exceptions.Timeout):
        return CallError("no answer in time: check the network path to it", passing=True)
    if isinstance(error, requests.exceptions.ConnectionError):
        return CallError("cannot connect: check the network path to it, and HTTPS_PROXY", passing=True)
    return CallError("the request cannot be sent: check the endpoint and HTTPS_PROXY", passing=False)
