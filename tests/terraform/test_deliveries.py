"""The planned subscription in Google's Pub/Sub emulator: what it pushes reaches a function of Google's own framework."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

_WAIT_S = 60.0
FUNCTION = '''"""Says what it was given, and fails."""
import functions_framework
import json


@functions_framework.cloud_event
def scan(event):
    with open("{seen}", "a") as file:
        file.write(json.dumps([event["source"], event.data["message"]]) + "\\n")
    raise RuntimeError("not this time")
'''


def _jar() -> str:
    """The emulator's, if its Debian package is installed."""
    if shutil.which("dpkg") is None or shutil.which("java") is None:
        pytest.skip("no dpkg or java, so no Pub/Sub emulator")
    listed = subprocess.run(
        ["dpkg", "-L", "google-cloud-cli-pubsub-emulator"], capture_output=True, text=True, check=False
    )
    jar = next((line for line in listed.stdout.splitlines() if line.endswith("all.jar")), "")
    return jar or pytest.skip("google-cloud-cli-pubsub-emulator is not installed, and Debian does not have it")


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _running(*command: str, url: str) -> Iterator[None]:
    """A server, until it answers and then until the test ends."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: _answers(url), f"{command[0]} did not start")
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        requests.get(url, timeout=5)
    except requests.ConnectionError:
        return False
    return True


def _until(done: Callable[[], Any], otherwise: str) -> Any:
    ends = time.monotonic() + _WAIT_S
    while time.monotonic() < ends:
        if answer := done():
            return answer
        time.sleep(0.2)
    return pytest.fail(otherwise)


def test_a_message_is_pushed_as_an_event_and_after_so_many_tries_a_dead_letter(plans, tmp_path: Path):
    """With the path and the tries of the planned subscription; backoff and address are the test's, to be done in seconds."""
    pytest.importorskip("functions_framework", reason="functions-framework is not installed: `make test` does")
    planned = plans["gcp"]["functions_and_queues_agree"]['google_pubsub_subscription.of["tasks"]']
    jar, seen, source = _jar(), tmp_path / "seen", tmp_path / "main.py"
    source.write_text(FUNCTION.replace("{seen}", str(seen)))
    emulator, function = f"127.0.0.1:{_port()}", f"127.0.0.1:{_port()}"

    def call(method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = requests.request(method, f"http://{emulator}/v1/projects/p/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    pubsub = ("java", "-jar", jar, "--host=127.0.0.1", f"--port={emulator.split(':')[1]}")
    framework = (sys.executable, "-m", "functions_framework", "--target=scan", f"--source={source}", "--host=127.0.0.1")
    with (
        _running(*pubsub, url=f"http://{emulator}/"),
        _running(*framework, f"--port={function.split(':')[1]}", url=f"http://{function}/"),
    ):
        for topic in ("ringfence-tasks", "ringfence-dead"):
            call("PUT", f"topics/{topic}")
        call("PUT", "subscriptions/dead", topic="projects/p/topics/ringfence-dead")
        tries = planned["dead_letter_policy"][0]["max_delivery_attempts"]
        call(
            "PUT",
            "subscriptions/tasks",
            topic="projects/p/topics/ringfence-tasks",
            pushConfig={"pushEndpoint": f"http://{function}/projects/p/topics/ringfence-tasks"},
            deadLetterPolicy={"deadLetterTopic": "projects/p/topics/ringfence-dead", "maxDeliveryAttempts": tries},
            retryPolicy={"minimumBackoff": "0.1s", "maximumBackoff": "0.2s"},
        )
        sent = base64.b64encode(b'{"schema": "task/v1"}').decode()
        call("POST", "topics/ringfence-tasks:publish", messages=[{"data": sent}])
        dead = _until(
            lambda: call("POST", "subscriptions/dead:pull", maxMessages=1, returnImmediately=True).get(
                "receivedMessages"
            ),
            "no dead letter",
        )
    assert dead[0]["message"]["data"] == sent
    assert dead[0]["message"]["attributes"]["CloudPubSubDeadLetterSourceDeliveryCount"] == str(tries)
    events = [json.loads(line) for line in seen.read_text().splitlines()]
    assert len(events) == tries
    assert {source for source, _ in events} == {"//pubsub.googleapis.com/projects/p/topics/ringfence-tasks"}
    assert {message["data"] for _, message in events} == {sent}
    assert len({message["publishTime"] for _, message in events}) == 1  # what a run is named after stays the same
