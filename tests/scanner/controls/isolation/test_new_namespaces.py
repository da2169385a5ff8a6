"""NB-ISO-05: which admission objects give the next namespace its baseline, and what the namespaces there tell."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.controls.isolation.admission import generated
from scanner.findings import ControlResult
from scanner.model import ApiObject
from scanner.prepare import case_of
from tests.factories import pod, policy, raw
from tests.scanner.controls.clusters import DENY, eks, judged, outcome, web
from tests.scanner.controls.whole import setting, whole

KYVERNO = pod(
    "kyverno-background-controller-1",
    ns="kyverno",
    labels={"app.kubernetes.io/part-of": "kyverno", "app.kubernetes.io/component": "background-controller"},
    node="n1",
)
RULE: dict[str, Any] = {
    "name": "default-deny",
    "match": {"any": [{"resources": {"kinds": ["Namespace"]}}]},
    "generate": {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "name": "default-deny",
        "namespace": "{{ request.object.metadata.name }}",
        "synchronize": True,
        "data": {"spec": DENY},
    },
}


def rule(path: str = "", value: Any = None) -> dict[str, Any]:
    """The rule, with the field at a dotted path set; None removes it."""
    changed = copy.deepcopy(RULE)
    *way, last = path.split(".")
    place = changed
    for part in way:
        place = place.setdefault(part, {})
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value
    return changed


def cluster_policy(*rules: dict[str, Any]) -> ApiObject:
    """Kyverno's ClusterPolicy as a snapshot keeps it."""
    return setting("kyverno.io/v1", "ClusterPolicy", "add", {"spec": {"rules": list(rules)}})


def verdict(*settings: ApiObject, running: bool = True) -> ControlResult:
    """NB-ISO-05 of a cluster whose one namespace of workloads has a default deny."""
    pods = (web(), KYVERNO) if running else (web(),)
    return judged("NB-ISO-05", whole(eks(*pods, policies=[policy(), policy(ns="kyverno")]), *settings))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(rule(), id="as-documented"),
        pytest.param(
            rule("match", {"resources": {"kinds": ["v1/Namespace"], "operations": ["CREATE"]}}), id="older-form"
        ),
        pytest.param(rule("match", {"all": [{"resources": {"kinds": ["Namespace"], "names": ["*"]}}]}), id="all"),
        pytest.param(rule("exclude", {"any": [{"resources": {"names": ["kube-*"]}}]}), id="excludes-names"),
    ],
)
def test_a_rule_that_holds_for_every_namespace_passes(changed: dict[str, Any]):
    """What Kyverno's documentation shows, in its several forms, closes the next namespace."""
    assert outcome(verdict(cluster_policy(changed))) == ("pass", "generated")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(rule("match", {"any": [{"resources": {"kinds": ["Pod"]}}]}), id="another-kind"),
        pytest.param(
            rule("match", {"any": [{"resources": {"kinds": ["Namespace"], "selector": {"a": "b"}}}]}), id="selector"
        ),
        pytest.param(
            rule("match", {"any": [{"resources": {"kinds": ["Namespace"]}, "subjects": [{"name": "x"}]}]}),
            id="subjects",
        ),
        pytest.param(
            rule("match", {"any": [{"resources": {"kinds": ["Namespace"], "names": ["team-*"]}}]}), id="names"
        ),
        pytest.param(rule("preconditions", {"all": [{"key": "x"}]}), id="preconditions"),
        pytest.param(rule("exclude", {"any": [{"resources": {"names": ["*"]}}]}), id="excludes-all"),
        pytest.param(rule("exclude", {"any": [{"clusterRoles": ["cluster-admin"]}]}), id="excludes-users"),
        pytest.param(rule("generate.namespace", "shop"), id="into-another-namespace"),
        pytest.param(rule("generate.synchronize", False), id="not-kept"),
        pytest.param(rule("generate.data"), id="clone"),
        pytest.param(rule("generate.data", {"spec": {**DENY, "egress": [{"to": "{{x}}"}]}}), id="variables"),
        pytest.param(
            rule("generate.data", {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}), id="one-direction"
        ),
        pytest.param(rule("generate.data", {"spec": "no object"}), id="refused-by-the-server"),
    ],
)
def test_a_rule_that_may_not_hold_is_undecided(changed: dict[str, Any]):
    """Neither a pass nor a proof that nothing closes the next namespace."""
    assert outcome(verdict(cluster_policy(changed))) == ("unknown", "generator-undecided")


def test_what_generates_must_run():
    """A policy without Kyverno is text."""
    assert outcome(verdict(cluster_policy(RULE), running=False)) == ("unknown", "generator-undecided")


def test_what_a_generating_policy_generates_is_not_known():
    """Kyverno's form in CEL is kept in part."""
    found = verdict(setting("policies.kyverno.io/v1", "GeneratingPolicy", "g", {}))
    assert outcome(found) == ("unknown", "generator-undecided")


def test_a_generator_that_visibly_did_not_generate_fails():
    """A namespace younger than the newest default deny has none."""
    base = whole(eks(web(), KYVERNO, policies=[policy(), policy(ns="kyverno")]), cluster_policy(RULE))
    old = tuple(msgspec.structs.replace(each, created="2026-01-01T00:00:00Z") for each in base.policies)
    new = msgspec.structs.replace(base.namespaces[0], name="young", created="2026-02-01T00:00:00Z")
    found = judged("NB-ISO-05", msgspec.structs.replace(base, policies=old, namespaces=(*base.namespaces, new)))
    assert outcome(found) == ("fail", "not-generated")
    assert "namespace young is younger" in " ".join(found.items[0].evidence)


def test_a_namespace_of_unknown_age_proves_nothing():
    """It may be older than the first default deny."""
    base = whole(eks(web(), policies=[policy()]))
    new = msgspec.structs.replace(base.namespaces[0], name="ageless", labels={"kubernetes.io/metadata.name": "ageless"})
    found = judged("NB-ISO-05", msgspec.structs.replace(base, namespaces=(*base.namespaces, new)))
    assert outcome(found) == ("unknown", "age-unknown")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["spec", "rules", "match", "any", "resources", "generate", "kind", "data"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_kyverno_object_is_too_odd(body: object):
    """Whatever an object holds, it is a doubt at most: nothing is raised and nothing generates."""
    case = case_of(whole(eks(web()), setting("kyverno.io/v1", "ClusterPolicy", "odd", body)))
    assert all(each.policy is None for each in generated(case))


def test_a_broken_object_is_named():
    """A spec that is no JSON."""
    broken = ApiObject(api_version="kyverno.io/v1", kind="ClusterPolicy", name="odd", spec=raw({}))
    broken = msgspec.structs.replace(broken, spec=msgspec.Raw(b"{"))
    case = case_of(whole(eks(web()), broken))
    assert [each.by for each in generated(case)] == ["ClusterPolicy odd"]
