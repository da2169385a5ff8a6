"""Google's Resource Manager, Kubernetes Engine and token server over HTTPS on 127.0.0.1, with faults to order.

with GcpServer(folder) as google:
    google.add_project("shop", clusters=[gke_cluster("prod")])
    google.fault("/v1/projects/shop/locations/-/clusters", throttled("1"))
    environment = google.environment()      # credentials and trust, as an operator sets them
    options = google.options()
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt

from infra.clouds.options import GcpEndpoints, GcpOptions
from tests.servers.gcp_answers import SECRETS, Reply, answer, denied
from tests.servers.tls import Handler, TlsServer

ACCOUNT = "ringfence@security-1.iam.gserviceaccount.com"
_AUDIENCE = "https://oauth2.googleapis.com/token"  # whatever token_uri says
_CLUSTERS = re.compile(r"/v1/projects/([^/]+)/locations/([^/]+)/clusters\Z")
_CLUSTER = re.compile(r"/v1/projects/([^/]+)/locations/([^/]+)/clusters/([^/]+)\Z")


@dataclass
class Project:
    """A project; one that is not `visible` is not found by searching."""

    id: str
    number: str
    parent: str
    state: str = "ACTIVE"
    visible: bool = True

    def entry(self) -> dict[str, Any]:
        """As Resource Manager v3 writes it."""
        return {"name": f"projects/{self.number}", "projectId": self.id, "parent": self.parent, "state": self.state}


class GcpServer(TlsServer):
    """The estate and what was asked of it. `page` is how many entries a page holds; `lifetime_s` how long a token lasts."""

    def __init__(self, folder: Path, *, page: int = 500, lifetime_s: int = 3600) -> None:
        super().__init__(_handler(self), folder)
        self.page, self.lifetime_s = page, lifetime_s
        self.projects: dict[str, Project] = {}
        self.folders: dict[str, str] = {}  # "folders/N" -> its parent
        self.clusters: dict[str, list[dict[str, Any]]] = {}
        self.silent: dict[str, dict[str, int]] = {}  # project -> zone -> how many more answers leave it out
        self.tokens: list[str] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []  # method, path and query, headers
        self._faults: dict[str, list[Reply]] = {}
        self._always: dict[str, Reply] = {}
        self._lock = threading.Lock()
        self._key = _key()

    def add_folder(self, number: str, parent: str) -> None:
        """A folder below "organizations/N" or "folders/N"."""
        self.folders[f"folders/{number}"] = parent

    def add_project(
        self,
        name: str,
        *,
        parent: str = "organizations/1",
        number: str = "",
        state: str = "ACTIVE",
        visible: bool = True,
        clusters: list[dict[str, Any]] | None = None,
    ) -> Project:
        """A project with its clusters; it gets a number of its own where none is given."""
        project = Project(name, number or str(415104041000 + len(self.projects)), parent, state, visible)
        self.projects[name] = project
        self.clusters[name] = list(clusters or ())
        return project

    def add_cluster(self, project: str, cluster: dict[str, Any]) -> None:
        """A cluster in a project."""
        self.clusters[project].append(cluster)

    def fault(self, path: str, *replies: Reply, always: bool = False) -> None:
        """Answers that `path` gives first, in order; `always`: the last one for ever."""
        if always:
            self._always[path] = replies[-1]
        self._faults.setdefault(path, []).extend(replies)

    def asked(self) -> Counter[str]:
        """Method and path of every request, with how often it came."""
        return Counter(f"{method} {urlsplit(target).path}" for method, target, _ in self.seen)

    def environment(self) -> dict[str, str]:
        """What an operator sets: a service account's key, and the authority to trust."""
        path = self.folder / f"service-account-{self.port}.json"
        path.write_text(json.dumps(self.service_account()))
        return {
            "GOOGLE_APPLICATION_CREDENTIALS": str(path),
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
            "NO_GCE_CHECK": "true",
        }

    def service_account(self) -> dict[str, str]:
        """A key file whose tokens come from this server."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "security-1",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": ACCOUNT,
            "client_id": "1",
            "token_uri": f"{self.url}/token",
        }

    def options(self, **chosen: Any) -> GcpOptions:
        """Options that lead here."""
        return GcpOptions(endpoints=GcpEndpoints(container=self.url, resource_manager=self.url), **chosen)

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        """The answer to one request."""
        url = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        with self._lock:
            self.seen.append((method, target, headers))
            if waiting := self._faults.get(url.path):
                return waiting.pop(0)
            if url.path in self._always:
                return self._always[url.path]
            if (method, url.path) == ("POST", "/token"):
                return self._token(body)
            if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
                return answer({"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}}, 401)
            return self._listed(url.path, query)

    def _token(self, body: bytes) -> Reply:
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        claims: Any = jwt.decode(form["assertion"], certs=public, audience=_AUDIENCE)  # type: ignore[no-untyped-call]
        if claims["iss"] != ACCOUNT or "cloud-platform" not in claims["scope"]:
            return answer({"error": "invalid_grant"}, 400)
        self.tokens.append(f"ya29.{SECRETS[5]}-{len(self.tokens)}")
        return answer({"access_token": self.tokens[-1], "expires_in": self.lifetime_s, "token_type": "Bearer"})

    def _listed(self, path: str, query: dict[str, str]) -> Reply:
        if match := _CLUSTERS.match(path):
            return self._clusters(match[1], match[2])
        if match := _CLUSTER.match(path):
            return self._cluster(match[1], match[2], match[3])
        return self._places(path, query)

    def _places(self, path: str, query: dict[str, str]) -> Reply:
        everyone = list(self.projects.values())
        if path == "/v3/projects:search":
            found = [each for each in everyone if each.visible and each.state in {"ACTIVE", "ODD"}]
            return self._page("projects", [each.entry() for each in found], query)
        if path == "/v3/projects":
            return self._page("projects", [each.entry() for each in everyone if each.parent == query["parent"]], query)
        if path == "/v3/folders":
            below = [name for name, parent in self.folders.items() if parent == query["parent"]]
            entries = [{"name": name, "parent": query["parent"], "state": "ACTIVE"} for name in below]
            return self._page("folders", entries, query)
        for each in everyone:
            if path in {f"/v3/projects/{each.id}", f"/v3/projects/{each.number}"}:
                return answer(each.entry())
        return denied("resourcemanager.projects.get")

    def _page(self, key: str, entries: list[dict[str, Any]], query: dict[str, str]) -> Reply:
        size = min(self.page, int(query["pageSize"]))
        start = int(query.get("pageToken", "page-0").removeprefix("page-"))
        page: dict[str, Any] = {key: entries[start : start + size]} if entries else {}
        return answer(page | ({"nextPageToken": f"page-{start + size}"} if start + size < len(entries) else {}))

    def _cluster(self, project: str, location: str, name: str) -> Reply:
        for cluster in self.clusters.get(project, ()):
            if (cluster["name"], cluster.get("location")) == (name, location):
                return answer(cluster)
        return answer({"error": {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}}, 404)

    def _clusters(self, project: str, location: str) -> Reply:
        for each in self.projects.values():
            if project in {each.id, each.number}:
                project = each.id
        if project not in self.projects:
            return denied("container.clusters.list")
        silent = self.silent.get(project, {})
        asked = [zone for zone, left in silent.items() if left > 0 and location in {"-", zone}]
        for zone in asked:
            silent[zone] -= 1
        found = [
            cluster
            for cluster in self.clusters[project]
            if location in {"-", cluster.get("location")} and cluster.get("location") not in asked
        ]
        value: dict[str, Any] = {"clusters": found} if found else {}
        return answer(value | ({"missingZones": asked} if asked else {}))


@cache
def _key() -> rsa.RSAPrivateKey:
    """One short key for all servers of a run: making one takes long, and so does reading a long one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - opens nothing but this server


def _handler(server: GcpServer) -> type[Handler]:
    class GcpHandler(Handler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            reply = server.reply(self.command, self.path, headers, body)
            try:
                self.send_response(reply.status)
                for key, value in reply.headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self._send(reply)
            except OSError:  # the client gave up, as some tests want it to
                self.close_connection = True

        def _send(self, reply: Reply) -> None:
            if reply.cut:
                self.wfile.write(reply.body[: len(reply.body) // 2])
                self.close_connection = True
            elif reply.drip:
                for position in range(len(reply.body)):
                    self.wfile.write(reply.body[position : position + 1])
                    time.sleep(0.02)
            else:
                self.wfile.write(reply.body)

    return GcpHandler
