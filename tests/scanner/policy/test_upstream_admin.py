"""What the resolver makes of AdminNetworkPolicy and BaselineAdminNetworkPolicy, and of what their schemas refuse."""

from __future__ import annotations

import ipaddress

import pytest

from scanner.model import ApiObject, Origin
from scanner.policy.decode import Context, FieldError, UnreadableError
from scanner.policy.model import (
    ADMIN,
    BASELINE,
    EVERYTHING,
    Action,
    BlockPeer,
    Entity,
    EntityPeer,
    Matching,
    NamePeer,
    Operator,
    PodPeer,
    Ports,
    Requirement,
    Selector,
)
from scanner.policy.upstream.admin import resolve_admin_network_policy, resolve_baseline_admin_network_policy
from scanner.reach.model import PROTOCOLS, Direction
from tests.factories import raw, snapshot

ALL = {"namespaces": {}}
EVERYONE = PodPeer(EVERYTHING, EVERYTHING)


def label(key, value):
    """The selector of one label."""
    return Selector((Requirement(key, Operator.IN, (value,)),))


def admin(spec, **overrides):
    """The one policy of an AdminNetworkPolicy with this spec over a valid default, and the remarks."""
    fields = {"name": "a", "origin": Origin(file="a.yaml", line=3), "resource_version": "7"} | overrides
    source = ApiObject(
        api_version="policy.networking.k8s.io/v1alpha1",
        kind="AdminNetworkPolicy",
        spec=raw({"priority": 10, "subject": ALL} | spec if isinstance(spec, dict) else spec),
        **fields,
    )
    (policy,), remarks = resolve_admin_network_policy(source, Context(snapshot()))
    return policy, remarks


def baseline(spec, name="default"):
    """The one policy of a BaselineAdminNetworkPolicy with this spec over a valid default, and the remarks."""
    source = ApiObject(
        api_version="policy.networking.k8s.io/v1alpha1",
        kind="BaselineAdminNetworkPolicy",
        name=name,
        spec=raw({"subject": ALL} | spec),
    )
    (policy,), remarks = resolve_baseline_admin_network_policy(source, Context(snapshot()))
    return policy, remarks


def egress(*peers, action="Allow", **rest):
    """The rules of an AdminNetworkPolicy with one egress rule, which causes no remark."""
    policy, remarks = admin({"egress": [{"action": action, "to": list(peers), **rest}]})
    assert remarks == []
    return policy.rules


def ports(*entries):
    """The ports of an ingress rule with these entries, which cause no remark."""
    policy, remarks = admin({"ingress": [{"action": "Allow", "from": [ALL], "ports": list(entries)}]})
    assert remarks == []
    return policy.rules[0].ports


def test_a_policy_keeps_what_it_is():
    """Tier, rank, scope and origin come from the kind and the object; it isolates nobody and is in no bag."""
    policy, remarks = admin({"priority": 1000})
    assert remarks == []
    assert (policy.id, policy.namespace, policy.group) == ("AdminNetworkPolicy a", "", "policy.networking.k8s.io")
    assert (policy.tier, policy.rank, policy.pooled) == (ADMIN, (1000.0, ""), False)
    assert (policy.directions, policy.rules, policy.doubt) == (frozenset(), (), "")
    assert (policy.version, policy.origin) == ("7", Origin(file="a.yaml", line=3))
    assert (policy.namespaces, policy.subject) == (EVERYTHING, EVERYTHING)


def test_the_baseline_stands_behind_network_policy():
    """The baseline kind has its own tier, no priority, and isolates nobody either."""
    policy, remarks = baseline({"ingress": [{"action": "Deny", "from": [ALL]}]})
    assert remarks == []
    assert (policy.tier, policy.rank, policy.pooled) == (BASELINE, (0.0, ""), False)
    assert policy.directions == frozenset()
    assert [(rule.action, rule.peers, rule.ports) for rule in policy.rules] == [(Action.DENY, (EVERYONE,), None)]


