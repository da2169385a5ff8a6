"""The command about stored runs, which `cli` takes among its own."""

from __future__ import annotations

import typer

from functions import options as flags
from functions import options_handover as handover
from functions import options_stored as stored

commands = typer.Typer()


@commands.command(epilog=flags.EPILOG)
def report(
    *,
    stores: flags.Stored = None,
    run: flags.Run = "",
    config: flags.Config = "",
    evidence: flags.Evidence = "",
    waivers: flags.Waivers = "",
    framework: flags.Frameworks = None,
    history: stored.History = False,
    compare: stored.Compare = ("", ""),
    cluster: stored.HistoryOf = "",
    control: stored.HistoryControl = "",
    answer: stored.StoredAnswer = "table",
    output: flags.Document = "",
    bundle: handover.Bundle = "",
    sign: handover.Sign = "",
    with_snapshots: handover.WithSnapshots = False,
    github_summary: handover.GithubSummary = False,
    fail_on: flags.FailOnSeverity = None,
    fail_on_new: stored.FailOnNew = None,
    min_score: flags.MinScore = None,
    allow_partial: flags.AllowPartial = False,
) -> None:
    """Render stored runs again in any form, join several stores, show the history, compare two runs, pack one.

    ringfence report --from ./out --format html -o report.html

    ringfence report --from s3://audits/aws --from gs://audits/gcp

    ringfence report --from ./out --history --cluster pay-prod-euw1

    ringfence report --from ./out --compare 20261122T080000Z 20261123T080000Z

    ringfence report --from ./out --bundle audit.zip --sign team.key
    """
    from functions.report import ReportRequest, run_report

    request = ReportRequest(
        stores=tuple(stores or ()), run=run, config=config, evidence=evidence, waivers=waivers,
        frameworks=tuple(framework or ()), history=history, compare=compare, cluster=cluster, control=control,
        answer=answer, output=output, allow_partial=allow_partial, min_score=min_score,
        fail_on=fail_on.value if fail_on else None, fail_on_new=fail_on_new.value if fail_on_new else None,
        bundle=bundle, sign=sign, with_snapshots=with_snapshots, github_summary=github_summary,
    )  # fmt: skip
    raise typer.Exit(run_report(request))
