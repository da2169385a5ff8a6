"""What `notify` does: tell people what changed since the run before, and nobody where nothing did."""

from __future__ import annotations

from functions.aggregate import Judging
from functions.earlier import changes_of
from functions.gate import Exit
from functions.output import say
from reports.message import message
from reports.reach.words import counted


def run_notify(source: str, run: str) -> int:
    """Send what changed to the webhook; returns the exit code.

    Raises:
        RingfenceError: the webhook is not set, the runs cannot be read, or the message could not be delivered.
    """
    from infra.webhook import post, webhook

    url = webhook()  # first, or a missing one would show on the day something happens
    compared = changes_of(source, run, Judging())
    if compared.changes is None:
        say(f"nothing sent: run {compared.report.run.id} has no earlier finished run to compare with")
        return Exit.DONE
    found = compared.changes
    if not found.changes:
        say(f"nothing sent: nothing changed between run {found.before} and run {found.after}")
        return Exit.DONE
    post(url, message(compared.report, found, compared.place))
    say(f"sent: {counted(len(found.changes), 'change')} between run {found.before} and run {found.after}")
    return Exit.DONE