def test_a_subject_of_pods_has_both_selectors():
    """`subject.pods` selects pods by label in namespaces by label."""
    pods = {"namespaceSelector": {"matchLabels": {"team": "x"}}, "podSelector": {"matchLabels": {"app": "y"}}}
    policy, _ = admin({"subject": {"pods": pods}})
    assert (policy.namespaces, policy.subject) == (label("team", "x"), label("app", "y"))


def test_rules_keep_their_order_action_and_name():
    """Rules stand in the order written, ingress and egress each numbered from 0, with their own names."""
    policy, _ = admin(
        {
            "ingress": [
                {"name": "let in", "action": "Allow", "from": [ALL]},
                {"action": "Deny", "from": [{"pods": {"namespaceSelector": {}, "podSelector": {}}}]},
            ],
            "egress": [{"name": "ask others", "action": "Pass", "to": [ALL]}],
        }
    )
    assert [(rule.name, rule.action, rule.title) for rule in policy.rules] == [
        ("ingress[0]", Action.ALLOW, "let in"),
        ("ingress[1]", Action.DENY, ""),
        ("egress[0]", Action.PASS, "ask others"),
    ]
    assert {rule.peers for rule in policy.rules} == {(EVERYONE,)}


def test_networks_match_pods_too():
    """`networks` are blocks of addresses that match pods by their addresses, as the API's text says."""
    (rule,) = egress({"networks": ["10.0.0.0/8", "fd00::/8"]}, {"networks": ["10.0.0.0/8"]})
    assert rule.peers == (
        BlockPeer(ipaddress.ip_network("10.0.0.0/8"), matching=Matching.PODS),
        BlockPeer(ipaddress.ip_network("fd00::/8"), matching=Matching.PODS),
    )


@pytest.mark.parametrize("resolve", [admin, baseline])
def test_networks_may_say_one_thing_twice(resolve):
    """Older schemas of these kinds take an entry twice, and it changes nothing."""
    policy, remarks = resolve(outward(to=[{"networks": ["10.0.0.0/8", "10.0.0.0/8"]}]))
    assert (len(policy.rules[0].peers), remarks) == (1, [])


def test_host_bits_are_tolerated_with_a_remark():
    """A CIDR with host bits is read as its network, and said so."""
    policy, remarks = admin({"egress": [{"action": "Deny", "to": [{"networks": ["10.1.2.3/8"]}]}]})
    assert policy.rules[0].peers[0].block == ipaddress.ip_network("10.0.0.0/8")
    assert [field for field, _ in remarks] == ["spec.egress[0].to[0].networks[0]"]


def test_all_nodes_are_an_entity():
    """An empty node selector is every node, and no doubt about it."""
    (rule,) = egress({"nodes": {}}, action="Deny")
    assert (rule.peers, rule.doubt) == ((EntityPeer(Entity.NODES),), "")


def test_some_nodes_are_in_doubt_apart_from_the_other_peers():
    """Which nodes a selector matches is not known: the nodes are a doubtful rule of the same index, the rest an exact one."""
    exact, nodes = egress({"nodes": {"matchLabels": {"role": "x"}}}, ALL, action="Pass")
    assert (exact.peers, exact.doubt, exact.index) == ((EVERYONE,), "", 0)
    assert (nodes.peers, nodes.action, nodes.index) == ((EntityPeer(Entity.NODES),), Action.PASS, 0)
    assert "not modelled" in nodes.doubt


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("Api.Example.com", "api.example.com", id="lower-case"),
        pytest.param("example.com.", "example.com", id="trailing-dot"),
        pytest.param("*.example.com", "**.example.com", id="any-depth-below"),
        pytest.param("_srv.example.com", "_srv.example.com", id="underscore-of-the-first-pattern"),
    ],
)
def test_domain_names(text, name):
    """Names are lower case; a leading star stands for one or more labels."""
    (rule,) = egress({"domainNames": [text]})
    assert rule.peers == (NamePeer(name),)


@pytest.mark.parametrize(
    "text", ["", "com", "*", "*.com", "a.*.com", "-a.com", "a..com", "a.com/24", "é.com", "a.com\n"]
)
def test_what_is_no_domain_name_is_refused(text):
    """The schema's pattern wants two labels, and a star only in front."""
    with pytest.raises(FieldError, match="is no domain name"):
        egress({"domainNames": [text]})


