"""Killed in the middle of writing to each store: afterwards only whole objects are seen, and the next run completes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest

from functions.stored import list_snapshots
from infra.snapshots import decode
from infra.store import open_store
from reports import keys
from reports.document import decode_report, decode_result
from tests.functions.forks import Forks
from tests.servers.proxy import Proxy
from tests.servers.stores import Place

KILLS = 20
STREAMS_KILLED = 6  # 60 MB each
MANIFESTS = """
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
OBJECTS = 6  # of a run at least: its record, snapshot, result, report twice, and the pointer


@pytest.fixture
def forks(tmp_path: Path, place: Place, setenv) -> Iterator[tuple[Forks, Proxy | None]]:
    """Cheap processes of the command line, which reach the place through a proxy that sees how far they are."""
    if not place.port:
        with Forks(tmp_path) as found:
            yield found, None
        return
    with Proxy(place.port) as proxy:
        setenv(place.through(proxy.port))
        with Forks(tmp_path) as found:
            setenv(place.environment)  # the processes have the other one
            yield found, proxy


def audit(forks: Forks, place: Place, minute: int):
    """Start an audit of a small cluster that keeps its run in the place."""
    run_id = f"20260101T00{minute:02}00Z"
    manifests = forks.folder / "shop"
    manifests.mkdir(exist_ok=True)
    (manifests / "all.yaml").write_text(MANIFESTS)
    words = ("audit", "--manifests", str(manifests), "--allow-partial", "--run-id", run_id, "-o", place.url)
    return forks.start(*words), run_id


def check_whole(place: Place) -> dict[str, bytes]:
    """Everything that a reader would find is a document of its kind; returns it."""
    store = open_store(place.url)
    listed = {key: store.get(key) for key in store.list("")}
    for key, data in listed.items():
        match key.rpartition("/")[2]:
            case keys.SNAPSHOT:
                decode(data, key)
            case keys.RESULT:
                decode_result(data, key)
            case "report.json":
                assert len(decode_report(data, key).clusters) == 1
            case leaf if leaf.endswith(".html"):
                assert data.rstrip().endswith(b"</html>")
            case leaf if leaf.endswith(".parquet"):
                pyarrow.parquet.read_table(io.BytesIO(data))
            case leaf:
                assert leaf in {"run.json", "summary.json", "topology.json"} or key == keys.LATEST, key
                json.loads(data)
    return listed


def test_killed_while_writing_leaves_whole_objects_and_is_completed(place: Place, forks):
    """SIGKILL after a random number of bytes has gone to the server, or after a random time, again and again."""
    start, proxy = forks
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    chance = random.Random(seed)  # noqa: S311
    seconds, sent = measure(start, proxy, place)
    killed = attempts = 0
    while killed < KILLS and attempts < 3 * KILLS:
        run, run_id = audit(start, place, 1 + attempts // 7)
        if proxy is not None:
            due = threading.Event()
            proxy.when(chance.randrange(1, sent), due.set)
            due.wait(seconds)
        else:
            wait_in(Path(place.url) / keys.RUNS / run_id, chance, seconds)
        run.send(signal.SIGKILL)
        killed += run.end() == -signal.SIGKILL
        attempts += 1
        check_whole(place)
        if attempts % 7 == 0:  # a run that was killed several times, at one place or another, is completed
            run, run_id = audit(start, place, 1 + (attempts - 1) // 7)
            assert run.end() == 0, run.err
            assert len(list_snapshots(f"{place.url}/{keys.RUNS}{run_id}")[1]) == 1
    assert killed == KILLS
    run, run_id = audit(start, place, 59)
    assert run.end() == 0, run.err
    found = check_whole(place)
    assert json.loads(found[keys.LATEST])["run"] == run_id
    assert keys.report_key(run_id, ".html") in found


_STREAMS = """
import sys
from infra.store import open_store
store = open_store(sys.argv[1])
for number in range(100):
    store.put_stream("v1/big", (b"%03d" % number * 1_000_000 for _ in range(20)))
    print(number, flush=True)
"""


def test_killed_while_sending_parts_leaves_the_object_before(place: Place, setenv):
    """SIGKILL after a random number of bytes of uploads in parts: one writer's whole object is there, or none yet."""
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    chance = random.Random(seed)  # noqa: S311
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(Proxy(place.port)) if place.port else None
        for _ in range(STREAMS_KILLED):
            if proxy is not None:
                due = threading.Event()
                proxy.when(chance.randrange(1, 150_000_000), due.set)
                setenv(place.through(proxy.port))
            with subprocess.Popen([sys.executable, "-c", _STREAMS, place.url], stdout=subprocess.DEVNULL) as running:
                if proxy is not None:
                    assert due.wait(60)
                else:
                    time.sleep(0.3 + chance.random() * 0.7)
                running.kill()
            setenv(place.environment)
            seen = {key: data for key, data in place.seen().items() if "#" not in key}
            for data in seen.values():
                assert len(data) == 60_000_000
                assert data == data[:3] * 20_000_000
            assert set(seen) == set(open_store(place.url).list("")) <= {"v1/big"}
    open_store(place.url).put("v1/big", b"next")
    assert open_store(place.url).get("v1/big") == b"next"


def measure(forks: Forks, proxy: Proxy | None, place: Place) -> tuple[float, int]:
    """How long a whole run takes, and how many bytes it sends."""
    seconds = 0.0
    for _ in range(2):  # the first one waits for the parent of all to load
        started = time.monotonic()
        before = proxy.passed if proxy is not None else 0
        run, _ = audit(forks, place, 0)
        assert run.end() == 0, run.err
        seconds = time.monotonic() - started
        sent = proxy.passed - before if proxy is not None else 0
    return seconds, sent


def wait_in(folder: Path, chance: random.Random, seconds: float) -> None:
    """Until a random number of files has appeared there, whole or not."""
    wanted = count(folder) + chance.randrange(1, OBJECTS)
    until = time.monotonic() + seconds
    while time.monotonic() < until and count(folder) < wanted:
        time.sleep(0.0005)


def count(folder: Path) -> int:
    """The files below a folder."""
    return sum(len(files) for _, _, files in os.walk(folder))
