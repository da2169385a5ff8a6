"""The commands about the estate as a whole, which `cli` takes among its own: discover, collect, doctor, config."""

from __future__ import annotations

from typing import Annotated

import typer

from functions import options as flags

commands = typer.Typer()
_config = typer.Typer(no_args_is_help=True, help="Check ringfence.yaml.")
commands.add_typer(_config, name="config")


@commands.command(epilog=flags.EPILOG)
def discover(
    *,
    aws: flags.Aws = False,
    gcp: flags.Gcp = False,
    azure: flags.Azure = False,
    config: flags.Config = "",
    reach: flags.Reach = False,
    answer: flags.AnswerFormat = flags.Format.TABLE,
    output: flags.Document = "",
    allow_partial: flags.AllowPartial = False,
) -> None:
    """List which clusters there are, their data plane, whether it enforces, and who can reach their API.

    What the clouds say is enough for that: no access to Kubernetes is
    needed. Without a flag, the clouds of ringfence.yaml are looked in.

    ringfence discover --aws

    ringfence discover --config ringfence.yaml --reach --format json
    """
    from functions.discover import DiscoverRequest, run_discover
    from functions.ways import WaysIn, choose

    chosen = choose(WaysIn(aws=aws, gcp=gcp, azure=azure, config=config))
    request = DiscoverRequest(
        sources=chosen.sources, settings=chosen.settings, reach=reach, json=answer is flags.Format.JSON, output=output,
        allow_partial=allow_partial,
    )  # fmt: skip
    raise typer.Exit(run_discover(request))


@commands.command(epilog=flags.EPILOG)
def network(
    *,
    aws: flags.Aws = False,
    gcp: flags.Gcp = False,
    azure: flags.Azure = False,
    config: flags.Config = "",
    answer: flags.AnswerFormat = flags.Format.TABLE,
    output: flags.Document = "",
    allow_partial: flags.AllowPartial = False,
) -> None:
    """Say which clusters reach each other over the networks around them, across clouds, and seen as whom.

    Reads routes, peerings, gateways and tunnels; trustZones and links of
    ringfence.yaml are added. Firewalls and policies are not asked.

    ringfence network --config ringfence.yaml

    ringfence network --aws --format json
    """
    from functions.network import NetworkRequest, run_network
    from functions.ways import WaysIn, choose

    chosen = choose(WaysIn(aws=aws, gcp=gcp, azure=azure, config=config))
    request = NetworkRequest(
        sources=chosen.sources, settings=chosen.settings, json=answer is flags.Format.JSON, output=output,
        allow_partial=allow_partial,
    )  # fmt: skip
    raise typer.Exit(run_network(request))


@commands.command(epilog=flags.EPILOG)
def collect(
    *,
    kubeconfig: flags.Kubeconfig = "",
    context: flags.Context = None,
    manifests: flags.Manifests = "",
    aws: flags.Aws = False,
    gcp: flags.Gcp = False,
    azure: flags.Azure = False,
    cloud_record: flags.CloudRecords = None,
    name: flags.Name = "",
    config: flags.Config = "",
    output: flags.Store = "",
    run_id: flags.RunId = "",
    time: flags.Time = "",
    allow_partial: flags.AllowPartial = False,
) -> None:
    """Write snapshots to a store; nothing is judged.

    ringfence collect --context prod -o ./snapshots

    ringfence collect --gcp -o gs://bucket/snapshots
    """
    from functions.commands import run_collect
    from functions.ways import WaysIn
    from infra.settings import SourceOptions

    source = SourceOptions(
        manifests=manifests, kubeconfig=kubeconfig, contexts=tuple(context or ()),
        cloud_records=tuple(cloud_record or ()), name=name,
    )  # fmt: skip
    ways = WaysIn(local=source, aws=aws, gcp=gcp, azure=azure, config=config)
    raise typer.Exit(run_collect(ways, output, run_id, time, allow_partial=allow_partial))


@commands.command(epilog=flags.EPILOG)
def doctor(
    *,
    aws: flags.Aws = False,
    gcp: flags.Gcp = False,
    azure: flags.Azure = False,
    kubeconfig: flags.Kubeconfig = "",
    context: flags.Context = None,
    config: flags.Config = "",
    answer: flags.AnswerFormat = flags.Format.TABLE,
    output: flags.Document = "",
) -> None:
    """Check credentials, permissions and the ways in; say what is missing and how to grant it. Changes nothing.

    ringfence doctor --azure

    ringfence doctor --context prod --format json
    """
    from functions.doctor import DoctorRequest, run_doctor
    from functions.ways import WaysIn, choose
    from infra.settings import SourceOptions

    local = SourceOptions(kubeconfig=kubeconfig, contexts=tuple(context or ()))
    chosen = choose(WaysIn(local=local, aws=aws, gcp=gcp, azure=azure, config=config))
    request = DoctorRequest(
        sources=chosen.sources, settings=chosen.settings, json=answer is flags.Format.JSON, output=output
    )
    raise typer.Exit(run_doctor(request))


@_config.command(name="check", epilog=flags.EPILOG)
def config_check(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="The settings file.")] = "ringfence.yaml",
    *,
    answer: flags.AnswerFormat = flags.Format.TABLE,
) -> None:
    """Name every mistake of a settings file, with its line and what to write instead.

    ringfence config check

    ringfence config check prod.yaml --format json
    """
    from functions.config import run_check

    raise typer.Exit(run_check(file, json=answer is flags.Format.JSON))
