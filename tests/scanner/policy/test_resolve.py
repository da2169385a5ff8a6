"""What the resolver makes of every way to write a NetworkPolicy, and of everything that is none."""

from __future__ import annotations

import ipaddress

import msgspec
import pytest

from scanner.model import ApiObject, Origin
from scanner.policy.model import BlockPeer, Operator, PodPeer, Ports, Requirement, Selector
from scanner.policy.resolve import resolve
from scanner.reach.model import Direction
from tests.factories import namespace, policy, raw, snapshot

INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS


def resolved(spec):
    """The one policy of a snapshot, which must resolve, and its notices."""
    found = resolve(snapshot(policies=[policy(spec)]))
    assert len(found.policies) == 1, found.notices
    return found.policies[0], found.notices


def rule(**entry):
    """The one rule of a policy with one ingress rule."""
    found, notices = resolved({"podSelector": {}, "ingress": [entry]})
    assert notices == ()
    return found.rules[0]


@pytest.mark.parametrize(
    ("spec", "directions"),
    [
        pytest.param({}, {INGRESS}, id="empty-spec"),
        pytest.param(None, {INGRESS, EGRESS}, id="factory-default"),
        pytest.param({"policyTypes": None}, {INGRESS}, id="null"),
        pytest.param({"policyTypes": []}, {INGRESS}, id="empty"),
        pytest.param({"egress": []}, {INGRESS}, id="no-egress-rule"),
        pytest.param({"egress": None}, {INGRESS}, id="null-egress"),
        pytest.param({"egress": [{}]}, {INGRESS, EGRESS}, id="an-egress-rule"),
        pytest.param({"policyTypes": [], "egress": [{}]}, {INGRESS, EGRESS}, id="empty-types-and-an-egress-rule"),
        pytest.param({"policyTypes": ["Egress"]}, {EGRESS}, id="egress-only"),
        pytest.param({"policyTypes": ["Ingress", "Ingress"]}, {INGRESS}, id="repeated"),
    ],
)
def test_policy_types_default_as_the_api_server_does(spec, directions):
    """Ingress always, and Egress only where there is at least one egress rule, unless policyTypes says it."""
    found, _ = resolved(spec)
    assert found.directions == directions


def test_a_null_spec_denies_ingress_to_everything():
    """`spec: null` is the zero value: every pod, Ingress, no rule."""
    found = resolve(snapshot(policies=[msgspec.structs.replace(policy(), spec=raw(None))])).policies[0]
    assert (found.subject, found.directions, found.rules) == (Selector(), {INGRESS}, ())


@pytest.mark.parametrize("selector", [None, {}, {"matchLabels": None}, {"matchLabels": {}, "matchExpressions": []}])
def test_an_absent_or_empty_selector_is_everything(selector):
    """Null, absent and empty label selectors of the subject select every pod."""
    found, notices = resolved({"podSelector": selector})
    assert found.subject.everything
    assert notices == ()


@pytest.mark.parametrize("empty", [{}, {"from": None, "ports": None}, {"from": [], "ports": []}], ids=str)
def test_absent_null_and_empty_peers_and_ports_are_everything(empty):
    """`from` and `ports` absent, null or [] put no limit."""
    found = rule(**empty)
    assert (found.peers, found.ports) == (None, None)


@pytest.mark.parametrize("nothing", [{}, {"ingress": None}, {"ingress": []}], ids=str)
def test_ingress_without_rules_allows_nothing(nothing):
    """No ingress rule at all isolates and allows nothing."""
    found, _ = resolved(nothing)
    assert found.rules == ()
    assert found.directions == {INGRESS}


def test_an_empty_list_item_is_read_as_everything_with_a_notice():
    """`ingress: [null]` (a dash with nothing behind it) is the zero value {}, which lets everything in."""
    found, notices = resolved({"ingress": [None]})
    assert (found.rules[0].peers, found.rules[0].ports) == (None, None)
    assert [notice.field for notice in notices] == ["spec.ingress[0]"]


