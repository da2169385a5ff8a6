"""What `report` does once its flags are parsed: read stored runs, render them in the form asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from functions.aggregate import stored_report
from functions.gate import Exit
from functions.output import colour, say, text, width, write
from functions.site import write_site
from reports.document import Report
from reports.exports import EXPORTS, notices, render
from scanner.errors import InputError

TABLE = "table"
PAGE = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """The flags of `report`. `answer` is `table` or a name in `EXPORTS`; `bundle` names a zip that is written instead."""

    stores: tuple[str, ...]
    run: str
    answer: str
    output: str
    bundle: str = ""
    sign: str = ""
    with_snapshots: bool = False
    github_summary: bool = False


def run_report(request: ReportRequest) -> int:
    """Render a stored report; returns the exit code.

    Raises:
        RingfenceError: nothing stored can be read as a report, the form's library is missing, or nothing can be written.
    """
    if not request.stores:
        raise InputError("--from is missing: name a store (path, s3://, gs://, az://), a run's folder or a report.json")
    if request.github_summary:
        return _github_summary(request)
    if request.bundle:
        return _bundle(request)
    if request.sign or request.with_snapshots:
        raise InputError("--sign and --with-snapshots belong to a package for auditors: give --bundle FILE.zip")
    write_report(stored_report(request.stores[0], request.run), request.answer, request.output)
    return Exit.DONE


def _github_summary(request: ReportRequest) -> int:
    from functions.github import append_summary

    if request.bundle or request.sign or request.with_snapshots or request.output or request.answer != TABLE:
        raise InputError("--github-summary goes to the job's own page: leave --output, --format and --bundle out")
    if len(request.stores) > 1:
        raise InputError("--github-summary is of one store: give --from once")
    append_summary(request.stores[0], request.run)
    return Exit.DONE


def _bundle(request: ReportRequest) -> int:
    from functions.bundle import BundleRequest, run_bundle

    if len(request.stores) > 1:
        raise InputError("--bundle is of one run: give --from once")
    if request.output or request.answer != TABLE:
        raise InputError("--bundle names its own file and holds every form: leave --output and --format out")
    wanted = BundleRequest(
        source=request.stores[0], file=request.bundle, key=request.sign, with_snapshots=request.with_snapshots
    )
    return run_bundle(stored_report(request.stores[0], request.run), wanted)


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
    if answer == PAGE and output:
        write_site(report, output)
        return
    write(render(answer, report), output)
    for line in notices(answer, report):
        say(line)
    if answer == PAGE and not stored_at:
        say(
            "this is the fleet's page: with -o FILE.html or -o FOLDER/ each cluster, control and framework has its own as well"
        )
