"""What the resolver makes of the upstream ClusterNetworkPolicy, v1alpha2 and v1beta1."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest

from scanner.model import ApiObject
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
    PodPeer,
    Ports,
)
from scanner.policy.upstream.cluster import resolve_cluster_network_policy
from scanner.reach.model import PROTOCOLS, Direction
from tests.factories import raw, snapshot

ALL = {"namespaces": {}}
EVERYONE = PodPeer(EVERYTHING, EVERYTHING)
CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "observed" / "clusternetworkpolicy.jsonl"


def resolved(spec, version="v1alpha2"):
    """The one policy of a ClusterNetworkPolicy with this spec over a valid default, and the remarks."""
    source = ApiObject(
        api_version=f"policy.networking.k8s.io/{version}",
        kind="ClusterNetworkPolicy",
        name="c",
        resource_version="9",
        spec=raw({"tier": "Admin", "priority": 5, "subject": ALL} | spec),
    )
    (policy,), remarks = resolve_cluster_network_policy(source, Context(snapshot()))
    return policy, remarks


def rule(**entry):
    """A spec with one ingress rule, given over a valid default."""
    return {"ingress": [{"action": "Accept", "from": [ALL]} | entry]}


def outward(**entry):
    """A spec with one egress rule, given over a valid default."""
    return {"egress": [{"action": "Accept", "to": [ALL]} | entry]}


def protocols(*entries):
    """The ports of an ingress rule with these `protocols`."""
    policy, remarks = resolved(rule(protocols=list(entries)))
    assert remarks == []
    return policy.rules[0].ports


@pytest.mark.parametrize(("name", "tier"), [("Admin", ADMIN), ("Baseline", BASELINE)])
def test_a_policy_keeps_what_it_is(name, tier):
    """Tier and priority place it; it isolates nobody, and equal priorities have no order."""
    policy, remarks = resolved({"tier": name, "priority": 0})
    assert remarks == []
    assert (policy.id, policy.group, policy.version) == ("ClusterNetworkPolicy c", "policy.networking.k8s.io", "9")
    assert (policy.tier, policy.rank, policy.pooled) == (tier, (0.0, ""), False)
    assert (policy.directions, policy.rules, policy.doubt) == (frozenset(), (), "")


def test_actions():
    """Accept allows, Deny denies, and Pass goes on, in the baseline too."""
    entries = [{"action": action, "to": [ALL]} for action in ("Accept", "Deny", "Pass")]
    policy, _ = resolved({"tier": "Baseline", "egress": entries})
    assert [each.action for each in policy.rules] == [Action.ALLOW, Action.DENY, Action.PASS]
    assert [each.name for each in policy.rules] == ["egress[0]", "egress[1]", "egress[2]"]


def test_every_kind_of_egress_peer():
    """Namespaces, pods, nodes, networks and names of one rule are all its peers."""
    policy, remarks = resolved(
        outward(
            name="out",
            to=[
                ALL,
                {"pods": {"podSelector": {}}},
                {"nodes": {}},
                {"networks": ["0.0.0.0/0", "::/0"]},
                {"domainNames": ["*.example.com"]},
            ],
        )
    )
    assert remarks == []
    (found,) = policy.rules
    assert found.peers == (
        EVERYONE,
        EntityPeer(Entity.NODES),
        BlockPeer(ipaddress.ip_network("0.0.0.0/0"), matching=Matching.PODS),
        BlockPeer(ipaddress.ip_network("::/0"), matching=Matching.PODS),
        NamePeer("**.example.com"),
    )
    assert (found.title, found.doubt) == ("out", "")


def test_the_forms_of_protocols():
    """Each protocol has a number or a range; a port's name is looked for in every protocol."""
    assert protocols(
        {"tcp": {"destinationPort": {"number": 80}}},
        {"udp": {"destinationPort": {"range": {"start": 1, "end": 1024}}}},
        {"sctp": {"destinationPort": {"number": 3868}}},
        {"destinationNamedPort": "web"},
    ) == (
        Ports("TCP", 80, 80),
        Ports("UDP", 1, 1024),
        Ports("SCTP", 3868, 3868),
        *(Ports(protocol, name="web") for protocol in PROTOCOLS),
    )


