"""What one of Calico's rules says, field by field."""

from __future__ import annotations

import ipaddress

import pytest

from scanner.model import ApiObject, Collected, KindStatus, Service, ServicePort
from scanner.policy.calico.resolve import resolve_global_network_policy, resolve_network_policy
from scanner.policy.decode import Context, FieldError, UnreadableError
from scanner.policy.model import (
    EVERYTHING,
    Action,
    BlockPeer,
    Clause,
    Entity,
    EntityPeer,
    Matching,
    Operator,
    PodPeer,
    Ports,
    Requirement,
    Selector,
)
from scanner.reach.model import Direction
from tests.factories import namespace, pod, raw, snapshot

SERVED, STORED = "projectcalico.org/v3", "crd.projectcalico.org/v1"
LISTED = ("networksets", "globalnetworksets", "hostendpoints", "tiers")
READ = {
    name: KindStatus(status=Collected.COMPLETE)
    for name in (
        "namespaces",
        "services",
        *(f"{plural}.{group}" for plural in LISTED for group in ("projectcalico.org", "crd.projectcalico.org")),
    )
}
PARTNERS = ApiObject(
    api_version=SERVED,
    kind="NetworkSet",
    namespace="shop",
    name="partners",
    spec=raw({"nets": ["192.0.2.0/24", "2001:db8::/32"]}),
    labels={"role": "partner"},
)
NO_NAMESPACE = Selector((Requirement("projectcalico.org/namespace", Operator.DOES_NOT_EXIST),))
WORLD = ApiObject(
    api_version=SERVED,
    kind="GlobalNetworkSet",
    name="world",
    spec=raw({"nets": ["198.51.100.0/24"]}),
    labels={"role": "partner"},
)


def read(rule, *, direction="ingress", ns="shop", api=SERVED, settings=(), collection=READ, **fields):
    """The rules that one wire rule becomes, and the remarks."""
    kind, resolve = (
        ("NetworkPolicy", resolve_network_policy) if ns else ("GlobalNetworkPolicy", resolve_global_network_policy)
    )
    spec = {direction: [{"action": "Allow"} | rule], "types": [direction.capitalize()]}
    source = ApiObject(api_version=api, kind=kind, namespace=ns, name="p", spec=raw(spec))
    context = Context(snapshot(policies=[source], settings=settings, collection=collection, **fields))
    (policy,), remarks = resolve(source, context)
    assert policy.doubt == ""
    return policy.rules, remarks


def only(rule, **fields):
    """The one rule, which must be known exactly and give no remark."""
    (found,), remarks = read(rule, **fields)
    assert (found.doubt, remarks) == ("", [])
    return found


def refused(rule, **fields):
    """The field that makes Calico's API refuse the rule."""
    with pytest.raises(FieldError) as caught:
        read(rule, **fields)
    assert not isinstance(caught.value, UnreadableError)
    return caught.value.field


def pods(key, *values, namespaces=None, operator=Operator.IN):
    return PodPeer(Selector((Requirement(key, operator, values),)), namespaces)


def label(key, *values, operator=Operator.IN):
    return Selector((Requirement(key, operator, values),))


def block(cidr, *excepts, matching=Matching.PODS):
    return BlockPeer(ipaddress.ip_network(cidr), tuple(map(ipaddress.ip_network, excepts)), matching)


@pytest.mark.parametrize(
    ("action", "expected"), [("Allow", Action.ALLOW), ("Deny", Action.DENY), ("Pass", Action.PASS)], ids=str
)
def test_actions(action, expected):
    """A rule without criteria matches everybody on every port; its name is its place in its list."""
    found = only({"action": action})
    assert (found.action, found.peers, found.ports, found.subject, found.l7) == (expected, None, None, None, "")
    assert found.name == "ingress[0]"


def test_a_rule_that_logs_is_left_out_and_keeps_its_place():
    """Log goes on to the next rule, so it decides nothing."""
    source = ApiObject(
        api_version=SERVED,
        kind="NetworkPolicy",
        namespace="shop",
        name="p",
        spec=raw({"egress": [{"action": "Log"}, {"action": "Deny"}]}),
    )
    (policy,), remarks = resolve_network_policy(source, Context(snapshot(policies=[source], collection=READ)))
    assert [(rule.name, rule.action) for rule in policy.rules] == [("egress[1]", Action.DENY)]
    assert remarks == []


@pytest.mark.parametrize("action", [None, "", "allow", "Accept", "Next-tier"], ids=repr)
def test_other_actions_are_refused(action):
    """Calico knows four actions, spelled with a capital letter."""
    assert refused({"action": action}) == "spec.ingress[0].action"


