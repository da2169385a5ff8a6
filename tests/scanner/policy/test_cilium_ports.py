"""Ports of Cilium rules, what filters above them, and what else a rule asks of a connection."""

from __future__ import annotations

import pytest

from scanner.model import ApiObject
from scanner.policy.cilium.resolve import resolve_cilium_network_policy
from scanner.policy.decode import Context, FieldError, UnreadableError
from scanner.policy.model import Entity, EntityPeer, Ports
from tests.factories import raw, snapshot

HOST = (EntityPeer(Entity.HOST),)


def resolved(rule, section="egress"):
    """The policy of one rule, and its remarks."""
    spec = raw({"endpointSelector": {}, section: [rule]})
    source = ApiObject(api_version="cilium.io/v2", kind="CiliumNetworkPolicy", name="p", namespace="shop", spec=spec)
    (policy,), remarks = resolve_cilium_network_policy(source, Context(snapshot()))
    return policy, remarks


def parts(*to_ports, section="egress"):
    """Ports, filter and doubt of every part of a rule with these `toPorts`, which must not be remarked."""
    policy, remarks = resolved({"toPorts": list(to_ports)}, section)
    assert (policy.doubt, remarks) == ("", [])
    return [(rule.ports, rule.l7, rule.doubt) for rule in policy.rules]


def each(first=1, last=65535, name=""):
    """The same ports of all three protocols."""
    return tuple(Ports(protocol, first, last, name) for protocol in ("TCP", "UDP", "SCTP"))


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        pytest.param({"port": "80", "protocol": "TCP"}, (Ports("TCP", 80, 80),), id="one"),
        pytest.param({"port": "80", "endPort": 90, "protocol": "UDP"}, (Ports("UDP", 80, 90),), id="range"),
        pytest.param({"port": "80", "endPort": 80, "protocol": "UDP"}, (Ports("UDP", 80, 80),), id="range-of-one"),
        pytest.param({"port": "80", "endPort": 0, "protocol": "SCTP"}, (Ports("SCTP", 80, 80),), id="no-end"),
        pytest.param({"port": "80", "protocol": "ANY"}, each(80, 80), id="any"),
        pytest.param({"port": "80"}, each(80, 80), id="no-protocol"),
        pytest.param({"port": "80", "protocol": ""}, each(80, 80), id="empty-protocol"),
        pytest.param({"port": "0", "protocol": "TCP"}, (Ports("TCP"),), id="zero-is-all"),
        pytest.param({"port": "0"}, each(), id="zero-of-any"),
        pytest.param({"port": "0", "endPort": 9, "protocol": "TCP"}, (Ports("TCP", 1, 9),), id="from-zero"),
        pytest.param({"port": "Web-1", "protocol": "TCP"}, (Ports("TCP", name="web-1"),), id="name"),
        pytest.param({"port": "0x10", "protocol": "TCP"}, (Ports("TCP", name="0x10"),), id="a-name-with-digits"),
        pytest.param({"port": "dns"}, each(name="dns"), id="name-of-any"),
    ],
)
def test_ports(port, expected):
    """Numbers are text, ranges have an end, names are in lower case, no protocol is all three."""
    assert parts({"ports": [port]}) == [(expected, "", "")]


def test_no_ports_is_every_port_of_every_protocol():
    """`toPorts` absent, null or empty puts no limit on a rule with peers."""
    for rule in ({}, {"toPorts": None}, {"toPorts": []}, {"icmps": []}):
        policy, remarks = resolved({"toEntities": ["host"], **rule})
        assert remarks == []
        assert [(found.peers, found.ports) for found in policy.rules] == [(HOST, None)]


def test_entries_without_filters_are_one():
    """Their ports add up, without repeats."""
    tcp = {"port": "80", "protocol": "TCP"}
    assert parts({"ports": [tcp, tcp]}, {"ports": [{"port": "53", "protocol": "UDP"}, tcp]}) == [
        ((Ports("TCP", 80, 80), Ports("UDP", 53, 53)), "", "")
    ]


