"""Which workloads the mesh controls are about, asked once for a cluster."""

from __future__ import annotations

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, unread
from scanner.dataplane.mode import CILIUM_FAMILY
from scanner.findings import Status
from scanner.mesh import cilium
from scanner.mesh.encryption import node_encryption
from scanner.mesh.enrolment import Enrolment, Membership
from scanner.mesh.gathered import Gathered
from scanner.model import Pod
from scanner.policy.model import Policy

CILIUM = "Cilium mutual authentication"
_RESOURCES = {
    "PeerAuthentication": "peerauthentications.security.istio.io",
    "AuthorizationPolicy": "authorizationpolicies.security.istio.io",
    "RequestAuthentication": "requestauthentications.security.istio.io",
    "DestinationRule": "destinationrules.networking.istio.io",
    "Server": "servers.policy.linkerd.io",
    "ServerAuthorization": "serverauthorizations.policy.linkerd.io",
    "LinkerdAuthorizationPolicy": "authorizationpolicies.policy.linkerd.io",
    "MeshTLSAuthentication": "meshtlsauthentications.policy.linkerd.io",
}
LINKERD_KINDS = ("Server", "ServerAuthorization", "LinkerdAuthorizationPolicy", "MeshTLSAuthentication")


def resources_of(*kinds: str) -> tuple[str, ...]:
    """The resources of mesh kinds, as collections name them."""
    return tuple(_RESOURCES[kind] for kind in kinds)


def verdict_of(subject: str, found: Gathered, *, good: str, fix: str, sensitive: bool = False) -> Verdict:
    """The verdict that what was found comes to; `good` is the reason of a pass."""
    for status, listed in ((Status.FAIL, found.failures), (Status.UNKNOWN, found.doubts)):
        if listed:
            return Verdict(
                subject=subject,
                status=status,
                reason=listed[0][0],
                evidence=bounded(line for _, line in listed),
                remediation=fix if status is Status.FAIL else "",
                sensitive=sensitive,
            )
    return Verdict(subject=subject, status=Status.PASS, reason=good, evidence=bounded(found.good))


class Members:
    """The memberships of a cluster's workload pods, in a mesh with proxies or by Cilium's mutual authentication."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._enrolment = Enrolment(case.snapshot)
        policies = case.policies.policies
        self._authenticated = any(cilium.authenticates(rule) for _, rule in cilium.incoming(policies))
        self._policies: dict[str, list[Policy]] = {}  # by namespace; those without one select in many
        for policy in policies:
            self._policies.setdefault(policy.namespace if policy.namespaces is None else "", []).append(policy)
        self._selecting: dict[tuple[str, tuple[tuple[str, str], ...]], list[Policy]] = {}
        self._encryption = node_encryption(case.snapshot, case.facts, case.dataplane)

    def of(self, pod: Pod) -> Membership:
        """A pod's membership."""
        found = self._enrolment.of(pod)
        if found.mesh or found.wanted or not self._authenticated:
            return found
        by_policy = cilium.has_authentication(pod, self.selecting(pod))
        return Membership(CILIUM, CILIUM, "a policy asks for mutual authentication") if by_policy else found

    def concerns(self, pod: Pod) -> bool:
        """Whether the controls speak of a pod: it is in a mesh, is meant to be, or is declared to need mutual TLS."""
        found = self.of(pod)
        return bool(found.mesh or found.wanted) or self._case.declared_as(
            self._case.config.mutual_tls, pod.namespace, pod.workload.name, pod.labels
        )

    def selecting(self, pod: Pod) -> list[Policy]:
        """The policies of every kind that select a pod."""
        key = (pod.namespace, tuple(sorted(pod.labels.items())))
        if key not in self._selecting:
            near = (*self._policies.get(pod.namespace, ()), *self._policies.get("", ()))
            self._selecting[key] = [each for each in near if self._case.selects(each, pod)]
        return self._selecting[key]

    def judge_cilium(self, pod: Pod, found: Gathered) -> None:
        """Add what Cilium's mutual authentication comes to for a pod."""
        cilium.judge(self._case.snapshot, self.selecting(pod), self._encryption, found)

    def absent(self) -> Verdict:
        """The verdict on a cluster without a mesh: not applicable, unless what could show one was not read."""
        if self._case.dataplane.name in CILIUM_FAMILY:
            gaps = self._case.missing("ciliumnetworkpolicies.cilium.io", "ciliumclusterwidenetworkpolicies.cilium.io")
            if gaps:
                return unread(CLUSTER, gaps)
        evidence = ["no pod has a mesh's proxy or is redirected into one, and no namespace asks for it"]
        if not self._case.config.mutual_tls:
            evidence.append("no mTLS requirement is declared (baseline.mutual_tls)")
        return Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-mesh", evidence=tuple(evidence))
