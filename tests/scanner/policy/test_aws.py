"""What the resolver makes of the policy kinds of EKS."""

from __future__ import annotations

import ipaddress

import pytest

from scanner.model import ApiObject
from scanner.policy.aws.application import resolve_application_network_policy
from scanner.policy.aws.cluster import resolve_eks_cluster_network_policy
from scanner.policy.decode import Context, FieldError, UnreadableError
from scanner.policy.model import (
    ADMIN,
    BASELINE,
    DEFAULT,
    EVERYTHING,
    POOL,
    Action,
    BlockPeer,
    Matching,
    NamePeer,
    Operator,
    PodPeer,
    Ports,
    Requirement,
    Selector,
)
from scanner.reach.model import Direction
from tests.factories import raw, snapshot

ALL = {"namespaces": {}}
EVERYONE = PodPeer(EVERYTHING, EVERYTHING)
INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS


def cluster(spec):
    """The policies of a ClusterNetworkPolicy with this spec over a valid default, and the remarks."""
    source = ApiObject(
        api_version="networking.k8s.aws/v1alpha1",
        kind="ClusterNetworkPolicy",
        name="c",
        spec=raw({"tier": "Admin", "priority": 5, "subject": ALL} | spec),
    )
    return resolve_eks_cluster_network_policy(source, Context(snapshot()))


def outward(**entry):
    """A spec with one egress rule, given over a valid default."""
    return {"egress": [{"action": "Accept", "to": [ALL]} | entry]}


def only(spec):
    """The one rule of the one policy of a ClusterNetworkPolicy."""
    (policy,), _ = cluster(spec)
    (rule,) = policy.rules
    return rule


def test_one_object_is_a_policy_per_action():
    """Of one priority Deny comes before Accept before Pass, so each action is ranked apart; rules keep their places."""
    policies, remarks = cluster(
        {
            "tier": "Baseline",
            "priority": 7,
            "ingress": [{"action": "Pass", "from": [ALL]}, {"action": "Accept", "from": [ALL], "name": "a"}],
            "egress": [{"action": "Accept", "to": [ALL]}, {"action": "Deny", "to": [ALL]}],
        }
    )
    assert [(policy.rank, [rule.name for rule in policy.rules]) for policy in policies] == [
        ((7.0, "0-deny"), ["egress[1]"]),
        ((7.0, "1-accept"), ["ingress[1]", "egress[0]"]),
        ((7.0, "2-pass"), ["ingress[0]"]),
    ]
    assert {policy.id for policy in policies} == {"ClusterNetworkPolicy c"}
    assert all(policy.pooled and policy.tier is BASELINE and not policy.directions for policy in policies)
    assert [field for field, _ in remarks] == ["spec.ingress[0]", "spec.egress[0]"]
    assert "Deny comes first" in remarks[0][1]


def test_rules_in_the_order_they_are_asked_cause_no_remark():
    """Deny, Accept, Pass is how they are asked anyway."""
    _, remarks = cluster({"egress": [{"action": action, "to": [ALL]} for action in ("Deny", "Accept", "Pass")]})
    assert remarks == []


def test_a_policy_without_rules_is_still_there():
    """It touches nothing, and is listed."""
    (policy,), remarks = cluster({})
    assert (policy.rules, policy.tier, policy.group, remarks) == ((), ADMIN, "networking.k8s.aws", [])


def test_peers_and_networks():
    """Networks match pods by address too, since the controller hands on prefixes only."""
    rule = only(outward(to=[ALL, {"networks": ["10.0.0.0/8"]}, {"domainNames": ["*.example.com"]}]))
    assert rule.peers == (
        EVERYONE,
        BlockPeer(ipaddress.ip_network("10.0.0.0/8"), matching=Matching.PODS),
        NamePeer("**.example.com"),
    )


def test_an_entry_of_ports_may_say_several_things():
    """The schema does not want one field per entry, and the controller takes them all; a name is TCP's."""
    entry = {"portNumber": {"port": 53, "protocol": "UDP"}, "portRange": {"start": 1, "end": 9}, "namedPort": "web"}
    assert only(outward(ports=[entry])).ports == (Ports("UDP", 53, 53), Ports("TCP", 1, 9), Ports("TCP", name="web"))


def test_a_named_port_beside_networks_is_taken():
    """The schema has no rule against it; it matches no address, which is remarked."""
    (policy,), remarks = cluster(outward(to=[{"networks": ["10.0.0.0/8"]}], ports=[{"namedPort": "web"}]))
    assert policy.rules[0].doubt == ""
    assert [field for field, _ in remarks] == ["spec.egress[0].ports"]


