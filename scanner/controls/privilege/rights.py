"""Who may write what: RBAC, read from the snapshot for one resource at a time.

Source: the authorizer (kubernetes/kubernetes `plugin/pkg/auth/authorizer/rbac`) and the RBAC page of the Kubernetes
documentation. What a cloud's own authorizer grants (IAM, EKS access entries, Azure RBAC) stands in no RBAC object.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec

from scanner.controls.base import Case
from scanner.model import ApiObject

RBAC = tuple(
    f"{plural}.rbac.authorization.k8s.io" for plural in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")
)
_GROUP = "rbac.authorization.k8s.io"
# Groups of everybody or of many: what they may do, tenants may do.
_BROAD = frozenset({"system:authenticated", "system:unauthenticated", "system:serviceaccounts"})
# Names that the API server's own components and the clouds' carry; nobody else can be called so: `system:` is reserved
# (Kubernetes documentation, "Using RBAC Authorization"), `eks:` and the like cannot be given to an IAM principal (EKS user
# guide, "Create access entries").
_RESERVED = ("system:", "eks:", "aws:", "amazon:")
_ACCOUNT, _ACCOUNTS = "system:serviceaccount:", "system:serviceaccounts:"


class _Rule(msgspec.Struct, frozen=True, rename="camel"):
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    verbs: list[str] | None = None
    resource_names: list[str] | None = None


class _Role(msgspec.Struct, frozen=True):
    rules: list[_Rule] | None = None


class _RoleRef(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""


class _Subject(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""
    namespace: str | None = None


class _Binding(msgspec.Struct, frozen=True, rename="camel"):
    role_ref: _RoleRef | None = None
    subjects: list[_Subject] | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A subject ("Group/dev", "ServiceAccount/shop/ci") and the binding that gives it the right; `namespace` is empty for all."""

    subject: str
    by: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Granted:
    """Who is granted something, and the objects that could not be read, which may grant it too."""

    grants: tuple[Grant, ...]
    unreadable: tuple[str, ...]


def granted(case: Case, group: str, resources: Collection[str], verbs: Collection[str]) -> Granted:
    """Who may do one of `verbs` with one of `resources` of an API group, anywhere. Subjects of the platform are left out.

    Whether the lists of RBAC objects are whole is not asked here: see `Case.missing` with `RBAC`.
    """
    roles: dict[tuple[str, str, str], bool] = {}
    bindings: list[tuple[ApiObject, _Binding]] = []
    unreadable: list[str] = []
    for item in case.snapshot.settings:
        if item.api_version.partition("/")[0] != _GROUP:
            continue
        try:
            if item.kind.endswith("Binding"):
                bindings.append((item, msgspec.json.decode(item.spec, type=_Binding)))
            else:
                role = msgspec.json.decode(item.spec, type=_Role)
                grants = any(_allows(rule, group, resources, verbs) for rule in role.rules or ())
                roles[item.kind, item.namespace, item.name] = grants
        except (msgspec.MsgspecError, RecursionError):
            unreadable.append(
                f"{item.kind} {item.namespace}/{item.name}" if item.namespace else f"{item.kind} {item.name}"
            )
    found = dict.fromkeys(grant for item, binding in bindings for grant in _grants(item, binding, roles))
    return Granted(tuple(each for each in found if not is_platform_subject(case, each.subject)), tuple(unreadable))


def _allows(rule: _Rule, group: str, resources: Collection[str], verbs: Collection[str]) -> bool:
    """Whether a rule grants it; one for named objects cannot grant `create`, which has no name yet."""
    asked = set(verbs) - {"create"} if rule.resource_names else set(verbs)
    return (
        not {"*", group}.isdisjoint(rule.api_groups or ())
        and not {"*", *resources}.isdisjoint(rule.resources or ())
        and bool(asked)
        and ("*" in (rule.verbs or ()) or not asked.isdisjoint(rule.verbs or ()))
    )


def _grants(item: ApiObject, binding: _Binding, roles: dict[tuple[str, str, str], bool]) -> Iterator[Grant]:
    if binding.role_ref is None:
        return
    own = item.namespace if binding.role_ref.kind == "Role" else ""
    if not roles.get((binding.role_ref.kind, own, binding.role_ref.name), False):
        return
    by = f"{item.kind} {item.namespace}/{item.name}" if item.namespace else f"{item.kind} {item.name}"
    for subject in binding.subjects or ():
        yield Grant(_name(subject, item.namespace), by, item.namespace)


def _name(subject: _Subject, namespace: str) -> str:
    if subject.kind == "ServiceAccount":
        return f"ServiceAccount/{subject.namespace or namespace}/{subject.name}"
    if subject.kind == "User" and subject.name.startswith(_ACCOUNT):
        return "ServiceAccount/" + subject.name.removeprefix(_ACCOUNT).replace(":", "/", 1)
    return f"{subject.kind}/{subject.name}"


def is_platform_subject(case: Case, subject: str) -> bool:
    """Whether a subject belongs to the platform: a component's own, one of a platform namespace, or declared."""
    if any(fnmatchcase(subject, pattern) for pattern in case.config.platform_subjects):
        return True
    kind, _, name = subject.partition("/")
    if kind == "ServiceAccount":
        return case.is_platform(name.partition("/")[0])
    if name.startswith(_ACCOUNTS):
        return case.is_platform(name.removeprefix(_ACCOUNTS))
    return name not in _BROAD and name.startswith(_RESERVED)
