"""The sheet of what was not read: places, clusters, and kinds of objects, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from reports.document import Report
from reports.exports.workbook.sheets import Book, Head
from reports.wording import is_unread

_HEADS = (
    Head("What"), Head("How", 14, coloured=True), Head("Cloud", 12), Head("Account", 24), Head("Location"), Head("Cluster", 28),
    Head("Reason", 80), Head("Missing", 60),
)  # fmt: skip


def write_unread(book: Book) -> None:
    """A row for each gap; with none the sheet has only its heading."""
    book.fill("Not read", _HEADS, _gaps(book.report))


def _gaps(report: Report) -> Iterator[tuple[object, ...]]:
    for scope in report.scopes:
        if not scope.is_whole:
            yield "place", scope.outcome, scope.cloud, scope.account, scope.location, "", scope.reason, scope.missing
    for cluster in report.clusters:
        where = (cluster.cloud, cluster.account, cluster.location, cluster.name)
        if is_unread(cluster):
            yield "cluster", cluster.read, *where, cluster.unread, ()
        for gap in cluster.gaps:
            yield "objects", cluster.read, *where, gap, ()
