"""The reachability engine's vocabulary: peers, port sets, connections, and the questions that may be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from scanner.dataplane.model import Answer
from scanner.findings import Crossings, Exposure, Level
from scanner.model import Notice, Origin

if TYPE_CHECKING:
    from scanner.reach.lines import Listing
    from scanner.reach.selection import Selection

PROTOCOLS = ("TCP", "UDP", "SCTP")
ALL_PORTS = ((1, 65535),)

# Protocol -> sorted, disjoint, inclusive port ranges. A protocol without a port is left out; all ports are ((1, 65535),).
PortSet = Mapping[str, tuple[tuple[int, int], ...]]


class Direction(StrEnum):
    """Which half of a connection a rule judges."""

    INGRESS = "ingress"
    EGRESS = "egress"


@dataclass(frozen=True, slots=True)
class Workload:
    """The pods of one top owner. `id` is "namespace/name[Kind]" as `reach/v1` prints it."""

    id: str
    namespace: str
    name: str
    kind: str
    pods: int


@dataclass(frozen=True, slots=True)
class PodClass:
    """Pods that no policy and no data plane can tell apart: the unit of all work after loading.

    `labels` are those of one member. `workloads` are the ids of the workloads with pods in this class, sorted; `pods` the
    names of its pods, sorted. `covered` says whether the data plane polices them (at the declared level always yes) and
    `coverage_reason` why (not). A hypothetical class is the unlabelled pod that somebody might create in a namespace
    tomorrow; it has no pods, and nobody's connections list it.
    """

    index: int
    namespace: str
    labels: Mapping[str, str]
    workloads: tuple[str, ...]
    pods: tuple[str, ...]
    host_network: bool
    covered: Answer
    coverage_reason: str
    hypothetical: bool = False


@dataclass(frozen=True, slots=True)
class AddressRange:
    """External addresses that no policy tells apart: maximal runs of one family, as "first-last" strings in `ranges`."""

    ranges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NamedPeer:
    """A peer outside that is known by name only: a DNS name or pattern, or `{kube-apiserver}`."""

    name: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """One peer that may be talked with, on which ports. `answer` is yes, or unknown where that cannot be told."""

    peer: PodClass | AddressRange | NamedPeer
    ports: PortSet
    answer: Answer
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Isolation:
    """Whether policy isolates a class in one direction, and the policies that do ("NetworkPolicy shop/deny")."""

    answer: Answer
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """One line of `reach/v1`. `reason` is set for unknown ones; `via` names the Service whose path is meant.

    `filter` is "L7" where the rules that let it through also look above the ports.
    """

    src: str
    dst: str
    ports: PortSet
    via: str = ""
    reason: str = ""
    filter: str = ""


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A rule of a policy, as a person finds it. `rule` is "ingress[0]" and the like, or "" for the isolating policy itself."""

    object: str  # "NetworkPolicy shop/allow-web"
    rule: str
    origin: Origin | None
    text: str  # the rule in words: "from pods app=web in namespace shop, TCP 5432"
    action: str = ""  # allow, deny or pass; "default-deny" for an isolating policy
    tier: str = ""
    matches: Answer = Answer.YES  # whether the rule matches this connection; unknown where it may
    version: str = ""  # the object's resourceVersion, where it came from a cluster

    @property
    def place(self) -> str:
        """`file:line` where the rule came from a file, `resourceVersion N` where it came from a cluster, else empty."""
        if self.origin is not None:
            return f"{self.origin.file}:{self.origin.lines.get(self.rule, self.origin.line)}"
        return f"resourceVersion {self.version}" if self.version else ""


@dataclass(frozen=True, slots=True)
class Half:
    """One direction's judgement of one connection: isolated or not, and what decided.

    `by` are the deciding rules (or the isolating policies where nothing allows); `steps` every rule that matches or may
    match, and every tier's default denial, in the order they are asked until the matter is decided; `change` what would
    have to change for the opposite answer.
    """

    direction: Direction
    subject: str
    allowed: Answer
    isolated: Answer
    reason: str
    by: tuple[RuleRef, ...]
    steps: tuple[RuleRef, ...] = ()
    change: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one connection is possible or not at one level: egress at the source and ingress at the destination.

    `because` are the rules of the data plane without which it would be as declared. `through` are Services in front of
    the destination at whose address the connection is judged otherwise, with the answer there.
    """

    level: Level
    src: str
    dst: str
    protocol: str
    port: int
    allowed: Answer
    halves: tuple[Half, ...]
    because: tuple[str, ...] = ()
    through: tuple[tuple[str, Answer], ...] = ()


class Reach(Protocol):
    """Who can talk to whom in one cluster, at one level. Built once, asked many times; nothing is held per pair."""

    level: Level
    workloads: tuple[Workload, ...]
    classes: tuple[PodClass, ...]  # real ones first, then one hypothetical class per namespace

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What to know of the input."""
        ...

    @property
    def peers(self) -> tuple[tuple[str, str], ...]:
        """Every peer of the listing as (id, kind), sorted by id; the kind is workload, ip or ingress-controller."""
        ...

    def hypothetical(self, namespace: str) -> PodClass:
        """The pod without labels that somebody might create in `namespace` tomorrow."""
        ...

    def isolation(self, pod: PodClass, direction: Direction) -> Isolation:
        """Whether policy isolates `pod` in `direction` at this level."""
        ...

    def sources(self, pod: PodClass) -> Iterator[Allowed]:
        """Every class and external range that may open a connection to `pod`, itself left out."""
        ...

    def targets(self, pod: PodClass) -> Iterator[Allowed]:
        """Every class and external range that `pod` may open a connection to, itself left out."""
        ...

    def admits(self, pod: PodClass, direction: Direction, address: str, protocol: str, port: int) -> Answer:
        """Whether policy lets `pod` talk with one external address (direction is the pod's: egress is to the address)."""
        ...

    def connections(self) -> Iterator[Connection]:
        """The allowed connections between workloads and address ranges, sorted by src and dst."""
        ...

    def unknown(self) -> Iterator[Connection]:
        """The connections that cannot be decided at this level, each with its reason; disjoint from `connections`."""
        ...

    def explain(self, src: str, dst: str, protocol: str, port: int) -> tuple[Explanation, ...]:
        """Why `src` may (not) reach `dst`, one explanation per pair of classes that judges differently.

        `src` and `dst` are "namespace/name", "namespace/name[Kind]" or an address. Raises InputError for an unknown one.
        """
        ...

    def listing(self, selection: Selection = ...) -> Listing:
        """The lines of a selection of workloads, with the ways in from outside. Raises InputError for an unknown one."""
        ...

    def exposure(self) -> Exposure:
        """The numbers a report shows for this level."""
        ...

    def crossings(self, areas: Mapping[str, int], internet: Callable[[str], bool]) -> Crossings:
        """The same numbers by areas of workloads, with the internet as the last of them."""
        ...
