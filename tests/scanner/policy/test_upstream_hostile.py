"""No input, however strange, makes the resolvers of the admin kinds, of EKS and of GKE raise what they do not document."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model import ApiObject
from scanner.policy.aws.application import resolve_application_network_policy
from scanner.policy.aws.cluster import resolve_eks_cluster_network_policy
from scanner.policy.decode import Context, FieldError
from scanner.policy.gke import resolve_fqdn_network_policy
from scanner.policy.upstream.admin import resolve_admin_network_policy, resolve_baseline_admin_network_policy
from scanner.policy.upstream.cluster import resolve_cluster_network_policy
from tests.factories import raw, snapshot

PODS = {
    "namespaceSelector": {"matchLabels": {"a": "b"}},
    "podSelector": {"matchExpressions": [{"key": "c", "operator": "In", "values": ["d"]}]},
}
PEERS = [{"namespaces": {}}, {"pods": PODS}]
NUMBERS = [{"portNumber": {"protocol": "TCP", "port": 80}}, {"portRange": {"start": 1, "end": 9}}]
NAMED = [{"namedPort": "web"}]
OUTSIDE = [{"networks": ["10.0.0.0/8", "fd00::/8"]}]
ADMIN = {
    "priority": 1,
    "subject": {"pods": PODS},
    "ingress": [{"name": "in", "action": "Deny", "from": PEERS, "ports": NAMED}],
    "egress": [{"action": "Allow", "to": [*PEERS, {"nodes": {"matchLabels": {"e": "f"}}}, *OUTSIDE], "ports": NUMBERS}],
}
CLUSTER = {
    "tier": "Admin",
    "priority": 1,
    "subject": {"namespaces": {}},
    "ingress": [{"action": "Pass", "from": PEERS, "protocols": [{"destinationNamedPort": "web"}]}],
    "egress": [
        {
            "action": "Accept",
            "to": [*OUTSIDE, {"domainNames": ["*.example.com"]}],
            "protocols": [
                {"tcp": {"destinationPort": {"number": 1}}},
                {"udp": {"destinationPort": {"range": {"start": 1, "end": 2}}}},
            ],
        }
    ],
}
EKS = CLUSTER | {
    "ingress": [{"action": "Pass", "from": PEERS, "ports": NAMED}],
    "egress": [{"action": "Accept", "to": [*OUTSIDE, {"domainNames": ["*.example.com"]}], "ports": NUMBERS + NAMED}],
}
APPLICATION = {
    "podSelector": PODS["podSelector"],
    "policyTypes": ["Egress"],
    "ingress": [{"from": [PODS], "ports": [{"port": "web"}]}],
    "egress": [
        {"to": [{"domainNames": ["a.com"]}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]},
        {"to": [{"domainNames": ["a.com"]}], "ports": [{"protocol": "TCP", "port": 1, "endPort": 2}]},
    ],
}
FQDN = {
    "podSelector": {},
    "egress": [{"matches": [{"name": "a.com"}, {"pattern": "*.b.com"}], "ports": [{"protocol": "ALL", "port": 443}]}],
}
KINDS = [
    pytest.param(resolve_admin_network_policy, ADMIN, id="admin"),
    pytest.param(
        resolve_baseline_admin_network_policy, {key: ADMIN[key] for key in ADMIN if key != "priority"}, id="baseline"
    ),
    pytest.param(resolve_cluster_network_policy, CLUSTER, id="cluster"),
    pytest.param(resolve_eks_cluster_network_policy, EKS, id="eks-cluster"),
    pytest.param(resolve_application_network_policy, APPLICATION, id="eks-application"),
    pytest.param(resolve_fqdn_network_policy, FQDN, id="gke"),
]
WORDS = st.sampled_from([
    "Allow", "Deny", "Pass", "Accept", "TCP", "ALL", "icmp", "Admin", "Ingress", "In", "Exists", "web", "-", "*", "**.a",
    "*.a.b", "10.0.0.0/8", "10.0.0.1/8", "::ffff:1.2.3.4/96", "1/2", "", "a b", "\u0000", "é", "x" * 200,
])  # fmt: skip
NAMES = st.sampled_from([
    "namespaces", "pods", "networks", "domainNames", "nodes", "ports", "protocols", "from", "to", "matches", "name", "new",
    "podSelector", "namespaceSelector", "ipBlock", "portNumber", "tcp", "destinationNamedPort", "x.y", "a`b",
])  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers(-1, 70000) | st.just(2**70) | st.just(1.5) | WORDS
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


def places(tree):
    """Every object and list of a tree."""
    yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(inner, dict | list):
            yield from places(inner)


def spoil(tree, data):
    """Change one place of the tree: put something in, or take something out."""
    place = data.draw(st.sampled_from(list(places(tree))))
    value = data.draw(JSON)
    if isinstance(place, list):
        place.insert(data.draw(st.integers(0, len(place))), value)
    elif place and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(place)))
        if data.draw(st.booleans()):
            place[key] = value
        else:
            del place[key]
    else:
        place[data.draw(NAMES)] = value


def resolve(resolver, spec):
    """The policies of an object with this spec, or its refusal."""
    source = ApiObject(api_version="g/v1alpha1", kind="K", name="default", spec=raw(spec))
    try:
        return resolver(source, Context(snapshot()))[0]
    except FieldError as refusal:
        return refusal


@pytest.mark.parametrize(("resolver", "spec"), KINDS)
def test_the_example_that_is_spoilt_is_a_good_one(resolver, spec):
    """What the other tests spoil resolves, and has rules."""
    assert any(policy.rules for policy in resolve(resolver, spec))


@pytest.mark.parametrize(("resolver", "spec"), KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_spoilt_spec_is_resolved_or_refused(resolver, spec, data):
    """A good spec with a few places changed raises nothing but FieldError; no rule loses its peers or ports on the way."""
    tree = copy.deepcopy(spec)
    for _ in range(data.draw(st.integers(1, 3))):
        spoil(tree, data)
    found = resolve(resolver, tree)
    if isinstance(found, FieldError):
        assert found.field.startswith("spec")
        assert "\n" not in found.message
    else:
        assert found
        assert all(rule.peers != () and rule.ports != () for policy in found for rule in policy.rules)


@pytest.mark.parametrize(("resolver", "spec"), KINDS)
@settings(max_examples=40, deadline=None)
@given(tree=JSON)
def test_any_json_is_resolved_or_refused(resolver, spec, tree):
    """Neither does anything else that is JSON."""
    found = resolve(resolver, tree)
    assert not isinstance(found, FieldError) or found.field.startswith("spec")
