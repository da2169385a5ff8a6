"""What follows from what is written alone."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.lint.implied import rule_implies, selector_implies
from scanner.policy.model import (
    EVERYTHING,
    BlockPeer,
    Clause,
    Entity,
    EntityPeer,
    Operator,
    PodPeer,
    Policy,
    Ports,
    Requirement,
    Rule,
    Selector,
)
from scanner.policy.selectors import matches
from scanner.reach.model import Direction

KEYS, VALUES = st.sampled_from(["app", "tier"]), st.sampled_from(["a", "b", "ab"])
LISTS = st.lists(VALUES, min_size=1, max_size=2, unique=True).map(lambda found: tuple(sorted(found)))
REQUIREMENTS = st.one_of(
    st.builds(
        Requirement,
        KEYS,
        st.sampled_from([Operator.IN, Operator.NOT_IN, Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH]),
        LISTS,
    ),
    st.builds(Requirement, KEYS, st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST])),
)
PLAIN = st.builds(Selector, st.lists(REQUIREMENTS, max_size=3).map(lambda found: tuple(sorted(set(found)))))
CLAUSES = st.lists(st.builds(Clause, st.lists(PLAIN, max_size=2).map(tuple), st.booleans()), max_size=1).map(tuple)
SELECTORS = st.builds(lambda plain, clauses: Selector(plain.requirements, clauses), PLAIN, CLAUSES)
LABELS = st.dictionaries(KEYS, VALUES, max_size=2)


@settings(max_examples=300, deadline=None)
@given(narrow=SELECTORS, wide=SELECTORS, labels=LABELS)
def test_what_a_selector_implies_holds_of_every_pod(narrow, wide, labels):
    """A yes is a proof: no labels satisfy the one and not the other."""
    if selector_implies(narrow, wide) and matches(narrow, labels):
        assert matches(wide, labels)


def _app(operator: Operator, values: tuple[str, ...] = ()) -> Requirement:
    return Requirement("app", operator, values)


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        pytest.param(_app(Operator.IN, ("a",)), _app(Operator.IN, ("a", "b")), True, id="more-values"),
        pytest.param(_app(Operator.IN, ("a", "b")), _app(Operator.IN, ("a",)), False, id="fewer-values"),
        pytest.param(_app(Operator.IN, ("a",)), _app(Operator.EXISTS), True, id="value-exists"),
        pytest.param(_app(Operator.NOT_IN, ("a",)), _app(Operator.EXISTS), False, id="may-be-absent"),
        pytest.param(_app(Operator.DOES_NOT_EXIST), _app(Operator.NOT_IN, ("a",)), True, id="absent"),
        pytest.param(_app(Operator.IN, ("b",)), _app(Operator.NOT_IN, ("a",)), True, id="another"),
        pytest.param(_app(Operator.IN, ("a",)), Requirement("tier", Operator.EXISTS), False, id="other-key"),
    ],
)  # fmt: skip
def test_conditions_that_follow_from_each_other(narrow, wide, expected):
    """One condition on a label and another."""
    assert selector_implies(Selector((narrow,)), Selector((wide,))) is expected


def block(cidr: str, *excepts: str) -> BlockPeer:
    """A block of addresses."""
    return BlockPeer(ipaddress.ip_network(cidr), tuple(ipaddress.ip_network(each) for each in excepts))


SHOP = Selector((Requirement("kubernetes.io/metadata.name", Operator.IN, ("shop",)),))
LAB = Selector((Requirement("kubernetes.io/metadata.name", Operator.IN, ("lab",)),))
WEB = Selector((_app(Operator.IN, ("web",)),))


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        pytest.param((PodPeer(WEB, None),), (PodPeer(EVERYTHING, None),), True, id="pods"),
        pytest.param((PodPeer(EVERYTHING, None),), (PodPeer(WEB, None),), False, id="fewer-pods"),
        pytest.param((PodPeer(WEB, None),), (PodPeer(WEB, SHOP),), True, id="own-namespace-by-name"),
        pytest.param((PodPeer(WEB, None),), (PodPeer(WEB, LAB),), False, id="another-namespace"),
        pytest.param((PodPeer(WEB, SHOP),), (PodPeer(WEB, None),), False, id="not-told-by-looking"),
        pytest.param((block("10.1.0.0/16"),), (block("10.0.0.0/8"),), True, id="block"),
        pytest.param((block("10.1.0.0/16"),), (block("10.0.0.0/8", "10.1.2.0/24"),), False, id="hole"),
        pytest.param((block("10.1.0.0/16", "10.1.2.0/24"),), (block("10.0.0.0/8", "10.1.2.0/24"),), True, id="same-hole"),
        pytest.param((block("10.1.0.0/16"),), (block("10.0.0.0/8", "10.2.0.0/16"),), True, id="hole-elsewhere"),
        pytest.param((block("2001:db8::/32"),), (block("0.0.0.0/0"),), False, id="other-family"),
        pytest.param((block("10.0.0.0/8"), PodPeer(WEB, None)), (EntityPeer(Entity.ALL),), True, id="all"),
        pytest.param((block("10.0.0.0/8"), PodPeer(WEB, None)), (block("0.0.0.0/0"),), False, id="one-of-two"),
        pytest.param(None, (EntityPeer(Entity.ALL),), False, id="everybody-is-not-listed"),
        pytest.param((PodPeer(WEB, None),), None, True, id="everybody"),
    ],
)  # fmt: skip
def test_peers_that_follow_from_each_other(narrow, wide, expected):
    """The peers of two rules of policies in one namespace."""
    policy = Policy("NetworkPolicy", "shop", "p", EVERYTHING, frozenset(), ())
    one, other = (Rule(Direction.INGRESS, 0, peers, None) for peers in (narrow, wide))
    assert rule_implies(policy, one, policy, other) is expected


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        pytest.param((Ports("TCP", 80, 80),), (Ports("TCP", 1, 100),), True, id="range"),
        pytest.param((Ports("TCP", 80, 80),), (Ports("UDP"),), False, id="protocol"),
        pytest.param((Ports("TCP", name="http"),), (Ports("TCP", name="http"),), True, id="name"),
        pytest.param((Ports("TCP", 80, 80),), (Ports("TCP", name="http"),), False, id="number-by-name"),
        pytest.param((Ports("TCP", name="http"),), (Ports("TCP"),), True, id="every-port-has-the-name"),
        pytest.param((Ports("TCP", name="http"),), (Ports("TCP", 1, 1024),), False, id="name-by-number"),
        pytest.param(None, (Ports("TCP"),), False, id="every-protocol"),
        pytest.param((Ports("TCP"),), None, True, id="every-port"),
    ],
)
def test_ports_that_follow_from_each_other(narrow, wide, expected):
    """The ports of two rules for the same peers."""
    policy = Policy("NetworkPolicy", "shop", "p", EVERYTHING, frozenset(), ())
    one, other = (Rule(Direction.INGRESS, 0, None, ports) for ports in (narrow, wide))
    assert rule_implies(policy, one, policy, other) is expected


def test_another_direction_or_fewer_pods_imply_nothing():
    """Both rules must speak of the same direction, and the wider one of all the pods of the narrower."""
    own, other = (Policy("NetworkPolicy", "shop", "p", subject, frozenset(), ()) for subject in (EVERYTHING, WEB))
    inward, outward = Rule(Direction.INGRESS, 0, None, None), Rule(Direction.EGRESS, 0, None, None)
    assert not rule_implies(own, inward, own, outward)
    assert rule_implies(other, inward, own, inward)
    assert not rule_implies(own, inward, other, inward)
