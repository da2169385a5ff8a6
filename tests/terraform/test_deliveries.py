"""The planned subscription in Google's Pub/Sub emulator: what it pushes reaches a function of Google's own framework."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

from tests.servers.pubsub import free_port, pubsub, running, until

FUNCTION = '''"""Says what it was given, and fails."""
import functions_framework
import json


@functions_framework.cloud_event
def scan(event):
    with open("{seen}", "a") as file:
        file.write(json.dumps([event["source"], event.data["message"]]) + "\\n")
    raise RuntimeError("not this time")
'''


def test_a_message_is_pushed_as_an_event_and_after_so_many_tries_a_dead_letter(plans, tmp_path: Path):
    """With the path and the tries of the planned subscription; backoff and address are the test's, to be done in seconds."""
    pytest.importorskip("functions_framework", reason="functions-framework is not installed: `make test` does")
    planned = plans["gcp"]["functions_and_queues_agree"]['google_pubsub_subscription.of["tasks"]']
    seen, source, function = tmp_path / "seen", tmp_path / "main.py", f"127.0.0.1:{free_port()}"
    source.write_text(FUNCTION.replace("{seen}", str(seen)))
    framework = (sys.executable, "-m", "functions_framework", "--target=scan", f"--source={source}", "--host=127.0.0.1")
    with (
        pubsub() as emulator,
        running(*framework, f"--port={function.split(':')[1]}", url=f"http://{function}/"),
    ):
        for topic in ("ringfence-tasks", "ringfence-dead"):
            emulator.call("PUT", f"topics/{topic}")
        emulator.call("PUT", "subscriptions/dead", topic="projects/p/topics/ringfence-dead")
        tries = planned["dead_letter_policy"][0]["max_delivery_attempts"]
        emulator.call(
            "PUT",
            "subscriptions/tasks",
            topic="projects/p/topics/ringfence-tasks",
            pushConfig={"pushEndpoint": f"http://{function}/projects/p/topics/ringfence-tasks"},
            deadLetterPolicy={"deadLetterTopic": "projects/p/topics/ringfence-dead", "maxDeliveryAttempts": tries},
            retryPolicy={"minimumBackoff": "0.1s", "maximumBackoff": "0.2s"},
        )
        sent = base64.b64encode(b'{"schema": "task/v1"}').decode()
        emulator.publish("ringfence-tasks", sent)
        dead = until(lambda: emulator.pulled("dead"), "no dead letter")
    assert dead[0]["message"]["data"] == sent
    assert dead[0]["message"]["attributes"]["CloudPubSubDeadLetterSourceDeliveryCount"] == str(tries)
    events = [json.loads(line) for line in seen.read_text().splitlines()]
    assert len(events) == tries
    assert {source for source, _ in events} == {"//pubsub.googleapis.com/projects/p/topics/ringfence-tasks"}
    assert {message["data"] for _, message in events} == {sent}
    assert len({message["publishTime"] for _, message in events}) == 1  # what a run is named after stays the same
