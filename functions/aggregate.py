"""The fleet report of what is stored: a `report.json`, one run, or the latest finished run of each of several stores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from functions.fabric import Fabric
from functions.history import missing_before, with_past
from functions.publish import run_named
from functions.results import StoredRun, read_results, unread_result
from functions.ways import WaysIn, choose
from infra.settings import SettingsFile
from infra.settings.evidence import read_evidence
from infra.settings.waivers import read_waivers
from infra.version import VERSION
from reports import keys
from reports.aggregate import build_report
from reports.document import Report, Run, Scope, decode_report, render_result
from reports.past import Vanished
from scanner.errors import InputError, RingfenceError
from scanner.evidence import Statement
from scanner.findings import ClusterResult
from scanner.waivers.model import Waiver

if TYPE_CHECKING:
    from infra.store import Store

_MAX_BYTES = 4 << 30  # a report of a million findings
_RUN_FOLDER = re.compile(r"(?P<root>.*?)(?:^|/)v1/runs/(?P<run>[^/]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """What a URL names: a store's root, one run of it, or (`file`) a report in a folder."""

    root: str
    run: str = ""
    file: str = ""


class Judging:
    """What fleets are judged with when that is done anew: the settings and the files that they name, read when needed.

    `evidence` and `waivers` are files that come before the settings' own.
    """

    def __init__(
        self, config: str = "", *, evidence: str = "", waivers: str = "", settings: SettingsFile | None = None
    ) -> None:
        self._config = config
        self._settings = settings
        self._evidence = evidence
        self._waivers = waivers

    @cached_property
    def settings(self) -> SettingsFile:
        """Those given, `--config`, or the `ringfence.yaml` of this folder."""
        return self._settings or choose(WaysIn(config=self._config)).settings

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """What people vouch for."""
        file = self._evidence or self.settings.evidence
        return read_evidence(Path(file)) if file else ()

    @cached_property
    def waivers(self) -> tuple[Waiver, ...]:
        """What is accepted for a time."""
        file = self._waivers or self.settings.waivers
        return read_waivers(Path(file)) if file else ()


@dataclass(frozen=True, slots=True)
class Aggregated:
    """A report, and lines that name stored objects which could not be read for it."""

    report: Report
    broken: tuple[str, ...] = ()


def place_of(url: str) -> Place:
    """What `url` names, by its form alone."""
    plain = url.rstrip("/") or url
    folder, slash, leaf = plain.rpartition("/")
    if leaf.endswith(".json"):
        return Place(folder or slash or ".", file=leaf)
    if (found := _RUN_FOLDER.fullmatch(plain)) is not None:
        return Place(found["root"] or ("/" if plain.startswith("/") else "."), keys.checked_run_id(found["run"]))
    return Place(url)


def stored_report(urls: Sequence[str], run: str, judging: Judging) -> Aggregated:
    """The report of run `run` of the stores at `urls`, of the latest finished one of each without.

    A run's own report is given as it is stored; several runs, and one whose report is not there, are aggregated anew.

    Raises:
        InputError: there is nothing that can be read as a report; of several stores, in none of them.
        StoreError: the only store does not give it out.
    """
    places = [place_of(url) for url in dict.fromkeys(urls)]
    if len(places) > 1 and (file := next((each.file for each in places if each.file), "")):
        raise InputError(f"--from {file}: one report alone can be rendered: name the stores themselves to join several")
    if len(places) == 1:
        return _one(places[0], run, judging)
    runs: list[StoredRun] = []
    failed: list[str] = []
    for place in places:
        try:
            store = open_root(place)
            runs.append(read_results(store, run or place.run or latest_run(store)))
        except RingfenceError as error:
            failed.append(str(error))
    if not runs:
        raise InputError(f"none of the stores can be read: {'; '.join(failed)}")
    return aggregate(runs, judging, failed)


def latest_run(store: Store) -> str:
    """The latest finished run of a store.

    Raises:
        InputError: `latest.json` names none.
        StoreError: there is none, or the store does not give it out.
    """
    if not (run := run_named(store.get(keys.LATEST))):
        raise InputError(f"{store.describe(keys.LATEST)}: names no run: give --run")
    return run


def run_report(store: Store, run: str, judging: Judging) -> Aggregated:
    """The report of one run: the stored one, or what its results give where that is not there."""
    key = keys.report_key(run, ".json")
    data = store.find(key, max_bytes=_MAX_BYTES)
    if data is not None:
        return Aggregated(decode_report(data, store.describe(key)))
    return aggregate([read_results(store, run)], judging)


