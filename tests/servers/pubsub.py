"""Google's Pub/Sub emulator and functions of Google's own framework, each a process on 127.0.0.1."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

WAIT_S = 60.0


class PubSub:
    """The emulator's REST interface, in the project `p`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """One call, which must succeed."""
        answer = requests.request(method, f"http://{self.address}/v1/projects/p/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def publish(self, topic: str, data: str) -> None:
        """One message; `data` is base64."""
        self.call("POST", f"topics/{topic}:publish", messages=[{"data": data}])

    def pulled(self, subscription: str) -> list[dict[str, Any]]:
        """What lies there."""
        path = f"subscriptions/{subscription}:pull"
        return self.call("POST", path, maxMessages=10, returnImmediately=True).get("receivedMessages", [])


@contextmanager
def pubsub() -> Iterator[PubSub]:
    """A running emulator; skips where its Debian package is not installed."""
    archive, port = jar(), free_port()
    with running("java", "-jar", archive, "--host=127.0.0.1", f"--port={port}", url=f"http://127.0.0.1:{port}/"):
        yield PubSub(f"127.0.0.1:{port}")


def jar() -> str:
    """The emulator's, if its Debian package is installed."""
    if shutil.which("dpkg") is None or shutil.which("java") is None:
        pytest.skip("no dpkg or java, so no Pub/Sub emulator")
    listed = subprocess.run(
        ["dpkg", "-L", "google-cloud-cli-pubsub-emulator"], capture_output=True, text=True, check=False
    )
    found = next((line for line in listed.stdout.splitlines() if line.endswith("all.jar")), "")
    return found or pytest.skip("google-cloud-cli-pubsub-emulator is not installed, and Debian does not have it")


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(
    *command: str, url: str, environment: Mapping[str, str] | None = None, said: Path | None = None
) -> Iterator[None]:
    """A server, until it answers and then until the block ends; what it says goes to the file `said`."""
    with (said or Path("/dev/null")).open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
        try:
            until(lambda: _answers(url), f"{command[0]} did not start")
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


def until(done: Callable[[], Any], otherwise: str, within_s: float = WAIT_S) -> Any:
    """What `done` answers as soon as it is something; the test fails if it never is."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if answer := done():
            return answer
        time.sleep(0.2)
    return pytest.fail(otherwise)
