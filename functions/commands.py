"""What `audit` and `collect` do once their flags are parsed: read, judge, print; the answer is an exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from functions.fabric import fabric_of
from functions.gate import Exit, decide
from functions.gather import gather
from functions.output import now, say, say_incomplete, text, write
from functions.own_controls import own_controls
from functions.rendering import TABLE, check_form, write_report
from functions.run import audit, collect, incomplete, new_run
from functions.watch import watcher
from functions.ways import WaysIn, choose
from infra.settings.evidence import read_evidence
from infra.settings.waivers import read_waivers
from scanner.errors import InputError
from scanner.findings import Severity
from scanner.frameworks.model import find_framework

if TYPE_CHECKING:
    from infra.store import Store


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest:
    """The flags of `audit`."""

    ways: WaysIn
    evidence: str = ""
    waivers: str = ""
    controls: tuple[str, ...] = ()
    profile: str = ""
    frameworks: tuple[str, ...] = ()
    output: str
    answer: str
    run_id: str
    time: str
    fail_on: str | None
    min_score: float | None
    allow_partial: bool


def run_audit(request: AuditRequest) -> int:
    """Audit, print the verdict, store the run where asked; returns the exit code.

    Raises:
        RingfenceError: the command line, the settings or the store cannot be used.
    """
    check_form(request.answer, "")
    chosen = choose(request.ways)
    settings = chosen.settings
    run = new_run(request.run_id, request.time or now())
    at = _judged_at(request, run.time)
    statements = _listed(request.evidence or settings.evidence, read_evidence)
    waivers = _listed(request.waivers or settings.waivers, read_waivers)
    own = own_controls(request.controls or settings.controls)
    frameworks = tuple(dict.fromkeys(map(find_framework, request.frameworks)))
    with watcher() as watch:
        found = gather(chosen.sources, taken=run.time, watcher=watch, concurrency=settings.concurrency)
        if found.interrupted:
            return _nothing_read()
        store = _open(request.output or chosen.store)
        profile = request.profile or settings.baseline.profile
        fabric = fabric_of(found.estate, settings, watch, statements=statements, profile=profile, at=at)
        outcome = audit(
            found.inputs,
            run=run,
            at=at,
            config=msgspec.structs.replace(settings.baseline, profile=profile),
            store=store,
            watcher=watch,
            workers=settings.concurrency.clusters,
            places=found.places,
            statements=statements,
            waivers=waivers,
            frameworks=frameworks,
            own=own,
            fabric=fabric,
        )
    write_report(outcome.report, request.answer, "", stored_at=outcome.stored_at)
    code, why = decide(
        outcome.report,
        incomplete=bool(outcome.incomplete),
        fail_on=Severity(request.fail_on) if request.fail_on else None,
        min_score=request.min_score,
        allow_partial=request.allow_partial,
    )
    # The table on stdout has named the unread clusters already; a document has told nobody.
    say_incomplete(outcome.incomplete if request.answer != TABLE else incomplete(outcome.report, unread=False))
    if outcome.interrupted:
        return Exit.INTERRUPTED
    if why:
        say(f"ringfence: {why}")
    return code


def run_collect(ways: WaysIn, output: str, run_id: str, time: str, *, allow_partial: bool) -> int:
    """Write snapshots; one line per stored object on stdout."""
    run = new_run(run_id, time or now())
    chosen = choose(ways)
    store = _open(output or chosen.store)
    if store is None:
        raise InputError("collect needs a store: give --output, or `store` beside the sources of ringfence.yaml")
    concurrency = chosen.settings.concurrency
    with watcher() as watch:
        found = gather(chosen.sources, taken=run.time, watcher=watch, concurrency=concurrency)
        if found.interrupted:
            return _nothing_read()
        written = collect(
            found.inputs, run=run, store=store, watcher=watch, workers=concurrency.clusters, places=found.places
        )
    write(text(written.stored_at), "")
    say_incomplete(written.incomplete)
    if written.interrupted:
        return Exit.INTERRUPTED
    return Exit.INCOMPLETE if written.incomplete and not allow_partial else Exit.DONE


def _judged_at(request: AuditRequest, time: str) -> str:
    """When things are old: at the run's time; the estate of the demo, which ages with the package, at its own."""
    if not request.ways.local.demo or request.time:
        return time
    from infra.estate.read import TAKEN

    return TAKEN


def _listed(file: str, read: Callable[[Path], tuple[_T, ...]]) -> tuple[_T, ...]:
    return read(Path(file)) if file else ()


def _nothing_read() -> int:
    say("ringfence: interrupted while clusters were looked for: nothing was read")
    return Exit.INTERRUPTED


def _open(url: str) -> Store | None:
    if not url:
        return None
    from infra.store import open_store

    return open_store(url)
