"""NB-ISO-01, 02 and 03: is what nobody wrote a rule for closed, in every namespace and for every pod?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanner.controls.base import (
    CLUSTER,
    POLICIES,
    Case,
    Verdict,
    beyond_policy,
    bounded,
    classes_of,
    names,
    pods_of,
    quoted,
    unread,
)
from scanner.controls.peers import Approved, described
from scanner.dataplane.model import Answer
from scanner.findings import Level, Status
from scanner.model import Pod
from scanner.reach.model import Allowed, Direction, Isolation, PodClass, Reach

_OTHER = {Direction.INGRESS: "sources", Direction.EGRESS: "destinations"}


def denies_ingress(case: Case) -> Iterator[Verdict]:
    """NB-ISO-01: the pod without labels that somebody might create tomorrow admits platform sources at most.

    Its own namespace's pods are tolerated (`namespace-open`). The effective level decides where the engine is known to
    enforce; otherwise the declared one, which the dependencies then make inert or unknown.
    """
    approved = Approved(case)

    def judge(pod: PodClass, peers: Iterable[Allowed]) -> tuple[list[Allowed], bool]:
        listed = list(peers)
        own = [peer for peer in listed if isinstance(peer.peer, PodClass) and peer.peer.namespace == pod.namespace]
        others = [peer for peer in listed if peer not in own and not approved.may_come_in(peer)]
        return others, bool(own)

    yield from _default_deny(case, Direction.INGRESS, judge)


def denies_egress(case: Case) -> Iterator[Verdict]:
    """NB-ISO-02: the same pod opens connections to the cluster's resolver on port 53 at most."""
    approved = Approved(case)

    def judge(_: PodClass, peers: Iterable[Allowed]) -> tuple[list[Allowed], bool]:
        return [peer for peer in peers if not approved.is_resolver(peer)], False

    yield from _default_deny(case, Direction.EGRESS, judge)


_Judge = Callable[[PodClass, Iterable[Allowed]], tuple[list[Allowed], bool]]


