"""The composition root: read each cluster, judge it, store it, aggregate. The only place where adapters meet the core.

A cluster's snapshot and result are create-only: where a run is delivered twice, or resumed after a crash, what the first
delivery stored is what the report says, so the parts of one run always fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from functions.interrupts import uninterrupted
from functions.judging import Judging, judge_stored, keep_result
from functions.publish import keep, record_run
from functions.reading import WORKERS, Reading, read_all
from functions.sources import Input, unread
from infra.version import VERSION
from reports import keys
from reports.aggregate import build_report
from reports.document import Report, Run, Scope
from reports.places import not_whole
from scanner.baselines import BASELINE_VERSION
from scanner.baselines.config import BaselineConfig
from scanner.controls.base import Control
from scanner.errors import ClusterReadError, InputError
from scanner.evidence import Statement
from scanner.findings import ClusterResult
from scanner.frameworks.model import Framework
from scanner.gaps import by_cause
from scanner.model import ClusterRef, Read, Snapshot, Source
from scanner.waivers.model import Waiver

if TYPE_CHECKING:
    from functions.fabric import Fabric
    from infra.store import Store


_Take = Callable[[Input, Snapshot | Scope], Callable[[], None]]


class Watcher(Protocol):
    """Who is told how far a run is."""

    def start(self, total: int) -> None:
        """`total` clusters are about to be read."""

    def note(self, text: str) -> None:
        """What is being done right now."""

    def done(self) -> None:
        """One cluster is finished."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: the report, where its parts were stored, and what was not read whole.

    `interrupted` says that Ctrl-C ended it early: what was finished by then is in it, the rest is among the gaps.
    """

    report: Report
    stored_at: tuple[str, ...]
    incomplete: tuple[str, ...]
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What `collect` stored, and what could not be read whole, a line each; `interrupted` as in `Outcome`."""

    stored_at: tuple[str, ...]
    incomplete: tuple[str, ...]
    interrupted: bool = False


def audit(
    inputs: Sequence[Input],
    *,
    run: Run,
    config: BaselineConfig,
    store: Store | None,
    watcher: Watcher,
    workers: int = WORKERS,
    places: Sequence[Scope] = (),
    at: str = "",
    statements: Sequence[Statement] = (),
    waivers: Sequence[Waiver] = (),
    frameworks: Sequence[Framework] = (),
    own: Sequence[Control] = (),
    fabric: Fabric | None = None,
) -> Outcome:
    """Read, judge, store and aggregate every input, `workers` of them being read at a time.

    `places` are where the inputs were looked for: they stand in the report, and those not searched whole make it incomplete.
    `statements` are what people vouch for; their age is that at `at`, by default the run's time. `waivers` are
    failures accepted for a time, `frameworks` what the report is seen through, `own` controls besides the baseline's, and
    `fabric` judges the fleet as a whole.

    An input that cannot be read is in the report: as an unread cluster where its address is known, else as a scope. Bugs
    are not caught. Ctrl-C ends the reading and not the run: what was judged by then is stored and reported.

    Raises:
        InputError: the only input cannot be used at all.
        StoreError: the store refused; what was stored until then stays and is whole.
    """
    results: dict[str, ClusterResult] = {}
    found: dict[str, ClusterRef] = {}
    scopes = list(places)
    judging = Judging(config, at or run.time, tuple(statements), tuple(waivers), tuple(own))

    def take(entry: Input, read: Snapshot | Scope) -> Callable[[], None]:
        if isinstance(read, Scope):
            return lambda: scopes.append(read)
        ref = found[entry.label] = read.cluster
        if ref.id in results:
            why = f"{entry.label}: a second source of {ref.id} was left out"
            second = Scope(cloud=ref.cloud, account=ref.account, location=ref.location, outcome="partial", reason=why)
            return lambda: scopes.append(second)
        watcher.note(f"judging {entry.label}")
        result = judge_stored(read, run, judging, store)
        return lambda: results.update({ref.id: keep_result(result, run, store)})

    missed = _each(inputs, run, watcher, workers, take)
    scopes += missed
    networks = fabric.read_networks(tuple(results.values())) if fabric else None
    judged = fabric.judged(tuple(results.values()), networks) if fabric else ()
    report = build_report(
        results.values(),
        run=run,
        scopes=scopes,
        baseline=BASELINE_VERSION,
        fabric=judged,
        waivers=waivers,
        frameworks=frameworks,
        at=at,
        tier_weights=config.tier_weights,
    )
    if store is None:
        return Outcome(report, (), incomplete(report), interrupted=bool(missed))
    record_run(store, report, inputs, scopes, interrupted=bool(missed), found=found, profile=config.profile)
    grown, stored_at, damaged = keep(report, store, networks, finished=not missed)
    return Outcome(grown, stored_at, (*incomplete(grown), *damaged), interrupted=bool(missed))


