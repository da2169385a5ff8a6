"""The summary of a GitHub Actions job: a file that the runner names, to which steps add Markdown."""

from __future__ import annotations

import os
from pathlib import Path

from functions.aggregate import Judging, stored_report
from functions.earlier import changes_of
from functions.output import say
from infra.text import printable
from reports.exports.markdown import MOST_BYTES, page
from scanner.errors import InputError, StoreError

_VARIABLE = "GITHUB_STEP_SUMMARY"
_LEAST = 2000  # bytes in which a verdict can be said


def append_summary(source: str, run: str, judging: Judging) -> None:
    """Add a stored report to the job's summary, with what changed where the source is a store with an earlier run.

    Raises:
        RingfenceError: there is no such job, the report cannot be read, or the file not be written.
    """
    file = os.environ.get(_VARIABLE, "")
    if not file:
        raise InputError(f"--github-summary: {_VARIABLE} is not set: that is so in steps of GitHub Actions alone")
    if source.rstrip("/").endswith(".json"):
        report, changes = stored_report((source,), run, judging).report, None
    else:
        compared = changes_of(source, run, judging)
        report, changes = compared.report, compared.changes
    target = Path(file)
    try:
        room = MOST_BYTES - (target.stat().st_size if target.exists() else 0)
        if room < _LEAST:  # with a byte too many GitHub shows nothing of it
            say("nothing added: the summary of this step is as long as GitHub takes already")
            return
        content = b"".join(page(report, changes, room))
        with target.open("ab") as stream:
            stream.write(content)
    except OSError as error:
        raise StoreError(f"{printable(file, 200)}: cannot be written ({error.strerror}): check {_VARIABLE}") from error
    say(f"added {len(content):,} bytes to the summary of this job")
