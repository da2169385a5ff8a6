"""Each step delivered twice, late, at once with itself, or after its surroundings changed: one report, and the same one."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.scheduled.aggregate import Ended
from functions.scheduled.tasks import decode_task
from functions.sources import Input
from infra.clouds.options import GcpOptions
from infra.settings import SettingsFile, SourceOptions
from infra.store import Store, open_store
from reports import keys
from scanner.errors import InputError, StoreError
from scanner.findings import ClusterResult
from scanner.judge import judge
from scanner.model import Snapshot
from tests.functions.scheduled.faulty import Faulty, Weather
from tests.functions.scheduled.parts import (
    DUE,
    RUN,
    TOO_LATE,
    Clock,
    Queue,
    check_whole,
    deliver,
    report_of,
    service,
)
from tests.functions.scheduled.small import SETTINGS, read_of, ref_of
from tests.functions.stored_runs import audited

REPORT = keys.report_key(RUN, ".json")


class NoHistory(Faulty):
    """A store that does not say which runs it holds."""

    def folders(self, prefix: str) -> tuple[str, ...]:
        """See Store."""
        raise StoreError(f"{prefix}: SlowDown: reduce your request rate")


def _everything(store: Store) -> dict[str, bytes]:
    return {key: store.get(key) for key in store.list("") if not key.endswith(".parquet")}


def test_a_plan_delivered_twice_discovers_once(fleet, store, queue):
    """The first plan stands, whatever appeared meanwhile; what has no result is sent again, what has one is not."""
    steps = service(store, SETTINGS, queue)
    steps.plan(DUE)
    fleet.names.append("four")
    first = list(queue.messages)
    assert deliver(steps, queue.messages.pop(0)) == ""
    steps.plan(DUE)
    assert fleet.searches == 1
    assert queue.messages == [*first[1:], *first[1:]]
    assert {decode_task(each).cluster.name for each in first} == {"one", "two", "three"}


@pytest.mark.parametrize("seed", range(3))
def test_tasks_delivered_three_times_in_any_order_are_read_once(fleet, store, queue, seed):
    """The report is there after the last cluster and never changes again."""
    steps = service(store, SETTINGS, queue)
    steps.plan(DUE)
    queue.messages *= 3
    before = list(queue.messages)
    assert {deliver(steps, each) for each in queue.taken(random.Random(seed))} == {""}  # noqa: S311
    assert sorted(fleet.reads) == ["one", "three", "two"]
    first = _everything(store)
    assert [each["read"] for each in report_of(store)["clusters"]] == ["complete"] * 3
    assert {deliver(steps, each) for each in before} == {""}
    steps.plan(DUE)
    steps.sweep()
    assert _everything(store) == first
    check_whole(store)


def test_a_run_without_a_cluster_ends_with_its_plan(fleet, store, queue):
    """And is a report that says so, not nothing."""
    fleet.names.clear()
    service(store, SETTINGS, queue).plan(DUE)
    found = report_of(store)
    assert (found["clusters"], found["scopes"][0]["outcome"]) == ([], "ok")
    assert queue.messages == []
    assert json.loads(store.get(keys.LATEST))["run"] == RUN


def test_a_sweep_ends_a_run_whose_scans_died(fleet, store, queue):
    """Before the deadline it waits; after it whoever has no result is unread and passes nothing."""
    clock = Clock()
    steps = service(store, SETTINGS, queue, clock)
    steps.plan(DUE)
    assert deliver(steps, queue.messages.pop()) == ""
    steps.sweep()
    assert store.find(REPORT) is None
    clock.now = TOO_LATE
    steps.sweep()
    read = {each["name"]: each for each in report_of(store)["clusters"]}
    assert sorted(each["read"] for each in read.values()) == ["complete", "unread", "unread"]
    for each in read.values():
        if each["read"] == "unread":
            assert "deadline" in each["unread"]
            assert each["score"]["proven"] == 0
            assert not [control for control in each["controls"] if control["status"] == "pass"]


def test_a_scan_that_comes_after_the_deadline_changes_nothing(fleet, store, queue):
    """The report stands, and so do snapshot and result, which fit it."""
    clock = Clock()
    steps = service(store, SETTINGS, queue, clock)
    steps.plan(DUE)
    clock.now = TOO_LATE
    steps.sweep()
    first = _everything(store)
    assert {deliver(steps, each) for each in queue.taken()} == {""}
    assert fleet.reads == []
    assert _everything(store) == first


def test_a_scan_that_was_reading_when_the_run_was_closed_changes_nothing(fleet, store, queue):
    """The sweep comes between reading the cluster and storing it."""
    clock = Clock()
    steps = service(store, SETTINGS, queue, clock)
    steps.plan(DUE)

    def closes(_: str) -> None:
        clock.now = TOO_LATE
        steps.sweep()

    fleet.fails = closes
    assert deliver(steps, queue.messages.pop()) == ""
    assert {each["read"] for each in report_of(store)["clusters"]} == {"unread"}
    check_whole(store)


def _aggregated(url: str, barrier: object) -> str:
    steps = service(open_store(url), SETTINGS, Queue())
    barrier.wait()  # type: ignore[attr-defined]
    return steps.aggregate(RUN)


def _in_process(url: str, barrier: object, said: object) -> None:
    said.put(_aggregated(url, barrier))  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_of_several_aggregators_at_once_one_reports(fleet, store, queue, kind, monkeypatch):
    """And the other finds the report there, or writes what follows from it."""
    steps = service(store, SETTINGS, queue)
    steps.plan(DUE)
    with monkeypatch.context() as patch:  # the last scan dies before it aggregates
        patch.setattr("functions.scheduled.service.aggregate", lambda *_: (Ended.WAITING, None))
        assert {deliver(steps, each) for each in queue.taken()} == {""}
    assert store.find(REPORT) is None
    many, url = 4, store.url
    if kind == "threads":
        barrier = threading.Barrier(many)
        with ThreadPoolExecutor(many) as pool:
            ended = list(pool.map(lambda _: _aggregated(url, barrier), range(many)))
    else:
        context = multiprocessing.get_context("spawn")
        shared, said = context.Barrier(many), context.Queue()
        children = [context.Process(target=_in_process, args=(url, shared, said)) for _ in range(many)]
        for each in children:
            each.start()
        ended = [said.get(timeout=120) for _ in children]
        for each in children:
            each.join()
    assert sorted(ended) == ["already"] * (many - 1) + ["reported"]
    assert [each["read"] for each in report_of(store)["clusters"]] == ["complete"] * 3
    check_whole(store)


@pytest.mark.parametrize("sources", [(), (SourceOptions(gcp=GcpOptions()),)], ids=["gone", "another"])
def test_settings_that_changed_between_plan_and_scan_leave_it_unread(fleet, store, queue, sources):
    """The source that found it is gone, or leads to another cloud: a reason, and nothing passes."""
    service(store, SETTINGS, queue).plan(DUE)
    steps = service(store, SettingsFile(sources=sources), queue)
    assert {deliver(steps, each) for each in queue.taken()} == {""}
    for each in report_of(store)["clusters"]:
        assert (each["read"], each["score"]["proven"]) == ("unread", 0)
        assert "the source that found it" in each["unread"]


def test_time_that_runs_out_is_tried_again_and_unread_in_the_end(fleet, store, queue):
    """Not a result before the last delivery."""
    steps = service(store, SETTINGS, queue)
    steps.plan(DUE)
    (message, *_) = queue.messages
    name = decode_task(message).cluster.name
    for tried in (1, 2):
        assert "time ran out" in deliver(steps, message, tried=tried, left_s=25)
    assert store.find(keys.result_key(RUN, ref_of(name))) is None
    assert deliver(steps, message, tried=3, left_s=25) == ""
    assert {deliver(steps, each) for each in queue.taken()} == {""}
    read = {each["name"]: each["read"] for each in report_of(store)["clusters"]}
    assert (read[name], sorted(read.values())) == ("unread", ["complete", "complete", "unread"])


def test_credentials_that_cannot_be_used_are_a_reason_in_the_end(fleet, store, queue):
    """An InputError of the way in is not the message's fault: it is tried again, and the last time unread with the reason."""
    steps = service(store, SETTINGS, queue)
    steps.plan(DUE)

    def fails(_: str) -> None:
        raise InputError("aws: no credentials: give the function a role")

    fleet.fails = fails
    messages = list(queue.taken())
    assert all("TryAgainError" in deliver(steps, each) for each in messages)
    assert {deliver(steps, each, tried=3) for each in messages} == {""}
    assert {each["unread"] for each in report_of(store)["clusters"]} == {
        "aws: no credentials: give the function a role"
    }


