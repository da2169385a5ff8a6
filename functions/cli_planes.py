"""The commands about data planes, which `cli` takes among its own."""

from __future__ import annotations

from typing import Annotated

import typer

from functions import options as flags

commands = typer.Typer()


@commands.command(epilog=flags.EPILOG)
def dataplanes(
    name: Annotated[str, typer.Argument(metavar="[NAME[@VERSION]]", help="One data plane (default: list all).")] = "",
    *,
    catalogue: flags.Catalogues = None,
    answer: flags.AnswerFormat = flags.Format.TABLE,
    output: flags.Document = "",
) -> None:
    """Show what each data plane makes of policies, in which versions, and how that is known.

    ringfence dataplanes

    ringfence dataplanes cilium@1.17.2 --format json
    """
    from functions.planes import run_dataplanes

    as_json = answer is flags.Format.JSON
    raise typer.Exit(run_dataplanes(name, tuple(catalogue or ()), json=as_json, output=output))


@commands.command(name="compare-dataplanes", epilog=flags.EPILOG)
def compare_dataplanes(
    path: Annotated[
        str, typer.Argument(metavar="DIR|SNAPSHOT|URL", help="A folder of manifests, a stored snapshot, or a store.")
    ],
    *,
    dataplane: flags.DataPlanes = None,
    catalogue: flags.Catalogues = None,
    ipblock_matches_pods: flags.DeclaredIpBlock = False,
    cluster: flags.Cluster = "",
    cloud_record: flags.CloudRecords = None,
    answer: flags.AnswerFormat = flags.Format.TABLE,
    output: flags.Document = "",
) -> None:
    """Show which connections data planes let through though policies deny them, or the reverse, and by which rule.

    Without --dataplane, the data plane that is detected stands beside what
    the policies declare.

    ringfence compare-dataplanes ./k8s --dataplane eks-vpc-cni --dataplane aks-npm
    """
    from functions.planes import CompareRequest, run_compare
    from functions.questions import Question, source_of

    request = CompareRequest(
        question=Question(
            source=source_of(path, tuple(cloud_record or ())),
            cluster=cluster,
            catalogues=tuple(catalogue or ()),
            ipblock_matches_pods=ipblock_matches_pods or None,
        ),
        dataplanes=tuple(dataplane or ()),
        json=answer is flags.Format.JSON,
        output=output,
    )
    raise typer.Exit(run_compare(request))
