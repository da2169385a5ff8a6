"""NB-LP-07: which workloads reach the API server, and does any reach a kubelet?

Addresses are those that pods see: the endpoints of Service default/kubernetes, and the nodes'. The kubelet's port: Kubernetes
documentation, "Ports and Protocols".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.controls.base import (
    CLUSTER,
    POLICIES,
    Case,
    Verdict,
    beyond_policy,
    classes_of,
    names,
    pods_of,
    quoted,
    unread,
)
from scanner.dataplane.model import Answer, Value
from scanner.findings import Level, Status
from scanner.model import Pod
from scanner.policy.model import Action, Entity, EntityPeer, PodPeer, Rule
from scanner.reach.addresses import is_address
from scanner.reach.engine import ClusterReach
from scanner.reach.model import Direction, NamedPeer, PodClass
from scanner.reach.names import API_SERVER

_KUBELET = 10250
_SERVICE = ("default", "kubernetes")
# Engines under which a pod reaches its own node whatever policy says (cni-capabilities, "pod to its own node": source read).
OWN_NODE_OPEN: Mapping[str, str] = {
    "eks-vpc-cni": "aws-network-policy-agent always lets the node's primary address through, both ways",
    "eks-auto-mode": "the agent of EKS Auto Mode is the VPC CNI's, which always lets the node's primary address through",
    "aks-npm": "Azure NPM filters forwarded packets only, and these are not",
}
_WORST_FIRST = (Answer.YES, Answer.UNKNOWN, Answer.NO)
_Target = tuple[str, int]


def control_plane_is_by_exception(case: Case) -> Iterator[Verdict]:
    """One verdict per workload: the API server for those under `baseline.api_clients` alone, a kubelet for none.

    Where the engine never keeps a pod from its own node, a workload that is closed otherwise is not applicable: a firewall
    on the nodes has to show it.
    """
    if gaps := case.missing("pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    judge = _Judge(case)
    for workload, pods in pods_of(case).items():
        yield _workload(case, judge, workload, pods)


def _workload(case: Case, judge: _Judge, workload: str, pods: Sequence[Pod]) -> Verdict:
    approved = all(
        case.declared_as(case.config.api_clients, pod.namespace, pod.workload.name, pod.labels) for pod in pods
    )
    server, kubelet = (_worst(found) for found in zip(*(judge.of(pod) for pod in pods), strict=True))
    findings = [] if approved else [("api-server", server)]
    findings.append(("kubelet", kubelet))
    level = f"{case.reach.level} level"
    for reason, found in findings:
        if found.answer is Answer.YES:
            evidence = (f"may reach {found.what}: {found.why} ({level})",)
            fix = beyond_policy(found.unreached) if found.unreached else _fix(reason, pods[0], found.what)
            return Verdict(subject=workload, status=Status.FAIL, reason=reason, evidence=evidence, remediation=fix)
    for _, found in findings:
        if found.answer is Answer.UNKNOWN:
            reason = "undecided" if found.what else "address-unknown"
            evidence = (f"{found.what}: {found.why}".removeprefix(": "),)
            return Verdict(subject=workload, status=Status.UNKNOWN, reason=reason, evidence=evidence)
    closed = "approved for the API server" if approved else "policy keeps it from the API server"
    open_ = OWN_NODE_OPEN.get(case.dataplane.name, "") if case.reach.level is Level.EFFECTIVE else ""
    if open_:
        lines = (
            f"{closed} and from the kubelets of other nodes ({level})",
            f"its own node's kubelet no policy closes: {open_}; show a firewall on the nodes instead",
        )
        return Verdict(subject=workload, status=Status.NOT_APPLICABLE, reason="own-node-open", evidence=lines)
    evidence = (f"{closed}, and from port {_KUBELET} of every node ({level})",)
    return Verdict(subject=workload, status=Status.PASS, reason="by-exception", evidence=evidence)


@dataclass(frozen=True, slots=True)
class _Found:
    """Whether a pod reaches one thing; `what` is it, empty where its address is not known; `unreached`: no policy applies."""

    answer: Answer
    what: str
    why: str
    unreached: str = ""


def _worst(found: Sequence[_Found]) -> _Found:
    return min(found, key=lambda each: _WORST_FIRST.index(each.answer))


class _Judge:
    """Answers per class of pods; kubelets are asked about once for all of them."""

    def __init__(self, case: Case) -> None:
        self._case, self._reach = case, case.reach
        self._classes = classes_of(case.reach)
        self._known: dict[int, tuple[_Found, _Found]] = {}
        self._server = _server(case)
        self._no_server = case.missing("services", "endpointslices.discovery.k8s.io")
        self._rules: dict[str, list[Rule]] = {}
        for policy in case.policies.policies:
            allowing = [
                rule for rule in policy.rules if rule.direction is Direction.EGRESS and rule.action is Action.ALLOW
            ]
            self._rules.setdefault(policy.id, []).extend(allowing)
        self._nodes = _nodes(case)
        self._on_nodes = self._hosts()

    def of(self, pod: Pod) -> tuple[_Found, _Found]:
        """What is known of one pod: the API server, and kubelets."""
        found = self._classes.get((pod.namespace, pod.name))
        if found is None:
            doubt = _Found(Answer.UNKNOWN, "the control plane", "the pod is not in the model")
            return doubt, doubt
        if found.index not in self._known:
            self._known[found.index] = self._ask(found)
        return self._known[found.index]

    def _ask(self, pod: PodClass) -> tuple[_Found, _Found]:
        isolation = self._case.isolation(self._reach, pod, Direction.EGRESS)
        unreached = pod.coverage_reason if pod.covered is Answer.NO else ""
        if isolation.answer is Answer.NO and not any(self._rules.get(policy) for policy in isolation.policies):
            why = f"policy does not reach the pod: {unreached}" if unreached else "no policy isolates it for egress"
            if pod.host_network and self._reach.level is Level.DECLARED:
                doubt = "host-network pods are outside NetworkPolicy, and no known plane has spoken on them"
                return _Found(Answer.UNKNOWN, "the API server", doubt), _Found(Answer.UNKNOWN, "kubelets", doubt)
            return (
                _Found(Answer.YES, "the API server", why, unreached),
                _Found(Answer.YES, f"kubelets on port {_KUBELET}", why, unreached),
            )
        by = f"policies: {names(isolation.policies, 3)}"
        rules = [rule for policy in isolation.policies for rule in self._rules.get(policy, ())]
        inside = isolation.answer is Answer.YES and not any(map(_names_addresses, rules))
        return self._of_server(pod, rules, by, inside=inside), self._of_kubelets(pod, by, inside=inside)

    def _of_server(self, pod: PodClass, rules: Sequence[Rule], by: str, *, inside: bool) -> _Found:
        """`inside` says that a class's rules name pods alone, so that it leads to no address outside."""
        named = self._named(pod, rules)
        if named is not Answer.NO or inside:
            return _Found(named, "the API server", by)
        if not self._server:
            gaps = "; ".join(self._no_server) or "Service default/kubernetes has no endpoints here"
            return _Found(Answer.UNKNOWN, "", f"the API server's address is not known: {gaps}")
        found = [
            _Found(
                self._reach.admits(pod, Direction.EGRESS, address, "TCP", port),
                f"the API server at {address} port {port}",
                by,
            )
            for address, port in self._server
        ]
        return _worst(found)

    def _named(self, pod: PodClass, rules: Sequence[Rule]) -> Answer:
        """Whether rules that know the API server by name, or the cluster as a whole, let a class reach it."""
        entities = {peer.entity for rule in rules for peer in rule.peers or () if isinstance(peer, EntityPeer)}
        if Entity.KUBE_APISERVER in entities:
            answers = [
                allowed.answer
                for allowed in self._reach.targets(pod)
                if allowed.peer == NamedPeer(API_SERVER) and "TCP" in allowed.ports
            ]
            return next((answer for answer in _WORST_FIRST if answer in answers), Answer.NO)
        return Answer.UNKNOWN if Entity.CLUSTER in entities else Answer.NO

    def _of_kubelets(self, pod: PodClass, by: str, *, inside: bool) -> _Found:
        what = f"kubelets on port {_KUBELET}"
        found = [self._on_nodes.get(pod.index, Answer.NO)]
        if inside:
            return _Found(found[0], what, by)
        if not self._nodes:
            gaps = "; ".join(self._case.missing("nodes")) or "no node has an address here"
            return _worst(
                [_Found(found[0], what, by), _Found(Answer.UNKNOWN, "", f"the nodes' addresses are not known: {gaps}")]
            )
        facts = self._case.dataplane.capabilities
        matched = facts.ipblock_matches_nodes.firm if facts else Answer.UNKNOWN
        if self._reach.level is Level.DECLARED:
            matched = Answer.YES
        for address in self._nodes if matched is not Answer.NO else ():
            answer = self._reach.admits(pod, Direction.EGRESS, address, "TCP", _KUBELET)
            found.append(Answer.UNKNOWN if answer is Answer.YES and matched is Answer.UNKNOWN else answer)
        return _worst([_Found(answer, what, by) for answer in found])

    def _hosts(self) -> dict[int, Answer]:
        """The classes that reach a host-network pod on the kubelet's port: its address is the node's own."""
        found: dict[int, Answer] = {}
        for host in self._reach.classes:
            if host.hypothetical or not host.host_network:
                continue
            for allowed in self._reach.sources(host):
                ports = allowed.ports.get("TCP", ())
                if isinstance(allowed.peer, PodClass) and any(first <= _KUBELET <= last for first, last in ports):
                    known = found.get(allowed.peer.index, Answer.NO)
                    found[allowed.peer.index] = min(known, allowed.answer, key=_WORST_FIRST.index)
        return found


