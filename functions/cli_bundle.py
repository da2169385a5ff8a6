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