def test_selectors_take_one_normal_form():
    """`matchLabels` and every operator of matchExpressions end in sorted requirements without repeats."""
    found, _ = resolved(
        {
            "podSelector": {
                "matchLabels": {"b": "1", "a": ""},
                "matchExpressions": [
                    {"key": "c", "operator": "NotIn", "values": ["y", "x", "x"]},
                    {"key": "d", "operator": "Exists"},
                    {"key": "e", "operator": "DoesNotExist", "values": []},
                    {"key": "b", "operator": "In", "values": ["1"]},
                ],
            }
        }
    )
    assert found.subject.requirements == (
        Requirement("a", Operator.IN, ("",)),
        Requirement("b", Operator.IN, ("1",)),
        Requirement("c", Operator.NOT_IN, ("x", "y")),
        Requirement("d", Operator.EXISTS),
        Requirement("e", Operator.DOES_NOT_EXIST),
    )


def test_peers_keep_their_scope():
    """A podSelector alone means the policy's namespace; {} as namespaceSelector means all of them; null is absent."""
    found = rule(
        **{
            "from": [
                {"podSelector": {"matchLabels": {"a": "1"}}},
                {"namespaceSelector": {}, "podSelector": None},
                {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
            ]
        }
    )
    assert found.peers == (
        PodPeer(Selector((Requirement("a", Operator.IN, ("1",)),)), None),
        PodPeer(Selector(), Selector()),
        BlockPeer(ipaddress.ip_network("10.0.0.0/8"), (ipaddress.ip_network("10.1.0.0/16"),)),
    )


def test_ports_take_explicit_values():
    """TCP by default; {} is all TCP; endPort closes a range; names stay names."""
    found = rule(
        ports=[
            {}, None, {"port": 80}, {"protocol": "UDP", "port": 53}, {"port": 8000, "endPort": 9000},
            {"protocol": "SCTP", "port": "diameter"}, {"port": None, "protocol": None, "endPort": None},
        ]
    )  # fmt: skip
    assert found.ports == (
        Ports("TCP"), Ports("TCP"), Ports("TCP", 80, 80), Ports("UDP", 53, 53), Ports("TCP", 8000, 9000),
        Ports("SCTP", name="diameter"), Ports("TCP"),
    )  # fmt: skip


REFUSED = [
    ({"policyTypes": ["ingress"]}, "spec.policyTypes[0]"),
    ({"policyTypes": ["Ingress", "Egress", "Ingress"]}, "spec.policyTypes"),
    ({"policyTypes": "Ingress"}, "spec.policyTypes"),
    ({"podSelector": []}, "spec.podSelector"),
    ({"podSelector": {"matchLabels": {"a": 1}}}, "spec.podSelector.matchLabels"),
    ({"podSelector": {"matchLabels": {"a": "not a value"}}}, "spec.podSelector.matchLabels"),
    ({"podSelector": {"matchLabels": {"/a": "b"}}}, "spec.podSelector.matchLabels"),
    (
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
        "spec.podSelector.matchExpressions[0].values",
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}},
        "spec.podSelector.matchExpressions[0].values",
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "in", "values": ["b"]}]}},
        "spec.podSelector.matchExpressions[0].operator",
    ),
    ({"podSelector": {"matchExpressions": [None]}}, "spec.podSelector.matchExpressions[0].operator"),
    ({"ingress": {}}, "spec.ingress"),
    ({"ingress": [{"from": [{}]}]}, "spec.ingress[0].from[0]"),
    ({"ingress": [{"from": [None]}]}, "spec.ingress[0].from[0]"),
    ({"ingress": [{"from": [{"podSelector": None}]}]}, "spec.ingress[0].from[0]"),
    ({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}]}, "spec.ingress[0].from[0]"),
    ({"ingress": [{"from": [{"ipBlock": {}}]}]}, "spec.ingress[0].from[0].ipBlock.cidr"),
    ({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0"}}]}]}, "spec.ingress[0].from[0].ipBlock.cidr"),
    ({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]}]}, "spec.ingress[0].from[0].ipBlock.cidr"),
    ({"ingress": [{"from": [{"ipBlock": {"cidr": "fe80::%eth0/64"}}]}]}, "spec.ingress[0].from[0].ipBlock.cidr"),
    (
        {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}}]}]},
        "spec.egress[0].to[0].ipBlock.except[0]",
    ),
    (
        {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]}]},
        "spec.egress[0].to[0].ipBlock.except[0]",
    ),
    (
        {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["fd00::/16"]}}]}]},
        "spec.egress[0].to[0].ipBlock.except[0]",
    ),
    ({"ingress": [{"ports": [{"protocol": "tcp"}]}]}, "spec.ingress[0].ports[0].protocol"),
    ({"ingress": [{"ports": [{"port": "80"}]}]}, "spec.ingress[0].ports[0].port"),
    ({"ingress": [{"ports": [{"port": "Web"}]}]}, "spec.ingress[0].ports[0].port"),
    ({"ingress": [{"ports": [{"port": "a--b"}]}]}, "spec.ingress[0].ports[0].port"),
    ({"ingress": [{"ports": [{"port": "sixteen-letters-"}]}]}, "spec.ingress[0].ports[0].port"),
    ({"ingress": [{"ports": [{"port": 0}]}]}, "spec.ingress[0].ports[0].port"),
    ({"ingress": [{"ports": [{"port": True}]}]}, "spec.ingress[0].ports[0].port"),
    ({"ingress": [{"ports": [{"port": 80, "endPort": 79}]}]}, "spec.ingress[0].ports[0].endPort"),
    ({"ingress": [{"ports": [{"port": 80, "endPort": 65536}]}]}, "spec.ingress[0].ports[0].endPort"),
    ({"ingress": [{"ports": [{"endPort": 80}]}]}, "spec.ingress[0].ports[0].endPort"),
    ({"ingress": [{"ports": [{"port": "http", "endPort": 80}]}]}, "spec.ingress[0].ports[0].endPort"),
    ([], "spec"),
    ("text", "spec"),
]


