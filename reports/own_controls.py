"""Own controls of a report, for people: one line for each, the worst outcome first."""

from __future__ import annotations

from collections.abc import Iterator

from reports.document import Report
from reports.reach.words import plain
from scanner.findings import WORST_FIRST, Status

_BUILT_IN = "NB-"
_SHOWN = 3


def own_lines(report: Report) -> Iterator[str]:
    """A heading and a line for each own control; nothing where the report has none."""
    found: dict[str, dict[Status, list[str]]] = {}
    titles: dict[str, str] = {}
    for cluster in report.clusters:
        for control in cluster.controls:
            if not control.id.startswith(_BUILT_IN):
                titles[control.id] = control.title
                found.setdefault(control.id, {}).setdefault(control.status, []).append(cluster.name)
    if found:
        yield "Own controls (in no score):"
    for name in sorted(found):
        said = [f"{status} on {_names(found[name][status])}" for status in WORST_FIRST if status in found[name]]
        yield plain(f"{name} {titles[name]}")
        yield plain(f"  {'; '.join(said)}".replace("_", " "))


def _names(clusters: list[str]) -> str:
    more = f" and {len(clusters) - _SHOWN} more" if len(clusters) > _SHOWN else ""
    return f"{', '.join(clusters[:_SHOWN])}{more}"