def test_ports_are_the_destinations():
    """The ports are the destination's in both directions."""
    for direction in ("ingress", "egress"):
        found = only({"protocol": "TCP", "destination": {"ports": [443]}}, direction=direction)
        assert found.ports == (Ports("TCP", 443, 443),)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"protocol": "ICMP"}, id="icmp"),
        pytest.param({"protocol": "ICMPv6", "icmp": {"type": 128}}, id="type"),
        pytest.param({"protocol": 1, "icmp": {"type": 8, "code": 0}, "ipVersion": 4}, id="number"),
        pytest.param({"protocol": "ICMP", "notICMP": {"type": 8}}, id="not-type"),
        pytest.param({"protocol": "UDPLite"}, id="udplite"),
        pytest.param({"protocol": 47}, id="gre"),
        pytest.param({"protocol": "TCP", "notProtocol": "TCP"}, id="contradiction"),
        pytest.param({"protocol": "TCP", "destination": {"ports": [80], "notPorts": [80]}}, id="no-port-left"),
        pytest.param(
            {"protocol": "ICMP", "source": {"nets": ["10.0.0.0/8"], "selector": "a == 'b'"}},
            id="doubt-that-does-not-matter",
        ),
    ],
)
def test_a_rule_without_ports_concerns_nothing_here(rule):
    """What only other protocols see has no ports, with a remark; nothing about it is in doubt."""
    (found,), remarks = read(rule)
    assert (found.ports, found.doubt) == ((), "")
    assert ("spec.ingress[0]", "matches no port of TCP, UDP or SCTP, and other protocols are not judged") in remarks


@pytest.mark.parametrize("name", ["ports", "notPorts"])
def test_ports_of_the_source_are_in_doubt(name):
    """A client's port changes from connection to connection, so the rule may match less than its other criteria say."""
    for direction in ("ingress", "egress"):
        (found,), _ = read({"protocol": "TCP", "source": {name: [1024, "web"]}}, direction=direction)
        assert found.doubt == f"spec.{direction}[0].source.{name} is not modelled"
        assert (found.peers, found.ports) == (None, (Ports("TCP"),))


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        pytest.param({"source": {"ports": [80]}}, "source.ports", id="source-port-without-protocol"),
        pytest.param({"protocol": "TCP", "source": {"notPorts": ["a b"]}}, "source.notPorts[0]", id="bad-name"),
        pytest.param({"protocol": "tcp"}, "protocol", id="protocol"),
        pytest.param({"protocol": "TCP", "destination": {"ports": [0]}}, "destination.ports[0]", id="port"),
        pytest.param({"ipVersion": 5}, "ipVersion", id="version"),
    ],
)
def test_protocols_and_ports_that_are_refused(rule, field):
    """What Calico's validator refuses names the field, in rules that only log too."""
    assert refused(rule) == f"spec.ingress[0].{field}"
    assert refused(rule | {"action": "Log"}) == f"spec.ingress[0].{field}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param({"selector": "a == 'x'"}, pods("a", "x"), id="own-namespace"),
        pytest.param({"selector": "all()"}, PodPeer(EVERYTHING, None), id="all-of-the-own-namespace"),
        pytest.param(
            {"selector": "a == 'x'", "namespaceSelector": "all()"},
            pods("a", "x", namespaces=EVERYTHING),
            id="all-namespaces",
        ),
        pytest.param(
            {"namespaceSelector": "team == 'red'"}, PodPeer(EVERYTHING, label("team", "red")), id="namespaces-alone"
        ),
        pytest.param(
            {"selector": "a == 'x'", "namespaceSelector": "projectcalico.org/name in {'a', 'b'}"},
            pods("a", "x", namespaces=label("kubernetes.io/metadata.name", "a", "b")),
            id="by-name",
        ),
        pytest.param({"notSelector": "a == 'x'"}, pods("a", "x", operator=Operator.NOT_IN), id="not-selector"),
        pytest.param(
            {"selector": "has(a)", "notSelector": "a == 'x' && b == 'y'"},
            PodPeer(
                Selector(
                    (Requirement("a", Operator.EXISTS),),
                    (Clause((label("a", "x", operator=Operator.NOT_IN), label("b", "y", operator=Operator.NOT_IN))),),
                ),
                None,
            ),
            id="both",
        ),
        pytest.param(
            {"serviceAccounts": {"names": ["till", "cart", "till"]}},
            pods("projectcalico.org/serviceaccount", "cart", "till"),
            id="accounts",
        ),
        pytest.param(
            {"serviceAccounts": {"selector": "projectcalico.org/name == 'till'"}, "namespaceSelector": "all()"},
            pods("projectcalico.org/serviceaccount", "till", namespaces=EVERYTHING),
            id="account-by-selector",
        ),
        pytest.param(
            {"selector": "projectcalico.org/namespace == 'bank'"},
            pods("projectcalico.org/namespace", "bank"),
            id="implied-label",
        ),
    ],
)
def test_selectors_of_a_namespaced_policy(source, expected):
    """Without a namespaceSelector they look at the policy's own namespace only, which has no set here."""
    assert only({"source": source}).peers == (expected,)
    assert only({"destination": source}, direction="egress").peers == (expected,)


