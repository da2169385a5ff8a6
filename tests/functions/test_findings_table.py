"""Findings in a store: partitions by cloud and day that a query engine reads as one table."""

from __future__ import annotations

import sys

import duckdb
import msgspec
import pyarrow.parquet as pq
import pytest

from functions.findings_table import write_findings
from functions.publish import publish
from infra.store import open_store
from reports import sql
from reports.tables import frames
from scanner.errors import InputError
from tests.reports.governed_factory import governed
from tests.reports.report_factory import cluster, report

DAY = "day=2026-11-23/20261123T080000Z-4f2a.parquet"


def _run(source, name: str, time: str = "2026-11-23T08:00:00Z"):
    return msgspec.structs.replace(source, run=msgspec.structs.replace(source.run, id=name, time=time))


def _all(folder) -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect()
    engine.execute(sql.definitions("duckdb", str(folder)))
    return engine


def test_each_cloud_and_day_is_a_folder(tmp_path):
    """One file for each cloud, one for what is judged across clusters, one for the requirements; none says its folder again."""
    stored = write_findings(governed(), open_store(str(tmp_path)))
    clouds = ("aws", "azure", "fleet", "gcp")
    assert stored == (*(f"v1/findings/cloud={cloud}/{DAY}" for cloud in clouds), f"v1/requirements/{DAY}")
    assert sorted(str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*.parquet")) == sorted(stored)
    for key in stored[:4]:
        assert not {"cloud", "day"} & set(pq.read_schema(tmp_path / key).names)
    assert "day" not in pq.read_schema(tmp_path / stored[4]).names


def test_the_partitions_together_are_the_findings(tmp_path):
    """DuckDB over all files finds each row of the report once, the fabric's under `fleet`."""
    source = governed()
    write_findings(source, open_store(str(tmp_path)))
    frame = frames.findings(source)
    found = _all(tmp_path).table("findings").select(*frame).fetchall()
    wanted = [tuple(row) for row in frame.drop(columns="run_time").astype(object).itertuples(index=False)]
    at = list(frame).index("run_time")
    read = [(*row[:at], *row[at + 1 :]) for row in found]
    assert {row[at] for row in found} == {frame["run_time"][0].to_pydatetime()}

    def plain(row: tuple) -> tuple:
        return tuple(
            each.isoformat()[:10] if hasattr(each, "isoformat") else tuple(each) if isinstance(each, list) else each
            for each in row
        )

    assert sorted(map(plain, read)) == sorted(map(plain, wanted))
    assert {row[list(frame).index("cloud")] for row in found} == {"aws", "azure", "gcp", "fleet"}


def test_a_second_delivery_replaces_its_own_files_alone(tmp_path):
    """The same run again leaves the files of others as they were, and no row twice."""
    store = open_store(str(tmp_path))
    other = write_findings(_run(report(cluster("a"), cluster("b")), "20261122T080000Z", "2026-11-22T08:00:00Z"), store)
    before = {key: (tmp_path / key).read_bytes() for key in other}
    write_findings(report(cluster("a")), store)
    mine = write_findings(report(cluster("a", tier="dev")), store)
    assert {key: (tmp_path / key).read_bytes() for key in other} == before
    assert not set(mine) & set(other)
    rows = _all(tmp_path).sql("SELECT day, count(*), min(tier) FROM findings GROUP BY day ORDER BY day").fetchall()
    assert [(str(day), *rest) for day, *rest in rows] == [("2026-11-22", 28, "prod"), ("2026-11-23", 14, "dev")]


def test_an_empty_run_still_has_a_table(tmp_path):
    """Without clusters a query finds no rows, and no error."""
    assert write_findings(report(), open_store(str(tmp_path))) == (
        f"v1/findings/cloud=fleet/{DAY}",
        f"v1/requirements/{DAY}",
    )
    engine = _all(tmp_path)
    assert engine.sql("SELECT count(*) FROM findings").fetchall() == [(0,)]
    assert engine.sql(sql.query("requirement_status")).fetchall() == []


@pytest.mark.parametrize("cloud", ["../../../x", "a=b/c", "", "AWS", "é\x00"], ids=ascii)
def test_a_hostile_cloud_stays_in_the_folder(tmp_path, cloud):
    """A stored report may say anything; its files lie below v1/findings all the same, and say it back."""
    stored = write_findings(report(cluster("a", cloud=cloud)), open_store(str(tmp_path / "store")))
    assert {each.parents[3].name for each in tmp_path.rglob("*.parquet") if "findings" in each.parts} == {"v1"}
    assert len(list((tmp_path / "store/v1/findings").rglob("*.parquet"))) == len(stored) - 1
    assert _all(tmp_path / "store").sql("SELECT DISTINCT cloud FROM findings").fetchall() == [(cloud or "fleet",)]


def test_a_run_without_an_id_is_refused(tmp_path):
    """One line says what an id looks like, and nothing is written."""
    with pytest.raises(InputError, match="20261123T080000Z"):
        write_findings(_run(report(), "../x"), open_store(str(tmp_path)))
    assert list(tmp_path.rglob("*")) == []


def test_publishing_writes_them_where_the_library_is(tmp_path, monkeypatch):
    """Every published run has its tables; without the extra it has its reports alone."""
    places = publish(governed(), open_store(str(tmp_path / "with")), finished=True)
    assert len(list((tmp_path / "with/v1/findings").rglob("*.parquet"))) == 4
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert len(publish(governed(), open_store(str(tmp_path / "without")), finished=True)) == len(places)
    assert sorted(each.name for each in (tmp_path / "without/v1").iterdir()) == ["latest.json", "runs"]
