"""Reading many inputs: each fails alone, bugs do not, and a run's record says what is missing until it is completed."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from functions.reading import read_all
from functions.run import audit, collect, new_run
from functions.sources import Input, Progress
from functions.stored import read_run
from functions.watch import Quiet
from infra.pool import StoppedError
from infra.store import Store, open_store
from reports import keys
from scanner.baselines.config import BaselineConfig
from scanner.errors import ClusterReadError, InputError
from scanner.model import Cloud, ClusterRef, Snapshot
from tests.factories import snapshot

RUN = new_run("", "2026-11-23T08:00:00Z")


def ref(name: str) -> ClusterRef:
    """An address."""
    return ClusterRef(cloud=Cloud.OTHER, account="local", location="here", name=name, id=f"other/local/here/{name}")


def one(name: str, *, local: bool = False, error: Exception | None = None) -> Input:
    """An input that is read at once."""

    def read(_: Progress) -> Snapshot:
        if error is not None:
            raise error
        return snapshot(cluster=ref(name))

    return Input(label=name, read=read, local=local)


def quiet(_: str) -> None:
    """Nobody watches."""


def test_an_input_that_fails_stands_alone():
    """Its error is its result; the others are read."""
    error = ClusterReadError("b: gone")
    found = {r.entry.label: r.found for r in read_all([one("a"), one("b", error=error), one("c")], progress=quiet)}
    assert found.pop("b") is error
    assert sorted(each.cluster.name for each in found.values()) == ["a", "c"]


def test_local_inputs_keep_their_order_and_this_thread():
    """Nothing is won by waiting for a disk in parallel."""
    here = threading.current_thread()
    threads = []

    def read(_: Progress) -> Snapshot:
        threads.append(threading.current_thread())
        return snapshot()

    inputs = [Input(label=str(number), read=read, local=True) for number in range(20)]
    assert [reading.index for reading in read_all(inputs, progress=quiet)] == [*range(20)]
    assert set(threads) == {here}


def test_news_name_the_input_they_are_of():
    """Several are read at once, so each line says whose it is."""

    def read(progress: Progress) -> Snapshot:
        progress("pods: 7 complete")
        return snapshot()

    heard: list[str] = []
    list(read_all([Input(label="a", read=read), Input(label="b", read=read)], progress=heard.append))
    assert {"a: reading", "a: pods: 7 complete", "b: pods: 7 complete"} <= set(heard)


def test_who_has_enough_stops_the_rest():
    """A reader that tells how far it is ends as soon as nobody listens."""
    ended = threading.Event()
    begun = threading.Event()

    def read(progress: Progress) -> Snapshot:
        begun.set()
        try:
            while True:
                progress("still at it")
        except StoppedError:
            ended.set()
            raise

    with closing(read_all([one("quick"), Input(label="slow", read=read)], progress=quiet)) as readings:
        assert next(readings).entry.label == "quick"
        assert begun.wait(10)
    assert ended.is_set()


def test_a_bug_ends_the_run():
    """What is no error of ours is not swallowed in a thread."""
    with pytest.raises(ZeroDivisionError):
        list(read_all([one("a"), one("b", error=ZeroDivisionError())], progress=quiet))


def gather(store: Store, *inputs: Input):
    """Collect into a store."""
    return collect(inputs, run=RUN, store=store, watcher=Quiet())


def record(store: Store):
    """The run's record."""
    return read_run(store, keys.run_key(RUN.id))


def test_what_could_not_be_collected_is_in_the_runs_record():
    """So that judging what was stored later does not take the gap for nothing."""
    store = open_store("memory://")
    written = gather(store, one("a"), one("b", error=InputError("b: no such file")))
    assert written.incomplete == ("b: no such file",)
    found = record(store)
    assert (found.expected, [scope.reason for scope in found.scopes]) == (("a", "b"), ["b: no such file"])


def test_ctrl_c_while_the_first_result_is_stored_leaves_a_run_that_can_be_completed():
    """The record says interrupted and names the rest; the same run then completes, and its record with it."""
    store = open_store("memory://")
    put_new, calls = store.put_new, []

    def interrupted(key: str, data: bytes) -> bool:
        calls.append(key)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return put_new(key, data)

    store.put_new = interrupted
    inputs = [one(name, local=True) for name in "abcdef"]
    written = gather(store, *inputs)
    assert written.interrupted
    assert len(written.stored_at) == 1
    assert written.incomplete == (
        f"interrupted before it was read: b, c, d and 2 more: run again with --run-id {RUN.id} to complete it",
    )
    assert record(store).interrupted
    written = gather(store, *inputs)
    assert (len(written.stored_at), written.incomplete, written.interrupted) == (6, (), False)
    assert not record(store).interrupted


def test_collectors_join_a_run_and_its_judge_has_the_last_word():
    """Two collectors add clusters to one run, each with a record of its own; the audit of all of them replaces it."""
    store = open_store("memory://")
    gather(store, one("a"))
    gather(store, one("b"))
    assert record(store).expected == ("a",)
    audit([one("a"), one("b")], run=RUN, config=BaselineConfig(), store=store, watcher=Quiet())
    assert record(store).expected == ("a", "b")
    assert record(store).baseline
