"""Many places looked in at once: results come as they are found, by a bounded number of threads, until nobody wants them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from infra.clouds.aks.pipeline import StoppedError

_WAITING = 64  # results that nobody has taken yet
_POLL_S = 0.1
_LEAVE_S = 2.0  # for workers to leave after a stop; one that hangs in a read ends with its time-out

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Left:
    """A worker is done; with the error that ended it, where that is a bug."""

    error: BaseException | None = None


def spread(
    jobs: Iterable[Job], work: Callable[[Job], Iterator[Result]], stop: threading.Event, workers: int
) -> Iterator[Result]:
    """The results of all jobs in order of arrival. Closing it sets `stop`, which `work` has to heed."""
    crew = _Crew(list(jobs), work, stop)
    count = min(workers, crew.jobs.qsize())
    threads = [threading.Thread(target=crew.labour, daemon=True, name=f"aks-{index}") for index in range(count)]
    try:
        for thread in threads:
            thread.start()
        left = 0
        while left < len(threads):
            result = crew.results.get()
            if isinstance(result, _Left):
                left += 1
                if result.error is not None:
                    raise result.error
            else:
                yield result
    finally:
        stop.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join(_LEAVE_S)


class _Crew(Generic[Job, Result]):
    def __init__(self, jobs: list[Job], work: Callable[[Job], Iterator[Result]], stop: threading.Event) -> None:
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in jobs:
            self.jobs.put(job)
        self.results: queue.Queue[Result | _Left] = queue.Queue(_WAITING)
        self._work = work
        self._stop = stop

    def labour(self) -> None:
        """Do jobs until there are none."""
        left = _Left()
        try:
            while not self._stop.is_set():
                for result in self._work(self.jobs.get_nowait()):
                    self._hand_over(result)
        except (queue.Empty, StoppedError):
            pass
        except BaseException as error:  # noqa: BLE001 - a bug: it belongs to whoever takes the results
            left = _Left(error)
        try:
            self._hand_over(left)
        except StoppedError:
            return

    def _hand_over(self, result: Result | _Left) -> None:
        while not self._stop.is_set():
            try:
                self.results.put(result, timeout=_POLL_S)
            except queue.Full:
                continue
            return
        raise StoppedError
