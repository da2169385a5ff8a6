"""Cutting answers off while they are read: a server that sends a byte now and then never runs into a time-out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import urllib3

from infra.kube.patience import GLANCE_S, Deadline


class Watch:
    """Looks up for those who read an answer, and shuts it down when the time is over or nobody wants it any more.

    So they may read in large pieces, which costs half of what small ones do. The reader finds the answer cut short and
    looks at the deadline for the reason.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._read: set[urllib3.HTTPResponse] = set()
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, response: urllib3.HTTPResponse) -> Iterator[None]:
        """Keep an eye on an answer as long as the block lasts."""
        with self._guard:
            self._read.add(response)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._guard:
                self._read.discard(response)

    def end(self) -> None:
        """Nothing is read any more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(GLANCE_S):
            with self._guard:
                waiting = bool(self._read)
            try:
                if waiting:
                    self._deadline.look()
            except BaseException:  # noqa: BLE001 - the readers look again, and raise it where it belongs
                self._cut()

    def _cut(self) -> None:
        with self._guard:
            for response in self._read:
                with suppress(OSError, RuntimeError, ValueError):  # it has just ended by itself
                    response.shutdown()
