"""What the resolvers make of whole Calico policies, in both groups, and of everything that is none."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model import ApiObject, Collected, KindStatus, Origin
from scanner.policy.calico.resolve import resolve_global_network_policy, resolve_network_policy, staged_notices
from scanner.policy.decode import Context, FieldError, UnreadableError
from scanner.policy.model import EVERYTHING, Action, Operator, PodPeer, Ports, Requirement, Selector, Tier
from scanner.reach.model import Direction
from tests.factories import raw, snapshot

INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
SERVED, STORED = "projectcalico.org/v3", "crd.projectcalico.org/v1"
LISTED = ("networksets", "globalnetworksets", "hostendpoints", "tiers")
READ = {
    f"{plural}.{group}": KindStatus(status=Collected.COMPLETE)
    for plural in LISTED
    for group in ("projectcalico.org", "crd.projectcalico.org")
}
ALLOW = [{"action": "Allow"}]


def np(spec, *, api=SERVED, ns="shop", **fields):
    return ApiObject(api_version=api, kind="NetworkPolicy", namespace=ns, name="p", spec=raw(spec), **fields)


def gnp(spec, *, api=SERVED):
    return ApiObject(api_version=api, kind="GlobalNetworkPolicy", name="g", spec=raw(spec))


def read(source, others=()):
    """The policies of one object, and the remarks."""
    context = Context(snapshot(policies=[source], settings=tuple(others), collection=READ))
    resolve = resolve_network_policy if source.kind == "NetworkPolicy" else resolve_global_network_policy
    return resolve(source, context)


def only(source, others=()):
    """The one policy, which must be known exactly and give no remark."""
    (found,), remarks = read(source, others)
    assert (found.doubt, remarks) == ("", [])
    return found


def label(key, *values, operator=Operator.IN):
    return Selector((Requirement(key, operator, values),))


def test_a_network_policy():
    """Kind, scope, origin and version are kept; the kind is told from Kubernetes' own of that name."""
    origin = Origin(file="a.yaml", line=3)
    found = only(np({"selector": "a == 'x'", "ingress": ALLOW}, origin=origin, resource_version="7"))
    assert (found.kind, found.namespace, found.name, found.group) == (
        "NetworkPolicy.projectcalico.org",
        "shop",
        "p",
        "projectcalico.org",
    )
    assert (found.subject, found.namespaces, found.pooled) == (label("a", "x"), None, False)
    assert (found.origin, found.version) == (origin, "7")
    assert only(np({}, ns="")).namespace == "default"


def test_a_global_network_policy():
    """It selects pods in every namespace, or in those its namespaceSelector selects."""
    found = only(gnp({"selector": "a == 'x'"}))
    assert (found.kind, found.namespace, found.group) == ("GlobalNetworkPolicy", "", "projectcalico.org")
    assert (found.subject, found.namespaces) == (label("a", "x"), EVERYTHING)
    narrowed = only(gnp({"namespaceSelector": "projectcalico.org/name != 'kube-system' && team == 'red'"}))
    assert narrowed.namespaces == Selector(
        (
            Requirement("kubernetes.io/metadata.name", Operator.NOT_IN, ("kube-system",)),
            Requirement("team", Operator.IN, ("red",)),
        )
    )
    assert only(gnp({"selector": "", "namespaceSelector": ""})).subject == EVERYTHING


@pytest.mark.parametrize(
    ("spec", "directions"),
    [
        pytest.param({}, {INGRESS}, id="no-rules"),
        pytest.param(None, {INGRESS}, id="null-spec"),
        pytest.param({"ingress": ALLOW}, {INGRESS}, id="ingress-rules"),
        pytest.param({"egress": ALLOW}, {EGRESS}, id="egress-rules"),
        pytest.param({"ingress": ALLOW, "egress": ALLOW}, {INGRESS, EGRESS}, id="rules-of-both"),
        pytest.param({"types": [], "egress": ALLOW}, {EGRESS}, id="empty-types"),
        pytest.param({"types": ["Ingress", "Egress"]}, {INGRESS, EGRESS}, id="both"),
        pytest.param({"types": ["Egress", "Egress"]}, {EGRESS}, id="repeated"),
    ],
)
def test_types_default_by_the_rules(spec, directions):
    """Without `types`, egress rules mean Egress, and ingress rules or none mean Ingress."""
    assert only(np(spec)).directions == directions
    assert only(gnp(spec)).directions == directions


def test_the_stored_form_without_types_is_both():
    """The API fills them in when it stores; what was stored past it is read by felix as both."""
    (found,), remarks = read(np({"ingress": ALLOW}, api=STORED))
    assert (found.directions, found.group) == ({INGRESS, EGRESS}, "crd.projectcalico.org")
    assert [field for field, _ in remarks] == ["spec.types"]
    assert only(np({"types": ["Ingress"], "ingress": ALLOW}, api=STORED)).directions == {INGRESS}


