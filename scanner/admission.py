"""What a cluster's admission control refuses, as far as its objects say: which requests a rule looks at, and whether it denies.

Read from ValidatingAdmissionPolicy with its bindings (admissionregistration/v1), Kyverno's ClusterPolicy, Policy and
ValidatingPolicy, and the constraints of Gatekeeper's library. A webhook says what it looks at and not what it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from scanner.model import ApiObject, Snapshot
from scanner.objects import decoded_or_listed, named

ADMISSION = "admissionregistration.k8s.io"
RESOURCES = (
    f"validatingadmissionpolicies.{ADMISSION}", f"validatingadmissionpolicybindings.{ADMISSION}",
    f"validatingwebhookconfigurations.{ADMISSION}", "clusterpolicies.kyverno.io", "policies.kyverno.io",
    "validatingpolicies.policies.kyverno.io", "constrainttemplates.templates.gatekeeper.sh",
    "k8sexternalips.constraints.gatekeeper.sh", "k8sblockloadbalancer.constraints.gatekeeper.sh",
    "k8sblocknodeport.constraints.gatekeeper.sh",
)  # fmt: skip
_ALL = "*"
_READ_ELSEWHERE = ("kyverno-", "gatekeeper-")  # webhooks of engines whose own policies are read
_LIBRARY = frozenset(
    {"k8sexternalips", "k8sblockloadbalancer", "k8sblocknodeport"}
)  # templates whose constraints are read


class Mode(StrEnum):
    """What a rule does with a request that it does not like; `nowhere` is a policy that no binding puts to work."""

    DENY = "deny"
    AUDIT = "audit"
    NOWHERE = "nowhere"
    UNKNOWN = "unknown"


class ResourceRule(msgspec.Struct, frozen=True, rename="camel"):
    """Requests by operation, group and resource, as admission rules of Kubernetes write them."""

    operations: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()  # the only objects that are looked at, where there are any

    def covers(self, operation: str, group: str, resource: str) -> bool:
        """Whether such a request is looked at."""
        return (
            bool({operation, _ALL} & set(self.operations))
            and bool({group, _ALL} & set(self.api_groups))
            and bool({resource, _ALL, "*/*"} & set(self.resources))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRule:
    """One rule. `where` is "Kind name"; `narrowed` says that it leaves some namespaces, objects or users out.

    `refuses` are what it demands or forbids, as the object writes it: CEL expressions, or the name of a library's template;
    empty where only its own code knows.
    """

    where: str
    mode: Mode
    rules: tuple[ResourceRule, ...]
    narrowed: str = ""
    refuses: tuple[str, ...] = ()

    def covers(self, operation: str, group: str, resource: str) -> bool:
        """Whether the rule looks at such a request."""
        return any(rule.covers(operation, group, resource) for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Admission:
    """Every rule, and the objects that could not be understood."""

    rules: tuple[AdmissionRule, ...]
    broken: tuple[str, ...]


def admission_of(snapshot: Snapshot) -> Admission:
    """All rules of a cluster, in the order of its objects."""
    broken: list[str] = []
    bindings: dict[str, list[BindingSpec]] = {}
    for item in snapshot.settings:
        if item.kind == "ValidatingAdmissionPolicyBinding":
            binding = decoded_or_listed(item, BindingSpec, broken)
            if binding is not None:
                bindings.setdefault(binding.policy_name, []).append(binding)
    rules: list[AdmissionRule] = []
    for item in snapshot.settings:
        rules += _rules(item, bindings, broken)
    return Admission(tuple(rules), tuple(broken))


class Validation(msgspec.Struct, frozen=True):
    """One demand, in CEL."""

    expression: str = ""


class Constraints(msgspec.Struct, frozen=True, rename="camel"):
    """What a policy, or a binding of it, looks at (admissionregistration/v1, MatchResources)."""

    resource_rules: tuple[ResourceRule, ...] | None = None
    exclude_resource_rules: tuple[ResourceRule, ...] | None = None
    namespace_selector: dict[str, Any] | None = None
    object_selector: dict[str, Any] | None = None

    @property
    def narrowed(self) -> str:
        """What leaves some objects out, by the fields' names; empty where nothing does."""
        parts = {
            "excludeResourceRules": self.exclude_resource_rules,
            "namespaceSelector": self.namespace_selector,
            "objectSelector": self.object_selector,
            "resourceNames": any(rule.resource_names for rule in self.resource_rules or ()),
        }
        return ", ".join(name for name, value in parts.items() if value)


