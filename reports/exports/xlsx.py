"""The report as a workbook: one sheet for each reader, formatted and filterable, the same bytes for the same report.

Text is written as text, never as a formula or link, on one visible line. Excel's limits (1,048,576 rows, 32,767 characters in
a cell) are said where they are met: rows go on in "Findings 2", a cell that is cut ends in the number of its characters.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from reports.document import Report
from reports.exports.workbook.sheets import Book
from reports.exports.workbook.summary import write_summary
from reports.exports.workbook.unread import write_unread
from reports.tables.rows import moment
from reports.tables.schema import CLUSTERS, CONTROLS, FINDINGS, REQUIREMENTS, WAIVERS
from scanner.errors import InputError

_IN_MEMORY = 20_000  # findings; of more the rows go through scratch files of the library, some GB of them for a million
_PIECE = 1 << 20
_SHEETS = (
    ("Clusters", CLUSTERS),
    ("Controls", CONTROLS),
    ("Findings", FINDINGS),
    ("Requirements", REQUIREMENTS),
    ("Waivers", WAIVERS),
)


def render(report: Report) -> Iterator[bytes]:
    """The workbook.

    Raises:
        InputError: the run's time is none, or no scratch file can be written.
    """
    held = io.BytesIO()
    try:
        _write(report, held)
    except (OSError, FileCreateError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise InputError(f"--format xlsx: no scratch file ({reason}): set TMPDIR to a folder with room") from error
    view = held.getbuffer()
    for start in range(0, len(view), _PIECE):
        yield bytes(view[start : start + _PIECE])


def _write(report: Report, held: io.BytesIO) -> None:
    findings = sum(max(1, len(each.items)) for cluster in report.clusters for each in cluster.controls)
    small = findings <= _IN_MEMORY
    options = {
        "in_memory": small,
        "constant_memory": not small,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    workbook = xlsxwriter.Workbook(held, options)
    workbook.use_zip64()
    created = moment(report).replace(tzinfo=None)
    workbook.set_properties({"title": "ringfence", "subject": f"run {report.run.id}", "created": created})
    book = Book(workbook, report)
    write_summary(book)
    for name, table in _SHEETS:
        book.write(name, table)
    write_unread(book)
    workbook.close()  # not `with`: that writes a file also of what an error has cut short
