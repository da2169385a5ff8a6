"""The commands about the baseline, which `cli` takes among its own."""

from __future__ import annotations

from typing import Annotated

import typer

from functions import options as flags
from functions.cli_own import register

commands = typer.Typer()
baseline = typer.Typer(no_args_is_help=True, help="The controls: list and show them, validate and test your own.")
commands.add_typer(baseline, name="baseline")


@baseline.command("list", epilog=flags.EPILOG)
def list_controls(
    *,
    framework: flags.Framework = "",
    profile: flags.ListedProfile = None,
    answer: flags.AnswerFormat = flags.Format.TABLE,
    output: flags.Document = "",
) -> None:
    """List the controls of the baseline, or a framework's requirements and what speaks to them.

    ringfence baseline list --profile essential

    ringfence baseline list --framework "CIS EKS"
    """
    from functions.baseline import run_list

    chosen = profile.value if profile else ""
    raise typer.Exit(run_list(framework=framework, profile=chosen, json=answer is flags.Format.JSON, output=output))


@baseline.command(epilog=flags.EPILOG)
def show(
    control: Annotated[str, typer.Argument(metavar="ID", help="A control's id, as NB-ISO-01 or iso-01.")],
    *,
    answer: flags.AnswerFormat = flags.Format.TABLE,
    output: flags.Document = "",
) -> None:
    """Show one control: what it asks for, what a pass needs, how to mend it, which requirements it speaks to.

    ringfence baseline show NB-ISO-01
    """
    from functions.baseline import run_show

    raise typer.Exit(run_show(control, json=answer is flags.Format.JSON, output=output))


register(baseline)
