"""Who may write what that rules rely on, less whoever runs the platform.

What a cloud's own authorizer grants (IAM, EKS access entries, Azure RBAC) stands in no RBAC object and is not seen here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scanner.controls.base import Case
from scanner.controls.governance.rights import why_allowed
from scanner.rbac import Grant, rights_of


@dataclass(frozen=True, slots=True)
class Granted:
    """Who is granted something, and the objects that could not be read, which may grant it too."""

    grants: tuple[Grant, ...]
    unreadable: tuple[str, ...]


def granted(case: Case, group: str, resource: str, verbs: Iterable[str]) -> Granted:
    """Who may do one of `verbs` with a resource of an API group, anywhere but in platform namespaces.

    The platform's own subjects are left out, and those that `baseline.policy_writers` names. A rule for named objects does
    not grant `create`, which has no name yet (Kubernetes documentation, "Using RBAC Authorization").
    """
    asked = tuple(verbs)
    rights = rights_of(case.snapshot)
    found = [
        grant
        for grant in rights.grants
        if set(grant.rule.allows(asked, group, resource)) - ({"create"} if grant.rule.resource_names else set())
        and not (grant.namespace and case.is_platform(grant.namespace))
        and not why_allowed(case, grant.subject)
    ]
    return Granted(tuple(found), rights.broken)
