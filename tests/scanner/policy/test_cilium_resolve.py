"""What becomes of a Cilium policy as a whole: its subject, what it isolates, its specs, and what is refused."""

from __future__ import annotations

import msgspec
import pytest

from scanner.model import ApiObject, Origin
from scanner.policy.cilium.resolve import resolve_cilium_clusterwide_network_policy, resolve_cilium_network_policy
from scanner.policy.decode import Context, FieldError, UnreadableError
from scanner.policy.model import DEFAULT, POOL, Action, Operator, Requirement, Rule, Selector
from scanner.reach.model import Direction
from tests.factories import raw, snapshot

INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
NAME = "kubernetes.io/metadata.name"


def cnp(spec, **overrides):
    """A CiliumNetworkPolicy in namespace shop."""
    fields = {"kind": "CiliumNetworkPolicy", "name": "p", "namespace": "shop"} | overrides
    return ApiObject(api_version="cilium.io/v2", spec=raw(spec), **fields)


def resolved(spec, **overrides):
    """The policies of a CiliumNetworkPolicy, and its remarks."""
    return resolve_cilium_network_policy(cnp(spec, **overrides), Context(snapshot()))


def clusterwide(spec):
    """The policies of a CiliumClusterwideNetworkPolicy, and its remarks."""
    source = cnp(spec, kind="CiliumClusterwideNetworkPolicy", namespace="")
    return resolve_cilium_clusterwide_network_policy(source, Context(snapshot()))


def only(found):
    """The one policy of an object that nothing is remarked about."""
    (policy,), remarks = found
    assert remarks == []
    return policy


def labels(*requirements):
    """A selector of requirements."""
    return Selector(tuple(sorted(requirements)))


def equal(key, *values):
    """A condition on one label."""
    return Requirement(key, Operator.IN, values)


