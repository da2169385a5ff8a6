"""What `diff` does: read two states of a cluster, compare who can talk to whom, print; the answer is an exit code."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from functions.gate import Exit
from functions.output import say, text, write
from functions.questions import Question, dataplane_of, is_snapshot, one_snapshot, read_whole, source_of
from infra.gitrev import PREFIX, write_revision
from infra.memory import keep, uncollected
from infra.settings import SourceOptions
from infra.text import printable
from reports.diff import Sides, Tally, diff_lines, diff_markdown, render_diff
from scanner.errors import InputError
from scanner.model import Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.diff import Change, State, aligned, difference


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRequest:
    """The flags of `diff`. `before` and `after` are folders, `git:REV:DIR`, or stored snapshots; `answer` json, table or md.

    `cloud_records` are joined to the clusters of both sides.
    """

    before: str
    after: str
    cluster: str
    level: str
    dataplane: str
    ipblock_matches_pods: bool | None
    answer: str
    output: str
    cloud_records: tuple[str, ...] = ()
    catalogues: tuple[str, ...] = ()
    fail_on_opened: bool = False


def run_diff(request: DiffRequest) -> int:
    """Print what connections two states differ by.

    Raises:
        InputError: a side cannot be read at all.
    """
    before, first = _read(request.before, request)
    after, second = _read(request.after, request)
    with uncollected():
        tally = _compare(before, after, request)
    gaps = max(first, second, read_whole(before), read_whole(after))
    if request.fail_on_opened and tally.opened:
        say(f"ringfence: {tally.words}")
        return Exit.GATE_FAILED
    return gaps


def _compare(before: Snapshot, after: Snapshot, request: DiffRequest) -> Tally:
    """Write what differs; returns how much did."""
    one, other = aligned(
        _state(before, request), _state(after, request), ipblock_matches_pods=request.ipblock_matches_pods
    )
    keep(before, after, one, other)
    tally = Tally()
    changes = tally.note(difference(one, other))
    sides = Sides(before=request.before, after=request.after, level=request.level)
    warnings = [
        {"object": each.object, "field": each.field, "message": f"{side}: {each.message}"}
        for side, reach in (("before", one), ("after", other))
        for each in reach.notices
    ]
    write(_rendered(changes, tally, sides, warnings, request.answer), request.output)
    return tally


def _rendered(
    changes: Iterable[Change], tally: Tally, sides: Sides, warnings: list[dict[str, str]], answer: str
) -> Iterable[bytes]:
    if answer == "json":
        return (render_diff(changes, sides, warnings),)
    if answer == "md":
        return (diff_markdown(changes, sides, tally).encode("utf-8", "replace"),)
    return text(diff_lines(changes, sides, tally))


def _state(snapshot: Snapshot, request: DiffRequest) -> State:
    plane = dataplane_of(request.dataplane, snapshot, request.catalogues) if request.level == "effective" else None
    return State(snapshot, resolve(snapshot), plane)


def _read(spec: str, request: DiffRequest) -> tuple[Snapshot, int]:
    """One side, and an exit code that says whether everything of it was followed."""
    if spec.startswith(PREFIX):
        return _revision(spec, request)
    several = is_snapshot(spec) and not spec.endswith(".zst")  # a folder, or one snapshot, is not asked which cluster
    source = source_of(spec, request.cloud_records)
    return one_snapshot(Question(source=source, cluster=request.cluster if several else "")), Exit.DONE


def _revision(spec: str, request: DiffRequest) -> tuple[Snapshot, int]:
    with tempfile.TemporaryDirectory(prefix="ringfence-") as folder:
        found = write_revision(spec, Path(folder))
        for line in found.skipped:
            say(f"not read: {printable(spec, 200)}: {line}")
        source = SourceOptions(manifests=folder, name="manifests", cloud_records=request.cloud_records)
        try:
            snapshot = one_snapshot(Question(source=source))
        except InputError as error:  # names the temporary folder, which means nothing to anybody
            raise InputError(str(error).replace(folder, printable(spec, 200))) from error
    return snapshot, Exit.INCOMPLETE if found.skipped else Exit.DONE