@pytest.mark.parametrize(
    "nothing", [{}, {"selector": ""}, {"serviceAccounts": {}}, {"nets": [], "notNets": None}], ids=str
)
def test_empty_criteria_are_none(nothing):
    """Null, empty and absent put no limit."""
    for ns in ("shop", ""):
        assert only({"source": nothing}, ns=ns).peers is None


@pytest.mark.parametrize("name", ["selector", "notSelector", "namespaceSelector"])
@pytest.mark.parametrize("ns", ["shop", ""])
def test_selectors_that_are_refused(name, ns):
    """What is not of the language names the field, on either side and beside anything else."""
    for side in ("source", "destination"):
        wrong = {side: {name: "a =", "nets": ["10.0.0.0/8"]}}
        assert refused(wrong, ns=ns) == f"spec.ingress[0].{side}.{name}"
    accounts = {"source": {"serviceAccounts": {"selector": "a =", "names": ["x"]}}}
    assert refused(accounts, ns=ns) == "spec.ingress[0].source.serviceAccounts.selector"


def test_selectors_of_a_global_policy_look_everywhere():
    """Also without a namespaceSelector."""
    assert only({"source": {"selector": "a == 'x'"}}, ns="").peers == (pods("a", "x", namespaces=EVERYTHING),)
    assert only({"source": {"serviceAccounts": {"names": ["x"]}}}, ns="").peers == (
        pods("projectcalico.org/serviceaccount", "x", namespaces=EVERYTHING),
    )
    assert only({"source": {"namespaceSelector": "all()"}}, ns="").peers == (PodPeer(EVERYTHING, EVERYTHING),)


@pytest.mark.parametrize(
    ("source", "ns", "nets"),
    [
        pytest.param({"selector": "role == 'partner'"}, "shop", ["192.0.2.0/24", "2001:db8::/32"], id="own-namespace"),
        pytest.param({"selector": "role == 'partner'"}, "bank", [], id="other-namespace"),
        pytest.param(
            {"selector": "role == 'partner'", "namespaceSelector": "team == 'red'"},
            "bank",
            ["192.0.2.0/24", "2001:db8::/32"],
            id="selected-namespace",
        ),
        pytest.param(
            {"selector": "role == 'partner'", "namespaceSelector": "global()"}, "bank", ["198.51.100.0/24"], id="global"
        ),
        pytest.param(
            {"selector": "role == 'partner'", "namespaceSelector": "!has(team)"},
            "bank",
            ["198.51.100.0/24"],
            id="no-label",
        ),
        pytest.param(
            {"selector": "role == 'partner'"},
            "",
            ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"],
            id="global-policy",
        ),
        pytest.param(
            {"selector": "role == 'partner'", "namespaceSelector": "all()"},
            "",
            ["192.0.2.0/24", "2001:db8::/32"],
            id="in-some-namespace",
        ),
        pytest.param({"notSelector": "role == 'partner'"}, "shop", [], id="not-selector"),
        pytest.param({"serviceAccounts": {"names": ["till"]}}, "shop", [], id="accounts"),
    ],
)
def test_selectors_match_network_sets_too(source, ns, nets):
    """The sets' nets stand beside the pods; `global()` selects no pod at all."""
    found = only(
        {"source": source},
        ns=ns,
        settings=(PARTNERS, WORLD),
        namespaces=[namespace("shop", team="red"), namespace("bank")],
    )
    selected = 0 if source.get("namespaceSelector") == "global()" else 1
    assert all(isinstance(peer, PodPeer) for peer in found.peers[:selected])
    assert found.peers[selected:] == tuple(map(block, nets))


def test_a_selector_that_matches_nothing_is_remarked():
    """`global()` without a set is surely not meant."""
    (found,), remarks = read({"source": {"namespaceSelector": "global()"}})
    assert (found.peers, found.doubt) == ((), "")
    assert remarks == [("spec.ingress[0].source", "matches nothing: nothing has these labels or addresses")]


