"""The commands that hand a run on: checking a package for auditors, telling people what changed."""

from __future__ import annotations

from typing import Annotated

import typer

from functions import options as flags
from functions import options_handover as handover

commands = typer.Typer()


@commands.command(name="verify-bundle", epilog=flags.EPILOG)
def verify_bundle(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A zip that `report --bundle` wrote.")],
    *,
    public_key: handover.PublicKey = "",
) -> None:
    """Say whether a package for auditors is as it was made and, with a public key, by whom.

    ringfence verify-bundle audit.zip --public-key team.pub
    """
    from functions.verify_bundle import run_verify_bundle

    raise typer.Exit(run_verify_bundle(file, public_key))


@commands.command(epilog=flags.EPILOG)
def notify(*, stores: flags.Stored = None, run: flags.Run = "") -> None:
    """Tell a webhook (RINGFENCE_WEBHOOK: Slack's, or one that takes the same JSON) what changed since the run before.

    Nothing is sent where nothing changed.

    RINGFENCE_WEBHOOK=https://… ringfence notify --from s3://audits/fleet
    """
    from functions.notify import run_notify
    from scanner.errors import InputError

    if not stores or len(stores) > 1:
        raise InputError("--from names the one store whose runs are compared: give it once")
    raise typer.Exit(run_notify(stores[0], run))
