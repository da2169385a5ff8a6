"""The queries run over written partitions, and their answers are the reports'; definitions agree with the schema."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import duckdb
import msgspec
import pytest

from functions.findings_table import write_findings
from infra.store import open_store
from reports import sql
from reports.tables.schema import FINDINGS, REQUIREMENTS, Kind
from scanner.errors import InputError
from scanner.findings import Status
from tests.reports.governed_factory import governed
from tests.reports.report_factory import cluster, control, item, report, unread_cluster
from tests.reports.tables.expected import rows

SUNDAY, MONDAY = date(2026, 11, 22), date(2026, 11, 23)


def _at(source, day: str, hour: str = "08"):
    run = msgspec.structs.replace(source.run, id=f"{day.replace('-', '')}T{hour}0000Z", time=f"{day}T{hour}:00:00Z")
    return msgspec.structs.replace(source, run=run)


def _engine(folder, *sources) -> duckdb.DuckDBPyConnection:
    store = open_store(str(folder))
    for source in sources:
        write_findings(source, store)
    engine = duckdb.connect()
    engine.execute(sql.definitions("duckdb", str(folder)))
    return engine


def _ask(engine, name: str) -> list[dict]:
    found = engine.sql(sql.query(name))
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def _judged(*subjects: tuple[str, Status]):
    return control(4, Status.FAIL, items=tuple(item(name, status) for name, status in subjects))


def _before():
    """Sunday: three subjects of one cluster in three states, and one that is gone on Monday."""
    a = cluster(
        "a",
        controls=(_judged(("up", Status.FAIL), ("down", Status.PASS), ("same", Status.FAIL), ("gone", Status.FAIL)),),
    )
    return _at(report(a), "2026-11-22")


def _after():
    """Monday: one is mended, one worse, one new and failing, one new and passing; a cluster of another cloud is there too."""
    subjects = (
        ("up", Status.PASS),
        ("down", Status.UNKNOWN),
        ("same", Status.FAIL),
        ("new", Status.FAIL),
        ("fine", Status.PASS),
    )
    return _at(report(cluster("a", controls=(_judged(*subjects),)), cluster("g", "gcp")), "2026-11-23")


def test_open_criticals_by_account(tmp_path):
    """The count of failing subjects of critical controls is the report's, for each account, the most first."""
    source = governed()
    failing = [r for r in rows(source) if r["severity"] == "critical" and r["item_status"] == "fail"]
    wanted = Counter((r["cloud"], r["account"]) for r in failing)
    found = _ask(_engine(tmp_path, source), "open_criticals_by_account")
    assert [((r["cloud"], r["account"]), r["findings"]) for r in found] == sorted(
        wanted.items(), key=lambda each: (-each[1], each[0])
    )
    for row in found:
        mine = [r for r in failing if (r["cloud"], r["account"]) == (row["cloud"], row["account"])]
        assert row["clusters"] == len({r["cluster_id"] for r in mine} - {""})
        assert row["controls"] == len({r["control_id"] for r in mine})
        assert row["day"] == MONDAY


def test_worse_since_the_day_before(tmp_path):
    """What got worse and what is new and does not pass; not what was mended, stayed, or has no day before."""
    found = _ask(_engine(tmp_path, _before(), _after()), "worse_since_the_day_before")
    assert [(r["subject"], r["status_before"], r["status_after"]) for r in found] == [
        ("new", "absent", "fail"), ("down", "pass", "unknown"),
    ]  # fmt: skip
    assert {(r["cluster_name"], r["control_id"], r["day"]) for r in found} == {("a", "NB-ISO-01", MONDAY)}


def test_a_cluster_that_went_dark_got_worse(tmp_path):
    """What passed yesterday and cannot be read today is in the list as unknown."""
    dark = unread_cluster("a", "aws", controls=(control(4, Status.UNKNOWN, reason="unread", items=()),))
    engine = _engine(tmp_path, _before(), _at(report(dark), "2026-11-23"))
    assert [(r["status_before"], r["status_after"]) for r in _ask(engine, "worse_since_the_day_before")] == [
        ("absent", "unknown")
    ]


def test_one_day_alone_is_compared_with_nothing(tmp_path):
    """The first run of a store got nothing worse."""
    assert _ask(_engine(tmp_path, _after()), "worse_since_the_day_before") == []


