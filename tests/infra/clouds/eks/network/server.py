"""EC2 for the tests: a moto server, in front of it a server that answers some actions itself, as AWS words them."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from moto.server import ThreadedMotoServer

SPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


def answer(action: str, inner: str) -> tuple[int, str]:
    """A successful answer of EC2's query protocol."""
    return 200, f'<{action}Response xmlns="{SPACE}"><requestId>r-1</requestId>{inner}</{action}Response>'


def refusal(code: str, message: str = "You are not authorized to perform this operation.") -> tuple[int, str]:
    """EC2's error document."""
    body = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
    return 403, body


class Ec2:
    """Both servers. `canned` maps an action to its answers, given in order; the last one is given again."""

    def __init__(self) -> None:
        self.canned: dict[str, list[tuple[int, str]]] = {}
        self.asked: list[str] = []
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._moto.start()
        host, port = self._moto.get_host_and_port()
        self.moto = f"http://{host}:{port}"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.handle(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        """Answer from `canned`, else pass moto's answer on."""
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        action = parse_qs(body.decode()).get("Action", [""])[0] or request.headers.get("X-Amz-Target", "")
        self.asked.append(action.rpartition(".")[2])
        if given := self.canned.get(self.asked[-1]):
            status, text = given.pop(0) if len(given) > 1 else given[0]
            data = text.encode()
        else:
            passed = {key: value for key, value in request.headers.items() if key.lower() != "host"}
            passed["Host"] = request.headers["Host"]
            forwarded = urllib.request.Request(self.moto + request.path, data=body, headers=passed, method="POST")  # noqa: S310
            try:
                with urllib.request.urlopen(forwarded) as response:  # noqa: S310 - moto's own address
                    status, data = response.status, response.read()
            except urllib.error.HTTPError as error:
                status, data = error.code, error.read()
                error.close()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def reset(self) -> None:
        """An empty cloud again."""
        self.canned.clear()
        self.asked.clear()
        with urllib.request.urlopen(  # noqa: S310 - moto's own address
            urllib.request.Request(f"{self.moto}/moto-api/reset", method="POST")  # noqa: S310
        ):
            pass

    def stop(self) -> None:
        """Stop both."""
        self._server.shutdown()
        self._server.server_close()
        self._moto.stop()