def test_a_sweep_leaves_audits_of_the_same_store_alone(fleet, store, queue, capsys):
    """One that Ctrl-C ended is no finished run: it gets no summary, and the pointer to the latest does not move."""

    def stop(_: object) -> Snapshot:
        raise KeyboardInterrupt

    assert audited(store, RUN, [read_of("one"), Input(label="two", read=stop, local=True)]).interrupted
    assert store.find(REPORT) is not None
    first = _everything(store)
    assert keys.LATEST not in first
    service(store, SETTINGS, queue, Clock(TOO_LATE)).sweep()
    assert _everything(store) == first
    assert capsys.readouterr().out == ""


def test_a_cluster_whose_judging_dies_every_time_takes_no_report_with_it(fleet, store, queue, monkeypatch):
    """As where memory ends: its snapshot is stored, its result never. Nobody judges it again, and the others count."""
    clock, ref = Clock(), ref_of("two")
    steps = service(store, SETTINGS, queue, clock)
    steps.plan(DUE)

    def dies(snapshot: Snapshot, *rest: object, **more: object) -> ClusterResult:
        if snapshot.cluster == ref and not snapshot.unread:
            raise MemoryError
        return judge(snapshot, *rest, **more)

    monkeypatch.setattr("functions.judging.judge", dies)
    for each in list(queue.taken()) * 3:
        with contextlib.suppress(MemoryError):
            deliver(steps, each)
    assert store.find(keys.snapshot_key(RUN, ref)) is not None
    assert store.find(keys.result_key(RUN, ref)) is None
    clock.now = TOO_LATE
    steps.sweep()
    read = {each["name"]: each for each in report_of(store)["clusters"]}
    assert {name: each["read"] for name, each in read.items()} == {
        "one": "complete",
        "three": "complete",
        "two": "unread",
    }
    assert "judging it did not end" in read["two"]["unread"]
    check_whole(store)


