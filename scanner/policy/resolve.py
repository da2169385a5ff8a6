"""Every policy of a snapshot in the resolved form, and a notice for each that is refused, ignored or not modelled."""

from __future__ import annotations

from scanner.model import ApiObject, Notice, Origin, Snapshot
from scanner.policy.model import Policy, PolicySet
from scanner.policy.networking import resolve_network_policy
from scanner.policy.wire import FieldError, UnreadableError

_OLD_ANNOTATION = "net.beta.kubernetes.io/network-policy"
_REMOVED = "extensions/"  # extensions/v1beta1 is served by no version since Kubernetes 1.16


def resolve(snapshot: Snapshot) -> PolicySet:
    """Resolve every policy object. Nothing here raises for bad input: what cannot be used is left out and named."""
    policies: dict[tuple[str, str], Policy] = {}
    notices: list[Notice] = []
    unmodelled: list[str] = []
    for source in sorted(snapshot.policies, key=_order):
        if source.kind != "NetworkPolicy" or not source.api_version.startswith(("networking.k8s.io/", _REMOVED)):
            unmodelled.append(_reference(source))
            message = f"{source.api_version} {source.kind} is not modelled; what it may touch is unknown"
            notices.append(_notice(source, "kind", message))
        elif source.api_version != "networking.k8s.io/v1":
            message = f"{source.api_version} is not served any more, so this has no effect; write networking.k8s.io/v1"
            notices.append(_notice(source, "apiVersion", message))
        else:
            _add(source, policies, notices, unmodelled)
    notices += [
        Notice(
            object=f"Namespace {namespace.name}",
            field=f"metadata.annotations[{_OLD_ANNOTATION}]",
            message="no engine honours this annotation any more; write a NetworkPolicy that denies by default",
        )
        for namespace in snapshot.namespaces
        if _OLD_ANNOTATION in namespace.annotations
    ]
    return PolicySet(
        policies=tuple(policies[key] for key in sorted(policies)),
        notices=tuple(sorted(notices, key=lambda notice: (notice.object, notice.field, notice.message))),
        unmodelled=tuple(sorted(set(unmodelled))),
    )


def _add(
    source: ApiObject, policies: dict[tuple[str, str], Policy], notices: list[Notice], unmodelled: list[str]
) -> None:
    try:
        policy, remarks = resolve_network_policy(source)
    except UnreadableError as error:
        unmodelled.append(_reference(source))
        notices.append(_notice(source, error.field, f"{error.message} (what the policy may touch is unknown)"))
        return
    except FieldError as error:
        notices.append(_notice(source, error.field, f"{error.message} (the API server refuses it: left out)"))
        return
    first = policies.setdefault((policy.namespace, policy.name), policy)
    if first is not policy:
        where = f"{_place(first.origin)} is kept and {_place(source.origin)} is left out"
        notices.append(_notice(source, "metadata.name", f"is used twice: {where}; rename one"))
        return
    notices += [_notice(source, field, message) for field, message in remarks]


def _order(source: ApiObject) -> tuple[str, str, str, str, str, int, bytes]:
    """A total order: of two objects with one name, the first in this order is kept, whatever the input's order."""
    origin = source.origin
    place = (origin.file, origin.line) if origin else ("", 0)
    return (source.api_version, source.kind, source.namespace, source.name, *place, bytes(source.spec))


def _reference(source: ApiObject) -> str:
    """The kind, with its group where the kind alone reads like the built-in one, then namespace/name or the name."""
    group = source.api_version.rpartition("/")[0]
    kind = f"{source.kind}.{group}" if source.kind == "NetworkPolicy" else source.kind
    return f"{kind} {source.namespace}/{source.name}" if source.namespace else f"{kind} {source.name}"


def _place(origin: Origin | None) -> str:
    return f"the one at {origin.file}:{origin.line}" if origin else "one"


def _notice(source: ApiObject, field: str, message: str) -> Notice:
    name = f"{source.namespace}/{source.name}" if source.namespace else source.name
    return Notice(object=f"{source.kind} {name}", field=field, message=message)
