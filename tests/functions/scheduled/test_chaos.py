"""200 runs under everything that queues, stores, clouds and processes do: one report each, and nothing unread that passes.

Duplicates, any order, death before and after each write, poison, throttling, credentials that expire, time that runs out, the
deadline in the middle, a second run at the same time. What is read of clusters is made up (see `small`).
"""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from functions.scheduled.service import Service
from functions.scheduled.tasks import decode_task
from infra.store import Store, open_store
from reports import keys
from scanner.errors import ClusterReadError, InputError, RingfenceError
from tests.functions.scheduled.faulty import DiedError, Faulty, Weather
from tests.functions.scheduled.parts import DUE, PLENTY_S, RUN, TOO_LATE, TRIES, Clock, Queue, check_whole, service
from tests.functions.scheduled.small import SETTINGS, Small
from tests.functions.scheduled.test_poison import FOREIGN, STRANGE

ROUNDS = 200
LATER, LATER_RUN = "2026-11-23T08:05:00Z", "20261123T080500Z"
POISON = [
    each for kind in (FOREIGN, STRANGE) for name, each in kind.items() if "deep" not in name and "megabyte" not in name
]


@dataclass
class Round:
    """One run, or two at once, under one kind of weather."""

    chance: random.Random
    store: Store
    fleet: Small
    queue: Queue = field(default_factory=Queue)
    clock: Clock = field(default_factory=Clock)
    read: set[str] = field(default_factory=set)  # clusters that answered at least once
    never: set[str] = field(default_factory=set)  # clusters that cannot answer
    said: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Draw what will go wrong."""
        self.weather = Weather(self.chance)
        self.steps = service(Faulty(self.store, self.weather), SETTINGS, self.queue, self.clock)
        self.dues = [DUE, LATER] if self.chance.random() < 0.25 else [DUE]
        self.fleet.names = [f"c{index}" for index in range(self.chance.choice((0, 1, 2, 2, 3, 4)))]
        self.never = {name for name in self.fleet.names if self.chance.random() < 0.15}
        self.flaky = self.chance.choice((0.0, 0.0, 0.3))
        self.fleet.fails = self._reading

    def _reading(self, name: str) -> None:
        if name in self.never:
            raise ClusterReadError(f"{name}: 401 Unauthorized: its credentials expired")
        if self.chance.random() < self.flaky:
            raise self.chance.choice((ClusterReadError, InputError))(f"{name}: the token expired: renew it")
        self.read.add(name)

    def storm(self) -> None:
        """The weather of the next delivery."""
        kind = self.chance.random()
        self.weather.calm()
        if kind < 0.35:
            self.weather.dies_at, self.weather.takes_effect = self.chance.randint(1, 9), self.chance.random() < 0.5
        elif kind < 0.55:
            self.weather.throttled = 0.15

    def once(self, step: Any) -> bool:
        """One delivery; whether it went well."""
        self.storm()
        try:
            step()
        except (RingfenceError, DiedError) as error:
            self.said[type(error).__name__] += 1
            return False
        return True

    def planned(self) -> None:
        """Each due time until the plan went well, sometimes once more, and both runs' in turns."""
        left = [due for due in self.dues for _ in range(self.chance.choice((1, 1, 2)))]
        while left:
            due = self.chance.choice(left)
            if self.once(lambda due=due: self.steps.plan(due)):
                left.remove(due)

    def scanned(self) -> None:
        """Every message at least once, and to the dead letters after `TRIES`."""
        waiting = [(each, 1) for each in self.queue.taken() for _ in range(self.chance.choice((1, 1, 2, 3)))]
        waiting += [(self.chance.choice(POISON), 1) for _ in range(self.chance.randint(0, 2))]
        late = self.chance.choice((-1, -1, self.chance.randrange(max(1, len(waiting)))))
        while waiting:
            message, tried = waiting.pop(self.chance.randrange(len(waiting)))
            left_s = 15.0 if self.chance.random() < 0.1 else PLENTY_S
            went_well = self.once(lambda m=message, t=tried, s=left_s: _scan(self.steps, m, t, s))
            if not went_well and tried < TRIES:
                waiting.append((message, tried + 1))
            elif not went_well:
                self.queue.dead.append((message, ""))
            if len(waiting) == late:
                self.clock.now = TOO_LATE
                self.once(self.steps.sweep)

    def settled(self) -> None:
        """The weather clears: everything once more, or nothing but the sweep, which comes in any case."""
        self.weather.calm()
        if self.chance.random() < 0.5:
            for due in self.dues:
                self.steps.plan(due)
            for message in [*self.queue.taken(), *(message for message, _ in self.queue.dead)]:
                with contextlib.suppress(InputError):
                    _scan(self.steps, message, TRIES, PLENTY_S)
        self.clock.now = TOO_LATE
        self.steps.sweep()


