"""The commands for own controls, which `baseline` takes among its own."""

from __future__ import annotations

from typing import Annotated

import typer

from functions import options as flags


def register(app: typer.Typer) -> None:
    """Add `validate` and `test`."""
    app.command(epilog=flags.EPILOG)(validate)
    app.command("test", epilog=flags.EPILOG)(judge_cases)


def validate(
    places: Annotated[
        list[str], typer.Argument(metavar="PATH|URL...", help="Files, folders or object stores (s3://, gs://, az://).")
    ],
) -> None:
    """Check own controls: every mistake with its file and line, in the form and in the expressions.

    ringfence baseline validate controls

    ringfence baseline validate s3://policies/ringfence
    """
    from functions.own_controls import run_validate

    raise typer.Exit(run_validate(tuple(places)))


def judge_cases(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder with cases in it or below it.")],
    *,
    controls: flags.Controls = None,
    config: flags.Config = "",
) -> None:
    """Judge cases, folders with a cluster and what must come of a control, and say which come out otherwise.

    The built-in controls are there; own ones come from --controls, else
    from `controls` of ringfence.yaml, else from the *.yaml in DIR itself.

    ringfence baseline test controls

    ringfence baseline test cases --controls controls
    """
    from functions.own_controls import run_test

    raise typer.Exit(run_test(folder, tuple(controls or ()), config))
