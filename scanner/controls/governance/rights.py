"""NB-GOV-04: who can change policies, the labels they select by, or the engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, unread
from scanner.dataplane.sighting import sightings
from scanner.findings import Status
from scanner.model import Collected
from scanner.rbac import RESOURCES, Grant, rights_of

WRITES = ("create", "update", "patch", "delete", "deletecollection")
CHANGES = ("update", "patch")
# Subjects that Kubernetes and the managed clouds make for their own controllers and for break-glass. Kubernetes reserves the
# prefix system: for these ("Using RBAC Authorization", Default roles and role bindings; User-facing subjects below are
# everybody and so never among them); eks: is EKS's ("EKS default roles and users"), aks-service AKS's own client.
BUILT_IN = ("User:system:*", "Group:system:*", "User:eks:*", "Group:eks:*", "User:aks-service", "User:clusterAdmin")
EVERYBODY = (
    "Group:system:authenticated", "Group:system:unauthenticated", "User:system:anonymous", "Group:system:serviceaccounts",
    "Group:system:serviceaccounts:*",
)  # fmt: skip
# What policies refer to: to change such a set is to change the policy.
_REFERRED = ("networksets", "globalnetworksets", "tiers", "ciliumcidrgroups", "hostendpoints")


@dataclass(frozen=True, slots=True)
class Power:
    """Something that switches segmentation off or around. `where` is the only namespace it counts in, empty for any."""

    what: str
    group: str
    resource: str
    verbs: tuple[str, ...]
    where: tuple[str, ...] = ()


def few_can_change_policy(case: Case) -> Iterator[Verdict]:
    """Judge every subject that holds such a power: those that are named, built in or of the platform pass."""
    gaps = case.missing(*RESOURCES) or _unserved(case)
    if gaps:
        yield unread(CLUSTER, gaps)
        return
    rights = rights_of(case.snapshot)
    powers = tuple(_powers(case))
    held: dict[str, list[str]] = {}
    for grant in rights.grants:
        for power in powers:
            verbs = grant.rule.allows(power.verbs, power.group, power.resource)
            if verbs and _counts(case, grant, power):
                held.setdefault(grant.subject, []).append(_sentence(grant, power, verbs))
    for subject, ways in sorted(held.items()):
        yield _verdict(case, subject, ways)
    if rights.broken:
        yield Verdict(
            subject=CLUSTER, status=Status.UNKNOWN, reason="not-understood",
            evidence=bounded(f"{name} cannot be understood, so whom it lets do what is not known" for name in rights.broken),
        )  # fmt: skip
    elif not held:
        yield Verdict(
            subject=CLUSTER, status=Status.PASS, reason="nobody",
            evidence=("no binding grants a right to change policies, what they select by, or the engine",),
        )  # fmt: skip


def _unserved(case: Case) -> tuple[str, ...]:
    """Every Kubernetes API serves RBAC: one that says it does not hides who may do what."""
    ended = [case.snapshot.collection[resource].status for resource in RESOURCES]
    if all(status is Collected.ABSENT for status in ended):
        return ("the API server says that it knows no RBAC, so who may do what is not known",)
    return ()


def _powers(case: Case) -> Iterator[Power]:
    for resource in sorted(case.snapshot.collection):
        plural, _, group = resource.partition(".")
        if (plural.endswith("networkpolicies") and not plural.startswith("staged")) or plural in _REFERRED:
            yield Power("policies", group, plural, WRITES)
    yield Power("labels of namespaces", "", "namespaces", CHANGES)
    yield Power("labels of pods", "", "pods", CHANGES)
    homes = tuple(sorted({"kube-system", *(item.daemon_set.namespace for item in sightings(case.snapshot))}))
    yield Power("the engine", "apps", "daemonsets", (*CHANGES, "delete", "deletecollection"), homes)
    yield Power("the engine's settings", "", "configmaps", (*CHANGES, "delete", "deletecollection"), homes)
    yield Power("kinds of policy", "apiextensions.k8s.io", "customresourcedefinitions", (*CHANGES, "delete"))
    for plural in (
        "validatingwebhookconfigurations",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    ):
        yield Power("admission", "admissionregistration.k8s.io", plural, WRITES)
    for plural in ("roles", "clusterroles"):
        yield Power("its own rights", "rbac.authorization.k8s.io", plural, ("bind", "escalate"))
    for plural in ("users", "groups", "serviceaccounts"):
        yield Power("who it is", "", plural, ("impersonate",))


def _counts(case: Case, grant: Grant, power: Power) -> bool:
    """Whether a grant reaches what the power is about: a namespace of the engine, or one whose workloads are judged."""
    if not grant.namespace:
        return True
    if power.where:
        return grant.namespace in power.where
    return power.resource != "pods" or not case.is_platform(grant.namespace)


def _sentence(grant: Grant, power: Power, verbs: Iterable[str]) -> str:
    where = f"in namespace {grant.namespace}" if grant.namespace else "in the whole cluster"
    only = f" named {', '.join(grant.rule.resource_names)}" if grant.rule.resource_names else ""
    resource = f"{power.resource}.{power.group}" if power.group else power.resource
    return f"may {', '.join(verbs)} {resource}{only} {where} ({power.what}): {grant.by}"


def _verdict(case: Case, subject: str, ways: list[str]) -> Verdict:
    why = why_allowed(case, subject)
    if why:
        return Verdict(subject=subject, status=Status.PASS, reason=why, evidence=bounded(ways, 3))
    mend = (
        f"Take these rights from {subject}: bind a role without them instead (of the built-in roles, admin and edit hold writes "
        "on networkpolicies, view does not), or name it under policy_writers in the baseline's settings if it is meant to."
    )
    return Verdict(
        subject=subject, status=Status.FAIL, reason="can-change-policy", evidence=bounded(ways), remediation=mend
    )


def why_allowed(case: Case, subject: str) -> str:
    """Why a subject may hold such rights, empty where it may not."""
    if any(fnmatchcase(subject, pattern) for pattern in case.config.policy_writers):
        return "named"
    if any(fnmatchcase(subject, pattern) for pattern in EVERYBODY):
        return ""
    if any(fnmatchcase(subject, pattern) for pattern in BUILT_IN):
        return "built-in"
    kind, _, name = subject.partition(":")
    if kind == "ServiceAccount" and case.is_platform(name.partition("/")[0]):
        return "platform"
    return ""
