"""Every policy of a snapshot in the resolved form, and a notice for each that is refused, ignored or not modelled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from scanner.model import ApiObject, Notice, Origin, Snapshot
from scanner.policy.aws.application import resolve_application_network_policy
from scanner.policy.aws.cluster import resolve_eks_cluster_network_policy
from scanner.policy.calico import resolve as calico
from scanner.policy.calico.tiers import object_key
from scanner.policy.cilium.resolve import resolve_cilium_clusterwide_network_policy, resolve_cilium_network_policy
from scanner.policy.decode import Context, FieldError, Remark, UnreadableError
from scanner.policy.gke import resolve_fqdn_network_policy
from scanner.policy.model import Policy, PolicySet
from scanner.policy.networking import resolve_network_policy
from scanner.policy.upstream.admin import resolve_admin_network_policy, resolve_baseline_admin_network_policy
from scanner.policy.upstream.cluster import resolve_cluster_network_policy

_OLD_ANNOTATION = "net.beta.kubernetes.io/network-policy"
_UPSTREAM = "policy.networking.k8s.io"
_REMOVED = "extensions"  # extensions/v1beta1 is served by no version since Kubernetes 1.16

# One object in, the policies it holds out, with remarks on what is ignored or will not do what it seems to. Raises FieldError
# where the API server refuses the object, UnreadableError where it might take what cannot be read here.
Resolver = Callable[[ApiObject, Context], tuple[tuple[Policy, ...], list[Remark]]]

# (API group, kind) -> the served versions, and who reads them.
RESOLVERS: Mapping[tuple[str, str], tuple[frozenset[str], Resolver]] = {
    ("networking.k8s.io", "NetworkPolicy"): (frozenset({"v1"}), resolve_network_policy),
    (_UPSTREAM, "AdminNetworkPolicy"): (frozenset({"v1alpha1"}), resolve_admin_network_policy),
    (_UPSTREAM, "BaselineAdminNetworkPolicy"): (frozenset({"v1alpha1"}), resolve_baseline_admin_network_policy),
    (_UPSTREAM, "ClusterNetworkPolicy"): (frozenset({"v1alpha2", "v1beta1"}), resolve_cluster_network_policy),
    ("networking.k8s.aws", "ClusterNetworkPolicy"): (frozenset({"v1alpha1"}), resolve_eks_cluster_network_policy),
    ("networking.k8s.aws", "ApplicationNetworkPolicy"): (frozenset({"v1alpha1"}), resolve_application_network_policy),
    ("networking.gke.io", "FQDNNetworkPolicy"): (frozenset({"v1alpha1"}), resolve_fqdn_network_policy),
    ("cilium.io", "CiliumNetworkPolicy"): (frozenset({"v2"}), resolve_cilium_network_policy),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): (frozenset({"v2"}), resolve_cilium_clusterwide_network_policy),
    ("projectcalico.org", "NetworkPolicy"): (frozenset({"v3"}), calico.resolve_network_policy),
    ("projectcalico.org", "GlobalNetworkPolicy"): (frozenset({"v3"}), calico.resolve_global_network_policy),
    ("crd.projectcalico.org", "NetworkPolicy"): (frozenset({"v1"}), calico.resolve_network_policy),
    ("crd.projectcalico.org", "GlobalNetworkPolicy"): (frozenset({"v1"}), calico.resolve_global_network_policy),
}


def resolve(snapshot: Snapshot) -> PolicySet:
    """Resolve every policy object. Nothing here raises for bad input: what cannot be used is left out and named."""
    found = _Found()
    context = Context(snapshot)
    for source in _once(sorted(snapshot.policies, key=_order)):
        group, _, version = source.api_version.rpartition("/")
        served, resolver = RESOLVERS.get((group, source.kind), (frozenset[str](), None))
        if group == _REMOVED and source.kind == "NetworkPolicy":
            message = f"{source.api_version} is not served any more, so this has no effect; write networking.k8s.io/v1"
            found.notices.append(_notice(source, "apiVersion", message))
        elif resolver is None:
            found.leave(
                source, "kind", f"{source.api_version} {source.kind} is not modelled; what it may touch is unknown"
            )
        elif version not in served:
            known = ", ".join(f"{group}/{each}" for each in sorted(served))
            found.leave(source, "apiVersion", f"{version} is not known; write {known} (what it may touch is unknown)")
        else:
            found.take(source, resolver, context)
    notices = [*found.notices, *_dead_annotations(snapshot), *calico.staged_notices(context)]
    return PolicySet(
        policies=tuple(policy for key in sorted(found.policies) for policy in found.policies[key]),
        notices=tuple(sorted(notices, key=lambda notice: (notice.object, notice.field, notice.message))),
        unmodelled=tuple(sorted(set(found.unmodelled))),
    )


def _once(sources: Iterable[ApiObject]) -> list[ApiObject]:
    """Calico's policies are listed by two groups where its API server runs: of an object read twice the served form counts."""
    listed = list(sources)
    served = {object_key(source) for source in listed if source.api_version.startswith("projectcalico.org/")}
    return [
        source
        for source in listed
        if not (source.api_version.startswith("crd.projectcalico.org/") and object_key(source) in served)
    ]


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

    def take(self, source: ApiObject, resolver: Resolver, context: Context) -> None:
        """Resolve one object, the last of a name counting."""
        try:
            policies, remarks = resolver(source, context)
        except UnreadableError as error:
            self.leave(source, error.field, f"{error.message} (what the policy may touch is unknown)")
            return
        except FieldError as error:
            message = f"{error.message} (refused: left out)"
            self.notices.append(_notice(source, error.field, message))
            return
        group = source.api_version.rpartition("/")[0]
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
    """The kind, with its group where the kind alone reads like the built-in one, then namespace/name or the name."""
    group = source.api_version.rpartition("/")[0]
    kind = f"{source.kind}.{group}" if source.kind == "NetworkPolicy" else source.kind
    return f"{kind} {source.namespace}/{source.name}" if source.namespace else f"{kind} {source.name}"


def _place(origin: Origin | None) -> str:
    return f"the one at {origin.file}:{origin.line}" if origin else "one"


def _notice(source: ApiObject, field: str, message: str) -> Notice:
    name = f"{source.namespace}/{source.name}" if source.namespace else source.name
    return Notice(object=f"{source.kind} {name}", field=field, message=message)