@pytest.mark.parametrize("action", ["Deny", "Pass"])
def test_domain_names_outside_allow_rules_are_in_doubt(action):
    """The API defines `domainNames` for Allow alone and its schema does not check it: the rule fails closed, or does not."""
    rules = egress({"domainNames": ["example.com"]}, action=action)
    assert [rule.action for rule in rules] == [Action.DENY] + [Action.PASS] * (action == "Pass")
    assert all(rule.peers is None and "domainNames" in rule.doubt for rule in rules)
    beside = egress({"domainNames": ["example.com"]}, ALL, action="Deny")
    assert [(rule.peers, bool(rule.doubt)) for rule in beside] == [((EVERYONE,), False), (None, True)]


@pytest.mark.parametrize("absent", [{}, {"ports": None}], ids=["absent", "null"])
def test_without_ports_every_protocol_matches(absent):
    """A rule without `ports` does not look at ports or protocols at all."""
    (rule,) = egress(ALL, **absent)
    assert rule.ports is None


def test_an_empty_list_of_ports_is_every_port_with_a_remark():
    """Older versions of the kind take `ports: []` and read it as no filter."""
    policy, remarks = admin({"egress": [{"action": "Allow", "to": [ALL], "ports": []}]})
    assert policy.rules[0].ports is None
    assert [field for field, _ in remarks] == ["spec.egress[0].ports"]


def test_the_three_forms_of_a_port():
    """A number and a range have a protocol, TCP by default; a name has none, so it is looked for in all of them."""
    assert ports(
        {"portNumber": {"protocol": "UDP", "port": 53}},
        {"portNumber": {"port": 443}},
        {"portRange": {"protocol": "SCTP", "start": 1, "end": 65535}},
        {"portRange": {"start": 8000, "end": 8080}},
    ) == (Ports("UDP", 53, 53), Ports("TCP", 443, 443), Ports("SCTP"), Ports("TCP", 8000, 8080))
    assert ports({"namedPort": "web"}) == tuple(Ports(protocol, name="web") for protocol in PROTOCOLS)


def test_a_range_of_one_port_is_tolerated():
    """Older schemas do not compare start and end; one port is one port."""
    policy, remarks = admin(
        {"ingress": [{"action": "Allow", "from": [ALL], "ports": [{"portRange": {"start": 80, "end": 80}}]}]}
    )
    assert policy.rules[0].ports == (Ports("TCP", 80, 80),)
    assert [field for field, _ in remarks] == ["spec.ingress[0].ports[0].portRange"]


def rule(**entry):
    """A spec with one ingress rule, given over a valid default."""
    return {"ingress": [{"action": "Allow", "from": [ALL]} | entry]}


def outward(**entry):
    """A spec with one egress rule, given over a valid default."""
    return {"egress": [{"action": "Allow", "to": [ALL]} | entry]}


def port(entry):
    """A spec with one port entry."""
    return rule(ports=[entry])


