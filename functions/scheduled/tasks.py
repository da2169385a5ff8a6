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


def encode_task(task: Task) -> bytes:
    """As the queue carries it: a few hundred bytes of JSON, below every queue's limit."""
    return msgspec.json.encode(task)


def decode_task(data: bytes | str) -> Task:
    """The task in a message.

    Raises:
        InputError: it is none; delivering it again would change nothing.
    """
    try:
        task = msgspec.json.decode(data, type=Task)
        if task.schema != "task/v1" or task.source < 0:
            raise InputError(f"schema {printable(task.schema, 40)!r}")
        keys.checked_run_id(task.run)
        if keys.run_time(task.time) != task.time:
            raise InputError("a time in another form")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InputError) as error:
        reason = printable(str(error), 200)
        raise InputError(
            f"a message that is no task of ringfence ({reason}): look who else writes to this queue"
        ) from None
    return task
