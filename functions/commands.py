"""What each command does once its flags are parsed: read, ask, print; the answer is an exit code."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from functions.gate import Exit, decide
from functions.run import Outcome, audit, by_cause, collect, incomplete, new_run
from functions.sources import Input, list_inputs
from functions.watch import watcher
from infra.settings import DEFAULT_FILE, SettingsFile, SourceOptions, read_settings
from infra.text import printable
from reports.document import render_json
from reports.reach import explanation_lines, reach_lines, render_explanations, render_reach
from scanner.cloud.read import read_facts
from scanner.dataplane.catalogue import named
from scanner.dataplane.detect import detect
from scanner.errors import InputError, StoreError
from scanner.findings import Severity
from scanner.judge import gaps_of
from scanner.model import Read, Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.engine import build

if TYPE_CHECKING:
    from infra.store import Store
    from scanner.policy.model import PolicySet
    from scanner.reach.model import Reach

_MOST_GAPS = 10  # lines of "could not be read" on stderr; the report has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest:
    """The flags of `audit`."""

    source: SourceOptions
    config: str
    output: str
    json: bool
    run_id: str
    time: str
    fail_on: str | None
    min_score: float | None
    allow_partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The flags of `reach` and `explain`; `level` is empty for `explain`, which asks both."""

    source: SourceOptions
    cluster: str
    level: str
    dataplane: str
    ipblock_matches_pods: bool | None
    json: bool
    output: str


def run_audit(request: AuditRequest) -> int:
    """Audit, print the verdict, store the run where asked; returns the exit code.

    Raises:
        RingfenceError: the command line, the settings or the store cannot be used.
    """
    settings = _settings(request.config)
    run = new_run(request.run_id, request.time or _now())
    inputs = _inputs(request.source, settings, run.time)
    store = _open(request.output)
    with watcher() as watch:
        outcome = audit(inputs, run=run, config=settings.baseline, store=store, watcher=watch)
    _print_outcome(outcome, as_json=request.json)
    code, why = decide(
        outcome.report,
        incomplete=bool(outcome.incomplete),
        fail_on=Severity(request.fail_on) if request.fail_on else None,
        min_score=request.min_score,
        allow_partial=request.allow_partial,
    )
    # The table on stdout has named the unread clusters already; a document has told nobody.
    _say_incomplete(outcome.incomplete if request.json else incomplete(outcome.report, unread=False))
    if why:
        _say(f"ringfence: {why}")
    return code


def run_collect(source: SourceOptions, output: str, run_id: str, time: str, *, allow_partial: bool) -> int:
    """Write snapshots; one line per stored object on stdout."""
    run = new_run(run_id, time or _now())
    store = _open(output)
    if store is None:
        raise InputError("collect needs a store: give --output")
    with watcher() as watch:
        stored, missing = collect(list_inputs(source, taken=run.time), run=run, store=store, watcher=watch)
    _write("".join(f"{place}\n" for place in stored).encode(), "")
    _say_incomplete(missing)
    return Exit.INCOMPLETE if missing and not allow_partial else Exit.DONE


def run_reach(question: Question) -> int:
    """Print who can talk to whom; the exit code says whether the input could be read whole."""
    snapshot = _one_snapshot(question)
    reach = _reach(question, snapshot, resolve(snapshot), question.level)
    document = render_reach(reach) if question.json else _text(reach_lines(reach))
    _write(document, question.output)
    return _read_whole(snapshot)


def run_explain(question: Question, src: str, dst: str, port: str) -> int:
    """Print why a connection is possible or not, declared and effective."""
    number, protocol = _port(port)
    snapshot = _one_snapshot(question)
    policies = resolve(snapshot)
    explanations = [
        explanation
        for level in ("declared", "effective")
        for explanation in _reach(question, snapshot, policies, level).explain(src, dst, protocol, number)
    ]
    document = render_explanations(explanations) if question.json else _text(explanation_lines(explanations))
    _write(document, question.output)
    return _read_whole(snapshot)


def _reach(question: Question, snapshot: Snapshot, policies: PolicySet, level: str) -> Reach:
    plane = None
    if level == "effective":
        facts = read_facts(snapshot.cloud_record) if snapshot.cloud_record else None
        plane = named(*question.dataplane.split("@", 1)) if question.dataplane else detect(snapshot, facts)
    return build(snapshot, policies, plane, ipblock_matches_pods=question.ipblock_matches_pods)


