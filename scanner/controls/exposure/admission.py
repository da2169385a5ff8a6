"""Whether admission refuses Services with externalIPs: ValidatingAdmissionPolicy, Kyverno, Gatekeeper.

Sources: Kubernetes, "Validating Admission Policy"; Kyverno, "Validate Rules" and its policy `restrict-service-external-ips`;
Gatekeeper's library, template `K8sExternalIPs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from scanner.admission import BindingSpec, Constraints, PolicySpec
from scanner.controls.base import Case
from scanner.dataplane.model import Answer
from scanner.model import ApiObject
from scanner.objects import UNREADABLE

KINDS = (
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "clusterpolicies.kyverno.io",
    "validatingpolicies.policies.kyverno.io",
    "k8sexternalips.constraints.gatekeeper.sh",
)
_VAP, _BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
# The expressions that are true of a Service without externalIPs and of no other, blanks left out.
_IPS = r"object\.spec\.externalIPs"
_REFUSING = re.compile(
    rf"(!has\({_IPS}\)(\|\|(size\({_IPS}\)==0|{_IPS}\.size\(\)==0|{_IPS}==\[\]))?)"
    rf"|(object\.spec\.\?externalIPs\.orValue\(\[\]\)(\.size\(\)==0|==\[\]))|(size\(object\.spec\.\?externalIPs\.orValue\(\[\]\)\)==0)\Z"
)
_ANCHORS = frozenset({"=(externalIPs)", "X(externalIPs)"})


@dataclass(frozen=True, slots=True)
class Guard:
    """One object that speaks of externalIPs: whether it surely refuses them everywhere, and a sentence that says so."""

    answer: Answer
    line: str


class _Form(msgspec.Struct, frozen=True, rename="camel"):
    """Base of the parts of a spec that are read here; whatever else is there is passed over."""


class _KyvernoValidate(_Form, frozen=True):
    failure_action: str | None = None
    pattern: Any = None


class _KyvernoRule(_Form, frozen=True):
    name: str = ""
    match: Any = None
    exclude: Any = None
    preconditions: Any = None
    validate: _KyvernoValidate | None = None


class _Kyverno(_Form, frozen=True):
    validation_failure_action: str | None = None
    validation_failure_action_overrides: Any = None
    admission: bool | None = None
    rules: tuple[_KyvernoRule, ...] = ()


class _Holder(_Form, frozen=True):
    """The objects of which a snapshot keeps whatever stands beside the metadata."""

    spec: msgspec.Raw = msgspec.Raw(b"{}")


class _Constraint(_Form, frozen=True):
    enforcement_action: str | None = None
    match: dict[str, Any] | None = None


def guards(case: Case) -> tuple[Guard, ...]:
    """Every object that speaks of externalIPs, with what it does about them."""
    settings = case.snapshot.settings
    bindings = [each for each in settings if each.kind == _BINDING]
    found: list[Guard] = []
    for each in settings:
        if b"externalIPs" not in bytes(each.spec) and each.kind != "K8sExternalIPs":
            continue
        try:
            match each.kind:
                case "ValidatingAdmissionPolicy":
                    found.append(_native(each, bindings))
                case "ValidatingPolicy":
                    found.append(_own(each))
                case "ClusterPolicy":
                    found += _kyverno(each)
                case "K8sExternalIPs":
                    found.append(_gatekeeper(each))
        except UNREADABLE:
            found.append(Guard(Answer.UNKNOWN, f"{each.kind} {each.name}: its spec cannot be read"))
    return tuple(found)


def _native(policy: ApiObject, bindings: list[ApiObject]) -> Guard:
    what = f"{_VAP} {policy.name}"
    spec = msgspec.json.decode(policy.spec, type=PolicySpec)
    doubt = _doubt(spec)
    bound = [(each.name, msgspec.json.decode(each.spec, type=BindingSpec)) for each in bindings]
    mine = [(name, each) for name, each in bound if each.policy_name == policy.name]
    denying = [(name, each) for name, each in mine if "Deny" in (each.validation_actions or ())]
    if not denying:
        why = "no binding of it denies" if mine else "nothing binds it"
        return Guard(Answer.NO, f"{what} refuses nothing: {why}")
    whole = [name for name, each in denying if not each.narrowed]
    if not whole:
        doubt = doubt or f"{_BINDING} {denying[0][0]} binds it to a part of the cluster only"
    if doubt:
        return Guard(Answer.UNKNOWN, f"{what}: {doubt}")
    return Guard(Answer.YES, f"{what} refuses externalIPs, bound by {_BINDING} {whole[0]}")


def _own(policy: ApiObject) -> Guard:
    what = f"Kyverno's ValidatingPolicy {policy.name}"
    spec = msgspec.json.decode(policy.spec, type=PolicySpec)
    if "Deny" not in (spec.validation_actions or ("Deny",)):
        return Guard(Answer.NO, f"{what} only warns or records")
    doubt = _doubt(spec)
    return Guard(Answer.UNKNOWN, f"{what}: {doubt}") if doubt else Guard(Answer.YES, f"{what} refuses externalIPs")


def _doubt(spec: PolicySpec) -> str:
    """Why a policy may let externalIPs through, or empty."""
    if spec.fails_open:
        return "failurePolicy is Ignore, so an error lets them through"
    if spec.match_conditions:
        return "its matchConditions may leave Services out"
    constraints = spec.match_constraints
    if constraints is None or constraints.narrowed or not _takes_services(constraints):
        return "its matchConstraints do not take every Service on create and update"
    texts = ["".join(each.expression.split()) for each in spec.validations or ()]
    if not any(_REFUSING.fullmatch(text) for text in texts):
        return "whether its expression refuses every externalIP cannot be told"
    return ""


def _takes_services(constraints: Constraints) -> bool:
    rules = constraints.resource_rules or ()
    return all(any(rule.covers(operation, "", "services") for rule in rules) for operation in ("CREATE", "UPDATE"))


def _kyverno(policy: ApiObject) -> Iterator[Guard]:
    """A ClusterPolicy of Kyverno; how its fields stand below `spec` hangs on what the snapshot keeps."""
    spec = _spec_of(policy, _Kyverno)
    for rule in spec.rules:
        pattern = rule.validate.pattern if rule.validate else None
        below = pattern.get("spec") if isinstance(pattern, dict) else None
        keys = _ANCHORS & below.keys() if isinstance(below, dict) else frozenset()
        what = f"Kyverno's ClusterPolicy {policy.name}, rule {rule.name}"
        if not keys or not isinstance(below, dict):
            yield Guard(Answer.UNKNOWN, f"{what}: whether it refuses externalIPs cannot be told")
            continue
        action = (rule.validate and rule.validate.failure_action) or spec.validation_failure_action or "Audit"
        if action.lower() != "enforce" or spec.admission is False:
            yield Guard(Answer.NO, f"{what} refuses nothing: it is in mode {action}")
        elif any(below[key] is not None and below[key] != "null" for key in keys):
            yield Guard(Answer.UNKNOWN, f"{what}: some externalIPs pass its pattern")
        elif rule.exclude or rule.preconditions or spec.validation_failure_action_overrides:
            yield Guard(Answer.UNKNOWN, f"{what}: exclude, preconditions or overrides may leave Services out")
        elif not _matches_services(rule.match):
            yield Guard(Answer.UNKNOWN, f"{what}: it does not match every Service")
        else:
            yield Guard(Answer.YES, f"{what} refuses externalIPs")


def _matches_services(match: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether a rule takes every Service: one filter that names the kind and nothing else."""
    if not isinstance(match, dict):
        return False
    filters = [match, *(match.get("any") or ())] if isinstance(match.get("any") or [], list) else [match]
    for each in filters:
        resources = each.get("resources") if isinstance(each, dict) else None
        kinds = resources.get("kinds") if isinstance(resources, dict) else None
        alone = isinstance(resources, dict) and resources.keys() <= {"kinds"} and not each.keys() - {"resources", "any"}
        if (
            alone
            and isinstance(kinds, list)
            and {"Service", "v1/Service", "*"} & {k for k in kinds if isinstance(k, str)}
        ):
            return True
    return False


