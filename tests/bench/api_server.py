"""Many clusters' APIs behind one TLS port, in a process of its own: `python -m tests.bench.api_server FOLDER PODS`.

Every path is below `/gzip/NAME` or `/plain/NAME`: NAME may be any cluster's, for all of them hold the same objects, and the
first word says whether an answer is packed where the client asks for it. Answers are made once, before the port is printed.
`FOLDER` receives the certificate (`ca.pem`).
"""

from __future__ import annotations

import gzip
import ssl
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from tests.bench.live_pods import namespaces, pods
from tests.servers.tls import self_signed

PAGE = 500
_SERVED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "": {"v1": ("namespaces", "pods", "nodes", "services")},
    "apps": {"v1": ("daemonsets", "replicasets")},
    "networking.k8s.io": {"v1": ("networkpolicies",)},
}
Answers = dict[tuple[str, str], tuple[bytes, bytes]]  # (path, page token) -> body, and body packed


def pages(count: int) -> list[bytes]:
    """The answers to a paged list of `count` pods."""
    encode = msgspec.json.Encoder().encode
    found = [encode(pod) for pod in pods(count)]
    return [_page(found[start : start + PAGE], start + PAGE, len(found)) for start in range(0, len(found), PAGE)]


def _page(items: list[bytes], following: int, total: int) -> bytes:
    metadata: dict[str, Any] = {"resourceVersion": "77"}
    if following < total:
        metadata |= {"continue": str(following), "remainingItemCount": total - following}
    head = msgspec.json.encode({"kind": "PodList", "apiVersion": "v1", "metadata": metadata})
    return head[:-1] + b',"items":[' + b",".join(items) + b"]}"


def _answers(count: int) -> Answers:
    encode = msgspec.json.encode
    bodies: dict[tuple[str, str], bytes] = {
        ("/version", ""): b'{"gitVersion":"v1.33.5"}',
        ("/api", ""): encode({"items": [_group("", _SERVED[""])]}),
        ("/apis", ""): encode({"items": [_group(*entry) for entry in _SERVED.items() if entry[0]]}),
    }
    for group, versions in _SERVED.items():
        for version, plurals in versions.items():
            for plural in plurals:
                path = f"/apis/{group}/{version}/{plural}" if group else f"/api/{version}/{plural}"
                bodies[path, ""] = encode({"metadata": {}, "items": _objects(plural, count)})
    for number, body in enumerate(pages(count)):
        bodies["/api/v1/pods", str(number * PAGE) if number else ""] = body
    return {key: (body, gzip.compress(body, 1)) for key, body in bodies.items()}


def _group(group: str, versions: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    listed = [
        {"version": version, "resources": [{"resource": plural, "verbs": ["list"]} for plural in plurals]}
        for version, plurals in versions.items()
    ]
    return {"metadata": {"name": group}, "versions": listed}


def _objects(plural: str, count: int) -> list[dict[str, Any]]:
    found = namespaces(count)
    if plural == "namespaces":
        return [{"metadata": {"name": name, "labels": {"team": name}}} for name in found]
    if plural == "networkpolicies":
        spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        return [{"metadata": {"name": "deny", "namespace": name}, "spec": spec} for name in found]
    return []


def _handler(answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            _, form, _, rest = url.path.split("/", 3)
            token = parse_qs(url.query).get("continue", [""])[0]
            found = answers.get((f"/{rest}", token))
            packed = found is not None and form == "gzip" and "gzip" in self.headers.get("Accept-Encoding", "")
            body = b"{}" if found is None else found[packed]
            self.send_response(404 if found is None else 200)
            if packed:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the client is done
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _main(folder: Path, count: int) -> None:
    ca, key = self_signed()
    (folder / "ca.pem").write_bytes(ca)
    (folder / "server.pem").write_bytes(ca + key)
    with _Server(("127.0.0.1", 0), _handler(_answers(count))) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
