"""`ringfence`: flags into calls, outcomes into exit codes. No decisions of its own, and no import it does not need."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from functions import options as flags
from functions.cli_baseline import commands as _baseline
from functions.cli_bundle import commands as _bundles
from functions.cli_estate import commands as _estate
from functions.cli_planes import commands as _data_planes
from functions.cli_report import commands as _reports

app = typer.Typer(
    name="ringfence",
    epilog=flags.EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from infra.version import VERSION

        typer.echo(f"ringfence {VERSION}")
        raise typer.Exit


@app.callback()
def ringfence(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Which Kubernetes connections are really possible, is that what the baseline allows, and how do we know?

    ringfence audit --demo -o out

    ringfence audit --manifests ./k8s --fail-on critical

    ringfence discover --aws --gcp --azure

    ringfence reach ./k8s --format json

    ringfence explain shop/web shop/db --port 5432 --manifests ./k8s

    ringfence diff git:main:k8s ./k8s
    """


@app.command(epilog=flags.EPILOG)
def audit(
    *,
    demo: flags.Demo = False,
    snapshots: flags.Snapshots = "",
    manifests: flags.Manifests = "",
    kubeconfig: flags.Kubeconfig = "",
    context: flags.Context = None,
    aws: flags.Aws = False,
    gcp: flags.Gcp = False,
    azure: flags.Azure = False,
    cloud_record: flags.CloudRecords = None,
    name: flags.Name = "",
    config: flags.Config = "",
    evidence: flags.Evidence = "",
    waivers: flags.Waivers = "",
    controls: flags.Controls = None,
    profile: flags.ChosenProfile = None,
    framework: flags.Frameworks = None,
    output: flags.Store = "",
    answer: flags.ReportAnswer = flags.ReportFormat.TABLE,
    run_id: flags.RunId = "",
    time: flags.Time = "",
    fail_on: flags.FailOnSeverity = None,
    min_score: flags.MinScore = None,
    allow_partial: flags.AllowPartial = False,
) -> None:  # fmt: skip
    """Audit clusters against the baseline and say what is really enforced.

    ringfence audit --demo -o out

    ringfence audit --aws --gcp --azure -o s3://bucket/audits

    ringfence audit --kubeconfig ~/.kube/config --context prod --cloud-record prod.json
    """
    from functions.commands import AuditRequest, run_audit
    from functions.ways import WaysIn
    from infra.settings import SourceOptions

    source = SourceOptions(
        demo=demo, snapshots=snapshots, manifests=manifests, kubeconfig=kubeconfig, contexts=tuple(context or ()),
        cloud_records=tuple(cloud_record or ()), name=name,
    )  # fmt: skip
    request = AuditRequest(
        ways=WaysIn(local=source, aws=aws, gcp=gcp, azure=azure, config=config),
        evidence=evidence, waivers=waivers, controls=tuple(controls or ()), profile=profile.value if profile else "",
        frameworks=tuple(framework or ()), output=output,
        answer=answer.value, run_id=run_id, time=time,
        fail_on=fail_on.value if fail_on else None, min_score=min_score, allow_partial=allow_partial,
    )  # fmt: skip
    raise typer.Exit(run_audit(request))


@app.command(epilog=flags.EPILOG)
def reach(
    path: Annotated[
        str, typer.Argument(metavar="DIR|SNAPSHOT|URL", help="A folder of manifests, a stored snapshot, or a store.")
    ],
    *,
    level: flags.Level = flags.Judged.DECLARED,
    dataplane: flags.DataPlane = "",
    catalogue: flags.Catalogues = None,
    ipblock_matches_pods: flags.IpBlock = False,
    cluster: flags.Cluster = "",
    cloud_record: flags.CloudRecords = None,
    namespace: flags.Namespaces = None,
    workload: flags.Workloads = None,
    port: flags.OnlyPort = "",
    hypothetical: flags.Hypothetical = None,
    collapse: flags.Collapse = False,
    answer: flags.ReachAnswer = flags.ReachFormat.TABLE,
    output: flags.Document = "",
) -> None:
    """List who can talk to whom: what is allowed, what cannot be decided, and what to know of the input.

    A line touches what stands at either of its ends. Several namespaces
    (or workloads) mean any of them; a namespace and a workload mean lines
    that touch both.

    ringfence reach ./k8s --format json

    ringfence reach ./k8s --level effective --dataplane aks-cilium --namespace shop

    ringfence reach ./k8s --hypothetical app=debug@shop
    """
    from functions.questions import Question, ReachRequest, run_reach, source_of

    question = Question(
        source=source_of(path, tuple(cloud_record or ())), cluster=cluster, dataplane=dataplane,
        ipblock_matches_pods=ipblock_matches_pods or None, catalogues=tuple(catalogue or ()),
    )  # fmt: skip
    request = ReachRequest(
        question=question, level=level.value, answer=answer.value, output=output, namespaces=tuple(namespace or ()),
        workloads=tuple(workload or ()), port=port, collapse=collapse, hypothetical=tuple(hypothetical or ()),
    )  # fmt: skip
    raise typer.Exit(run_reach(request))


