"""Whether policy lets a class of pods talk with the internet at all, in either direction, at one level."""

from __future__ import annotations

from scanner.controls import addresses
from scanner.controls.base import Case
from scanner.controls.privilege.internet import blocks_of
from scanner.dataplane.model import Answer
from scanner.findings import Level
from scanner.policy.model import Action, EntityPeer, NamePeer, Rule
from scanner.reach.model import Direction, PodClass, Reach


class Internet:
    """Asked per class, answered once per set of policies: the work grows with the rules of a class, not with its peers."""

    def __init__(self, case: Case, reach: Reach) -> None:
        self._case = case
        self._reach = reach
        self._rules: dict[tuple[str, Direction], list[Rule]] = {}
        for policy in case.policies.policies:  # an object may be several policies of one name
            for rule in policy.rules:
                self._rules.setdefault((policy.id, rule.direction), []).append(rule)
        self._known: dict[tuple[object, ...], Answer] = {}

    def of(self, pod: PodClass, direction: Direction) -> Answer:
        """Whether at least one public address may be talked with, on at least one port."""
        if pod.host_network and self._reach.level is Level.DECLARED:
            return Answer.UNKNOWN  # outside NetworkPolicy, and no known plane has spoken on them
        isolation = self._case.isolation(self._reach, pod, direction)
        rules = [rule for policy in isolation.policies for rule in self._rules.get((policy, direction), ())]
        if isolation.answer is Answer.NO and not rules:
            return Answer.YES
        named = any(port.name for rule in rules if _leads_out(rule) for port in rule.ports or ())
        whose = pod.index if named else (pod.namespace, pod.host_network, pod.covered, pod.coverage_reason)
        key = (whose, direction, isolation)
        if key not in self._known:
            found = self._ask(pod, direction, rules)
            self._known[key] = Answer.UNKNOWN if found is Answer.NO and (named or _by_name(rules)) else found
        return self._known[key]

    def _ask(self, pod: PodClass, direction: Direction, rules: list[Rule]) -> Answer:
        """One address of each run that the rules do not tell apart, on the ports where one of them begins or ends."""
        ports = {("TCP", 443)}
        for port in (port for rule in rules for port in rule.ports or () if not port.name):
            ends = {port.first - 1, port.first, port.last, port.last + 1}
            ports |= {(port.protocol, number) for number in ends if 1 <= number <= 65535}
        best = Answer.NO
        for run in addresses.public_runs(blocks_of(rule) for rule in rules):
            address = addresses.first(run)
            answers = {self._reach.admits(pod, direction, address, *port) for port in sorted(ports)}
            if Answer.YES in answers:
                return Answer.YES
            if Answer.UNKNOWN in answers:
                best = Answer.UNKNOWN
        return best


def _leads_out(rule: Rule) -> bool:
    """Whether a rule may be about addresses outside the cluster at all."""
    outside = rule.peers is None or any(isinstance(peer, EntityPeer | NamePeer) for peer in rule.peers)
    return outside or any(addresses.public(blocks_of(rule)).values())


def _by_name(rules: list[Rule]) -> bool:
    """Whether a DNS name is let through: which addresses that stands for, nobody knows."""
    return any(
        rule.action is Action.ALLOW and any(isinstance(peer, NamePeer) for peer in rule.peers or ()) for rule in rules
    )
