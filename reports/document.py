"""The fleet report, `report/v1`: what every renderer reads. Later versions add fields and never change these."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec

from reports.past import TrendPoint, Vanished, score_of
from reports.plausible import check_cluster, check_controls, check_scores
from scanner.errors import InputError
from scanner.findings import (
    ClusterResult,
    ControlResult,
    DataPlaneSummary,
    Difference,
    Exposure,
    NamespaceMatrix,
    Score,
    WaiverUse,
)
from scanner.model import Notice

_Kind = TypeVar("_Kind")


class _Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of the document: immutable, camelCase, every field written."""


class Run(_Document, frozen=True, kw_only=True):
    """Which run this is. `time` is RFC 3339 in UTC; `tool` the version that judged."""

    id: str
    time: str
    tool: str


class Scope(_Document, frozen=True, kw_only=True):
    """One place clusters were looked for in, and how that went: ok, partial, denied, disabled or error.

    A disabled place cannot hold clusters. `missing` are the permissions, roles or switches that would have let us look.
    """

    cloud: str
    account: str
    location: str
    outcome: Annotated[str, msgspec.Meta(pattern="^(ok|partial|denied|disabled|error)$")]
    reason: str = ""
    missing: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing can have been missed there."""
        return self.outcome in {"ok", "disabled"}

    @property
    def place(self) -> str:
        """Where that is, for people; "" where it is no place of a cloud."""
        return " ".join(filter(None, (self.cloud, self.account, self.location))) if self.cloud else ""


class Cluster(_Document, frozen=True, kw_only=True):
    """One cluster of the report: `ClusterResult` with its address spelled out."""

    id: str
    cloud: str
    account: str
    location: str
    name: str
    tier: str
    read: Annotated[str, msgspec.Meta(pattern="^(complete|partial|unread)$")]
    unread: str
    gaps: tuple[str, ...]
    taken: str
    dataplane: DataPlaneSummary
    exposure: tuple[Exposure, ...]
    differences: tuple[Difference, ...] = ()
    namespaces: NamespaceMatrix | None = None
    score: Score
    accepted: Score | None = None  # the score without what is waived; None where nothing is
    grade: str
    gates: tuple[str, ...]
    controls: tuple[ControlResult, ...]
    waivers: tuple[WaiverUse, ...] = ()
    tier_weight: float = 4.0
    notices: tuple[Notice, ...]


class Group(_Document, frozen=True, kw_only=True):
    """A set of clusters scored together: the fleet, a cloud, an account, a location, a tier. `gated` counts capped grades.

    `accepted` is the score without what is waived, None where nothing is. The fleet's scores hold the fabric's.
    """

    name: str
    score: Score
    accepted: Score | None = None
    grade: str
    clusters: int
    unread: int
    gated: int
    without_critical_fail: int
    lowest: str  # id of the cluster with the lowest proven score, empty without clusters


class ControlRow(_Document, frozen=True, kw_only=True):
    """One control over all clusters that it was judged on: how many have which status, the worst, and the items that fail."""

    id: str
    title: str
    severity: str
    worst: str
    counts: dict[str, int]
    failing: int


class Fabric(_Document, frozen=True, kw_only=True):
    """What is judged once for the fleet: links between clusters, and the paths, address plans and policies across them."""

    score: Score
    grade: str
    gates: tuple[str, ...]
    controls: tuple[ControlResult, ...]
    waivers: tuple[WaiverUse, ...] = ()


class RequirementRow(_Document, frozen=True, kw_only=True):
    """One requirement of a framework: the worst status of the controls that are equal to it, or `not_assessed`.

    `counts` says how many clusters have which status, `clusters` which one has it, by id. `equal` and `supporting` map a
    control to its worst status; supporting ones decide nothing, and one that was not judged is `not_judged`.
    """

    id: str
    status: str
    counts: dict[str, int]
    equal: dict[str, str]
    supporting: dict[str, str]
    clusters: dict[str, str]


class FrameworkView(_Document, frozen=True, kw_only=True):
    """The report seen through a public framework, over the clusters that it is about. Evidence support, not an attestation.

    `clouds` are the only ones it is about, empty for all; `gaps` say what may be missing from the view.
    """

    name: str
    version: str = ""
    publisher: str
    clouds: tuple[str, ...] = ()
    note: str
    gaps: tuple[str, ...] = ()
    requirements: tuple[RequirementRow, ...]


class Report(_Document, frozen=True, kw_only=True):
    """The whole report. `clusters` are sorted by cloud, account, location and name.

    `accounts` and `locations` are named "cloud/account" and "cloud/location". `trend` are the finished runs of the store, the
    oldest first and this one last. `vanished` are clusters that the run before saw and this one did not; `unseen` those whose
    place could not be searched this time, so that they may well be there.
    """

    schema: str = "report/v1"
    baseline: str
    run: Run
    fleet: Group
    clouds: tuple[Group, ...]
    scopes: tuple[Scope, ...]
    clusters: tuple[Cluster, ...]
    fabric: Fabric | None = None
    frameworks: tuple[FrameworkView, ...] = ()
    accounts: tuple[Group, ...] = ()
    locations: tuple[Group, ...] = ()
    tiers: tuple[Group, ...] = ()
    controls: tuple[ControlRow, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    vanished: tuple[Vanished, ...] = ()
    unseen: tuple[Vanished, ...] = ()


def render_json(report: Report) -> bytes:
    """`report.json`. Fields stand in the order of the structs, so equal reports give equal bytes."""
    return _render(report)


def render_result(result: ClusterResult) -> bytes:
    """`result.json`: scores are not rounded here, for a fleet's are computed from them."""
    return _render(result)


