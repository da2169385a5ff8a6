"""Azure on 127.0.0.1: Entra's token endpoint, and the parts of Resource Manager that AKS discovery asks."""

from __future__ import annotations

import base64
import json
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.tls import Handler, TlsServer

TENANT = "00000000-0000-4000-8000-00000000000a"
CLIENT = "00000000-0000-4000-8000-00000000000c"
SECRET = "planted-secret-client"  # noqa: S105 - opens nothing but the server below
CLUSTERS = "/providers/Microsoft.ContainerService/managedClusters"
_LIST = re.compile(rf"/subscriptions/([^/]+){CLUSTERS}")
_ONE = re.compile(rf"/subscriptions/([^/]+)/resourceGroups/([^/]+){CLUSTERS}/([^/]+)")
_CREDENTIAL = re.compile(rf"/subscriptions/([^/]+)/resourceGroups/[^/]+{CLUSTERS}/([^/]+)/listClusterUserCredential")
_GROUP = re.compile(r"/providers/Microsoft.Management/managementGroups/([^/]+)/descendants")
_TOKEN = re.compile(r"/([^/]+)/oauth2/v2.0/token")
_METADATA = re.compile(r"/([^/]+)/v2.0/.well-known/openid-configuration")


@dataclass
class Fault:
    """An answer given in place of the true one."""

    status: int
    body: object = b""  # bytes as they are, all else as JSON
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def arm(cls, status: int, code: str, **headers: str) -> Fault:
        """An error of Resource Manager's; the message repeats what nobody should pass on."""
        message = f"The client 'planted-secret-client-id' has a problem: {code}."
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        return cls(status, {"error": {"code": code, "message": message}}, names)


@dataclass
class Seen:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    token: str


