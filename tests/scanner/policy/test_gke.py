"""What the resolver makes of GKE's FQDNNetworkPolicy."""

from __future__ import annotations

import pytest

from scanner.model import ApiObject
from scanner.policy.decode import Context, FieldError, UnreadableError
from scanner.policy.gke import resolve_fqdn_network_policy
from scanner.policy.model import DEFAULT, EVERYTHING, POOL, NamePeer, Operator, Ports, Requirement
from scanner.reach.model import Direction
from tests.factories import raw, snapshot

HOST = {"name": "example.com"}


def resolved(spec, ns="shop"):
    """The one policy of an FQDNNetworkPolicy."""
    source = ApiObject(
        api_version="networking.gke.io/v1alpha1", kind="FQDNNetworkPolicy", name="f", namespace=ns, spec=raw(spec)
    )
    (policy,), remarks = resolve_fqdn_network_policy(source, Context(snapshot()))
    assert remarks == []
    return policy


def egress(**entry):
    """A spec with one egress rule, given over a valid default."""
    return {"podSelector": {}, "egress": [{"matches": [HOST]} | entry]}


def rule(**entry):
    """The one rule of a policy with one egress rule."""
    (found,) = resolved(egress(**entry)).rules
    return found


def test_it_adds_to_network_policy_and_isolates_egress():
    """It stands in NetworkPolicy's bag; a pod it selects may go nowhere else, and its ingress stays as it was."""
    policy = resolved(egress() | {"podSelector": {"matchLabels": {"app": "curl"}}})
    assert (policy.id, policy.group) == ("FQDNNetworkPolicy shop/f", "networking.gke.io")
    assert (policy.tier, policy.rank, policy.pooled) == (DEFAULT, POOL, True)
    assert policy.directions == {Direction.EGRESS}
    assert policy.subject.requirements == (Requirement("app", Operator.IN, ("curl",)),)
    assert policy.namespaces is None


def test_a_missing_namespace_is_default():
    """As for every namespaced kind."""
    assert resolved(egress(), ns="").namespace == "default"


def test_the_documented_example():
    """A pattern and a name of one rule, on one port."""
    found = rule(
        matches=[{"pattern": "*.yourdomain.com"}, {"name": "www.google.com"}], ports=[{"protocol": "TCP", "port": 443}]
    )
    assert found.peers == (NamePeer("*.yourdomain.com"), NamePeer("www.google.com"))
    assert (found.ports, found.name, found.doubt) == ((Ports("TCP", 443, 443),), "egress[0]", "")


@pytest.mark.parametrize(
    ("match", "peers"),
    [
        pytest.param({"name": "WWW.Example.com."}, (NamePeer("www.example.com"),), id="name"),
        pytest.param({"name": "localhost"}, (NamePeer("localhost"),), id="one-label"),
        pytest.param({"pattern": "Sub*.google.com"}, (NamePeer("sub*.google.com"),), id="part-of-a-label"),
        pytest.param({"pattern": "*.*.google.com"}, (NamePeer("*.*.google.com"),), id="two-levels"),
        pytest.param({"pattern": "**.google.com"}, (NamePeer("*.google.com"),), id="two-stars-are-one"),
        pytest.param({"pattern": "*"}, (NamePeer("*"), NamePeer("**.*")), id="every-name"),
        pytest.param({"pattern": "***"}, (NamePeer("*"), NamePeer("**.*")), id="every-name-again"),
    ],
)
def test_names_and_patterns(match, peers):
    """A star stands for any characters of one label, however often it is repeated; alone it is every name."""
    assert rule(matches=[match]).peers == peers


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        pytest.param(None, None, id="absent"),
        pytest.param([], None, id="empty"),
        pytest.param([{}], None, id="all-of-all"),
        pytest.param([{"protocol": "ALL"}, {"protocol": "TCP", "port": 1}], None, id="all-beside-one"),
        pytest.param([{"protocol": "TCP"}], (Ports("TCP"),), id="one-protocol"),
        pytest.param([{"protocol": "UDP", "port": 53}], (Ports("UDP", 53, 53),), id="one-port"),
        pytest.param([{"port": 1}], tuple(Ports(each, 1, 1) for each in ("TCP", "UDP", "SCTP")), id="any-protocol"),
    ],
)
def test_ports(ports, expected):
    """No protocol is every protocol, no port is every port."""
    assert rule(ports=ports).ports == expected