class PolicySpec(msgspec.Struct, frozen=True, rename="camel"):
    """A ValidatingAdmissionPolicy, or Kyverno's ValidatingPolicy, whose `validation_actions` are its own."""

    failure_policy: str | None = None
    match_constraints: Constraints | None = None
    match_conditions: tuple[Any, ...] | None = None
    validations: tuple[Validation, ...] | None = None
    validation_actions: tuple[str, ...] | None = None

    @property
    def fails_open(self) -> bool:
        """Whether an error in it lets the request through."""
        return (self.failure_policy or "Fail") != "Fail"


class BindingSpec(msgspec.Struct, frozen=True, rename="camel"):
    """A ValidatingAdmissionPolicyBinding."""

    policy_name: str = ""
    match_resources: Constraints | None = None
    param_ref: dict[str, Any] | None = None
    validation_actions: tuple[str, ...] | None = None

    @property
    def narrowed(self) -> str:
        """What binds the policy to a part of the cluster, or to parameters; empty where nothing does."""
        parts = [self.match_resources.narrowed if self.match_resources else "", "paramRef" if self.param_ref else ""]
        return ", ".join(filter(None, parts))


class _Webhook(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    rules: tuple[ResourceRule, ...] = ()


class _Webhooks(msgspec.Struct, frozen=True):
    webhooks: tuple[_Webhook, ...] = ()


class _KyvernoResources(msgspec.Struct, frozen=True):
    kinds: tuple[str, ...] = ()
    operations: tuple[str, ...] = (_ALL,)


class _KyvernoFilter(msgspec.Struct, frozen=True):
    resources: _KyvernoResources = _KyvernoResources()


class _KyvernoMatch(msgspec.Struct, frozen=True):
    resources: _KyvernoResources = _KyvernoResources()
    any: tuple[_KyvernoFilter, ...] = ()
    all: tuple[_KyvernoFilter, ...] = ()


class _KyvernoValidate(msgspec.Struct, frozen=True, rename="camel"):
    failure_action: str = ""


class _KyvernoRule(msgspec.Struct, frozen=True):
    name: str = ""
    match: _KyvernoMatch = _KyvernoMatch()
    exclude: dict[str, Any] = {}
    preconditions: Any = None
    validate: _KyvernoValidate | None = None


class _KyvernoSpec(msgspec.Struct, frozen=True, rename="camel"):
    validation_failure_action: str = "Audit"  # Kyverno's default (kyverno.io/v1, Spec)
    validation_failure_action_overrides: Any = None
    rules: tuple[_KyvernoRule, ...] = ()


class _Kyverno(msgspec.Struct, frozen=True):
    spec: _KyvernoSpec = _KyvernoSpec()


class _ConstraintSpec(msgspec.Struct, frozen=True, rename="camel"):
    enforcement_action: str = "deny"  # Gatekeeper's default
    match: dict[str, Any] = {}


class _Constraint(msgspec.Struct, frozen=True):
    spec: _ConstraintSpec = _ConstraintSpec()


def _rules(item: ApiObject, bindings: dict[str, list[BindingSpec]], broken: list[str]) -> Iterator[AdmissionRule]:
    where = named(item)
    group = item.api_version.partition("/")[0]
    if item.kind in {"ValidatingAdmissionPolicy", "ValidatingPolicy"}:
        policy = decoded_or_listed(item, PolicySpec, broken)
        if policy is not None:
            own = item.kind == "ValidatingPolicy"
            yield from _policy(where, policy, None if own else bindings.get(item.name, []))
    elif group == "kyverno.io":
        kyverno = decoded_or_listed(item, _Kyverno, broken) or _Kyverno()
        yield from _kyverno(where, item.namespace, kyverno.spec)
    elif item.kind == "ValidatingWebhookConfiguration" and not item.name.startswith(_READ_ELSEWHERE):
        found = decoded_or_listed(item, _Webhooks, broken) or _Webhooks()
        for webhook in found.webhooks:
            yield AdmissionRule(where=f"{where} ({webhook.name})", mode=Mode.UNKNOWN, rules=webhook.rules)
    elif item.kind == "ConstraintTemplate" and item.name not in _LIBRARY:
        yield AdmissionRule(where=where, mode=Mode.UNKNOWN, rules=(ResourceRule((_ALL,), (_ALL,), (_ALL,)),))
    elif group == "constraints.gatekeeper.sh":
        constraint = decoded_or_listed(item, _Constraint, broken)
        if constraint is not None:
            services = ResourceRule(("CREATE", "UPDATE"), ("",), ("services",))
            denies = constraint.spec.enforcement_action == "deny"
            extra = set(constraint.spec.match) - {"kinds"}
            yield AdmissionRule(
                where=where, mode=Mode.DENY if denies else Mode.AUDIT, rules=(services,),
                narrowed=", ".join(sorted(extra)), refuses=(item.kind,),
            )  # fmt: skip


def _policy(where: str, policy: PolicySpec, bindings: list[BindingSpec] | None) -> Iterator[AdmissionRule]:
    """A policy in CEL: it acts where a binding says so; Kyverno's own form says it itself, and denies by default."""
    constraints = policy.match_constraints or Constraints()
    narrowed = [
        constraints.narrowed,
        "matchConditions" if policy.match_conditions else "",
        "failurePolicy Ignore" if policy.fails_open else "",
    ]
    if bindings is None:
        actions: tuple[str, ...] = policy.validation_actions or ("Deny",)
    else:
        actions = tuple(action for binding in bindings for action in binding.validation_actions or ())
        narrowed += [binding.narrowed for binding in bindings]
    mode = Mode.DENY if "Deny" in actions else Mode.AUDIT if actions else Mode.NOWHERE
    yield AdmissionRule(
        where=where, mode=mode, rules=constraints.resource_rules or (),
        narrowed=", ".join(filter(None, narrowed)),
        refuses=tuple(validation.expression for validation in policy.validations or ()),
    )  # fmt: skip


def _kyverno(where: str, namespace: str, spec: _KyvernoSpec) -> Iterator[AdmissionRule]:
    for rule in spec.rules:
        if rule.validate is None:
            continue
        action = (rule.validate.failure_action or spec.validation_failure_action).lower()
        filters = [rule.match.resources, *(each.resources for each in (*rule.match.any, *rule.match.all))]
        narrowed = {
            "a namespace": namespace, "exclude": rule.exclude, "preconditions": rule.preconditions,
            "validationFailureActionOverrides": spec.validation_failure_action_overrides,
        }  # fmt: skip
        yield AdmissionRule(
            where=f"{where} ({rule.name})", mode=Mode.DENY if action == "enforce" else Mode.AUDIT,
            rules=tuple(_kinds(each) for each in filters if each.kinds),
            narrowed=", ".join(name for name, value in narrowed.items() if value),
        )  # fmt: skip


def _kinds(resources: _KyvernoResources) -> ResourceRule:
    """Kyverno's kinds ("Service", "networking.k8s.io/v1/NetworkPolicy", "*") as resources."""
    names = [kind.rpartition("/")[2] for kind in resources.kinds]
    plurals = {"Service": "services", "NetworkPolicy": "networkpolicies", _ALL: _ALL}
    return ResourceRule(resources.operations, (_ALL,), tuple(plurals.get(name, name) for name in names))