def _gatekeeper(constraint: ApiObject) -> Guard:
    what = f"K8sExternalIPs {constraint.name}"
    spec = _spec_of(constraint, _Constraint)
    action = spec.enforcement_action or "deny"
    if action != "deny":
        return Guard(Answer.NO, f"{what} refuses nothing: enforcementAction is {action}")
    match = spec.match or {}
    if match.keys() - {"kinds", "scope"} or match.get("scope", "*") == "Cluster":
        return Guard(Answer.UNKNOWN, f"{what}: its match may leave Services out")
    kinds = match.get("kinds")
    if kinds and not (isinstance(kinds, list) and any(_names_services(each) for each in kinds)):
        return Guard(Answer.UNKNOWN, f"{what}: its match does not name Services")
    return Guard(Answer.YES, f"{what} refuses externalIPs that it does not list")


def _names_services(entry: Any) -> bool:  # noqa: ANN401 - any JSON value
    kinds = entry.get("kinds") if isinstance(entry, dict) else None
    return isinstance(kinds, list) and ("Service" in kinds or "*" in kinds)


def _spec_of(each: ApiObject, form: type[Any]) -> Any:  # noqa: ANN401 - an instance of `form`
    """The spec of an object of which all that stands beside the metadata is kept."""
    return msgspec.json.decode(msgspec.json.decode(each.spec, type=_Holder).spec, type=form)
