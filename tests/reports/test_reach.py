"""The `reach/v1` and `explain/v1` documents and their lines for a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from reports.reach import explanation_lines, render_explanations, render_reach
from reports.reach.table import reach_table
from scanner.model import ApiObject
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.factories import pod, policy, raw, snapshot

ALL = {"TCP": [[1, 65535]], "UDP": [[1, 65535]], "SCTP": [[1, 65535]]}
RULE = {
    "from": [{"podSelector": {"matchLabels": {"app": "web"}}}],
    "ports": [{"port": 5432}, {"port": 53, "protocol": "UDP"}],
}
ONLY_WEB = policy(
    {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress", "Egress"], "ingress": [RULE]}
)


def reach_of(*policies, pods=()):
    """The declared reach of two workloads, or of other pods."""
    cluster = snapshot(pods=pods or [pod("web-1"), pod("db-1")], policies=policies)
    return build(cluster, resolve(cluster))


def table(reach, width=100):
    """The lines of the terminal's table."""
    return b"".join(reach_table(reach.listing(), width=width)).decode().splitlines()


def test_the_document_has_the_contracts_form():
    """Every key and value of reach/v1, sorted, for a cluster small enough to write out."""
    document = json.loads(render_reach(reach_of(ONLY_WEB)))
    assert list(document) == ["schema", "level", "peers", "connections", "unknown", "entry_points", "warnings"]
    v4, v6 = "0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    web, db = "shop/web[Deployment]", "shop/db[Deployment]"
    assert document == {
        "schema": "reach/v1",
        "level": "declared",
        "peers": [
            {"id": v4, "kind": "ip"}, {"id": v6, "kind": "ip"}, {"id": db, "kind": "workload"}, {"id": web, "kind": "workload"},
        ],
        "connections": [
            {"src": v4, "dst": web, "ports": ALL},
            {"src": v6, "dst": web, "ports": ALL},
            {"src": web, "dst": v4, "ports": ALL},
            {"src": web, "dst": v6, "ports": ALL},
            {"src": web, "dst": db, "ports": {"TCP": [[5432, 5432]], "UDP": [[53, 53]]}},
        ],
        "unknown": [],
        "entry_points": [],
        "warnings": [],
    }  # fmt: skip


def test_what_cannot_be_decided_carries_a_reason_and_the_warning_names_the_object():
    """Unknown connections have the same shape plus a reason, and the cause is among the warnings."""
    odd = ApiObject(api_version="crd.antrea.io/v1beta1", kind="NetworkPolicy", name="x", namespace="shop", spec=raw({}))
    document = json.loads(render_reach(reach_of(odd)))
    assert document["connections"] == []
    assert {frozenset(each) for each in document["unknown"]} == {frozenset({"src", "dst", "ports", "reason"})}
    assert [set(each) for each in document["warnings"]] == [{"object", "field", "message"}]


def test_names_are_encoded_whatever_they_hold():
    """Quotes and control characters of a crafted name stay inside their JSON string, and never steer a terminal."""
    crafted = pod("web-1", owner=("Deployment", 'a"],"x":[\x1b[2J\n'))
    reach = reach_of(pods=(crafted, pod("db-1")))
    document = json.loads(render_reach(reach))
    assert 'shop/a"],"x":[\x1b[2J\n[Deployment]' in {peer["id"] for peer in document["peers"]}
    assert not any(ord(char) < 32 for line in table(reach) for char in line)
    found = reach.explain("shop/web-1", "shop/db", "TCP", 80)
    assert not any(ord(char) < 32 for line in explanation_lines(found) for char in line)


def test_the_bytes_do_not_depend_on_the_hash_seed():
    """Two processes with different hash seeds print the same document."""
    program = (
        "import sys\n"
        "from tests.bench.reach import SIZES, generate\n"
        "from scanner.policy.resolve import resolve\n"
        "from scanner.reach.engine import build\n"
        "from reports.reach import render_reach\n"
        "cluster = generate(SIZES['S'])\n"
        "sys.stdout.buffer.write(render_reach(build(cluster, resolve(cluster))))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=Path(__file__).parents[2], env={"PYTHONHASHSEED": seed},
            capture_output=True, check=True,
        ).stdout
        for seed in ("0", "1")
    }  # fmt: skip
    assert len(outputs) == 1
    assert len(json.loads(outputs.pop())["connections"]) > 100


def test_lines_say_the_same_for_people():
    """One line per connection; all ports are one word."""
    lines = table(reach_of(ONLY_WEB), width=200)
    assert lines[0] == "Declared: 5 connections allowed (2 workloads, 2 address ranges)"
    assert [line.split() for line in lines[-2:]] == [
        ["shop/web[Deployment]", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "all"],
        ["shop/web[Deployment]", "shop/db[Deployment]", "TCP", "5432", "UDP", "53"],
    ]


def test_explanations_as_document_and_lines():
    """The verdict, both halves, and the rule with its object."""
    found = reach_of(ONLY_WEB).explain("shop/web", "shop/db", "TCP", 5432)
    document = json.loads(render_explanations(found))
    assert document["schema"] == "explain/v1"
    (one,) = document["explanations"]
    assert (one["allowed"], [half["direction"] for half in one["halves"]]) == ("yes", ["egress", "ingress"])
    assert one["halves"][1]["by"] == [
        {
            "object": "NetworkPolicy shop/p",
            "rule": "ingress[0]",
            "action": "allow",
            "tier": "default",
            "matches": "yes",
            "place": "",
            "text": "from pods app=web in namespace shop, on TCP 5432, UDP 53",
        }
    ]
    assert explanation_lines(found)[0] == "declared: shop/web[Deployment] -> shop/db[Deployment] TCP 5432: allowed"


def test_lines_keep_what_cannot_be_decided_apart():
    """Undecided connections stand under a heading of their own, with the reason, and warnings come last."""
    odd = ApiObject(api_version="crd.antrea.io/v1beta1", kind="NetworkPolicy", name="x", namespace="shop", spec=raw({}))
    lines = table(reach_of(odd), width=200)
    assert lines[0] == "Declared: 0 connections allowed, 10 undecided, 1 warning (2 workloads, 2 address ranges)"
    heading = lines.index("Undecided (10)")
    assert all(line.endswith("[1]") for line in lines[heading + 1 : heading + 11])
    assert lines[heading + 11] == "  [1] not modelled: NetworkPolicy.crd.antrea.io shop/x"
    assert lines[-1].startswith("- NetworkPolicy shop/x, kind:")
