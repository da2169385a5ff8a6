"""CSV as other programs read it, and as a spreadsheet would."""

from __future__ import annotations

import csv
import io
import re

import duckdb
import pandas as pd
import pytest

from reports.exports import csv_file, render
from reports.tables.schema import FINDINGS
from tests.bench.fleet_report import fleet_report
from tests.reports.governed_factory import governed, hostile
from tests.reports.report_factory import cluster, renamed, report, unread_cluster
from tests.reports.tables.expected import HOSTILE, rows

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def _text(source) -> str:
    return b"".join(render("csv", source)).decode("utf-8")


def _cells(source) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_text(source), newline=""), strict=True))


def test_three_readers_find_the_report(tmp_path):
    """The csv module, pandas and DuckDB each read every row back."""
    source = governed()
    wanted = [
        {name: " | ".join(value) if name == "evidence" else value for name, value in row.items()}
        for row in rows(source)
    ]
    names = list(wanted[0])
    read = [{**row, "fraction": float(row["fraction"])} for row in _cells(source)]
    assert [{name: row[name] for name in names} for row in read] == wanted
    file = tmp_path / "findings.csv"
    file.write_bytes(b"".join(render("csv", source)))
    frame = pd.read_csv(file, dtype={name: "str" for name in names if name != "fraction"}, keep_default_na=False)
    assert frame[names].to_dict("records") == wanted
    found = duckdb.read_csv(str(file), header=True, all_varchar=True).select(*names).fetchall()
    plain = [dict(zip(names, (value or "" for value in row), strict=True)) for row in found]  # it takes "" for NULL
    assert [{**row, "fraction": float(row["fraction"])} for row in plain] == wanted


def test_it_is_rfc_4180():
    """Every line ends in CRLF and holds one row; a heading stands first; times are RFC 3339."""
    source = governed()
    lines = _text(source).split("\r\n")
    assert lines[-1] == ""
    assert len(lines) == len(rows(source)) + 2
    assert "\n" not in "".join(lines)
    first = _cells(source)[0]
    assert tuple(first) == FINDINGS.names
    assert (first["run_time"], first["day"]) == ("2026-11-23T08:00:00Z", "2026-11-23")


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
@pytest.mark.parametrize("make", [lambda name: renamed(report(cluster("c")), name), hostile], ids=["cluster", "fabric"])
def test_nothing_is_calculated(name, make):
    """No cell starts a formula, nor anything that a program with another separator would take for a cell."""
    text = _text(make(name))
    cells = [value for row in csv.reader(io.StringIO(text, newline=""), strict=True) for value in row]
    for value in cells:
        for part in re.split(r"[;,\t\r\n]", value):
            assert not part.lstrip(" \"'").startswith(DANGEROUS) or part.startswith("'")
    assert all(line.isprintable() for line in text.split("\r\n"))
    # and nothing but apostrophes was added
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in name)
    assert shown.replace("'", "") in {value.replace("'", "") for value in cells}


def test_numbers_stay_numbers():
    """A share is written bare, all else between quotes."""
    row = _text(report(cluster("c"))).split("\r\n")[1]
    assert re.findall(r"(?:^|,)([^\",]+)(?=,|$)", row) == ["1.0"]


def test_empty_fleet_and_unread_cluster():
    """Without clusters the heading stands alone; an unread one is unknown, its missing severity empty."""
    assert _text(report()).count("\r\n") == 1
    row = _cells(report(unread_cluster(controls=())))[0]
    assert (row["item_status"], row["severity"], row["fraction"]) == ("unknown", "", "")


def test_it_comes_in_pieces_and_always_the_same():
    """A fleet's CSV is never whole in memory, and its bytes do not change."""
    source = fleet_report(clusters=3)
    pieces = list(csv_file.render(source))
    assert len(pieces) > 1
    assert b"".join(pieces) == b"".join(csv_file.render(source))
    assert b"".join(pieces).count(b"\r\n") == 3 * 60 * 17 + 1