def test_without_protocols_everything_matches():
    """A rule without `protocols` looks at no port and no protocol."""
    policy, _ = resolved(rule())
    assert policy.rules[0].ports is None


def protocol(entry):
    """A spec with one entry of `protocols`."""
    return rule(protocols=[entry])


PORT = "spec.ingress[0].protocols[0]"
REFUSED = [
    pytest.param({"tier": None}, "spec.tier", id="no-tier"),
    pytest.param({"tier": "admin"}, "spec.tier", id="unknown-tier"),
    pytest.param({"priority": None}, "spec.priority", id="no-priority"),
    pytest.param({"priority": 1001}, "spec.priority", id="priority-above"),
    pytest.param({"subject": {}}, "spec.subject", id="empty-subject"),
    pytest.param({"subject": {"pods": {"namespaceSelector": {}}}}, "spec.subject.pods.podSelector", id="no-pods"),
    pytest.param({"ingress": rule()["ingress"] * 26}, "spec.ingress", id="26-rules"),
    pytest.param(rule(action="Allow"), "spec.ingress[0].action", id="unknown-action"),
    pytest.param(rule(**{"from": [ALL] * 26}), "spec.ingress[0].from", id="26-peers"),
    pytest.param(rule(**{"from": [{}]}), "spec.ingress[0].from[0]", id="empty-peer"),
    pytest.param(outward(to=[{"networks": ["10.0.0.0/8"] * 2}]), "spec.egress[0].to[0].networks", id="network-twice"),
    pytest.param(outward(to=[{"networks": ["10.0.0.0"]}]), "spec.egress[0].to[0].networks[0]", id="no-length"),
    pytest.param(outward(to=[{"networks": ["010.0.0.0/8"]}]), "spec.egress[0].to[0].networks[0]", id="leading-zero"),
    pytest.param(outward(to=[{"networks": ["::ffff:1.2.3.4/120"]}]), "spec.egress[0].to[0].networks[0]", id="mapped"),
    pytest.param(outward(to=[{"networks": ["1::2::3/8"]}]), "spec.egress[0].to[0].networks[0]", id="no-address"),
    pytest.param(outward(to=[{"domainNames": ["a.b"] * 2}]), "spec.egress[0].to[0].domainNames", id="name-twice"),
    pytest.param(
        outward(to=[{"domainNames": [f"a{n}.b" for n in range(26)]}]), "spec.egress[0].to[0].domainNames", id="26-names"
    ),
    pytest.param(rule(protocols=[]), "spec.ingress[0].protocols", id="no-protocol"),
    pytest.param(rule(protocols=[{"destinationNamedPort": "a"}] * 26), "spec.ingress[0].protocols", id="26-protocols"),
    pytest.param(protocol({}), PORT, id="empty-protocol"),
    pytest.param(protocol({"tcp": {}, "udp": {}}), PORT, id="two-protocols-in-one"),
    pytest.param(protocol({"tcp": {}}), f"{PORT}.tcp.destinationPort", id="no-port"),
    pytest.param(protocol({"tcp": {"destinationPort": {}}}), f"{PORT}.tcp.destinationPort", id="empty-port"),
    pytest.param(
        protocol({"tcp": {"destinationPort": {"number": 1, "range": {"start": 1, "end": 2}}}}),
        f"{PORT}.tcp.destinationPort",
        id="number-and-range",
    ),
    pytest.param(
        protocol({"tcp": {"destinationPort": {"number": 65536}}}), f"{PORT}.tcp.destinationPort.number", id="65536"
    ),
    pytest.param(
        protocol({"sctp": {"destinationPort": {"range": {"start": 5, "end": 5}}}}),
        f"{PORT}.sctp.destinationPort.range",
        id="range-of-one",
    ),
    pytest.param(
        protocol({"udp": {"destinationPort": {"range": {"start": 5}}}}),
        f"{PORT}.udp.destinationPort.range.end",
        id="no-end",
    ),
    pytest.param(
        outward(to=[{"networks": ["10.0.0.0/8"]}], protocols=[{"destinationNamedPort": "web"}]),
        "spec.egress[0].protocols",
        id="named-port-of-networks",
    ),
]