def test_rules_of_a_direction_that_types_leave_out_are_ignored():
    """They are not programmed; a remark says so, and says nothing of what is in them."""
    (found,), remarks = read(np({"types": ["Ingress"], "egress": [{"action": "Allow", "protocol": "ICMP"}]}))
    assert found.rules == ()
    assert remarks == [("spec.egress", "is ignored: types does not list Egress")]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param({"types": ["ingress"]}, "spec.types[0]", id="type-spelling"),
        pytest.param({"types": ["Ingress", None]}, "spec.types[1]", id="null-type"),
        pytest.param({"selector": "a = 'x'"}, "spec.selector", id="selector"),
        pytest.param({"selector": "global()"}, "spec.selector", id="global"),
        pytest.param({"serviceAccountSelector": "a"}, "spec.serviceAccountSelector", id="accounts"),
        pytest.param({"ingress": [{"action": "Deny"}, {}]}, "spec.ingress[1].action", id="action"),
        pytest.param({"types": ["Ingress"], "egress": [{"action": "?"}]}, "spec.egress[0].action", id="ignored-rule"),
    ],
)
def test_what_the_api_refuses_is_no_policy(spec, field):
    """In the served form it never becomes one; in the stored form nobody checked it, so what it does is not known."""
    for build in (np, gnp):
        with pytest.raises(FieldError) as caught:
            read(build(spec))
        assert (caught.value.field, type(caught.value)) == (field, FieldError)
        with pytest.raises(UnreadableError) as unread:
            read(build(spec, api=STORED))
        assert unread.value.field == field


@pytest.mark.parametrize("selector", ["global()", "a =", "a == 'b' && global()"])
def test_a_global_policys_namespace_selector_that_is_refused(selector):
    """`global()` is for rules."""
    with pytest.raises(FieldError) as caught:
        read(gnp({"namespaceSelector": selector}))
    assert caught.value.field == "spec.namespaceSelector"


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param([], id="list"),
        pytest.param("x", id="text"),
        pytest.param({"ingress": {}}, id="rules"),
        pytest.param({"order": "10"}, id="order"),
        pytest.param({"selector": {"matchLabels": {}}}, id="kubernetes-selector"),
        pytest.param({"ingress": [{"action": "Allow", "source": []}]}, id="entity"),
    ],
)
def test_wrong_types_are_refused_in_both_forms(spec):
    """The schema of both groups refuses them."""
    for api in (SERVED, STORED):
        with pytest.raises(FieldError) as caught:
            read(np(spec, api=api))
        assert not isinstance(caught.value, UnreadableError)


def test_a_selector_that_is_not_read_is_unreadable():
    """A longer selector than is read may be in force."""
    with pytest.raises(UnreadableError):
        read(np({"selector": "a == '" + "x" * 10_001 + "'"}))


@pytest.mark.parametrize(
    ("spec", "word", "subject"),
    [
        pytest.param(
            {"serviceAccountSelector": "a == 'x'", "selector": "b == 'y'"},
            "service accounts",
            label("b", "y"),
            id="accounts",
        ),
        pytest.param({"selector": "pcsa.a == 'x'"}, "service accounts", EVERYTHING, id="labels-of-accounts"),
        pytest.param({"stagedAction": "Set"}, "spec.stagedAction is not modelled", EVERYTHING, id="unknown-field"),
        pytest.param({"tier": "t"}, "no Tier has this name", EVERYTHING, id="tier"),
    ],
)
def test_a_policy_in_doubt_selects_widely(spec, word, subject):
    """What may not apply at all, or not to all it selects."""
    for build in (np, gnp):
        (found,), _ = read(build(spec))
        assert word in found.doubt
        assert found.subject == subject


def test_a_service_account_by_name_is_no_doubt():
    """Its name is known of every pod."""
    found = only(np({"serviceAccountSelector": "projectcalico.org/name == 'till'"}))
    assert found.subject == label("projectcalico.org/serviceaccount", "till")


def test_an_unknown_field_of_a_rule_is_the_rules():
    """It leaves the policy and its other rules as they are."""
    (found,), _ = read(np({"ingress": [{"action": "Allow", "colour": 1}, {"action": "Deny"}]}))
    assert found.doubt == ""
    assert [bool(rule.doubt) for rule in found.rules] == [True, False]


def test_performance_hints_are_harmless():
    """They never change what is enforced."""
    assert only(np({"performanceHints": ["AssumeNeededOnEveryNode"]})).doubt == ""


@pytest.mark.parametrize("name", ["doNotTrack", "preDNAT"])
def test_policies_for_host_endpoints_only_are_kept_apart(name):
    """No pod is concerned by untracked or pre-DNAT policy."""
    found, remarks = read(gnp({name: True, "applyOnForward": True, "ingress": [{"action": "Deny"}]}))
    assert found == ()
    assert [field for field, _ in remarks] == [f"spec.{name}"]
    assert only(gnp({name: False})).kind == "GlobalNetworkPolicy"


