"""Who may do what in a cluster: its Roles and bindings (rbac/v1), followed to subjects.

Rules only add up, so what one binding grants no other takes away. Roles that no binding names grant nothing; a binding whose
role is not there grants nothing either, until somebody makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from scanner.model import ApiObject, Snapshot
from scanner.objects import decoded_or_listed, named

GROUP = "rbac.authorization.k8s.io"
RESOURCES = tuple(f"{kind}.{GROUP}" for kind in ("roles", "clusterroles", "rolebindings", "clusterrolebindings"))
ALL = "*"


class Rule(msgspec.Struct, frozen=True, rename="camel"):
    """One rule of a role; `resource_names`, where given, are the only objects it is about."""

    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()

    def allows(self, verbs: Iterable[str], group: str, resource: str) -> tuple[str, ...]:
        """Those of `verbs` that it allows on a resource ("pods", "pods/exec"); `*` stands for any."""
        if not ({group, ALL} & set(self.api_groups) and {resource, ALL} & set(self.resources)):
            return ()
        return tuple(verb for verb in verbs if verb in self.verbs or ALL in self.verbs)


class _Role(msgspec.Struct, frozen=True):
    rules: tuple[Rule, ...] = ()


class _RoleRef(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""


class _Subject(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class _Binding(msgspec.Struct, frozen=True, rename="camel"):
    role_ref: _RoleRef = _RoleRef()
    subjects: tuple[_Subject, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """One rule as it reaches one subject. `subject` is "Group:x", "User:x" or "ServiceAccount:namespace/x".

    `namespace` is the only one it holds in, empty for the whole cluster; `by` names binding and role.
    """

    subject: str
    namespace: str
    rule: Rule
    by: str


@dataclass(frozen=True, slots=True)
class Rights:
    """Every grant of a cluster, and the objects that could not be understood."""

    grants: tuple[Grant, ...]
    broken: tuple[str, ...]


def rights_of(snapshot: Snapshot) -> Rights:
    """All grants, in the order of bindings; each binding times the rules of its one role."""
    broken: list[str] = []
    roles: dict[tuple[str, str, str], tuple[Rule, ...]] = {}
    bindings: list[tuple[ApiObject, _Binding]] = []
    for item in snapshot.settings:
        if not item.api_version.startswith(f"{GROUP}/"):
            continue
        if item.kind in {"Role", "ClusterRole"}:
            role = decoded_or_listed(item, _Role, broken)
            roles[item.kind, item.namespace, item.name] = role.rules if role else ()
        elif item.kind in {"RoleBinding", "ClusterRoleBinding"}:
            binding = decoded_or_listed(item, _Binding, broken)
            if binding is not None:
                bindings.append((item, binding))
    grants = [each for item, binding in bindings for each in _grants(item, binding, roles)]
    return Rights(tuple(grants), tuple(broken))


def _grants(item: ApiObject, binding: _Binding, roles: dict[tuple[str, str, str], tuple[Rule, ...]]) -> Iterator[Grant]:
    ref = binding.role_ref
    home = item.namespace if ref.kind == "Role" else ""
    by = f"{named(item)} to {ref.kind} {ref.name}"
    for subject in binding.subjects:
        name = subject.name
        if subject.kind == "ServiceAccount":
            name = f"{subject.namespace or item.namespace}/{name}"
        for rule in roles.get((ref.kind, home, ref.name), ()):
            yield Grant(f"{subject.kind}:{name}", item.namespace, rule, by)
