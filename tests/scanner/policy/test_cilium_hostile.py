"""Cilium policies as they are found in clusters, and as somebody might craft them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model import ApiObject, Service
from scanner.policy.cilium.resolve import resolve_cilium_clusterwide_network_policy, resolve_cilium_network_policy
from scanner.policy.decode import Context, FieldError
from scanner.policy.model import Action, Operator, PodPeer, Ports, Requirement, Selector
from scanner.policy.words import rule_words
from scanner.reach.model import Direction
from tests.factories import raw, snapshot

NAME = "kubernetes.io/metadata.name"
CONTEXT = Context(
    snapshot(
        services=[Service(namespace="shop", name="a", selector={"app": "a"}), Service(namespace="data", name="a")],
        settings=(
            ApiObject(
                api_version="cilium.io/v2",
                kind="CiliumCIDRGroup",
                name="a",
                labels={"a": "b"},
                spec=raw({"externalCIDRs": ["10.0.0.0/8"]}),
            ),
        ),
    )
)


def resolve(spec, *, clusterwide):
    """Both kinds with one call."""
    kind, ns = ("CiliumClusterwideNetworkPolicy", "") if clusterwide else ("CiliumNetworkPolicy", "shop")
    source = ApiObject(api_version="cilium.io/v2", kind=kind, name="p", namespace=ns, spec=raw(spec))
    if clusterwide:
        return resolve_cilium_clusterwide_network_policy(source, CONTEXT)
    return resolve_cilium_network_policy(source, CONTEXT)


FIELDS = [
    "endpointSelector", "nodeSelector", "ingress", "egress", "ingressDeny", "egressDeny", "enableDefaultDeny", "log",
    "fromEndpoints", "toEndpoints", "fromEntities", "toEntities", "fromCIDR", "toCIDR", "fromCIDRSet", "toCIDRSet",
    "fromNodes", "toNodes", "fromGroups", "toGroups", "fromRequires", "toServices", "toFQDNs", "toPorts", "icmps",
    "ports", "port", "endPort", "protocol", "rules", "http", "dns", "kafka", "l7", "l7proto", "serverNames", "listener",
    "terminatingTLS", "authentication", "mode", "cidr", "except", "cidrGroupRef", "cidrGroupSelector", "matchName",
    "matchPattern", "k8sService", "k8sServiceSelector", "serviceName", "namespace", "selector", "matchLabels",
    "matchExpressions", "key", "operator", "values", "k8s:app", "reserved:host", "io.kubernetes.pod.namespace", "x",
]  # fmt: skip
TEXTS = [
    "", "a", "80", "0", "web", "TCP", "ANY", "ICMP", "10.0.0.0/8", "10.1.0.0/16", "::/0", "host", "world", "In", "Exists",
    "NotIn", "*.example.com", "required", "io.kubernetes.pod.namespace", "k8s:a", "reserved:init", "\n", "\ud7ff", "0_1",
]  # fmt: skip
ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 70000), st.floats(allow_nan=False), st.sampled_from(TEXTS), st.text()
)
JSON = st.recursive(
    ATOMS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)),
    max_leaves=20,
)

# Shapes that are right more often than not, so that what lies deep is reached too.
SELECTORS = st.fixed_dictionaries(
    {},
    optional={
        "matchLabels": st.dictionaries(
            st.sampled_from(["app", "k8s:app", "reserved:host", "io.kubernetes.pod.namespace", "$init", "c:d"]),
            st.sampled_from(["a", "", "shop"]),
            max_size=2,
        ),
        "matchExpressions": st.lists(
            st.fixed_dictionaries(
                {"key": st.sampled_from(["app", "io.cilium.k8s.namespace.labels.a", "io.kubernetes.pod.namespace"])},
                optional={"operator": st.sampled_from(list(Operator)), "values": st.lists(st.sampled_from(TEXTS), max_size=2)},
            ),
            max_size=2,
        ),
    },
)  # fmt: skip
PORTS = st.fixed_dictionaries(
    {},
    optional={
        "port": st.sampled_from(["0", "80", "web", "010", "x" * 16, "99999"]),
        "endPort": st.integers(-1, 100),
        "protocol": st.sampled_from(["TCP", "UDP", "ANY", "ICMP", "tcp", "QUIC"]),
    },
)
TO_PORTS = st.fixed_dictionaries(
    {"ports": st.lists(PORTS, max_size=3)},
    optional={
        "rules": st.dictionaries(
            st.sampled_from(["http", "dns", "kafka", "l7"]), st.lists(JSON, max_size=1), max_size=1
        ),
        "serverNames": st.lists(st.sampled_from(TEXTS), max_size=1),
        "listener": JSON,
    },
)
CIDRS = st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "::/0", "10.0.0.1", "01.0.0.0/8"])


def rules(word):
    """Rules of one direction."""
    names = {
        "Endpoints": SELECTORS,
        "Nodes": SELECTORS,
        "Entities": st.sampled_from(["host", "world", "health", "unmanaged", "all", "mars"]),
        "CIDR": CIDRS,
        "CIDRSet": st.fixed_dictionaries(
            {},
            optional={
                "cidr": CIDRS,
                "cidrGroupRef": st.sampled_from(["a", "b"]),
                "cidrGroupSelector": SELECTORS,
                "except": st.lists(CIDRS, max_size=2),
            },
        ),
        "Groups": JSON,
        "Services": st.fixed_dictionaries(
            {},
            optional={
                "k8sService": st.fixed_dictionaries(
                    {"serviceName": st.sampled_from(["a", "b"])}, optional={"namespace": st.just("shop")}
                ),
                "k8sServiceSelector": st.fixed_dictionaries({"selector": SELECTORS}),
            },
        ),
        "FQDNs": st.dictionaries(st.sampled_from(["matchName", "matchPattern"]), st.sampled_from(TEXTS), max_size=2),
    }
    peers = st.one_of([st.fixed_dictionaries({word + name: st.lists(one, max_size=2)}) for name, one in names.items()])
    more = st.fixed_dictionaries(
        {},
        optional={
            "toPorts": st.lists(TO_PORTS, max_size=2),
            "icmps": st.lists(JSON, max_size=1),
            "authentication": st.dictionaries(st.just("mode"), st.sampled_from(TEXTS), max_size=1),
        },
    )
    return st.lists(st.builds(lambda one, two: one | two, peers, more), max_size=3)


SPECS = st.fixed_dictionaries(
    {"endpointSelector": SELECTORS},
    optional={
        "ingress": rules("from"),
        "egress": rules("to"),
        "ingressDeny": rules("from"),
        "egressDeny": rules("to"),
        "enableDefaultDeny": st.dictionaries(st.sampled_from(["ingress", "egress"]), st.booleans(), max_size=2),
        "x": JSON,
    },
)


def tried(spec, clusterwide):
    """Policies and remarks, or the documented error and nothing."""
    try:
        return *resolve(spec, clusterwide=clusterwide), None
    except FieldError as error:
        return (), [], error


@settings(max_examples=60, deadline=None)
@given(JSON, st.booleans())
def test_any_json_resolves_or_is_refused(spec, clusterwide):
    """No JSON, however wrong, ends in anything but the documented errors."""
    policies, _, error = tried(spec, clusterwide)
    assert error is None or (policies == () and error.field.startswith("spec"))


@settings(max_examples=80, deadline=None)
@given(st.one_of(SPECS, st.lists(SPECS, min_size=1, max_size=2)), st.booleans())
def test_nearly_right_policies_resolve_or_are_refused(spec, clusterwide):
    """What resolves has rules with a place, messages of one line, and words for people."""
    policies, remarks, error = tried(spec, clusterwide)
    assert all("\n" not in message for _, message in remarks)
    assert error is None or "\n" not in error.message
    for policy in policies:
        assert policy.pooled
        assert (policy.namespaces is None) is not clusterwide
        for rule in policy.rules:
            assert rule.name.endswith(f"[{rule.index}]")
            assert rule.l7 == "" or rule.action is Action.ALLOW
            assert rule_words(rule, policy.namespace)


def test_long_lists_are_read_to_their_end():
    """Thousands of rules and peers are nothing special."""
    rule = {"fromCIDR": [f"10.{number // 256}.{number % 256}.0/24" for number in range(2000)]}
    (policy,), _ = resolve({"endpointSelector": {}, "ingress": [rule, *[{}] * 2000]}, clusterwide=False)
    assert len(policy.rules) == 2001
    assert len(policy.rules[0].peers) == 2000


def test_a_default_deny_with_dns_for_all_namespaces_but_one():
    """The clusterwide policy that most clusters begin with."""
    spec = {
        "description": "Block all the traffic (except DNS) by default",
        "endpointSelector": {
            "matchExpressions": [{"key": "io.kubernetes.pod.namespace", "operator": "NotIn", "values": ["kube-system"]}]
        },
        "egress": [
            {
                "toEndpoints": [{"matchLabels": {"io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns"}}],
                "toPorts": [{"ports": [{"port": "53", "protocol": "UDP"}], "rules": {"dns": [{"matchPattern": "*"}]}}],
            }
        ],
    }
    (policy,), remarks = resolve(spec, clusterwide=True)
    assert remarks == []
    assert (policy.subject, policy.directions, policy.doubt) == (Selector(), {Direction.EGRESS}, "")
    assert policy.namespaces == Selector((Requirement(NAME, Operator.NOT_IN, ("kube-system",)),))
    (rule,) = policy.rules
    assert rule.peers == (
        PodPeer(
            Selector((Requirement("k8s-app", Operator.IN, ("kube-dns",)),)),
            Selector((Requirement(NAME, Operator.IN, ("kube-system",)),)),
        ),
    )
    assert (rule.ports, rule.l7, rule.doubt) == ((Ports("UDP", 53, 53),), "dns", "")


def test_a_deny_that_is_not_to_isolate():
    """The usual way to take the metadata service away from everybody and change nothing else."""
    spec = {
        "endpointSelector": {},
        "enableDefaultDeny": {"egress": False, "ingress": False},
        "egressDeny": [{"toCIDR": ["169.254.169.254/32"]}],
    }
    (policy,), remarks = resolve(spec, clusterwide=True)
    assert (policy.directions, remarks) == (frozenset(), [])
    assert [(rule.name, rule.action, rule.ports) for rule in policy.rules] == [("egressDeny[0]", Action.DENY, None)]


@pytest.mark.parametrize("clusterwide", [False, True], ids=["namespaced", "clusterwide"])
def test_words_for_every_rule(clusterwide):
    """A person reads what a resolved rule says."""
    spec = {"endpointSelector": {}, "egressDeny": [{"toEntities": ["world"], "toPorts": [{"ports": [{"port": "25"}]}]}]}
    (policy,), _ = resolve(spec, clusterwide=clusterwide)
    assert rule_words(policy.rules[0], "shop") == "deny to the entity world, on TCP 25, UDP 25, SCTP 25"
