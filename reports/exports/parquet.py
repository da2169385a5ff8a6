"""`findings/v1` as one Parquet file: row groups with zstd, dictionary columns, evidence as a list of strings.

The metadata say the schema's version and the run. With a store, the same rows lie there by cloud and day: docs/findings.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from reports.document import Report
from reports.tables.arrow import parquet
from reports.tables.rows import blocks
from reports.tables.schema import FINDINGS


def render(report: Report) -> Iterator[bytes]:
    """The file, in pieces of one row group.

    Raises:
        InputError: the run's time is none.
    """
    return parquet(FINDINGS, report, blocks(FINDINGS, report))