@pytest.mark.parametrize("entry", [{}, {"ports": []}, {"ports": None}], ids=str)
def test_an_entry_without_ports_lets_nothing_through(entry):
    """The agent makes nothing of it; a remark says so, and other entries count."""
    policy, remarks = resolved({"toEntities": ["host"], "toPorts": [entry]})
    assert [(rule.peers, rule.ports) for rule in policy.rules] == [(HOST, ())]
    assert [place for place, _ in remarks] == ["spec.egress[0].toPorts[0]"]
    policy, _ = resolved({"toPorts": [entry, {"ports": [{"port": "1", "protocol": "TCP"}]}]})
    assert [rule.ports for rule in policy.rules] == [(Ports("TCP", 1, 1),)]


@pytest.mark.parametrize("protocol", ["ICMP", "ICMPv6", "VRRP", "GRE"])
def test_protocols_without_ports_have_no_entry(protocol):
    """What is none of TCP, UDP and SCTP is kept apart with a remark."""
    policy, remarks = resolved({"toPorts": [{"ports": [{"port": "0", "protocol": protocol}]}]})
    assert [(rule.peers, rule.ports) for rule in policy.rules] == [(None, ())]
    assert [place for place, _ in remarks] == ["spec.egress[0].toPorts[0].ports[0].protocol"]


def test_icmp_rules_have_no_ports():
    """A rule with `icmps` opens and denies no port."""
    for section in ("egress", "egressDeny"):
        policy, remarks = resolved({"toEntities": ["host"], "icmps": [{"fields": [{"type": 8}]}]}, section)
        assert [(rule.peers, rule.ports) for rule in policy.rules] == [(HOST, ())]
        assert [place for place, _ in remarks] == [f"spec.{section}[0].icmps"]


def test_numbers_with_a_leading_zero_are_octal():
    """So Go reads them, which a remark says."""
    policy, remarks = resolved({"toPorts": [{"ports": [{"port": "0120", "protocol": "TCP"}]}]})
    assert policy.rules[0].ports == (Ports("TCP", 80, 80),)
    assert [place for place, _ in remarks] == ["spec.egress[0].toPorts[0].ports[0].port"]


def test_the_end_of_a_name_is_ignored():
    """A range by name does not exist, which a remark says."""
    policy, remarks = resolved({"toPorts": [{"ports": [{"port": "web", "endPort": 90, "protocol": "TCP"}]}]})
    assert policy.rules[0].ports == (Ports("TCP", name="web"),)
    assert [place for place, _ in remarks] == ["spec.egress[0].toPorts[0].ports[0].endPort"]


def test_a_range_that_ends_before_it_begins_is_in_doubt():
    """Nothing refuses it; what it means is not known, and its neighbour is sure."""
    ports = [{"port": "90", "endPort": 80, "protocol": "TCP"}, {"port": "1", "protocol": "TCP"}]
    policy, _ = resolved({"toPorts": [{"ports": ports}]})
    assert [(rule.ports, bool(rule.doubt)) for rule in policy.rules] == [
        (each(), True),
        ((Ports("TCP", 1, 1),), False),
    ]


@pytest.mark.parametrize("port", [{"port": "80", "protocol": "QUIC"}, {"protocol": "TCP"}], ids=str)
def test_what_only_some_versions_take_puts_the_policy_into_doubt(port):
    """A protocol that is not known, or a missing port: refused, or of a newer version."""
    policy, _ = resolved({"toPorts": [{"ports": [port]}]})
    assert policy.doubt


def test_an_unknown_protocol_is_read_wide():
    """It may be any of the three, in doubt."""
    policy, remarks = resolved({"toPorts": [{"ports": [{"port": "80", "protocol": "QUIC"}]}]})
    assert [(rule.ports, bool(rule.doubt)) for rule in policy.rules] == [(each(80, 80), True)]
    assert [place for place, _ in remarks] == ["spec.egress[0].toPorts[0].ports[0].protocol"]


def test_a_missing_port_is_every_port():
    """Where it is taken, it is the same as 0."""
    policy, _ = resolved({"toPorts": [{"ports": [{"protocol": "TCP"}]}]})
    assert [(rule.ports, rule.doubt) for rule in policy.rules] == [((Ports("TCP"),), "")]


