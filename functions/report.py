"""What `report` does once its flags are parsed: read stored runs, render them in the form asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from functions.aggregate import stored_report
from functions.gate import Exit
from functions.output import colour, text, width, write
from reports.document import Report
from reports.exports import EXPORTS, render
from scanner.errors import InputError

TABLE = "table"
PDF = "pdf"  # the page, printed by a browser: reports/ runs nothing, so it is no export there


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """The flags of `report`. `answer` is `table`, `pdf` or a name in `EXPORTS`."""

    stores: tuple[str, ...]
    run: str
    answer: str
    output: str


def run_report(request: ReportRequest) -> int:
    """Render a stored report; returns the exit code.

    Raises:
        RingfenceError: nothing stored can be read as a report, the form's library is missing, or nothing can be written.
    """
    if not request.stores:
        raise InputError("--from is missing: name a store (path, s3://, gs://, az://), a run's folder or a report.json")
    check_form(request.answer, request.output)
    write_report(stored_report(request.stores[0], request.run), request.answer, request.output)
    return Exit.DONE


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
    check_form(answer, output)
    write(_pieces(report, answer), output)


def check_form(answer: str, output: str) -> None:
    """Find out early whether the form `answer` can be made here at all, and go to `output`.

    Raises:
        InputError: it is binary and would end up on a terminal, or what makes it is not installed.
    """
    binary = answer == PDF or (answer != TABLE and EXPORTS[answer].binary)
    if binary and not output and sys.stdout is not None and sys.stdout.isatty():
        raise InputError(f"--format {answer} is no text for a terminal: name a file with -o")
    if answer == PDF:
        from infra.chromium import find_chromium

        find_chromium()


def _pieces(report: Report, answer: str) -> Iterable[bytes]:
    if answer != PDF:
        return render(answer, report)
    from infra.chromium import print_page
    from reports.html.render import render_html

    return print_page(render_html(report), report.run.time)