def test_sets_that_could_not_be_listed_are_a_rule_of_their_own():
    """The pods are known; any address may be in a set that nobody saw."""
    unread = READ | {"networksets.projectcalico.org": KindStatus(status=Collected.FORBIDDEN)}
    found, _ = read({"source": {"selector": "a == 'x'"}}, collection=unread)
    assert [(rule.name, rule.peers, bool(rule.doubt)) for rule in found] == [
        ("ingress[0]", (pods("a", "x"),), False),
        ("ingress[0]", (block("0.0.0.0/0"), block("::/0")), True),
    ]
    assert "networksets.projectcalico.org could not be read whole" in found[1].doubt


def test_a_global_policys_not_selector_alone_is_everybody_else():
    """It also matches what is no endpoint: addresses outside, and nodes."""
    found = only({"source": {"notSelector": "a == 'x'"}}, ns="")
    assert found.peers == (
        pods("a", "x", operator=Operator.NOT_IN, namespaces=EVERYTHING),
        EntityPeer(Entity.NODES),
        block("0.0.0.0/0", matching=Matching.OUTSIDE),
        block("::/0", matching=Matching.OUTSIDE),
    )


def test_everybody_else_for_one_version_of_ip_is_sure_outside():
    """Addresses outside tell their version; pods and nodes may have either."""
    (outside, inside), _ = read({"source": {"notSelector": "a == 'x'"}, "ipVersion": 4}, ns="")
    assert (outside.peers, outside.doubt) == ((block("0.0.0.0/0", matching=Matching.OUTSIDE),), "")
    assert inside.peers == (pods("a", "x", operator=Operator.NOT_IN, namespaces=EVERYTHING), EntityPeer(Entity.NODES))
    assert "one version of IP" in inside.doubt


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        pytest.param({"source": {"notSelector": "role == 'partner'"}}, "network sets", id="sets"),
        pytest.param({"source": {"notSelector": "a == 'x'", "nets": ["10.0.0.0/8"]}}, "nets", id="nets"),
        pytest.param({"source": {"notSelector": "pcsa.a == 'x'"}}, "service accounts", id="account-labels"),
    ],
)
def test_a_not_selector_alone_may_be_in_doubt(rule, word):
    """What it leaves out besides pods cannot be told from pods."""
    (found,), _ = read(rule, ns="", settings=(WORLD,))
    assert word in found.doubt


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param({"nets": ["10.1.0.0/16", "10.0.0.0/24"]}, [block("10.0.0.0/24"), block("10.1.0.0/16")], id="nets"),
        pytest.param(
            {"nets": ["10.0.0.0/8"], "notNets": ["10.1.0.0/16", "192.0.2.0/24"]},
            [block("10.0.0.0/8", "10.1.0.0/16")],
            id="less",
        ),
        pytest.param(
            {"nets": ["10.0.0.0/8", "192.0.2.0/24"], "notNets": ["192.0.0.0/8"]},
            [block("10.0.0.0/8")],
            id="wholly-left-out",
        ),
        pytest.param({"notNets": ["10.0.0.0/8", "10.0.0.0/8"]}, [block("0.0.0.0/0", "10.0.0.0/8")], id="all-but"),
        pytest.param({"notNets": ["fd00::/8"]}, [block("::/0", "fd00::/8")], id="all-but-of-ipv6"),
    ],
)
def test_nets_match_pods_too(source, expected):
    """Blocks of addresses; a rule with nets only holds for their version of IP."""
    assert only({"source": source}).peers == tuple(expected)


def test_nets_of_which_nothing_is_left():
    """A rule that leaves out all it names matches nothing, with a remark."""
    (found,), remarks = read({"source": {"nets": ["10.0.0.0/8"], "notNets": ["0.0.0.0/0"]}})
    assert found.peers == ()
    assert [field for field, _ in remarks] == ["spec.ingress[0].source"]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        pytest.param({"source": {"nets": ["10.0.0.0"]}}, "source.nets[0]", id="no-length"),
        pytest.param({"source": {"nets": ["10.0.0.0/8", "10.0.0.1/8"]}}, "source.nets[1]", id="host-bits"),
        pytest.param({"source": {"notNets": ["x"]}}, "source.notNets[0]", id="no-cidr"),
        pytest.param({"source": {"nets": [None]}}, "source.nets[0]", id="null"),
        pytest.param({"destination": {"nets": ["10.0.0.0/33"]}}, "destination.nets[0]", id="own-side"),
        pytest.param(
            {"source": {"nets": ["10.0.0.0/8"]}, "destination": {"nets": ["fd00::/8"]}}, "", id="two-versions"
        ),
        pytest.param({"source": {"nets": ["10.0.0.0/8"]}, "ipVersion": 6}, "ipVersion", id="other-version"),
    ],
)
def test_nets_that_are_refused(rule, field):
    """What Calico's validator refuses names the field."""
    assert refused(rule) == f"spec.ingress[0].{field}".rstrip(".")


