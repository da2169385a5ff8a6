"""Scheduled runs on Azure: the app's functions by azure-functions' own decorators, real queues and blobs in Azurite."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator

import pytest
from azure.storage.queue import QueueServiceClient

from functions import azure as azure_functions
from functions.scheduled.plan import NOT_SCANNED
from tests.functions.scheduled.same_as_audit import assert_same_as_audit, report_of
from tests.servers import azurite as azurites
from tests.servers import stores
from tests.servers.azure_functions_host import Host
from tests.servers.azurite import Azurite
from tests.servers.stores import Place

TRIES = 3
OF_THE_CLOUD = {
    "NB-EXP-01",
    "NB-EXP-02",
}  # who reaches the API server: known from the cloud, of clusters that nobody read


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    """Azure Blob."""
    if not azurites.MAIN.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(azurites.MISSING)
        pytest.skip(azurites.MISSING)
    with azurites.azurite() as running:
        with running.client() as client:
            client.create_container(stores.BUCKET)
        yield running


@pytest.fixture(scope="module")
def queues(azurite: Azurite) -> Iterator[QueueServiceClient]:
    """Azure's Storage queues."""
    with azurites.azurite_queues() as client:
        yield client


@pytest.fixture
def deploy(azurite, queues, operator, monkeypatch) -> Callable[..., tuple[Host, Place]]:
    """Deploys the app under a name: settings and runs in folders of the container, queues of its own."""

    def deployed(name: str, **more: str) -> tuple[Host, Place]:
        place = stores.azure(azurite, f"{name}/runs")
        with azurite.client() as client:
            settings = (operator.folder / "azure.yaml").read_bytes()
            client.get_blob_client(stores.BUCKET, f"{name}/settings/ringfence.yaml").upload_blob(settings)
        ours = {
            "RINGFENCE_STORE": place.url,
            "RINGFENCE_SETTINGS": f"az://{stores.BUCKET}/{name}/settings",
            "RINGFENCE_QUEUE": f"{name}-tasks",
            "RINGFENCE_SCHEDULE": "0 0 6 * * *",
            "RINGFENCE_TRIES": str(TRIES),
            **more,
        }
        for variable, value in (operator.environment | dict(place.environment) | ours).items():
            monkeypatch.setenv(variable, value)
        azure_functions._deployment.cache_clear()
        return Host(azure_functions.app, queues, ours, TRIES), place

    yield deployed
    azure_functions._deployment.cache_clear()


def test_a_due_run_is_planned_scanned_and_reported_once(estate, operator, deploy, capsys):
    """Timer → plan, delivered twice → 20 tasks for 10 clusters → two instances at once → one report, as the audit's."""
    host, place = deploy("whole")
    host.tick("due")
    (due,) = host.queue("whole-tasks-plans").peek_messages(max_messages=5)
    host.queue("whole-tasks-plans").send_message(due.content)
    host.queue("whole-tasks").send_message('{"schema": "task/v2"}')
    host.drain("plan")
    assert host.queue("whole-tasks").get_queue_properties().approximate_message_count == 21
    host.drain("scan", instances=2)
    said = capsys.readouterr().out
    report = assert_same_as_audit(place.seen(), operator, "--config", "azure.yaml")
    assert len(report["clusters"]) == 10
    assert {each["read"] for each in report["clusters"]} == {"complete"}
    assert said.count('"message":"reported"') == 1
    assert len(host.errors) == TRIES
    assert all("is no task of ringfence" in str(error) for error in host.errors)
    (poison,) = host.queue("whole-tasks-poison").receive_messages()
    assert poison.content == '{"schema": "task/v2"}'
    before = place.seen()
    host.tick("sweep")
    host.queue("whole-tasks-plans").send_message(due.content)
    host.drain("plan")
    host.drain("scan")
    assert place.seen() == before


def test_scans_without_time_are_tried_again_and_unread_the_last_time(estate, deploy):
    """The queue's own dequeue count says which try is the last; no task becomes poison, and the run ends."""
    host, place = deploy("hasty", RINGFENCE_TIMEOUT_S="30")
    host.tick("due")
    host.drain("plan")
    host.drain("scan")
    _, report = report_of(place.seen())
    assert len(report["clusters"]) == 10
    assert {each["read"] for each in report["clusters"]} == {"unread"}
    assert all(each["unread"].startswith("time ran out in every try") for each in report["clusters"])
    assert len(host.errors) == 10 * (TRIES - 1)
    assert host.queue("hasty-tasks-poison").peek_messages() == []
    assert _passed(report) == OF_THE_CLOUD


def test_a_run_that_nobody_scans_is_ended_by_the_sweep_at_its_deadline(estate, deploy):
    """Its clusters are unread with the reason, and a scan that comes later changes nothing."""
    host, place = deploy("late")
    host.queue("late-tasks-plans").send_message("2026-11-20T06:00:00Z")  # delivered long after it was due
    host.drain("plan")
    assert not [key for key in place.seen() if key.endswith("/report.json")]
    host.tick("sweep")
    run, report = report_of(place.seen())
    assert run.startswith("20261120T060000Z")
    assert [each["unread"] for each in report["clusters"]] == [NOT_SCANNED] * 10
    assert _passed(report) == OF_THE_CLOUD
    before = place.seen()
    assert json.loads(before["v1/latest.json"])["run"] == run
    host.drain("scan")
    host.tick("sweep")
    assert place.seen() == before
    assert host.errors == []


def test_a_time_that_is_none_becomes_poison_with_one_line_a_try(estate, deploy, capsys):
    """Nothing is planned or stored."""
    host, place = deploy("odd")
    host.queue("odd-tasks-plans").send_message("tomorrow\u0000")
    host.drain("plan")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["severity"] for line in lines] == ["ERROR"] * TRIES
    assert len(host.errors) == TRIES
    assert len(host.queue("odd-tasks-plans-poison").peek_messages()) == 1
    assert place.seen() == {}


def _passed(report: dict) -> set[str]:
    """What passes in any cluster."""
    return {item["id"] for each in report["clusters"] for item in each["controls"] if item["status"] == "pass"}