def test_names_with_port_names_alone_may_be_open_on_every_port():
    """The controller drops port names beside domain names, and an empty list is every port."""
    (policy,), _ = cluster(outward(to=[ALL, {"domainNames": ["a.com"]}], ports=[{"namedPort": "web"}]))
    pods, names = policy.rules
    assert (pods.peers, pods.ports, pods.doubt) == ((EVERYONE,), (Ports("TCP", name="web"),), "")
    assert (names.peers, names.ports) == ((NamePeer("a.com"),), None)
    assert "every port" in names.doubt


def test_names_in_pass_rules_are_in_doubt():
    """Versions of the schema differ in whether they take them."""
    policies, _ = cluster(outward(action="Pass", to=[{"domainNames": ["a.com"]}]))
    assert [(policy.rank[1], bool(policy.rules[0].doubt)) for policy in policies] == [
        ("0-deny", True),
        ("2-pass", True),
    ]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param({"tier": "Default"}, "spec.tier", id="unknown-tier"),
        pytest.param({"priority": 1001}, "spec.priority", id="priority-above"),
        pytest.param({"subject": {"pods": {"podSelector": {}}}}, "spec.subject.pods.namespaceSelector", id="subject"),
        pytest.param(outward(action="Allow"), "spec.egress[0].action", id="unknown-action"),
        pytest.param(outward(to=[ALL] * 101), "spec.egress[0].to", id="101-peers"),
        pytest.param({"egress": outward()["egress"] * 101}, "spec.egress", id="101-rules"),
        pytest.param(outward(ports=[]), "spec.egress[0].ports", id="no-port"),
        pytest.param(
            outward(ports=[{"portRange": {"start": 2, "end": 2}}]),
            "spec.egress[0].ports[0].portRange",
            id="range-of-one",
        ),
        pytest.param(outward(to=[{"networks": ["a"] * 26}]), "spec.egress[0].to[0].networks", id="26-networks"),
        pytest.param(
            outward(action="Deny", to=[{"domainNames": ["a.com"]}]), "spec.egress[0].to[0].domainNames", id="deny-name"
        ),
    ],
)
def test_what_the_schema_of_the_cluster_kind_refuses(spec, field):
    """What the CRD's schema refuses is no policy, and the field is named."""
    with pytest.raises(FieldError) as refusal:
        cluster(spec)
    assert not isinstance(refusal.value, UnreadableError)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(outward(to=[{"networks": ["ten"]}]), id="no-cidr"),
        pytest.param(outward(ports=[{}]), id="empty-port"),
        pytest.param(outward(ports=[{"portNumber": {"port": 1, "protocol": "tcp"}}]), id="lower-case-protocol"),
    ],
)
def test_what_the_schema_of_the_cluster_kind_takes_unread(spec):
    """What the schema has no rule against and cannot be read is unknown, not refused."""
    with pytest.raises(UnreadableError):
        cluster(spec)


def test_nodes_are_no_peer_of_this_kind():
    """The upstream kind's `nodes` are unknown here."""
    assert only(outward(to=[{"nodes": {}}])).doubt == "spec.egress[0].to[0].nodes is not modelled"


def application(spec):
    """The policies of an ApplicationNetworkPolicy with this spec over a valid default, and the remarks."""
    source = ApiObject(
        api_version="networking.k8s.aws/v1alpha1",
        kind="ApplicationNetworkPolicy",
        name="a",
        namespace="shop",
        spec=raw({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} | spec),
    )
    return resolve_application_network_policy(source, Context(snapshot()))


def rules(**spec):
    """The rules of the one policy of an ApplicationNetworkPolicy."""
    (policy,), remarks = application(spec)
    assert remarks == []
    return policy.rules


def test_it_stands_beside_network_policy():
    """It isolates by `policyTypes`, in NetworkPolicy's bag."""
    (policy,), remarks = application({"podSelector": {"matchLabels": {"role": "backend"}}, "policyTypes": ["Egress"]})
    assert remarks == []
    assert (policy.id, policy.group) == ("ApplicationNetworkPolicy shop/a", "networking.k8s.aws")
    assert (policy.tier, policy.rank, policy.pooled) == (DEFAULT, POOL, True)
    assert (policy.directions, policy.namespaces) == ({EGRESS}, None)
    assert policy.subject == Selector((Requirement("role", Operator.IN, ("backend",)),))


