"""Runs in real stores: audited as the program does, from snapshots that tests make up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from functions.aggregate import Judging, aggregate
from functions.fabric import Fabric
from functions.publish import publish
from functions.report import ReportRequest, run_report
from functions.results import read_results
from functions.run import Outcome, audit, new_run
from functions.sources import Input
from functions.watch import Quiet
from infra.settings import SettingsFile
from infra.store import Store, open_store
from reports.document import Scope
from scanner.baselines.config import DEFAULT_CONFIG
from scanner.errors import ClusterReadError
from scanner.model import Cloud, ClusterRef, Snapshot
from tests.factories import cluster, pod, policy, snapshot

FIRST, SECOND, THIRD = "20261121T080000Z", "20261122T080000Z", "20261123T080000Z"


def time_of(run: str) -> str:
    """The time that a run's id stands for."""
    return f"{run[:4]}-{run[4:6]}-{run[6:8]}T{run[9:11]}:{run[11:13]}:{run[13:15]}Z"


def cluster_of(name: str = "c1", cloud: Cloud = Cloud.AWS, *, closed: bool = False, **overrides: Any) -> Snapshot:
    """Two workloads in one namespace; `closed` denies everything in both directions."""
    ref = overrides.pop("ref", cluster(cloud, name))
    return snapshot(
        cluster=ref, pods=[pod("web-1"), pod("db-1")], policies=[policy(name="deny")] if closed else [], **overrides
    )


def unreadable(ref: ClusterRef, reason: str = "forbidden: grant the ClusterRole") -> Input:
    """A cluster whose API refuses."""

    def read(_: object) -> Snapshot:
        raise ClusterReadError(reason)

    return Input(label=ref.name, read=read, ref=ref, local=True)


def entry(found: Snapshot) -> Input:
    """A snapshot as a way in."""
    return Input(label=found.cluster.name, read=lambda _: found, local=True)


def audited(
    url: str | Path | Store, run: str, clusters: Iterable[Snapshot | Input], places: Iterable[Scope] = (), **rest: Any
) -> Outcome:
    """Audit into the store at `url` as run `run`, the fabric included, as the command line does."""
    inputs = [each if isinstance(each, Input) else entry(each) for each in clusters]
    time = time_of(run)
    fabric = Fabric(
        settings=SettingsFile(), networks=None, records={}, statements=(), profile=DEFAULT_CONFIG.profile, at=time
    )
    fields: dict[str, Any] = {"config": DEFAULT_CONFIG, "places": tuple(places), "fabric": fabric} | rest
    store = url if isinstance(url, Store) else open_store(str(url))
    return audit(inputs, run=new_run(run, time), store=store, watcher=Quiet(), **fields)


def aggregate_often(url: str, run: str, times: int) -> None:
    """Aggregate a stored run and publish it, again and again, as an aggregator that is triggered twice would."""
    store = open_store(url)
    for _ in range(times):
        found = aggregate([read_results(store, run)], Judging())
        if found.broken:
            raise AssertionError(found.broken)
        publish(found.report, store, finished=True)


def place(outcome: str = "ok", reason: str = "", **where: str) -> Scope:
    """A place that was looked in; by default the one that `cluster_of` is in."""
    fields = {"cloud": "aws", "account": "acct", "location": "here"} | where
    return Scope(outcome=outcome, reason=reason, **fields)


def reported(capsysbinary: Any, *stores: str | Path, answer: str = "json", **flags: Any) -> tuple[int, Any, str]:
    """What `report` answers: the exit code, stdout (decoded where it is json), and stderr."""
    fields: dict[str, Any] = {"run": "", "output": ""} | flags
    capsysbinary.readouterr()
    code = run_report(ReportRequest(stores=tuple(map(str, stores)), answer=answer, **fields))
    out, err = capsysbinary.readouterr()
    return int(code), json.loads(out) if answer == "json" else out.decode(), err.decode()


def stored(url: str | Path, run: str, name: str) -> Path:
    """A document of a run in a store that is a folder."""
    return Path(url) / "v1/runs" / run / name


def result_file(url: str | Path, run: str, name: str) -> Path:
    """A cluster's stored result."""
    return next((Path(url) / "v1/runs" / run / "clusters").rglob(f"{name}/result.json"))


def edited(path: Path, **fields: Any) -> None:
    """Change top-level fields of a stored JSON document."""
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def by_name(report: dict[str, Any]) -> dict[str, Any]:
    """The clusters of a report by name."""
    return {each["name"]: each for each in report["clusters"]}
