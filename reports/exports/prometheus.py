"""Prometheus' text format 0.0.4, as node_exporter's textfile collector and Pushgateway take it: gauges without timestamps.

Both refuse samples with timestamps, so the run's time is a gauge of its own: alert when it grows old. Labels name clusters and
controls and never what was judged in them, so a fleet has about a hundred series a cluster however large its clusters are.

Names follow "Metric and label naming" (prometheus.io/docs/practices/naming): base units, shares as ratios from 0 to 1. Scores
are points from 0 to 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reports.document import Report
from reports.exports.findings import Holder, holders, items_of
from reports.keys import run_time
from reports.wording import visible
from scanner.findings import Score, Severity, Status

_Kind = TypeVar("_Kind")
LONGEST = 400  # characters of a label's value; an Azure resource id has at most about 300

_SCORES: tuple[tuple[str, str, Callable[[Score], float]], ...] = (
    ("score_proven_points", "Points of 100 that are shown to hold", lambda score: score.proven),
    ("score_ceiling_points", "Points of 100 if every unknown turned out well", lambda score: score.ceiling),
    ("coverage_ratio", "Share of the weight that could be judged", lambda score: score.coverage),
)
_READ = ("complete", "partial", "unread")
_NOT_SEARCHED = ("partial", "denied", "error")
_CLUSTER = ("cloud", "account", "location", "cluster", "id")


class _Family(Collector):
    """A registry of one family, so that each is written as soon as it is there."""

    def __init__(self, family: GaugeMetricFamily) -> None:
        self._family = family

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return (self._family,)


def render(report: Report) -> Iterable[bytes]:
    """The report as metrics, a family at a time."""
    held = _labelled(report)
    for family in (*_of_run(report), *_of_groups(report), *_of_clusters(held), *_of_controls(held)):
        yield generate_latest(_Family(family))


def _gauge(name: str, help_text: str, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ringfence_{name}", help_text, labels=labels)


def _of_run(report: Report) -> Iterator[GaugeMetricFamily]:
    time = _gauge("run_timestamp_seconds", "When the run was, in seconds since 1970")
    time.add_metric((), datetime.fromisoformat(run_time(report.run.time)).timestamp())
    yield time
    run = _gauge(
        "run_info",
        "The run, the baseline it judged by and the version that did; always 1",
        ("run", "baseline", "version"),
    )
    run.add_metric((_label(report.run.id), _label(report.baseline), _label(report.run.tool)), 1)
    yield run
    places = _gauge("places_not_searched", "Places that were not searched whole, by how that ended", ("outcome",))
    outcomes = Counter(scope.outcome for scope in report.scopes if not scope.is_whole)
    for outcome in _NOT_SEARCHED:
        places.add_metric((outcome,), outcomes[outcome])
    yield places
    clusters = _gauge("clusters", "Clusters of the run, by how far they could be read", ("cloud", "read"))
    counts = Counter((_label(cluster.cloud), _read(cluster.read)) for cluster in report.clusters)
    for cloud in sorted({cloud for cloud, _ in counts}):
        for read in _READ:
            clusters.add_metric((cloud, read), counts[cloud, read])
    yield clusters


def _of_groups(report: Report) -> Iterator[GaugeMetricFamily]:
    """Scores of the fleet, each cloud and the fabric."""
    for name, help_text, part in _SCORES:
        fleet = _gauge(f"fleet_{name}", f"{help_text}: the fleet")
        fleet.add_metric((), part(report.fleet.score))
        yield fleet
        clouds = _gauge(f"cloud_{name}", f"{help_text}: the clusters of one cloud", ("cloud",))
        for label, score in _distinct((_label(group.name), group.score) for group in report.clouds):
            clouds.add_metric((label,), part(score))
        yield clouds
        if report.fabric is not None:
            fabric = _gauge(f"fabric_{name}", f"{help_text}: what is judged once for all clusters")
            fabric.add_metric((), part(report.fabric.score))
            yield fabric


def _of_clusters(held: Sequence[tuple[tuple[str, ...], Holder]]) -> Iterator[GaugeMetricFamily]:
    for name, help_text, part in _SCORES:
        scores = _gauge(f"cluster_{name}", f"{help_text}: one cluster", _CLUSTER)
        for labels, holder in held:
            if holder.cluster is not None:
                scores.add_metric(labels, part(holder.cluster.score))
        yield scores
    info = _gauge(
        "cluster_info",
        "What a cluster's data plane is, whether it enforces policy, and how far the cluster could be read; always 1",
        (*_CLUSTER, "tier", "read", "dataplane", "version", "enforcing", "grade"),
    )
    for labels, holder in held:
        if (cluster := holder.cluster) is not None:
            plane = cluster.dataplane
            said = (cluster.tier, _read(cluster.read), plane.name, plane.version, plane.enforcing, cluster.grade)
            info.add_metric((*labels, *map(_label, said)), 1)
    yield info


def _of_controls(held: Sequence[tuple[tuple[str, ...], Holder]]) -> Iterator[GaugeMetricFamily]:
    status = _gauge(
        "control_status",
        "The status that a control has, in the label; always 1: a control has one series",
        (*_CLUSTER, "control", "severity", "status"),
    )
    for labels, holder in held:
        for identity, control in _distinct((_label(control.id), control) for control in holder.controls):
            status.add_metric((*labels, identity, control.severity, control.status), 1)
    yield status
    findings = _gauge(
        "findings", "Items by the severity of their control and by status", (*_CLUSTER, "severity", "status")
    )
    for labels, holder in held:
        counts = Counter(
            (control.severity, each) for control in holder.controls for each in Status for _ in items_of(control, each)
        )
        for severity in Severity:
            for each in Status:
                findings.add_metric((*labels, severity, each), counts[severity, each])
    yield findings


def _labelled(report: Report) -> tuple[tuple[tuple[str, ...], Holder], ...]:
    """Every cluster, and the fabric, with their labels."""
    return tuple(
        (_labels(holder, identity), holder)
        for identity, holder in _distinct((_label(holder.id), holder) for holder in holders(report))
    )


def _labels(holder: Holder, identity: str) -> tuple[str, ...]:
    cluster = holder.cluster
    if cluster is None:
        return ("", "", "", _label(holder.name), identity)
    return (*map(_label, (cluster.cloud, cluster.account, cluster.location, cluster.name)), identity)


def _distinct(named: Iterable[tuple[str, _Kind]]) -> Iterator[tuple[str, _Kind]]:
    """The same with no name twice: two series with the same labels would spoil the whole file."""
    seen: set[str] = set()
    for name, value in named:
        unique, number = name, 1
        while unique in seen:
            number += 1
            unique = f"{name} ({number})"
        seen.add(unique)
        yield unique, value


def _label(text: str) -> str:
    return visible(text, LONGEST)


def _read(read: str) -> str:
    """How far a cluster could be read; a word of a later version counts as unread, as everywhere."""
    return read if read in _READ else "unread"
