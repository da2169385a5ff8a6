"""Reading many clusters at once: most of the time is spent waiting for their APIs, all of the judging is done by one thread."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass

from functions.sources import Input, Progress
from infra.loading import load_client
from infra.pool import Check, in_parallel
from scanner.errors import RingfenceError
from scanner.model import Snapshot

WORKERS = 8  # clusters at once; each holds one page of JSON and its snapshot (about 1 KB a pod)


@dataclass(frozen=True, slots=True)
class Reading:
    """One input and what came of it: the snapshot, or the error that says in one line why there is none.

    `index` is the input's place among the inputs, for whoever needs them in order.
    """

    index: int
    entry: Input
    found: Snapshot | RingfenceError


def read_all(inputs: Iterable[Input], *, progress: Progress, workers: int = WORKERS) -> Generator[Reading, None, None]:
    """Read every input, `workers` at a time, and hand each on as soon as it is there, in order of completion.

        for reading in read_all(inputs, progress=watcher.note):
            match reading.found:
                case Snapshot() as snapshot: ...
                case error: ...  # this input alone failed

    At most `workers` snapshots are in memory, the one in the caller's hands among them, however many inputs there are:
    keep what you make of a snapshot, not the snapshot (`del reading` before the next one is asked for). `inputs` may be
    a generator (of clusters as they are discovered); it is drawn from by the worker threads, one at a time. Where all
    are `local`, they are read in this thread, in order: nothing is won by waiting for a disk in parallel, and which of
    two sources of one cluster comes first is then certain.

    `Input.read(progress)` runs in a worker thread. Its `progress` raises `infra.pool.StoppedError` once nobody wants the
    result: after Ctrl-C in the main thread, when this iterator is closed, when another input raised what is no
    RingfenceError. A reader that calls it often (the Kubernetes collector does for every page, chunk and wait) stops
    soon; one that does not is left behind as a daemon thread, a second later at most.

    Raises:
        Exception: what a reader raised that is no RingfenceError: a bug, or KeyboardInterrupt in the caller's own thread.
    """
    threads = _wanted(inputs, workers)
    if threads > 1:
        load_client()
    with closing(in_parallel(_reader(progress), enumerate(inputs), threads)) as readings:
        for _, reading in readings:
            yield reading
            del reading  # or it would be held while the next one is waited for


def _wanted(inputs: Iterable[Input], workers: int) -> int:
    if not isinstance(inputs, tuple | list):
        return workers
    return 1 if all(entry.local for entry in inputs) else min(workers, len(inputs))


def _reader(progress: Progress) -> Callable[[tuple[int, Input], Check], Reading]:
    def read(job: tuple[int, Input], check: Check) -> Reading:
        index, entry = job

        def note(text: str) -> None:
            check()
            progress(f"{entry.label}: {text}")

        note("reading")
        try:
            found: Snapshot | RingfenceError = entry.read(note)
        except RingfenceError as error:
            found = error
        return Reading(index, entry, found)

    return read
