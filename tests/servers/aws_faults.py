"""In front of the AWS stand-in: which operation a request asks for, who asks, and faults instead of answers."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from moto.iam.models import get_account_id_from

_CREDENTIAL = re.compile(
    r"(?:X-Amz-)?Credential=([^/&, ]+)(?:/|%2F)\d{8}(?:/|%2F)([a-z0-9-]+)(?:/|%2F)([a-z0-9-]+)(?:/|%2F)"
)
_EKS = (  # https://docs.aws.amazon.com/eks/latest/APIReference/API_Operations_Amazon_Elastic_Kubernetes_Service.html
    (r"/clusters$", {"GET": "ListClusters", "POST": "CreateCluster"}),
    (r"/clusters/[^/]+$", {"GET": "DescribeCluster"}),
    (r"/clusters/[^/]+/addons$", {"GET": "ListAddons", "POST": "CreateAddon"}),
    (r"/clusters/[^/]+/addons/[^/]+$", {"GET": "DescribeAddon"}),
    (r"/clusters/[^/]+/node-groups$", {"GET": "ListNodegroups", "POST": "CreateNodegroup"}),
    (r"/clusters/[^/]+/node-groups/[^/]+$", {"GET": "DescribeNodegroup"}),
    (r"/clusters/[^/]+/fargate-profiles$", {"GET": "ListFargateProfiles", "POST": "CreateFargateProfile"}),
    (r"/clusters/[^/]+/fargate-profiles/[^/]+$", {"GET": "DescribeFargateProfile"}),
)


@dataclass(frozen=True)
class Call:
    """One request that came in."""

    service: str
    operation: str
    account: str
    region: str
    path: str = ""
    query: str = ""
    user_agent: str = ""
    body: str = ""


@dataclass
class Fault:
    """What is answered instead: an AWS error with `code` and `message`, or `body` as it is.

    `account`, `region`, `path` and `asks` (parts of the request's path and body) narrow it; `skip` requests that match pass
    first; `times` is how often it is given (None: always); `wait` is an event that is waited for before.
    """

    service: str
    operation: str
    code: str = ""
    message: str = ""
    status: int = 400
    account: str = ""
    region: str = ""
    path: str = ""
    asks: str = ""
    skip: int = 0
    times: int | None = None
    body: bytes | None = None
    wait: threading.Event | None = None
    given: int = field(default=0, init=False)

    def takes(self, call: Call) -> bool:
        """Whether this request meets the fault; counts the ones that pass first."""
        if (self.service, self.operation) != (call.service, call.operation) or self.path not in call.path:
            return False
        if self.asks not in call.body:
            return False
        if (self.account and self.account != call.account) or (self.region and self.region != call.region):
            return False
        if self.skip:
            self.skip -= 1
            return False
        return self.times is None or self.given < self.times

    def answer(self) -> tuple[bytes, list[tuple[str, str]]]:
        """Body and headers in the form of the service's protocol."""
        kind, body = _error(self.service, self.code, self.message)
        headers = [("Content-Type", kind), ("x-amzn-RequestId", "00000000-0000-0000-0000-000000000000")]
        if self.code and self.service == "eks":
            headers.append(("x-amzn-ErrorType", self.code))
        return (body if self.body is None else self.body), headers


class Front:
    """A WSGI application before another one: notes every call and gives the faults."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._lock = threading.Lock()
        self.calls: list[Call] = []
        self.faults: list[Fault] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        call = _call(environ, body)
        with self._lock:
            self.calls.append(call)
            fault = next((each for each in self.faults if each.takes(call)), None)
            if fault is not None:
                fault.given += 1
        if fault is None:
            return self._application(environ, start_response)
        if fault.wait is not None:
            fault.wait.wait(10)
        content, headers = fault.answer()
        start_response(f"{fault.status} X", [*headers, ("Content-Length", str(len(content)))])
        return [content]


def _call(environ: dict[str, Any], body: bytes) -> Call:
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", "") or query)
    key, region, service = signed.groups() if signed else ("", "", "")
    operation = ""
    if service == "eks":
        operation = next((names.get(environ["REQUEST_METHOD"], "") for form, names in _EKS if re.match(form, path)), "")
    elif target := environ.get("HTTP_X_AMZ_TARGET"):
        operation = target.rpartition(".")[2]
    else:
        operation = (parse_qs(body.decode("utf-8", "replace") or query).get("Action") or [""])[0]
    account = get_account_id_from(key) if key else ""
    return Call(
        service,
        operation,
        account,
        region,
        path,
        query,
        environ.get("HTTP_USER_AGENT", ""),
        body.decode("utf-8", "replace"),
    )


def _error(service: str, code: str, message: str) -> tuple[str, bytes]:
    """An error as the service writes it: REST-JSON (EKS), JSON 1.1 (Organizations), the EC2 protocol, Query (STS)."""
    if service == "eks":
        return "application/json", json.dumps({"message": message}).encode()
    if service == "organizations":
        return "application/x-amz-json-1.1", json.dumps({"__type": code, "Message": message}).encode()
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    if service == "ec2":
        xml = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>0</RequestID></Response>"
    else:
        xml = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>0</RequestId></ErrorResponse>"
    return "text/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}'.encode()
