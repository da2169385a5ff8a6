"""What a run's exit code says: done and gate held, gate failed, or incomplete. Usage errors are the command line's."""

from __future__ import annotations

from collections.abc import Container
from enum import IntEnum
from typing import TYPE_CHECKING

from scanner.findings import Severity, Status

if TYPE_CHECKING:  # most commands want the exit codes alone
    from reports.document import Report

_WORST_FIRST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


class Exit(IntEnum):
    """The exit codes. A failed gate wins over an incomplete run: what was read already breaks it."""

    DONE = 0
    GATE_FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it


def severe(least: Severity) -> frozenset[Severity]:
    """The severities that are `least` or worse."""
    return frozenset(_WORST_FIRST[: _WORST_FIRST.index(least) + 1])


def decide(
    report: Report,
    *,
    incomplete: bool,
    fail_on: Severity | None,
    min_score: float | None,
    allow_partial: bool,
) -> tuple[Exit, str]:
    """The exit code and, unless it is 0, the sentence that says why."""
    if fail_on is not None:
        wanted = severe(fail_on)
        failed = [
            f"{control.id} on {cluster.name}"
            for cluster in report.clusters
            for control in cluster.controls
            if control.status is Status.FAIL and control.severity in wanted
        ]
        failed += _failed_fabric(report, wanted)
        if failed:
            more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
            return Exit.GATE_FAILED, f"gate failed: {', '.join(failed[:3])}{more} (--fail-on {fail_on})"
    if min_score is not None and not report.fleet.score.proven >= min_score:
        return Exit.GATE_FAILED, f"gate failed: fleet score {report.fleet.score.proven:.1f} is below {min_score:g}"
    if incomplete and not allow_partial:
        return Exit.INCOMPLETE, "incomplete: not everything could be read (--allow-partial accepts that)"
    return Exit.DONE, ""


def _failed_fabric(report: Report, wanted: Container[Severity]) -> list[str]:
    """What fails for the fleet as a whole; what a cluster's own result fails has been named with that cluster."""
    named = {control.id for cluster in report.clusters for control in cluster.controls if control.status is Status.FAIL}
    return [
        f"{control.id} on the fabric"
        for control in (report.fabric.controls if report.fabric else ())
        if control.status is Status.FAIL and control.severity in wanted and control.id not in named
    ]