@pytest.mark.parametrize(("spec", "field"), REFUSED, ids=lambda value: str(value)[:80])
def test_what_the_api_server_refuses_is_left_out_and_named(spec, field):
    """A refused object is no policy; one notice names the object, the field and the mend. Its neighbour stays."""
    found = resolve(snapshot(policies=[policy(spec, name="broken"), policy(name="sound")]))
    assert [each.name for each in found.policies] == ["sound"]
    (notice,) = found.notices
    assert (notice.object, notice.field) == ("NetworkPolicy shop/broken", field)
    assert "left out" in notice.message
    assert "\n" not in notice.message


def test_unreadable_json_is_left_out():
    """Bytes that are no JSON, or nest without end, end in a notice and not in a traceback."""
    broken = [
        msgspec.structs.replace(policy(name="cut"), spec=msgspec.Raw(b'{"ingress": [')),
        msgspec.structs.replace(policy(name="deep"), spec=msgspec.Raw(b'{"x":' * 20000 + b"1" + b"}" * 20000)),
        msgspec.structs.replace(policy(name="text"), spec=msgspec.Raw(b'{"x": "\xff"}')),
    ]
    found = resolve(snapshot(policies=broken))
    assert found.policies == ()
    assert [notice.object.rpartition("/")[2] for notice in found.notices] == ["cut", "deep", "text"]


def test_unknown_fields_are_ignored_with_a_notice():
    """The API server drops what it does not know, at any depth, and keeps the rest."""
    spec = {
        "podselector": {"matchLabels": {"a": "b"}},
        "ingress": [{"from": [{"podSelector": {}, "serviceSelector": {}}], "port": [80]}],
    }
    found, notices = resolved(spec)
    assert found.subject.everything
    assert len(found.rules) == 1
    assert {notice.field for notice in notices} == {
        "spec.podselector", "spec.ingress[0].from[0].serviceSelector", "spec.ingress[0].port",
    }  # fmt: skip


def test_rules_of_a_direction_that_is_not_listed_are_ignored_with_a_notice():
    """`egress` under policyTypes [Ingress] has no effect."""
    found, notices = resolved({"policyTypes": ["Ingress"], "egress": [{}]})
    assert found.rules == ()
    assert [(notice.field, "policyTypes" in notice.message) for notice in notices] == [("spec.egress", True)]


@pytest.mark.parametrize(
    ("cidr", "read", "remarks"),
    [
        ("10.1.2.3/8", "10.0.0.0/8", 1),
        ("010.0.0.0/8", "10.0.0.0/8", 1),
        ("10.0.0.0/8", "10.0.0.0/8", 0),
        ("2001:DB8::/32", "2001:db8::/32", 0),
        ("::/0", "::/0", 0),
        ("100.0.0.0/8", "100.0.0.0/8", 0),
    ],
)
def test_tolerated_cidrs_are_kept_in_canonical_form(cidr, read, remarks):
    """Host bits and leading zeros are tolerated by the API server: kept, canonical, with a notice."""
    found, notices = resolved({"ingress": [{"from": [{"ipBlock": {"cidr": cidr}}]}]})
    assert found.rules[0].peers == (BlockPeer(ipaddress.ip_network(read)),)
    assert len(notices) == remarks