def test_the_stored_form_takes_more_nets():
    """Felix masks host bits, reads an address as a block, and renders a rule for each version of IP by itself."""
    found = only({"source": {"nets": ["10.0.0.1/8", "192.0.2.1", "fd00::/8"]}}, api=STORED)
    assert found.peers == (block("10.0.0.0/8"), block("192.0.2.1/32"), block("fd00::/8"))
    found = only({"source": {"nets": ["10.0.0.0/8", "fd00::/8"], "notNets": ["10.1.0.0/16"]}}, api=STORED)
    assert found.peers == (block("10.0.0.0/8", "10.1.0.0/16"),)
    (found,), _ = read({"source": {"nets": ["10.0.0.0/8"]}, "ipVersion": 6}, api=STORED)
    assert found.peers == ()


@pytest.mark.parametrize(
    ("source", "peers"),
    [
        pytest.param({"nets": ["10.0.0.0/8"], "selector": "a == 'x'"}, (pods("a", "x"),), id="selector"),
        pytest.param(
            {"notNets": ["10.0.0.0/8"], "namespaceSelector": "all()"}, (PodPeer(EVERYTHING, EVERYTHING),), id="not-nets"
        ),
        pytest.param(
            {"nets": ["10.0.0.0/8"], "notSelector": "a == 'x'"},
            (pods("a", "x", operator=Operator.NOT_IN),),
            id="not-selector",
        ),
        pytest.param(
            {"nets": ["10.0.0.0/8"], "serviceAccounts": {"names": ["x"]}},
            (pods("projectcalico.org/serviceaccount", "x"),),
            id="accounts",
        ),
        pytest.param({"serviceAccounts": {"selector": "a == 'x'"}}, (PodPeer(EVERYTHING, None),), id="account-labels"),
        pytest.param({"selector": "pcsa.a == 'x' && b == 'y'"}, (pods("b", "y"),), id="account-labels-in-a-selector"),
        pytest.param(
            {"notSelector": "pcsa.a == 'x' && b == 'y'"}, (PodPeer(EVERYTHING, None),), id="account-labels-left-out"
        ),
    ],
)
def test_peers_that_are_in_doubt_are_read_widely(source, peers):
    """Nets together with selectors, and labels of service accounts: the rule may match less than this."""
    (found,), _ = read({"source": source})
    assert found.doubt
    assert found.peers == peers


@pytest.mark.parametrize(
    ("ips", "doubt"),
    [
        pytest.param([("10.0.0.1",), ("10.0.0.2",)], False, id="the-only-version"),
        pytest.param([("10.0.0.1", "fd00::1")], True, id="two-versions"),
        pytest.param([("fd00::1",)], True, id="the-other-version"),
        pytest.param([(), ("",)], True, id="not-known"),
    ],
)
def test_a_rule_for_one_version_of_ip(ips, doubt):
    """Pods are matched whole where they only have that version; addresses can be told by themselves."""
    many = [pod(f"web-{at}", ips=each) for at, each in enumerate(ips)]
    found, _ = read({"source": {"selector": "a == 'x'"}, "ipVersion": 4}, pods=many)
    assert [(each.peers, bool(each.doubt)) for each in found if each.peers] == [((pods("a", "x"),), doubt)]
    assert only({"ipVersion": 4}, pods=many).peers == (block("0.0.0.0/0"),)
    assert only({"ipVersion": 6, "source": {"nets": ["fd00::/8"]}}, pods=many).peers == (block("fd00::/8"),)


def test_sets_of_one_version_of_ip():
    """A rule for one version takes only the nets of that version from a set."""
    rule = {"source": {"selector": "role == 'partner'"}, "ipVersion": 4}
    found = only(rule, settings=(PARTNERS,), pods=[pod(ips=("10.0.0.1",))])
    assert found.peers == (pods("role", "partner"), block("192.0.2.0/24"))


