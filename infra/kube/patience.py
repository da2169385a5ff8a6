"""Retries that know when a cluster's time is over, and that nobody may want the answer any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

import urllib3

GLANCE_S = 0.2  # how often somebody who waits looks up
_JITTER_S = 0.5  # so that clusters that were throttled together do not come back together
_THROTTLED = (429, 500, 502, 503, 504)


class RequestError(Exception):
    """A request without an answer: the server cannot be reached, is not who it should be, or took too long.

    `again` says that the same request may well be answered the next time.
    """

    def __init__(self, text: str, *, again: bool = False) -> None:
        super().__init__(text)
        self.again = again


class Deadline:
    """A cluster's time, and who is watching: `alive` is called now and then, and raises what must end the reading.

    Several threads may use one.
    """

    def __init__(self, seconds: float, alive: Callable[[], None]) -> None:
        self._seconds = seconds
        self._alive = alive
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left.

        Raises:
            RequestError: none are.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise RequestError(f"not done within {self._seconds:g} s")
        return left

    def look(self) -> None:
        """Look whether to go on.

        Raises:
            RequestError: the time is over.
            Exception: what `alive` raises.
        """
        self._alive()
        self.left()

    def pause(self, seconds: float) -> None:
        """Wait, looking up all the time; not at all where the time would be over before.

        Raises:
            RequestError: it would be over, or is.
            Exception: what `alive` raises.
        """
        if seconds >= self.left():
            raise RequestError(
                f"throttled: it asks to wait {seconds:.0f} s, longer than what is left of {self._seconds:g} s"
            )
        ends = time.monotonic() + seconds
        while (rest := ends - time.monotonic()) > 0:
            self._alive()
            time.sleep(min(rest, GLANCE_S))
        self.look()


class Patience(urllib3.Retry):
    """urllib3's retries on 429 and 5xx, as the server's Retry-After asks, within a `Deadline`.

    Connections that break are not its business: a second try needs time-outs that fit what time is left then.
    """

    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own
        super().__init__(*args, **kwargs)
        self.deadline = deadline

    @classmethod
    def of(cls, deadline: Deadline, retries: int, longest_s: int) -> Self:
        """`retries` of one request, each after `longest_s` at most."""
        return cls(
            deadline=deadline,
            total=retries,
            connect=0,
            read=0,
            redirect=False,
            other=0,
            status_forcelist=_THROTTLED,
            backoff_factor=0.5,
            backoff_max=10,
            backoff_jitter=_JITTER_S,
            retry_after_max=longest_s,
            raise_on_status=False,
        )

    def new(self, **kwargs: Any) -> Self:  # noqa: ANN401 - urllib3's own
        """What is left after one try."""
        return super().new(deadline=self.deadline, **kwargs)

    def sleep(self, response: Any = None) -> None:  # noqa: ANN401 - urllib3's own
        """Wait for what the server asks for, else for longer each time."""
        asked = self.get_retry_after(response) if response is not None else None
        self.deadline.pause(asked or self.get_backoff_time())