def test_a_policy_of_the_namespace():
    """Kind, group, place and rules arrive; it stands in one bag with NetworkPolicy."""
    found = only(
        resolved(
            {"endpointSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"fromEntities": ["world"]}]},
            resource_version="7",
        )
    )
    assert (found.id, found.group, found.version) == ("CiliumNetworkPolicy shop/p", "cilium.io", "7")
    assert (found.subject, found.namespaces) == (labels(equal("app", "db")), None)
    assert (found.tier, found.rank, found.pooled) == (DEFAULT, POOL, True)
    assert [rule.name for rule in found.rules] == ["ingress[0]"]


def test_a_clusterwide_policy_selects_in_all_namespaces():
    """`endpointSelector: {}` of the clusterwide kind is every pod of every namespace."""
    found = only(clusterwide({"endpointSelector": {}, "egress": [{"toEntities": ["all"]}]}))
    assert (found.id, found.namespace) == ("CiliumClusterwideNetworkPolicy p", "")
    assert (found.subject, found.namespaces) == (Selector(), Selector())


def test_a_missing_namespace_is_default():
    """A namespaced policy without a namespace stands in `default`."""
    found = only(resolved({"endpointSelector": {}, "ingress": [{}]}, namespace=""))
    assert found.namespace == "default"


@pytest.mark.parametrize(
    ("sections", "directions"),
    [
        pytest.param({"ingress": [{}]}, {INGRESS}, id="ingress"),
        pytest.param({"egress": [{}]}, {EGRESS}, id="egress"),
        pytest.param({"ingressDeny": [{"fromEntities": ["world"]}]}, {INGRESS}, id="deny-rules-isolate-too"),
        pytest.param({"egressDeny": [{"toEntities": ["world"]}], "ingress": [{}]}, {INGRESS, EGRESS}, id="both"),
        pytest.param({"ingress": [], "egress": [{}]}, {EGRESS}, id="an-empty-list-is-no-section"),
        pytest.param({"ingress": None, "egress": [{}]}, {EGRESS}, id="null-is-no-section"),
        pytest.param({"ingress": [{}], "enableDefaultDeny": {}}, {INGRESS}, id="nothing-asked"),
        pytest.param({"ingress": [{}], "enableDefaultDeny": None}, {INGRESS}, id="null-asked"),
        pytest.param({"ingress": [{}], "enableDefaultDeny": {"ingress": True}}, {INGRESS}, id="asked-for"),
        pytest.param({"ingress": [{}], "enableDefaultDeny": {"ingress": False}}, set(), id="asked-not-to"),
        pytest.param(
            {"ingress": [{}], "egress": [{}], "enableDefaultDeny": {"egress": False}}, {INGRESS}, id="by-direction"
        ),
    ],
)
def test_what_isolates(sections, directions):
    """A direction with rules, allowing or denying, is in default deny unless enableDefaultDeny says no."""
    (found,), _ = resolved({"endpointSelector": {}, **sections})
    assert found.directions == directions


def test_default_deny_without_rules_has_no_effect():
    """`enableDefaultDeny.egress: true` without an egress rule isolates nothing, and a remark says so."""
    (found,), remarks = resolved({"endpointSelector": {}, "ingress": [{}], "enableDefaultDeny": {"egress": True}})
    assert found.directions == {INGRESS}
    assert [place for place, _ in remarks] == ["spec.enableDefaultDeny.egress"]


def test_an_empty_rule_lets_nothing_through():
    """`- {}` is how a default deny is written: it isolates, and its rule is for nobody."""
    found = only(resolved({"endpointSelector": {}, "egress": [{}]}))
    assert found.rules == (Rule(EGRESS, 0, (), None, section="egress"),)


def test_an_empty_deny_rule_denies_nothing():
    """A deny rule that names nothing is for nobody, which is surely not meant."""
    (found,), remarks = resolved({"endpointSelector": {}, "ingressDeny": [{}]})
    assert found.rules == (Rule(INGRESS, 0, (), None, Action.DENY, "ingressDeny"),)
    assert [place for place, _ in remarks] == ["spec.ingressDeny[0]"]


def test_rules_carry_their_place():
    """Each rule is found by section and index, and deny sections deny."""
    spec = {
        "endpointSelector": {},
        "ingress": [{"fromEntities": ["all"]}, {"fromEntities": ["world"]}],
        "egressDeny": [{"toEntities": ["all"]}],
    }
    found = only(resolved(spec))
    assert [(rule.name, rule.direction, rule.action) for rule in found.rules] == [
        ("ingress[0]", INGRESS, Action.ALLOW),
        ("ingress[1]", INGRESS, Action.ALLOW),
        ("egressDeny[0]", EGRESS, Action.DENY),
    ]


SUBJECTS = [
    pytest.param({}, labels(), id="everything"),
    pytest.param({"matchLabels": None, "matchExpressions": None}, labels(), id="nulls"),
    pytest.param({"matchLabels": {"k8s:app": "a", "any:tier": "b"}}, labels(equal("app", "a"), equal("tier", "b")), id="sources"),
    pytest.param({"matchLabels": {"k8s:app.kubernetes.io/name": "a"}}, labels(equal("app.kubernetes.io/name", "a")), id="prefix"),
    pytest.param(
        {"matchExpressions": [{"key": "k8s:a", "operator": "NotIn", "values": ["y", "x"]}, {"key": "b", "operator": "Exists"}]},
        labels(Requirement("a", Operator.NOT_IN, ("x", "y")), Requirement("b", Operator.EXISTS)),
        id="expressions",
    ),
    pytest.param(
        {"matchLabels": {"io.cilium.k8s.policy.serviceaccount": "leia"}},
        labels(equal("io.cilium.k8s.policy.serviceaccount", "leia")),
        id="service-account",
    ),
    pytest.param({"matchLabels": {"io.kubernetes.pod.namespace": "shop"}}, labels(), id="own-namespace"),
    pytest.param(
        {"matchExpressions": [{"key": "io.kubernetes.pod.namespace", "operator": "NotIn", "values": ["kube-system"]}]},
        labels(),
        id="own-namespace-is-not-excluded",
    ),
    pytest.param(
        {"matchLabels": {"io.cilium.k8s.namespace.labels.team": "a"}},
        labels(equal("io.cilium.k8s.namespace.labels.team", "a")),
        id="own-namespace-labels",
    ),
    pytest.param(
        {"matchLabels": {"k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name": "shop"}},
        labels(),
        id="own-namespace-by-its-name-label",
    ),
    pytest.param({"matchExpressions": [{"key": "reserved:ingress", "operator": "DoesNotExist"}]}, labels(), id="no-reserved"),
    pytest.param({"matchExpressions": [{"key": "io.cilium.k8s.policy.cluster", "operator": "Exists"}]}, labels(), id="a-cluster"),
]  # fmt: skip


@pytest.mark.parametrize(("selector", "expected"), SUBJECTS)
def test_subjects_of_a_namespace(selector, expected):
    """Keys lose their source; what is asked of the own namespace is settled at once."""
    found = only(resolved({"endpointSelector": selector, "ingress": [{}]}))
    assert (found.subject, found.namespaces, found.doubt) == (expected, None, "")


def test_the_own_namespace_overwrites_another():
    """k8s:io.kubernetes.pod.namespace in matchLabels of endpointSelector is replaced, with a remark."""
    selector = {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "other"}}
    (found,), remarks = resolved({"endpointSelector": selector, "ingress": [{}]})
    assert found.subject == Selector()
    assert [place for place, _ in remarks] == ["spec.endpointSelector.matchLabels"]