def test_a_policy_for_forwarded_traffic_is_judged_for_pods():
    """Its part for host endpoints is kept apart with a remark."""
    (found,), remarks = read(gnp({"applyOnForward": True, "ingress": ALLOW}))
    assert len(found.rules) == 1
    assert [field for field, _ in remarks] == ["spec.applyOnForward"]


def test_host_endpoints_that_a_global_policy_selects_are_named():
    """They are not judged, so a person should know."""
    hosts = [
        ApiObject(
            api_version=SERVED, kind="HostEndpoint", name=f"h{at}", spec=raw({"node": "n"}), labels={"role": "node"}
        )
        for at in range(5)
    ]
    _, remarks = read(gnp({"selector": "role == 'node'"}), hosts)
    assert remarks == [
        (
            "spec.selector",
            "also selects HostEndpoint h0, HostEndpoint h1, HostEndpoint h2 …; host endpoints are not judged",
        )
    ]
    assert only(gnp({"selector": "role == 'web'"}), hosts).namespaces == EVERYTHING
    assert only(gnp({"selector": "role == 'node'", "namespaceSelector": "all()"}), hosts).subject == label(
        "role", "node"
    )
    assert only(np({"selector": "role == 'node'"}), hosts).subject == label("role", "node")


@pytest.mark.parametrize(
    ("mirror", "original"),
    [
        pytest.param(
            ("NetworkPolicy", "shop", "knp.default.a.b"),
            ("networking.k8s.io/v1", "NetworkPolicy", "shop", "a.b"),
            id="np",
        ),
        pytest.param(
            ("GlobalNetworkPolicy", "", "kanp.adminnetworkpolicy.a"),
            ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "", "a"),
            id="admin",
        ),
        pytest.param(
            ("GlobalNetworkPolicy", "", "kcnp.kube-baseline.a"),
            ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", "", "a"),
            id="cluster",
        ),
    ],
)
def test_kubernetes_own_policies_are_not_counted_twice(mirror, original):
    """Calico's API shows them in its own kinds; where the original is at hand, that one is judged."""

    def build(api, kind, ns, name):
        return ApiObject(api_version=api, kind=kind, namespace=ns, name=name, spec=raw({"types": ["Ingress"]}))

    resolve = resolve_network_policy if mirror[0] == "NetworkPolicy" else resolve_global_network_policy
    for api, others, count in (
        (SERVED, [build(*original)], 0),
        (SERVED, [build(*original[:3], "other")], 1),
        (STORED, [build(*original)], 1),
    ):
        source = build(api, *mirror)
        context = Context(snapshot(policies=[source, *others], collection=READ))
        assert len(resolve(source, context)[0]) == count


def test_staged_policies_are_named_as_not_enforced():
    """Each once, whichever group it was read from; other settings are none."""
    items = [
        ApiObject(api_version=api, kind=kind, namespace=ns, name="s", spec=raw({}))
        for api in (SERVED, STORED)
        for kind, ns in (
            ("StagedNetworkPolicy", "shop"),
            ("StagedGlobalNetworkPolicy", ""),
            ("StagedKubernetesNetworkPolicy", "bank"),
            ("Tier", ""),
        )
    ]
    found = staged_notices(Context(snapshot(settings=items)))
    assert [(notice.object, notice.field) for notice in found] == [
        ("StagedNetworkPolicy shop/s", "kind"),
        ("StagedGlobalNetworkPolicy s", "kind"),
        ("StagedKubernetesNetworkPolicy bank/s", "kind"),
    ]
    assert all("not enforced" in notice.message for notice in found)


def test_a_default_deny_as_calico_recommends_it():
    """The documented default-deny: everything but system namespaces, with DNS left open."""
    found = only(
        gnp(
            {
                "namespaceSelector": 'has(projectcalico.org/name) && projectcalico.org/name not in {"kube-system", "dns"}',
                "types": ["Ingress", "Egress"],
                "egress": [
                    {
                        "action": "Allow",
                        "protocol": "UDP",
                        "destination": {"selector": 'k8s-app == "kube-dns"', "ports": [53]},
                    }
                ],
            }
        )
    )
    assert found.subject == EVERYTHING
    assert found.namespaces == Selector(
        (
            Requirement("kubernetes.io/metadata.name", Operator.EXISTS),
            Requirement("kubernetes.io/metadata.name", Operator.NOT_IN, ("dns", "kube-system")),
        )
    )
    assert (found.directions, found.tier) == ({INGRESS, EGRESS}, Tier(1_000_000.0, "default"))
    (rule,) = found.rules
    assert (rule.peers, rule.ports) == ((PodPeer(label("k8s-app", "kube-dns"), EVERYTHING),), (Ports("UDP", 53, 53),))


