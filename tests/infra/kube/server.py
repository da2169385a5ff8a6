"""A small Kubernetes API over HTTPS on 127.0.0.1: discovery, paged lists, GET by name; it enforces a ClusterRole."""

from __future__ import annotations

import base64
import gzip
import json
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.servers.tls import Handler, TlsServer

ROLE = Path(__file__).parents[3] / "infra" / "kube" / "clusterrole.yaml"
TOKEN = "a-bearer-token-that-must-not-leak"  # noqa: S105 - opens nothing but the server below


@dataclass
class Reply:
    """A canned answer; `pause` is how long it takes, in seconds; `drip` sends the body a byte at a time.

    `cut` closes the connection after half of the body. An answer with a Content-Encoding of its own is sent as it is.
    """

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    drip: bool = False
    cut: bool = False


@dataclass
class FakeCluster:
    """What the server serves and what it saw. `served` maps a group to {version: resources}, most preferred first."""

    served: dict[str, dict[str, list[str]]]
    objects: dict[str, list[dict[str, Any]]]  # resource with its group -> objects
    aggregated: bool = True
    stale: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)  # resources the role's binding leaves out
    token: str = TOKEN
    canned: dict[str, list[Reply]] = field(default_factory=dict)  # resource or path -> answers given first, in order
    expire: list[tuple[str, int]] = field(
        default_factory=list
    )  # (resource, start) whose page token is out of date, once each
    rotated: dict[str, str] = field(default_factory=dict)  # resource -> the only token that holds once it was asked for
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # (path and query, headers)
    outside: list[str] = field(default_factory=list)  # requests that the role does not allow
    role: list[dict[str, Any]] = field(default_factory=lambda: yaml.safe_load(ROLE.read_text())["rules"])

    def paths(self) -> list[str]:
        """The paths asked for, without their queries."""
        return [urlsplit(path).path for path, _ in self.seen]

    def asked(self, plural: str) -> list[str]:
        """The requests for one plural, with their queries."""
        return [path for path, _ in self.seen if urlsplit(path).path.split("/")[-1] == plural]

    def answer(self, target: str, headers: dict[str, str]) -> Reply:
        """The answer to one GET."""
        self.seen.append((target, headers))
        url = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        segments = [part for part in url.path.split("/") if part]
        self.token = self.rotated.pop(segments[-1], self.token)
        if headers.get("authorization") != f"Bearer {self.token}":
            return _status(401, "Unauthorized")
        if waiting := self.canned.get(url.path):
            return waiting.pop(0)
        if segments in (["version"], ["api"], ["apis"]) or len(segments) == (2 if segments[0] == "api" else 3):
            return self._discovery(segments, headers)
        return self._objects(segments, query)

    def _discovery(self, segments: list[str], headers: dict[str, str]) -> Reply:
        if segments == ["version"]:
            return _json({"gitVersion": "v1.33.5-eks-1"})
        wanted = {"": self.served.get("", {})} if segments[0] == "api" else {g: v for g, v in self.served.items() if g}
        if len(segments) > 1:
            group, version = ("", segments[1]) if segments[0] == "api" else segments[1:3]
            resources = self.served.get(group, {}).get(version)
            if resources is None:
                return _status(404, "NotFound")
            return _json({"resources": [{"name": name, "verbs": ["get", "list"]} for name in resources]})
        if self.aggregated and "apidiscovery" in headers.get("accept", ""):
            return _json({"kind": "APIGroupDiscoveryList", "items": [self._group(*entry) for entry in wanted.items()]})
        if segments == ["api"]:
            return _json({"kind": "APIVersions", "versions": list(wanted[""])})
        groups = [
            {
                "name": group,
                "versions": [{"groupVersion": f"{group}/{version}", "version": version} for version in versions],
                "preferredVersion": {"version": next(iter(versions))},
            }
            for group, versions in wanted.items()
        ]
        return _json({"kind": "APIGroupList", "groups": groups})

    def _group(self, group: str, versions: dict[str, list[str]]) -> dict[str, Any]:
        return {
            "metadata": {"name": group} if group else {},
            "versions": [
                {
                    "version": version,
                    "freshness": "Stale" if group in self.stale else "Current",
                    "resources": [{"resource": name, "verbs": ["get", "list"]} for name in resources],
                }
                for version, resources in versions.items()
            ],
        }

    def _objects(self, segments: list[str], query: dict[str, str]) -> Reply:
        group, version, rest = (
            ("", segments[1], segments[2:]) if segments[0] == "api" else (*segments[1:3], segments[3:])
        )
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        else:
            namespace = ""
        plural, name = rest[0], (rest[1] if len(rest) > 1 else "")
        resource = f"{plural}.{group}" if group else plural
        if not self._allowed(group, plural, "get" if name else "list", name):
            self.outside.append("/".join(segments))
            return _status(403, "Forbidden")
        if resource in self.forbidden:
            return _status(403, "Forbidden")
        if waiting := self.canned.get(resource):
            return waiting.pop(0)
        if plural not in self.served.get(group, {}).get(version, []):
            return Reply(404, b"404 page not found\n")
        items = self.objects.get(resource, [])
        if name:
            match = [
                item
                for item in items
                if item["metadata"]["name"] == name and item["metadata"]["namespace"] == namespace
            ]
            return _json(match[0]) if match else _status(404, "NotFound")
        return self._page(resource, items, query)

    def _page(self, resource: str, items: list[dict[str, Any]], query: dict[str, str]) -> Reply:
        start, limit = int(query.get("continue", "0").removeprefix("resume-")), int(query["limit"])
        if start and (resource, start) in self.expire:
            self.expire.remove((resource, start))
            return _status(410, "Expired", {"continue": f"resume-{max(start - 1, 0)}"})  # repeats one object
        metadata = {"resourceVersion": "1"} | ({"continue": str(start + limit)} if start + limit < len(items) else {})
        return _json({"metadata": metadata, "items": items[start : start + limit]})

    def _allowed(self, group: str, plural: str, verb: str, name: str) -> bool:
        return any(
            group in rule.get("apiGroups", ())
            and plural in rule["resources"]
            and verb in rule["verbs"]
            and (not rule.get("resourceNames") or name in rule["resourceNames"])
            for rule in self.role
        )


