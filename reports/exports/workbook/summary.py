"""The first sheet: what a security lead wants to know, in the words and figures of the other reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reports.document import Group, Report
from reports.exports.workbook.sheets import Book
from reports.places import not_whole
from reports.wording import CLOUD_WORDS, score_meaning, score_text, verdict
from scanner.findings import WORST_FIRST, Severity

_WIDTHS = (30, 14, 14, 14, 14, 14, 14, 14, 14, 22)
_GROUP = (
    "Score", "Proven", "Up to", "Coverage", "Grade", "Clusters", "Not read", "Grade capped", "No critical fail", "Accepted risk",
)  # fmt: skip
_NAMES = {**CLOUD_WORDS, "fleet": "Fleet"}
_Row = tuple[object, ...]


def write_summary(book: Book) -> None:
    """The verdict, the scores, and how many controls have which outcome."""
    report, sheet = book.report, book.sheet("Summary", _WIDTHS)
    row = 0
    for title, rows in (
        (("ringfence: network policy compliance",), _said(report)),
        (_GROUP, map(_group, (report.fleet, *report.clouds))),
        (("Controls over all clusters", *(status.replace("_", " ") for status in WORST_FIRST)), _outcomes(report)),
        (("What to know of these figures",), _notes(report)),
    ):
        book.title(sheet, row, *title)
        row += 1
        for values in rows:
            for column, value in enumerate(values):
                book.put(sheet, row, column, value)
            row += 1
        row += 1


def _said(report: Report) -> Iterator[_Row]:
    yield "Run", report.run.id
    yield "Time", report.run.time
    yield "Judged by", f"ringfence {report.run.tool}, baseline {report.baseline}"
    for sentence in verdict(report):
        yield (sentence,)
    yield "Fleet", f"{score_text(report.fleet.score)}, grade {report.fleet.grade}"
    yield (score_meaning(report.fleet.score),)


def _group(group: Group) -> _Row:
    return (
        _NAMES.get(group.name, group.name),
        group.score.proven,
        group.score.ceiling,
        group.score.coverage,
        group.grade,
        group.clusters,
        group.unread,
        group.gated,
        group.without_critical_fail,
        group.accepted.proven if group.accepted else None,
    )


def _outcomes(report: Report) -> Iterator[_Row]:
    counted = Counter((each.severity, each.status) for cluster in report.clusters for each in cluster.controls)
    for severity in Severity:
        yield severity.capitalize(), *(counted[severity, status] for status in WORST_FIRST)
    if report.fabric is not None:
        judged = Counter(each.status for each in report.fabric.controls)
        yield "Across clusters (all severities)", *(judged[status] for status in WORST_FIRST)


def _notes(report: Report) -> Iterator[_Row]:
    yield (
        "Unknown and unread are never counted as passed; a waived failure is still a failure that somebody accepted.",
    )
    if report.fabric is not None:
        score = f"{score_text(report.fabric.score)}, grade {report.fabric.grade}"
        yield "Between clusters", score
    for line in not_whole(report.scopes):
        yield "Not searched whole", line
    for view in report.frameworks:
        for text in (view.note, *view.gaps):
            yield view.name, text
    yield ("A sheet that is full goes on in one with a number behind its name; a cell that is cut says so.",)