def _scan(steps: Service, message: bytes, tried: int, left_s: float) -> None:
    steps.scan(decode_task(message), left_s=left_s, tried=tried)


def _check(found: Round, run: str) -> Counter[str]:
    """The one report of a run, against what really happened."""
    store, key = found.store, keys.report_key(run, ".json")
    (written,) = found.weather.written[key]  # never two
    assert written == store.get(key)
    report = json.loads(written)
    assert report["run"]["id"] == run
    assert sorted(each["name"] for each in report["clusters"]) == sorted(found.fleet.names)
    for each in report["clusters"]:
        assert each["read"] in {"complete", "unread"}
        if each["read"] == "complete":
            assert each["name"] in found.read
            continue
        assert each["unread"]
        assert each["score"]["proven"] == 0
        assert not [control for control in each["controls"] if control["status"] == "pass"]
    for name in store.list(keys.clusters_prefix(run)):
        if name.endswith(keys.RESULT):
            result = json.loads(store.get(name))
            (listed,) = (each for each in report["clusters"] if each["id"] == result["cluster"]["id"])
            assert (result["read"], result.get("unread") or "") == (listed["read"], listed.get("unread") or "")
    assert json.loads(store.get(keys.summary_key(run)))["run"]["id"] == run
    assert store.find(f"v1/runs/{run}/report.html")
    return Counter(each["read"] for each in report["clusters"])


def _calm(fleet: Small) -> bytes:
    """The report of the same clusters where nothing goes wrong."""
    store, queue, fleet.fails = open_store("memory://"), Queue(), lambda _: None
    steps = service(store, SETTINGS, queue)
    steps.plan(DUE)
    for message in queue.taken():
        _scan(steps, message, 1, PLENTY_S)
    return store.get(keys.report_key(RUN, ".json"))


def test_200_rounds_each_end_with_one_report(fleet, capsys):
    """Complete, byte for byte as where nothing goes wrong, or naming what is unread; the pointer is right, every object whole."""
    seed = random.SystemRandom().randrange(1 << 32)
    said, read, deaths, refusals, calm = Counter[str](), Counter[str](), 0, 0, {}
    for number in range(ROUNDS):
        place = f"seed {seed}, round {number}"
        found = Round(random.Random(f"{seed}/{number}"), open_store("memory://"), fleet)  # noqa: S311
        try:
            found.planned()
            found.scanned()
            found.settled()
            for run in (keys.run_id(due) for due in found.dues):
                read += _check(found, run)
            latest = json.loads(found.store.get(keys.LATEST))
            assert latest["run"] == (LATER_RUN if len(found.dues) > 1 else RUN)
            check_whole(found.store)
            whole = found.store.get(keys.report_key(RUN, ".json"))
            if len(found.dues) == 1 and b'"unread": "' not in whole and b'"unread":"' not in whole:
                names = tuple(fleet.names)
                calm[names] = calm.get(names) or _calm(fleet)
                assert whole == calm[names]
        except BaseException as error:
            error.add_note(place)
            raise
        said += found.said
        deaths, refusals = deaths + found.weather.deaths, refusals + found.weather.refusals
    with capsys.disabled():
        print(f"\nseed {seed}: {ROUNDS} rounds, {deaths} deaths, {refusals} refusals, {dict(said)}, {dict(read)}")  # noqa: T201
    assert min(deaths, refusals, read["complete"], read["unread"]) > ROUNDS // 4
    assert {"DiedError", "StoreError", "InputError", "TryAgainError"} <= set(said)