@pytest.mark.parametrize(
    "selector",
    [
        pytest.param({"matchLabels": {"io.kubernetes.pod.namespace": "other"}}, id="another-namespace"),
        pytest.param(
            {"matchExpressions": [{"key": "k8s:io.kubernetes.pod.namespace", "operator": "DoesNotExist"}]},
            id="no-namespace",
        ),
        pytest.param(
            {"matchExpressions": [{"key": "k8s:io.kubernetes.pod.namespace", "operator": "NotIn", "values": ["shop"]}]},
            id="not-this-namespace",
        ),
        pytest.param(
            {"matchExpressions": [{"key": "io.cilium.k8s.policy.cluster", "operator": "DoesNotExist"}]}, id="no-cluster"
        ),
        pytest.param({"matchLabels": {"reserved:init": ""}}, id="init"),
        pytest.param({"matchLabels": {"$health": ""}}, id="health-the-old-way"),
        pytest.param({"matchExpressions": [{"key": "reserved.ingress", "operator": "Exists"}]}, id="ingress"),
    ],
)
def test_a_policy_that_selects_no_pod_is_kept_apart(selector):
    """A remark is all that is left of a policy for what is no pod."""
    found, remarks = resolved({"endpointSelector": selector, "ingress": [{}]})
    assert found == ()
    assert [place for place, _ in remarks] == ["spec.endpointSelector"]


def test_subjects_of_a_clusterwide_policy_ask_for_namespaces():
    """Namespace names and labels become the selector over namespaces, the rest the one over pods."""
    selector = {
        "matchLabels": {"k8s:app": "a", "k8s:io.cilium.k8s.namespace.labels.team": "red"},
        "matchExpressions": [
            {"key": "io.kubernetes.pod.namespace", "operator": "NotIn", "values": ["kube-system"]},
            {"key": "io.kubernetes.pod.namespace", "operator": "Exists"},
        ],
    }
    found = only(clusterwide({"endpointSelector": selector, "ingress": [{}]}))
    assert found.subject == labels(equal("app", "a"))
    assert found.namespaces == labels(equal("team", "red"), Requirement(NAME, Operator.NOT_IN, ("kube-system",)))


@pytest.mark.parametrize(
    ("selector", "subject"),
    [
        pytest.param({"matchLabels": {"io.cilium.k8s.policy.cluster": "default"}}, labels(), id="cluster"),
        pytest.param({"matchLabels": {"container:app": "a"}}, labels(), id="another-source"),
        pytest.param(
            {"matchLabels": {"pod-template-hash": "1"}}, labels(equal("pod-template-hash", "1")), id="left-out-label"
        ),
        pytest.param(
            {
                "matchExpressions": [
                    {"key": "statefulset.kubernetes.io/pod-name", "operator": "NotIn", "values": ["a-0"]}
                ]
            },
            labels(),
            id="left-out-label-negated",
        ),
        pytest.param({"matchFields": {}}, labels(), id="unknown-field"),
    ],
)
def test_a_subject_in_doubt_is_read_wide(selector, subject):
    """What cannot be told puts the policy into doubt, with the widest subject."""
    (found,), _ = resolved({"endpointSelector": selector, "ingress": [{}]})
    assert found.subject == subject
    assert found.doubt