@pytest.mark.parametrize(("spec", "field"), REFUSED)
def test_what_the_schema_refuses(spec, field):
    """What the CRD's schema refuses is no policy, and the field is named."""
    with pytest.raises(FieldError) as refusal:
        resolved(spec)
    assert not isinstance(refusal.value, UnreadableError)
    assert refusal.value.field == field


def test_the_longest_lists_are_taken():
    """25 rules, peers, protocols, networks and names are what the schema allows at most."""
    names = {"domainNames": [f"a{n}.b" for n in range(25)]}
    networks = {"networks": [f"10.{n}.0.0/16" for n in range(25)]}
    match = {"tcp": {"destinationPort": {"number": 65535}}}
    entry = outward(to=[ALL] * 23 + [names, networks], protocols=[match] * 25)["egress"][0]
    policy, remarks = resolved({"priority": 1000, "egress": [entry] * 25})
    assert (len(policy.rules), remarks) == (25, [])
    assert {len(each.peers) for each in policy.rules} == {51}


def test_an_empty_port_name_cannot_be_read():
    """The schema takes an empty name, which no implementation can tell from none."""
    with pytest.raises(UnreadableError):
        resolved(protocol({"destinationNamedPort": ""}))


def test_host_bits_by_version():
    """v1alpha2 takes a CIDR with host bits, v1beta1 refuses it."""
    spec = outward(to=[{"networks": ["10.1.2.3/8"]}])
    policy, remarks = resolved(spec)
    assert policy.rules[0].peers[0].block == ipaddress.ip_network("10.0.0.0/8")
    assert [field for field, _ in remarks] == ["spec.egress[0].to[0].networks[0]"]
    with pytest.raises(FieldError):
        resolved(spec, "v1beta1")
    assert resolved(outward(to=[{"networks": ["10.0.0.0/8"]}]), "v1beta1")[1] == []


@pytest.mark.parametrize(
    ("action", "actions"),
    [("Accept", [Action.ALLOW]), ("Deny", [Action.DENY]), ("Pass", [Action.DENY, Action.PASS])],
)
@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"to": [{"services": {}}]}, id="peer"),
        pytest.param({"protocols": [{"icmp": {}}]}, id="protocol"),
        pytest.param({"to": [{"domainNames": ["a.com"], "resolver": "x"}]}, id="beside-a-known-peer"),
    ],
)
def test_what_a_newer_version_says_fails_closed_or_does_not(action, actions, entry):
    """Accept may match nothing, Deny and Pass may deny everything; or the implementation knows the field."""
    policy, _ = resolved(outward(action=action, **entry))
    assert [each.action for each in policy.rules] == actions
    assert all(each.doubt and each.peers is None and each.ports is None for each in policy.rules)
    assert {(each.index, each.direction) for each in policy.rules} == {(0, Direction.EGRESS)}


def test_a_rule_beside_a_doubtful_one_stays_exact():
    """Doubt stays with its own rule."""
    entries = [{"action": "Deny", "from": [{"new": 1}]}, {"action": "Deny", "from": [ALL]}]
    policy, _ = resolved({"ingress": entries})
    assert [bool(each.doubt) for each in policy.rules] == [True, False]
    assert policy.rules[1].peers == (EVERYONE,)


@pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not beside the checkout")
def test_the_observed_policies_are_exact():
    """Every ClusterNetworkPolicy that a real cluster enforced is read whole, without remark or doubt."""
    sets = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    specs = [item["spec"] for each in sets for item in each["objects"] if item["kind"] == "ClusterNetworkPolicy"]
    assert specs
    for spec in specs:
        policy, remarks = resolved(spec)
        assert remarks == []
        assert not policy.doubt
        assert [each.name for each in policy.rules] == [
            f"{direction}[{at}]" for direction in ("ingress", "egress") for at, _ in enumerate(spec.get(direction, []))
        ]
        assert not any(each.doubt for each in policy.rules)
