"""The resolved rule form: what a policy of any kind says once its defaults are applied. Nothing after it knows a wire shape.

How every kind is judged. Per direction a pod's traffic runs through the **tiers** in order of `Tier.order`. Within a tier the
rules of all policies that select the pod are asked in order of `Policy.rank`; the first that matches decides: `allow` and
`deny` end the matter, `pass` goes on to the next tier. A tier whose rules did not match denies if one of its policies
*isolates* the pod in that direction (`Policy.directions`), else the next tier is asked. What no tier decided is allowed.

- Policies of equal rank that are `pooled` are one bag: their deny rules come before all others, and order does not matter
  beyond that (NetworkPolicy: only allows, so they add up; Cilium: deny over allow).
- Policies of equal rank that are not pooled have no defined order: where they differ the answer is unknown (the upstream
  admin kinds with equal priorities).

Doubt is data: a rule or policy with `doubt` may match what it names and may not. Its peers, ports and subject must then be
the *widest* reading; the engine answers unknown wherever the two readings differ.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from scanner.model import Notice, Origin
from scanner.reach.model import Direction

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Operator(StrEnum):
    """The operators of `matchExpressions`, and Calico's on text; `matchLabels` entries become `In` with one value.

    `In`, `Exists` and the operators on text need the key; `NotIn` and `DoesNotExist` also hold without it.
    """

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    CONTAINS = "Contains"
    STARTS_WITH = "StartsWith"
    ENDS_WITH = "EndsWith"


@dataclass(frozen=True, slots=True, order=True)
class Requirement:
    """One condition on a label; `values` is sorted, without repeats, and empty for Exists and DoesNotExist."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector in normal form: all requirements and all clauses must hold; none at all selects everything."""

    requirements: tuple[Requirement, ...] = ()
    clauses: tuple[Clause, ...] = ()  # only Calico's language needs them
    _hash: int = field(init=False, repr=False, compare=False)  # selectors are keys everywhere: hashed once

    def __post_init__(self) -> None:
        """Hash once what it says."""
        object.__setattr__(self, "_hash", hash((self.requirements, self.clauses)))

    def __hash__(self) -> int:
        """The hash of what it says."""
        return self._hash

    @property
    def everything(self) -> bool:
        """Whether this is the empty selector."""
        return not self.requirements and not self.clauses

    def label_keys(self) -> Iterator[str]:
        """Every label key it looks at, with repeats."""
        for requirement in self.requirements:
            yield requirement.key
        for clause in self.clauses:
            for each in clause.any_of:
                yield from each.label_keys()


@dataclass(frozen=True, slots=True)
class Clause:
    """One of several selectors must hold (or, negated, none of them). Without any, it never holds (negated: always)."""

    any_of: tuple[Selector, ...]
    negated: bool = False


EVERYTHING = Selector()
NOTHING = Selector(clauses=(Clause(()),))


@dataclass(frozen=True, slots=True)
class Ports:
    """One entry of a rule's `ports`: a protocol, and a range of numbers or the name of a destination's container port.

    `protocol` is TCP, UDP or SCTP. What a kind says of other protocols (ICMP) has no entry here: a rule for nothing else has
    empty `ports`, and its policy a remark.
    """

    protocol: str
    first: int = 1
    last: int = 65535
    name: str = ""  # set: the range does not count

    @property
    def features(self) -> frozenset[str]:
        """What of it a data plane may not honour: named, range, sctp."""
        ranged = not self.name and self.first != self.last and (self.first, self.last) != (1, 65535)
        chosen = {"named": bool(self.name), "range": ranged, "sctp": self.protocol == "SCTP"}
        return frozenset(name for name, used in chosen.items() if used)


class Matching(StrEnum):
    """Whether a block of addresses also matches pods by their addresses."""

    IMPLEMENTATION = "implementation"  # NetworkPolicy's ipBlock: each engine's own choice
    PODS = "pods"  # upstream `networks`, AWS, Calico
    OUTSIDE = "outside"  # Cilium: what has an identity is no address


@dataclass(frozen=True, slots=True)
class PodPeer:
    """Pods by selector (never host-network ones). `namespaces` is None for the policy's own namespace.

    Besides their own labels pods carry the labels of `IMPLIED`, which only vendors' selectors name.
    """

    pods: Selector
    namespaces: Selector | None


@dataclass(frozen=True, slots=True)
class BlockPeer:
    """Addresses of one CIDR less the excepted ones (each inside it)."""

    block: Network
    excepts: tuple[Network, ...] = ()
    matching: Matching = Matching.IMPLEMENTATION


@dataclass(frozen=True, slots=True)
class NamePeer:
    """A peer outside that is known by name only: a DNS name or pattern, as the policy spells it, in lower case.

    In a pattern `*` stands for any characters but the dot, a leading `**.` for one or more labels (other kinds' stars are
    translated to these). Its addresses are whatever the name resolves to; address ranges stand for everything else.
    """

    name: str


