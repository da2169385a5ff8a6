"""The `lint/v1` document and its lines for a terminal."""

from __future__ import annotations

import json

import jsonschema

from reports.lint import lint_lines, render_lint, schema, tally
from scanner.findings import Level
from scanner.lint.model import Finding, Kind, Severity

OPEN = Finding(
    kind=Kind.OPEN_TO_EVERYTHING,
    severity=Severity.WARNING,
    object="NetworkPolicy shop/p",
    rule="ingress[0]",
    place="net.yaml:7",
    message="lets in everybody on every port; name peers and ports",
)
WHOLE = Finding(
    kind=Kind.REDUNDANT_POLICY,
    severity=Severity.NOTE,
    object="NetworkPolicy shop/q",
    message="changes nothing; remove it",
)


def test_the_document_has_the_contracts_form():
    """Every key and value of lint/v1, in their order, and the published schema takes it."""
    document = json.loads(render_lint([OPEN, WHOLE], Level.DECLARED))
    assert document == {
        "schema": "lint/v1",
        "level": "declared",
        "counts": {"error": 0, "warning": 1, "note": 1},
        "findings": [
            {
                "kind": "open-to-everything", "severity": "warning", "object": "NetworkPolicy shop/p", "rule": "ingress[0]",
                "place": "net.yaml:7", "message": "lets in everybody on every port; name peers and ports",
            },
            {
                "kind": "redundant-policy", "severity": "note", "object": "NetworkPolicy shop/q", "rule": "", "place": "",
                "message": "changes nothing; remove it",
            },
        ],
    }  # fmt: skip
    assert list(document) == ["schema", "level", "counts", "findings"]
    jsonschema.Draft202012Validator(schema()).validate(document)


def test_the_schema_refuses_another_form():
    """A severity that is none, or a finding without a message."""
    document = json.loads(render_lint([OPEN], Level.EFFECTIVE))
    for change in ({"severity": "fatal"}, {"message": 1}):
        broken = document | {"findings": [document["findings"][0] | change]}
        assert not jsonschema.Draft202012Validator(schema()).is_valid(broken)


def test_lines_have_the_form_of_compilers_and_the_tally_last():
    """Place, severity, object and rule, message, kind; without what is not known."""
    assert list(lint_lines([OPEN, WHOLE])) == [
        "net.yaml:7: warning: NetworkPolicy shop/p ingress[0]: lets in everybody on every port; name peers and ports "
        "[open-to-everything]",
        "note: NetworkPolicy shop/q: changes nothing; remove it [redundant-policy]",
        "# 1 warning, 1 note",
    ]


def test_nothing_odd_is_said_so():
    """An empty list is an answer."""
    assert list(lint_lines([])) == ["# nothing odd"]
    assert tally([OPEN, OPEN]) == "2 warnings"
    assert json.loads(render_lint([], Level.DECLARED))["findings"] == []


def test_names_from_a_cluster_steer_no_terminal_and_break_no_document():
    """Control characters are spelled out in lines; half a surrogate pair becomes a question mark in the document."""
    nasty = Finding(kind=Kind.INPUT, severity=Severity.ERROR, object="x\x1b[2J\n", message="half \ud800 pair")
    (line, _) = lint_lines([nasty])
    assert line == "error: x\\x1b[2J\\n: half \\ud800 pair [input]"
    (found,) = json.loads(render_lint([nasty], Level.DECLARED))["findings"]
    assert (found["object"], found["message"]) == ("x\x1b[2J\n", "half ? pair")