EXPRESSION = {"key": "a", "operator": "In", "values": ["b"]}
REFUSED = [
    pytest.param({"priority": None}, "spec.priority", id="no-priority"),
    pytest.param({"priority": -1}, "spec.priority", id="priority-below"),
    pytest.param({"priority": 1001}, "spec.priority", id="priority-above"),
    pytest.param({"priority": "1"}, "spec.priority", id="priority-text"),
    pytest.param({"subject": None}, "spec.subject", id="no-subject"),
    pytest.param({"subject": {}}, "spec.subject", id="empty-subject"),
    pytest.param({"subject": ALL | {"pods": {"namespaceSelector": {}, "podSelector": {}}}}, "spec.subject", id="two"),
    pytest.param({"subject": {"pods": {"podSelector": {}}}}, "spec.subject.pods.namespaceSelector", id="no-namespaces"),
    pytest.param({"subject": {"pods": {"namespaceSelector": {}}}}, "spec.subject.pods.podSelector", id="no-pods"),
    pytest.param({"ingress": [None]}, "spec.ingress[0]", id="null-rule"),
    pytest.param({"ingress": {}}, "spec.ingress", id="rules-no-list"),
    pytest.param({"egress": [outward()["egress"][0]] * 101}, "spec.egress", id="101-rules"),
    pytest.param(rule(action="Accept"), "spec.ingress[0].action", id="unknown-action"),
    pytest.param(rule(action=None), "spec.ingress[0].action", id="no-action"),
    pytest.param(rule(name="x" * 101), "spec.ingress[0].name", id="long-name"),
    pytest.param(rule(**{"from": None}), "spec.ingress[0].from", id="no-peers"),
    pytest.param(rule(**{"from": []}), "spec.ingress[0].from", id="empty-peers"),
    pytest.param(rule(**{"from": [None]}), "spec.ingress[0].from[0]", id="null-peer"),
    pytest.param(rule(**{"from": [{}]}), "spec.ingress[0].from[0]", id="empty-peer"),
    pytest.param(rule(**{"from": [ALL] * 101}), "spec.ingress[0].from", id="101-peers"),
    pytest.param(outward(to=[ALL | {"nodes": {}}]), "spec.egress[0].to[0]", id="two-peers-in-one"),
    pytest.param(outward(to=[{"networks": []}]), "spec.egress[0].to[0].networks", id="no-network"),
    pytest.param(outward(to=[{"networks": ["::/0"] * 26}]), "spec.egress[0].to[0].networks", id="26-networks"),
    pytest.param(outward(to=[{"networks": [None]}]), "spec.egress[0].to[0].networks[0]", id="null-network"),
    pytest.param(outward(to=[{"networks": ["ten"]}]), "spec.egress[0].to[0].networks[0]", id="neither-family"),
    pytest.param(outward(to=[{"networks": ["::ffff:1.2.3.4/96"]}]), "spec.egress[0].to[0].networks[0]", id="both"),
    pytest.param(outward(to=[{"networks": ["1" * 40 + ".0/8"]}]), "spec.egress[0].to[0].networks[0]", id="long-cidr"),
    pytest.param(outward(to=[{"domainNames": []}]), "spec.egress[0].to[0].domainNames", id="no-name"),
    pytest.param(port(None), "spec.ingress[0].ports[0]", id="null-port"),
    pytest.param(port({}), "spec.ingress[0].ports[0]", id="empty-port"),
    pytest.param(port({"namedPort": "a", "portNumber": {"port": 1}}), "spec.ingress[0].ports[0]", id="two-in-one-port"),
    pytest.param(port({"portNumber": {}}), "spec.ingress[0].ports[0].portNumber.port", id="no-number"),
    pytest.param(port({"portNumber": {"port": 0}}), "spec.ingress[0].ports[0].portNumber.port", id="port-0"),
    pytest.param(port({"portRange": {"start": 1}}), "spec.ingress[0].ports[0].portRange.end", id="no-end"),
    pytest.param(port({"portRange": {"start": 1, "end": 65536}}), "spec.ingress[0].ports[0].portRange.end", id="65536"),
    pytest.param(rule(ports=[{"namedPort": "a"}] * 101), "spec.ingress[0].ports", id="101-ports"),
    pytest.param(
        outward(to=[ALL, {"nodes": {}}], ports=[{"namedPort": "a"}]), "spec.egress[0].ports", id="named-port-of-nodes"
    ),
    pytest.param(
        {"subject": {"namespaces": {"matchExpressions": [EXPRESSION | {"key": None}]}}},
        "spec.subject.namespaces.matchExpressions[0].key",
        id="no-key",
    ),
    pytest.param(
        {"subject": {"namespaces": {"matchExpressions": [EXPRESSION | {"values": [None]}]}}},
        "spec.subject.namespaces.matchExpressions[0].values[0]",
        id="null-value",
    ),
    pytest.param(
        {"subject": {"namespaces": {"matchExpressions": [None]}}},
        "spec.subject.namespaces.matchExpressions[0]",
        id="null-expression",
    ),
]


@pytest.mark.parametrize(("spec", "field"), REFUSED)
def test_what_the_schema_refuses(spec, field):
    """What the CRD's schema refuses is no policy, and the field is named."""
    with pytest.raises(FieldError) as refusal:
        admin(spec)
    assert not isinstance(refusal.value, UnreadableError)
    assert refusal.value.field == field


