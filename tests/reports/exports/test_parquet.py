"""Parquet as pandas, Arrow and DuckDB read it."""

from __future__ import annotations

import io
import sys

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from reports.exports import EXPORTS, render
from reports.tables import frames
from reports.tables.arrow import parquet
from reports.tables.rows import blocks
from reports.tables.schema import FINDINGS, TABLES
from scanner.errors import InputError
from tests.bench.fleet_report import fleet_report
from tests.reports.governed_factory import governed, hostile
from tests.reports.report_factory import cluster, control, renamed, report, unread_cluster
from tests.reports.tables.expected import HOSTILE, rows


def _file(source) -> bytes:
    return b"".join(render("parquet", source))


def test_duckdb_finds_the_report(tmp_path):
    """Every row, evidence as a list, in the report's order."""
    source = governed()
    (tmp_path / "f.parquet").write_bytes(_file(source))
    wanted = rows(source)
    found = duckdb.read_parquet(str(tmp_path / "f.parquet")).select(*wanted[0]).fetchall()
    assert [dict(zip(wanted[0], row, strict=True)) | {"evidence": tuple(row[-2])} for row in found] == wanted


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    "source", [governed(), report(unread_cluster(controls=())), report()], ids=["governed", "unread", "empty"]
)
def test_pandas_reads_back_its_frame(name, source):
    """Each table as Parquet is the frame made of the same report, its types too."""
    table = TABLES[name]
    read = pd.read_parquet(io.BytesIO(b"".join(parquet(table, source, blocks(table, source), rows=100))))
    frame = frames.frame(table, source)
    assert read["day"].astype("datetime64[ms]").to_list() == frame["day"].to_list()
    read = read.astype({"day": "datetime64[ms]"})
    for column in frame:
        known, mine = (
            each[column].astype(object).where(each[column].notna(), None).to_list() for each in (read, frame)
        )
        lists = TABLES[name].columns[frame.columns.get_loc(column)].kind == "texts"
        assert [tuple(each) for each in known] == mine if lists else known == mine
        assert lists or read[column].dtype.kind == frame[column].dtype.kind


def test_the_file_says_what_it_is():
    """Schema and run stand in the metadata, columns are compressed and by dictionary, and rows come in groups."""
    source = fleet_report(clusters=2)
    pieces = list(parquet(FINDINGS, source, blocks(FINDINGS, source), rows=500))
    file = pq.ParquetFile(io.BytesIO(b"".join(pieces)))
    assert file.metadata.metadata[b"ringfence.schema"] == b"findings/v1"
    assert file.metadata.metadata[b"ringfence.run"] == source.run.id.encode()
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [500, 500, 500, 500, 40]
    assert len(pieces) == 6
    column = file.metadata.row_group(0).column(FINDINGS.names.index("remediation"))
    assert column.compression == "ZSTD"
    assert "RLE_DICTIONARY" in column.encodings
    assert str(file.schema_arrow.field("evidence").type) == "list<element: string>"


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_text_is_kept(name):
    """Data stays data: only half surrogate pairs, which no file can hold, are spelled out."""
    read = pq.read_table(io.BytesIO(_file(renamed(report(cluster("c")), name)))).to_pylist()
    kept = name.encode("utf-8", "backslashreplace").decode()
    assert {row["subject"] for row in read} == {row["cluster_name"] for row in read} == {kept}
    assert {tuple(row["evidence"]) for row in read} == {(kept,)}
    assert pq.read_table(io.BytesIO(_file(hostile(name)))).num_rows > 0


def test_bytes_are_the_same_for_the_same_report():
    """Nothing of the clock or of chance is in the file."""
    assert _file(governed()) == _file(governed())


def test_a_control_may_have_more_items_than_a_group():
    """A block is split over row groups, none lost and none twice."""
    items = tuple(rows_item for number in range(25) for rows_item in control(4).items)
    source = report(cluster("c", controls=(control(4, items=items), control(5))))
    file = pq.ParquetFile(io.BytesIO(b"".join(parquet(FINDINGS, source, blocks(FINDINGS, source), rows=10))))
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [10, 10, 6]


def test_without_the_library_the_extra_is_named(monkeypatch):
    """One line says what to install."""
    for module in ("reports.exports.parquet", "reports.tables.arrow"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'ringfence\[parquet\]'"):
        render("parquet", report())
    assert EXPORTS["parquet"].binary
