"""The rows of every table, in blocks: what a block's rows share stands once, so that a million findings stay small.

A block is `(shared, rows)`: a row of the table is the shared values and then its own, in the order of the table's columns.
Values are as the report has them: text is not made safe here, for each form escapes in its own way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from reports import keys
from reports.document import Cluster, Fabric, Report, RequirementRow
from reports.exports.findings import holders
from reports.html.families import family_of
from reports.identity import finding_ids, stable_id
from reports.tables.schema import (
    CLUSTERS,
    CONTROLS,
    FINDINGS,
    FLEET,
    REQUIREMENTS,
    SCOPES,
    WAIVERS,
    Table,
)
from scanner.findings import WORST_FIRST, ControlResult, Status, WaiverUse

Values = tuple[object, ...]
Block = tuple[Values, Sequence[Values]]

_NOTHING = "not-judged"  # the reason where a cluster has no controls at all
_ASSESSED = (*WORST_FIRST, "not_assessed")


def blocks(table: Table, report: Report, cloud: str | None = None) -> Iterator[Block]:
    """The rows of `table`; of the findings those of one cloud alone where it is given (`FLEET` for the fabric's).

    Raises:
        InputError: the run's time is none.
    """
    if cloud is not None:
        return _findings(report, cloud)
    return _BLOCKS[table.name](report)


def clouds(report: Report) -> tuple[str, ...]:
    """The clouds that the report's findings are of, sorted; always with `FLEET`, which may have none."""
    return tuple(sorted({cluster.cloud or FLEET for cluster in report.clusters} | {FLEET}))


def moment(report: Report) -> datetime:
    """The run's time, in UTC.

    Raises:
        InputError: it is none.
    """
    return datetime.fromisoformat(keys.run_time(report.run.time))


def _run(report: Report) -> Values:
    time = moment(report)
    return report.run.id, time, time.date(), report.run.tool, report.baseline


def _place(cluster: Cluster | None) -> Values:
    """Where a cluster is; None stands for the fabric."""
    if cluster is None:
        return FLEET, "", "", "", ""
    return cluster.cloud or FLEET, cluster.account, cluster.location, cluster.id, cluster.name


def _cluster(cluster: Cluster | None) -> Values:
    if cluster is None:
        return *_place(None), "", "", "", "", ""
    plane = cluster.dataplane
    return *_place(cluster), cluster.tier, plane.name, plane.version, plane.enforcing, cluster.read


def _control(control: ControlResult) -> Values:
    return (
        control.id,
        family_of(control.id).code,
        control.title,
        control.severity,
        control.status,
        control.reason,
        control.level,
        control.fraction,
    )


def _judged(report: Report) -> Iterator[tuple[str, Cluster | None, Sequence[ControlResult]]]:
    """Every cluster with its id and controls, then the fabric's: each finding once."""
    for holder in holders(report):
        yield holder.id, holder.cluster, holder.controls


def _findings(report: Report, cloud: str | None = None) -> Iterator[Block]:
    run = _run(report)
    for identity, cluster, controls in _judged(report):
        place = _cluster(cluster)
        if cloud is not None and place[0] != cloud:
            continue
        unread = (cluster.unread,) if cluster and cluster.unread else ()
        for control in controls:
            ids = finding_ids(identity, control)
            rows: list[Values] = [
                (finding, item.subject, item.status, item.reason, item.evidence, item.remediation)
                for finding, item in zip(ids, control.items, strict=False)
            ] or [(ids[0], "", control.status, control.reason, unread, "")]
            yield (*run, *place, *_control(control)), rows
        if cluster and not controls:
            nothing = ("", "", "", None, Status.UNKNOWN, _NOTHING, None, None)
            row = (stable_id(identity, "", ""), "", Status.UNKNOWN, _NOTHING, unread, "")
            yield (*run, *place, *nothing), [row]


def _controls(report: Report) -> Iterator[Block]:
    run = _run(report)
    for _, cluster, controls in _judged(report):
        rows = []
        for control in controls:
            counted = Counter(item.status for item in control.items)
            rows.append((*_control(control), control.accepted, *(counted[status] for status in WORST_FIRST)))
        yield (*run, *_cluster(cluster)), rows


def _clusters(report: Report) -> Iterator[Block]:
    run = _run(report)
    for cluster in report.clusters:
        counted = Counter(control.status for control in cluster.controls)
        own: Values = (
            cluster.tier_weight,
            cluster.unread,
            cluster.taken,
            cluster.dataplane.reason,
            cluster.grade,
            cluster.score.proven,
            cluster.score.ceiling,
            cluster.score.coverage,
            cluster.accepted.proven if cluster.accepted else None,
            cluster.gates,
            cluster.gaps,
            *(counted[status] for status in WORST_FIRST),
        )
        yield run, [(*_cluster(cluster), *own)]


def _requirements(report: Report) -> Iterator[Block]:
    run = _run(report)
    for view in report.frameworks:
        shared = (*run, view.name, view.version, view.publisher)
        yield shared, [(*_requirement(row), view.gaps, view.note) for row in view.requirements]


def _requirement(row: RequirementRow) -> Values:
    counts = (row.counts.get(status, 0) for status in _ASSESSED)
    return row.id, row.status, *counts, _pairs(row.equal), _pairs(row.supporting)


def _pairs(statuses: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{control} {status}" for control, status in statuses.items())


def _scopes(report: Report) -> Iterator[Block]:
    rows: list[Values] = [
        (each.cloud, each.account, each.location, each.outcome, each.reason, each.missing, each.is_whole)
        for each in report.scopes
    ]
    yield _run(report), rows


def _waivers(report: Report) -> Iterator[Block]:
    run = _run(report)
    holders: list[tuple[Cluster | None, Cluster | Fabric]] = [(cluster, cluster) for cluster in report.clusters]
    if report.fabric is not None:
        holders.append((None, report.fabric))
    for cluster, holder in holders:
        yield (*run, *_place(cluster)), [_waiver(use) for use in holder.waivers]


def _waiver(use: WaiverUse) -> Values:
    said = (use.owner, use.ticket, use.expires, use.problem)
    return use.id, use.control, use.state, use.items, *said, use.approvers, use.named


_BLOCKS: Mapping[str, Callable[[Report], Iterator[Block]]] = {
    FINDINGS.name: _findings,
    CONTROLS.name: _controls,
    CLUSTERS.name: _clusters,
    REQUIREMENTS.name: _requirements,
    SCOPES.name: _scopes,
    WAIVERS.name: _waivers,
}
