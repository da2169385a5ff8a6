"""Scheduled runs on Google Cloud: real functions under Google's framework, real Pub/Sub deliveries between them."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from functions import gcp
from tests.functions.operator_of import Operator
from tests.functions.scheduled.same_as_audit import assert_same_as_audit, report_of
from tests.functions.test_cli import ROOT
from tests.servers import stores
from tests.servers.gcs import GcsServer
from tests.servers.pubsub import PubSub, free_port, pubsub, running, until
from tests.servers.stores import Place

TRIES = 5  # the fewest that Pub/Sub knows
STEPS = ("plan", "scan", "sweep")
MAIN = ROOT / "functions/bundling/entries/main.py"
_RUN_S = 150.0


@dataclass
class Deployed:
    """Functions that run, their emulator, their store, and the push body of a message."""

    emulator: PubSub
    place: Place
    ports: dict[str, int]
    folder: Path
    _sent: int = field(default=0)

    def push(self, step: str, data: bytes, **beside: Any) -> requests.Response:
        """Deliver a message as Pub/Sub pushes it, without Pub/Sub, to see what is answered."""
        self._sent += 1
        message = {
            "data": base64.b64encode(data).decode(),
            "messageId": str(self._sent),
            "publishTime": "2026-11-23T08:00:00.25Z",
        }
        body = {"message": message, "subscription": f"projects/p/subscriptions/{step}", **beside}
        url = f"http://127.0.0.1:{self.ports[step]}/projects/p/topics/{step}"
        return requests.post(url, json=body, timeout=60)

    def said(self, step: str) -> str:
        """What the function said."""
        return (self.folder / f"{step}.log").read_text("utf-8")

    def errors(self, step: str) -> list[dict[str, Any]]:
        """Its own lines about what went wrong; the framework prints each exception besides."""
        lines = [json.loads(line) for line in self.said(step).splitlines() if line.startswith("{")]
        return [line for line in lines if line["severity"] == "ERROR"]

    def reported(self) -> Any:
        """Whether a run is finished: the pointer is the last that is written."""
        return "v1/latest.json" in self.place.seen()


@pytest.fixture(scope="module")
def google_store(tmp_path_factory) -> Iterator[GcsServer]:
    """Google Cloud Storage."""
    with GcsServer(tmp_path_factory.mktemp("store")) as server:
        server.create_bucket(stores.BUCKET)
        yield server


@pytest.fixture(scope="module")
def emulator() -> Iterator[PubSub]:
    """Pub/Sub."""
    with pubsub() as found:
        yield found


@contextmanager
def _deployed(
    name: str,
    emulator: PubSub,
    google: GcsServer,
    operator: Operator,
    folder: Path,
    *,
    pushed: tuple[str, ...] = STEPS,
    **more: str,
) -> Iterator[Deployed]:
    """The three functions, their topics and subscriptions, an empty store, and settings in another folder of the bucket."""
    pytest.importorskip("functions_framework", reason="functions-framework is not installed: `make test` does")
    place = stores.gcs(google, f"{name}/runs")
    settings = (operator.folder / "gcp.yaml").read_bytes()
    google.store(stores.BUCKET, f"{name}/settings/ringfence.yaml", settings, None)
    own = place.environment
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        **operator.environment,
        "GOOGLE_BASE_URL": own["GOOGLE_BASE_URL"],
        "GOOGLE_SERVICE_ACCOUNT": own["GOOGLE_APPLICATION_CREDENTIALS"],  # the store's; the estate has a key of its own
        "PUBSUB_EMULATOR_HOST": emulator.address,
        "RINGFENCE_STORE": place.url,
        "RINGFENCE_SETTINGS": f"gs://{stores.BUCKET}/{name}/settings",
        "RINGFENCE_TOPIC": f"projects/p/topics/{name}-scan",
        "RINGFENCE_TRIES": str(TRIES),
        **more,
    }
    ports = {step: free_port() for step in STEPS}
    with ExitStack() as stack:
        for step, port in ports.items():
            framework = (sys.executable, "-m", "functions_framework", f"--target={step}", f"--source={MAIN}")
            where = ("--host=127.0.0.1", f"--port={port}")
            url, said = f"http://127.0.0.1:{port}/", folder / f"{step}.log"
            stack.enter_context(running(*framework, *where, url=url, environment=environment, said=said))
        _subscribe(emulator, name, {step: ports[step] for step in pushed})
        yield Deployed(emulator, place, ports, folder)


def _subscribe(emulator: PubSub, name: str, ports: dict[str, int]) -> None:
    """Push subscriptions with dead letters, as the Terraform makes them; the backoff is the test's, to be done in seconds."""
    emulator.call("PUT", f"topics/{name}-dead")
    emulator.call("PUT", f"subscriptions/{name}-dead", topic=f"projects/p/topics/{name}-dead")
    for step in STEPS:
        emulator.call("PUT", f"topics/{name}-{step}")
    for step, port in ports.items():
        topic = f"projects/p/topics/{name}-{step}"
        emulator.call(
            "PUT",
            f"subscriptions/{name}-{step}",
            topic=topic,
            ackDeadlineSeconds=600,
            pushConfig={"pushEndpoint": f"http://127.0.0.1:{port}/{topic}"},
            deadLetterPolicy={"deadLetterTopic": f"projects/p/topics/{name}-dead", "maxDeliveryAttempts": TRIES},
            retryPolicy={"minimumBackoff": "0.1s", "maximumBackoff": "0.2s"},
        )


