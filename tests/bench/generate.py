"""Clusters to measure with, as a live dump has them: namespaces, pods with their owners' names, and network policies.

What is in a dump and what is not: each workload has three pods, which name the ReplicaSet that made them and carry its hash;
the ReplicaSets and Deployments themselves are left out, for with them two thirds of the bytes would be objects that say
nothing new. The mix is that of a platform team's cluster: one namespace in ten open and the system's too, half deny ingress
only, the rest deny both ways and allow DNS. Everything comes from `SEED`.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.bench.generate_policies import Policies

SEED = 1
PODS = 3  # of each workload
CREATED = "2026-10-01T08:00:00Z"
SYSTEM = "kube-system"
TEAMS = ("red", "blue", "green", "grey", "amber", "violet", "teal", "pink")
ENVIRONMENTS = ("prod", "staging", "dev")
TIERS = ("front", "back", "data", "batch")
_WORDS = (
    "web", "api", "db", "cache", "worker", "auth", "cart", "search", "billing", "mail", "queue", "stats",
)  # fmt: skip
_NAMED = (("http", 8080), ("http", 80), ("grpc", 9090), ("metrics", 9100))
_EXTRAS = (("canary", "true"), ("pci", "in-scope"), ("monitoring", "enabled"))
_HASH = "bcdfghjklmnpqrstvwxz2456789"


class Profile(StrEnum):
    """What kind of cluster: two everyday ones, and three that are hard on an engine."""

    MIXED = "mixed"
    STRICT = "strict"  # every namespace denies both ways
    CLASSES = "classes"  # every pod has labels of its own that policies look at
    GIANT = "giant"  # everything in one namespace
    BLOCKS = "blocks"  # 2,000 distinct address blocks with exceptions


@dataclass(frozen=True, slots=True)
class Size:
    """How big a cluster is."""

    namespaces: int
    workloads: int
    policies: int


SIZES = {
    "S": Size(10, 100, 60),
    "H": Size(25, 500, 250),
    "M": Size(50, 1_000, 500),
    "L": Size(200, 5_000, 2_500),
    "XL": Size(500, 20_000, 10_000),
    "XXL": Size(1_000, 50_000, 25_000),
}


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment that is not in the dump, as its pods show it."""

    namespace: str
    name: str
    labels: dict[str, str]
    containers: list[dict[str, Any]]


def objects(size: Size, profile: Profile = Profile.MIXED) -> Iterator[dict[str, Any]]:
    """The objects of one cluster in the order of a dump, made as they are asked for."""
    chance = random.Random(SEED)  # noqa: S311 - a reproducible shape, no secret
    names = [SYSTEM, *(f"ns-{number:04}" for number in range(1, size.namespaces))]
    if profile is Profile.GIANT:
        names = [SYSTEM, "giant"]
    for name in names:
        yield _namespace(chance, name)
    apps: dict[str, list[str]] = {name: [] for name in names}
    for number in range(size.workloads):
        where = names[number % len(names)] if profile is not Profile.GIANT else names[min(number, 1)]
        workload = _workload(chance, where, len(apps[where]))
        apps[where].append(workload.labels["app"])
        for at in range(PODS):
            yield _pod(chance, workload, number * PODS + at, own=f"{number}-{at}" if profile is Profile.CLASSES else "")
    policies = Policies(
        chance,
        names=[name for name in names if name != SYSTEM],
        apps=apps,
        teams=TEAMS,
        environments=ENVIRONMENTS,
        tiers=TIERS,
        strict=profile in {Profile.STRICT, Profile.GIANT},
        pods=size.workloads * PODS if profile is Profile.CLASSES else 0,
        blocks=2_000 if profile is Profile.BLOCKS else 0,
    )
    yield from policies.all(size.policies)


def _namespace(chance: random.Random, name: str) -> dict[str, Any]:
    labels = {
        "kubernetes.io/metadata.name": name,
        "team": chance.choice(TEAMS),
        "environment": chance.choice(ENVIRONMENTS),
    }
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "uid": _uid(chance), "labels": labels},
        "status": {"phase": "Active"},
    }


def _workload(chance: random.Random, where: str, index: int) -> Workload:
    """The `index`th workload of a namespace. Names repeat from namespace to namespace, as they do in life."""
    if where == SYSTEM and not index:
        labels = {"app": "dns", "k8s-app": "kube-dns", "tier": "back", "version": "v1", "name": "dns"}
        ports = [{"name": "dns", "containerPort": 53, "protocol": "UDP"}, {"name": "dns-tcp", "containerPort": 53}]
        return Workload(where, "dns", _hashed(chance, labels), [_container("dns", ports)])
    word, again = _WORDS[index % len(_WORDS)], index // len(_WORDS)
    name = f"{word}-{again}" if again else word
    labels = {
        "app": name,
        "tier": chance.choice(TIERS),
        "version": f"v{chance.randint(1, 3)}",
        "app.kubernetes.io/name": word,
    }
    if chance.random() < 0.2:
        key, value = chance.choice(_EXTRAS)
        labels[key] = value
    port: dict[str, Any] = {"containerPort": chance.choice((80, 8080, 8443, 9090, 5432)), "protocol": "TCP"}
    if chance.random() < 0.3:
        called, number = chance.choice(_NAMED)
        port = {"name": called, "containerPort": number, "protocol": "TCP"}
    return Workload(where, name, _hashed(chance, labels), [_container(word, [port])])


def _hashed(chance: random.Random, labels: dict[str, str]) -> dict[str, str]:
    return labels | {"pod-template-hash": "".join(chance.choices(_HASH, k=10))}


def _container(name: str, ports: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"registry.example/shop/{name}:1.4.2",
        "ports": ports,
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
    }


def _pod(chance: random.Random, workload: Workload, number: int, own: str) -> dict[str, Any]:
    """One pod. `own` is a label value that no other pod has, empty for a pod like its replicas."""
    replica_set = f"{workload.name}-{workload.labels['pod-template-hash']}"
    address = f"10.{128 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": replica_set,
        "uid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{workload.namespace}/{replica_set}")),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{replica_set}-{''.join(chance.choices(_HASH, k=5))}",
            "generateName": f"{replica_set}-",
            "namespace": workload.namespace,
            "uid": _uid(chance),
            "creationTimestamp": CREATED,
            "labels": workload.labels | ({"instance": own} if own else {}),
            "ownerReferences": [owner],
        },
        "spec": {
            "containers": workload.containers,
            "serviceAccountName": "default",
            "nodeName": f"node-{number % 200:03}",
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "hostIP": f"172.16.0.{number % 200 + 1}",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": CREATED,
        },
    }


def _uid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