class AzureServer(TlsServer):
    """Start it with `with`; `environment` and `resource_manager`/`authority` (both `url`) are what an operator would set.

    `lifetime_s` is that of the tokens given from then on. `issued` maps each token to its scope, in order; a token in
    `expired` is refused. `faults` maps the end of a path to answers given first, in order; one of `always`, for ever.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(_handler(self), folder)
        self.page = 2
        self.lifetime_s = 3600
        self.issued: dict[str, str] = {}
        self.expired: set[str] = set()
        self.faults: dict[str, list[Fault]] = {}
        self.always: dict[str, Fault] = {}
        self.seen: list[Seen] = []
        self.subscriptions: dict[str, str] = {}  # id -> state
        self.groups: dict[str, list[dict[str, Any]]] = {}
        self._clusters: dict[str, list[dict[str, Any]]] = {}
        self._kubeconfigs: dict[tuple[str, str], bytes] = {}
        self._lock = threading.Lock()

    @property
    def environment(self) -> dict[str, str]:
        """What to set for a service principal with a secret, and to trust this server."""
        return {
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_CLIENT_SECRET": SECRET,
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
        }

    def add_subscription(self, identity: str, state: str = "Enabled", groups: tuple[str, ...] = ()) -> str:
        """Add a subscription, and put it below management groups."""
        self.subscriptions[identity] = state
        self._clusters.setdefault(identity, [])
        for group in groups:
            self.groups.setdefault(group, []).append(
                {"id": f"/subscriptions/{identity}", "type": "/subscriptions", "name": identity, "properties": {}}
            )
        return identity

    def add_cluster(self, subscription: str, cluster: dict[str, Any], kubeconfig: bytes = b"") -> None:
        """Add a cluster (`azure_answers.managed_cluster`) and the kubeconfig that its users get."""
        self._clusters[subscription].append(cluster)
        self._kubeconfigs[subscription, cluster["name"].lower()] = kubeconfig

    def fail(self, path: str, *faults: Fault) -> None:
        """Give these answers to the next requests of a path that ends so; the true ones after that."""
        self.faults.setdefault(path, []).extend(faults)

    def calls(self) -> set[str]:
        """What was asked of Resource Manager, as `METHOD PATH` with `*` for names."""
        names = r"(?<=/subscriptions/)[^/]+|(?<=/resourceGroups/)[^/]+|(?<=/managementGroups/)[^/]+|(?<=/managedClusters/)[^/]+"
        asked = [one for one in self.seen if not _TOKEN.fullmatch(one.path) and not _METADATA.fullmatch(one.path)]
        return {f"{one.method} {re.sub(names, '*', one.path)}" for one in asked}

    def asked(self, path: str) -> list[Seen]:
        """The requests whose path ends so."""
        return [one for one in self.seen if one.path.endswith(path)]

    def answer(self, request: Seen, body: bytes) -> Fault:
        """The answer to one request, one at a time."""
        with self._lock:
            self.seen.append(request)
            for path, faults in self.faults.items():
                if faults and request.path.endswith(path):
                    return faults.pop(0)
            for path, fault in self.always.items():
                if request.path.endswith(path):
                    return fault
            if _METADATA.fullmatch(request.path) or _TOKEN.fullmatch(request.path):
                return self._entra(request.path, body)
            if request.token in self.expired:
                return Fault.arm(401, "ExpiredAuthenticationToken", WWW_Authenticate='Bearer error="invalid_token"')
            if self.issued.get(request.token) != f"{self.url}/.default":
                return Fault.arm(401, "InvalidAuthenticationToken")
            return self._arm(request)

    def _entra(self, path: str, body: bytes) -> Fault:
        if match := _METADATA.fullmatch(path):
            root = f"{self.url}/{match[1]}"
            return Fault(
                200,
                {
                    "issuer": f"{root}/v2.0",
                    "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{root}/oauth2/v2.0/token",
                },
            )
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            text = f"AADSTS7000215: Invalid client secret provided for app '{CLIENT}'. Trace ID: planted-secret-trace"
            return Fault(401, {"error": "invalid_client", "error_description": text})
        token = f"planted-secret-token-{len(self.issued)}"
        self.issued[token] = form["scope"]
        return Fault(200, {"token_type": "Bearer", "expires_in": self.lifetime_s, "access_token": token})

    def _arm(self, request: Seen) -> Fault:
        if match := _CREDENTIAL.fullmatch(request.path):
            return self._credential(match[1], match[2])
        if match := _ONE.fullmatch(request.path):
            return self._one(match[1], request.path)
        members: list[dict[str, Any]] | None = None
        refusal = Fault.arm(404, "InvalidResourceType")
        if request.path == "/subscriptions":
            members = [{"subscriptionId": name, "state": state} for name, state in self.subscriptions.items()]
        elif match := _GROUP.fullmatch(request.path):
            members, refusal = self.groups.get(match[1]), Fault.arm(403, "AuthorizationFailed")
        elif match := _LIST.fullmatch(request.path):
            members, refusal = self._clusters.get(match[1]), Fault.arm(404, "SubscriptionNotFound")
        return refusal if members is None or request.method != "GET" else self._list(request, members)

    def _one(self, subscription: str, path: str) -> Fault:
        for cluster in self._clusters.get(subscription, ()):
            if cluster["id"].lower() == path.lower():
                return Fault(200, cluster)
        return Fault.arm(404, "ResourceNotFound")

    def _credential(self, subscription: str, name: str) -> Fault:
        value = self._kubeconfigs.get((subscription, name.lower()))
        if value is None:
            return Fault.arm(404, "ResourceNotFound")
        return Fault(200, {"kubeconfigs": [{"name": "clusterUser", "value": base64.b64encode(value).decode()}]})

    def _list(self, request: Seen, members: list[dict[str, Any]]) -> Fault:
        start = int(request.query.get("$skiptoken", "0"))
        page: dict[str, Any] = {"value": members[start : start + self.page]}
        if start + self.page < len(members):
            version = request.query["api-version"]
            page["nextLink"] = f"{self.url}{request.path}?api-version={version}&%24skiptoken={start + self.page}"
        return Fault(200, page)


def _handler(server: AzureServer) -> type[Handler]:
    class AzureHandler(Handler):
        wbufsize = 1 << 16
        disable_nagle_algorithm = True  # it costs 40 ms for each connection, which are many and short

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            reply = server.answer(Seen(self.command, url.path, query, token), body)
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:  # the client gave up
                self.close_connection = True

    return AzureHandler
