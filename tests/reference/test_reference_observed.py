"""The reference evaluator against a real cluster: what it let through decides whether the evaluator may judge anything.

Twenty sets of NetworkPolicies and eight with ClusterNetworkPolicies (v1alpha2), every pair and port probed by TCP.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.reference.kubernetes import may
from tests.reference.wire import Cluster, Wire

FOLDER = Path(__file__).parents[1] / "cases" / "observed"
RECORDS = [
    (name, json.loads(line))
    for name in ("networkpolicy", "clusternetworkpolicy")
    for line in gzip.decompress((FOLDER / f"{name}.jsonl.gz").read_bytes()).splitlines()
]


def recorded_cluster(objects: list[Wire]) -> Cluster:
    """The recorded objects; pods get an address of 10.0.0.0/8, which the record leaves out and no policy in it names."""
    assert '"10.' not in json.dumps(objects)
    found: dict[str, list[Wire]] = {"Namespace": [], "Pod": []}
    policies = [item for item in objects if item["kind"] not in found]
    for item in objects:
        if item["kind"] in found:
            found[item["kind"]].append(item)
    pods = [pod | {"status": {"podIPs": [{"ip": f"10.0.0.{at}"}]}} for at, pod in enumerate(found["Pod"])]
    return Cluster(tuple(found["Namespace"]), tuple(pods), tuple(policies))


@pytest.mark.parametrize("record", [record for _, record in RECORDS], ids=[f"{n}-{r['seed']}" for n, r in RECORDS])
def test_the_reference_answers_what_the_cluster_did(record: dict[str, Any]):
    """Every recorded pair and port is allowed exactly when the evaluator says so."""
    cluster = recorded_cluster(record["objects"])
    pods = {f"{pod['metadata']['namespace']}/{pod['metadata']['name']}": pod for pod in cluster.pods}
    observed = {
        (src, dst, port): answer
        for src, row in record["matrix"].items()
        for dst, ports in row.items()
        for port, answer in ports.items()
    }
    answered = {(src, dst, port): may(cluster, pods[src], pods[dst], "TCP", int(port)) for src, dst, port in observed}
    assert len(observed) == 20 * 19 * 3
    assert answered == observed


def test_the_records_hold_every_kind_of_answer():
    """The records are worth something: both files allow and deny, and the second holds rules of every action and tier."""
    assert [name for name, _ in RECORDS] == ["networkpolicy"] * 20 + ["clusternetworkpolicy"] * 8
    for wanted in ("networkpolicy", "clusternetworkpolicy"):
        text = json.dumps([record["matrix"] for name, record in RECORDS if name == wanted])
        assert "true" in text
        assert "false" in text
    text = json.dumps([record["objects"] for name, record in RECORDS if name == "clusternetworkpolicy"])
    for word in ("Accept", "Deny", "Pass", "Admin", "Baseline", "networks", "range", "destinationNamedPort"):
        assert f'"{word}"' in text
