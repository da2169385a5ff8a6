"""What `lint` does: read one cluster's policies, say what is odd about them; the answer is an exit code."""

from __future__ import annotations

from functions.gate import Exit
from functions.output import say, text, write
from functions.questions import Question, one_snapshot, reach_of, read_whole
from infra.memory import keep, uncollected
from reports.lint import lint_lines, render_lint, tally
from scanner.lint.model import Severity
from scanner.lint.run import lint


@uncollected()
def run_lint(question: Question, *, level: str, json: bool, output: str, strict: bool) -> int:
    """Print the findings; with `strict`, errors and warnings fail the gate.

    Policies are read as declared unless `level` is effective, or a data plane is named: then as that reads them.

    Raises:
        InputError: the source or the data plane cannot be used.
    """
    snapshot = one_snapshot(question)
    reach = reach_of(question, snapshot, "effective" if question.dataplane else level)
    keep(snapshot, reach)
    findings = lint(snapshot, reach)
    write((render_lint(findings, reach.level),) if json else text(lint_lines(findings)), output)
    whole = read_whole(snapshot)
    bad = [each for each in findings if each.severity is not Severity.NOTE]
    if strict and bad:
        say(f"ringfence: {tally(bad)}")
        return Exit.GATE_FAILED
    return whole