FIRST = "spec.egress[0]"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param({"egress": [{"matches": [HOST]}]}, "spec.podSelector", id="no-selector"),
        pytest.param({"podSelector": {}}, "spec.egress", id="no-egress"),
        pytest.param({"podSelector": {}, "egress": []}, "spec.egress", id="empty-egress"),
        pytest.param({"podSelector": {}, "egress": [None]}, FIRST, id="null-rule"),
        pytest.param(egress(matches=None), f"{FIRST}.matches", id="no-matches"),
        pytest.param(egress(matches=[{}]), f"{FIRST}.matches[0]", id="empty-match"),
        pytest.param(egress(matches=[HOST | {"pattern": "*"}]), f"{FIRST}.matches[0]", id="both"),
        pytest.param(egress(matches=[{"name": "*.a.com"}]), f"{FIRST}.matches[0].name", id="star-in-a-name"),
        pytest.param(egress(matches=[{"pattern": "-a.com"}]), f"{FIRST}.matches[0].pattern", id="dash-in-front"),
        pytest.param(egress(matches=[{"pattern": "a..com"}]), f"{FIRST}.matches[0].pattern", id="empty-label"),
        pytest.param(egress(ports=[{"protocol": "SCTP"}]), f"{FIRST}.ports[0].protocol", id="sctp"),
        pytest.param(egress(ports=[{"port": 0}]), f"{FIRST}.ports[0].port", id="port-0"),
        pytest.param(egress(ports=[{"port": "443"}]), f"{FIRST}.ports[0].port", id="port-text"),
        pytest.param(egress(ports=[None]), f"{FIRST}.ports[0]", id="null-port"),
        pytest.param(None, "spec.podSelector", id="null-spec"),
    ],
)
def test_what_the_schema_refuses(spec, field):
    """What the CRD's schema refuses is no policy, and the field is named."""
    with pytest.raises(FieldError) as refusal:
        resolved(spec)
    assert not isinstance(refusal.value, UnreadableError)
    assert refusal.value.field == field


def test_an_empty_name_cannot_be_read():
    """The schema's pattern takes an empty name."""
    with pytest.raises(UnreadableError):
        rule(matches=[{"name": ""}])


def test_a_long_name_is_read_in_no_time():
    """The schema's own pattern would take for ever on this in a backtracking engine."""
    with pytest.raises(FieldError):
        rule(matches=[{"pattern": "a" * 5000 + "-"}])


def test_the_form_of_another_project_is_in_doubt():
    """An older project used this kind's name and version with `to` and `fqdns`: such a rule may allow anything."""
    found = resolved({"podSelector": {}, "egress": [{"to": [{"fqdns": ["example.com"]}], "ports": [{"port": 443}]}]})
    assert [(each.peers, each.ports) for each in found.rules] == [(None, None)]
    assert found.rules[0].doubt == "spec.egress[0].to is not modelled"


def test_an_unknown_match_is_a_doubtful_rule_beside_the_exact_one():
    """The names that are known stay exact."""
    exact, doubtful = resolved(egress(matches=[HOST, {"regex": ".*"}], ports=[{"protocol": "TCP"}])).rules
    assert (exact.peers, exact.doubt) == ((NamePeer("example.com"),), "")
    assert (doubtful.peers, doubtful.ports, doubtful.index) == (None, (Ports("TCP"),), 0)
    assert "regex" in doubtful.doubt


def test_unknown_fields_of_the_policy():
    """An unknown selector widens the subject, an unknown field of the spec puts the policy in doubt."""
    policy = resolved(egress() | {"podSelector": {"matchNames": ["x"]}, "mode": "audit"})
    assert policy.subject == EVERYTHING
    assert policy.doubt == "spec.mode is not modelled; spec.podSelector.matchNames is not modelled"