def test_a_port_name_towards_addresses_is_noticed():
    """An address declares no named port, so such a rule opens nothing there."""
    _, notices = resolved(
        {
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": "dns"}]}],
        }
    )
    assert [notice.field for notice in notices] == ["spec.egress[0].ports"]


def api(api_version, kind, name="x", ns="shop"):
    """An object of another policy kind."""
    return ApiObject(api_version=api_version, kind=kind, name=name, namespace=ns, spec=raw({}))


def test_other_policy_kinds_are_listed_as_unmodelled():
    """Kinds that cannot be judged are named, cluster-scoped ones without a namespace, and never applied."""
    found = resolve(
        snapshot(
            policies=[
                api("crd.antrea.io/v1beta1", "NetworkPolicy"),
                api("crd.antrea.io/v1beta1", "ClusterNetworkPolicy", "everywhere", ""),
                api("policy.networking.k8s.io/v9", "AdminNetworkPolicy", "newer", ""),
            ]
        )
    )
    assert found.policies == ()
    assert found.unmodelled == (
        "AdminNetworkPolicy.policy.networking.k8s.io newer",
        "ClusterNetworkPolicy.crd.antrea.io everywhere",
        "NetworkPolicy.crd.antrea.io shop/x",
    )
    assert len(found.notices) == 3


def test_removed_api_versions_are_not_applied():
    """extensions/v1beta1 is served by nobody: a notice, neither applied nor unmodelled."""
    found = resolve(snapshot(policies=[api("extensions/v1beta1", "NetworkPolicy")]))
    assert (found.policies, found.unmodelled) == ((), ())
    assert [notice.field for notice in found.notices] == ["apiVersion"]


def test_of_two_policies_of_one_name_the_last_is_kept():
    """The last by file and line is kept, as applying would have it, whatever the input's order; both places are named."""
    twins = [
        msgspec.structs.replace(policy({"podSelector": {}}), origin=Origin(file=file, line=3))
        for file in ("b.yaml", "a.yaml")
    ]
    for order in (twins, twins[::-1]):
        found = resolve(snapshot(policies=order))
        assert [each.origin.file for each in found.policies] == ["b.yaml"]
        (notice,) = found.notices
        assert "a.yaml:3" in notice.message
        assert "b.yaml:3" in notice.message


def test_the_old_default_deny_annotation_is_noticed():
    """Nothing honours the annotation of the beta API any more."""
    old = msgspec.structs.replace(
        namespace("shop"),
        annotations={"net.beta.kubernetes.io/network-policy": '{"ingress":{"isolation":"DefaultDeny"}}'},
    )
    (notice,) = resolve(snapshot(namespaces=[old])).notices
    assert notice.object == "Namespace shop"


def test_a_policy_with_too_many_unknown_fields_is_unknown_and_not_left_out():
    """The API server would drop them all and apply the rest, which may allow everything."""
    spec = {f"unknown{at}": at for at in range(60)} | {"podSelector": {}, "ingress": [{}]}
    found = resolve(snapshot(policies=[policy(spec, name="odd")]))
    assert found.policies == ()
    assert found.unmodelled == ("NetworkPolicy.networking.k8s.io shop/odd",)
    (notice,) = found.notices
    assert (notice.object, notice.field) == ("NetworkPolicy shop/odd", "spec")
    assert "more than 50 fields" in notice.message
    assert "refuses" not in notice.message


def test_a_policy_nested_too_deep_is_unknown_and_not_left_out():
    """An unknown field of any depth would be dropped by the API server, so the rest of the policy counts there."""
    deep = msgspec.Raw(b'{"podSelector":{},"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    found = resolve(snapshot(policies=[msgspec.structs.replace(policy({}, name="deep"), spec=deep)]))
    assert (found.policies, found.unmodelled) == ((), ("NetworkPolicy.networking.k8s.io shop/deep",))
    assert "deeper" in found.notices[0].message
