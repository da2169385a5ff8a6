"""NB-LP-01 and 02: who lets the internet in, and who gets out to all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scanner.controls import addresses
from scanner.controls.balancers import EdgePods
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
from scanner.dataplane.model import Answer
from scanner.findings import Level, Status
from scanner.model import Pod
from scanner.policy.model import DEFAULT, Action, BlockPeer, Entity, EntityPeer, Policy, Rule
from scanner.reach.model import Direction, PodClass, Reach

INGRESSES = "ingresses.networking.k8s.io"
_WORLD = frozenset({Entity.ALL, Entity.WORLD})
EVERYWHERE: addresses.Ranges = {version: [world] for version, world in addresses.WORLD.items()}


def blocks_of(rule: Rule) -> addresses.Ranges:
    """The addresses outside the cluster that a rule names; a rule without peers names all of them."""
    if rule.peers is None or any(isinstance(peer, EntityPeer) and peer.entity in _WORLD for peer in rule.peers):
        return EVERYWHERE
    return addresses.union(
        addresses.less(addresses.of_networks([peer.block]), addresses.of_networks(peer.excepts))
        for peer in rule.peers
        if isinstance(peer, BlockPeer)
    )


def only_edges_admit_the_internet(case: Case) -> Iterator[Verdict]:
    """NB-LP-01: one verdict per workload that rules open to a wide public range.

    Wide is a run of public addresses longer than a /24 (IPv6: /48) without a gap, over all the rules that select the
    workload, so that splitting a range or spreading it over rules changes nothing. Workloads that no rule opens so do not
    count, nor do those that no policy selects: NB-ISO-03 reports them.
    """
    if gaps := case.missing("pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    openers, denials = _openers(case, Direction.INGRESS), _denials(case)
    ways_in = (kind for kind in case.snapshot.collection if kind.partition(".")[0].endswith("routes"))
    unseen = case.missing("services", INGRESSES, *sorted(ways_in))
    edges = EdgePods(case)
    for workload, pods in pods_of(case).items():
        opened = []
        for pod in pods:
            listed = (*openers.get(pod.namespace, ()), *openers.get("", ()))
            if rules := _wide(case, listed, denials, pod):
                opened.append((pod, rules))
        if not opened:
            continue
        inside = [(pod, rules) for pod, rules in opened if not edges.why(pod)]
        rules = sorted({rule for _, found in (inside or opened) for rule in found})
        line = f"admitted by {names(rules)}"
        if not inside:
            evidence = bounded([line, *(edges.why(pod) for pod, _ in opened)])
            yield Verdict(subject=workload, status=Status.PASS, reason="edge", evidence=evidence)
        elif unseen:
            yield Verdict(subject=workload, status=Status.UNKNOWN, reason="unread", evidence=bounded([line, *unseen]))
        else:
            yield Verdict(
                subject=workload,
                status=Status.FAIL,
                reason="admits-internet",
                evidence=bounded([line, "it is no edge and stands behind no Ingress, Route or limited balancer"]),
                remediation=f"In {names(rules)} replace the range by the ingress controller's selector or the balancer's "
                "source ranges, or declare the workload under baseline.edge in ringfence.yaml.",
            )


_Opener = tuple[Policy, Sequence[tuple[str, addresses.Ranges]]]


def _openers(case: Case, direction: Direction) -> dict[str, list[_Opener]]:
    """The policies with rules that admit public addresses, by namespace (empty: cluster-scoped)."""
    found: dict[str, list[_Opener]] = {}
    for policy in case.policies.policies:
        rules = []
        for rule in policy.rules:
            admits = rule.direction is direction and rule.action is Action.ALLOW and not (rule.doubt or policy.doubt)
            ranges = addresses.public(blocks_of(rule)) if admits else {}
            if any(ranges.values()):
                rules.append((f"{policy.id} {rule.name}", ranges))
        if rules:
            found.setdefault(policy.namespace, []).append((policy, rules))
    return found


def _wide(
    case: Case, openers: Iterable[_Opener], denials: Iterable[tuple[Policy, addresses.Ranges]], pod: Pod
) -> list[str]:
    """The rules that together open a pod to a wide public range, less what an earlier tier denies, or none."""
    rules = [rule for policy, listed in openers if case.selects(policy, pod) for rule in listed]
    if not rules:
        return []
    denied = addresses.union(ranges for policy, ranges in denials if case.selects(policy, pod))
    joined = addresses.less(addresses.union(ranges for _, ranges in rules), denied)
    return [name for name, _ in rules] if addresses.is_wide(joined) else []


def _denials(case: Case) -> list[tuple[Policy, addresses.Ranges]]:
    """The policies that deny public addresses on every port before or beside the allows of the default tier."""
    found = []
    for policy in case.policies.policies:
        denying = [
            blocks_of(rule)
            for rule in policy.rules
            if rule.action is Action.DENY and rule.direction is Direction.INGRESS and rule.ports is None
        ]
        if denying and policy.tier <= DEFAULT:
            found.append((policy, addresses.union(denying)))
    return found


def egress_is_limited(case: Case) -> Iterator[Verdict]:
    """NB-LP-02: one verdict per workload, on what its pods may reach outside the cluster on any port.

    Unrestricted is a tenth or more of the public addresses of IPv4 (less the special-purpose registries) or of IPv6
    (2000::/3), added up over all rules: neither cutting 0.0.0.0/0 into halves nor excepting the private ranges brings a
    rule below that, while lists of partners and of one provider's ranges stay under it. Counting only sees ranges: an
    approved profile (a proxy, a gateway) is declared under `baseline.egress`.
    """
    if gaps := case.missing("pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    measure = _Egress(case)
    for workload, pods in pods_of(case).items():
        approved = [
            pod for pod in pods if case.declared_as(case.config.egress, pod.namespace, pod.workload.name, pod.labels)
        ]
        judged = pods if len(approved) < len(pods) else []
        yield _egress(measure, workload, judged)


def _egress(measure: _Egress, workload: str, pods: Sequence[Pod]) -> Verdict:
    if not pods:
        evidence = ("declared under baseline.egress",)
        return Verdict(subject=workload, status=Status.PASS, reason="approved", evidence=evidence)
    found = [measure.of(pod) for pod in pods]
    (certain, possible, by), pod = max(zip(found, pods, strict=True), key=lambda each: each[0][:2])
    possible = max(each[1] for each in found)
    lines = [f"{measure.level} level: {certain:.1%} of the public addresses can be reached, {by}"]
    if certain >= addresses.UNRESTRICTED:
        fix = (
            "Deny egress by default and allow named peers; for the internet use a proxy or egress gateway (declare it under "
            "baseline.egress), or an ipBlock of the partner's own ranges:\n"
            f"egress: [{{to: [{{ipBlock: {{cidr: <range>}}}}], ports: [{{port: 443}}]}}]  # namespace "
            f"{quoted(pods[0].namespace)}, podSelector {quoted(pods[0].workload.name)}"
        )
        if unreached := measure.unreached(pod):
            fix = beyond_policy(unreached)
        return Verdict(
            subject=workload, status=Status.FAIL, reason="unrestricted", evidence=tuple(lines), remediation=fix
        )
    if possible >= addresses.UNRESTRICTED:
        lines.append(f"and up to {possible:.1%} cannot be ruled out")
        return Verdict(subject=workload, status=Status.UNKNOWN, reason="undecided", evidence=tuple(lines))
    return Verdict(subject=workload, status=Status.PASS, reason="limited", evidence=tuple(lines))


# What a pod may do that no tier closes by default: everything that no rule denies.
_ANYWHERE = Rule(direction=Direction.EGRESS, index=0, peers=None, ports=None)


class _Egress:
    """The share of the internet that a class of pods may reach, worked out once per set of policies.

    The engine answers address by address: one of each run that the class's own rules do not tell apart, so the work grows
    with the rules of a class and not with the peers of the cluster.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._reach: Reach = case.reach
        self._classes = classes_of(self._reach)
        self._rules: dict[str, list[Rule]] = {policy.id: [] for policy in case.policies.policies}
        for policy in case.policies.policies:  # an object may be several policies of one name
            self._rules[policy.id] += [
                rule for rule in policy.rules if rule.direction is Direction.EGRESS and any(blocks_of(rule).values())
            ]
        self._known: dict[tuple[object, ...], tuple[float, float, str]] = {}
        self.level = self._reach.level

    def of(self, pod: Pod) -> tuple[float, float, str]:
        """The certain share, the possible share, and what decides, of one pod."""
        found = self._classes.get((pod.namespace, pod.name))
        if found is None:
            return 0.0, 1.0, "the pod is not in the model"
        if found.host_network and self.level is Level.DECLARED:
            return 0.0, 1.0, "host-network pods are outside NetworkPolicy, and no known plane has spoken on them"
        isolation = self._case.isolation(self._reach, found, Direction.EGRESS)
        if isolation.answer is Answer.NO and not any(self._rules.get(policy) for policy in isolation.policies):
            unpoliced = f"policy does not reach the pod: {found.coverage_reason}"
            return 1.0, 1.0, unpoliced if found.covered is Answer.NO else "no policy isolates it for egress"
        key = (found.namespace, isolation.answer, isolation.policies, found.host_network)
        if key not in self._known:
            rules = [rule for policy in isolation.policies for rule in self._rules.get(policy, ())]
            rules += [_ANYWHERE] if isolation.answer is not Answer.YES else []
            by = f"policies: {names(isolation.policies) or 'none'}"
            self._known[key] = (*self._shares(found, rules), by)
        return self._known[key]

    def unreached(self, pod: Pod) -> str:
        """Why no policy reaches a pod; empty where one does, or might."""
        found = self._classes.get((pod.namespace, pod.name))
        return found.coverage_reason if found is not None and found.covered is Answer.NO else ""

    def _shares(self, pod: PodClass, rules: Sequence[Rule]) -> tuple[float, float]:
        ports = {("TCP", 443)}  # what nothing restricts, and what a rule without ports lets through, takes any port
        ports |= {(port.protocol, port.first) for rule in rules for port in rule.ports or () if not port.name}
        certain, possible = [], []
        for run in addresses.public_runs(blocks_of(rule) for rule in rules):
            address = addresses.first(run)
            answers = {self._reach.admits(pod, Direction.EGRESS, address, *port) for port in sorted(ports)}
            if Answer.YES in answers:
                certain.append(run)
            elif Answer.UNKNOWN in answers:
                possible.append(run)
        sure, maybe = (
            max(addresses.shares(addresses.union(parts)).values()) for parts in (certain, certain + possible)
        )
        return sure, maybe