def test_one_snapshot_that_cannot_be_judged_takes_no_report_with_it(fleet, store, queue):
    """Damaged in the store: its cluster is unread, the run ends, the others count."""
    clock = Clock()
    steps = service(store, SETTINGS, queue, clock)
    steps.plan(DUE)
    ref = ref_of("two")
    store.put(keys.snapshot_key(RUN, ref), b"damaged")
    said = [deliver(steps, each) for each in queue.taken()]
    assert len([each for each in said if "SnapshotError" in each]) == 1
    clock.now = TOO_LATE
    steps.sweep()
    read = {each["name"]: each for each in report_of(store)["clusters"]}
    assert {name: each["read"] for name, each in read.items()} == {
        "one": "complete",
        "three": "complete",
        "two": "unread",
    }
    assert read["two"]["score"]["proven"] == 0


def test_a_history_that_the_store_refuses_is_waited_for_a_day(fleet, store, queue):
    """A report is made once: without the runs before it, a cluster that vanished since would never be named."""
    clock = Clock(TOO_LATE)
    audited(store, "20261122T080000Z", [read_of("gone")])
    service(store, SETTINGS, queue).plan(DUE)
    steps = service(NoHistory(store, Weather(random.Random())), SETTINGS, queue, clock)  # noqa: S311
    with pytest.raises(StoreError, match="SlowDown"):
        steps.aggregate(RUN)
    assert store.find(REPORT) is None
    clock.now = "2026-11-24T12:00:00Z"
    assert steps.aggregate(RUN) == "reported"
    assert report_of(store)["vanished"] == []