def test_the_longest_lists_are_taken():
    """A hundred rules, peers and ports, 25 addresses and a name of 100 characters are what the schema allows at most."""
    ports_, peers = [{"namedPort": "a"}] * 100, [ALL] * 99 + [{"pods": {"namespaceSelector": {}, "podSelector": {}}}]
    policy, _ = admin({"ingress": rule(name="x" * 100, ports=ports_, **{"from": peers})["ingress"] * 100})
    assert len(policy.rules) == 100
    (found,) = egress({"networks": [f"10.{n}.0.0/16" for n in range(25)]})
    assert len(found.peers) == 25


UNREADABLE = [
    pytest.param(outward(to=[{"networks": ["10.0.0.0"]}]), "spec.egress[0].to[0].networks[0]", id="no-length"),
    pytest.param(outward(to=[{"networks": ["010.0.0.0/8"]}]), "spec.egress[0].to[0].networks[0]", id="leading-zero"),
    pytest.param(outward(to=[{"networks": ["10.0.0.0/08"]}]), "spec.egress[0].to[0].networks[0]", id="zero-in-length"),
    pytest.param(outward(to=[{"networks": ["::ffff:0/129"]}]), "spec.egress[0].to[0].networks[0]", id="length-129"),
    pytest.param(outward(to=[{"networks": ["::ffff:a00:0/104"]}]), "spec.egress[0].to[0].networks[0]", id="mapped"),
    pytest.param(
        port({"portNumber": {"protocol": "ICMP", "port": 1}}), "spec.ingress[0].ports[0].portNumber.protocol", id="icmp"
    ),
    pytest.param(
        port({"portRange": {"start": 9, "end": 8}}), "spec.ingress[0].ports[0].portRange", id="range-downwards"
    ),
    pytest.param(port({"namedPort": ""}), "spec.ingress[0].ports[0].namedPort", id="empty-name"),
    pytest.param(
        {"subject": {"namespaces": {"matchLabels": {"a b": "c"}}}},
        "spec.subject.namespaces.matchLabels",
        id="no-label-key",
    ),
    pytest.param(
        {"subject": {"namespaces": {"matchExpressions": [EXPRESSION | {"operator": "Is"}]}}},
        "spec.subject.namespaces.matchExpressions[0].operator",
        id="no-operator",
    ),
]


@pytest.mark.parametrize(("spec", "field"), UNREADABLE)
def test_what_the_schema_takes_and_nobody_can_read(spec, field):
    """What the schema has no rule against and cannot be read is left as unknown, not as refused."""
    with pytest.raises(UnreadableError) as refusal:
        admin(spec)
    assert refusal.value.field == field


def test_a_label_without_a_value_is_dropped():
    """The API server drops a null map entry of a custom resource, so the selector is wider than it looks."""
    policy, _ = admin({"subject": {"namespaces": {"matchLabels": {"a": None, "b": "c"}}}})
    assert policy.namespaces == label("b", "c")


def test_a_baseline_is_called_default():
    """The schema takes one baseline, called default."""
    with pytest.raises(FieldError, match="call it default") as refusal:
        baseline({}, name="other")
    assert refusal.value.field == "metadata.name"


def test_a_baseline_does_not_pass():
    """After the baseline nothing is left to pass to."""
    with pytest.raises(FieldError, match="write Allow or Deny"):
        baseline({"ingress": [{"action": "Pass", "from": [ALL]}]})


