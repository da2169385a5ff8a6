"""The resolved rule form: what a policy says once its defaults are applied. Nothing after this page knows a wire shape."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from scanner.model import Notice, Origin
from scanner.reach.model import Direction


class Operator(StrEnum):
    """The operators of `matchExpressions`; `matchLabels` entries become `In` with one value."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True, order=True)
class Requirement:
    """One condition on a label; `values` is sorted, without repeats, and empty for the last two operators."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector in normal form: all requirements must hold; none at all selects everything."""

    requirements: tuple[Requirement, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether this is the empty selector."""
        return not self.requirements


@dataclass(frozen=True, slots=True)
class Ports:
    """One entry of a rule's `ports`: a protocol, and a range of numbers or the name of a destination's container port."""

    protocol: str
    first: int = 1
    last: int = 65535
    name: str = ""  # set: the range does not count


@dataclass(frozen=True, slots=True)
class PodPeer:
    """Pods by selector. `namespaces` is None for the policy's own namespace."""

    pods: Selector
    namespaces: Selector | None


@dataclass(frozen=True, slots=True)
class BlockPeer:
    """Addresses of one CIDR less the excepted ones (each inside it)."""

    block: ipaddress.IPv4Network | ipaddress.IPv6Network
    excepts: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One allow rule. `peers` None is every peer; `ports` None is every port of every protocol (also ICMP)."""

    direction: Direction
    index: int  # its place in the policy's list, from 0
    peers: tuple[PodPeer | BlockPeer, ...] | None
    ports: tuple[Ports, ...] | None

    @property
    def name(self) -> str:
        """The rule as a person finds it: "ingress[0]"."""
        return f"{self.direction}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Policy:
    """One resolved policy. It isolates the pods it selects in each of `directions`; its rules then add up with others'."""

    kind: str
    namespace: str
    name: str
    subject: Selector
    directions: frozenset[Direction]
    rules: tuple[Rule, ...]
    origin: Origin | None = None

    @property
    def id(self) -> str:
        """The kind with namespace and name: "NetworkPolicy shop/allow-web"."""
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Every policy of a cluster that could be resolved, and what was wrong with the rest."""

    policies: tuple[Policy, ...]
    notices: tuple[Notice, ...]
    unmodelled: tuple[
        str, ...
    ] = ()  # "CiliumNetworkPolicy shop/x": kinds this version cannot judge; results they touch are unknown
