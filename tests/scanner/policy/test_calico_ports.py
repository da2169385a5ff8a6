"""Protocols and ports of Calico's rules."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.policy.calico.ports import rule_ports, subtract
from scanner.policy.calico.wire import WireEntity, WireRule
from scanner.policy.decode import FieldError
from scanner.policy.model import Ports

FIELD = "spec.ingress[0]"


def read(rule):
    """The ports of a wire rule, and the doubt about them."""
    wire = msgspec.convert(rule, WireRule)
    return rule_ports(wire, wire.destination or WireEntity(), FIELD)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param({}, None, id="all-ports-of-all-protocols"),
        pytest.param({"protocol": None, "destination": {"ports": []}}, None, id="null-and-empty"),
        pytest.param({"protocol": "TCP"}, [Ports("TCP")], id="protocol"),
        pytest.param({"protocol": 17}, [Ports("UDP")], id="number"),
        pytest.param({"protocol": "132"}, [Ports("SCTP")], id="number-as-text"),
        pytest.param({"notProtocol": "TCP"}, [Ports("UDP"), Ports("SCTP")], id="not-protocol"),
        pytest.param({"notProtocol": "ICMP"}, [Ports("TCP"), Ports("UDP"), Ports("SCTP")], id="not-icmp"),
        pytest.param({"protocol": "TCP", "notProtocol": 6}, [], id="contradiction"),
        pytest.param({"protocol": "ICMP"}, [], id="icmp"),
        pytest.param({"protocol": "ICMPv6", "icmp": {"type": 128}}, [], id="icmp-type"),
        pytest.param({"protocol": "1", "notICMP": {"type": 128}}, [], id="icmp-not-type"),
        pytest.param({"icmp": {"type": 8}}, [], id="icmp-without-protocol"),
        pytest.param({"protocol": 47}, [], id="gre"),
        pytest.param(
            {"protocol": "TCP", "destination": {"ports": [80, "443", "8000:8001"]}},
            [Ports("TCP", 80, 80), Ports("TCP", 443, 443), Ports("TCP", 8000, 8001)],
            id="ports",
        ),
        pytest.param(
            {"protocol": "TCP", "destination": {"ports": [81, 80, "82:90", 85]}}, [Ports("TCP", 80, 90)], id="merged"
        ),
        pytest.param(
            {"protocol": "UDP", "destination": {"ports": ["dns", 53]}},
            [Ports("UDP", 53, 53), Ports("UDP", name="dns")],
            id="named",
        ),
        pytest.param(
            {"destination": {"ports": ["web"]}}, [Ports("TCP", name="web")], id="named-without-protocol-is-tcp"
        ),
        pytest.param(
            {"protocol": "TCP", "destination": {"notPorts": [22, "100:65535"]}},
            [Ports("TCP", 1, 21), Ports("TCP", 23, 99)],
            id="not-ports",
        ),
        pytest.param(
            {"protocol": "TCP", "destination": {"ports": ["1:100"], "notPorts": ["20:30"]}},
            [Ports("TCP", 1, 19), Ports("TCP", 31, 100)],
            id="both",
        ),
    ],
)
def test_protocols_and_ports(rule, expected):
    """Protocols by name or number, ports by number, range or name; not-lists leave out."""
    assert read(rule) == (None if expected is None else tuple(expected), "")


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        pytest.param({"protocol": "tcp"}, "protocol", id="lower-case"),
        pytest.param({"protocol": 0}, "protocol", id="zero"),
        pytest.param({"protocol": 256}, "protocol", id="large"),
        pytest.param({"notProtocol": "any"}, "notProtocol", id="any"),
        pytest.param({"destination": {"ports": [80]}}, "destination.ports", id="number-without-protocol"),
        pytest.param({"protocol": "ICMP", "destination": {"ports": ["web"]}}, "destination.ports", id="icmp-port"),
        pytest.param({"destination": {"notPorts": [80]}}, "destination.notPorts", id="not-port-without-protocol"),
        pytest.param({"protocol": "TCP", "destination": {"ports": [0]}}, "destination.ports[0]", id="port-0"),
        pytest.param(
            {"protocol": "TCP", "destination": {"ports": [1, 65536]}}, "destination.ports[1]", id="port-65536"
        ),
        pytest.param({"protocol": "TCP", "destination": {"ports": ["90:80"]}}, "destination.ports[0]", id="backwards"),
        pytest.param(
            {"protocol": "TCP", "destination": {"ports": ["9" * 40]}}, "destination.ports[0]", id="long-number"
        ),
        pytest.param({"protocol": "TCP", "destination": {"ports": ["80 90"]}}, "destination.ports[0]", id="bad-name"),
        pytest.param({"protocol": "x"}, "protocol", id="unknown"),
        pytest.param({"protocol": "6.0"}, "protocol", id="fraction"),
        pytest.param({"protocol": "TCP", "destination": {"ports": [None]}}, "destination.ports[0]", id="null"),
        pytest.param({"protocol": "TCP", "icmp": {"type": 8}}, "icmp", id="icmp-on-tcp"),
    ],
)
def test_protocols_and_ports_that_are_refused(rule, field):
    """What Calico's validator refuses names the field."""
    with pytest.raises(FieldError) as caught:
        read(rule)
    assert caught.value.field == f"{FIELD}.{field}"


@pytest.mark.parametrize(
    ("rule", "word", "ports"),
    [
        pytest.param(
            {"protocol": "TCP", "destination": {"ports": ["web"], "notPorts": [443]}},
            "next to notPorts",
            (Ports("TCP", name="web"),),
            id="a-name-may-stand-for-what-is-left-out",
        ),
        pytest.param(
            {"protocol": "TCP", "destination": {"notPorts": ["web", 22]}},
            "notPorts",
            (Ports("TCP", 1, 21), Ports("TCP", 23, 65535)),
            id="named-not-port",
        ),
        pytest.param({"destination": {"notPorts": ["web"]}}, "notPorts", None, id="named-not-port-alone"),
        pytest.param({"notICMP": {"type": 8}}, "notICMP", None, id="not-icmp"),
    ],
)
def test_ports_that_are_in_doubt_are_read_widely(rule, word, ports):
    """What cannot be said in ports is left out of them, and the rule may match less."""
    found, doubt = read(rule)
    assert found == ports
    assert word in doubt


SPANS = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 8)).map(lambda each: (each[0], each[0] + each[1])))


@given(SPANS, SPANS)
def test_ranges_less_ranges(spans, excluded):
    """What is left is sorted, disjoint and merged, and holds exactly the numbers of the one and not of the other."""
    found = subtract(spans, excluded)
    numbers = [{port for first, last in each for port in range(first, last + 1)} for each in (spans, excluded, found)]
    assert numbers[2] == numbers[0] - numbers[1]
    assert all(one[1] + 1 < other[0] for one, other in itertools.pairwise(found))
