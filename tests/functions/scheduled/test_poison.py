"""Messages that are no tasks of ours: each is refused in one line, nothing is stored for it, and the run goes on."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from functions.scheduled.tasks import Task, decode_task, encode_task
from reports import keys
from scanner.errors import InputError
from scanner.model import Cloud, ClusterRef
from tests.functions.scheduled.parts import DUE, RUN, check_whole, deliver, report_of, service
from tests.functions.scheduled.small import SETTINGS, ref_of

TASK = json.loads(encode_task(Task(run=RUN, time=DUE, cluster=ref_of("one"), source=0)))


def _with(**fields: Any) -> bytes:
    return json.dumps(TASK | fields).encode()


def _cluster(**fields: str) -> bytes:
    return _with(cluster=TASK["cluster"] | fields)


FOREIGN = {
    "empty": b"",
    "text": b"hello",
    "not-utf8": b'{"run": "\xff\xfe"}',
    "null": b"null",
    "list": b"[]",
    "foreign": b'{"Records": [{"s3": {"bucket": "x"}}]}',
    "deep": b"[" * 100_000,
    "deep-in-a-task": _with(more="@").replace(b'"@"', b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "a-megabyte": b'"' + b"x" * (1 << 20) + b'"',
    "schema": _with(schema="task/v2"),
    "run-that-is-a-path": _with(run="../../../etc"),
    "run-that-is-no-text": _with(run=1),
    "time-of-nowhere": _with(time="yesterday"),
    "time-of-another-zone": _with(time="2026-11-23T09:00:00+01:00"),
    "source-below-zero": _with(source=-1),
    "source-that-is-no-number": _with(source="0"),
    "lone-surrogate": _cluster(name="@").replace(b"@", b"\\ud800"),
    "another-cloud": _cluster(cloud="moon"),
    "control": _with(run="\u0000\u001b[2J"),
}
STRANGE = {
    "other-run": _with(run="20261122T080000Z"),
    "other-time": _with(time="2020-01-01T00:00:00Z"),
    "other-cluster": _cluster(name="unplanned", id=ref_of("unplanned").id),
    "other-id": _cluster(id=ref_of("two").id),
    "upwards": _cluster(name="../../../latest.json", id="../../x"),
    "upwards-by-account": _cluster(account="../../.."),
    "empty-name": _cluster(name="", id=""),
    "nul": _cluster(name="a\u0000b"),
    "lines": _cluster(name="a\nb\u2028c\u202e"),
    "a-megabyte": _cluster(name="x" * (1 << 20)),
    "a-megabyte-of-id": _cluster(id="/" * (1 << 20)),
}


@pytest.mark.parametrize("message", FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_task_is_refused(message):
    """As bytes and, where a queue hands out text, as text."""
    for form in (message, message.decode("utf-8", "surrogateescape")):
        with pytest.raises(InputError, match="a message that is no task of ringfence") as caught:
            decode_task(form)
        assert len(str(caught.value)) < 500
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("message", STRANGE.values(), ids=STRANGE)
def test_a_task_of_no_plan_is_refused_and_leaves_nothing(fleet, store, queue, message):
    """Not a read, not an object; the run then ends as if it had never come."""
    steps = service(store, SETTINGS, queue)
    steps.plan(DUE)
    before = {key: store.get(key) for key in store.list("")}
    said = deliver(steps, message)
    assert said.startswith("InputError: ")
    assert said.isprintable()
    assert fleet.reads == []
    assert {key: store.get(key) for key in store.list("")} == before
    assert {deliver(steps, each) for each in queue.taken()} == {""}
    assert [each["read"] for each in report_of(store)["clusters"]] == ["complete"] * 3
    check_whole(store)


@pytest.mark.parametrize("source", [1, 7, 1 << 80])
def test_a_source_that_was_made_up_cannot_make_a_cluster_pass(fleet, store, queue, source):
    """It is read by no other credentials than the settings', and unread where there are none."""
    steps = service(store, SETTINGS, queue)
    steps.plan(DUE)
    (first, *rest) = (decode_task(each) for each in queue.taken())
    assert deliver(steps, encode_task(msgspec.structs.replace(first, source=source))) == ""
    assert {deliver(steps, encode_task(each)) for each in rest} == {""}
    read = {each["name"]: each for each in report_of(store)["clusters"]}
    assert (read[first.cluster.name]["read"], read[first.cluster.name]["score"]["proven"]) == ("unread", 0)


def test_a_task_survives_its_own_encoding():
    """Also one of a cluster whose name is as strange as a cloud allows, in a message below every queue's limit."""
    ref = ClusterRef(cloud=Cloud.AZURE, account="ä" * 36, location="x", name="n" * 63, id="/" + "i" * 500)
    task = Task(run=RUN, time=DUE, cluster=ref, source=3)
    assert decode_task(encode_task(task)) == task
    assert decode_task(encode_task(task).decode()) == task
    assert len(encode_task(task)) < 48 * 1024  # Azure's 64 KiB once it is base64
    assert keys.planned_key(RUN, ref)
