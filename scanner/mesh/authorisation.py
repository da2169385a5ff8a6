"""Istio's AuthorizationPolicies: which close a namespace, and which rules let in whom they do not name.

Istio, "Authorization Policy" (istio.io, reference/config/security/authorization-policy) and "Authorization Policy Conditions":
CUSTOM is asked first, then DENY, then ALLOW; as soon as one ALLOW policy applies to a workload, what none of them matches is
denied. A policy without rules matches nothing, one with the rule `{}` everything; without a selector it is the namespace's, in
the root namespace the mesh's. `istio.io/dry-run: "true"` has no effect. What has `targetRefs` counts at a waypoint or gateway.
"""

from __future__ import annotations

from dataclasses import dataclass

from scanner.mesh.istio import root_namespace
from scanner.mesh.specs import ISTIO_SECURITY, AuthorizationPolicy, AuthorizationRule, Source, objects
from scanner.model import ApiObject, Pod, Snapshot
from scanner.objects import decoded, named

_IDENTITY_KEYS = frozenset(
    {"source.principal", "source.namespace", "source.serviceAccount", "request.auth.principal"}
)  # of `when`


@dataclass(frozen=True, slots=True)
class Authorisation:
    """One policy with an effect, read."""

    item: ApiObject
    spec: AuthorizationPolicy
    root: bool

    @property
    def action(self) -> str:
        """ALLOW, DENY, AUDIT or CUSTOM."""
        return (self.spec.action or "ALLOW").upper()

    @property
    def general(self) -> bool:
        """Whether it is for every workload of its namespace, or of the mesh."""
        return self.spec.selector is None or self.spec.selector.everything

    @property
    def closes(self) -> bool:
        """Whether it lets nothing through by itself: an ALLOW that matches nothing, or a DENY that matches everything."""
        rules = self.spec.rules or []
        if self.action == "ALLOW":
            return not rules
        return self.action == "DENY" and any(_asks_nothing(rule) for rule in rules)

    @property
    def everything(self) -> bool:
        """Whether one of its rules matches whatever comes."""
        return any(_asks_nothing(rule) for rule in self.spec.rules or ())

    @property
    def refuses_tokenless(self) -> bool:
        """Whether it denies whatever has no verified token (`notRequestPrincipals: ["*"]` and nothing else asked)."""
        return self.action == "DENY" and any(
            rule is not None
            and not (rule.to or rule.when)
            and any(each.source == Source(not_request_principals=["*"]) for each in rule.from_ or ())
            for rule in self.spec.rules or ()
        )

    @property
    def asks_for_token(self) -> bool:
        """Whether every rule of an ALLOW asks for a verified token in every alternative of `from`, or in `when`."""
        return all(
            rule is not None
            and (
                any(each.key.startswith("request.auth.") and each.values for each in rule.when or ())
                or (
                    bool(rule.from_)
                    and all(each.source and each.source.request_principals for each in rule.from_ or ())
                )
            )
            for rule in self.spec.rules or ()
        )

    def applies(self, pod: Pod) -> bool:
        """Whether a pod is meant; a selector in the root namespace means pods of every namespace."""
        if not self.root and self.item.namespace != pod.namespace:
            return False
        return self.general or bool(self.spec.selector and self.spec.selector.selects(pod.labels))

    @property
    def nameless(self) -> list[tuple[str, str]]:
        """The rules of an ALLOW that let in whom they do not name, each with its place and why; empty for other actions."""
        if self.action != "ALLOW":
            return []
        found = []
        for number, rule in enumerate(self.spec.rules or ()):
            why = _nameless(rule or AuthorizationRule())
            if why:
                found.append((f"{named(self.item)}, rules[{number}]", why))
        return found


class Authorisations:
    """The AuthorizationPolicies of one cluster that have an effect on workloads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.root, self.root_doubt = root_namespace(snapshot)
        self.effective: list[Authorisation] = []
        self._by_namespace: dict[str, list[Authorisation]] = {}
        self.inert: dict[str, list[str]] = {}  # namespace -> policies without an effect, and why
        self.broken: dict[str, list[str]] = {}
        for item in objects(snapshot, "AuthorizationPolicy", ISTIO_SECURITY):
            spec = decoded(item, AuthorizationPolicy)
            if spec is None:
                self.broken.setdefault(item.namespace, []).append(f"{named(item)}: spec cannot be read")
            elif item.annotations.get("istio.io/dry-run", "").strip().lower() == "true":
                self.inert.setdefault(item.namespace, []).append(f"{named(item)} is a dry run, so it has no effect")
            elif spec.targeted:
                said = f"{named(item)} has targetRefs: it counts at a waypoint or gateway, not at the workloads"
                self.inert.setdefault(item.namespace, []).append(said)
            else:
                found = Authorisation(item, spec, item.namespace == self.root)
                self.effective.append(found)
                self._by_namespace.setdefault(item.namespace, []).append(found)

    def of(self, pod: Pod) -> list[Authorisation]:
        """The policies that apply to a pod."""
        return [each for each in self._near(pod.namespace) if each.applies(pod)]

    def _near(self, namespace: str) -> list[Authorisation]:
        """The policies of a namespace, and of the root namespace, which speak of every one."""
        places = dict.fromkeys((namespace, self.root))
        return [each for place in places for each in self._by_namespace.get(place, ())]

    def base(self, namespace: str) -> Authorisation | None:
        """What closes every workload of a namespace: its own policy before the mesh's."""
        found = [each for each in self._near(namespace) if each.general and each.closes]
        return min(found, key=lambda each: (each.item.namespace != namespace, each.item.name), default=None)


def _asks_nothing(rule: AuthorizationRule | None) -> bool:
    return rule is None or not (rule.from_ or rule.to or rule.when)


def _nameless(rule: AuthorizationRule) -> str:
    """Why a rule does not name who may call; empty where it does, in every alternative of `from` or by `when`."""
    for condition in rule.when or ():
        values = condition.values or []
        if condition.key in _IDENTITY_KEYS and values and not any(is_wildcard(value) for value in values):
            return ""
    if not rule.from_:
        return "it has no from, so it lets in everybody"
    for number, each in enumerate(rule.from_):
        why = _unnamed(each.source or Source())
        if why:
            return f"from[{number}] {why}"
    return ""


def _unnamed(source: Source) -> str:
    lists = (source.principals, source.request_principals, source.namespaces, source.service_accounts)
    given = [values for values in lists if values]
    if not given:
        return "names no principal, namespace or service account"
    if any(not any(is_wildcard(value) for value in values) for values in given):
        return ""
    wild = next(value for values in given for value in values if is_wildcard(value))
    return f'has the wildcard "{wild[:120]}"'


def is_wildcard(principal: str) -> bool:
    """Whether a principal stands for callers it does not name. A whole namespace (`.../ns/shop/*`) is named."""
    if "*" not in principal:
        return False
    before, _, after = principal.partition("/ns/")
    namespace, slash, rest = after.partition("/")
    return "*" in before or not namespace or "*" in namespace or not slash or "*" in rest.removesuffix("*")
