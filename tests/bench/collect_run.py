"""What `tests.bench.collect` measures, each in a process of its own that prints its figures as one JSON object.

python -m tests.bench.collect_run floor PODS                what msgspec takes for the same bytes, and unpacking them
python -m tests.bench.collect_run one SERVER CA             one cluster read over HTTPS
python -m tests.bench.collect_run fleet SERVER CA CLUSTERS  many clusters read and stored
"""

from __future__ import annotations

import gzip
import http.client
import json
import resource
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
from kubernetes.client import Configuration

from functions.run import collect, new_run
from functions.sources import Input, Progress
from functions.watch import Quiet
from infra.kube import Limits, read_api
from infra.kube.access import Access
from infra.kube.api import Api
from infra.store import open_store
from scanner.model import Snapshot
from tests.bench.api_server import PAGE, pages
from tests.bench.files import TAKEN

_ROUNDS = 3


class _Metadata(msgspec.Struct, rename="camel", gc=False):
    name: str
    namespace: str
    uid: str
    labels: dict[str, str] = {}
    owner_references: list[dict[str, str | bool]] = []


class _Port(msgspec.Struct, rename="camel", gc=False):
    container_port: int
    protocol: str = "TCP"
    name: str = ""


class _Container(msgspec.Struct, rename="camel", gc=False):
    name: str
    ports: list[_Port] = []
    restart_policy: str | None = None


class _Spec(msgspec.Struct, rename="camel", gc=False):
    containers: list[_Container]
    init_containers: list[_Container] = []
    node_name: str = ""
    host_network: bool = False
    service_account_name: str = ""


class _Address(msgspec.Struct, gc=False):
    ip: str


class _Status(msgspec.Struct, gc=False):
    phase: str
    addresses: list[_Address] = msgspec.field(name="podIPs", default_factory=list)
    host: str = msgspec.field(name="hostIP", default="")


class _Pod(msgspec.Struct, gc=False):
    metadata: _Metadata
    spec: _Spec
    status: _Status


class _ListMetadata(msgspec.Struct):
    token: str = msgspec.field(name="continue", default="")


class _Pods(msgspec.Struct):
    metadata: _ListMetadata
    items: list[_Pod]


def _floor(count: int) -> dict[str, float]:
    """The bytes of the pages, and the CPU seconds it takes to decode them into narrow structs, packed and not."""
    bodies = pages(count)
    packed = [gzip.compress(body, 1) for body in bodies]
    decode = msgspec.json.Decoder(_Pods).decode
    return {
        "bytes": sum(map(len, bodies)),
        "packed": sum(map(len, packed)),
        "decode": _best(lambda: [decode(body).items for body in bodies]),
        "unpack": _best(lambda: [gzip.decompress(body) and None for body in packed]),
    }


def _bare(server: str, ca: str) -> dict[str, float]:
    """CPU seconds of the least that can be done to have those bytes decoded over HTTPS."""
    address = urlsplit(server)
    decode = msgspec.json.Decoder(_Pods).decode

    def fetch() -> None:
        context = ssl.create_default_context(cafile=ca)
        connection = http.client.HTTPSConnection(str(address.hostname), address.port, context=context)
        token = ""
        while True:
            path = f"{address.path}/bare/api/v1/pods?limit={PAGE}&continue={token}"
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            body = answer.read()
            token = decode(gzip.decompress(body) if answer.headers["Content-Encoding"] else body).metadata.token
            if not token:
                connection.close()
                return

    return {"cpu": _best(fetch)}


def _best(work: Callable[[], object]) -> float:
    return min(map(_cpu, [work] * _ROUNDS))


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _one(server: str, ca: str) -> dict[str, float]:
    """CPU seconds of one reading, memory in bytes that it needs above what was loaded before, and what it came to."""
    with Api(_access(f"{server}/warm", ca, "warm"), Limits()) as api:
        api.get("/version")  # loads every module
    before = _peak()
    found: list[Snapshot] = []
    cpu = _cpu(lambda: found.append(_read(f"{server}/one", ca, lambda _: None)))
    return {"cpu": cpu, "grown": _peak() - before, "peak": _peak(), "pods": len(found[0].pods)}


def _fleet(server: str, ca: str, clusters: int) -> dict[str, float]:
    """Wall and CPU seconds, and the process's peak memory in bytes."""
    inputs = [_input(f"{server}/c{number:04}", ca, f"c{number:04}") for number in range(clusters)]
    with tempfile.TemporaryDirectory() as folder:
        run = new_run("", TAKEN)
        started, cpu = time.perf_counter(), time.process_time()
        written = collect(inputs, run=run, store=open_store(folder), watcher=Quiet())
        figures = {"wall": time.perf_counter() - started, "cpu": time.process_time() - cpu, "peak": _peak()}
    if written.incomplete or len(written.stored_at) != clusters:
        raise RuntimeError(f"{len(written.stored_at)} of {clusters} stored; {written.incomplete[:3]}")
    return figures


def _input(host: str, ca: str, name: str) -> Input:
    return Input(label=name, read=lambda progress: _read(host, ca, progress, name))


def _read(host: str, ca: str, progress: Progress, name: str = "bench") -> Snapshot:
    return read_api(_access(host, ca, name), record=None, taken=TAKEN, progress=progress)


def _access(host: str, ca: str, name: str) -> Access:
    configuration: Any = Configuration()
    configuration.host = host
    configuration.ssl_ca_cert = ca
    configuration.api_key = {"BearerToken": "Bearer none"}
    return Access(context=name, configuration=configuration)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["floor", count]:
            print(json.dumps(_floor(int(count))))
        case ["bare", server, ca]:
            print(json.dumps(_bare(server, ca)))
        case ["one", server, ca]:
            print(json.dumps(_one(server, ca)))
        case ["fleet", server, ca, clusters]:
            print(json.dumps(_fleet(server, ca, int(clusters))))