def decode_report(data: bytes, where: str = "report.json") -> Report:
    """Read a `report/v1`, also one of a later version with fields this one does not know.

    Raises:
        InputError: it is none, or holds what no report can; the line names `where` and the field.
    """
    report = _decode(data, where, Report, "report/v1")
    check_scores(f"{where}: fleet", report.fleet.score, report.fleet.accepted)
    for group in (*report.clouds, *report.accounts, *report.locations, *report.tiers):
        check_scores(f"{where}: {group.name!r}", group.score, group.accepted)
    for cluster in report.clusters:
        check_cluster(cluster, f"{where}: cluster {cluster.name!r}")
    for gone in (*report.vanished, *report.unseen):
        check_scores(f"{where}: cluster {gone.name!r}", gone.score)
    for point in report.trend:
        check_scores(f"{where}: trend of {point.run!r}", score_of(point))
    if report.fabric is not None:
        check_scores(f"{where}: fabric", report.fabric.score)
        check_controls(report.fabric.controls, f"{where}: fabric")
    return report


def decode_result(data: bytes, where: str = "result.json") -> ClusterResult:
    """Read a `result/v1`, also one of a later version with fields this one does not know.

    Raises:
        InputError: it is none, or holds what no result can; the line names `where` and the field.
    """
    result = _decode(data, where, ClusterResult, "result/v1")
    check_cluster(result, where)
    return result


def report_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `report.json` as this version writes it; unknown fields stay allowed."""
    return _schema(Report, "report/v1", "The fleet report of ringfence")


def result_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `result.json` as this version writes it; unknown fields stay allowed."""
    return _schema(ClusterResult, "result/v1", "The result of one cluster")


def _render(document: Report | ClusterResult) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2) + b"\n"


class _Tagged(msgspec.Struct):
    schema: str = ""


def _decode(data: bytes, where: str, kind: type[_Kind], schema: str) -> _Kind:
    try:
        found = msgspec.json.decode(data, type=_Tagged).schema
        if found != schema:
            raise InputError(
                f"{where}: schema {found[:40]!r} instead of {schema!r}: give another file, or a newer ringfence"
            )
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"{where}: {reason}: damaged or made by hand, so judge the snapshot again") from error


def _schema(kind: type[Report | ClusterResult], version: str, title: str) -> dict[str, Any]:
    """Every field is required, for each is written (msgspec leaves those with a default optional), and the version fixed."""
    (reference,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for component in components.values():
        if "properties" in component:
            component["required"] = list(component["properties"])
    components[kind.__name__]["properties"]["schema"] = {"const": version}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **reference, "$defs": components}