def aggregate(
    runs: Sequence[StoredRun], judging: Judging, failed: Sequence[str] = (), *, once: bool = False
) -> Aggregated:
    """One report over the results of several runs, whatever their order; `failed` are stores that could not be read.

    Of a cluster with several results the newest counts. The fabric is judged anew: over the networks that the runs stored,
    and for clusters that stand in none of them what their own records tell.
    """
    ordered = sorted(runs, key=_rank, reverse=True)
    newest = ordered[0]
    baseline = newest.baseline
    profile = next((each.record.profile for each in ordered if each.record and each.record.profile), "")
    config = msgspec.structs.replace(judging.settings.baseline, profile=profile or judging.settings.baseline.profile)
    chosen, notes = _newest_of_each(ordered)
    for each in ordered:
        for ref, reason in each.lost:
            if ref.id not in chosen:
                chosen[ref.id] = unread_result(ref, reason, each, config, baseline)
    at = newest.run.time
    fabric = Fabric(
        settings=judging.settings,
        networks=None,
        records={},
        statements=judging.statements,
        profile=config.profile,
        at=at,
    )
    results = [chosen[name] for name in sorted(chosen)]
    judged = fabric.judged(
        [each for each in results if each.baseline == baseline], *(each.networks for each in ordered)
    )
    slim = [msgspec.structs.replace(each, crossing=None) for each in results]  # the fabric alone asks for it
    del chosen, results
    alone = len(ordered) == 1 and not failed
    run = newest.run if alone else Run(id=newest.run.id, time=newest.run.time, tool=VERSION)
    report = build_report(
        slim,
        run=run,
        scopes=_scopes(ordered, [*notes, *map(_unusable, failed)]),
        baseline=baseline,
        fabric=judged,
        waivers=judging.waivers,
        at=at,
        tier_weights=config.tier_weights,
    )
    broken = tuple(sorted({line for each in ordered for line in each.broken} | set(failed)))
    report, damaged = _remembering(report, ordered, alone=alone, once=once)
    return Aggregated(report, (*broken, *damaged))


def _one(place: Place, run: str, judging: Judging) -> Aggregated:
    store = open_root(place)
    if place.file:
        data = store.get(place.file, max_bytes=_MAX_BYTES)
        return Aggregated(decode_report(data, store.describe(place.file)))
    return run_report(store, keys.checked_run_id(run) if run else place.run or latest_run(store), judging)


def open_root(place: Place) -> Store:
    """The store that a place lies in."""
    from infra.store import open_store

    return open_store(place.root)


def _newest_of_each(runs: Iterable[StoredRun]) -> tuple[dict[str, ClusterResult], list[Scope]]:
    """Each cluster's newest result: the last taken, of the last run; where even that is alike, their bytes decide."""
    found: dict[str, list[tuple[str, str, ClusterResult]]] = {}
    for run in runs:
        for result in run.results:
            found.setdefault(result.cluster.id, []).append((result.taken, run.id, result))
    chosen, notes = {}, []
    for name, several in found.items():
        taken, run_id, result = max(several, key=_age) if len(several) > 1 else several[0]
        chosen[name] = result
        if len(several) > 1:
            ref = result.cluster
            reason = f"{ref.name} is in {len(several)} stores: the result taken {taken} by run {run_id} counts"
            notes.append(
                Scope(cloud=ref.cloud, account=ref.account, location=ref.location, outcome="ok", reason=reason)
            )
    return chosen, notes


def _rank(run: StoredRun) -> tuple[str, bytes, bytes]:
    """By time; runs of one time by what they hold, so that the order in which stores are named decides nothing."""
    held = ([each.cluster.id for each in run.results], run.lost, run.scopes, run.networks)
    return run.id, msgspec.json.encode(run.record), msgspec.json.encode(held)


def _age(entry: tuple[str, str, ClusterResult]) -> tuple[str, str, bytes]:
    taken, run, result = entry
    return taken, run, render_result(result)


def _scopes(runs: Iterable[StoredRun], more: Iterable[Scope]) -> tuple[Scope, ...]:
    """Every place once, in an order that does not depend on that of the stores."""
    return tuple(sorted({*(scope for run in runs for scope in run.scopes), *more}, key=msgspec.json.encode))


def _unusable(line: str) -> Scope:
    return Scope(cloud="", account="", location="store", outcome="error", reason=line)


def _remembering(
    report: Report, runs: Sequence[StoredRun], *, alone: bool, once: bool
) -> tuple[Report, tuple[str, ...]]:
    """`report` with what is missing since the runs before. Of several stores there is no one history, so no trend."""
    if alone:
        return with_past(report, runs[0].store, once=once) if runs[0].finished else (report, ())
    vanished: dict[str, Vanished] = {}
    unseen: dict[str, Vanished] = {}
    damaged: set[str] = set()
    for run in runs:
        if run.finished:
            gone, hidden, wrong = missing_before(report, run.store, run.id)
            vanished |= {each.id: each for each in gone}
            unseen |= {each.id: each for each in hidden}
            damaged |= set(wrong)
    grown = msgspec.structs.replace(
        report,
        vanished=tuple(vanished[name] for name in sorted(vanished)),
        unseen=tuple(unseen[name] for name in sorted(unseen) if name not in vanished),
    )
    return grown, tuple(sorted(damaged))
