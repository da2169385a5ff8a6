"""Why Google refused a call: the few fields that decide what it means. Its messages are not repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import requests
from urllib3 import Retry
from urllib3.exceptions import InvalidHeader

_PASSING = frozenset({429, 500, 502, 503, 504})
_THROTTLED = frozenset({"RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "rateLimitExceeded", "userRateLimitExceeded"})
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:/_-]{0,120}\Z")


class CallError(Exception):
    """A call without a usable answer. `str()` is one line in our own words.

    `status` is HTTP's, 0 where nobody answered; `reason` is ErrorInfo's (or the older `errors[].reason`); `consumer` is the
    project Google counted the call for ("projects/N"), `service` and `permission` what it asked for; each "" where not said.
    """

    def __init__(
        self,
        text: str,
        *,
        status: int = 0,
        reason: str = "",
        permission: str = "",
        consumer: str = "",
        service: str = "",
        passing: bool = False,
        retry_after_s: float = 0.0,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.permission = permission
        self.consumer = consumer
        self.service = service
        self.passing = passing
        self.retry_after_s = retry_after_s

    @property
    def throttled(self) -> bool:
        """Whether too much was asked, by us or by others of the same project."""
        return self.status == 429 or self.reason in _THROTTLED


def refusal(response: requests.Response) -> CallError:
    """What an answer that is no success says; hostile ones included."""
    status = response.status_code
    error = _error(response.content)
    info = next(_infos(error), {})
    metadata = info.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    reason = (
        _matching(_WORD, info.get("reason")) or next(_old_reasons(error), "") or _matching(_WORD, error.get("status"))
    )
    throttled = status == 429 or (status == 403 and reason in _THROTTLED)
    return CallError(
        f"throttled ({status})" if throttled else f"refused with {status}" + (f" {reason}" if reason else ""),
        status=status,
        reason=reason,
        permission=_matching(_NAME, metadata.get("permission")),
        consumer=_matching(_NAME, metadata.get("consumer")),
        service=_matching(_NAME, metadata.get("service")),
        passing=throttled or status in _PASSING,
        retry_after_s=_retry_after(response.headers.get("Retry-After")),
    )


def is_object(body: bytes) -> bool:
    """Whether an answer is one whole JSON object."""
    try:
        return isinstance(msgspec.json.decode(body), dict)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return False


def _error(body: bytes) -> Mapping[str, Any]:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return {}
    answer = answer[0] if isinstance(answer, list) and answer else answer  # how streaming methods answer
    error = answer.get("error") if isinstance(answer, Mapping) else None
    return error if isinstance(error, Mapping) else {}


def _infos(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, Mapping) and detail.get("@type") == _ERROR_INFO:
            yield detail


def _old_reasons(error: Mapping[str, Any]) -> Iterator[str]:
    errors = error.get("errors")
    for entry in errors if isinstance(errors, list) else ():
        if isinstance(entry, Mapping) and (reason := _matching(_WORD, entry.get("reason"))):
            yield reason


def _matching(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.match(value) else ""


def _retry_after(header: str | None) -> float:
    """Seconds, from a number or a date."""
    if not header:
        return 0.0
    try:
        return max(0.0, Retry().parse_retry_after(header))
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0
