"""A report in the form asked for, to stdout, a file or an object: what `audit` and `report` end with."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from functions.output import colour, say, text, width, write
from functions.site import write_site
from reports.document import Report
from reports.exports import EXPORTS, notices, render
from scanner.errors import InputError

TABLE = "table"
PAGE = "html"
PDF = "pdf"  # the page, printed by a browser: reports/ runs nothing, so it is no export there


def write_report(report: Report, answer: str, output: str, *, stored_at: Sequence[str] = ()) -> None:
    """Write `report` in the form `answer` to `output`, or to stdout where that is empty.

    `stored_at` are the places where it was kept, which the table names.

    Raises:
        InputError: a binary form would end up on a terminal, or what makes it is not installed.
    """
    if answer == TABLE:
        from reports.own_controls import own_lines
        from reports.terminal import render_terminal

        table = render_terminal(report, width=width(), colour=colour(output), report_at=stored_at)
        write((table.encode(), *text(own_lines(report))), output)
        return
    check_form(answer, output)
    if answer == PAGE and output:
        write_site(report, output)
        return
    write(_pieces(report, answer), output)
    if answer != PDF:
        for line in notices(answer, report):
            say(line)
    if answer == PAGE and not stored_at:
        say(
            "this is the fleet's page: with -o FILE.html or -o FOLDER/ each cluster, control and framework has its own as well"
        )


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
