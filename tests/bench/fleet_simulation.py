"""A run over a large fleet, simulated: how long it takes, how much concurrency it needs, what binds first, what it costs.

`python -m tests.bench.fleet_simulation [CLUSTERS [AT_ONCE]]`. The plan and the report are sums of what they do; the scans are a
discrete simulation: workers take the tasks in the plan's order, account by account, and each call that a limit counts waits for
a token of its account's bucket, while its worker is held and paid. What binds is found by lifting each limit alone: it is the
one without which the run ends soonest. Inputs are in `fleet_inputs` and are printed.
"""

from __future__ import annotations

import heapq
import math
import sys
from dataclasses import dataclass, fields, replace

from tests.bench.fleet_inputs import BY_NAME, CLOUDS, Assumed, Cloud, Fleet, Measured

_PAGE = 1_000  # keys in one page of a store's list
_BATCH = 10  # messages sent at once
_WRITERS = 16  # of what the plan stores
_NO_LIMIT = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run. Times in seconds: of its steps, of all scans together (paid), and of what these waited for limits."""

    plan_s: float
    scans_s: float
    report_s: float
    busy_s: float
    waited_s: float
    lists: int

    @property
    def total_s(self) -> float:
        """From its due time to its report."""
        return self.plan_s + self.scans_s + self.report_s


class Bucket:
    """A token bucket: `burst` at first, `per_s` more each second; calls are served in the order they came."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._left, self._at = burst, 0.0

    def ready(self, now: float, tokens: float) -> float:
        """When `tokens` can be had, at `now` or later; they are taken."""
        at = max(now, self._at)
        self._left = min(self._burst, self._left + (at - self._at) * self._per_s)
        if self._left < tokens:
            at += (tokens - self._left) / self._per_s
            self._left = tokens
        self._left -= tokens
        self._at = at
        return at


