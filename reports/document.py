"""The fleet report, `report/v1`: what every renderer reads. Later versions add fields and never change these."""

from __future__ import annotations

import msgspec

from scanner.findings import ControlResult, DataPlaneSummary, Exposure, Score
from scanner.model import Notice


class _Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of the document: immutable, camelCase, every field written."""


class Run(_Document, frozen=True, kw_only=True):
    """Which run this is. `time` is RFC 3339 in UTC; `tool` the version that judged."""

    id: str
    time: str
    tool: str


class Scope(_Document, frozen=True, kw_only=True):
    """One place clusters were looked for in, and how that went: ok, partial, denied, disabled or error."""

    cloud: str
    account: str
    location: str
    outcome: str
    reason: str = ""


class Cluster(_Document, frozen=True, kw_only=True):
    """One cluster of the report: `ClusterResult` with its address spelled out."""

    id: str
    cloud: str
    account: str
    location: str
    name: str
    tier: str
    read: str
    unread: str
    gaps: tuple[str, ...]
    taken: str
    dataplane: DataPlaneSummary
    exposure: tuple[Exposure, ...]
    score: Score
    grade: str
    gates: tuple[str, ...]
    controls: tuple[ControlResult, ...]
    notices: tuple[Notice, ...]


class Group(_Document, frozen=True, kw_only=True):
    """A set of clusters scored together: the fleet, or one cloud. `gated` counts those with a capped grade."""

    name: str
    score: Score
    grade: str
    clusters: int
    unread: int
    gated: int
    without_critical_fail: int
    lowest: str  # id of the cluster with the lowest proven score, empty without clusters


class Report(_Document, frozen=True, kw_only=True):
    """The whole report. `clusters` are sorted by cloud, account, location and name."""

    schema: str = "report/v1"
    baseline: str
    run: Run
    fleet: Group
    clouds: tuple[Group, ...]
    scopes: tuple[Scope, ...]
    clusters: tuple[Cluster, ...]