def _names_addresses(rule: Rule) -> bool:
    """Whether a rule may lead beyond the cluster's pods."""
    return rule.peers is None or any(not isinstance(peer, PodPeer) for peer in rule.peers)


def _server(case: Case) -> tuple[_Target, ...]:
    """Where pods find the API server: the endpoints of its Service, and the Service itself where that is judged."""
    found = {
        (address, port.port)
        for item in case.snapshot.endpoint_slices
        if (item.namespace, item.service) == _SERVICE
        for endpoint in item.endpoints
        for address in endpoint.addresses
        if is_address(address)
        for port in item.ports
        if port.protocol == "TCP"
    }
    facts = case.dataplane.capabilities
    if (
        found
        and case.reach.level is Level.EFFECTIVE
        and (facts is None or facts.service_egress.value is not Value.HONOURED)
    ):
        found |= {
            (address, port.port)
            for item in case.snapshot.services
            if (item.namespace, item.name) == _SERVICE
            for address in item.cluster_ips
            if is_address(address)
            for port in item.ports
        }
    return tuple(sorted(found))


def _nodes(case: Case) -> tuple[str, ...]:
    """The nodes' addresses, one of each kind that policies can tell apart."""
    texts = [address for node in case.snapshot.nodes for address in node.addresses if is_address(address)]
    if not isinstance(case.reach, ClusterReach):
        return tuple(texts)
    space = case.reach.parts.addresses
    return tuple({space.locate(text): text for text in reversed(texts)}.values())


def _fix(reason: str, pod: Pod, what: str) -> str:
    deny = (
        "Deny egress by default, and let no rule hold that address and port:\n"
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: default-deny-egress, namespace: {quoted(pod.namespace)}}}\n"
        "spec: {podSelector: {}, policyTypes: [Egress]}"
    )
    if reason == "kubelet":
        return f"No workload needs {what}. {deny}"
    return (
        f"{deny}\nor, if the need is approved, in ringfence.yaml:\n"
        f"baseline: {{api_clients: [{{namespace: {quoted(pod.namespace)}, workload: {quoted(pod.workload.name)}}}]}}"
    )