def run(cloud: Cloud, fleet: Fleet, assumed: Assumed, measured: Measured) -> Ran:
    """Plan, scans, report."""
    accounts = [Bucket(cloud.per_s, cloud.burst) for _ in range(fleet.accounts)]
    store = Bucket(cloud.puts_per_s, cloud.puts_per_s)
    workers = [(0.0, number) for number in range(min(cloud.at_once, fleet.clusters))]
    warm: set[int] = set()
    busy = waited = ended = 0.0
    lists = 0
    for task in range(fleet.clusters):
        free, number = heapq.heappop(workers)
        account = accounts[task * fleet.accounts // fleet.clusters]
        begun = max(store.ready(free, 2), account.ready(free, cloud.shared_calls))
        pages = 1 + 2 * math.ceil((fleet.clusters + 2 * task) / _PAGE)
        end = begun + _scan_s(cloud, fleet, assumed, measured, pages)
        end += 0.0 if number in warm else measured.cold_s / cloud.cores
        warm.add(number)
        busy, waited, lists, ended = busy + end - free, waited + begun - free, lists + pages, max(ended, end)
        heapq.heappush(workers, (end, number))
    return Ran(
        plan_s=plan_s(cloud, fleet, assumed),
        scans_s=ended,
        report_s=report_s(cloud, fleet, assumed, measured),
        busy_s=busy,
        waited_s=waited,
        lists=lists,
    )


def plan_s(cloud: Cloud, fleet: Fleet, assumed: Assumed) -> float:
    """Discovery by its workers, an object for each cluster, and the messages, ten at a time."""
    calls = fleet.accounts * (cloud.plan_per_account + fleet.regions * cloud.plan_per_region)
    calls += fleet.clusters * cloud.plan_per_cluster
    written = fleet.clusters * assumed.object_s / _WRITERS
    return calls * assumed.call_s / cloud.plan_workers + written + fleet.clusters / _BATCH * assumed.object_s


def report_s(cloud: Cloud, fleet: Fleet, assumed: Assumed, measured: Measured) -> float:
    """Results read eight at a time, the report made, its pages stored one by one."""
    moved = fleet.clusters * assumed.object_s / 8 + fleet.clusters * assumed.object_s
    return moved + measured.report_s * fleet.clusters / cloud.cores


def report_gb(fleet: Fleet, measured: Measured) -> float:
    """Memory of making the report: every result is held until it is done."""
    return (measured.report_base_bytes + measured.report_bytes * fleet.clusters) / 1e9


def largest(cloud: Cloud, assumed: Assumed, measured: Measured) -> int:
    """The most clusters whose report one scan's instance can make, in time and memory."""
    fits, over = 1, 1_000_000
    while over - fits > 1:
        middle = Fleet(clusters=(fits + over) // 2)
        slow = report_s(cloud, middle, assumed, measured) > cloud.scan_s
        fits, over = (
            (fits, middle.clusters)
            if slow or report_gb(middle, measured) > cloud.memory_gb
            else (middle.clusters, over)
        )
    return fits


def _scan_s(cloud: Cloud, fleet: Fleet, assumed: Assumed, measured: Measured, pages: int) -> float:
    """One scan: the way in, the lists, judging, four objects, and asking whether it was the last one."""
    calls = cloud.scan_calls + measured.kubernetes_calls / assumed.kubernetes_at_once + pages
    cpu = measured.collect_s + measured.judge_s + measured.check_s * fleet.clusters
    return calls * assumed.call_s + 4 * assumed.object_s + cpu / cloud.cores


def lifted(cloud: Cloud, fleet: Fleet) -> dict[str, Cloud]:
    """The same cloud with one limit less, by the limit's name."""
    return {
        f"at_once = {cloud.at_once}": replace(cloud, at_once=fleet.clusters),
        cloud.limit: replace(cloud, per_s=_NO_LIMIT, burst=_NO_LIMIT),
        cloud.store_limit: replace(cloud, puts_per_s=_NO_LIMIT),
    }


def binding(cloud: Cloud, fleet: Fleet, assumed: Assumed, measured: Measured) -> list[tuple[str, float]]:
    """Each limit with the seconds that the scans would end sooner without it, the one that binds first."""
    now = run(cloud, fleet, assumed, measured).scans_s
    saved = {name: now - run(other, fleet, assumed, measured).scans_s for name, other in lifted(cloud, fleet).items()}
    return sorted(saved.items(), key=lambda each: -each[1])


def first(cloud: Cloud, fleet: Fleet, assumed: Assumed, measured: Measured) -> str:
    """What keeps a run from being larger or faster: a step that does not fit at all comes before a limit that makes it slower."""
    if plan_s(cloud, fleet, assumed) > cloud.plan_s:
        return f"the plan's {cloud.plan_s:.0f} s"
    if report_gb(fleet, measured) > cloud.memory_gb:
        return f"the report's memory, {cloud.memory_gb:g} GB"
    if report_s(cloud, fleet, assumed, measured) > cloud.scan_s:
        return f"the report's {cloud.scan_s:.0f} s"
    return binding(cloud, fleet, assumed, measured)[0][0]


def cost(cloud: Cloud, fleet: Fleet, ran: Ran, measured: Measured) -> dict[str, float]:
    """US dollars of one run by what is paid for; `stored` is a month of what it leaves. Logs and data transfer are not in it."""
    each = measured.result_bytes + 2 * measured.snapshot_bytes + measured.page_bytes
    kept = fleet.clusters * (2 * measured.result_bytes + each + measured.record_bytes)
    return {
        "functions": (ran.plan_s + ran.busy_s + ran.report_s) * cloud.memory_gb * cloud.gb_s,
        "calls": (fleet.clusters + 1) * cloud.request + fleet.clusters * cloud.message,
        "objects": (4 * fleet.clusters + 60 + ran.lists) * cloud.write + 4 * fleet.clusters * cloud.read,
        "stored": kept / 1e9 * cloud.gb_month,
    }


def at_once_for(within_s: float, cloud: Cloud, fleet: Fleet, assumed: Assumed, measured: Measured) -> int | None:
    """The least `at_once` (of powers of two times the default) whose scans end in time; None where no more would help."""
    at_once = cloud.at_once
    while at_once <= 1_000:
        if run(replace(cloud, at_once=at_once), fleet, assumed, measured).scans_s <= within_s:
            return at_once
        at_once *= 2
    return None


def show(fleet: Fleet, at_once: int = 0) -> None:
    """Print inputs and outcome for each cloud."""
    assumed, measured = Assumed(), Measured()
    for part in (fleet, assumed, measured):
        print(
            f"{type(part).__name__.lower():9}", ", ".join(f"{f.name} {getattr(part, f.name):g}" for f in fields(part))
        )
    for name in CLOUDS:
        cloud = replace(BY_NAME[name], at_once=at_once) if at_once else BY_NAME[name]
        ran = run(cloud, fleet, assumed, measured)
        print(f"\n{name}: at_once {cloud.at_once}, {cloud.memory_gb:g} GB")
        print(f"  plan   {ran.plan_s:8.0f} s of {cloud.plan_s:.0f}{_over(ran.plan_s, cloud.plan_s)}")
        print(
            f"  scans  {ran.scans_s:8.0f} s; a scan {ran.busy_s / fleet.clusters:.1f} s, {ran.waited_s:.0f} s waited for limits"
        )
        held = report_gb(fleet, measured)
        over = _over(ran.report_s, cloud.scan_s) or _over(held, cloud.memory_gb)
        print(f"  report {ran.report_s:8.0f} s of {cloud.scan_s:.0f}, {held:.1f} GB of {cloud.memory_gb:g}{over}")
        print(f"  the largest run whose report fits: {largest(cloud, assumed, measured):,} clusters")
        print(f"  binds first: {first(cloud, fleet, assumed, measured)}")
        for limit, saved in binding(cloud, fleet, assumed, measured):
            print(f"  without {limit}: {saved:.0f} s sooner")
        least = at_once_for(3_600, cloud, fleet, assumed, measured)
        print(f"  scans in an hour: {f'at_once {least}' if least else 'not with any concurrency: the limit holds'}")
        paid = cost(cloud, fleet, ran, measured)
        print("  costs ", ", ".join(f"{what} ${dollars:.2f}" for what, dollars in paid.items()), "a run")


def table(fleet: Fleet = Fleet()) -> list[str]:  # noqa: B008 - frozen
    """The outcome for each cloud, as a table of docs/operate.md."""
    lines = [
        "| cloud | plan | scans, at_once | concurrency for scans in an hour | report | functions, objects | binds first |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    given = (Assumed(), Measured())
    for name in CLOUDS:
        cloud = BY_NAME[name]
        ran = run(cloud, fleet, *given)
        paid = cost(cloud, fleet, without_report(ran), Measured())
        lines.append(
            f"| {name} | {ran.plan_s:,.0f} s of {cloud.plan_s:,.0f} | {ran.scans_s:,.0f} s, {cloud.at_once} "
            f"| {at_once_for(3_600, cloud, fleet, *given)} "
            f"| {ran.report_s:,.0f} s of {cloud.scan_s:,.0f}, {report_gb(fleet, Measured()):,.0f} GB of {cloud.memory_gb:g} "
            f"| ${paid['functions']:.2f}, ${paid['objects']:.2f} | {first(cloud, fleet, *given)} |"
        )
    return lines


def without_report(ran: Ran) -> Ran:
    """The run without its report, for one that does not fit costs nothing that could be named."""
    return replace(ran, report_s=0.0)


def _over(spent: float, limit: float) -> str:
    return "" if spent <= limit else "  DOES NOT FIT"


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    show(replace(Fleet(), clusters=numbers[0]) if numbers else Fleet(), *numbers[1:])
