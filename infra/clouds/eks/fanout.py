"""Many small tasks on a few threads, their results as they come; a task may give more tasks."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeAlias, TypeVar

Result = TypeVar("Result")
Emit: TypeAlias = "Callable[[Result], None]"
Task: TypeAlias = "Callable[[Emit[Result]], Iterable[Task[Result]]]"

_POLL_S = 0.05  # how long a full queue is waited for before looking whether anybody still reads


class FanOut(Generic[Result]):
    """Runs tasks on `workers` daemon threads, the newest first.

    Newest first finishes an account before the next is begun: what is found comes early, and little waits in memory. Daemon
    threads, so a call that hangs does not keep a program alive whose user has given up.
    """

    def __init__(self, tasks: Iterable[Task[Result]], workers: int, stopped: threading.Event) -> None:
        self._stopped = stopped  # set when nobody reads any more: long tasks look at it too
        self._tasks: queue.LifoQueue[Task[Result] | None] = queue.LifoQueue()
        self._results: queue.Queue[Result | BaseException | None] = queue.Queue(maxsize=4 * workers)
        self._lock = threading.Lock()
        self._open = 0
        self._workers = workers
        self._add(tasks)

    def __iter__(self) -> Iterator[Result]:
        """Every result; ends when all tasks have. Closing the iterator stops the threads after the call they are in.

        Raises:
            BaseException: what a task raised; the others are stopped.
        """
        if not self._open:
            return
        threads = [threading.Thread(target=self._work, daemon=True, name="eks") for _ in range(self._workers)]
        try:
            for thread in threads:
                thread.start()
            while (result := self._results.get()) is not None:
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            self._stopped.set()
            for _ in threads:
                self._tasks.put(None)

    def _add(self, tasks: Iterable[Task[Result]]) -> None:
        waiting = list(tasks)
        with self._lock:
            self._open += len(waiting)
        for task in reversed(waiting):  # the first on top
            self._tasks.put(task)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None and not self._stopped.is_set():
            try:
                self._add(task(self._emit))
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that reads
                self._emit(error)
                return
            with self._lock:
                self._open -= 1
                done = self._open == 0
            if done:
                self._emit(None)

    def _emit(self, result: Result | BaseException | None) -> None:
        """Hand a result over, waiting while the reader is busy; dropped once nobody reads."""
        while not self._stopped.is_set():
            try:
                return self._results.put(result, timeout=_POLL_S)
            except queue.Full:
                continue
        return None
