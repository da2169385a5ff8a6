"""What judging a cluster gives: items, control results, scores, and the result of one cluster (`result/v1`)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from scanner.fabric.member import Crossing
from scanner.model import ClusterRef, Notice, Read


class Status(StrEnum):
    """The outcome of one control, or of one of its items."""

    PASS = "pass"  # noqa: S105 - a status, no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"


# Unknown is worse than waived: what somebody accepted is at least known.
WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.WAIVED, Status.PASS, Status.NOT_APPLICABLE)


def roll_up(statuses: Iterable[Status]) -> Status:
    """The worst of the statuses; not applicable when all are (also when there is none)."""
    seen = set(statuses)
    return next((each for each in WORST_FIRST if each in seen), Status.NOT_APPLICABLE)


class Severity(StrEnum):
    """How bad a failure is; weights are in `scanner/scoring.py`."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(StrEnum):
    """The three levels of truth, never mixed."""

    DECLARED = "declared"
    EFFECTIVE = "effective"
    PROVEN = "proven"


class Evidence(StrEnum):
    """Evidence levels: E0 nothing; E1 cloud API or manifests; E2 live objects; E3 observed behaviour."""

    E0 = "E0"
    E1 = "E1"
    E2 = "E2"
    E3 = "E3"


class _Outcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of everything reported: immutable, camelCase, every field written."""


class Place(_Outcome, frozen=True, kw_only=True):
    """Where an object begins in a repository or folder of manifests: the file with "/", and the line from 1."""

    file: str
    line: int


class Item(_Outcome, frozen=True, kw_only=True):
    """One subject of a control (a namespace, a workload, a Service, the cluster) and how it did.

    `reason` is a stable machine-readable word (`inert`, `not-isolated`, `declared-pass`); `evidence` are sentences that
    name objects; `remediation` says what to change, empty where there is nothing to. `origins` are the manifests it is about,
    none of a live cluster.
    """

    subject: str
    status: Status
    reason: str
    evidence: tuple[str, ...] = ()
    remediation: str = ""
    origins: tuple[Place, ...] = ()


Ranges = dict[str, tuple[tuple[int, int], ...]]  # by protocol, inclusive


class Hop(_Outcome, frozen=True, kw_only=True):
    """One thing that a path leads over: what it is, what it is called, and `by` what the path gets there.

    `kind` is a word for people: "workload", "load balancer", "Ingress", "Gateway", "node port", "link", "route", "NAT",
    "firewall". `doubt` says what is not known of getting there, empty where it is certain. `ports` are those on this hop,
    empty where they are the path's, or are not known.
    """

    kind: str
    name: str
    by: str = ""
    ports: Ranges = {}
    doubt: str = ""


class Path(_Outcome, frozen=True, kw_only=True):
    """A way that is open, or may be, hop by hop: `source` first, and the workloads that it leads to as the last hop.

    `kind` is "between-clusters" or "from-internet", `subject` that of the item which it explains. `destination` is the
    cluster or workload at its end. `ports` are the first ranges of each protocol, and `more_ports` counts the others.
    `doubts` say what is not known of it, so without any it is `certain`.
    """

    kind: str
    subject: str
    source: str
    destination: str
    ports: Ranges
    more_ports: int = 0
    hops: tuple[Hop, ...]
    certain: bool
    doubts: tuple[str, ...] = ()


class ControlResult(_Outcome, frozen=True, kw_only=True):
    """One control on one cluster. `fraction` is the covered share in [0, 1]; unknown items count as not covered.

    `accepted` is the fraction without the waived items, None where there are none, or nothing is left without them.
    `paths` are those that its items are about, of a control on paths; `more_paths` counts what was found besides.
    """

    id: str
    title: str
    severity: Severity
    status: Status
    reason: str
    fraction: float
    level: Level
    items: tuple[Item, ...] = ()
    accepted: float | None = None
    paths: tuple[Path, ...] = ()
    more_paths: int = 0


class Score(_Outcome, frozen=True, kw_only=True):
    """`proven` (0-100, the headline), `ceiling` (what it would be if every unknown passed), `coverage` (0-1)."""

    proven: float
    ceiling: float
    coverage: float


class Exposure(_Outcome, frozen=True, kw_only=True):
    """What one level lets through inside a cluster, counted over workloads (pods of one top owner).

    `pairs` are ordered pairs of different workloads; `open` are those with at least one allowed port, `unknown` those
    where it cannot be told. `isolated_ingress`, `isolated_egress` count workloads isolated in every one of their pods.
    """

    level: Level
    workloads: int
    pairs: int
    open: int
    unknown: int
    isolated_ingress: int
    isolated_egress: int


class Area(_Outcome, frozen=True, kw_only=True):
    """One row and column of a matrix: a `namespace`, the `others` together, or the `internet`, which counts as one workload."""

    kind: str
    name: str
    workloads: int


class Crossings(_Outcome, frozen=True, kw_only=True):
    """What one level lets through between areas: `open[source][destination]` counts ordered pairs of different workloads.

    Open are those with at least one allowed port, `unknown` those where it cannot be told; the latter is empty where there
    are none. From and to the internet they count workloads that policy lets talk with some public address: whether a way
    leads in from there is another question.
    """

    level: Level
    open: tuple[tuple[int, ...], ...]
    unknown: tuple[tuple[int, ...], ...] = ()


class NamespaceMatrix(_Outcome, frozen=True, kw_only=True):
    """Who may talk with whom by namespace, at each level.

    `namespaces` counts those with workloads: the largest have an area each, the rest one together. The areas are sorted by
    name, behind them stand the others and the internet.
    """

    namespaces: int
    areas: tuple[Area, ...]
    levels: tuple[Crossings, ...]

    def pairs(self, source: int, destination: int) -> int:
        """How many ordered pairs of different workloads there are from one area to another, or inside one."""
        size = self.areas[source].workloads
        return size * (size - 1) if source == destination else size * self.areas[destination].workloads


class DifferentPair(_Outcome, frozen=True, kw_only=True):
    """One connection, its ports at both levels, and those that are undecided there; `via` names a Service it leads through."""

    src: str
    dst: str
    via: str
    declared: Ranges
    declared_unknown: Ranges
    effective: Ranges
    unknown: Ranges


class Difference(_Outcome, frozen=True, kw_only=True):
    """Connections on which the data plane differs from what the policies declare, of one kind and for the same cause.

    `kind`: gap (possible though policies deny it), breakage (the reverse), both (some ports each), or doubt. `rules` name
    the data plane's rules without which they would not differ, `because` says them in words. `examples` are the first few.
    Connections are counted between workloads, address ranges and other peers, as `reach/v1` lists them.
    """

    kind: str
    rules: tuple[str, ...]
    because: tuple[str, ...]
    connections: int
    examples: tuple[DifferentPair, ...]


class DataPlaneSummary(_Outcome, frozen=True, kw_only=True):
    """The detected data plane as reports show it; `enforcing` is yes, no, partly or unknown."""

    name: str
    version: str
    enforcing: str
    reason: str
    evidence: tuple[str, ...] = ()


class WaiverUse(_Outcome, frozen=True, kw_only=True):
    """What a waiver did in one cluster.

    `state` is `used`, `unused`, `undecided` (nothing it covers is known to fail, and not all could be seen), `expired` (and
    matched something), `lapsed` (and matched nothing), `invalid` (`problem` says why it had no effect), `over-broad` (used,
    though it takes in a whole cluster unflagged) or `unmatched` (no cluster of the run is in its scope; stands in the fabric's
    list alone). `items` were waived, or would have been. `named` says that its scope names this cluster, and does not merely
    match it.
    """

    id: str
    control: str
    state: str
    items: int
    owner: str
    approvers: tuple[str, ...]
    ticket: str
    expires: str
    named: bool
    problem: str = ""


class ClusterResult(_Outcome, frozen=True, kw_only=True):
    """The result of one cluster, stored beside its snapshot as `result.json`.

    `grade` is a letter, with " (provisional)" behind it below 90 % coverage, or "insufficient evidence". `gates` name
    what capped the grade. `unread` is the reason where nothing could be read.
    """

    schema: str = "result/v1"
    baseline: str
    cluster: ClusterRef
    taken: str
    tier: str
    read: Read
    unread: str
    gaps: tuple[str, ...]  # "pods: forbidden, ..." for each kind that was not read whole
    dataplane: DataPlaneSummary
    exposure: tuple[Exposure, ...]
    differences: tuple[Difference, ...] = ()
    namespaces: NamespaceMatrix | None = None  # None where nothing could be read, and in results of earlier versions
    score: Score
    accepted: Score | None = None  # the score without what is waived; None where nothing is
    grade: str
    gates: tuple[str, ...]
    controls: tuple[ControlResult, ...]
    waivers: tuple[WaiverUse, ...] = ()
    tier_weight: float = 4.0  # what the cluster weighs in a fleet's score
    notices: tuple[Notice, ...]
    crossing: Crossing | None = (
        None  # its own side of what leads to other clusters; None in results of earlier versions
    )
