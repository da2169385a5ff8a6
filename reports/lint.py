"""`lint/v1`: what is odd about policies, as a document and as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from reports.reach.words import counted, plain
from scanner.lint.model import Finding, Severity


def render_lint(findings: Sequence[Finding]) -> bytes:
    """The `lint/v1` document, the severest finding first."""
    found = [
        {
            "kind": str(each.kind),
            "severity": str(each.severity),
            "object": each.object,
            "rule": each.rule,
            "place": each.place,
            "message": each.message,
        }
        for each in findings
    ]
    return msgspec.json.encode({"schema": "lint/v1", "findings": found}) + b"\n"


def lint_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """A line per finding in the form of compilers, and the tally last."""
    for each in findings:
        where = f"{each.place}: " if each.place else ""
        name = f"{each.object} {each.rule}".rstrip()
        yield plain(f"{where}{each.severity}: {name}: {each.message} [{each.kind}]")
    tally = Counter(each.severity for each in findings)
    words = [counted(tally[severity], str(severity)) for severity in Severity if tally[severity]]
    yield f"# {', '.join(words) or 'nothing odd'}"
