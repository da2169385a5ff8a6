"""Several jobs at once: bounded, each result handed on at once, stopped at any moment."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from infra.pool import StoppedError, in_parallel


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_every_job_comes_back_once_with_its_result(workers):
    """Whatever the number of workers, nothing is lost and nothing comes twice."""
    found = dict(in_parallel(lambda job, _: job * 2, range(50), workers))
    assert found == {number: number * 2 for number in range(50)}


def test_one_worker_keeps_the_order_and_needs_no_thread():
    """With one worker the jobs are done here, one after the other."""
    here = threading.current_thread()
    found = list(in_parallel(lambda job, _: (job, threading.current_thread()), "abc", 1))
    assert found == [(job, (job, here)) for job in "abc"]


def test_results_come_in_order_of_completion():
    """A job that waits for another does not hold that one's result back."""
    second = threading.Event()

    def work(job, _):
        if job == "waits":
            assert second.wait(10)
        return job

    results = in_parallel(work, ["waits", "done"], 2)
    assert next(results)[0] == "done"
    second.set()
    assert [job for job, _ in results] == ["waits"]


def test_no_more_results_are_held_than_there_are_workers():
    """Jobs are drawn only when there is room for what they make: the one in the consumer's hands counts too."""
    lock = threading.Lock()
    held, most = set(), 0

    def work(job, _):
        nonlocal most
        with lock:
            held.add(job)
            most = max(most, len(held))
        return job

    for job, _ in in_parallel(work, range(200), 4):
        with lock:
            held.remove(job)
    assert held == set()
    assert most <= 4


def test_jobs_run_at_the_same_time():
    """Four jobs that each need the other three come back."""
    together = threading.Barrier(4, timeout=10)
    assert len(list(in_parallel(lambda *_: together.wait(), range(4), 4))) == 4


def test_closing_stops_the_others_and_draws_no_more():
    """Who closes the iterator waits for nobody: jobs that look are stopped, no other is begun."""
    begun, ended = [], []

    def work(job, check):
        begun.append(job)
        if job == 0:
            return job
        try:
            while True:
                check()
        except StoppedError:
            ended.append(job)
            raise

    with closing(in_parallel(work, range(1000), 3)) as results:
        assert next(results) == (0, 0)
    assert len(begun) <= 4
    assert sorted(ended) == [job for job in sorted(begun) if job]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("worker-")]


@pytest.mark.parametrize("workers", [1, 4])
def test_a_bug_in_a_job_is_raised_to_the_consumer(workers):
    """What a job raises is not lost in its thread."""

    def work(job, check):
        if job == 2:
            raise ZeroDivisionError("here")
        return job

    with pytest.raises(ZeroDivisionError, match="here"):
        list(in_parallel(work, range(9), workers))


def test_jobs_that_cannot_be_listed_are_an_error_of_the_consumer():
    """A generator of jobs that breaks off ends the iteration with its own exception."""

    def jobs():
        yield 1
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        list(in_parallel(lambda job, _: job, jobs(), 3))
