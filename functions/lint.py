"""What `lint` does: read one cluster's policies, say what is odd about them; the answer is an exit code."""

from __future__ import annotations

from functions.gate import Exit
from functions.output import say, text, write
from functions.questions import Question, one_snapshot, reach_of, read_whole
from reports.lint import lint_lines, render_lint
from scanner.lint.model import Severity
from scanner.lint.run import lint


def run_lint(question: Question, *, level: str, json: bool, output: str, strict: bool) -> int:
    """Print the findings; with `strict`, errors and warnings fail the gate.

    Raises:
        InputError: the source cannot be used.
    """
    snapshot = one_snapshot(question)
    findings = lint(snapshot, reach_of(question, snapshot, level))
    write((render_lint(findings),) if json else text(lint_lines(findings)), output)
    whole = read_whole(snapshot)
    bad = [each for each in findings if each.severity is not Severity.NOTE]
    if strict and bad:
        say(f"ringfence: {len(bad)} errors and warnings")
        return Exit.GATE_FAILED
    return whole
