"""The threads: every result comes, a bug ends the run, a reader that leaves ends the work."""

from __future__ import annotations

import threading

import pytest

from infra.clouds.eks.fanout import FanOut


def test_tasks_of_tasks_are_all_run():
    """Three levels of tasks, more results than the queue holds, one thread."""

    def level(depth: int):
        def task(emit):
            emit(depth)
            return [level(depth - 1)] * 6 if depth else []

        return task

    results = list(FanOut([level(2)], 1, threading.Event()))
    assert sorted(results) == [0] * 36 + [1] * 6 + [2]


def test_nothing_to_do_ends_at_once():
    """No task, no result, no thread that waits."""
    assert list(FanOut([], 4, threading.Event())) == []


def test_what_a_task_raises_by_mistake_ends_the_run():
    """A bug is raised where the results are read."""

    def task(emit):
        return [1 / 0]

    with pytest.raises(ZeroDivisionError):
        list(FanOut([task], 2, threading.Event()))


def test_a_reader_that_leaves_ends_the_work():
    """A task that waits for room is let go, and none is begun after."""
    stopped, begun = threading.Event(), []

    def task(emit):
        begun.append(1)
        for number in range(100):
            emit(number)
        return []

    running = iter(FanOut([task] * 5, 1, stopped))
    assert next(running) == 0
    running.close()
    for thread in threading.enumerate():
        if thread.name == "eks":
            thread.join(10)
            assert not thread.is_alive()
    assert (len(begun), stopped.is_set()) == (1, True)