class Entity(StrEnum):
    """Peers that are neither pods by label nor single addresses."""

    ALL = "all"  # everything there is
    CLUSTER = "cluster"  # every pod and node of the cluster
    WORLD = "world"  # every address outside the cluster, of both families
    WORLD_IPV4 = "world-ipv4"
    WORLD_IPV6 = "world-ipv6"
    HOST = "host"  # the pod's own node, with the host-network pods on it
    REMOTE_NODE = "remote-node"  # every other node, with the host-network pods on it
    NODES = "nodes"  # every node, with the host-network pods on it
    KUBE_APISERVER = "kube-apiserver"
    INGRESS = "ingress"  # what serves Ingress, Gateway and Route


@dataclass(frozen=True, slots=True)
class EntityPeer:
    """One of the entities."""

    entity: Entity


Peer = PodPeer | BlockPeer | NamePeer | EntityPeer


class Action(StrEnum):
    """What a rule does with what it matches."""

    ALLOW = "allow"
    DENY = "deny"
    PASS = "pass"  # noqa: S105 - the word is no secret


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `peers` None is every peer, () is none; `ports` None is every port of every protocol (also ICMP), () is none.

    `section` is the wire's own path of the list it stands in, from `spec` on: "ingress", "egressDeny", "specs[1].ingress".
    """

    direction: Direction
    index: int  # its place in that list, from 0
    peers: tuple[Peer, ...] | None
    ports: tuple[Ports, ...] | None
    action: Action = Action.ALLOW
    section: str = ""  # empty: the direction
    title: str = ""  # the rule's own name, where the kind has one
    subject: Selector | None = None  # narrows the policy's subject for this rule (Calico's own-side selector)
    l7: str = ""  # "http", "dns", …: what it lets through is also filtered above the ports; only on allow rules
    doubt: str = ""  # why it may match less than it names (see the module's text)

    @property
    def name(self) -> str:
        """The rule as a person finds it: "ingress[0]", "specs[1].egressDeny[2]"."""
        return f"{self.section or self.direction}[{self.index}]"


@dataclass(frozen=True, slots=True, order=True)
class Tier:
    """A stage of judgement; see the module's text. Orders are on Calico's scale, so that its own tiers fit in between."""

    order: float
    name: str


ADMIN = Tier(1_000.0, "admin")
DEFAULT = Tier(1_000_000.0, "default")
BASELINE = Tier(10_000_000.0, "baseline")

Rank = tuple[float, str]
POOL: Rank = (1_000.0, "knp.default")  # where NetworkPolicy stands among Calico's policies of the default tier


@dataclass(frozen=True, slots=True)
class Policy:
    """One resolved policy. It isolates the pods it selects in each of `directions` (what no rule of the tier matched is denied).

    `namespace` is empty for cluster-scoped kinds, whose `namespaces` says where they select pods; None is the own one.
    An object that holds several independent specs (Cilium's `specs`) is several policies with one name.
    """

    kind: str
    namespace: str
    name: str
    subject: Selector
    directions: frozenset[Direction]
    rules: tuple[Rule, ...]
    origin: Origin | None = None
    namespaces: Selector | None = None
    tier: Tier = DEFAULT
    rank: Rank = POOL
    pooled: bool = True
    group: str = "networking.k8s.io"  # the API group: two groups may use one kind's name
    version: str = ""  # the object's resourceVersion, where it came from a cluster
    doubt: str = ""  # why it may not apply at all, or not to all it selects

    @property
    def negative(self) -> bool:
        """Whether a selector in it leaves out what has a label or a value of one."""
        chosen = [self.subject, self.namespaces]
        for rule in self.rules:
            for peer in rule.peers or ():
                chosen += [peer.pods, peer.namespaces] if isinstance(peer, PodPeer) else []
        return any(
            each.operator in {Operator.NOT_IN, Operator.DOES_NOT_EXIST}
            for selector in chosen
            if selector is not None
            for each in selector.requirements
        )

    @property
    def id(self) -> str:
        """The kind with namespace and name: "NetworkPolicy shop/allow-web", "AdminNetworkPolicy deny-metadata"."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Every policy of a cluster that could be resolved, and what was wrong with the rest."""

    policies: tuple[Policy, ...]
    notices: tuple[Notice, ...]
    # "NetworkPolicy.crd.antrea.io shop/x": what cannot be judged at all; every result it may touch is unknown
    unmodelled: tuple[str, ...] = field(default=())


# Labels that vendors' selectors may name and that every pod carries without wearing them. A namespace's own labels follow
# the prefixes; the namespace's name and the pod's service account stand under the plain keys.
IMPLIED_NAMESPACE_NAME = ("projectcalico.org/namespace", "io.kubernetes.pod.namespace")
IMPLIED_NAMESPACE_LABELS = ("pcns.", "io.cilium.k8s.namespace.labels.")
IMPLIED_SERVICE_ACCOUNT = ("projectcalico.org/serviceaccount", "io.cilium.k8s.policy.serviceaccount")
IMPLIED_CONSTANT = {"projectcalico.org/orchestrator": "k8s"}