@pytest.mark.parametrize(("spec", "field"), [(None, "spec.priority"), ([], "spec"), ("x", "spec")], ids=str)
def test_a_spec_that_is_none_is_refused(spec, field):
    """Neither the priority nor the subject may be missing, and the spec must be an object."""
    with pytest.raises(FieldError) as refusal:
        admin(spec)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("action", "actions"),
    [
        pytest.param("Allow", [Action.ALLOW], id="allows-or-matches-nothing"),
        pytest.param("Deny", [Action.DENY], id="denies-or-denies-all"),
        pytest.param("Pass", [Action.DENY, Action.PASS], id="passes-or-denies-all"),
    ],
)
def test_a_peer_of_a_newer_version_leaves_both_readings(action, actions):
    """An unknown peer makes an implementation fail closed, unless it knows it: the whole rule is in doubt, at its widest."""
    known = {"portNumber": {"port": 80}}
    policy, _ = admin({"ingress": [{"action": action, "from": [{"services": {}}], "ports": [known]}]})
    assert [rule.action for rule in policy.rules] == actions
    assert all(rule.peers is None for rule in policy.rules)
    assert all(rule.doubt == "spec.ingress[0].from[0].services is not modelled" for rule in policy.rules)
    wanted = {Action.DENY: None, Action.ALLOW: (Ports("TCP", 80, 80),), Action.PASS: (Ports("TCP", 80, 80),)}
    assert all(rule.ports == wanted[rule.action] for rule in policy.rules)


def test_the_known_peers_beside_an_unknown_one():
    """A deny rule denies its known peers in either reading; an allow or pass rule may match nothing of what it names."""
    for action, exact in (("Deny", [(EVERYONE,)]), ("Allow", []), ("Pass", [])):
        policy, _ = admin(rule(action=action, **{"from": [ALL, {"services": {}}]}))
        assert [each.peers for each in policy.rules if not each.doubt] == exact
        assert {each.index for each in policy.rules} == {0}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"schedule": "nightly"}, id="of-the-rule"),
        pytest.param({"ports": [{"icmp": {}}]}, id="of-a-port"),
        pytest.param({"ports": [{"portNumber": {"port": 1, "flags": "syn"}}]}, id="within-a-port"),
        pytest.param({"from": None, "sources": []}, id="instead-of-peers"),
    ],
)
def test_an_unknown_field_of_a_rule_widens_it(entry):
    """A rule that says something else as well may match less than every peer and port."""
    policy, _ = admin(rule(**entry) | {"priority": 1})
    (found,) = policy.rules
    assert (found.peers, found.ports) == (None, None)
    assert "is not modelled" in found.doubt
    assert policy.doubt == ""


@pytest.mark.parametrize("name", ["nodes", "networks", "domainNames"])
def test_egress_peers_of_ingress_rules_are_unknown(name):
    """The schema has no such peer in `from`; a newer version may."""
    value = {} if name == "nodes" else ["10.0.0.0/8"] if name == "networks" else ["a.com"]
    policy, _ = admin(rule(**{"from": [{name: value}]}))
    assert [each.doubt for each in policy.rules] == [f"spec.ingress[0].from[0].{name} is not modelled"]


def test_domain_names_of_the_baseline_are_unknown():
    """The baseline kind has no `domainNames`."""
    policy, _ = baseline(outward(to=[{"domainNames": ["a.com"]}]))
    assert policy.rules[0].doubt == "spec.egress[0].to[0].domainNames is not modelled"


def test_the_first_form_of_peers_is_in_doubt():
    """Version 0.1.0 of the API wrote peers otherwise (`sameLabels` and the like): such a rule is in doubt."""
    policy, _ = admin(rule(**{"from": [{"namespaces": {"sameLabels": ["team"]}}]}))
    assert policy.rules[0].peers is None
    assert "sameLabels" in policy.rules[0].doubt


def test_an_unknown_field_of_the_subject_puts_all_of_it_in_doubt():
    """The subject is then everything, and the policy may not apply to all of it."""
    policy, _ = admin({"subject": {"namespaces": {"matchLabels": {"a": "b"}, "matchNames": ["c"]}}})
    assert (policy.namespaces, policy.subject) == (EVERYTHING, EVERYTHING)
    assert policy.doubt == "spec.subject.namespaces.matchNames is not modelled"


def test_an_unknown_field_of_the_spec_puts_the_policy_in_doubt():
    """A newer field beside the subject may narrow everything."""
    policy, _ = admin({"enforcement": "audit"} | rule())
    assert policy.doubt == "spec.enforcement is not modelled"
    assert policy.rules[0].doubt == ""


def test_directions_do_not_mix():
    """An ingress rule is of ingress and an egress rule of egress."""
    policy, _ = admin(rule() | outward())
    assert [each.direction for each in policy.rules] == [Direction.INGRESS, Direction.EGRESS]
