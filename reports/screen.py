"""Text and tables as a terminal shows them: no wider than it is, coloured or not, and nothing in them acts on the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

NARROWEST = 40


def printed(parts: Iterable[Text | Table | str], *, width: int, colour: bool, uncut: Sequence[str] = ()) -> str:
    """`parts` below each other as text of at most `width` columns (40 at least), ending with a line end.

    With `colour` false no escape sequence is written. Text is literal: markup in it has no effect, and whoever makes it sees
    to control characters (`reports.wording.visible`). The lines of `uncut` follow, never broken.
    """
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(width, NARROWEST),
        height=1000,
        color_system="standard" if colour else None,
        force_terminal=colour,
        force_interactive=False,
        force_jupyter=False,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},  # the caller decides; COLUMNS, TERM and the like are not read behind its back
    )
    for part in parts:
        console.print(part)
    for line in uncut:
        console.print(Text(line), soft_wrap=True)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().removesuffix("\n").split("\n"))
