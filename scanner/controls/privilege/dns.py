"""NB-LP-06: may pods that are kept in ask the cluster's resolver, over both protocols, and nobody else?

Why both: large answers come over TCP (RFC 7766). Where each platform's resolver answers: the research notes on DNS (section
5.4), `scanner.controls.peers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, classes_of, names, pods_of, quoted, unread
from scanner.controls.peers import RESOLVER_LABELS
from scanner.controls.privilege.lookups import DNS, Lookups
from scanner.dataplane.model import Answer
from scanner.findings import Status
from scanner.model import Cloud, Pod
from scanner.policy.model import Action
from scanner.reach.model import Direction, PodClass, Reach

_NODE_CACHE, _CLOUD_DNS = "169.254.20.10", "169.254.169.254"
_PROTOCOLS = ("UDP", "TCP")


def dns_is_whole_and_local(case: Case) -> Iterator[Verdict]:
    """One verdict per workload namespace with pods that are isolated for egress, one per policy whose rules are about DNS.

    A pod that may go nowhere at all needs no names where others of its namespace may ask. A policy's rule is about DNS when
    an entry of its ports is 53 or a short range around it; a rule for every port counts as such where it leads to the
    internet. Pods of platform namespaces beside the resolver are tolerated as its peers.
    """
    if gaps := case.missing("namespaces", "pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    classes = classes_of(case.reach)
    confined: dict[str, dict[int, _Confined]] = {}
    for workload, pods in pods_of(case).items():
        for pod in pods:
            found = classes.get((pod.namespace, pod.name))
            if found is None or found.host_network:
                continue
            known = confined.setdefault(pod.namespace, {})
            if found.index not in known:
                isolation = case.isolation(case.reach, found, Direction.EGRESS)
                known[found.index] = _Confined(found, isolation.answer, isolation.policies, [])
            if workload not in known[found.index].workloads:
                known[found.index].workloads.append(workload)
    isolated = {
        namespace: [each for each in found.values() if each.answer is not Answer.NO]
        for namespace, found in confined.items()
    }
    if not any(isolated.values()):
        return
    resolver = _Resolver(case, classes)
    for namespace, inside in isolated.items():
        if inside:
            yield _namespace(case, resolver, namespace, inside)
    yield from Lookups(case).verdicts()


@dataclass(frozen=True, slots=True)
class _Confined:
    """A class of pods that policy isolates (or may isolate) for egress."""

    pod: PodClass
    answer: Answer
    policies: tuple[str, ...]
    workloads: list[str]


class _Resolver:
    """Where the cluster's resolver is, and who may ask it."""

    def __init__(self, case: Case, classes: Mapping[tuple[str, str], PodClass]) -> None:
        self._reach: Reach = case.reach
        pods = [pod for pod in case.pods if _is_resolver(pod)]
        chosen = {(pod.namespace, pod.name): classes.get((pod.namespace, pod.name)) for pod in pods}
        mine = {found.index: found for found in chosen.values() if found is not None and not found.host_network}
        self._addresses = [_CLOUD_DNS] if case.cloud is Cloud.GCP else []
        if any(pod.labels.get("k8s-app") == "node-local-dns" for pod in pods):
            self._addresses.append(_NODE_CACHE)
        self.known = bool(mine or self._addresses)
        self._allowed: dict[tuple[int, str], Answer] = {}
        for found in mine.values():
            for allowed in case.reach.sources(found):
                if isinstance(allowed.peer, PodClass):
                    for protocol, ranges in allowed.ports.items():
                        if any(first <= DNS <= last for first, last in ranges):
                            self._note(allowed.peer.index, protocol, allowed.answer)

    def _note(self, index: int, protocol: str, answer: Answer) -> None:
        if self._allowed.get((index, protocol)) is not Answer.YES:
            self._allowed[index, protocol] = answer

    def may_ask(self, pod: PodClass, protocol: str) -> Answer:
        """Whether a class reaches one of the resolver's places on port 53."""
        answers = {self._allowed.get((pod.index, protocol), Answer.NO)}
        answers |= {self._reach.admits(pod, Direction.EGRESS, place, protocol, DNS) for place in self._addresses}
        return next(answer for answer in (Answer.YES, Answer.UNKNOWN, Answer.NO) if answer in answers)


def _is_resolver(pod: Pod) -> bool:
    return pod.namespace == "kube-system" and pod.labels.get("k8s-app") in RESOLVER_LABELS


def _namespace(case: Case, resolver: _Resolver, namespace: str, found: Sequence[_Confined]) -> Verdict:
    if not resolver.known:
        seen = "no pod in kube-system has the label k8s-app: kube-dns or node-local-dns: where the resolver is is not known"
        return Verdict(subject=namespace, status=Status.UNKNOWN, reason="no-resolver", evidence=(seen,))
    level = f"{case.reach.level} level"
    mute = _mute(case, found)
    asked = {each.pod.index: tuple(resolver.may_ask(each.pod, protocol) for protocol in _PROTOCOLS) for each in found}
    some = any(udp is Answer.YES for udp, _ in asked.values())
    broken: dict[str, list[str]] = {"will-break": [], "udp-only": [], "undecided": []}
    for each in found:
        udp, tcp = asked[each.pod.index]
        who = names(each.workloads, 3)
        if udp is Answer.NO and not (some and each.pod.index in mute):
            broken["will-break"].append(f"{who}: isolated for egress, and may not ask the resolver on UDP 53 ({level})")
        elif udp is Answer.YES and tcp is Answer.NO:
            broken["udp-only"].append(f"{who}: may ask the resolver on UDP 53 and not on TCP 53 ({level})")
        elif Answer.UNKNOWN in {udp, tcp}:
            broken["undecided"].append(f"{who}: whether it may ask the resolver is not established")
    for reason in ("will-break", "udp-only"):
        if lines := broken[reason]:
            if each_doubtful := all(each.answer is Answer.UNKNOWN for each in found):
                lines = [f"{line}; whether it is isolated is not known" for line in lines]
            return Verdict(
                subject=namespace,
                status=Status.UNKNOWN if each_doubtful else Status.FAIL,
                reason=reason,
                evidence=bounded(lines),
                remediation="" if each_doubtful else _manifest(namespace),
            )
    if lines := broken["undecided"]:
        return Verdict(subject=namespace, status=Status.UNKNOWN, reason="undecided", evidence=bounded(lines))
    evidence = (f"pods that are isolated for egress may ask the resolver on UDP and TCP 53 ({level})",)
    return Verdict(subject=namespace, status=Status.PASS, reason="whole", evidence=evidence)


def _mute(case: Case, found: Sequence[_Confined]) -> frozenset[int]:
    """The classes whose policies let nothing out: they are meant to go nowhere."""
    talking = {
        policy.id
        for policy in case.policies.policies
        if any(rule.direction is Direction.EGRESS and rule.action is Action.ALLOW for rule in policy.rules)
    }
    return frozenset(each.pod.index for each in found if talking.isdisjoint(each.policies))


def _manifest(namespace: str) -> str:
    return (
        "Apply:\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: allow-dns, namespace: {quoted(namespace)}}}\n"
        "spec:\n  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n"
        "  - to:\n    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}\n"
        "      podSelector: {matchLabels: {k8s-app: kube-dns}}\n"
        "    ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]"
    )