@app.command(epilog=flags.EPILOG)
def explain(
    src: Annotated[str, typer.Argument(help="namespace/name, namespace/name[Kind], an address, or a DNS name.")],
    dst: Annotated[str, typer.Argument(help="The same, for the destination.")],
    *,
    port: flags.Port = "80",
    demo: flags.Demo = False,
    snapshots: flags.Snapshots = "",
    manifests: flags.Manifests = "",
    kubeconfig: flags.Kubeconfig = "",
    context: flags.Context = None,
    cloud_record: flags.CloudRecords = None,
    cluster: flags.Cluster = "",
    dataplane: flags.DataPlane = "",
    catalogue: flags.Catalogues = None,
    ipblock_matches_pods: flags.IpBlock = False,
    answer: flags.AnswerFormat = flags.Format.TABLE,
    output: flags.Document = "",
) -> None:
    """Say which rule lets one connection through or stops it, at each level, and what would change that.

    ringfence explain shop/web shop/db --port 5432 --manifests ./k8s
    """
    from functions.questions import Question, run_explain
    from infra.settings import SourceOptions

    source = SourceOptions(
        demo=demo, snapshots=snapshots, manifests=manifests, kubeconfig=kubeconfig, contexts=tuple(context or ()),
        cloud_records=tuple(cloud_record or ()),
    )  # fmt: skip
    question = Question(
        source=source, cluster=cluster, dataplane=dataplane, ipblock_matches_pods=ipblock_matches_pods or None,
        catalogues=tuple(catalogue or ()),
    )  # fmt: skip
    raise typer.Exit(run_explain(question, src, dst, port, json=answer is flags.Format.JSON, output=output))


@app.command(epilog=flags.EPILOG)
def diff(
    before: Annotated[str, typer.Argument(help="A folder, git:REV:DIR, a snapshot, or a run of a store.")],
    after: Annotated[str, typer.Argument(help="The same, for the state to compare with.")],
    *,
    level: flags.Level = flags.Judged.DECLARED,
    dataplane: flags.DataPlane = "",
    catalogue: flags.Catalogues = None,
    ipblock_matches_pods: flags.IpBlock = False,
    cluster: flags.Cluster = "",
    cloud_record: flags.CloudRecords = None,
    answer: flags.DiffAnswer = flags.DiffFormat.TABLE,
    output: flags.Document = "",
    fail_on_opened: flags.FailOnOpened = False,
) -> None:
    """Say what connections two states differ by, and which policy made each difference.

    ringfence diff git:main:k8s ./k8s --format md

    ringfence diff ./out/v1/runs/20261123T080000Z ./out/v1/runs/20261124T080000Z --cluster pay-prod-euw1
    """
    from functions.compare import DiffRequest, run_diff

    request = DiffRequest(
        before=before, after=after, cluster=cluster, level=level.value, dataplane=dataplane,
        ipblock_matches_pods=ipblock_matches_pods or None, answer=answer.value, output=output,
        cloud_records=tuple(cloud_record or ()), catalogues=tuple(catalogue or ()), fail_on_opened=fail_on_opened,
    )  # fmt: skip
    raise typer.Exit(run_diff(request))


@app.command(epilog=flags.EPILOG)
def lint(
    path: Annotated[str, typer.Argument(metavar="DIR|SNAPSHOT", help="A folder of manifests or a stored snapshot.")],
    *,
    level: flags.Level = flags.Judged.DECLARED,
    dataplane: flags.DataPlane = "",
    catalogue: flags.Catalogues = None,
    cluster: flags.Cluster = "",
    answer: flags.AnswerFormat = flags.Format.TABLE,
    output: flags.Document = "",
    strict: flags.Strict = False,
) -> None:
    """Say what is odd about policies: dead, dangling, shadowed, redundant, contradictory and suspicious rules.

    ringfence lint ./k8s --strict
    """
    from functions.lint import run_lint
    from functions.questions import Question, source_of

    question = Question(source=source_of(path), cluster=cluster, dataplane=dataplane, catalogues=tuple(catalogue or ()))
    as_json = answer is flags.Format.JSON
    raise typer.Exit(run_lint(question, level=level.value, json=as_json, output=output, strict=strict))


app.add_typer(_baseline)
app.add_typer(_estate)
app.add_typer(_reports)
app.add_typer(_bundles)
app.add_typer(_data_planes)


def main() -> NoReturn:
    """Run the command line; every expected error is one line on stderr and an exit code, never a traceback."""
    import os

    from infra.memory import end
    from scanner.errors import RingfenceError

    if sys.stderr is None:  # closed by the caller: what goes there is lost, and never ends up on stdout
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for as long as the process lives
    try:
        app()
    except RingfenceError as error:
        from infra.text import printable

        typer.echo(f"ringfence: {printable(str(error), 2000)}", err=True)
        end(2)
    except KeyboardInterrupt:  # before or after a command's own work, which ends as it sees fit
        end(130)
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):  # words for stderr
            raise
        end(ended.code or 0)
    end(0)


if __name__ == "__main__":
    main()
