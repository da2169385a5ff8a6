"""The command about stored runs, which `cli` takes among its own."""

from __future__ import annotations

import typer

from functions import options as flags

commands = typer.Typer()


@commands.command(epilog=flags.EPILOG)
def report(
    *,
    stores: flags.Stored = None,
    run: flags.Run = "",
    answer: flags.ReportAnswer = flags.ReportFormat.TABLE,
    output: flags.Document = "",
) -> None:
    """Render the report of stored runs again, in any form.

    ringfence report --from ./out --format html -o report.html
    """
    from functions.report import ReportRequest, run_report

    request = ReportRequest(stores=tuple(stores or ()), run=run, answer=answer.value, output=output)
    raise typer.Exit(run_report(request))
