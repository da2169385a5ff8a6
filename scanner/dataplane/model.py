"""What a data plane is, as far as policy goes: who enforces, where, and how it reads a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanner.dataplane.catalogue.engine import Engine


class Answer(StrEnum):
    """Yes, no, or not known. Doubt is an answer of its own and never becomes one of the others."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Enforcing(StrEnum):
    """Whether policies have effect in a cluster; `partly`: on some nodes that run workloads, not on others."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How a fact is known (the marks of the research notes): only the first three may make a `fail`."""

    SOURCE = "S"  # read in source code, a manifest or an official page
    DOCUMENTED = "D"  # seen in an excerpt of an official page, an issue or a release note
    OBSERVED = "O"  # read from this very cluster or its cloud record
    INFERRED = "I"  # follows from verified code, not tried
    MEMORY = "M"  # remembered; to be verified

    @property
    def may_fail(self) -> bool:
        """Whether a fact of this confidence may make a control fail rather than unknown."""
        return self in {Confidence.SOURCE, Confidence.DOCUMENTED, Confidence.OBSERVED}

    @property
    def words(self) -> str:
        """As the catalogue's files and reports write it."""
        return _CONFIDENCES[self]


_CONFIDENCES = {
    Confidence.SOURCE: "source read",
    Confidence.DOCUMENTED: "documented",
    Confidence.OBSERVED: "observed here",
    Confidence.INFERRED: "inferred",
    Confidence.MEMORY: "memory",
}


class Value(StrEnum):
    """What an engine makes of something that a policy says or asks for; `refused`: the whole policy is not applied."""

    HONOURED = "honoured"
    PARTIAL = "partial"
    IGNORED = "ignored"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_ANSWERS = {Value.HONOURED: Answer.YES, Value.IGNORED: Answer.NO, Value.REFUSED: Answer.NO}


@dataclass(frozen=True, slots=True)
class Fact:
    """One capability of an engine: the value, how it is known and where from.

    `note` says what it means in practice, `condition` on what flag, operating system or mode it hangs.
    """

    value: Value
    confidence: Confidence
    source: str
    note: str = ""
    condition: str = ""

    @property
    def answer(self) -> Answer:
        """Honoured or not; what holds in part, or only under a condition, is neither."""
        return Answer.UNKNOWN if self.condition else _ANSWERS.get(self.value, Answer.UNKNOWN)

    @property
    def firm(self) -> Answer:
        """The answer as far as it may decide anything: unknown where it is only remembered or inferred."""
        return self.answer if self.confidence.may_fail else Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class Proof:
    """One observation that decided a verdict: a sentence, and the object or cloud field it was read from."""

    text: str
    where: str

    def __str__(self) -> str:
        """One line for reports."""
        return f"{self.text} ({self.where})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """How an engine reads NetworkPolicy. Every member is a sourced fact; a missing engine has none of them."""

    ipblock_matches_pods: Fact
    ipblock_matches_nodes: Fact
    except_honoured: Fact  # partial: in some versions or places only
    named_ports: Fact
    end_port: Fact
    sctp: Fact
    ipv6: Fact
    negative_selectors: Fact  # are NotIn and DoesNotExist read?
    host_network_isolated: Fact  # does policy isolate host-network pods?
    host_network_selected: Fact  # does a selector choose host-network pods as peers, and so open their node?
    own_node_policed: Fact  # is traffic from a pod's own node judged, rather than always let through?
    balancer_policed: Fact  # is NodePort/LoadBalancer traffic with externalTrafficPolicy Cluster judged?
    service_egress: Fact  # is egress to a Service judged after its address became a pod's?
    deny_log: Fact  # can the engine record denied connections at all?
    closed_at_start: Fact  # is a new pod closed until its policies are in place?


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether one node's (or one pod's) traffic is policed, and why (not)."""

    answer: Answer
    reason: str  # stable word: covered, engine-off, fargate, windows, virtual-node, no-engine-pod, old-kernel, undetermined, …
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyLogging:
    """Whether denials are recorded, and whether the record leaves the node."""

    enabled: Answer
    exported: Answer
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPlane:
    """The engine that decides what policies do in one cluster.

    `name` is a key of the catalogue (`eks-vpc-cni`, `gke-dataplane-v2`, `aks-npm`, …), `none` where no engine runs and
    `unknown` where it cannot be told. `reason` is a stable word: `on`, `off`, `controller-off`, `node-enforcement-off`,
    `no-engine`, `engine-undetermined`, `unread`, …. `mode` is `enforcing`, `audit`, `never`, `crd-only` or `unknown`.
    `nodes` maps a node's name to its coverage; a pod on a node not in the map, or without a node, has `default`.
    `pods` overrides single pods ("namespace/name"), for example those on Fargate.
    """

    name: str
    version: str
    enforcing: Enforcing
    reason: str
    mode: str
    proofs: tuple[Proof, ...]
    capabilities: Capabilities | None
    engine: Engine | None = None  # its entry in the catalogue
    default: Coverage
    nodes: Mapping[str, Coverage] = field(default_factory=dict)
    pods: Mapping[str, Coverage] = field(default_factory=dict)
    logging: DenyLogging
    support: Proof | None = None  # what the catalogue says of this engine's end of support, where it says anything

    def coverage(self, namespace: str, pod: str, node: str) -> Coverage:
        """The coverage of one pod, which the engine of its node decides."""
        return self.pods.get(f"{namespace}/{pod}") or self.nodes.get(node) or self.default
