"""The engine against what a real cluster let through: every pair and port of twenty recorded policy sets."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from scanner.model import ContainerPort, Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.factories import namespace, pod, policy, snapshot

RECORDED = Path(__file__).parents[2] / "cases" / "observed" / "networkpolicy.jsonl.gz"
SETS = [json.loads(line) for line in gzip.decompress(RECORDED.read_bytes()).splitlines()]


def observed_snapshot(objects: list[dict[str, Any]]) -> Snapshot:
    """The recorded objects as a snapshot of bare pods."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for item in objects:
        by_kind.setdefault(item["kind"], []).append(item)
    return snapshot(
        namespaces=[
            namespace(item["metadata"]["name"], **item["metadata"].get("labels", {})) for item in by_kind["Namespace"]
        ],
        pods=[
            pod(
                item["metadata"]["name"],
                ns=item["metadata"]["namespace"],
                labels=item["metadata"].get("labels", {}),
                owner=("Pod", item["metadata"]["name"]),
                ports=[
                    ContainerPort(
                        port=port["containerPort"], protocol=port.get("protocol", "TCP"), name=port.get("name", "")
                    )
                    for container in item["spec"]["containers"]
                    for port in container.get("ports", ())
                ],
            )
            for item in by_kind["Pod"]
        ],
        policies=[
            policy(item["spec"], name=item["metadata"]["name"], ns=item["metadata"]["namespace"])
            for item in by_kind["NetworkPolicy"]
        ],
    )


@pytest.mark.parametrize("recorded", SETS, ids=lambda recorded: f"seed-{recorded['seed']}")
def test_declared_reach_is_what_the_cluster_let_through(recorded):
    """Every recorded pair and port is allowed exactly when the declared reach says so."""
    cluster = observed_snapshot(recorded["objects"])
    reach = build(cluster, resolve(cluster))
    allowed = {(each.src, each.dst): each.ports for each in reach.connections()}
    expected, judged = {}, {}
    for src, row in recorded["matrix"].items():
        for dst, ports in row.items():
            ranges = allowed.get((f"{src}[Pod]", f"{dst}[Pod]"), {}).get("TCP", ())
            for port, answer in ports.items():
                expected[src, dst, port] = answer
                judged[src, dst, port] = any(first <= int(port) <= last for first, last in ranges)
    assert len(expected) == 20 * 19 * 3
    assert judged == expected


def test_the_record_holds_twenty_sets_that_allow_and_deny():
    """The record is worth something: twenty sets, each with allowed and with denied probes."""
    assert len(SETS) == 20
    for recorded in SETS:
        answers = {answer for row in recorded["matrix"].values() for ports in row.values() for answer in ports.values()}
        assert answers == {True, False}
