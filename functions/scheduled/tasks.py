"""What travels through the queue: one task for each cluster of a run. Whatever else arrives is refused, not obeyed."""

from __future__ import annotations

from typing import Annotated

import msgspec

from infra.text import printable
from reports import keys
from scanner.errors import InputError, RingfenceError
from scanner.model import ClusterRef


class TryAgainError(RingfenceError):
    """A step could not end, for a reason that may pass: the queue is to deliver it again."""


class Task(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Scan one cluster of a run. `source` is the place of its entry under `sources:` in the settings."""

    schema: str = "task/v1"
    run: str
    time: str
    cluster: ClusterRef
    source: Annotated[int, msgspec.Meta(ge=0)]


_TASK: msgspec.json.Decoder[Task] = msgspec.json.Decoder(Task)


def encode_task(task: Task) -> bytes:
    """As the queue carries it: a few hundred bytes of JSON, below every queue's limit."""
    return msgspec.json.encode(task)


def decode_task(data: bytes | str) -> Task:
    """The task in a message.

    Raises:
        InputError: it is none; delivering it again would change nothing.
    """
    try:
        task = _TASK.decode(data)
        keys.checked_run_id(task.run)
        wrong = "" if (task.schema, keys.run_time(task.time)) == ("task/v1", task.time) else "its schema or time"
    except (msgspec.DecodeError, UnicodeError, RecursionError, InputError) as error:
        task, wrong = None, printable(str(error), 200)
    if task is None or wrong:
        raise InputError(f"a message that is no task of ringfence ({wrong}): look who else writes to this queue")
    return task
