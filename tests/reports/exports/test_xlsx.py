"""The workbook as openpyxl reads it."""

from __future__ import annotations

import io
import tempfile
import zipfile
from datetime import datetime

import msgspec
import openpyxl
import pytest
import xlsxwriter

from reports.exports import render, xlsx
from reports.exports.workbook.sheets import CHARACTERS, Book, Head, cell
from reports.tables.schema import FINDINGS
from scanner.errors import InputError
from tests.bench.fleet_report import fleet_report
from tests.reports.governed_factory import governed, hostile
from tests.reports.report_factory import cluster, item, renamed, report, unread_cluster
from tests.reports.tables.expected import HOSTILE, rows

SHEETS = ["Summary", "Clusters", "Controls", "Findings", "Requirements", "Waivers", "Not read"]


def _open(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def _book(source) -> openpyxl.Workbook:
    return _open(b"".join(render("xlsx", source)))


def _table(sheet) -> list[dict]:
    heads, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(heads, line, strict=True)) for line in lines]


def _values(book) -> dict[str, list[tuple]]:
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_a_sheet_for_each_reader():
    """Findings are the report's; clusters, controls, requirements and waivers have theirs, filtered and with a fixed head."""
    source = governed()
    book, wanted = _book(source), rows(source)
    assert book.sheetnames == SHEETS
    found = _table(book["Findings"])
    assert [(row["Control ID"], row["Cluster name"], row["Subject"], row["Item status"]) for row in found] == [
        (row["control_id"], row["cluster_name"] or None, row["subject"] or None, row["item_status"]) for row in wanted
    ]
    assert [row["Evidence"] for row in found] == [" | ".join(row["evidence"]) or None for row in wanted]
    assert [row["Fraction"] for row in found] == [row["fraction"] for row in wanted]
    assert [row["Cluster name"] for row in _table(book["Clusters"])] == [each.name for each in source.clusters]
    assert len(_table(book["Controls"])) == 7 * 14 + 5
    assert [row["Status"] for row in _table(book["Requirements"])] == ["fail", "pass", "not_assessed"]
    assert {row["State"] for row in _table(book["Waivers"])} == {"expired", "unused", "used"}
    for name in SHEETS[1:]:
        assert book[name].freeze_panes == "A2"
        assert book[name].auto_filter.ref == book[name].dimensions


def test_the_summary_opens_with_the_verdict():
    """The plain sentences, the scores and what was not searched stand on the first sheet."""
    book = _book(governed())
    text = [value for line in book["Summary"].iter_rows(values_only=True) for value in line if isinstance(value, str)]
    assert "2 of 7 clusters enforce no network policy: shop-prod-eu and retail-legacy." in text
    assert any("us-east-1: denied: eks:ListClusters is not allowed" in each for each in text)
    assert any(each.startswith("evidence support, not an attestation") for each in text)
    assert "AWS" in text
    assert book.properties.created == datetime(2026, 11, 23, 8)  # noqa: DTZ001 - workbooks know no zones


def test_what_was_not_read_has_its_sheet():
    """Places, clusters and kinds of objects, each with the reason; an unread cluster is never green."""
    book = _book(governed())
    gaps = _table(book["Not read"])
    assert [(row["What"], row["How"]) for row in gaps] == [
        ("place", "denied"),
        ("objects", "partial"),
        ("cluster", "unread"),
    ]
    assert "403 Forbidden" in gaps[2]["Reason"]
    assert gaps[1]["Cluster"] == "partner-aks"
    unread = [row for row in _table(book["Findings"]) if row["Cluster name"] == "ledger-private"]
    assert len(unread) == 14
    assert {row["Item status"] for row in unread} == {"unknown"}


def test_statuses_have_colours():
    """A failure is red, and unknown is not green."""
    sheet = _book(governed())["Findings"]
    column = [each.value for each in sheet[1]].index("Item status")
    looks = {line[column].value: line[column].fill.fgColor.rgb for line in sheet.iter_rows(min_row=2)}
    assert looks["fail"] == "FFFEE2E2"
    assert len({looks[word] for word in ("fail", "unknown", "pass", "waived")}) == 4


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_nothing_is_calculated_or_linked(name):
    """Every hostile text is a text, on one visible line, also once somebody edits the cell."""
    for source in (renamed(report(cluster("c")), name), hostile(name)):
        for sheet in _book(source):
            for line in sheet.iter_rows():
                for each in line:
                    assert each.data_type in {"s", "n", "inlineStr"}
                    assert each.hyperlink is None
                    assert not isinstance(each.value, str) or each.value.isprintable()
                    if isinstance(each.value, str) and each.value.startswith(("=", "+", "-", "@")):
                        assert each.quotePrefix


def test_a_long_cell_is_cut_with_a_mark():
    """What is longer than Excel holds ends in its length, counted as Excel counts."""
    for text in ("x" * 40_000, "\U0001f600" * 20_000, "\x1b" * 10_000, "é" * 32_767):
        shown, _ = cell(text)
        assert len(shown.encode("utf-16-le")) // 2 <= CHARACTERS
        assert shown.endswith(" characters)") == (text[0] != "é")
    assert cell("x" * 40_000)[0].endswith("xxx… (cut: 40,000 characters)")
    assert cell("x" * CHARACTERS)[0] == "x" * CHARACTERS
    long = report(
        cluster("c", controls=(msgspec.structs.replace(cluster("c").controls[0], items=(item("y" * 50_000),)),))
    )
    subjects = [row["Subject"] for row in _table(_book(long)["Findings"])]
    assert [len(each) for each in subjects] == [CHARACTERS]


def test_a_full_sheet_goes_on_in_another():
    """No row is lost where a sheet ends, and each part has its heading and filter."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as workbook:
        book = Book(workbook, report(cluster("c")), rows=5)
        book.write("Findings", FINDINGS)
        book.fill("Exact", [Head("Number")], [(number,) for number in range(4)])
    read = _open(held.getvalue())
    assert read.sheetnames == ["Findings", "Findings 2", "Findings 3", "Findings 4", "Exact"]
    found = [row["Control ID"] for name in read.sheetnames[:4] for row in _table(read[name])]
    assert found == [each.id for each in cluster("c").controls]
    assert read["Findings 4"].auto_filter.ref == read["Findings 4"].dimensions


def test_empty_fleet():
    """Every sheet is there with its heading."""
    book = _book(report())
    assert book.sheetnames == SHEETS
    assert _table(book["Findings"]) == []
    assert "No cluster was found, so nothing was judged." in [line[0].value for line in book["Summary"].iter_rows()]


def test_bytes_are_the_same_for_the_same_report():
    """Nothing of the clock is in the file, nor in its archive."""
    one, two = (b"".join(render("xlsx", governed())) for _ in range(2))
    assert one == two
    assert {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(one)).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_large_fleet_says_the_same(monkeypatch):
    """Rows that went through scratch files are those that did not."""
    source = msgspec.structs.replace(fleet_report(clusters=1, items=3), fabric=governed().fabric)
    whole = _values(_book(source))
    monkeypatch.setattr(xlsx, "_IN_MEMORY", 0)
    assert _values(_book(source)) == whole


def test_no_room_for_scratch_files(monkeypatch, tmp_path):
    """One line says which setting to mend."""
    monkeypatch.setattr(xlsx, "_IN_MEMORY", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(InputError, match="set TMPDIR"):
        b"".join(xlsx.render(report(unread_cluster())))