def test_controls_failing_most(tmp_path):
    """Controls by the clusters they fail on, the fabric's as one."""
    source = governed()
    failing = [r for r in rows(source) if r["status"] == "fail"]
    on = {
        name: {r["cluster_id"] for r in failing if r["control_id"] == name}
        for name in {r["control_id"] for r in failing}
    }
    items = Counter(r["control_id"] for r in failing if r["item_status"] == "fail")
    found = _ask(_engine(tmp_path, source), "controls_failing_most")
    assert [(r["control_id"], r["clusters"], r["findings"]) for r in found] == sorted(
        ((name, len(ids), items[name]) for name, ids in on.items()), key=lambda each: (-each[1], -each[2], each[0])
    )
    assert {r["severity"] for r in found if r["control_id"] == "NB-ISO-01"} == {"critical"}


def test_clusters_not_read(tmp_path):
    """Unread clusters first, then those read in part; one without any control too."""
    source = governed()
    source = msgspec.structs.replace(source, clusters=(*source.clusters, unread_cluster("blank", "gcp", controls=())))
    found = _ask(_engine(tmp_path, source), "clusters_not_read")
    assert [(r["cluster_name"], r["read_state"], r["controls_unknown"]) for r in found] == [
        ("ledger-private", "unread", 14), ("blank", "unread", 1), ("partner-aks", "partial", 3),
    ]  # fmt: skip


def test_age_of_findings(tmp_path):
    """First seen, and since when without a break: what was mended in between is young again."""
    names = ("old", "back", "new")
    friday = ((names[0], Status.FAIL), (names[1], Status.FAIL))
    sunday = ((names[0], Status.FAIL), (names[1], Status.PASS))
    monday = tuple((name, Status.FAIL) for name in names)
    days = (("2026-11-20", friday), ("2026-11-22", sunday), ("2026-11-23", monday))
    engine = _engine(tmp_path, *(_at(report(cluster("a", controls=(_judged(*each),))), day) for day, each in days))
    found = {r["subject"]: (r["since_day"], r["first_day"], r["days_failing"]) for r in _ask(engine, "age_of_findings")}
    friday_date = date(2026, 11, 20)
    assert found == {
        "old": (friday_date, friday_date, 3), "back": (MONDAY, friday_date, 2), "new": (MONDAY, MONDAY, 1),
    }  # fmt: skip


def test_requirement_status(tmp_path):
    """The latest run's requirements, as its report has them."""
    source = governed()
    earlier = msgspec.structs.replace(source.frameworks[0], requirements=source.frameworks[0].requirements[:1])
    engine = _engine(
        tmp_path, _at(msgspec.structs.replace(source, frameworks=(earlier,)), "2026-11-22"), _at(source, "2026-11-23")
    )
    found = _ask(engine, "requirement_status")
    wanted = source.frameworks[0].requirements
    assert [(r["framework"], r["requirement_id"], r["status"]) for r in found] == [
        ("Card Rules 4", w.id, w.status) for w in wanted
    ]
    assert [r["clusters_fail"] for r in found] == [w.counts.get("fail", 0) for w in wanted]
    assert {r["day"] for r in found} == {MONDAY}


def test_status_by_day(tmp_path):
    """Each day and cloud with the counts of its report."""
    found = _ask(_engine(tmp_path, _before(), _after()), "status_by_day")
    assert [(r["day"], r["cloud"], r["clusters"], r["failing"], r["unknown_items"], r["passing"]) for r in found] == [
        (SUNDAY, "aws", 1, 3, 0, 1), (MONDAY, "aws", 1, 2, 1, 2), (MONDAY, "gcp", 1, 1, 0, 13),
    ]  # fmt: skip


def test_of_several_runs_of_a_day_the_newest_counts(tmp_path):
    """A later run replaces the clusters that it read, and not those that another function reads."""
    early = _at(report(cluster("a"), cluster("g", "gcp")), "2026-11-23")
    late = _at(report(cluster("a", controls=(control(4, Status.PASS),))), "2026-11-23", "20")
    found = _ask(_engine(tmp_path, early, late), "status_by_day")
    assert [(r["cloud"], r["failing"], r["passing"]) for r in found] == [("aws", 0, 1), ("gcp", 1, 13)]


@pytest.mark.parametrize("name", sql.QUERIES)
def test_queries_keep_to_what_all_engines_share(name):
    """One statement in the common SQL, that starts with what it answers."""
    text = sql.query(name)
    assert text.startswith("-- ")
    code = re.sub(r"--.*", "", text)
    assert code.count(";") == 1
    assert not re.search(
        r"\b(LIMIT|QUALIFY|FILTER|USING|TOP|ILIKE|BOOLEAN|INTERVAL)\b|::|\|\||`|\"|\[", code, re.IGNORECASE
    )


