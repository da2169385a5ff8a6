"""A local HTTP server that replays recorded REST answers by path and query, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


class RestServer:
    """`answers` maps a path, or a path with query values "path?key=value", to a document or a (status, document).

    The entry with the most matching query values is given; what is not there is 404.
    """

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers: dict[str, Any] = dict(answers or {})
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                outer.headers.append(dict(self.headers.items()))
                status, document = outer.find(self.path)
                data = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def find(self, path: str) -> tuple[int, Any]:
        """The answer for a path and query."""
        asked = urlsplit(path)
        query = set(parse_qsl(asked.query))
        best: tuple[int, Any] | None = None
        for key, document in self.answers.items():
            place, _, wanted = key.partition("?")
            pairs = set(parse_qsl(wanted))
            if place.lower() == asked.path.lower() and pairs <= query and (best is None or len(pairs) > best[0]):
                best = len(pairs), document
        if best is None:
            return 404, {"error": {"code": 404, "message": "not recorded"}}
        return best[1] if isinstance(best[1], tuple) else (200, best[1])

    def __enter__(self) -> Self:
        """Start serving."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
