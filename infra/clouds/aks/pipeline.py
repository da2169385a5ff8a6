"""How Azure Resource Manager is asked: reads only, never another host, with waits that end when nobody wants the answer.

The SDK's own pipeline is not used: it registers a resource provider (a write) where a subscription lacks it, and follows
redirects and next links to wherever they lead, token and all.
"""

from __future__ import annotations

import random
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    ContentDecodePolicy,
    HeadersPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)

from infra.clouds.aks.identity import Identity
from infra.version import VERSION

RETRIES = 6
BACKOFF_S = 30
TIMEOUTS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 30}  # seconds, of each request
EXPIRED = "ExpiredAuthenticationToken"


class StoppedError(Exception):
    """Nobody wants the answer any more."""


class AnswerError(AzureError):
    """An answer that is none of Resource Manager's; its text is ours."""


class Errand:
    """What a client is used for: until when, and whether anybody still wants it done."""

    def __init__(self, seconds: float, stop: threading.Event | None = None) -> None:
        self.seconds = seconds
        self.stop = stop or threading.Event()
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the deadline, negative after it."""
        return self._ends - time.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait, also for no time at all.

        Raises:
            StoppedError: nobody wants the answer any more.
        """
        if self.stop.wait(max(seconds, 0)):
            raise StoppedError


def policies(identity: Identity, audience: str, home: str, errand: Errand, *, lists: bool = True) -> list[Any]:
    """The pipeline of one client, outermost first. `home` is Resource Manager's URL, `audience` the tokens' scope.

    `lists` says that every GET lists something: then no other answer is taken.
    """
    return [
        _Guard(home, errand, lists=lists),
        RequestIdPolicy(),
        HeadersPolicy(),
        UserAgentPolicy(base_user_agent=f"ringfence/{VERSION}", user_agent_use_env=False),
        ProxyPolicy(),
        ContentDecodePolicy(),
        _Retry(errand),
        _Authentication(identity, audience),
    ]


def error_code(response: Any) -> str:  # noqa: ANN401 - azure.core's response, of either generation
    """The code of an ARM error, "" where the body holds none."""
    try:
        body = response.json()
    except (AzureError, ValueError, RecursionError):
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


class _Guard(SansIOHTTPPolicy[Any, Any]):
    """Keeps requests at home, and takes no answer for a list that is none: the SDK reads `{}` as an empty one."""

    def __init__(self, home: str, errand: Errand, *, lists: bool) -> None:
        self._home = _origin(home)
        self._errand = errand
        self._lists = lists

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Refuse what leads elsewhere."""
        self._errand.wait(0)
        if _origin(request.http_request.url) != self._home:
            raise AnswerError("its answer leads to another host (nextLink), which is not followed")

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Refuse a page that is not one."""
        if not self._lists or request.http_request.method != "GET" or response.http_response.status_code != 200:
            return
        try:
            page = response.http_response.json()
        except (ValueError, RecursionError) as error:
            raise AnswerError("its answer is not JSON") from error
        members = page.get("value") if isinstance(page, dict) else None
        if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
            raise AnswerError("its answer is no list of resources")
        if not isinstance(page.get("nextLink"), str | None):
            raise AnswerError("its answer has a nextLink that is no text")


class _Retry(RetryPolicy[Any, Any]):
    """azure.core's, within the errand's time, with jitter; a wait ends at once when the errand is stopped."""

    def __init__(self, errand: Errand) -> None:
        super().__init__(
            retry_total=RETRIES, retry_status=RETRIES, retry_connect=2, retry_read=2, retry_backoff_max=BACKOFF_S
        )
        self._errand = errand

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """As the base class, with what is left of the errand's time."""
        return super().configure_retries(options) | {"timeout": self._errand.left}

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:  # noqa: ANN401 - PipelineResponse
        """Not where the wait that is asked for would outlast the errand."""
        return bool(super().is_retry(settings, response)) and (self.get_retry_after(response) or 0) < self._errand.left

    def get_retry_after(self, response: Any) -> float | None:  # noqa: ANN401 - PipelineResponse
        """Seconds; None where the header says nothing that can be understood."""
        try:
            return super().get_retry_after(response)
        except (AttributeError, IndexError, OverflowError, TypeError, ValueError):
            return None

    def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:  # noqa: ANN401, ARG002
        """Wait as long as the server asks, else with jitter, for many subscriptions are throttled together."""
        asked = self.get_retry_after(response) if response else None
        spread = 0.5 + random.random() / 2  # noqa: S311 - no secret
        self._errand.wait(min(asked or self.get_backoff_time(settings) * spread, self._errand.left))


class _Authentication(BearerTokenCredentialPolicy[Any, Any]):
    """Asks again, once, with a new token where the old one was refused as expired (ARM, 401)."""

    def __init__(self, identity: Identity, audience: str) -> None:
        super().__init__(identity, audience)
        self._identity = identity

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send with a token, and once more where it was refused as expired."""
        response = super().send(request)
        if response.http_response.status_code == 401 and error_code(response.http_response) == EXPIRED:
            self._identity.renew(request.http_request.headers.get("Authorization", "").removeprefix("Bearer "))
            response = super().send(request)
        return response


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; a URL that cannot be read is nobody's."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        return "", "", 0
    return parts.scheme, parts.hostname or "", port
