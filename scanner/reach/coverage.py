"""What a data plane does with a pod's policies, and which pods cannot be judged because of policies we cannot read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.dataplane.kinds import POLICY_PLURALS, honours, may_count
from scanner.dataplane.model import Answer, DataPlane, Enforcing, Value
from scanner.model import Collected, Notice, Pod, Snapshot
from scanner.policy.model import Policy, PolicySet

Verdict = tuple[Answer, str]  # policed or not, and why as a stable word

DECLARED: Verdict = (Answer.YES, "declared")
_GAPS = {Collected.PARTIAL, Collected.FORBIDDEN}
_INERT_MODES = {"audit", "never"}  # the engine runs and stops nothing; in crd-only mode it still honours its own kinds


def pod_coverage(dataplane: DataPlane | None, pod: Pod) -> Verdict:
    """Whether one pod's traffic is policed; without a data plane (the declared level) it always is."""
    found = DECLARED if dataplane is None else cluster_coverage(dataplane)
    if dataplane is None or found[0] is Answer.NO:
        return found
    local = dataplane.coverage(pod.namespace, pod.name, pod.node)
    if local.answer is Answer.NO:
        return Answer.NO, local.reason
    if pod.host_network:
        fact = dataplane.capabilities.host_network_isolated if dataplane.capabilities else None
        return (Answer.NO if fact and fact.firm is Answer.NO else Answer.UNKNOWN), "host-network"
    if found[0] is Answer.UNKNOWN:
        return found
    if local.answer is Answer.YES and _comes_unpoliced(dataplane, pod):
        return Answer.UNKNOWN, "ipv6-not-policed"
    return local.answer, local.reason


def start_notices(dataplane: DataPlane | None, policies: Sequence[Policy]) -> Iterator[Notice]:
    """That a new pod is open for a while, which no question about a connection shows."""
    facts = dataplane.capabilities if dataplane else None
    if dataplane and facts and policies and facts.closed_at_start.value is Value.IGNORED:
        fact = facts.closed_at_start
        note = f" ({fact.note})" if fact.note else ""
        message = f"a new pod is open until its policies are in place{note} [{fact.source}; {fact.confidence.words}]"
        yield Notice(object=f"data plane {dataplane.name}", field="closed-at-start", message=message)


def _comes_unpoliced(dataplane: DataPlane, pod: Pod) -> bool:
    """Whether a pod has an IPv6 address, at which this data plane polices nothing."""
    facts = dataplane.capabilities
    return bool(pod.ips and facts and facts.ipv6.answer is Answer.NO and any(":" in address for address in pod.ips))


def hypothetical_coverage(dataplane: DataPlane | None) -> Verdict:
    """The same for a pod that does not exist yet: nobody knows its node."""
    if dataplane is None:
        return DECLARED
    found = cluster_coverage(dataplane)
    if found[0] is not Answer.YES:
        return found
    return dataplane.default.answer, dataplane.default.reason


def cluster_coverage(dataplane: DataPlane) -> Verdict:
    """What the cluster as a whole says before any node is looked at."""
    if dataplane.enforcing is Enforcing.NO:
        return Answer.NO, dataplane.reason
    if dataplane.mode in _INERT_MODES:
        return Answer.NO, f"mode-{dataplane.mode}"
    if dataplane.enforcing is Enforcing.UNKNOWN:
        return Answer.UNKNOWN, dataplane.reason
    if dataplane.mode == "crd-only":
        return Answer.YES, "mode-crd-only"
    if dataplane.mode == "unknown":
        return Answer.UNKNOWN, "mode-unknown"
    return Answer.YES, dataplane.reason


@dataclass(frozen=True, slots=True)
class Undecided:
    """Policies that exist and cannot be judged: by namespace, and for the whole cluster. Each is a reason in words."""

    by_namespace: Mapping[str, str]
    cluster: str

    def reason(self, namespace: str) -> str:
        """Why no answer about a namespace's pods is certain; empty where it can be."""
        return "; ".join(part for part in (self.cluster, self.by_namespace.get(namespace, "")) if part)


def undecided(snapshot: Snapshot, policies: PolicySet, dataplane: DataPlane | None) -> Undecided:
    """Gather unmodelled policies and policy kinds that could not be listed.

    Where nothing enforces anything, policies of other kinds have no effect either, nor have kinds that the plane is known
    not to honour.
    """
    if dataplane is not None and cluster_coverage(dataplane)[0] is Answer.NO:
        return Undecided({}, "")
    named: dict[str, list[str]] = {}
    for reference in may_count(dataplane, policies.unmodelled):
        namespace, slash, _ = reference.partition(" ")[2].partition("/")
        named.setdefault(namespace if slash else "", []).append(reference)
    reasons = {namespace: f"not modelled: {_some(references)}" for namespace, references in named.items()}
    unread = [
        f"{resource} could not be read ({status.status})"
        for resource, status in sorted(snapshot.collection.items())
        if "networkpolicies" in resource and status.status in _GAPS and _may_count(resource, dataplane)
    ]
    cluster = [*([reasons.pop("")] if "" in reasons else ()), *unread]
    return Undecided(reasons, "; ".join(cluster))


def _may_count(resource: str, dataplane: DataPlane | None) -> bool:
    """Whether policies of a kind that could not be listed might have an effect."""
    plural, _, group = resource.partition(".")
    kind = POLICY_PLURALS.get(plural, "")
    if dataplane is None or not kind:
        return True
    if kind == "NetworkPolicy" and "projectcalico.org" in group:
        kind = "NetworkPolicy.projectcalico.org"
    return honours(dataplane, group, kind)[0] is not Answer.NO


def _some(references: list[str]) -> str:
    more = len(references) - 3
    return ", ".join(references[:3]) + (f" and {more} more" if more > 0 else "")
