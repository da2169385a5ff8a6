r"""`findings/v1` as CSV (RFC 4180, UTF-8): a line for each cluster, control and item, safe to open in a spreadsheet.

Every text is quoted, and what a spreadsheet would calculate has an apostrophe before it; numbers are numbers. Control
characters, line ends too, are spelled out (`\x1b`); the sentences of a list stand with ` | ` between them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache

from reports.document import Report
from reports.tables.rows import blocks
from reports.tables.schema import FINDINGS
from reports.tables.text import harmless, line

_PIECE = 1 << 20  # bytes, about
_ALIKE = 1 << 16  # texts that are kept, for most of them come again


def render(report: Report) -> Iterator[bytes]:
    """A heading and the findings, in pieces of about a megabyte.

    Raises:
        InputError: the run's time is none.
    """
    held = io.StringIO()
    writer = csv.writer(held, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    text = lru_cache(_ALIKE)(_text)

    def cell(value: object) -> str | float:
        if isinstance(value, str | tuple):
            return text(value)
        if isinstance(value, int | float):
            return value
        return _moment(value)

    writer.writerow(FINDINGS.names)
    for shared, rows in blocks(FINDINGS, report):
        same = [cell(value) for value in shared]
        writer.writerows([*same, *map(cell, row)] for row in rows)
        if held.tell() > _PIECE:
            yield _taken(held)
    yield _taken(held)


def _text(value: str | Sequence[str]) -> str:
    return harmless(line(value))


def _moment(value: object) -> str:
    """A time as RFC 3339, a day as ISO 8601; what is not there is empty."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else ""


def _taken(held: io.StringIO) -> bytes:
    data = held.getvalue().encode()
    held.seek(0)
    held.truncate()
    return data
