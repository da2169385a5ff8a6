"""The view of a cluster that own controls see: what is known is right, what is not known is not there."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import msgspec
import pytest
from msgspec import inspect

from scanner.baselines.config import BaselineConfig, Match
from scanner.controls.base import POLICIES
from scanner.facts import LISTS, Facts
from scanner.facts.build import schema
from scanner.facts.model import LevelView, View
from scanner.model import Service
from scanner.prepare import case_of
from tests.factories import node, pod, policy, snapshot

DOCS = Path(__file__).parents[3] / "docs" / "policy-as-code.md"
DENY = {"podSelector": {}, "policyTypes": ["Egress"]}


def egress(*peers: dict[str, object], **rest: object) -> dict[str, object]:
    """An egress policy's spec with one rule."""
    return DENY | {"egress": [{"to": list(peers), **rest}]}


def test_a_default_deny_isolates_what_it_selects():
    """Workload and new pod are isolated as declared; where no engine is known to run, that is not known of the effect."""
    view = Facts(case_of(snapshot(pods=[pod()], policies=[policy()], nodes=[node()]))).view()
    closed = LevelView(isolated_ingress=True, isolated_egress=True, admits_internet=False, reaches_internet=False)
    (workload,) = view.workloads
    (namespace,) = view.namespaces
    assert (workload.id, workload.declared, namespace.declared) == ("shop/web[Deployment]", closed, closed)
    assert namespace.workloads == (workload.id,)
    assert view.policies[0].selects_pods == 1
    assert view.policies[0].directions == ("ingress", "egress")


@pytest.mark.parametrize(
    ("spec", "reaches"),
    [
        pytest.param(DENY, False, id="nothing"),
        pytest.param(egress({"ipBlock": {"cidr": "10.0.0.0/8"}}), False, id="private"),
        pytest.param(egress({"ipBlock": {"cidr": "8.8.8.8/32"}}), True, id="one-address"),
        pytest.param(egress({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["0.0.0.0/1"]}}), True, id="half"),
        pytest.param(
            egress({"ipBlock": {"cidr": "8.8.8.8/32"}}, ports=[{"port": 53, "protocol": "UDP"}]), True, id="port"
        ),
        pytest.param(egress({"podSelector": {}}), False, id="pods"),
        pytest.param(egress({"podSelector": {}}, ports=[{"port": "http"}]), False, id="pods-by-named-port"),
        pytest.param(egress({"ipBlock": {"cidr": "2001:4860::/32"}}), True, id="ipv6"),
        pytest.param(DENY | {"egress": [{}]}, True, id="everything"),
    ],
)
def test_whether_policy_lets_pods_out_to_the_internet(spec, reaches):
    """A single public address is enough, on any port; private ranges and pods are none."""
    view = Facts(case_of(snapshot(pods=[pod()], policies=[policy(spec)]))).view()
    assert view.workloads[0].declared.reaches_internet is reaches


def test_what_takes_most_work_is_left_out_where_nobody_asks():
    """Without a field of that name in the text, the internet fields are not there."""
    view = Facts(case_of(snapshot(pods=[pod()])), "isolatedIngress").view()
    assert view.workloads[0].declared.isolated_ingress is False
    assert view.workloads[0].declared.reaches_internet is msgspec.UNSET


@pytest.mark.parametrize("name", ["namespaces", "workloads", "policies", "services", "entryPoints", "nodes"])
def test_a_list_that_was_not_read_whole_is_not_there(name):
    """Each list goes with its permission, which is named."""
    resource = {
        "namespaces": "namespaces", "workloads": "pods", "policies": POLICIES, "services": "services",
        "entryPoints": "ingresses.networking.k8s.io", "nodes": "nodes",
    }[name]  # fmt: skip
    facts = Facts(case_of(snapshot(pods=[pod()], unlisted=[resource])))
    assert name not in msgspec.to_builtins(facts.view())
    assert any("grant list on" in gap for gap in facts.missing(name))
    assert all(other == name or not facts.missing(other) for other in LISTS)


def test_an_unread_policy_leaves_isolation_unknown():
    """What an unseen policy might do is not taken for nothing."""
    view = Facts(case_of(snapshot(pods=[pod()], unlisted=[POLICIES]))).view()
    assert view.workloads[0].declared == LevelView()
    assert view.namespaces[0].effective == LevelView()


def test_host_network_pods_are_not_judged_by_declared_policy():
    """The specification leaves them to the data plane."""
    view = Facts(case_of(snapshot(pods=[pod(host_network=True)], policies=[policy()]))).view()
    assert view.workloads[0].declared == LevelView()
    assert view.workloads[0].host_network


def test_an_undetected_engine_is_not_there():
    """Whether an engine enforces is left out where it cannot be told; the reason is among the doubts."""
    facts = Facts(case_of(snapshot(pods=[pod()], unlisted=["daemonsets.apps", "pods"])))
    assert facts.cluster.dataplane.enforcing is msgspec.UNSET
    assert any("enforcing unknown" in line for line in facts.doubts())


def test_edges_sensitive_workloads_and_services():
    """What the operator declares, and which workloads a Service leads to."""
    config = BaselineConfig(edge=(Match(workload="web"),), sensitive=(Match(labels={"app": "db"}),))
    services = [
        Service(
            namespace="shop", name="web", selector={"app": "web"}, type="LoadBalancer", balancer_addresses=("8.8.8.8",)
        ),
        Service(namespace="shop", name="outside"),
    ]
    view = Facts(case_of(snapshot(pods=[pod(), pod("db-1")], services=services), config)).view()
    assert [(each.name, each.edge, each.sensitive) for each in view.workloads] == [
        ("db", False, True),
        ("web", True, False),
    ]
    outside, web = view.services
    assert (outside.workloads, outside.internet_facing) == (msgspec.UNSET, False)
    assert (web.workloads, web.internet_facing) == (("shop/web[Deployment]",), True)


def test_labels_are_those_that_all_pods_carry():
    """A pod's own hash is no label of its workload."""
    pods = [pod("web-1", labels={"app": "web", "hash": "a"}), pod("web-2", labels={"app": "web", "hash": "b"})]
    view = Facts(case_of(snapshot(pods=pods))).view()
    assert (view.workloads[0].labels, view.workloads[0].pods) == ({"app": "web"}, 2)


def test_a_view_is_of_its_schema():
    """The published schema takes what is built."""
    view = msgspec.to_builtins(Facts(case_of(snapshot(pods=[pod()], policies=[policy()], nodes=[node()]))).view())
    jsonschema.validate(msgspec.json.decode(msgspec.json.encode(view)), schema())


def _structs(kind: type, found: dict[str, set[tuple[str, bool]]]) -> None:
    info = inspect.type_info(kind)
    found[kind.__name__.removesuffix("View")] = {
        (field.encode_name, field.default is msgspec.UNSET) for field in msgspec.structs.fields(kind)
    }
    for field in info.fields:
        inner = field.type.item_type if isinstance(field.type, inspect.VarTupleType) else field.type
        if isinstance(inner, inspect.StructType):
            _structs(inner.cls, found)


def test_the_documentation_names_every_field():
    """docs/policy-as-code.md has exactly the fields of the structs, each marked where it may be not there."""
    wanted: dict[str, set[tuple[str, bool]]] = {}
    _structs(View, wanted)
    del wanted[""]
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    said = {
        name: {
            (field, mark == " ?") for field, mark in re.findall(r"^\| `(\w+)` \| [^|?]*?( \?)? \|$", body, re.MULTILINE)
        }
        for name, body in sections
    }
    assert said == wanted
