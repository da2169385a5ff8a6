"""The command about stored runs, which `cli` takes among its own."""

from __future__ import annotations

import typer

from functions import options as flags
from functions import options_handover as handover

commands = typer.Typer()


@commands.command(epilog=flags.EPILOG)
def report(
    *,
    stores: flags.Stored = None,
    run: flags.Run = "",
    answer: flags.ReportAnswer = flags.ReportFormat.TABLE,
    output: flags.Document = "",
    bundle: handover.Bundle = "",
    sign: handover.Sign = "",
    with_snapshots: handover.WithSnapshots = False,
    github_summary: handover.GithubSummary = False,
) -> None:
    """Render the report of stored runs again, in any form, or as a package for auditors.

    ringfence report --from ./out --format html -o report.html

    ringfence report --from ./out --bundle audit.zip --sign team.key
    """
    from functions.report import ReportRequest, run_report

    request = ReportRequest(
        stores=tuple(stores or ()), run=run, answer=answer.value, output=output,
        bundle=bundle, sign=sign, with_snapshots=with_snapshots, github_summary=github_summary,
    )  # fmt: skip
    raise typer.Exit(run_report(request))