def _one_snapshot(question: Question) -> Snapshot:
    inputs = list_inputs(question.source, taken=_now())
    if question.cluster:
        chosen = [entry for entry in inputs if question.cluster in {entry.label, Path(entry.label).name}]
        chosen = chosen or [entry for entry in inputs if question.cluster in entry.label]
        inputs = tuple(chosen)
    if len(inputs) != 1:
        known = ", ".join(printable(entry.label, 80) for entry in inputs[:10]) or "none"
        raise InputError(f"{len(inputs)} clusters match, one is needed: name it with --cluster ({known})")
    with watcher() as watch:
        watch.start(1)
        return inputs[0].read(watch.note)


def _read_whole(snapshot: Snapshot) -> int:
    """3 where the snapshot has gaps: an answer from part of a cluster must not look like the whole of it."""
    if snapshot.read is Read.COMPLETE:
        return Exit.DONE
    _say_incomplete([snapshot.unread] if snapshot.unread else by_cause(gaps_of(snapshot)))
    return Exit.INCOMPLETE


def _port(text: str) -> tuple[int, str]:
    number, _, protocol = text.partition("/")
    protocol = (protocol or "TCP").upper()
    if (
        not number.isdecimal()
        or len(number) > 5
        or not 1 <= int(number) <= 65535
        or protocol not in {"TCP", "UDP", "SCTP"}
    ):
        raise InputError(f"--port {text!r}: write a number from 1 to 65535, and /UDP or /SCTP where it is not TCP")
    return int(number), protocol


def _settings(path: str) -> SettingsFile:
    if path:
        return read_settings(Path(path))
    return read_settings(Path(DEFAULT_FILE)) if Path(DEFAULT_FILE).is_file() else SettingsFile()


def _inputs(source: SourceOptions, settings: SettingsFile, taken: str) -> tuple[Input, ...]:
    """The flags' way in, else every source of the settings file."""
    if source.chosen or not settings.sources:
        return list_inputs(source, taken=taken)
    return tuple(found for entry in settings.sources for found in list_inputs(entry, taken=taken))


def _open(url: str) -> Store | None:
    if not url:
        return None
    from infra.store import open_store

    return open_store(url)


def _print_outcome(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        _write(render_json(outcome.report), "")
        return
    from reports.terminal import render_terminal

    width = shutil.get_terminal_size((100, 24)).columns
    colour = sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    _write(render_terminal(outcome.report, width=width, colour=colour, report_at=outcome.stored_at).encode(), "")


def _write(document: bytes, target: str) -> None:
    """To stdout, or to a file or object; a file appears whole or not at all."""
    if not target:
        _print(document)
        return
    from infra.store import open_store

    scheme, mark, path = target.rpartition("://")
    folder, slash, leaf = path.rpartition("/")
    if leaf in {"", ".", ".."}:
        raise InputError(f"--output {printable(target, 200)}: names a folder: name a file in it")
    store = open_store(f"{scheme}{mark}{folder or slash or ('' if mark else '.')}")
    store.put(leaf, document)
    _say(f"wrote {store.describe(leaf)}")


def _print(document: bytes) -> None:
    """To stdout. A reader that has gone (`| head`) has read enough: what the exit code says stays true."""
    if sys.stdout is None:
        raise StoreError("standard output is closed: redirect it, to /dev/null if nobody reads it")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
    except OSError as error:
        _drop(sys.stdout)
        raise StoreError(f"standard output: cannot be written ({error.strerror}): redirect it elsewhere") from error


def _drop(stream: TextIO) -> None:
    """Keep the interpreter's last flush of a stream that nobody can read from complaining."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _say(text: str) -> None:
    try:
        print(printable(text), file=sys.stderr)  # noqa: T201 - talk goes to stderr
    except OSError:  # nobody listens
        _drop(sys.stderr)


def _say_incomplete(missing: Sequence[str]) -> None:
    for line in missing[:_MOST_GAPS]:
        _say(f"not read whole: {line}")
    if len(missing) > _MOST_GAPS:
        _say(f"not read whole: {len(missing) - _MOST_GAPS} more, all in the report")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