_TYPES = {
    "athena": {Kind.WORD: "string", Kind.ID: "string", Kind.TEXTS: "array<string>", Kind.NUMBER: "double",
               Kind.COUNT: "bigint", Kind.TIME: "timestamp"},
    "bigquery": {Kind.WORD: "STRING", Kind.ID: "STRING", Kind.TEXTS: "ARRAY<STRING>", Kind.NUMBER: "FLOAT64",
                 Kind.COUNT: "INT64", Kind.TIME: "TIMESTAMP"},
    "synapse": {Kind.WORD: r"varchar\(\w+\)", Kind.ID: r"varchar\(36\)", Kind.TEXTS: r"varchar\(max\)", Kind.NUMBER: "float",
                Kind.COUNT: "bigint", Kind.TIME: r"datetime2\(3\)"},
}  # fmt: skip
_ROOTS = {
    "athena": "s3://audits/fleet",
    "bigquery": "gs://audits/fleet",
    "synapse": "https://x.dfs.core.windows.net/audits/fleet",
}


@pytest.mark.parametrize("table", [FINDINGS, REQUIREMENTS], ids=lambda each: each.name)
@pytest.mark.parametrize("dialect", _TYPES)
def test_definitions_have_the_schemas_columns(dialect, table):
    """Names, order and types of the columns in the files, the partitions' apart, and where the files lie."""
    text = sql.definitions(dialect, f"{_ROOTS[dialect]}/")
    folder = f"{_ROOTS[dialect]}/v1/{table.name}"
    assert folder in text
    assert "{root}" not in text
    partitions = ("cloud", "day") if table is FINDINGS else ("day",)
    block = re.search(
        rf"(?:TABLE|VIEW)[^;(]*\b{table.name}\b[^;]*?\(\n(  `?run_id`? .*?)\n\)(.*?)(?:;|GO)", text, re.DOTALL
    )
    assert block is not None
    listed = [tuple(line.strip().rstrip(",").replace("`", "").split(" ", 1)) for line in block[1].splitlines()]
    kept = [column for column in table.columns if column.name not in partitions]
    assert [name for name, _ in listed] == [column.name for column in kept]
    for (_, found), column in zip(listed, kept, strict=True):
        assert re.fullmatch(_TYPES[dialect][column.kind], found)
    around = block[0] if dialect == "synapse" else block[2]
    named = re.findall(r"\b(cloud|day)\b(?:`? string|`? STRING|`? DATE|,\n|\nFROM)", around)
    assert tuple(named) == partitions


@pytest.mark.parametrize("dialect", sql.DIALECTS)
def test_every_dialect_defines_the_same_views(dialect):
    """What the queries read is there in each."""
    text = sql.definitions(dialect, _ROOTS.get(dialect, "./out"))
    made = set(
        re.findall(r"CREATE (?:OR REPLACE )?(?:EXTERNAL TABLE|VIEW)(?: IF NOT EXISTS)? (?:ringfence\.)?(\w+)", text)
    )
    made |= set(re.findall(r"CREATE OR REPLACE EXTERNAL TABLE ringfence\.(\w+)", text))
    assert made == {"findings", "findings_by_day", "findings_now", "requirements", "requirements_now"}
    read = {
        name
        for query in sql.QUERIES
        for name in re.findall(r"(?:FROM|JOIN) ((?:findings|requirements)\w*)", sql.query(query))
    }
    assert read <= made


@pytest.mark.parametrize(
    ("dialect", "root"),
    [("oracle", "x"), ("duckdb", ""), ("duckdb", "x'; DROP TABLE y"), ("duckdb", "a\nb"), ("athena", "gs://x"), ("athena", "s3://"),
     ("bigquery", "./out"), ("synapse", "az://c/p"), ("duckdb", "\ud800'")],
)  # fmt: skip
def test_a_root_that_is_none_is_refused(dialect, root):
    """What would end the text it stands in, or what the engine cannot read, gives one line."""
    with pytest.raises(InputError, match="write"):
        sql.definitions(dialect, root)


def test_a_query_that_is_none_is_refused():
    """The choices are named."""
    with pytest.raises(InputError, match="status_by_day"):
        sql.query("../duckdb")
