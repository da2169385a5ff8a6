"""`report` in its tabular forms, from a stored report to a file."""

from __future__ import annotations

import csv
import io

import openpyxl
import pandas as pd
import pytest

from functions.options import ReportFormat
from functions.report import ReportRequest, run_report
from reports.document import render_json
from reports.exports import EXPORTS
from scanner.errors import InputError
from tests.reports.governed_factory import governed
from tests.reports.tables.expected import rows


def _write(tmp_path, form: str, document: bytes) -> bytes:
    source, target = tmp_path / "report.json", tmp_path / f"out.{form}"
    source.write_bytes(document)
    assert (
        run_report(ReportRequest(stores=(str(source),), run="", answer=form, output=str(target), allow_partial=True))
        == 0
    )
    return target.read_bytes()


def test_every_form_can_be_asked_for():
    """The command line offers the registered forms, the table, and the page as a browser prints it."""
    assert {each.value for each in ReportFormat} == {"table", "pdf", *EXPORTS}


def test_each_tabular_form_holds_the_stored_findings(tmp_path):
    """CSV, a workbook and Parquet of one stored report have the same subjects."""
    source = governed()
    document = render_json(source)
    wanted = [row["subject"] for row in rows(source)]
    text = _write(tmp_path, "csv", document).decode()
    assert [row["subject"] for row in csv.DictReader(io.StringIO(text, newline=""))] == wanted
    assert pd.read_parquet(io.BytesIO(_write(tmp_path, "parquet", document)))["subject"].to_list() == wanted
    sheet = openpyxl.load_workbook(io.BytesIO(_write(tmp_path, "xlsx", document)))["Findings"]
    heads, *lines = sheet.iter_rows(values_only=True)
    assert [line[heads.index("Subject")] or "" for line in lines] == wanted


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_a_report_with_a_broken_time_writes_nothing(tmp_path, form):
    """One line says what to write, and no half a file is left."""
    document = render_json(governed()).replace(b'"2026-11-23T08:00:00Z"', b'"23.11.2026"')
    with pytest.raises(InputError, match="2026-11-23T08:00:00Z"):
        _write(tmp_path, form, document)
    assert not (tmp_path / f"out.{form}").exists()
