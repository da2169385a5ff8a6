"""AWS Lambda's Runtime API on 127.0.0.1, and the real runtime interface client (`awslambdaric`) under it.

Lambda developer guide, "Using the Lambda runtime API": next, response, error, and init/error. Memory, /tmp and the size of
the code are not limited here; the deadline is told and not enforced.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import sysconfig
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any, Self

_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:ringfence"
_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")  # what Lambda's own image holds besides Python
_START = "import sys; sys.path[:0] = sys.argv[1:3]; from awslambdaric.__main__ import main; main(['awslambdaric', sys.argv[3]])"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function made of an event: `failed` says that it raised, and `body` then is Lambda's error object."""

    failed: bool
    body: Any


class RuntimeApi(ThreadingHTTPServer):
    """The API for one function."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: queue.Queue[tuple[str, bytes, int]] = queue.Queue()
        self.answers: dict[str, queue.Queue[Answer]] = {}
        self.broken: bytes = b""  # what could not even be imported

    def __enter__(self) -> Self:
        """Start."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A function that is stopped while it waits for an event is no mistake; all else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def invoke(self, event: object, timeout_s: float = 30) -> Answer:
        """Hand an event to the function and wait for what it makes of it."""
        identity, answer = str(uuid.uuid4()), queue.Queue[Answer]()
        self.answers[identity] = answer
        self.events.put((identity, json.dumps(event).encode(), int((time.time() + timeout_s) * 1000)))
        try:
            return answer.get(timeout=timeout_s)
        except queue.Empty:
            raise AssertionError(f"the function did not answer: {self.broken.decode() or 'nothing was said'}") from None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def log_message(self, *_: object) -> None:
        """Silence."""

    def do_GET(self) -> None:
        """`/2018-06-01/runtime/invocation/next`, which waits."""
        identity, body, deadline = self.server.events.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": identity,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": _ARN,
            "Content-Type": "application/json",
        }
        self._reply(200, body, headers)

    def do_POST(self) -> None:
        """The function's answer, its error, or why it could not be loaded."""
        body = self._body()
        parts = self.path.split("/")
        if parts[3] == "init":
            self.server.broken = body
        else:
            self.server.answers[parts[4]].put(Answer(parts[5] == "error", json.loads(body)))
        self._reply(202, b"", {})

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length")
        if length is not None:
            return self.rfile.read(int(length))
        body = b""
        while size := int(self.rfile.readline(), 16):  # the client may send it in chunks
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Function:
    """A handler in a process of its own, which sees its folder, the runtime client and the standard library, nothing else."""

    def __init__(self, api: RuntimeApi, root: Path, client: Path, environment: Mapping[str, str]) -> None:
        handler = "functions.aws.handler"
        variables = {
            "PATH": os.defpath,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "ringfence",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "LAMBDA_TASK_ROOT": str(root),
            "_HANDLER": handler,
            **environment,
        }
        self._said = client.parent / f"said-{uuid.uuid4()}"
        with self._said.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _START, str(root), str(client), handler],
                cwd=root,
                env=variables,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(10)

    @property
    def log(self) -> str:
        """All that it wrote until now."""
        return self._said.read_text("utf-8")

    @property
    def said(self) -> list[dict[str, Any]]:
        """Its log until now: the lines that are JSON objects."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]


def runtime_client(folder: Path) -> Path:
    """A folder with the runtime interface client and what it needs, and nothing else of this environment."""
    folder.mkdir()
    for name in _CLIENT:
        installed = metadata.distribution(name)
        for top in {file.parts[0] for file in installed.files or () if file.parts[0] != ".."}:
            link = folder / top
            if not link.exists():
                link.symlink_to(Path(str(installed.locate_file(top))))
    return folder


def code_here(folder: Path, checkout: Path) -> Path:
    """A folder with the checkout's packages and everything that is installed here: what a bundle holds, and more."""
    folder.mkdir()
    installed = Path(sysconfig.get_path("purelib"))
    for each in (*(checkout / name for name in ("functions", "infra", "reports", "scanner")), *installed.iterdir()):
        link = folder / each.name
        if not link.exists():
            link.symlink_to(each)
    return folder
