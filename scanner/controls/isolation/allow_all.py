"""NB-ISO-04: does a policy open everything again?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache

from scanner.controls import addresses
from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, names, unread
from scanner.controls.peers import TOMORROW
from scanner.controls.privilege.internet import blocks_of
from scanner.dataplane.model import Answer, Enforcing
from scanner.findings import Status
from scanner.model import NAME_LABEL, Pod
from scanner.policy.model import Action, BlockPeer, Entity, EntityPeer, Matching, PodPeer, Policy, Ports, Rule, Selector
from scanner.policy.selectors import matches
from scanner.reach.model import Direction
from scanner.reach.population import workload_id

_TOMORROW: Mapping[str, str] = {NAME_LABEL: TOMORROW}
_ALL_ADDRESSES = 0.9  # of the public address space: leaving out a few ranges still admits everybody
_Everything = Callable[[Selector], bool]


def nothing_reopens(case: Case) -> Iterator[Verdict]:
    """One verdict per workload namespace's policies that select the same pods for the same direction.

    Judged on what is declared, by meaning and not by shape. A rule admits all peers when it names none, or when its
    selectors match every namespace and pod (also those created tomorrow) and its ranges hold nine tenths of the public
    IPv4 addresses (IPv6 ones, where no pod has an IPv4 address), summed over rules and over policies with the same
    podSelector. On a plane where an ipBlock matches pods the ranges alone suffice; where that is only remembered the
    verdict is unknown. All ports means all of TCP: a rule that leaves out nothing but UDP re-opens the namespace all the
    same.

    Platform namespaces are left out: a provider's own allow-all there (AKS ships one) re-opens no workload.
    """
    if gaps := case.missing("namespaces", "pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    groups: dict[tuple[str, Selector | None, Selector], list[Policy]] = {}
    for policy in case.policies.policies:
        if not policy.namespace or not case.is_platform(policy.namespace):
            groups.setdefault((policy.namespace, policy.namespaces, policy.subject), []).append(policy)
    opens = _Opening(case)
    undecided = case.dataplane.enforcing is Enforcing.UNKNOWN
    for policies in groups.values():
        verdict = _judge(case, opens, policies)
        if undecided and verdict.status is not Status.NOT_APPLICABLE:
            why = f"as declared: {verdict.status}; which policies the engine honours is not known"
            verdict = Verdict(
                subject=verdict.subject,
                status=Status.UNKNOWN,
                reason="engine-unknown",
                evidence=bounded([why, *verdict.evidence]),
            )
        yield verdict
    for reference in case.unmodelled:
        evidence = (f"{reference} is of a kind that this version does not judge",)
        yield Verdict(subject=reference, status=Status.UNKNOWN, reason="not-modelled", evidence=evidence)


def _judge(case: Case, opens: _Opening, policies: Sequence[Policy]) -> Verdict:
    """Policies of one namespace (or of the cluster) that select the same pods."""
    title = names([policy.id for policy in policies], 3)
    where = policies[0].namespace or "the cluster"
    for direction in (Direction.INGRESS, Direction.EGRESS):
        rules = [
            (policy, rule)
            for policy in policies
            for rule in policy.rules
            if rule.direction is direction and rule.action is Action.ALLOW and not (rule.doubt or policy.doubt)
        ]
        answer = opens.everything([rule for _, rule in rules])
        if answer is Answer.NO:
            continue
        by = names(sorted({f"{policy.id} {rule.name}" for policy, rule in rules if opens.all_ports(rule.ports)}))
        pods = [pod for pod in case.workload_pods if case.selects(policies[0], pod)]
        left = [pod for pod in pods if not _excepted(case, direction, pod)]
        if not left and (pods or not matches(policies[0].subject, {})):
            continue
        opened = names(sorted({workload_id(pod) for pod in left})) or "every pod created without labels"
        verb = "admits all sources" if direction is Direction.INGRESS else "reaches all destinations"
        lines = [f"{by} {verb} on all ports", f"re-opened in {where}: {opened}"]
        if answer is Answer.UNKNOWN:
            lines.append("whether its ipBlock matches pods on this plane is not established")
            return Verdict(subject=title, status=Status.UNKNOWN, reason="block-may-match-pods", evidence=bounded(lines))
        return Verdict(
            subject=title,
            status=Status.FAIL,
            reason="allow-all",
            evidence=bounded(lines),
            remediation=f"Replace {by} by rules that name peers and ports, or delete the policy if it was for debugging.",
        )
    evidence = ("no rule admits everybody on all ports beyond declared edges",)
    return Verdict(subject=title, status=Status.PASS, reason="limited", evidence=evidence)


def _excepted(case: Case, direction: Direction, pod: Pod) -> bool:
    """Whether the operator declared that this workload may be open so."""
    entries = case.config.edge if direction is Direction.INGRESS else case.config.egress
    return case.declared_as(entries, pod.namespace, pod.workload.name, pod.labels)


class _Opening:
    """Whether rules admit everything, in one cluster."""

    def __init__(self, case: Case) -> None:
        facts = case.dataplane.capabilities
        self._blocks_match_pods = facts.ipblock_matches_pods if facts else None
        spaces = [*(dict(space.labels) for space in case.snapshot.namespaces), _TOMORROW]
        addressed = [":" in ip for pod in case.pods if not pod.host_network for ip in pod.ips]
        self._family = 6 if addressed and all(addressed) else 4
        pods = [*({tuple(sorted(pod.labels.items())) for pod in case.pods if not pod.host_network}), ()]
        labels = [dict(pairs) for pairs in sorted(pods)]
        self._all_namespaces = _matching_all(spaces)
        self._all_pods = _matching_all(labels)

    def everything(self, rules: Iterable[Rule]) -> Answer:
        """Whether the rules that limit no port admit every peer, together."""
        unlimited = [rule for rule in rules if self.all_ports(rule.ports)]
        if any(rule.peers is None or EntityPeer(Entity.ALL) in rule.peers for rule in unlimited):
            return Answer.YES
        ranges = addresses.union(blocks_of(rule) for rule in unlimited)
        if addresses.shares(ranges)[self._family] < _ALL_ADDRESSES:
            return Answer.NO
        listed = [peer for rule in unlimited for peer in rule.peers or ()]
        if any(self._all_pods_peer(peer) or peer == EntityPeer(Entity.CLUSTER) for peer in listed):
            return Answer.YES
        if any(isinstance(peer, BlockPeer) and peer.matching is Matching.PODS for peer in listed):
            return Answer.YES
        fact = self._blocks_match_pods
        if fact is None or fact.answer is Answer.NO:
            return Answer.NO
        return Answer.YES if fact.firm is Answer.YES else Answer.UNKNOWN

    def all_ports(self, ports: tuple[Ports, ...] | None) -> bool:
        """Whether a rule leaves no TCP port out; ranges that meet count as one."""
        if ports is None:
            return True
        reached = 0
        for first, last in sorted((p.first, p.last) for p in ports if p.protocol == "TCP" and not p.name):
            if first > reached + 1:
                return False
            reached = max(reached, last)
        return reached == 65535

    def _all_pods_peer(self, peer: object) -> bool:
        if not isinstance(peer, PodPeer) or peer.namespaces is None:
            return False
        return self._all_namespaces(peer.namespaces) and self._all_pods(peer.pods)


def _matching_all(population: Sequence[Mapping[str, str]]) -> _Everything:
    @cache
    def everything(selector: Selector) -> bool:
        return selector.everything or all(matches(selector, labels) for labels in population)

    return everything
