"""Every policy of a snapshot in the resolved form, and a notice for each that is refused, ignored or not modelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from scanner.model import ApiObject, Notice, Origin, Snapshot
from scanner.policy.decode import Context, FieldError, UnreadableError
from scanner.policy.model import Policy, PolicySet
from scanner.policy.resolvers import CALICO, resolver, served_versions

REFUSED = "(refused: left out)"  # ends the notice of a policy that the API server or the engine does not take
_OLD_ANNOTATION = "net.beta.kubernetes.io/network-policy"
_REMOVED = "extensions"  # extensions/v1beta1 is served by no version since Kubernetes 1.16


def resolve(snapshot: Snapshot) -> PolicySet:
    """Resolve every policy object. Nothing here raises for bad input: what cannot be used is left out and named."""
    found = _Found()
    context = Context(snapshot)
    for source in _once(sorted(snapshot.policies, key=_order)):
        group, _, version = source.api_version.rpartition("/")
        served = served_versions(group, source.kind)
        if group == _REMOVED and source.kind == "NetworkPolicy":
            message = f"{source.api_version} is not served any more, so this has no effect; write networking.k8s.io/v1"
            found.notices.append(_notice(source, "apiVersion", message))
        elif not served:
            found.leave(
                source, "kind", f"{source.api_version} {source.kind} is not modelled; what it may touch is unknown"
            )
        elif version not in served:
            known = ", ".join(f"{group}/{each}" for each in sorted(served))
            found.leave(source, "apiVersion", f"{version} is not known; write {known} (what it may touch is unknown)")
        else:
            found.take(source, group, context)
    notices = [*found.notices, *_dead_annotations(snapshot), *_staged(context)]
    return PolicySet(
        policies=tuple(policy for key in sorted(found.policies) for policy in found.policies[key]),
        notices=tuple(sorted(notices, key=lambda notice: (notice.object, notice.field, notice.message))),
        unmodelled=tuple(sorted(set(found.unmodelled))),
    )


def _once(sources: Iterable[ApiObject]) -> list[ApiObject]:
    """Calico's policies are listed by two groups where its API server runs: of an object read twice the served form counts."""
    listed = list(sources)
    if not any(source.api_version.startswith(f"{CALICO[1]}/") for source in listed):
        return listed
    from scanner.policy.calico.tiers import object_key

    served = {object_key(source) for source in listed if source.api_version.startswith(f"{CALICO[0]}/")}
    return [
        source
        for source in listed
        if not (source.api_version.startswith(f"{CALICO[1]}/") and object_key(source) in served)
    ]


def _staged(context: Context) -> list[Notice]:
    if not any(item.api_version.rpartition("/")[0] in CALICO for item in context.snapshot.settings):
        return []
    from scanner.policy.calico.resolve import staged_notices

    return staged_notices(context)


@dataclass
class _Found:
    """What resolving has gathered; policies by group, kind, namespace and name, so that a later one of a name replaces it."""

    policies: dict[tuple[str, str, str, str], tuple[Policy, ...]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    unmodelled: list[str] = field(default_factory=list)

    def leave(self, source: ApiObject, place: str, message: str) -> None:
        """Note a policy that exists and cannot be judged."""
        self.unmodelled.append(_reference(source))
        self.notices.append(_notice(source, place, message))

    def take(self, source: ApiObject, group: str, context: Context) -> None:
        """Resolve one object, the last of a name counting."""
        try:
            policies, remarks = resolver(group, source.kind)(source, context)
        except UnreadableError as error:
            self.leave(source, error.field, f"{error.message} (what the policy may touch is unknown)")
            return
        except FieldError as error:
            message = f"{error.message} {REFUSED}"
            self.notices.append(_notice(source, error.field, message))
            return
        key = (group, source.kind, source.namespace, source.name)
        earlier = self.policies.get(key)
        if earlier:
            where = f"{_place(source.origin)} is kept and {_place(earlier[0].origin)} is left out"
            self.notices.append(_notice(source, "metadata.name", f"is used twice: {where}; rename one"))
        self.policies[key] = policies
        self.notices += [_notice(source, place, message) for place, message in remarks]


def _dead_annotations(snapshot: Snapshot) -> Iterable[Notice]:
    for namespace in snapshot.namespaces:
        if _OLD_ANNOTATION in namespace.annotations:
            yield Notice(
                object=f"Namespace {namespace.name}",
                field=f"metadata.annotations[{_OLD_ANNOTATION}]",
                message="no engine honours this annotation any more; write a NetworkPolicy that denies by default",
            )


def _order(source: ApiObject) -> tuple[str, str, str, str, str, int, bytes]:
    """A total order, so that the input's order does not matter; of one name, the last document of the last file comes last."""
    origin = source.origin
    place = (origin.file, origin.line) if origin else ("", 0)
    return (source.api_version, source.kind, source.namespace, source.name, *place, bytes(source.spec))


def _reference(source: ApiObject) -> str:
    """The kind with its group, for several groups use one kind's name, then namespace/name or the name."""
    kind = f"{source.kind}.{source.api_version.rpartition('/')[0]}"
    return f"{kind} {source.namespace}/{source.name}" if source.namespace else f"{kind} {source.name}"


def _place(origin: Origin | None) -> str:
    return f"the one at {origin.file}:{origin.line}" if origin else "one"


def _notice(source: ApiObject, field: str, message: str) -> Notice:
    name = f"{source.namespace}/{source.name}" if source.namespace else source.name
    return Notice(object=f"{source.kind} {name}", field=field, message=message)
