"""What needs doing first: the failures of a fleet, ranked by what mending them gains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reports.document import Cluster, Report
from reports.wording import SEVERITY_RANK, badness
from scanner.findings import ControlResult, Severity, Status

INERT = (
    "inert"  # reason of a policy control that fails only because nothing enforces (baseline, section 1, dependencies)
)
ENFORCEMENT = ("NB-ENF-01", "NB-ENF-06")  # the controls whose failure makes the policy controls inert


@dataclass(frozen=True, slots=True)
class Step:
    """One mend: where, what to change, and the evidence that it is needed. `more` counts further items like it."""

    id: str  # of the cluster
    cluster: str
    subject: str
    remediation: str
    evidence: str
    more: int


@dataclass(frozen=True, slots=True)
class Action:
    """One control that fails and where. `released` counts the inert failures that depend on it being mended."""

    control: str
    title: str
    severity: Severity
    clusters: tuple[str, ...]
    steps: tuple[Step, ...]
    released: int


def first_actions(report: Report, limit: int) -> tuple[Action, ...]:
    """Return the `limit` failures to mend first.

    Failures that are only inert are no work of their own: they wait for the enforcement they depend on, and are counted
    there. Then by severity, by the weight of the tiers concerned, by how many clusters fail, by control id.
    """
    failing: dict[str, list[tuple[Cluster, ControlResult]]] = {}
    for cluster in sorted(report.clusters, key=badness):
        for result in cluster.controls:
            if result.status is Status.FAIL and result.reason != INERT:
                failing.setdefault(result.id, []).append((cluster, result))
    ranked = sorted(failing, key=lambda control: _rank(control, failing[control]))
    return tuple(_action(control, failing[control]) for control in ranked[:limit])


def top_failure(cluster: Cluster) -> ControlResult | None:
    """Return the failure of one cluster to mend first, None where nothing fails."""
    return next(iter(failures_first(cluster.controls)), None)


def failures_first(results: Iterable[ControlResult]) -> tuple[ControlResult, ...]:
    """Return the failures among `results`, the one to mend first at the front and those that are only inert behind."""
    failures = [result for result in results if result.status is Status.FAIL]
    failures.sort(key=lambda r: (r.reason == INERT, r.id not in ENFORCEMENT, SEVERITY_RANK[r.severity], r.fraction))
    return tuple(failures)


def _rank(control: str, failures: list[tuple[Cluster, ControlResult]]) -> tuple[bool, int, float, int, str]:
    weight = sum(cluster.tier_weight for cluster, _ in failures)
    severity = min(SEVERITY_RANK[result.severity] for _, result in failures)
    return (control not in ENFORCEMENT, severity, -weight, -len(failures), control)


def _action(control: str, failures: list[tuple[Cluster, ControlResult]]) -> Action:
    first = failures[0][1]
    released = 0
    if control in ENFORCEMENT:
        released = sum(result.reason == INERT for cluster, _ in failures for result in cluster.controls)
    return Action(
        control=control,
        title=first.title,
        severity=first.severity,
        clusters=tuple(cluster.name for cluster, _ in failures),
        steps=tuple(_steps(failures)),
        released=released,
    )


def _steps(failures: list[tuple[Cluster, ControlResult]]) -> Iterator[Step]:
    """Yield one step per cluster: its first failing item that says what to do."""
    for cluster, result in failures:
        failed = [item for item in result.items if item.status is Status.FAIL]
        told = [item for item in failed if item.remediation] or failed
        if told:
            evidence = told[0].evidence[0] if told[0].evidence else ""
            yield Step(cluster.id, cluster.name, told[0].subject, told[0].remediation, evidence, len(failed) - 1)
