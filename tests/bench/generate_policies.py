"""The network policies of a generated cluster: what each namespace denies, then what is allowed, peer by peer.

30% named ports, 12% ipBlock peers (some with exceptions), 40% egress where a namespace denies both ways, selectors across
namespaces by name, by team and by expression; ranges of ports, UDP, SCTP, and now and then a rule that allows everything.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

_Spec = dict[str, Any]
_NUMBERS = (80, 443, 5432, 8080, 8443, 9090, 3306, 6379, 9200)
_RANGES = ((30000, 32767), (8000, 8100), (9000, 9999), (49152, 65535))
_OTHERS = (("UDP", 53), ("UDP", 123), ("UDP", 161), ("SCTP", 3868), ("SCTP", 38412))
_NAMES = ("http", "grpc", "metrics")
_DNS_PORTS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
_DNS = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Draws policies for the namespaces `names`, whose workloads have the `app` labels `apps`.

    With `pods`, selectors also look at a label that each of so many pods has to itself; with `blocks`, so many distinct
    address blocks are used, each with an exception.
    """

    chance: random.Random = field(kw_only=False)
    names: Sequence[str]
    apps: dict[str, list[str]]
    teams: Sequence[str]
    environments: Sequence[str]
    tiers: Sequence[str]
    strict: bool
    pods: int
    blocks: int

    def all(self, count: int) -> Iterator[dict[str, Any]]:
        """`count` policies: those that deny first, then as many that allow as there is room for."""
        made = 0
        both = {name: self.strict or number % 10 in range(5, 9) for number, name in enumerate(self.names)}
        for number, name in enumerate(self.names):
            open_to_all = not self.strict and number % 10 == 9
            for spec in () if open_to_all else _denials(both_ways=both[name]):
                yield _policy(name, f"base-{made:05}", spec)
                made += 1
        for block in range(self.blocks):
            where = self.names[block % len(self.names)]
            rule = {"from": [{"ipBlock": _numbered(block)}], "ports": self._ports()}
            yield _policy(where, f"block-{block:05}", {"podSelector": self._subject(where), "ingress": [rule]})
        for number in range(made + self.blocks, count):
            where = self.chance.choice(self.names)
            egress = both[where] and self.chance.random() < 0.4
            yield _policy(where, f"allow-{number:05}", self._allow(where, egress=egress))

    def _allow(self, where: str, *, egress: bool) -> _Spec:
        peers, section, kind = ("to", "egress", "Egress") if egress else ("from", "ingress", "Ingress")
        rules = [self._rule(where, peers) for _ in range(1 if self.chance.random() < 0.8 else 2)]
        return {"podSelector": self._subject(where), "policyTypes": [kind], section: rules}

    def _rule(self, where: str, peers: str) -> _Spec:
        draw = self.chance.random()
        if draw < 0.02:
            return {}
        rule: _Spec = {peers: [self._peer(where) for _ in range(self.chance.randint(1, 2))]}
        return rule if draw < 0.07 else rule | {"ports": self._ports()}

    def _subject(self, where: str) -> _Spec:
        draw = self.chance.random()
        if self.pods and draw < 0.5:
            return {"matchLabels": {"instance": self._instance()}}
        if draw < 0.1:
            return {"matchLabels": {"tier": self.chance.choice(self.tiers)}}
        return {"matchLabels": {"app": self.chance.choice(self.apps[where])}}

    def _instance(self) -> str:
        number = self.chance.randrange(self.pods)
        return f"{number // 3}-{number % 3}"

    def _ports(self) -> list[_Spec]:
        return [self._port() for _ in range(1 if self.chance.random() < 0.75 else 2)]

    def _port(self) -> _Spec:
        draw, choice = self.chance.random(), self.chance.choice
        if draw < 0.3:
            return {"port": choice(_NAMES)}
        if draw < 0.4:
            first, last = choice(_RANGES)
            return {"port": first, "endPort": last, "protocol": "TCP"}
        if draw < 0.5:
            protocol, number = choice(_OTHERS)
            return {"port": number, "protocol": protocol}
        return {"port": choice(_NUMBERS), "protocol": "TCP"}

    def _peer(self, where: str) -> _Spec:
        draw = self.chance.random()
        for limit, peer in self._peers:
            if draw < limit:
                return peer(where)
        return self._by_expression()

    @property
    def _peers(self) -> tuple[tuple[float, Callable[[str], _Spec]], ...]:
        """Kinds of peers, each with the share of draws below which it is taken; what is left goes by expression."""
        return (
            (0.12, lambda _: {"ipBlock": self._block()}),
            (0.50, lambda where: {"podSelector": {"matchLabels": {"app": self.chance.choice(self.apps[where])}}}),
            (0.70, lambda _: self._by_name()),
            (0.85, lambda _: self._by_team()),
        )

    def _by_name(self) -> _Spec:
        there = self.chance.choice(self.names)
        peer: _Spec = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": there}}}
        if self.chance.random() < 0.7:
            peer["podSelector"] = {"matchLabels": {"app": self.chance.choice(self.apps[there])}}
        return peer

    def _by_team(self) -> _Spec:
        labels = {"team": self.chance.choice(self.teams), "environment": self.chance.choice(self.environments)}
        return {
            "namespaceSelector": {"matchLabels": labels},
            "podSelector": {"matchLabels": {"tier": self.chance.choice(self.tiers), "app": self._any_app()}},
        }

    def _any_app(self) -> str:
        return self.chance.choice(self.apps[self.chance.choice(self.names)])

    def _by_expression(self) -> _Spec:
        operator = self.chance.choice(("In", "NotIn"))
        versions = {"key": "version", "operator": operator, "values": self.chance.sample(("v1", "v2", "v3"), 2)}
        if self.chance.random() < 0.6:
            return {"podSelector": {"matchExpressions": [versions]}}
        extra = self.chance.choice(("canary", "pci", "monitoring"))
        there = {"key": "team", "operator": "In", "values": self.chance.sample(list(self.teams), 2)}
        return {
            "namespaceSelector": {"matchExpressions": [there]},
            "podSelector": {"matchExpressions": [{"key": extra, "operator": "Exists"}]},
        }

    def _block(self) -> _Spec:
        draw, second = self.chance.random(), self.chance.randint(0, 99)
        if draw < 0.35:
            return {"cidr": f"10.{second}.0.0/16"}
        if draw < 0.65:
            return {"cidr": f"10.{second}.0.0/16", "except": [f"10.{second}.9.0/24"]}
        if draw < 0.80:
            return {"cidr": f"203.0.113.{second}/32"}
        if draw < 0.90:
            return {"cidr": f"198.51.{second}.0/24"}
        if draw < 0.95:
            return {"cidr": f"2001:db8:{second:x}::/48"}
        return {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}


def _denials(*, both_ways: bool) -> tuple[_Spec, ...]:
    if not both_ways:
        return ({"podSelector": {}, "policyTypes": ["Ingress"]},)
    dns = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [_DNS], "ports": _DNS_PORTS}]}
    return ({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}, dns)


def _numbered(number: int) -> _Spec:
    """One of many blocks, each with an exception inside: 2,048 addresses, or twice that around two of those."""
    second, third = number // 64, number // 2 % 32 * 8
    cidr = f"20.{second}.{third & 240}.0/20" if number % 2 else f"20.{second}.{third}.0/21"
    return {"cidr": cidr, "except": [f"20.{second}.{third + 2 + number % 2}.0/24"]}


def _policy(namespace: str, name: str, spec: _Spec) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
