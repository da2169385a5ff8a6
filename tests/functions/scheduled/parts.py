"""A deployment of the three steps around this process: a queue that is a list, a clock that is set, a store by URL.

`Queue` gives at-least-once delivery in any order, as SQS, Pub/Sub and Azure's queues do, and keeps the bytes that travel: a
task that does not survive its own encoding is found here.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from functions.scheduled.deployment import Deployment
from functions.scheduled.service import Service
from functions.scheduled.tasks import Task, decode_task, encode_task
from infra.settings import SettingsFile, read_settings
from infra.snapshots import decode
from infra.store import Store
from reports import keys
from reports.document import decode_result
from scanner.errors import RingfenceError

DUE = "2026-11-23T08:00:00Z"
RUN = "20261123T080000Z"
IN_TIME = "2026-11-23T08:10:00Z"
TOO_LATE = "2026-11-23T12:00:00Z"
PLENTY_S = 300.0
TRIES = 3


@dataclass
class Queue:
    """Messages that were sent and not yet taken, and those that no delivery could make anything of."""

    messages: list[bytes] = field(default_factory=list)
    dead: list[tuple[bytes, str]] = field(default_factory=list)

    def send(self, tasks: Sequence[Task]) -> None:
        """What `Send` asks for."""
        self.messages += map(encode_task, tasks)

    def taken(self, chance: random.Random | None = None) -> Iterator[bytes]:
        """Each message once, the last first or in an order that `chance` gives."""
        while self.messages:
            yield self.messages.pop(chance.randrange(len(self.messages)) if chance else -1)


@dataclass
class Clock:
    """What time it is."""

    now: str = IN_TIME

    def __call__(self) -> str:
        """As `Service` asks."""
        return self.now


def service(store: Store, settings: SettingsFile | Path, queue: Queue, clock: Clock | None = None) -> Service:
    """The three steps over a store and a queue."""
    read = settings if isinstance(settings, SettingsFile) else read_settings(settings)
    deployment = Deployment(store=store, settings=read, lasts_s=3 * 3600, tries=TRIES)
    return Service(deployment, queue.send, clock or Clock())


def deliver(steps: Service, message: bytes, *, tried: int = 1, left_s: float = PLENTY_S) -> str:
    """Hand one message to the scan, as a cloud's entry does; what it raised, in one line, or nothing."""
    try:
        steps.scan(decode_task(message), left_s=left_s, tried=tried)
    except RingfenceError as error:
        said = str(error)
        assert "\n" not in said
        assert len(said) < 1000
        return f"{type(error).__name__}: {said}"
    return ""


def report_of(store: Store, run: str = RUN) -> dict[str, Any]:
    """The report as it is stored."""
    return json.loads(store.get(keys.report_key(run, ".json")))


def check_whole(store: Store) -> None:
    """Whatever lies in the store can be read as what its name says, and a result lies in its own cluster's place."""
    for key in store.list(""):
        data, leaf = store.get(key), key.rpartition("/")[2]
        assert data, key
        if leaf.endswith(".json.zst"):
            found = decode(data, key)
            assert keys.cluster_prefix(RUN, found.cluster).rpartition("/clusters/")[2] in key
        elif leaf == keys.RESULT:
            result = decode_result(data, key)
            assert key.endswith(keys.result_key(RUN, result.cluster).rpartition("/clusters/")[2])
        elif leaf.endswith(".json"):
            assert msgspec.json.decode(data), key
        elif leaf.endswith(".html"):
            assert data.rstrip().endswith(b"</html>"), key
        else:
            assert leaf.endswith(".parquet"), key
            assert (data[:4], data[-4:]) == (b"PAR1", b"PAR1"), key
