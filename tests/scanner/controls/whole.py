"""Clusters of which every kind was read whole."""

from __future__ import annotations

from typing import Any

import msgspec

from infra.kinds import KINDS
from scanner.model import ApiObject, Collected, KindStatus, Snapshot
from tests.factories import raw

RBAC = "rbac.authorization.k8s.io/v1"


def whole(given: Snapshot, *settings: ApiObject) -> Snapshot:
    """The same cluster with these settings, and with nothing unread."""
    collection = {kind: KindStatus(status=Collected.COMPLETE) for kind in KINDS}
    return msgspec.structs.replace(given, collection=collection, settings=(*given.settings, *settings))


def setting(api_version: str, kind: str, name: str, body: Any, *, ns: str = "") -> ApiObject:
    """Any object of `settings`; `body` is its spec as a snapshot keeps it."""
    return ApiObject(api_version=api_version, kind=kind, name=name, namespace=ns, spec=raw(body))


def owner_of(resource: str, *verbs: str, group: str = "", names: tuple[str, ...] = ()) -> tuple[ApiObject, ApiObject]:
    """A group of developers that may do this with a resource in namespace shop."""
    rule: dict[str, Any] = {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}
    if names:
        rule["resourceNames"] = list(names)
    subjects = [{"kind": "Group", "name": "developers"}]
    return (
        setting(RBAC, "Role", "owner", {"rules": [rule]}, ns="shop"),
        setting(
            RBAC,
            "RoleBinding",
            "owner",
            {"roleRef": {"kind": "Role", "name": "owner"}, "subjects": subjects},
            ns="shop",
        ),
    )
