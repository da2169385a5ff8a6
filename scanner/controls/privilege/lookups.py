"""Whom rules about DNS let pods ask (NB-LP-06)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.controls import addresses
from scanner.controls.base import Case, Verdict, bounded
from scanner.controls.peers import RESOLVER_LABELS, TOMORROW, Approved
from scanner.controls.privilege.internet import EVERYWHERE, blocks_of
from scanner.controls.privilege.ports import WIDEST, allows
from scanner.findings import Status
from scanner.model import NAME_LABEL
from scanner.policy.model import BlockPeer, Entity, EntityPeer, Peer, PodPeer, Policy, Rule
from scanner.policy.selectors import matches
from scanner.reach.addresses import is_address
from scanner.reach.model import Direction, PodClass

DNS = 53
_PROTOCOLS = frozenset({"TCP", "UDP"})
# Nodes may hold the node-local cache; the others of the platform are no resolver and no way out either.
_TOLERATED = frozenset({Entity.HOST, Entity.REMOTE_NODE, Entity.NODES, Entity.KUBE_APISERVER, Entity.INGRESS})
_INSTEAD = (
    "name the resolver instead:\n"
    "- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}\n"
    "  podSelector: {matchLabels: {k8s-app: kube-dns}}"
)


class Lookups:
    """Judges the egress rules of one cluster that open port 53."""

    def __init__(self, case: Case) -> None:
        self._case = case
        approved = Approved(case)
        pods = [
            pod for pod in case.pods if pod.labels.get("k8s-app") in RESOLVER_LABELS and pod.namespace == "kube-system"
        ]
        self._resolvers = {(pod.namespace, pod.name) for pod in pods}
        own = addresses.of_texts(ip for pod in pods for ip in pod.ips if is_address(ip))
        self._places = addresses.union([approved.resolvers, own])
        self._known: dict[tuple[PodPeer, str], bool] = {}

    def verdicts(self) -> Iterator[Verdict]:
        """One verdict per policy of workload namespaces, or of the cluster, with such a rule."""
        found: dict[str, list[tuple[Policy, Rule]]] = {}
        for policy in self._case.policies.policies:
            if policy.namespace and self._case.is_platform(policy.namespace):
                continue
            for rule in policy.rules:
                if rule.direction is Direction.EGRESS and allows(rule) and (_about_dns(rule) or self._leaks(rule)):
                    found.setdefault(policy.id, []).append((policy, rule))
        for name, rules in found.items():
            yield self._policy(name, rules)

    def _policy(self, name: str, rules: Sequence[tuple[Policy, Rule]]) -> Verdict:
        anywhere = [(policy, rule) for policy, rule in rules if self._leaks(rule)]
        beyond = [(policy, rule) for policy, rule in rules if self._beyond(policy, rule)]
        reason, bad = ("dns-anywhere", anywhere) if anywhere else ("beyond-resolver", beyond)
        if not bad:
            evidence = ("its rules for port 53 lead to the cluster's resolver alone",)
            return Verdict(subject=name, status=Status.PASS, reason="resolver-only", evidence=evidence)
        where = "any address" if anywhere else "peers that are not the cluster's resolver"
        lines = [f"{rule.name} opens port 53 to {where}" for _, rule in bad]
        if all(policy.doubt or rule.doubt for policy, rule in bad):
            return Verdict(subject=name, status=Status.UNKNOWN, reason="undecided", evidence=bounded(lines))
        return Verdict(
            subject=name,
            status=Status.FAIL,
            reason=reason,
            evidence=bounded(lines),
            remediation=f"In {name} {_INSTEAD}",
        )

    def _leaks(self, rule: Rule) -> bool:
        """Whether a rule lets port 53 out to so many addresses that it is no list of resolvers."""
        opens = rule.ports is None or any(
            _opens(port.protocol, port.first, port.last, port.name) for port in rule.ports
        )
        ranges = blocks_of(rule)
        return opens and (ranges is EVERYWHERE or addresses.is_unrestricted(ranges))

    def _beyond(self, policy: Policy, rule: Rule) -> bool:
        return _about_dns(rule) and any(not self._is_resolver(policy, peer) for peer in rule.peers or ())

    def _is_resolver(self, policy: Policy, peer: Peer) -> bool:
        if isinstance(peer, EntityPeer):
            return peer.entity in _TOLERATED
        if isinstance(peer, BlockPeer):
            ranges = addresses.less(addresses.of_networks([peer.block]), addresses.of_networks(peer.excepts))
            return addresses.within(ranges, self._places)
        if not isinstance(peer, PodPeer):
            return False
        key = (peer, "" if peer.namespaces is not None else policy.namespace)
        if key not in self._known:
            self._known[key] = self._pods(peer, policy.namespace)
        return self._known[key]

    def _pods(self, peer: PodPeer, namespace: str) -> bool:
        """Whether a selector takes the resolver's pods, or the platform's, and would take nobody new."""
        if peer.namespaces is not None and matches(peer.namespaces, {NAME_LABEL: TOMORROW}) and matches(peer.pods, {}):
            return False
        return all(self._mine(item) for item in self._case.reach.classes if self._selects(peer, namespace, item))

    def _selects(self, peer: PodPeer, namespace: str, item: PodClass) -> bool:
        if item.hypothetical or item.host_network or not matches(peer.pods, item.labels):
            return False
        if peer.namespaces is None:
            return item.namespace == namespace
        return matches(peer.namespaces, {**self._case.labels.get(item.namespace, {}), NAME_LABEL: item.namespace})

    def _mine(self, item: PodClass) -> bool:
        return self._case.is_platform(item.namespace) or all(
            (item.namespace, pod) in self._resolvers for pod in item.pods
        )


def _opens(protocol: str, first: int, last: int, name: str) -> bool:
    return protocol in _PROTOCOLS and not name and first <= DNS <= last


def _about_dns(rule: Rule) -> bool:
    return any(
        _opens(port.protocol, port.first, port.last, port.name) and port.last - port.first < WIDEST
        for port in rule.ports or ()
    )