def test_peers_are_those_of_network_policy():
    """Peers and ports are NetworkPolicy's, and an ipBlock matches pods by their addresses."""
    block = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
    inward, outward_ = rules(
        ingress=[{"from": [{"podSelector": {}}], "ports": [{"port": "web"}]}],
        egress=[{"to": [block, {"namespaceSelector": {}}], "ports": [{"port": 1, "endPort": 2, "protocol": "UDP"}]}],
    )
    assert (inward.peers, inward.ports) == ((PodPeer(EVERYTHING, None),), (Ports("TCP", name="web"),))
    excepted = BlockPeer(ipaddress.ip_network("10.0.0.0/8"), (ipaddress.ip_network("10.1.0.0/16"),), Matching.PODS)
    assert (outward_.peers, outward_.ports) == ((excepted, EVERYONE), (Ports("UDP", 1, 2),))


def test_names_are_a_rule_of_the_same_index():
    """Names and other peers of one rule are all exact."""
    pods, names = rules(
        egress=[{"to": [{"podSelector": {}}, {"domainNames": ["*.example.com"]}], "ports": [{"port": 443}]}]
    )
    assert (pods.index, names.index, names.doubt) == (0, 0, "")
    assert (names.peers, names.ports) == ((NamePeer("**.example.com"),), (Ports("TCP", 443, 443),))


def test_names_without_ports_are_open_on_every_port():
    """Absent ports put no limit on names either, and there is no doubt about it."""
    (found,) = rules(egress=[{"to": [{"domainNames": ["a.com"]}]}])
    assert (found.peers, found.ports, found.doubt) == ((NamePeer("a.com"),), None, "")


def test_a_port_name_beside_names_may_be_every_port():
    """The controller keeps the protocol of a named port and drops the name; numbers stay what they are."""
    exact, doubtful = rules(egress=[{"to": [{"domainNames": ["a.com"]}], "ports": [{"port": 80}, {"port": "web"}]}])
    assert (exact.ports, exact.doubt) == ((Ports("TCP", 80, 80),), "")
    assert (doubtful.ports, doubtful.peers) == ((Ports("TCP"),), (NamePeer("a.com"),))
    assert "every port of the protocol" in doubtful.doubt


def test_absent_and_empty_ports_are_every_port():
    """As for NetworkPolicy."""
    first, second = rules(ingress=[{"from": [{"podSelector": {}}]}, {"from": [{"podSelector": {}}], "ports": []}])
    assert (first.ports, second.ports) == (None, None)


@pytest.mark.parametrize(
    ("spec", "doubtful"),
    [
        pytest.param({"ingress": [{}]}, False, id="ingress-absent"),
        pytest.param({"ingress": [{"from": []}]}, True, id="ingress-empty"),
        pytest.param({"egress": [{}]}, True, id="egress-absent"),
        pytest.param({"egress": [{"to": []}]}, True, id="egress-empty"),
    ],
)
def test_rules_without_peers(spec, doubtful):
    """The kind's text says everyone; the controller drops an egress rule without `to`, and an empty list finds nobody."""
    (rule,) = rules(**spec)
    assert (rule.peers, bool(rule.doubt)) == (None, doubtful)


@pytest.mark.parametrize("absent", [None, []], ids=["absent", "empty"])
def test_without_policy_types_isolation_is_in_doubt(absent):
    """What the rules allow is sure; whether the rest is shut depends on whether they find an address."""
    policies, remarks = application({"policyTypes": absent, "egress": [{"to": [{"podSelector": {}}]}]})
    allowing, isolating = policies
    assert (allowing.directions, len(allowing.rules), allowing.doubt) == (frozenset(), 1, "")
    assert (isolating.directions, isolating.rules) == ({EGRESS}, ())
    assert "policyTypes is absent" in isolating.doubt
    assert [field for field, _ in remarks] == ["spec.policyTypes"]


def test_without_policy_types_and_rules_nothing_is_isolated():
    """There is no rule for a direction to come from, and unlike NetworkPolicy no default of the API server."""
    (policy,), _ = application({"policyTypes": None})
    assert (policy.directions, policy.rules, policy.doubt) == (frozenset(), (), "")


