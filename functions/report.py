"""What `report` does once its flags are parsed: read stored runs, join them where there are several, render, hold the gate."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from functions.aggregate import Judging, stored_report
from functions.gate import decide
from functions.output import colour, say, say_incomplete, text, width, write
from functions.run import incomplete
from reports.document import Report
from reports.exports import EXPORTS, render
from reports.frameworks import framework_view
from scanner.errors import InputError
from scanner.findings import Severity
from scanner.frameworks.model import Framework, find_framework

TABLE = "table"
FROM = "--from is missing: name a store (path, s3://, gs://, az://), a run's folder or a report.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """The flags of `report`. `answer` is `table`, a name in `EXPORTS`, or `md`; `compare` holds two runs, or nothing twice."""

    stores: tuple[str, ...]
    run: str
    answer: str
    output: str
    config: str = ""
    evidence: str = ""
    waivers: str = ""
    frameworks: tuple[str, ...] = ()
    fail_on: str | None = None
    fail_on_new: str | None = None
    min_score: float | None = None
    allow_partial: bool = False
    history: bool = False
    cluster: str = ""
    control: str = ""
    compare: tuple[str, str] = ("", "")

    @property
    def judging(self) -> Judging:
        """What is judged with where something has to be judged anew."""
        return Judging(self.config, evidence=self.evidence, waivers=self.waivers)


def run_report(request: ReportRequest) -> int:
    """Render stored runs, or show their history, or what two of them differ by; returns the exit code.

    Raises:
        RingfenceError: nothing stored can be read as a report, the form's library is missing, or nothing can be written.
    """
    _check(request)
    if request.history:
        from functions.report_history import run_history

        return run_history(request)
    if any(request.compare):
        from functions.report_compare import run_compare

        return run_compare(request)
    return _rendered(request)


def _rendered(request: ReportRequest) -> int:
    frameworks = tuple(dict.fromkeys(map(find_framework, request.frameworks)))
    found = stored_report(request.stores, request.run, request.judging)
    report = _through(found.report, frameworks)
    write_report(report, request.answer, request.output)
    gaps = incomplete(report)
    code, why = decide(
        report,
        incomplete=bool(gaps or found.broken),
        fail_on=Severity(request.fail_on) if request.fail_on else None,
        min_score=request.min_score,
        allow_partial=request.allow_partial,
    )
    on_screen = request.answer == TABLE and not request.output  # what was not read stands there already
    say_incomplete((*found.broken, *(incomplete(report, unread=False) if on_screen else gaps)))
    if why:
        say(f"ringfence: {why}")
    return code


def _check(request: ReportRequest) -> None:
    """Refuse flags that would be of no effect, for whoever gave them counts on it."""
    comparing = any(request.compare)
    if not request.stores and not comparing:
        raise InputError(FROM)
    if request.history and comparing:
        raise InputError("--history and --compare are two questions: ask one at a time")
    forms = (TABLE, "json") if request.history else (TABLE, "json", "md") if comparing else (TABLE, *EXPORTS)
    if request.answer not in forms:
        raise InputError(f"--format {request.answer} does not go with this: choose one of {', '.join(forms)}")
    misplaced = {
        "--cluster": bool(request.cluster) and not request.history,
        "--control": bool(request.control) and not request.history,
        "--fail-on-new": request.fail_on_new is not None and not comparing,
        "--run": bool(request.run) and (request.history or comparing),
        "--framework": bool(request.frameworks) and (request.history or comparing),
        "--fail-on": request.fail_on is not None and (request.history or comparing),
        "--min-score": request.min_score is not None and (request.history or comparing),
    }
    if wrong := [flag for flag, is_misplaced in misplaced.items() if is_misplaced]:
        way = "--history" if request.history else "--compare" if comparing else "this without --history or --compare"
        raise InputError(f"{', '.join(wrong)} has no effect on {way}: leave it out")


def _through(report: Report, frameworks: Sequence[Framework]) -> Report:
    """`report` seen through `frameworks` too; a view that it has of one of them is made anew."""
    if not frameworks:
        return report
    names = {each.name for each in frameworks}
    kept = [each for each in report.frameworks if each.name not in names]
    return msgspec.structs.replace(report, frameworks=(*kept, *(framework_view(report, each) for each in frameworks)))


def write_report(report: Report, answer: str, output: str, *, stored_at: Sequence[str] = ()) -> None:
    """Write `report` in the form `answer` to `output`, or to stdout where that is empty.

    `stored_at` are the places where it was kept, which the table names.

    Raises:
        InputError: a binary form would end up on a terminal, or its library is not installed.
    """
    if answer == TABLE:
        from reports.own_controls import own_lines
        from reports.terminal import render_terminal

        table = render_terminal(report, width=width(), colour=colour(output), report_at=stored_at)
        write((table.encode(), *text(own_lines(report))), output)
        return
    if EXPORTS[answer].binary and not output and sys.stdout is not None and sys.stdout.isatty():
        raise InputError(f"--format {answer} is no text for a terminal: name a file with -o")
    write(render(answer, report), output)