@pytest.mark.parametrize(
    ("own", "subject"),
    [
        pytest.param({"selector": "a == 'x'"}, label("a", "x"), id="selector"),
        pytest.param({"selector": "all()"}, None, id="all"),
        pytest.param({"notSelector": "a == 'x'"}, label("a", "x", operator=Operator.NOT_IN), id="not-selector"),
        pytest.param(
            {"serviceAccounts": {"names": ["till"]}}, label("projectcalico.org/serviceaccount", "till"), id="account"
        ),
        pytest.param({"namespaceSelector": "team == 'red'"}, label("pcns.team", "red"), id="namespace"),
        pytest.param(
            {"namespaceSelector": "projectcalico.org/name == 'shop'"},
            label("projectcalico.org/namespace", "shop"),
            id="namespace-by-name",
        ),
        pytest.param(
            {"namespaceSelector": "all()"},
            Selector((Requirement("projectcalico.org/namespace", Operator.EXISTS),)),
            id="any-namespace",
        ),
    ],
)
def test_the_own_side_narrows_the_subject(own, subject):
    """`destination` of an ingress rule and `source` of an egress rule are the policy's own pods."""
    inward = only({"source": {"selector": "b == 'y'"}, "destination": own})
    outward = only({"destination": {"selector": "b == 'y'"}, "source": own}, direction="egress", ns="")
    assert (inward.subject, outward.subject) == (subject, subject)
    assert inward.peers == (pods("b", "y"),)


@pytest.mark.parametrize(
    ("own", "subject"),
    [
        pytest.param({"nets": ["10.0.0.0/8"]}, None, id="nets"),
        pytest.param({"notNets": ["10.0.0.0/8"], "selector": "a == 'x'"}, label("a", "x"), id="not-nets"),
        pytest.param({"serviceAccounts": {"selector": "a == 'x'"}}, None, id="account-labels"),
    ],
)
def test_an_own_side_in_doubt_is_read_widely(own, subject):
    """Which of the own pods have these addresses or accounts is not told."""
    (found,), _ = read({"destination": own})
    assert found.doubt
    assert found.subject == subject


@pytest.mark.parametrize(
    ("own", "subject"),
    [
        pytest.param({"selector": "role == 'partner'"}, label("role", "partner"), id="selector"),
        pytest.param({"namespaceSelector": "global()"}, NO_NAMESPACE, id="global"),
    ],
)
def test_a_set_may_hold_the_policys_own_pods(own, subject):
    """Own pods with the labels are sure; any other may have an address that such a set holds."""
    (sure, wider), _ = read({"destination": own}, ns="", settings=(WORLD,))
    assert (sure.subject, sure.doubt) == (subject, "")
    assert wider.subject is None
    assert "addresses may be those of the policy's own pods" in wider.doubt


def test_a_set_may_hold_the_policys_own_pods_beside_nets():
    """With nets on the own side too, a set with the labels may hold pods that have others."""
    own = {"selector": "role == 'partner'", "nets": ["10.0.0.0/8"]}
    (narrow, wider), _ = read({"destination": own}, ns="", settings=(WORLD,))
    assert "names the addresses of the policy's own pods" in narrow.doubt
    assert wider.subject is None
    assert "selects network sets" in wider.doubt


def test_a_set_may_take_out_the_policys_own_pods():
    """What a notSelector leaves out, a set may leave out as well: the rule may hold for less."""
    (found,), _ = read({"destination": {"notSelector": "role == 'partner'"}}, ns="", settings=(WORLD,))
    assert found.subject == label("role", "partner", operator=Operator.NOT_IN)
    assert "notSelector leaves out network sets" in found.doubt


def test_http_lets_through_what_is_filtered_above():
    """An http match is left to the proxy: the rule lets its connections through to it."""
    found = only({"http": {"methods": ["GET"], "paths": [{"exact": "/x"}, {"prefix": "/y"}]}, "protocol": "TCP"})
    assert (found.l7, found.ports) == ("http", (Ports("TCP"),))
    assert only({"http": {"headers": []}}).l7 == "http"


