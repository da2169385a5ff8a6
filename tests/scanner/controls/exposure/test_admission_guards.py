"""What refuses externalIPs and what only looks as if it did."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.controls.exposure.admission import guards
from scanner.dataplane.model import Answer
from scanner.model import ApiObject
from scanner.prepare import case_of
from tests.factories import raw, snapshot

SERVICES = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["services"], "operations": ["CREATE", "UPDATE"]}
GOOD = "!has(object.spec.externalIPs) || object.spec.externalIPs.size() == 0"


def thing(kind: str, spec: Any, name: str = "x") -> ApiObject:
    """A setting object."""
    return ApiObject(api_version="x/v1", kind=kind, name=name, spec=raw(spec))


def answers(*settings: ApiObject) -> list[Answer]:
    """What each object that speaks of externalIPs does."""
    return [guard.answer for guard in guards(case_of(snapshot(settings=settings)))]


def native(expression: str = GOOD, **spec: Any) -> dict[str, Any]:
    """The spec of a ValidatingAdmissionPolicy."""
    return {"matchConstraints": {"resourceRules": [SERVICES]}, "validations": [{"expression": expression}], **spec}


def binding(*actions: str, **spec: Any) -> ApiObject:
    """A binding of policy `x`."""
    return thing("ValidatingAdmissionPolicyBinding", {"policyName": "x", "validationActions": list(actions), **spec})


@pytest.mark.parametrize(
    ("spec", "bound", "expected"),
    [
        pytest.param(native(), [binding("Deny")], Answer.YES, id="refuses"),
        pytest.param(native(), [binding("Deny", "Audit")], Answer.YES, id="refuses-and-records"),
        pytest.param(native(), [], Answer.NO, id="bound-to-nothing"),
        pytest.param(native(), [binding("Warn")], Answer.NO, id="warns"),
        pytest.param(native(failurePolicy="Ignore"), [binding("Deny")], Answer.UNKNOWN, id="errors-pass"),
        pytest.param(native(matchConditions=[{"name": "a"}]), [binding("Deny")], Answer.UNKNOWN, id="conditions"),
        pytest.param(f"{GOOD} || true", [binding("Deny")], Answer.UNKNOWN, id="always-true"),
        pytest.param("has(object.spec.externalIPs)", [binding("Deny")], Answer.UNKNOWN, id="the-reverse"),
        pytest.param(
            native(matchConstraints={"resourceRules": [{**SERVICES, "operations": ["CREATE"]}]}),
            [binding("Deny")],
            Answer.UNKNOWN,
            id="updates-pass",
        ),
        pytest.param(
            native(), [binding("Deny", matchResources={"namespaceSelector": {"a": "b"}})], Answer.UNKNOWN, id="a-part"
        ),
        pytest.param({"validations": "externalIPs"}, [binding("Deny")], Answer.UNKNOWN, id="unreadable"),
        pytest.param(["externalIPs"], [binding("Deny")], Answer.UNKNOWN, id="no-object"),
    ],
)
def test_native_policies(spec, bound, expected):
    """Only a policy for every Service, with an expression that is known to refuse, bound to deny, surely refuses."""
    given = native(spec) if isinstance(spec, str) else spec
    assert answers(thing("ValidatingAdmissionPolicy", given), *bound) == [expected]


def kyverno(pattern: Any = "null", action: str = "Enforce", key: str = "=(externalIPs)", **rule: Any) -> ApiObject:
    """A ClusterPolicy of Kyverno, as a snapshot keeps it."""
    built = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Service"]}}]},
        "validate": {"pattern": {"spec": {key: pattern}}},
        **rule,
    }
    return thing("ClusterPolicy", {"spec": {"validationFailureAction": action, "rules": [built]}})


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(kyverno(), Answer.YES, id="enforced"),
        pytest.param(kyverno(key="X(externalIPs)"), Answer.YES, id="must-not-be-there"),
        pytest.param(kyverno(action="Audit"), Answer.NO, id="audit"),
        pytest.param(kyverno(["10.0.0.1"]), Answer.UNKNOWN, id="some-pass"),
        pytest.param(kyverno(exclude={"any": []}), Answer.UNKNOWN, id="excluding"),
        pytest.param(
            kyverno(match={"any": [{"resources": {"kinds": ["Service"], "namespaces": ["a"]}}]}),
            Answer.UNKNOWN,
            id="one-namespace",
        ),
        pytest.param(kyverno(match={"any": "externalIPs"}), Answer.UNKNOWN, id="odd-match"),
        pytest.param(thing("ClusterPolicy", {"spec": {"rules": "externalIPs"}}), Answer.UNKNOWN, id="unreadable"),
        pytest.param(thing("K8sExternalIPs", {"spec": {}}), Answer.YES, id="gatekeeper"),
        pytest.param(thing("K8sExternalIPs", {"spec": {"enforcementAction": "dryrun"}}), Answer.NO, id="dry-run"),
        pytest.param(
            thing("K8sExternalIPs", {"spec": {"match": {"excludedNamespaces": ["a"]}}}), Answer.UNKNOWN, id="but-one"
        ),
        pytest.param(
            thing("K8sExternalIPs", {"spec": {"match": {"kinds": [{"kinds": ["Pod"]}]}}}),
            Answer.UNKNOWN,
            id="other-kind",
        ),
        pytest.param(thing("K8sExternalIPs", {"spec": 7}), Answer.UNKNOWN, id="gatekeeper-unreadable"),
    ],
)
def test_kyverno_and_gatekeeper(policy, expected):
    """Modes that only record refuse nothing; what leaves something out is in doubt."""
    assert answers(policy) == [expected]
