"""The flags of `report` alone, in the same form as the others."""

from __future__ import annotations

from typing import Annotated

import typer

from functions.options import _GATE, _OUT, FailOn, ReportFormat, _flag

STORED_FORMS = tuple(
    dict.fromkeys((*map(str, ReportFormat), "md"))
)  # a comparison of runs has a Markdown form in any case


def _stored_form(text: str) -> str:
    if text not in STORED_FORMS:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(STORED_FORMS)}")
    return text


StoredAnswer = Annotated[
    str,
    _flag(
        "--format",
        _OUT,
        "The form of the report; --history answers as table or json, --compare as table, json or md.",
        parser=_stored_form,
        metavar="|".join(STORED_FORMS),
    ),
]
History = Annotated[
    bool, _flag("--history", _OUT, "How the fleet stood in each run of the store (history/v1 as json).")
]
HistoryOf = Annotated[
    str,
    _flag(
        "--cluster", _OUT, "With --history: also this cluster, by name or id; * matches any characters.", metavar="NAME"
    ),
]
HistoryControl = Annotated[
    str, _flag("--control", _OUT, "With --history: also how this control went, as NB-ISO-01.", metavar="ID")
]
Compare = Annotated[
    tuple[str, str],
    _flag(
        "--compare",
        _OUT,
        "What differs between two runs: findings, clusters, scores, connections (runs-diff/v1 as json). Each is a run of "
        "--from, a run's folder or a report.json.",
        metavar="RUN RUN",
    ),
]
FailOnNew = Annotated[
    FailOn | None,
    _flag("--fail-on-new", _GATE, "With --compare: exit 1 when something of this severity or worse newly fails."),
]