@pytest.mark.parametrize("field", ["priority", "order", "tier", "ingressPass"])
def test_an_unknown_field_of_the_spec_puts_the_policy_into_doubt(field):
    """A newer API may order or narrow policies in ways that are not modelled."""
    (found,), _ = resolved({"endpointSelector": {}, "ingress": [{}], field: 1})
    assert found.doubt == f"spec.{field} is not modelled"
    assert found.rules[0].doubt == ""


def test_an_unknown_field_of_a_rule_puts_the_rule_into_doubt():
    """The rule then stands for everything; its neighbours and the policy are sure."""
    spec = {
        "endpointSelector": {},
        "ingress": [{"fromEntities": ["world"]}, {"fromPlanets": ["mars"]}, {"toPorts": [{"ports": [{"x": 1}]}]}],
        "egressDeny": [{"toFQDNs": [{"matchName": "a.example"}]}],
    }
    found = only(resolved(spec))
    assert found.doubt == ""
    assert [(rule.name, rule.peers is None, rule.ports is None, rule.doubt) for rule in found.rules] == [
        ("ingress[0]", False, True, ""),
        ("ingress[1]", True, True, "spec.ingress[1].fromPlanets is not modelled"),
        ("ingress[2]", True, True, "spec.ingress[2].toPorts[0].ports[0].x is not modelled"),
        ("egressDeny[0]", True, True, "spec.egressDeny[0].toFQDNs is not modelled"),
    ]


def test_what_says_nothing_of_connections_is_no_doubt():
    """Labels, description and log may hold anything."""
    spec = {
        "endpointSelector": {},
        "ingress": [{}],
        "labels": [{"key": "a", "source": "k8s", "value": "b"}],
        "description": "why",
        "log": {"value": "x"},
    }
    assert only(resolved(spec)).doubt == ""


def test_a_policy_for_nodes_is_kept_apart():
    """A nodeSelector concerns no pod."""
    found, remarks = clusterwide({"nodeSelector": {}, "ingress": [{"fromEntities": ["cluster"]}]})
    assert found == ()
    assert [place for place, _ in remarks] == ["spec.nodeSelector"]


def test_a_list_of_specs_is_several_policies_of_one_name():
    """Each of `specs` is a policy of its own, and its rules say which."""
    (first, second), remarks = resolved(
        [
            {"endpointSelector": {"matchLabels": {"app": "a"}}, "ingress": [{}]},
            {"endpointSelector": {"matchLabels": {"app": "b"}}, "egressDeny": [{"toEntities": ["all"]}]},
        ]
    )
    assert remarks == []
    assert (first.name, second.name) == ("p", "p")
    assert [rule.name for policy in (first, second) for rule in policy.rules] == [
        "specs[0].ingress[0]",
        "specs[1].egressDeny[0]",
    ]


def test_an_own_spec_before_the_list_is_told_by_its_lines():
    """Where the file's lines name a rule of `spec`, the first of the list is that."""
    origin = Origin(file="a.yaml", line=1, lines={"ingress[0]": 9, "specs[0].ingress[0]": 15})
    spec = {"endpointSelector": {}, "ingress": [{"fromNobody": 1}]}
    found, _ = resolved([spec, spec], origin=origin)
    assert [policy.rules[0].name for policy in found] == ["ingress[0]", "specs[0].ingress[0]"]
    assert [policy.rules[0].doubt for policy in found] == [
        "spec.ingress[0].fromNobody is not modelled",
        "specs[0].ingress[0].fromNobody is not modelled",
    ]


def test_an_empty_list_of_specs_has_no_effect():
    """`specs: []` is taken and does nothing."""
    found, remarks = resolved([])
    assert found == ()
    assert [place for place, _ in remarks] == ["specs"]


def test_a_spec_without_rules_casts_doubt_on_its_neighbours():
    """Newer agents refuse the whole object for it, older ones only that spec."""
    found, _ = resolved([{"endpointSelector": {}}, {"endpointSelector": {}, "ingress": [{}]}])
    assert [(bool(policy.rules), "refuses" in policy.doubt) for policy in found] == [(False, True), (True, True)]