@pytest.mark.parametrize(
    ("rule", "direction"),
    [
        pytest.param({"http": {}, "action": "Deny"}, "ingress", id="deny"),
        pytest.param({"http": {}}, "egress", id="egress"),
        pytest.param({"http": {}, "protocol": "UDP"}, "ingress", id="udp"),
    ],
)
def test_http_that_is_refused(rule, direction):
    """Calico takes it on ingress rules that allow TCP only."""
    assert refused(rule, direction=direction) == f"spec.{direction}[0].http"


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"colour": "red"}, id="rule"),
        pytest.param({"source": {"domains": ["x.io"]}}, id="peer"),
        pytest.param({"destination": {"serviceAccounts": {"uid": 1}}}, id="below-the-own-side"),
        pytest.param({"icmp": {"kind": 1}, "protocol": "ICMP"}, id="below-icmp"),
    ],
)
def test_an_unknown_field_puts_the_rule_in_doubt(rule):
    """A newer version of the API may mean anything by it, so the rule may match anything or nothing."""
    (found,), _ = read({"source": {"selector": "a == 'x'"}, "protocol": "TCP"} | rule)
    assert (found.peers, found.ports, found.subject) == (None, None, None)
    assert found.doubt.endswith(" is not modelled")


def test_unknown_comments_are_harmless():
    """Nothing in a rule's metadata decides what it matches."""
    assert only({"metadata": {"annotations": {"a": "b", "c": None}, "labels": {}}}).peers is None


POSTGRES = ServicePort(port=5432)


def service(name="db", ports=(POSTGRES,), selector=(("app", "db"),), ns="shop", **fields):
    return Service(namespace=ns, name=name, ports=tuple(ports), selector=dict(selector) if selector else None, **fields)


def test_a_service_as_destination_is_its_pods_and_their_ports():
    """The target ports of the Service, of the rule's protocol where it has one."""
    many = [
        ServicePort(port=5432),
        ServicePort(port=80, target=8080),
        ServicePort(port=53, protocol="UDP", target="dns"),
        ServicePort(port=5433, target=5432),
    ]
    rule = {"destination": {"services": {"name": "db"}}}
    found = only(rule, direction="egress", services=[service(ports=many)])
    assert found.peers == (pods("app", "db"),)
    assert found.ports == (Ports("TCP", 5432, 5432), Ports("TCP", 8080, 8080), Ports("UDP", name="dns"))
    assert only(rule | {"protocol": "UDP"}, direction="egress", services=[service(ports=many)]).ports == (
        Ports("UDP", name="dns"),
    )


def test_a_service_as_source_is_its_pods():
    """A source has no port of the Service; another namespace's Service has its pods there."""
    services = [service(ns="bank")]
    rule = {"source": {"services": {"name": "db", "namespace": "bank"}}, "protocol": "TCP"}
    expected = (pods("app", "db", namespaces=label("kubernetes.io/metadata.name", "bank")),)
    for ns in ("shop", ""):
        found = only(rule, services=services, ns=ns)
        assert (found.peers, found.ports) == (expected, (Ports("TCP"),))


def test_a_service_as_source_goes_with_ports():
    """Only as a destination does a Service bring its own ports; those of a source are in doubt as ever."""
    (found,), _ = read({"source": {"services": {"name": "db"}, "ports": [1]}, "protocol": "TCP"}, services=[service()])
    assert found.doubt == "spec.ingress[0].source.ports is not modelled"


@pytest.mark.parametrize(
    ("services", "word"),
    [
        pytest.param([], "does not exist", id="missing"),
        pytest.param([service(type="ExternalName")], "name outside", id="external-name"),
    ],
)
def test_a_service_without_endpoints_matches_nothing(services, word):
    """A rule for nobody is surely not meant."""
    for direction, side in (("egress", "destination"), ("ingress", "source")):
        (found,), remarks = read({side: {"services": {"name": "db"}}}, direction=direction, services=services)
        assert (found.peers, found.doubt) == ((), "")
        assert [field for field, _ in remarks if field.endswith(side)] == []
        assert any(word in message for _, message in remarks)


def test_a_headless_service_without_ports_matches_no_port():
    """An endpoint slice without ports has no member, as a destination."""
    (found,), _ = read({"destination": {"services": {"name": "db"}}}, direction="egress", services=[service(ports=())])
    assert found.ports == ()


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        pytest.param({"services": [service(selector=None)]}, "no selector", id="no-selector"),
        pytest.param(
            {"collection": READ | {"services": KindStatus(status=Collected.FORBIDDEN)}},
            "could not be read",
            id="unread",
        ),
    ],
)
def test_a_service_whose_endpoints_are_not_known_is_in_doubt(fields, word):
    """Anybody may stand behind it."""
    (found,), _ = read({"source": {"services": {"name": "db"}}}, **fields)
    assert found.peers is None
    assert word in found.doubt
    (found,), _ = read({"destination": {"services": {"name": "db"}}}, direction="egress", **fields)
    assert found.peers is None
    assert word in found.doubt