def test_a_tier_of_a_security_team():
    """Deny, pass on, and the tier's own end: the order of the wire is kept."""
    tier = ApiObject(api_version=SERVED, kind="Tier", name="security", spec=raw({"order": 100}))
    found = only(
        gnp(
            {
                "tier": "security",
                "order": 10,
                "selector": "all()",
                "types": ["Egress"],
                "egress": [
                    {"action": "Deny", "destination": {"nets": ["169.254.169.254/32"]}},
                    {"action": "Log"},
                    {"action": "Pass"},
                ],
            }
        ),
        [tier],
    )
    assert (found.tier, found.rank[0]) == (Tier(100.0, "security"), 10.0)
    assert [(rule.name, rule.action) for rule in found.rules] == [
        ("egress[0]", Action.DENY),
        ("egress[2]", Action.PASS),
    ]


# Most values are good ones, or hardly a rule would get past its first field.
GOOD = ["all()", "a == 'x'", "!has(a) || pcsa.b == 'y'", "", None]
SELECTORS = st.sampled_from([*GOOD * 4, "global()", "a =", "x" * 20_000, "(" * 300])
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 70_000), st.floats(), st.text(max_size=4), SELECTORS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=5,
)
NETS = st.lists(st.sampled_from([*["10.0.0.0/8", "10.1.0.0/16"] * 4, "0.0.0.0/0", "fd00::/8", "x", None]), max_size=2)
PORTS = st.lists(
    st.one_of(st.sampled_from([80, "80:90", "web"] * 4 + [0, "90:80", "", None]), st.integers()), max_size=2
)
ENTITIES = st.fixed_dictionaries(
    {},
    optional={
        "nets": NETS,
        "notNets": NETS,
        "selector": SELECTORS,
        "notSelector": SELECTORS,
        "namespaceSelector": SELECTORS,
        "ports": PORTS,
        "notPorts": PORTS,
        "serviceAccounts": st.fixed_dictionaries({}, optional={"names": st.just(["a", None]), "selector": SELECTORS}),
        "services": st.fixed_dictionaries(
            {}, optional={"name": st.just("db"), "namespace": st.sampled_from(["", "shop"])}
        ),
        "junk": JUNK,
    },
)
RULES = st.fixed_dictionaries(
    {"action": st.sampled_from([*["Allow", "Deny", "Pass"] * 4, "Log", "allow", None])},
    optional={
        "ipVersion": st.sampled_from([*[4, None] * 4, 6, 5]),
        "protocol": st.sampled_from([*["TCP", 6, "132"] * 4, "ICMP", 300, "x", None]),
        "notProtocol": st.sampled_from(["TCP", 47, None]),
        "icmp": st.just({"type": 8}),
        "notICMP": st.just({"type": 8}),
        "source": ENTITIES,
        "destination": ENTITIES,
        "http": st.just({}),
        "metadata": JUNK,
    },
)
SPECS = st.one_of(
    JUNK,
    st.fixed_dictionaries({"types": st.just(["Ingress"]), "ingress": RULES.map(lambda rule: [rule])}),
    st.fixed_dictionaries({"types": st.just(["Egress"]), "egress": RULES.map(lambda rule: [rule])}),
    st.fixed_dictionaries(
        {},
        optional={
            "tier": st.sampled_from(["default", "t", "", None, "kube-admin"]),
            "order": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            "selector": SELECTORS,
            "serviceAccountSelector": SELECTORS,
            "namespaceSelector": SELECTORS,
            "types": st.lists(st.sampled_from([*["Ingress", "Egress"] * 4, "x", None]), max_size=2),
            "ingress": st.lists(RULES, max_size=2),
            "egress": st.lists(RULES, max_size=2),
            "doNotTrack": st.booleans(),
            "junk": JUNK,
        },
    ),
)


@settings(deadline=None, max_examples=100)
@given(SPECS, st.sampled_from([np, gnp]), st.sampled_from([SERVED, STORED]), JUNK)
def test_hostile_input_raises_nothing_but_the_documented_errors(spec, build, api, setting):
    """Whatever stands in policies, tiers and sets, a policy is resolved, refused or named as unreadable."""
    others = [
        ApiObject(api_version=api, kind=kind, namespace="shop", name="t", spec=raw(setting), labels={"a": "x"})
        for kind in ("Tier", "NetworkSet", "GlobalNetworkSet", "HostEndpoint")
    ]
    with contextlib.suppress(FieldError):
        found, remarks = read(build(spec, api=api), others)
        for policy in found:
            hash(policy)
            assert all(rule.direction in (INGRESS, EGRESS) for rule in policy.rules)
        assert all("\n" not in message for _, message in remarks)
