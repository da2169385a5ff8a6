"""The three steps as one service: what the entry points of the clouds call once they have translated their events."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from functions.history import runs_of
from functions.output import now
from functions.run import new_run
from functions.scheduled.aggregate import Ended, aggregate
from functions.scheduled.deployment import Deployment
from functions.scheduled.news import measure, say
from functions.scheduled.plan import PlanRequest, Send, plan
from functions.scheduled.scan import ScanRequest, scan
from functions.scheduled.tasks import Task
from functions.watch import Quiet
from reports import keys
from reports.document import Report
from scanner.errors import InputError, RingfenceError

_SWEPT = 10  # the latest runs that a sweep looks at: older ones were swept when they were young


@dataclass(frozen=True, slots=True)
class Service:
    """A deployment, the way into its queue, and a clock that gives RFC 3339 in UTC."""

    deployment: Deployment
    send: Send
    clock: Callable[[], str] = now

    def plan(self, due: str) -> str:
        """Plan the run that was due at `due` (RFC 3339); returns its id.

        Raises:
            RingfenceError: nothing was planned, or not all of it could be sent; to be delivered again.
        """
        run = new_run("", due)
        request = PlanRequest(
            run=run,
            settings=self.deployment.settings,
            store=self.deployment.store,
            send=self.send,
            lasts_s=self.deployment.lasts_s,
        )
        record = plan(request, Quiet())
        say("planned", run=run.id, clusters=len(record.planned), places=len(record.scopes))
        if not record.planned:
            self.aggregate(run.id)
        return run.id

    def scan(self, task: Task, *, left_s: float, tried: int) -> None:
        """Scan one cluster, and make the report if it was the last one. `tried` counts deliveries, this one included.

        Raises:
            InputError: the task is none of ours.
            RingfenceError: to be delivered again.
        """
        started = time.monotonic()
        request = ScanRequest(
            task=task,
            settings=self.deployment.settings,
            judging=self.deployment.judging(task.time),
            store=self.deployment.store,
            left_s=left_s,
            last=tried >= self.deployment.tries,
        )
        if scan(request):
            measure({"ScanSeconds": round(time.monotonic() - started, 3), "Scans": 1}, run=task.run)
        self.aggregate(task.run)

    def aggregate(self, run: str) -> Ended:
        """Make the report of a run if it can be made.

        Raises:
            RingfenceError: to be delivered again.
        """
        store = self.deployment.store
        record_time = keys.time_of(run)
        ended, report = aggregate(store, run, self.deployment.judging(record_time), self.deployment.fleet, self.clock())
        if (
            report is not None and ended is Ended.REPORTED
        ):  # of two that end a run at once, one tells: one run, one count
            _tell(report)
        return ended

    def sweep(self) -> None:
        """End the runs that nobody ended: their last scan died, or their deadline has passed.

        Raises:
            RingfenceError: one run at least could not be ended; the others were.
        """
        failed: list[RingfenceError] = []
        for run in self._latest():
            try:
                self.aggregate(run)
            except InputError as error:
                say(str(error), severity="WARNING", run=run)
            except RingfenceError as error:
                say(str(error), severity="ERROR", run=run)
                failed.append(error)
        if failed:
            raise failed[0]

    def _latest(self) -> Sequence[str]:
        return runs_of(self.deployment.store)[-_SWEPT:]


def _tell(report: Report) -> None:
    """What alarms and dashboards read."""
    unread = sum(cluster.read == "unread" for cluster in report.clusters)
    places = sum(not scope.is_whole for scope in report.scopes)
    measure(
        {
            "Reports": 1,
            "Score": report.fleet.score.proven,
            "ScoreDrop": _drop(report),
            "Ceiling": report.fleet.score.ceiling,
            "Clusters": len(report.clusters),
            "UnreadClusters": unread,
            "UnreadPlaces": places,
        },
        run=report.run.id,
    )
    severity = "WARNING" if unread or places else "INFO"
    say("reported", severity=severity, run=report.run.id, clusters=len(report.clusters), unread=unread, places=places)


def _drop(report: Report) -> float:
    """How many points less than in the run before; 0 where there is none, or another baseline measured it."""
    if len(report.trend) < 2:
        return 0.0
    before, last = report.trend[-2:]
    return round(max(0.0, before.proven - last.proven), 1) if before.baseline == last.baseline else 0.0
