"""Killed or interrupted in the middle of reading several clusters: what is stored is whole, and the next run completes it."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from functions.stored import RunRecord, list_snapshots, read_run
from infra.snapshots import decode
from infra.store import open_store
from reports import keys
from tests.functions.forks import Forks
from tests.infra.kube.server import FakeCluster, Server

CLUSTERS = tuple(f"c{number}" for number in range(6))
KILLS = 50
_STAGED = re.compile(r"#[0-9]+\Z")  # what the store's library calls a file that is not whole yet, and never lists


class Fleet:
    """Several clusters behind one server, each below a path of its own; `held` ones do not answer until `gate` opens."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.held: set[str] = set()
        self.gate = threading.Event()
        self._answer = server.cluster.answer
        server.cluster.answer = self.answer

    def answer(self, target, headers):
        """The answer of the cluster that the path begins with."""
        _, name, rest = target.split("/", 2)
        if name in self.held:
            self.gate.wait(60)
        return self._answer(f"/{rest}", headers)

    def kubeconfig(self) -> str:
        """A kubeconfig with a context for each cluster."""
        path = self.server.kubeconfig()
        config = yaml.safe_load(Path(path).read_text())
        cluster, address = config["clusters"][0]["cluster"], config["clusters"][0]["cluster"]["server"]
        config["clusters"] = [{"name": c, "cluster": cluster | {"server": f"{address}/{c}"}} for c in CLUSTERS]
        config["contexts"] = [{"name": c, "context": {"cluster": c, "user": "u"}} for c in CLUSTERS]
        Path(path).write_text(yaml.safe_dump(config))
        return path


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Six small clusters."""
    names = {
        "": {"v1": ["namespaces", "pods", "nodes", "services"]},
        "apps": {"v1": ["daemonsets"]},
        "networking.k8s.io": {"v1": ["networkpolicies"]},
    }
    pods = [{"metadata": {"name": f"p{n}", "namespace": "shop", "uid": str(n)}} for n in range(40)]
    cluster = FakeCluster(served=names, objects={"pods": pods, "namespaces": [{"metadata": {"name": "shop"}}]})
    with Server(cluster, tmp_path) as server:
        found = Fleet(server)
        yield found
        found.gate.set()


@pytest.fixture
def forks(tmp_path: Path) -> Iterator[Forks]:
    """Cheap processes of the command line."""
    with Forks(tmp_path) as found:
        yield found


def command(verb: str, kubeconfig: str, out: Path, run_id: str) -> tuple[str, ...]:
    """The arguments that read all six."""
    contexts = (word for name in CLUSTERS for word in ("--context", name))
    return (verb, "--kubeconfig", kubeconfig, *contexts, "-o", str(out), "--run-id", run_id)


def check_whole(out: Path) -> int:
    """Everything that a reader would take for a document is one; returns how many snapshots there are."""
    if not out.exists():
        return 0
    store, snapshots = open_store(str(out)), 0
    listed = set(store.list(""))
    for key in listed:
        if key.endswith(keys.SNAPSHOT):
            found = decode(store.get(key), key)
            assert len(found.pods) == 40
            snapshots += 1
        else:
            assert key.rpartition("/")[2] == "run.json", key
            assert read_run(store, key) is not None
    on_disk = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert all(_STAGED.search(name) for name in on_disk - listed)
    assert not [key for key in listed if _STAGED.search(key)]
    return snapshots


def test_a_run_killed_fifty_times_leaves_only_whole_objects_and_is_completed(
    fleet: Fleet, forks: Forks, tmp_path: Path
):
    """SIGKILL at random moments: after a random time, or as soon as a random number of files is there."""
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    chance = random.Random(seed)  # noqa: S311
    kubeconfig, out = fleet.kubeconfig(), tmp_path / "out"
    lasts = 0.0
    for minute in (0, 1):  # the first one waits for the parent of all to load
        started = time.monotonic()
        assert forks.start(*command("collect", kubeconfig, out, f"20260101T00{minute:02}00Z")).end() == 0
        lasts = time.monotonic() - started
    killed = attempts = runs = 0
    while killed < KILLS and attempts < 3 * KILLS:
        run_id = f"20260102T00{runs:02}00Z"
        run = forks.start(*command("collect", kubeconfig, out, run_id))
        _wait(out / keys.RUNS / run_id, chance, lasts)
        run.send(signal.SIGKILL)
        killed += run.end() == -signal.SIGKILL
        attempts += 1
        check_whole(out / keys.RUNS / run_id)
        if attempts % 8 == 0:  # a run that was killed several times, at one place or another, is completed
            run = forks.start(*command("collect", kubeconfig, out, run_id))
            assert run.end() == 0, run.err
            assert len(list_snapshots(str(out))[1]) == len(CLUSTERS)
            runs += 1
    assert killed == KILLS
    assert check_whole(out) >= len(CLUSTERS) * (2 + runs)


def _wait(folder: Path, chance: random.Random, lasts: float) -> None:
    """For a random part of a run's time, or until a random number of files has appeared, whole or not."""
    more = chance.randrange(1, len(CLUSTERS)) if chance.random() < 0.5 else 0
    ends = time.monotonic() + (lasts if more else chance.random() * lasts)
    before = _files(folder)
    while time.monotonic() < ends and not (more and _files(folder) >= before + more):
        time.sleep(0.001)


def _files(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


@pytest.mark.parametrize("verb", ["collect", "audit"])
def test_ctrl_c_keeps_what_was_finished_and_says_what_was_not(fleet: Fleet, forks: Forks, tmp_path: Path, verb: str):
    """Two clusters do not answer: SIGINT ends the run at once with 130, the other four are stored, and no trace is shown."""
    fleet.held = {"c1", "c4"}
    out, run_id = tmp_path / "out", "20260103T000000Z"
    arguments = command(verb, fleet.kubeconfig(), out, run_id)
    run = forks.start(*arguments)
    _until(out, keys.SNAPSHOT if verb == "collect" else keys.RESULT, 4)
    run.send(signal.SIGINT)
    assert run.end() == 130
    assert "Traceback" not in run.err
    said = " ".join((run.out + run.err).split())  # the audit's table breaks its lines
    assert said.count(f"interrupted before it was read: c1, c4: run again with --run-id {run_id} to complete it") == 1
    store = open_store(str(out))
    record = _record(out, run_id)
    assert record.interrupted
    assert [scope.outcome for scope in record.scopes] == ["error"]
    assert len([key for key in store.list("") if key.endswith(keys.SNAPSHOT)]) == 4
    if verb == "audit":
        report = json.loads(store.get(keys.report_key(run_id, ".json")))
        assert len(report["clusters"]) == 4
        assert "interrupted" in report["scopes"][0]["reason"]
        assert keys.LATEST not in set(store.list(""))
    fleet.gate.set()
    again = forks.start(*arguments)
    assert again.end() == 0, again.err
    record = _record(out, run_id)
    assert (record.interrupted, record.scopes) == (False, ())
    assert len(list_snapshots(str(out))[1]) == len(CLUSTERS)
    if verb == "audit":
        assert json.loads(store.get(keys.LATEST))["run"] == run_id


def _record(out: Path, run_id: str) -> RunRecord:
    found = read_run(open_store(str(out)), keys.run_key(run_id))
    assert found is not None
    return found


def _until(out: Path, leaf: str, count: int) -> None:
    """Wait until so many are stored; the clusters that answer take no second for that."""
    ends = time.monotonic() + 60
    while len([*out.rglob(leaf)]) < count:
        assert time.monotonic() < ends
        time.sleep(0.01)
