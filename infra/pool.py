"""Several jobs at once, most of which wait for somebody else: bounded in threads and in memory, and stopped at any moment."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

J = TypeVar("J")
R = TypeVar("R")
Check = Callable[[], None]
_LAST_WORDS_S = 1.0  # for jobs to notice that nobody waits for them any more


class StoppedError(Exception):
    """Raised inside a job by its `check`: whoever asked for the job has gone, so it ends here and leaves nothing."""


def in_parallel(work: Callable[[J, Check], R], jobs: Iterable[J], workers: int) -> Generator[tuple[J, R], None, None]:
    """Yield (job, work(job, check)) in order of completion, at most `workers` at a time.

    A worker takes its next job only when its last result was taken *and* done with (the next one asked for), so no more
    than `workers` results are ever held, however many jobs there are; `jobs` is drawn from lazily. With one worker there
    are no threads, and the order is that of `jobs`.

    `work` calls `check()` as often as it can: closing the iterator, an exception in whoever consumes it (Ctrl-C among them)
    and an exception in another job make it raise `StoppedError`. Threads that do not notice within a second are left
    behind as daemons, which end with the process; what they still return is dropped. Work must therefore change nothing
    but its result.

    Raises:
        Exception: the first that `work` raises; the other jobs are stopped.
    """
    if workers <= 1:
        for job in jobs:
            yield job, work(job, _no_check)
        return
    crew = _Crew(work, iter(jobs), workers)
    crew.start()
    try:
        yield from crew.results()
    finally:
        crew.stop()


def _no_check() -> None:
    """A job in the consumer's own thread is stopped by what is raised there."""


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


@dataclass(slots=True)
class _Crew(Generic[J, R]):
    work: Callable[[J, Check], R]
    jobs: Iterator[J]
    workers: int
    stopped: threading.Event = field(default_factory=threading.Event)
    drawing: threading.Lock = field(default_factory=threading.Lock)
    done: queue.SimpleQueue[tuple[J, R] | _Failed | None] = field(default_factory=queue.SimpleQueue)
    room: threading.Semaphore = field(init=False)
    threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.room = threading.Semaphore(self.workers)

    def start(self) -> None:
        """Start the workers; as daemons, for a job that waits for a silent server must not keep the process from ending."""
        for number in range(self.workers):
            thread = threading.Thread(target=self._serve, name=f"worker-{number}", daemon=True)
            self.threads.append(thread)
            thread.start()

    def results(self) -> Iterator[tuple[J, R]]:
        """What comes back; each result makes room for another job once it was done with."""
        running = self.workers
        while running:
            found = self.done.get()
            if found is None:
                running -= 1
            elif isinstance(found, _Failed):
                raise found.error
            else:
                yield found
                del found
                self.room.release()

    def stop(self) -> None:
        """Tell every job, and wait a moment for those that listen."""
        self.stopped.set()
        for _ in self.threads:
            self.room.release()
        for thread in self.threads:
            thread.join(_LAST_WORDS_S / len(self.threads))

    def _serve(self) -> None:
        try:
            while True:
                self.room.acquire()
                with self.drawing:
                    self._check()
                    drawn = next(self.jobs, self)  # nobody's job is the crew itself
                if drawn is self:
                    self.done.put(None)
                    return
                job = cast("J", drawn)
                self.done.put((job, self.work(job, self._check)))
        except BaseException as error:  # noqa: BLE001 - raised again by the consumer, where it belongs
            self.done.put(_Failed(error))

    def _check(self) -> None:
        if self.stopped.is_set():
            raise StoppedError
