"""How far a run is, on stderr: a progress bar where somebody is watching, nothing where nobody is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from infra.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Quiet:
    """A watcher for pipes, logs and cloud functions."""

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def start(self, total: int | None) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def done(self) -> None:
        """Say nothing."""


class Bar(Quiet):
    """A progress bar on stderr that vanishes when the run is over."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

        columns = (
            SpinnerColumn(),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TextColumn("{task.description}", markup=False),
        )
        self._progress: Progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar off the screen."""
        self._progress.stop()

    def start(self, total: int | None) -> None:
        """Draw an empty bar in the place of an earlier one; None: nobody knows yet how much there is."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task("", total=total)

    def note(self, text: str) -> None:
        """Show what is being done; names come from clusters and may hold anything."""
        if self._task is not None:
            self._progress.update(self._task, description=printable(text, 60))

    def done(self) -> None:
        """Move on by one."""
        if self._task is not None:
            self._progress.advance(self._task)


def watcher() -> Quiet:
    """A bar where stderr is a terminal, else silence."""
    return Bar() if sys.stderr.isatty() else Quiet()
