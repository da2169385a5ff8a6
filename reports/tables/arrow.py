"""The tables as Arrow columns and Parquet files. Needs the extra `parquet`.

Types by kind: `word` is dictionary<int32, string>, which Parquet stores as a string, `id` string, `texts` list<string>, `number`
double, `count` int64, `flag` bool, `time` timestamp[ms, UTC], `day` date32.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reports.document import Report
from reports.tables.columns import MISSING, Filled, Repeating, batches
from reports.tables.rows import Block
from reports.tables.schema import Kind, Table

ROWS = 100_000  # of one row group: some megabytes, and a few dozen groups for the largest fleet

_TYPES: Mapping[Kind, Any] = {
    Kind.WORD: pa.dictionary(pa.int32(), pa.string()),
    Kind.ID: pa.string(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.NUMBER: pa.float64(),
    Kind.COUNT: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.TIME: pa.timestamp("ms", "UTC"),
    Kind.DAY: pa.date32(),
}


def schema(table: Table, report: Report, without: Collection[str] = ()) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The Arrow schema; its metadata say the table's version, the run, and which version wrote it."""
    fields = [
        pa.field(each.name, _TYPES[each.kind], nullable=each.nullable)
        for each in table.columns
        if each.name not in without
    ]
    told = {"schema": table.schema, "run": report.run.id, "time": report.run.time, "tool": report.run.tool}
    return pa.schema(fields, metadata={f"ringfence.{key}": value for key, value in told.items()})


def parquet(
    table: Table, report: Report, blocks: Iterable[Block], without: Collection[str] = (), rows: int = ROWS
) -> Iterator[bytes]:
    """A Parquet file of `blocks`, in pieces of one row group of `rows` rows; zstd, the same bytes for the same rows.

    `without` are columns left out: those that a partition's folder says already.
    """
    held = _Held()
    wanted = schema(table, report, without)
    with pq.ParquetWriter(held, wanted, compression="zstd", version="2.6", use_dictionary=True) as writer:
        for columns in batches(table, blocks, rows):
            kept = [_array(each) for each in columns if each.column.name not in without]
            writer.write_table(pa.Table.from_arrays(kept, schema=wanted), row_group_size=rows)
            yield held.take()
    yield held.take()


class _Held(io.RawIOBase):
    """What was written and not yet taken."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        piece = bytes(data)
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """All of it, once."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _array(filled: Filled) -> Any:  # noqa: ANN401 - pyarrow has no types
    kind = filled.column.kind
    if not isinstance(filled, Repeating):
        return pa.array(filled.values, _TYPES[kind])
    numbers = _numbers(filled)
    if kind is Kind.WORD:
        return pa.DictionaryArray.from_arrays(numbers, pa.array(filled.values, pa.string()))
    return pa.array(filled.values, _TYPES[kind]).take(numbers)


def _numbers(filled: Repeating) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The numbers without a copy, where none is missing."""
    if filled.column.nullable and MISSING in filled.numbers:
        return pa.array([None if number == MISSING else number for number in filled.numbers], pa.int32())
    return pa.Array.from_buffers(pa.int32(), len(filled.numbers), [None, pa.py_buffer(filled.numbers)])