def collect(
    inputs: Sequence[Input],
    *,
    run: Run,
    store: Store,
    watcher: Watcher,
    workers: int = WORKERS,
    places: Sequence[Scope] = (),
) -> Written:
    """Write every input's snapshot to the store, nothing judged; otherwise as `audit`."""
    from infra.snapshots import encode

    stored: list[str] = []
    missing: list[str] = []
    found: dict[str, ClusterRef] = {}
    scopes = list(places)

    def take(entry: Input, read: Snapshot | Scope) -> Callable[[], None]:
        if isinstance(read, Scope):
            return lambda: scopes.append(read)
        found[entry.label] = read.cluster
        key, data = keys.snapshot_key(run.id, read.cluster), encode(read)
        gap = read.unread or (read.source is Source.CLUSTER and read.read is not Read.COMPLETE)

        def keep() -> None:
            store.put_new(key, data)
            stored.append(store.describe(key))
            if gap:
                missing.append(f"{read.cluster.name}: {read.unread or 'read in part'}")

        return keep

    missed = _each(inputs, run, watcher, workers, take)
    scopes += missed
    record_run(store, run, inputs, scopes, interrupted=bool(missed), found=found)
    return Written(tuple(sorted(stored)), (*not_whole(scopes), *sorted(missing)), interrupted=bool(missed))


def _each(inputs: Sequence[Input], run: Run, watcher: Watcher, workers: int, take: _Take) -> tuple[Scope, ...]:
    """Read all and hand each over as it comes; returns what Ctrl-C left unread, as one place, or nothing.

    What `take` returns is called to keep what came of an input, which Ctrl-C does not part from remembering that it was kept.
    """
    watcher.start(len(inputs))
    left = dict(enumerate(inputs))
    try:
        with closing(read_all(inputs, progress=watcher.note, workers=workers)) as readings:
            for reading in readings:
                keep = take(reading.entry, _read(reading, run, alone=len(inputs) == 1))
                with uninterrupted():
                    keep()
                    del left[reading.index]
                del keep, reading  # so that no snapshot is held while the next one is waited for
                watcher.done()
    except KeyboardInterrupt:
        return (_interrupted([entry.label for entry in left.values()], run),) if left else ()
    return ()


def _interrupted(labels: Sequence[str], run: Run) -> Scope:
    """Everything that Ctrl-C left unread is one gap, or a fleet of thousands would fill the screen."""
    named = ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")
    reason = f"interrupted before it was read: {named}: run again with --run-id {run.id} to complete it"
    return Scope(cloud="", account="", location=named, outcome="error", reason=reason)


def incomplete(report: Report, *, unread: bool = True) -> tuple[str, ...]:
    """What could not be read whole, a line each: places, then clusters; only those read in part where `unread` is false."""
    places = not_whole(report.scopes) if unread else ()
    clusters = [
        f"{cluster.name}: {cluster.unread or '; '.join(by_cause(cluster.gaps))}"
        for cluster in report.clusters
        if cluster.read == Read.PARTIAL or (unread and cluster.read == Read.UNREAD)
    ]
    return (*places, *clusters)


def _read(reading: Reading, run: Run, *, alone: bool) -> Snapshot | Scope:
    """One input, or the place it could not be read from. The only input of a run is the command line's own mistake."""
    error, entry = reading.found, reading.entry
    if isinstance(error, Snapshot):
        return error
    if entry.ref is not None and isinstance(error, ClusterReadError):
        return unread(entry.ref, str(error), entry.record, run.time)
    if alone and isinstance(error, InputError):
        raise error
    return Scope(cloud="", account="", location=entry.label, outcome="error", reason=str(error))


def new_run(run_id: str, time: str) -> Run:
    """The run's identity: a given id is checked, an absent one derived from the time.

    Raises:
        InputError: the id could not be part of an object key, or the time is not RFC 3339 with an offset.
    """
    moment = keys.run_time(time)
    return Run(id=keys.checked_run_id(run_id) if run_id else keys.run_id(moment), time=moment, tool=VERSION)