def _default_deny(case: Case, direction: Direction, judge: _Judge) -> Iterator[Verdict]:
    if gaps := case.missing("namespaces", "pods", POLICIES):
        if not case.namespaces:
            yield unread(CLUSTER, gaps)
        for namespace in case.namespaces:
            yield unread(namespace, gaps)
        return
    reach = case.half(direction)
    openers = frozenset(
        policy.id
        for policy in case.policies.policies
        if case.unmodelled or any(rule.direction is direction for rule in policy.rules)
    )  # a policy that cannot be judged may add to what any other lets through
    sensitive = {
        pod.namespace
        for pod in case.pods
        if case.declared_as(case.config.sensitive, pod.namespace, pod.workload.name, pod.labels)
    }
    for namespace in case.namespaces:
        yield _namespace(_Question(reach, namespace, direction, namespace in sensitive), openers, judge)


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of one namespace."""

    reach: Reach
    namespace: str
    direction: Direction
    sensitive: bool

    def peers(self, pod: PodClass) -> Iterator[Allowed]:
        """Whoever may talk with the pod in this direction."""
        return self.reach.sources(pod) if self.direction is Direction.INGRESS else self.reach.targets(pod)


def _namespace(asked: _Question, openers: frozenset[str], judge: _Judge) -> Verdict:
    """One namespace; an uncertain peer makes it unknown, a certain one makes it fail."""
    namespace, direction = asked.namespace, asked.direction
    pod = asked.reach.hypothetical(namespace)
    isolation = asked.reach.isolation(pod, direction)
    closed = isolation.answer is Answer.YES and openers.isdisjoint(isolation.policies)
    others, own = judge(pod, () if closed or isolation.answer is Answer.NO else asked.peers(pod))
    by = f"isolated by {names(isolation.policies)}" if isolation.policies else f"no policy isolates it for {direction}"
    lines = [f"a pod without labels: {by} ({asked.reach.level} level)"]
    certain = [peer for peer in others if peer.answer is Answer.YES]
    if isolation.answer is Answer.NO:
        status, reason = Status.FAIL, "not-isolated"
    elif certain and isolation.answer is Answer.YES:
        status, reason = Status.FAIL, "open"
        lines.append(f"it may talk with {_OTHER[direction]} beyond the approved: {described(certain[0])}")
        lines += [described(peer) for peer in certain[1:]]
    elif isolation.answer is Answer.UNKNOWN or others:
        status, reason = Status.UNKNOWN, "undecided"
        lines += [f"cannot be told ({peer.reason}): {described(peer)}" for peer in others if peer.reason]
    else:
        status, reason = Status.PASS, "namespace-open" if own else "isolated"
        if own:
            lines.append(f"pods of {namespace} may reach it, which is tolerated")
    fix = _deny(namespace, direction, opened=reason == "open") if status is Status.FAIL else ""
    return Verdict(
        subject=namespace,
        status=status,
        reason=reason,
        evidence=bounded(lines),
        remediation=fix,
        sensitive=asked.sensitive,
    )


def _deny(namespace: str, direction: Direction, *, opened: bool) -> str:
    """The manifest to apply; egress comes with the rule for DNS, without which nothing resolves."""
    first = "Remove the rules that let this through, and keep or apply" if opened else "Apply"
    head = (
        f"{first}:\n"
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: default-deny-{direction}, namespace: {quoted(namespace)}}}\n"
    )
    if direction is Direction.INGRESS:
        return f"{head}spec: {{podSelector: {{}}, policyTypes: [Ingress]}}"
    return (
        f"{head}spec:\n  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:\n"
        "  - to:\n    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}\n"
        "      podSelector: {matchLabels: {k8s-app: kube-dns}}\n"
        "    ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]"
    )


def pods_are_isolated(case: Case) -> Iterator[Verdict]:
    """NB-ISO-03: one verdict per workload; it counts its pods, each half for ingress and half for egress.

    A host-network pod passes on no plane: what is known of the plane decides between fail and unknown.
    """
    if gaps := case.missing("namespaces", "pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    classes = classes_of(case.reach)
    for workload, pods in pods_of(case).items():
        yield _workload(case, classes, workload, pods)


def _workload(case: Case, classes: dict[tuple[str, str], PodClass], workload: str, pods: Sequence[Pod]) -> Verdict:
    reach = case.reach
    answers: dict[Direction, list[Answer]] = {Direction.INGRESS: [], Direction.EGRESS: []}
    told: list[tuple[Answer, str]] = []
    host_network, unreached = False, ""
    for pod in pods:
        found = classes.get((pod.namespace, pod.name))
        host_network = host_network or pod.host_network
        for direction, given in answers.items():
            if found is None:
                given.append(Answer.UNKNOWN)
                continue
            isolation = case.isolation(reach, found, direction)
            # At the declared level no plane has spoken on host-network pods, and the specification leaves them open.
            doubtful = pod.host_network and reach.level is Level.DECLARED
            answer = Answer.UNKNOWN if doubtful else isolation.answer
            given.append(answer)
            if found.covered is Answer.NO and (found.host_network or not unreached):
                unreached = found.coverage_reason
            told.append((answer, _line(found, direction, isolation)))
    lines = [line for worst in (Answer.NO, Answer.UNKNOWN, Answer.YES) for answer, line in told if answer is worst]
    halves = {direction: given.count(Answer.YES) / len(pods) for direction, given in answers.items()}
    flat = [answer for given in answers.values() for answer in given]
    fix = ""
    if Answer.NO in flat:
        status, reason = Status.FAIL, "host-network" if host_network else "not-isolated"
        fix = (
            "Let a policy's podSelector match these pods for Ingress and Egress, or apply the namespace's default deny."
        )
        if unreached:
            fix = beyond_policy(unreached)
    elif Answer.UNKNOWN in flat:
        status, reason = Status.UNKNOWN, "host-network" if host_network else "undecided"
    else:
        status, reason = Status.PASS, "isolated"
    return Verdict(
        subject=workload,
        status=status,
        reason=reason,
        evidence=(*bounded(lines), f"{reach.level} level, {len(pods)} pod{'s' if len(pods) > 1 else ''}"),
        remediation=fix,
        weight=len(pods),
        covered=len(pods) * sum(halves.values()) / 2,
    )


def _line(found: PodClass, direction: Direction, isolation: Isolation) -> str:
    if found.host_network:
        return f"{direction}: host-network pods are outside NetworkPolicy"
    if isolation.answer is Answer.YES:
        return f"{direction}: isolated by {names(isolation.policies)}"
    if found.covered is Answer.NO:
        return f"{direction}: policy does not reach the pod: {found.coverage_reason}"
    if isolation.policies:
        return f"{direction}: selected by {names(isolation.policies)}; whether it holds is not known: {found.coverage_reason}"
    return f"{direction}: no policy selects the pod"