REFUSED = [
    pytest.param({}, "spec", id="empty"),
    pytest.param(None, "spec", id="null"),
    pytest.param({"endpointSelector": {}}, "spec", id="no-rule"),
    pytest.param({"endpointSelector": {}, "ingress": [], "egress": []}, "spec", id="empty-lists-only"),
    pytest.param({"ingress": [{}]}, "spec", id="no-selector"),
    pytest.param({"endpointSelector": None, "ingress": [{}]}, "spec", id="null-selector"),
    pytest.param({"endpointSelector": {}, "nodeSelector": {}, "ingress": [{}]}, "spec", id="both-selectors"),
    pytest.param({"nodeSelector": {}, "ingress": [{}]}, "spec.nodeSelector", id="nodes-of-a-namespace"),
    pytest.param({"endpointSelector": {}, "ingress": [None]}, "spec.ingress[0]", id="null-rule"),
    pytest.param({"endpointSelector": {}, "ingress": {}}, "spec.ingress", id="rules-are-a-list"),
    pytest.param({"endpointSelector": [], "ingress": [{}]}, "spec.endpointSelector", id="selector-is-a-map"),
    pytest.param("text", "spec", id="text"),
    pytest.param([{"endpointSelector": {}, "ingress": [{}]}, 1], "specs[1]", id="a-number-among-specs"),
    pytest.param(
        [{"endpointSelector": {}, "ingress": [{}]}, {"ingress": [{"fromEntities": 1}]}],
        "specs[1].ingress[0].fromEntities",
        id="wrong-type-in-specs",
    ),
    pytest.param(
        {"endpointSelector": {"matchLabels": {"a b": "c"}}, "ingress": [{}]},
        "spec.endpointSelector.matchLabels",
        id="no-key",
    ),
    pytest.param(
        {"endpointSelector": {"matchLabels": {"a": "b c"}}, "ingress": [{}]},
        "spec.endpointSelector.matchLabels",
        id="no-value",
    ),
    *(
        pytest.param(
            {"endpointSelector": {"matchExpressions": [expression]}, "ingress": [{}]},
            f"spec.endpointSelector.matchExpressions[0]{field}",
            id=name,
        )
        for name, expression, field in (
            ("null-expression", None, ""),
            ("no-operator", {"key": "a"}, ".operator"),
            ("operator-of-another-kind", {"key": "a", "operator": "Contains", "values": ["b"]}, ".operator"),
            ("in-without-values", {"key": "a", "operator": "In"}, ".values"),
            ("exists-with-values", {"key": "a", "operator": "Exists", "values": ["b"]}, ".values"),
            ("expression-without-key", {"operator": "Exists"}, ".key"),
        )
    ),
]


@pytest.mark.parametrize(("spec", "field"), REFUSED)
def test_what_is_refused(spec, field):
    """The API server or the agent refuses it: the field is named, in one line."""
    with pytest.raises(FieldError) as error:
        resolved(spec)
    assert error.value.field == field
    assert not isinstance(error.value, UnreadableError)
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param({"endpointSelector": {}, "ingressPass": [{}]}, "spec", id="only-unknown-rules"),
        pytest.param([{"endpointSelector": {}, "egressPass": [{}]}], "specs[0]", id="only-unknown-rules-in-specs"),
        pytest.param(
            {"endpointSelector": {}, "ingress": [{"fromRequires": [{"matchLabels": {"env": "prod"}}]}]},
            "spec.ingress[0].fromRequires",
            id="from-requires",
        ),
        pytest.param(
            {"endpointSelector": {}, "egress": [{"toRequires": [{}]}]}, "spec.egress[0].toRequires", id="to-requires"
        ),
        pytest.param(
            {"endpointSelector": {}, "ingress": [{}], **{f"x{number}": 1 for number in range(60)}},
            "spec",
            id="many-unknown-fields",
        ),
    ],
)
def test_what_cannot_be_read(spec, field):
    """A policy with an effect that is not modelled is unknown, not left out."""
    with pytest.raises(UnreadableError) as error:
        resolved(spec)
    assert error.value.field == field


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{"ingress": [', id="cut"),
        pytest.param(b'[{"ingress": [', id="cut-list"),
        pytest.param(b"\xff", id="no-text"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="deep-list"),
        pytest.param(b'{"x":' * 100_000 + b"1" + b"}" * 100_000, id="deep-map"),
    ],
)
def test_bytes_that_are_no_spec(text):
    """Nothing but the documented errors comes out of them."""
    source = msgspec.structs.replace(cnp({}), spec=msgspec.Raw(text))
    with pytest.raises(FieldError):
        resolve_cilium_network_policy(source, Context(snapshot()))