def test_host_network_pods_behind_a_service_are_in_doubt():
    """Their addresses are their nodes'; the others are known."""
    many = [pod("db-1", labels={"app": "db"}, host_network=True), pod("x-1", host_network=True)]
    found, _ = read({"source": {"services": {"name": "db"}}}, services=[service()], pods=many)
    assert [(rule.peers, bool(rule.doubt)) for rule in found] == [
        ((pods("app", "db"),), False),
        ((EntityPeer(Entity.NODES),), True),
    ]
    done = [pod("db-1", labels={"app": "db"}, host_network=True, phase="Succeeded")]
    assert only({"source": {"services": {"name": "db"}}}, services=[service()], pods=done).peers == (pods("app", "db"),)


def test_the_api_server_behind_its_service():
    """The entity is meant; which addresses it has is not known, nor its port unless the Service was read."""
    rule = {"destination": {"services": {"name": "kubernetes", "namespace": "default"}}}
    known = [service("kubernetes", [ServicePort(port=443, target=6443)], None, "default")]
    found, _ = read(rule, direction="egress", services=known)
    assert [(each.peers, each.ports, bool(each.doubt)) for each in found] == [
        ((EntityPeer(Entity.KUBE_APISERVER),), (Ports("TCP", 6443, 6443),), False),
        ((EntityPeer(Entity.NODES), EntityPeer(Entity.WORLD)), (Ports("TCP", 6443, 6443),), True),
    ]
    found, _ = read(rule | {"protocol": "TCP"}, direction="egress")
    assert [(each.ports, bool(each.doubt)) for each in found] == [((Ports("TCP"),), True), ((Ports("TCP"),), True)]
    inward, _ = read({"source": rule["destination"], "protocol": "TCP"})
    assert [bool(each.doubt) for each in inward] == [False, True]


def test_a_service_and_one_version_of_ip():
    """Whether its endpoints have that version is not known."""
    (found,), _ = read({"source": {"services": {"name": "db"}}, "ipVersion": 4}, services=[service()])
    assert "one version of IP" in found.doubt


@pytest.mark.parametrize(
    ("rule", "direction", "ns", "field"),
    [
        pytest.param({"destination": {"services": {}}}, "egress", "shop", "destination.services.name", id="no-name"),
        pytest.param(
            {"destination": {"services": {"name": "db"}}},
            "egress",
            "",
            "destination.services.namespace",
            id="no-namespace",
        ),
        pytest.param(
            {"destination": {"services": {"name": "db"}, "selector": "all()"}},
            "egress",
            "shop",
            "destination.selector",
            id="selector",
        ),
        pytest.param(
            {"source": {"services": {"name": "db"}, "nets": ["10.0.0.0/8"]}},
            "ingress",
            "shop",
            "source.nets",
            id="nets",
        ),
        pytest.param(
            {"source": {"services": {"name": "db"}, "serviceAccounts": {}}},
            "ingress",
            "shop",
            "source.serviceAccounts",
            id="accounts",
        ),
        pytest.param(
            {"protocol": "TCP", "destination": {"services": {"name": "db"}, "ports": [1]}},
            "egress",
            "shop",
            "destination.ports",
            id="ports",
        ),
        pytest.param(
            {"destination": {"services": {"name": "db"}}}, "ingress", "shop", "destination.services", id="own-side"
        ),
        pytest.param(
            {"source": {"services": {"name": "db"}}}, "egress", "shop", "source.services", id="own-side-of-egress"
        ),
    ],
)
def test_services_that_are_refused(rule, direction, ns, field):
    """`services` goes with nothing else, on the other side only."""
    assert refused(rule, direction=direction, ns=ns) == f"spec.{direction}[0].{field}"


def test_an_empty_list_item_is_refused():
    """A rule needs its action."""
    source = ApiObject(
        api_version=SERVED, kind="NetworkPolicy", namespace="shop", name="p", spec=raw({"ingress": [None]})
    )
    with pytest.raises(FieldError, match="missing") as caught:
        resolve_network_policy(source, Context(snapshot(policies=[source])))
    assert caught.value.field == "spec.ingress[0].action"


def test_directions_are_told_apart():
    """The same wire rule means the other side in the other direction."""
    rule = {"source": {"selector": "a == 'x'"}, "destination": {"selector": "b == 'y'"}}
    inward, outward = only(rule), only(rule, direction="egress")
    assert (inward.direction, inward.peers, inward.subject) == (Direction.INGRESS, (pods("a", "x"),), label("b", "y"))
    assert (outward.direction, outward.peers, outward.subject) == (Direction.EGRESS, (pods("b", "y"),), label("a", "x"))
