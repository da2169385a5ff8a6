"""The mistakes of expressions, on the lines of the files they stand in."""

from __future__ import annotations

from collections.abc import Sequence

from infra.policycode.files import Found, Placed
from infra.policycode.model import OwnControl
from infra.policycode.process import LIMITS, Limits, ask
from infra.policycode.request import Expressions
from infra.settings.model import Mistake
from infra.text import printable


def expressions_of(control: OwnControl) -> Expressions:
    """The part of a control that is evaluated."""
    return Expressions(
        scope=control.scope,
        holds=control.pass_,
        when=control.when,
        message=control.message,
        remediation=control.remediation,
        platform=control.platform,
    )


def check(placed: Sequence[Placed], limits: Limits = LIMITS) -> tuple[Found, ...]:
    """Compile every expression against the types of `facts/v1` and say what is wrong, by file and line.

    Raises:
        InputError: the CEL library is not installed.
    """
    answers = ask([expressions_of(each.control) for each in placed], None, limits) if placed else ()
    found = []
    for one, answer in zip(placed, answers, strict=True):
        if answer is None:
            message = "compiling it took too much time or memory: make it shorter"
            found.append(Found(one.file, Mistake(one.lines["pass"], "pass", message), one.line))
            continue
        for problem in answer.problems:
            line = one.lines[problem.key] + problem.line
            found.append(Found(one.file, Mistake(line, problem.key, printable(problem.message, 400)), one.line))
    return tuple(found)