def test_a_due_run_is_planned_scanned_and_reported_once(estate, operator, emulator, google_store, tmp_path):
    """The scheduler's message → plan → 14 tasks → scans → one report, as the audit's; what others sent is a dead letter."""
    with _deployed("whole", emulator, google_store, operator, tmp_path) as run:
        emulator.publish("whole-scan", base64.b64encode(b'{"schema": "task/v2"}').decode())
        emulator.publish("whole-plan", base64.b64encode(b"{}").decode())
        until(run.reported, "no report", _RUN_S)
        report = assert_same_as_audit(run.place.seen(), operator, "--config", "gcp.yaml")
        assert len(report["clusters"]) == 14
        assert {each["read"] for each in report["clusters"]} == {"complete"}
        assert {each["account"]: each["outcome"] for each in report["scopes"]}["data-prod"] == "partial"
        dead = until(lambda: emulator.pulled("whole-dead"), "no dead letter")
        assert [base64.b64decode(each["message"]["data"]) for each in dead] == [b'{"schema": "task/v2"}']
        _deliver_again(run, report)
        assert run.said("scan").count('"message":"reported"') == 1
        assert "is no task of ringfence" in run.said("scan")


def _deliver_again(run: Deployed, report: dict[str, Any]) -> None:
    """Plans and scans that come late change nothing that is stored."""
    before = run.place.seen()
    first = report["clusters"][0]
    cluster = {name: first[name] for name in ("cloud", "account", "location", "name", "id")}
    task = {"schema": "task/v1", "run": report["run"]["id"], "time": report["run"]["time"], "cluster": cluster}
    answer = run.push("scan", json.dumps(task | {"source": 0}).encode(), deliveryAttempt=2)
    assert answer.ok, run.said("scan")
    assert run.push("sweep", b"{}").ok, run.said("sweep")
    assert run.place.seen() == before


def test_scans_without_time_are_tried_again_and_unread_the_last_time(
    estate, operator, emulator, google_store, tmp_path
):
    """The count stands beside the message in the push body, from which the framework makes an event without it.

    The emulator does not count, so these are pushed as Pub/Sub's reference writes the body ("Push subscriptions").
    """
    with _deployed(
        "hasty", emulator, google_store, operator, tmp_path, pushed=("plan",), RINGFENCE_TIMEOUT_S="30"
    ) as run:
        emulator.call("PUT", "subscriptions/hasty-tasks", topic="projects/p/topics/hasty-scan")
        emulator.publish("hasty-plan", base64.b64encode(b"{}").decode())
        tasks: dict[str, bytes] = {}
        until(lambda: tasks.update(_tasks(emulator)) or len(tasks) == 14, "not all tasks were sent")
        for tried in ({}, {"deliveryAttempt": 1}, {"deliveryAttempt": TRIES - 1}, {"deliveryAttempt": True}):
            assert run.push("scan", next(iter(tasks.values())), **tried).status_code == 500
        assert [line["message"].partition(": ")[2][:13] for line in run.errors("scan")] == ["time ran out:"] * 4
        assert not [key for key in run.place.seen() if key.endswith("/result.json")]
        assert all(run.push("scan", task, deliveryAttempt=TRIES).ok for task in tasks.values())
        _, report = report_of(run.place.seen())
    assert len(report["clusters"]) == 14
    assert {each["read"] for each in report["clusters"]} == {"unread"}
    assert all(each["unread"].startswith("time ran out in every try") for each in report["clusters"])
    items = [item for each in report["clusters"] for item in each["controls"]]
    passed = {(item["id"], item["level"]) for item in items if item["status"] == "pass"}
    assert passed == {("NB-OBS-03", "declared")}  # the cloud's own record says so; of the cluster nothing passes


def _tasks(emulator: PubSub) -> dict[str, bytes]:
    """Tasks that wait, by message, so that one that is given out twice counts once."""
    found = (each["message"] for each in emulator.pulled("hasty-tasks"))
    return {each["messageId"]: base64.b64decode(each["data"]) for each in found}


def test_what_is_no_task_and_no_message_is_one_line_each(operator, emulator, google_store, tmp_path):
    """Each is answered with an error, so that it ends among the dead letters, and nothing is stored."""
    with _deployed("odd", emulator, google_store, operator, tmp_path) as run:
        strange = (b"\xff\x00", b"", b"[]", b'{"schema": "task/v1", "run": "../../x"}')
        assert [run.push("scan", data).status_code for data in strange] == [500] * len(strange)
        assert len(run.errors("scan")) == len(strange)
        assert all("is no task of ringfence" in line["message"] for line in run.errors("scan"))
        event = {"ce-id": "1", "ce-specversion": "1.0", "ce-source": "x", "ce-type": "x"}
        answer = requests.post(f"http://127.0.0.1:{run.ports['plan']}/", json=[1], headers=event, timeout=30)
        assert answer.status_code == 500
        assert "an event without a Pub/Sub message" in run.said("plan")
        assert run.place.seen() == {}


def test_the_entry_points_keep_the_names_that_terraform_deploys():
    """functions-framework looks them up by name and wraps each in one that it names after `__name__`."""
    assert [getattr(gcp, step).__name__ for step in STEPS] == list(STEPS)