class Server(TlsServer):
    """The fake cluster behind TLS, and the kubeconfig that leads to it; stops when the block ends."""

    def __init__(self, cluster: FakeCluster, folder: Path) -> None:
        super().__init__(_handler(cluster), folder)
        self.cluster = cluster

    def kubeconfig(
        self, *, context: str = "lab", cluster_name: str = "lab", user: object = None, **cluster: object
    ) -> str:
        """Write a kubeconfig; `cluster` overrides fields of its cluster entry, `user` replaces the user entry."""
        entry = {
            "server": f"https://127.0.0.1:{self.port}",
            "certificate-authority-data": base64.b64encode(self.ca).decode(),
        } | cluster
        path = self.folder / "kubeconfig"
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": context,
                    "contexts": [{"name": context, "context": {"cluster": cluster_name, "user": "u"}}],
                    "clusters": [{"name": cluster_name, "cluster": {k: v for k, v in entry.items() if v is not None}}],
                    "users": [{"name": "u", "user": {"token": TOKEN} if user is None else user}],
                }
            )
        )
        return str(path)


def _handler(cluster: FakeCluster) -> type[BaseHTTPRequestHandler]:
    class ClusterHandler(Handler):
        def answer(self) -> None:
            reply = cluster.answer(self.path, {key.lower(): value for key, value in self.headers.items()})
            time.sleep(reply.pause)
            body = reply.body
            asked = "gzip" in self.headers.get("Accept-Encoding", "")
            packed = asked and not reply.drip and "Content-Encoding" not in reply.headers
            if packed:
                body = gzip.compress(body)
            try:
                self.send_response(reply.status)
                for key, value in reply.headers.items():
                    self.send_header(key, value)
                if packed:
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if reply.cut:
                    self.wfile.write(body[: len(body) // 2])
                    self.close_connection = True
                    return
                if not reply.drip:
                    self.wfile.write(body)
                    return
                for position in range(len(body)):
                    self.wfile.write(body[position : position + 1])
                    time.sleep(0.05)
            except OSError:  # the client gave up, as some tests want it to
                self.close_connection = True

    return ClusterHandler


def _json(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _status(code: int, reason: str, metadata: dict[str, str] | None = None) -> Reply:
    body = {"kind": "Status", "status": "Failure", "reason": reason, "code": code, "metadata": metadata or {}}
    return Reply(code, json.dumps(body).encode(), {"Content-Type": "application/json"})