TCP = [{"port": "443", "protocol": "TCP"}]
FILTERS = [
    pytest.param({"rules": {"http": [{"method": "GET"}]}}, "http", id="http"),
    pytest.param({"rules": {"kafka": [{"topic": "a"}]}}, "kafka", id="kafka"),
    pytest.param({"rules": {"dns": [{"matchPattern": "*"}]}}, "dns", id="dns"),
    pytest.param({"rules": {"l7proto": "r2d2", "l7": [{"cmd": "READ"}]}}, "r2d2", id="another"),
    pytest.param({"rules": {"l7proto": "r2d2"}}, "r2d2", id="another-without-rules"),
    pytest.param({"rules": {"l7proto": "two\nlines"}}, "l7", id="another-by-no-name"),
    pytest.param({"rules": {}}, "", id="empty"),
    pytest.param({"rules": None}, "", id="null"),
    pytest.param({"rules": {"http": []}}, "", id="no-http-rule"),
    pytest.param({"serverNames": ["a.example"]}, "tls", id="server-names"),
    pytest.param({"terminatingTLS": {"secret": {"name": "a"}}}, "tls", id="terminating"),
    pytest.param({"originatingTLS": {"secret": {"name": "a"}}}, "tls", id="originating"),
    pytest.param({"listener": {"envoyConfig": {"name": "a"}, "name": "b"}}, "envoy", id="listener"),
    pytest.param({"serverNames": ["a.b"], "terminatingTLS": {}, "rules": {"http": [{}]}}, "http", id="http-inside-tls"),
]


@pytest.mark.parametrize(("entry", "l7"), FILTERS)
def test_filters_above_the_ports(entry, l7):
    """Rules, TLS contexts and listeners show in the resolved rule."""
    assert parts({"ports": TCP, **entry}) == [((Ports("TCP", 443, 443),), l7, "")]


def test_entries_with_different_filters_are_parts_of_one_rule():
    """Plain ports and filtered ones stay apart under one index, for each group of peers."""
    rule = {
        "toEndpoints": [{}, {"matchLabels": {"io.cilium.k8s.policy.cluster": "x"}}],
        "toPorts": [
            {"ports": TCP, "rules": {"http": [{"path": "/"}]}},
            {"ports": [{"port": "53"}], "rules": {"dns": [{"matchPattern": "*"}]}},
            {"ports": [{"port": "22", "protocol": "TCP"}]},
        ],
    }
    policy, _ = resolved(rule)
    assert {rule.name for rule in policy.rules} == {"egress[0]"}
    assert [(rule.l7, bool(rule.doubt)) for rule in policy.rules] == [
        ("http", False), ("dns", False), ("", False), ("http", True), ("dns", True), ("", True),
    ]  # fmt: skip


def test_dns_rules_take_any_protocol():
    """Unlike all other rules above the ports."""
    assert parts({"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchName": "a.b"}]}}) == [
        (each(53, 53), "dns", "")
    ]


@pytest.mark.parametrize(
    ("authentication", "doubt"),
    [
        pytest.param(None, False, id="null"),
        pytest.param({"mode": "disabled"}, False, id="disabled"),
        pytest.param({"mode": "required"}, True, id="required"),
        pytest.param({"mode": "test-always-fail"}, True, id="fails"),
        pytest.param({"mode": "newer"}, True, id="unknown"),
    ],
)
def test_mutual_authentication_is_a_doubt(authentication, doubt):
    """What has to authenticate first may not pass."""
    policy, _ = resolved({"toEntities": ["host"], "authentication": authentication})
    assert [bool(rule.doubt) for rule in policy.rules] == [doubt]
    assert policy.doubt == ""


