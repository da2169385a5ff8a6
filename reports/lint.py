"""`lint/v1`: what is odd about policies, as a document and as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from reports.reach.document import encoded
from reports.reach.words import counted, plain
from scanner.findings import Level
from scanner.lint.model import Finding, Severity


class LintCounts(msgspec.Struct, kw_only=True):
    """How many findings there are by severity."""

    error: int
    warning: int
    note: int


class LintFinding(msgspec.Struct, kw_only=True):
    """One finding. `kind` is a stable word; `rule` is "ingress[0]" or empty; `place` is file:line or a resourceVersion."""

    kind: str
    severity: Literal["error", "warning", "note"]
    object: str
    rule: str
    place: str
    message: str


class Lint(msgspec.Struct, kw_only=True):
    """What is odd about the policies of one cluster, the severest first. Later versions add fields and kinds."""

    schema: str
    level: Literal["declared", "effective"]
    counts: LintCounts
    findings: list[LintFinding]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `lint/v1`; unknown fields stay allowed."""
    return schema_of(Lint, "lint/v1", "What is odd about policies")


def schema_of(document: type[msgspec.Struct], version: str, title: str) -> dict[str, Any]:
    """The JSON Schema of a document whose field `schema` holds `version`."""
    (reference,), components = msgspec.json.schema_components([document], ref_template="#/$defs/{name}")
    components[document.__name__]["properties"]["schema"] = {"const": version}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return {**head, **reference, "$defs": components}


def render_lint(findings: Sequence[Finding], level: Level) -> bytes:
    """The `lint/v1` document, the severest finding first."""
    counts = Counter(each.severity for each in findings)
    document = {
        "schema": "lint/v1",
        "level": str(level),
        "counts": {str(severity): counts[severity] for severity in Severity},
        "findings": [
            {
                "kind": str(each.kind),
                "severity": str(each.severity),
                "object": each.object,
                "rule": each.rule,
                "place": each.place,
                "message": each.message,
            }
            for each in findings
        ],
    }
    return encoded(document).encode() + b"\n"


def lint_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """A line per finding in the form of compilers, and the tally last."""
    for each in findings:
        where = f"{each.place}: " if each.place else ""
        name = f"{each.object} {each.rule}" if each.rule else each.object
        yield plain(f"{where}{each.severity}: {name}: {each.message} [{each.kind}]")
    yield f"# {tally(findings)}"


def tally(findings: Sequence[Finding]) -> str:
    """How many there are: "1 error, 3 warnings"."""
    counts = Counter(each.severity for each in findings)
    parts = [counted(counts[severity], str(severity)) for severity in Severity if counts[severity]]
    return ", ".join(parts) or "nothing odd"
