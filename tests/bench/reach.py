"""What reachability costs at growing sizes: CPU seconds, peak memory and the counters that explain them. Seed 1."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
from typing import Any, NamedTuple

import msgspec

from scanner.model import (
    SNAPSHOT_VERSION,
    ApiObject,
    Cloud,
    ClusterRef,
    Collector,
    ContainerPort,
    Namespace,
    Pod,
    Snapshot,
    Source,
    WorkloadRef,
)
from scanner.policy.resolve import resolve
from scanner.reach.engine import build

SEED = 1
_TEAMS, _TIERS = ("red", "blue", "green", "grey"), ("front", "back", "data", "batch")


class Size(NamedTuple):
    """How big a cluster is; each workload has three pods."""

    namespaces: int
    workloads: int
    policies: int


SIZES = {"S": Size(10, 100, 60), "M": Size(50, 1_000, 500), "L": Size(200, 5_000, 2_500)}


def generate(size: Size) -> Snapshot:
    """A cluster of one size: a tenth of its namespaces open, half deny ingress, the rest deny both ways and allow DNS."""
    chance = random.Random(SEED)  # noqa: S311 - a reproducible shape, no secret
    names = [f"ns-{number:03}" for number in range(size.namespaces)]
    namespaces = tuple(
        Namespace(name=name, labels={"kubernetes.io/metadata.name": name, "team": chance.choice(_TEAMS)})
        for name in names
    )
    pods: list[Pod] = []
    apps: dict[str, list[str]] = {name: [] for name in names}
    for number in range(size.workloads):
        where, app = names[number % size.namespaces], f"app-{number:05}"
        apps[where].append(app)
        pods += _workload(chance, where, app)
    policies = [_policy(name, f"base-{at}", spec) for name in names for at, spec in enumerate(_baseline(chance))]
    while len(policies) < size.policies:
        where = chance.choice(names)
        policies.append(_policy(where, f"allow-{len(policies)}", _allow(chance, apps[where], names)))
    return Snapshot(
        version=SNAPSHOT_VERSION,
        collector=Collector(name="bench", version="1"),
        taken="2026-11-23T08:00:00Z",
        cluster=ClusterRef(cloud=Cloud.OTHER, account="", location="", name="bench", id="bench"),
        source=Source.CLUSTER,
        collection={},
        namespaces=namespaces,
        pods=tuple(pods),
        policies=tuple(policies),
    )


def _workload(chance: random.Random, where: str, app: str) -> list[Pod]:
    labels = {
        "app": app,
        "tier": chance.choice(_TIERS),
        "version": f"v{chance.randint(1, 3)}",
        "pod-template-hash": app[::-1],
    }
    if chance.random() < 0.2:
        labels["extra"] = str(chance.randint(0, 9))
    name = chance.choice(("http", "grpc", "metrics")) if chance.random() < 0.3 else ""
    ports = (ContainerPort(port=chance.choice((80, 8080, 8443, 9090)), name=name),)
    owner = WorkloadRef(kind="Deployment", name=app)
    return [
        Pod(namespace=where, name=f"{app}-{at}", labels=labels, workload=owner, ports=ports, phase="Running")
        for at in range(3)
    ]


def _policy(where: str, name: str, spec: dict[str, Any]) -> ApiObject:
    raw = msgspec.Raw(msgspec.json.encode(spec))
    return ApiObject(api_version="networking.k8s.io/v1", kind="NetworkPolicy", namespace=where, name=name, spec=raw)


def _baseline(chance: random.Random) -> list[dict[str, Any]]:
    draw = chance.random()
    if draw < 0.1:
        return []
    if draw < 0.6:
        return [{"podSelector": {}, "policyTypes": ["Ingress"]}]
    dns = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}
    return [
        {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        {"podSelector": {}, "policyTypes": ["Egress"], "egress": [dns]},
    ]


def _allow(chance: random.Random, apps: list[str], names: list[str]) -> dict[str, Any]:
    subject = {"matchLabels": {"app": chance.choice(apps)}} if apps else {}
    rule = {"ports": [_port(chance) for _ in range(chance.randint(1, 2))]}
    peers = [_peer(chance, apps, names) for _ in range(chance.randint(1, 2))]
    if chance.random() < 0.3:
        return {"podSelector": subject, "policyTypes": ["Egress"], "egress": [rule | {"to": peers}]}
    return {"podSelector": subject, "policyTypes": ["Ingress"], "ingress": [rule | {"from": peers}]}


def _port(chance: random.Random) -> dict[str, Any]:
    draw = chance.random()
    if draw < 0.3:
        return {"port": chance.choice(("http", "grpc", "metrics"))}
    if draw < 0.4:
        return {"port": 30000, "endPort": 30000 + chance.randint(1, 2000)}
    if draw < 0.5:
        return {"port": chance.choice((53, 161, 3868)), "protocol": chance.choice(("UDP", "SCTP"))}
    return {"port": chance.choice((80, 443, 5432, 8080, 8443, 9090))}


def _peer(chance: random.Random, apps: list[str], names: list[str]) -> dict[str, Any]:
    draw = chance.random()
    if draw < 0.12:
        block: dict[str, Any] = {"cidr": f"10.{chance.randint(0, 255)}.0.0/16"}
        return {"ipBlock": block | ({"except": [block["cidr"].replace("0.0/16", "9.0/24")]} if draw < 0.04 else {})}
    if draw < 0.5:
        return {"podSelector": {"matchLabels": {"app": chance.choice(apps)} if apps else {}}}
    if draw < 0.7:
        return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": chance.choice(names)}}}
    if draw < 0.85:
        return {
            "namespaceSelector": {"matchLabels": {"team": chance.choice(_TEAMS)}},
            "podSelector": {"matchLabels": {"tier": chance.choice(_TIERS)}},
        }
    expression = {"key": "version", "operator": chance.choice(("In", "NotIn")), "values": ["v1", "v2"]}
    return {"podSelector": {"matchExpressions": [expression]}}


def measure(name: str) -> dict[str, float]:
    """One size in this process: generation is not counted."""
    cluster = generate(SIZES[name])
    start = resource.getrusage(resource.RUSAGE_SELF)
    before = start.ru_utime + start.ru_stime
    reach = build(cluster, resolve(cluster))
    exposure = reach.exposure()
    built = resource.getrusage(resource.RUSAGE_SELF)
    lines = sum(1 for _ in reach.connections())
    end = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "pods": len(cluster.pods), "open": exposure.open, "lines": lines,
        "grown": (end.ru_maxrss - start.ru_maxrss) / 1024, "peak": end.ru_maxrss / 1024,
        "build": built.ru_utime + built.ru_stime - before,
        "list": end.ru_utime + end.ru_stime - built.ru_utime - built.ru_stime,
    } | reach.counters  # fmt: skip


def run() -> None:
    """Print the table, each size in a process of its own so that peaks do not add up."""
    columns = ("pods", "classes", "columns", "intersections", "selectors", "lines")
    print(f"reachability, seed {SEED}")
    print(
        f"{'size':4} {'build s':>8} {'list s':>8} {'peak MB':>8} {'grown MB':>9}", *(f"{name:>13}" for name in columns)
    )
    for name in SIZES:
        program = f"import json; from tests.bench.reach import measure; print(json.dumps(measure({name!r})))"
        done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        times = f"{found['build']:8.2f} {found['list']:8.2f} {found['peak']:8.0f} {found['grown']:9.0f}"
        print(f"{name:4} {times}", *(f"{found[column]:13,}" for column in columns), flush=True)
    print()
