"""What reading, resolving and judging noticed, as findings."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from scanner.dataplane.model import DataPlane
from scanner.lint.model import Kind
from scanner.lint.run import lint
from scanner.model import ApiObject, Notice, Origin
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.reasons import engine_notices
from tests.factories import namespace, pod, policy, raw, snapshot
from tests.scanner.lint.linting import DB, FROM_WEB, SHOP, calico, cilium, ingress, linted
from tests.scanner.reach.planes import plane

PLACE = Origin(file="net.yaml", line=3, lines={"ingress[0]": 9, "ingress[1]": 12})


def vpc() -> DataPlane:
    """A plane that is known and serves no kind of Cilium's."""
    return dataclasses.replace(plane(), name="eks-vpc-cni")


GONE = msgspec.structs.replace(policy(), api_version="extensions/v1beta1")
NEW = msgspec.structs.replace(policy(), api_version="networking.k8s.io/v9")
ODD = ApiObject(api_version="crd.antrea.io/v1beta1", kind="NetworkPolicy", name="x", namespace="shop", spec=raw({}))
IDLE = policy({"podSelector": {}, "policyTypes": ["Egress"], "ingress": [{}]})
PINGS = calico({"types": ["Ingress"], "ingress": [{"action": "Allow", "protocol": "ICMP"}]})
NOBODY = cilium({"endpointSelector": DB, "ingress": [{"fromEntities": []}]})
NO_GROUP = cilium({"endpointSelector": DB, "egress": [{"toCIDRSet": [{"cidrGroupRef": "gone"}]}]})


@pytest.mark.parametrize(
    ("given", "kind", "severity"),
    [
        pytest.param(ingress({"ports": [{"port": 0}]}), Kind.REFUSED, "error", id="refused"),
        pytest.param(GONE, Kind.NO_EFFECT, "error", id="gone-version"),
        pytest.param(NEW, Kind.NOT_JUDGED, "warning", id="unknown-version"),
        pytest.param(ODD, Kind.NOT_JUDGED, "warning", id="not-modelled"),
        pytest.param(IDLE, Kind.REMARK, "warning", id="ignored"),
        pytest.param(PINGS, Kind.REMARK, "note", id="pings"),
        pytest.param(NOBODY, Kind.DEAD_PART, "warning", id="selects-nobody"),
        pytest.param(NO_GROUP, None, "", id="group-not-listed"),
    ],
)
def test_what_the_resolvers_say_has_a_kind(given, kind, severity):
    """One remark is one finding, as severe as what it means."""
    told = [
        (each.kind, each.severity) for each in linted(given) if each.kind not in {Kind.NO_DNS, Kind.OPEN_TO_EVERYTHING}
    ]
    assert told == ([(kind, severity)] if kind else [])


def test_a_kind_that_the_named_plane_does_not_serve_has_no_effect():
    """It is named with the plane; as declared it counts, and nothing is said."""
    given = cilium({"endpointSelector": DB, "ingress": [{"fromEndpoints": [{"matchLabels": {"app": "web"}}]}]})
    told = [(each.kind, each.object, each.severity) for each in linted(given, plane=vpc())]
    assert told == [(Kind.NO_EFFECT, "CiliumNetworkPolicy shop/c", "error")]
    assert linted(given) == ()


def test_a_kind_that_has_no_effect_makes_nothing_redundant():
    """What only another engine would honour allows nothing here."""
    other = cilium({"endpointSelector": DB, "ingress": [{"fromEndpoints": [{}]}]})
    own = ingress({"from": FROM_WEB["from"]})
    assert Kind.REDUNDANT_POLICY in {each.kind for each in linted(own, other)}
    assert Kind.REDUNDANT_POLICY not in {each.kind for each in linted(own, other, plane=vpc())}


def test_what_was_wrong_with_the_files_is_there_too():
    """Notices of the snapshot keep their object and field; they are about no policy, so they have no place."""
    notice = Notice(object="a.yaml", field="kind", message="is missing; write one")
    (only,) = linted(notices=(notice,))
    assert (only.kind, only.object, only.rule, only.place, only.message) == (
        Kind.INPUT,
        "a.yaml",
        "",
        "",
        "kind: is missing; write one",
    )


def test_a_finding_stands_where_its_rule_does():
    """Remarks and checks alike: the rule's own line, else the object's; from a cluster the version that was read."""
    rule = {"from": [{"podSelector": {"matchLabels": {"app": "x"}}}, {"ipBlock": {"cidr": "10.1.1.1/8"}}]}
    given = msgspec.structs.replace(ingress(FROM_WEB, rule), origin=PLACE)
    assert {(each.kind, each.place) for each in linted(given)} == {
        (Kind.DANGLING_PEER, "net.yaml:12"), (Kind.REMARK, "net.yaml:12"),
    }  # fmt: skip
    live = msgspec.structs.replace(ingress(FROM_WEB, rule), resource_version="77")
    assert {each.place for each in linted(live)} == {"resourceVersion 77"}


def test_a_policy_without_a_namespace_is_found_again():
    """A remark names it as it is written, findings as it is read; both have its place."""
    given = msgspec.structs.replace(ingress({"ports": [{"port": 0}]}), namespace="", origin=PLACE)
    assert [each.place for each in linted(given)] == ["net.yaml:9"]


def test_everything_that_the_engine_notices_is_a_finding_of_its_own():
    """Nothing that it says of policies and pods is lost, and nothing is said twice."""
    agent = pod("agent-1", labels={"app": "agent"}, host_network=True, owner=("DaemonSet", "agent"))
    policies = [
        ingress({"from": FROM_WEB["from"], "ports": [{"port": "pg"}]}),
        ingress(FROM_WEB, name="dead", subject={"matchLabels": {"app": "nobody"}}),
        policy({"podSelector": {"matchLabels": {"app": "agent"}}}, name="agents"),
    ]
    cluster = snapshot(pods=[*SHOP, agent], policies=policies, namespaces=[namespace("shop")])
    reach = build(cluster, resolve(cluster))
    noticed = list(engine_notices(*reach.rules, reach.level))
    told = [(each.kind, each.object) for each in lint(cluster, reach)]
    assert {notice.object for notice in noticed} - {"cluster"} == {name for _, name in told}
    assert sorted(told) == [
        (Kind.DANGLING_PORT, "NetworkPolicy shop/p"),
        (Kind.DEAD_POLICY, "NetworkPolicy shop/dead"),
        (Kind.HOST_NETWORK, "NetworkPolicy shop/agents"),
    ]
