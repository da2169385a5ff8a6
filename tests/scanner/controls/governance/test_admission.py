"""What admission control refuses: the rules that are shipped, and what others make of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from scanner.admission import Mode, ResourceRule, admission_of
from scanner.controls.governance.admission import PROTECTIONS
from scanner.model import ApiObject
from tests.factories import raw, snapshot

FOLDER = Path(__file__).parents[4] / "docs" / "admission"


def setting(kind: str, name: str, spec: object, api: str = "kyverno.io/v1") -> ApiObject:
    """An admission object as a snapshot holds it."""
    return ApiObject(api_version=api, kind=kind, name=name, spec=raw(spec))


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda each: each.file)
def test_the_shipped_file_is_what_the_control_recognises(protection):
    """Word for word, for the requests that it is about, bound and denying, with nothing left out."""
    policy, binding = yaml.safe_load_all((FOLDER / protection.file).read_text())
    (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]
    assert (tuple(rule["operations"]), rule["apiGroups"], rule["resources"]) == (
        protection.operations, [protection.group], [protection.resource]
    )  # fmt: skip
    (validation,) = policy["spec"]["validations"]
    assert validation["expression"].split() == protection.expression.split()
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}


def test_every_shipped_file_belongs_to_a_protection():
    """No file is there that nothing looks for."""
    assert {path.name for path in FOLDER.glob("*.yaml")} >= {each.file for each in PROTECTIONS}


@pytest.mark.parametrize(
    ("spec", "mode"),
    [
        ({}, Mode.AUDIT),
        ({"validationFailureAction": "Enforce"}, Mode.DENY),
        ({"validationFailureAction": "enforce"}, Mode.DENY),
        ({"validationFailureAction": "Audit"}, Mode.AUDIT),
    ],
)
def test_kyverno_reports_unless_it_is_told_to_enforce(spec, mode):
    """Kyverno's default is Audit; a rule's own failureAction comes first."""
    rule = {"name": "r", "match": {"any": [{"resources": {"kinds": ["Service"]}}]}, "validate": {"message": "no"}}
    (found,) = admission_of(
        snapshot(settings=[setting("ClusterPolicy", "p", {"spec": spec | {"rules": [rule]}})])
    ).rules
    assert (found.mode, found.covers("CREATE", "", "services"), found.covers("CREATE", "", "pods")) == (
        mode,
        True,
        False,
    )
    own = rule | {"validate": {"failureAction": "Enforce"}}
    (found,) = admission_of(snapshot(settings=[setting("ClusterPolicy", "p", {"spec": spec | {"rules": [own]}})])).rules
    assert found.mode is Mode.DENY


def test_a_policy_without_a_binding_does_nothing():
    """A ValidatingAdmissionPolicy acts only where a binding says so."""
    policy = setting(
        "ValidatingAdmissionPolicy", "p", {"validations": [{"expression": "true"}]}, "admissionregistration.k8s.io/v1"
    )
    (found,) = admission_of(snapshot(settings=[policy])).rules
    assert found.mode is Mode.NOWHERE


@pytest.mark.parametrize("spec", [[], {"webhooks": 3}, {"webhooks": [{"rules": "*"}]}])
def test_what_cannot_be_understood_is_named(spec):
    """A broken object is no rule and no exception."""
    hook = setting("ValidatingWebhookConfiguration", "odd", spec, "admissionregistration.k8s.io/v1")
    found = admission_of(snapshot(settings=[hook]))
    assert (found.rules, found.broken) == ((), ("ValidatingWebhookConfiguration odd",))


def test_a_rule_covers_by_operation_group_and_resource():
    """Each of the three must fit; `*` fits all."""
    rule = ResourceRule(("CREATE",), ("",), ("services",))
    assert rule.covers("CREATE", "", "services")
    assert not rule.covers("DELETE", "", "services")
    assert not rule.covers("CREATE", "apps", "services")
    assert ResourceRule(("*",), ("*",), ("*",)).covers("DELETE", "apps", "deployments")