REFUSED = [
    ({"toPorts": [{"ports": TCP}], "icmps": [{}]}, ".icmps"),
    ({"toPorts": [None]}, ".toPorts[0]"),
    ({"toPorts": [{"ports": [None]}]}, ".toPorts[0].ports[0]"),
    ({"toPorts": [{"ports": TCP * 41}]}, ".toPorts[0].ports"),
    ({"toPorts": [{"ports": [{"port": 80}]}]}, ".toPorts[0].ports[0].port"),
    ({"toPorts": [{"ports": [{"port": "65536"}]}]}, ".toPorts[0].ports[0].port"),
    ({"toPorts": [{"ports": [{"port": "9" * 5000}]}]}, ".toPorts[0].ports[0].port"),
    ({"toPorts": [{"ports": [{"port": "-1"}]}]}, ".toPorts[0].ports[0].port"),
    ({"toPorts": [{"ports": [{"port": "080"}]}]}, ".toPorts[0].ports[0].port"),
    ({"toPorts": [{"ports": [{"port": "a--b"}]}]}, ".toPorts[0].ports[0].port"),
    ({"toPorts": [{"ports": [{"port": "sixteen-letters-"}]}]}, ".toPorts[0].ports[0].port"),
    ({"toPorts": [{"ports": [{"port": "80", "endPort": 65536}]}]}, ".toPorts[0].ports[0].endPort"),
    ({"toPorts": [{"ports": [{"port": "80", "endPort": -1}]}]}, ".toPorts[0].ports[0].endPort"),
    ({"toPorts": [{"ports": [{"port": "80", "protocol": "tcp"}]}]}, ".toPorts[0].ports[0].protocol"),
    ({"toPorts": [{"ports": TCP, "rules": {"http": [], "dns": []}}]}, ".toPorts[0].rules"),
    ({"toPorts": [{"ports": TCP, "rules": {"http": [{}], "l7proto": "a"}}]}, ".toPorts[0].rules"),
    ({"toPorts": [{"ports": TCP, "rules": {"l7": [{}]}}]}, ".toPorts[0].rules.l7"),
    ({"toPorts": [{"rules": {"dns": [{}]}}]}, ".toPorts[0].ports"),
    ({"toPorts": [{"ports": [{"port": "80"}], "rules": {"http": [{}]}}]}, ".toPorts[0].ports[0].protocol"),
    (
        {"toPorts": [{"ports": [{"port": "0", "protocol": "TCP"}], "rules": {"http": [{}]}}]},
        ".toPorts[0].ports[0].port",
    ),
    (
        {"toPorts": [{"ports": [{"port": "53", "endPort": 54}], "rules": {"dns": [{}]}}]},
        ".toPorts[0].ports[0].endPort",
    ),
    ({"toPorts": [{"ports": TCP, "serverNames": [""]}]}, ".toPorts[0].serverNames"),
    ({"toPorts": [{"ports": TCP, "serverNames": ["a"], "rules": {"http": [{}]}}]}, ".toPorts[0].serverNames"),
    ({"toPorts": [{"ports": TCP, "listener": {}, "rules": {"http": [{}]}}]}, ".toPorts[0].listener"),
    ({"toEntities": ["host"], "authentication": {}}, ".authentication.mode"),
]


@pytest.mark.parametrize(("rule", "field"), REFUSED, ids=lambda value: str(value)[:80])
def test_what_is_refused(rule, field):
    """The agent or the schema refuses the policy for it."""
    with pytest.raises(FieldError) as error:
        resolved(rule)
    assert error.value.field == f"spec.egress[0]{field}"
    assert not isinstance(error.value, UnreadableError)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"ports": [{"port": "53"}], "rules": {"dns": [{}]}}, ".rules.dns"),
        ({"ports": TCP, "listener": {"name": "a"}}, ".listener"),
    ],
    ids=str,
)
def test_what_is_refused_on_ingress(entry, field):
    """DNS rules and listeners are for egress."""
    with pytest.raises(FieldError) as error:
        resolved({"toPorts": [entry]}, "ingress")
    assert error.value.field == f"spec.ingress[0].toPorts[0]{field}"


def test_numbers_with_underscores_are_not_read():
    """Go takes them; they are unknown here rather than refused."""
    with pytest.raises(UnreadableError):
        resolved({"toPorts": [{"ports": [{"port": "1_0"}]}]})


def test_rules_above_the_ports_in_a_deny_rule_are_not_modelled():
    """Deny rules have no such field, so one that shows is of a newer version: everything in doubt."""
    policy, _ = resolved({"toPorts": [{"ports": TCP, "rules": {"http": [{}]}}]}, "egressDeny")
    assert [(rule.peers, rule.ports, bool(rule.doubt)) for rule in policy.rules] == [(None, None, True)]