def test_rules_of_a_direction_that_is_not_listed_are_in_doubt():
    """The kind's text ignores them, the controller hands them on."""
    policies, remarks = application({"policyTypes": ["Ingress"], "egress": [{"to": [{"podSelector": {}}]}]})
    sure, stray = policies
    assert (sure.directions, sure.rules, sure.doubt) == ({INGRESS}, (), "")
    assert (stray.directions, [rule.name for rule in stray.rules]) == ({EGRESS}, ["egress[0]"])
    assert "does not list" in stray.doubt
    assert [field for field, _ in remarks] == ["spec.egress"]


def test_unknown_policy_types_are_ignored_with_a_remark():
    """The schema takes any word."""
    (policy,), remarks = application({"policyTypes": ["Egress", "ingress"]})
    assert policy.directions == {EGRESS}
    assert [field for field, _ in remarks] == ["spec.policyTypes[1]"]


PEER = "spec.egress[0].to[0]"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param({"podSelector": None}, "spec.podSelector", id="no-selector"),
        pytest.param({"policyTypes": [None]}, "spec.policyTypes[0]", id="null-type"),
        pytest.param({"ingress": [None]}, "spec.ingress[0]", id="null-rule"),
        pytest.param({"egress": [{"to": [None]}]}, PEER, id="null-peer"),
        pytest.param({"egress": [{"to": [{"domainNames": []}]}]}, f"{PEER}.domainNames", id="no-name"),
        pytest.param({"egress": [{"to": [{"domainNames": ["a.b", "a.b"]}]}]}, f"{PEER}.domainNames", id="name-twice"),
        pytest.param({"egress": [{"to": [{"domainNames": ["com"]}]}]}, f"{PEER}.domainNames[0]", id="no-domain-name"),
        pytest.param({"egress": [{"to": [{"domainNames": ["a.b"], "podSelector": {}}]}]}, PEER, id="name-and-pods"),
        pytest.param({"egress": [{"to": [{"ipBlock": {}}]}]}, f"{PEER}.ipBlock.cidr", id="no-cidr"),
        pytest.param(
            {"egress": [{"to": [{"podSelector": {"matchExpressions": [{"key": "a"}]}}]}]},
            f"{PEER}.podSelector.matchExpressions[0].operator",
            id="no-operator",
        ),
        pytest.param({"egress": [{"ports": [None]}]}, "spec.egress[0].ports[0]", id="null-port"),
    ],
)
def test_what_the_schema_of_the_application_kind_refuses(spec, field):
    """What the CRD's schema refuses is no policy, and the field is named."""
    with pytest.raises(FieldError) as refusal:
        application(spec)
    assert not isinstance(refusal.value, UnreadableError)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"to": [{}]}, id="empty-peer"),
        pytest.param({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}, id="block-and-pods"),
        pytest.param({"to": [{"ipBlock": {"cidr": "10.0.0.0"}}]}, id="no-cidr"),
        pytest.param({"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["010.1.0.0/16"]}}]}, id="no-except"),
        pytest.param({"to": [{"podSelector": {"matchLabels": {"a b": "c"}}}]}, id="no-label"),
        pytest.param({"ports": [{"port": 70000}]}, id="port-70000"),
        pytest.param({"ports": [{"protocol": "ICMP"}]}, id="icmp"),
    ],
)
def test_what_the_schema_of_the_application_kind_takes_unread(rule):
    """What the API server refuses of a NetworkPolicy this schema takes: unknown, not refused."""
    with pytest.raises(UnreadableError):
        application({"egress": [rule]})


def test_unknown_fields_of_the_application_kind():
    """An unknown peer is a doubtful rule beside the exact one; elsewhere the doubt covers what the field may touch."""
    exact, doubtful = rules(ingress=[{"from": [{"podSelector": {}}, {"services": {}}]}])
    assert (exact.doubt, doubtful.peers, doubtful.doubt) == (
        "",
        None,
        "spec.ingress[0].from[1].services is not modelled",
    )
    (whole,) = rules(egress=[{"to": [{"podSelector": {}}], "when": "now"}])
    assert (whole.peers, whole.ports, whole.doubt) == (None, None, "spec.egress[0].when is not modelled")
    (policy,), _ = application({"podSelector": {"matchNames": []}, "mode": "x"})
    assert policy.subject == EVERYTHING
    assert policy.doubt == "spec.mode is not modelled; spec.podSelector.matchNames is not modelled"


def test_actions_of_the_application_kind():
    """It only allows."""
    assert {rule.action for rule in rules(ingress=[{}], egress=[{"to": [{"domainNames": ["a.b"]}]}])} == {Action.ALLOW}
