"""Frames hold every row of the report, with the same types however few there are."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from reports.tables import frames
from reports.tables.schema import TABLES, Column
from scanner.errors import InputError
from scanner.findings import Score, Status
from tests.reports.governed_factory import governed, hostile
from tests.reports.report_factory import cluster, control, item, renamed, report, unread_cluster
from tests.reports.tables.expected import HOSTILE, rows

DOC = (Path(__file__).parents[3] / "docs/findings.md").read_text()
BUILT = {
    "findings": frames.findings, "controls": frames.controls, "clusters": frames.clusters,
    "requirements": frames.requirements, "scopes": frames.scopes, "waivers": frames.waivers,
}  # fmt: skip


def _records(frame: pd.DataFrame, names) -> list[dict]:
    plain = frame[list(names)].astype(object)
    return plain.where(plain.notna(), None).to_dict("records")


def test_findings_are_the_reports():
    """A row for each cluster, control and item in the report's order, and the run in every one."""
    source = governed()
    frame, wanted = frames.findings(source), rows(source)
    assert len(wanted) > 800
    assert _records(frame, wanted[0]) == wanted
    assert set(frame["run_id"]) == {source.run.id}
    assert set(frame["run_time"]) == {pd.Timestamp("2026-11-23T08:00:00Z")}
    assert set(frame["day"]) == {pd.Timestamp("2026-11-23")}
    assert set(frame["tool"]) == {"0.1.0"}
    assert set(frame["baseline"]) == {"1.0.0"}
    assert set(frame.loc[frame["control_id"] == "NB-ISO-01", "family"]) == {"ISO"}


@pytest.mark.parametrize("name", TABLES)
def test_types_do_not_depend_on_the_rows(name):
    """An empty fleet gives the same columns and types as a full one, also where nothing is missing or all is."""
    full, empty = BUILT[name](governed()), BUILT[name](report())
    assert len(full) > 0
    assert len(empty) == 0
    assert tuple(full.columns) == tuple(empty.columns) == TABLES[name].names
    assert full.dtypes.astype(str).to_dict() == empty.dtypes.astype(str).to_dict()


def test_known_words_come_worst_first():
    """Severities and statuses sort by their categories."""
    assert list(frames.findings(report()).severity.cat.categories) == ["critical", "high", "medium", "low"]
    found = frames.findings(governed())["item_status"].sort_values()
    assert list(found.drop_duplicates()) == ["fail", "unknown", "waived", "pass", "not_applicable"]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_text_is_kept(name):
    """Text arrives as it is, but for half surrogate pairs, which no UTF-8 can hold."""
    frame = frames.findings(renamed(report(cluster("c")), name))
    kept = name.encode("utf-8", "backslashreplace").decode()
    for column in ("cluster_name", "title", "subject", "item_reason", "remediation"):
        assert set(frame[column]) == {kept}
    assert set(frame["evidence"]) == {(kept,)}
    for build in BUILT.values():
        build(hostile(name))


def test_an_id_is_the_same_in_every_run():
    """A finding keeps its id when its outcome, its neighbours and the run change, and has no other's."""
    one = report(cluster("a"), cluster("b"))
    changed = control(4, Status.PASS, items=(item("front"), item("shop", Status.PASS)))
    two = msgspec.structs.replace(report(cluster("b"), cluster("a", controls=(changed,))),
                                  run=msgspec.structs.replace(one.run, id="20261124T080000Z"))  # fmt: skip
    keys = ["cluster_name", "control_id", "subject"]
    before, after = (frames.findings(each).set_index(keys)["finding_id"] for each in (one, two))
    assert after["a", "NB-ISO-01", "shop"] == before["a", "NB-ISO-01", "shop"]
    assert before.is_unique
    assert after.is_unique
    # fixed for ever: dashboards and tickets hold these
    assert before["a", "NB-ISO-01", "shop"] == "ca9e4ef2-5c3a-5153-aeb3-f277180ff9f7"


def test_ids_are_unique_where_names_repeat():
    """Items about one subject have an id each, and keep it; what stands beside them has another."""
    repeated = control(4, items=(item("shop"), item("shop", Status.PASS), item(""), item("2"), item("shop")))
    source = report(cluster("a", controls=(repeated, control(5, items=()))), cluster("b", controls=(repeated,)))
    ids = frames.findings(source)["finding_id"]
    assert ids.is_unique
    assert list(ids) == list(frames.findings(source)["finding_id"])
    assert ids.str.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}").all()


def test_nothing_is_lost_of_what_was_not_read():
    """An unread cluster has its controls as unknown with the reason, and a row even where it has no controls."""
    blank = unread_cluster("blank", controls=())
    frame = frames.findings(report(unread_cluster("dark"), blank)).set_index("cluster_name")
    assert set(frame.loc["dark", "item_status"]) == {"unknown"}
    assert set(frame.loc["dark", "evidence"]) == {(blank.unread,)}
    left = frame.loc["blank"]
    assert (left["status"], left["item_status"], left["read_state"]) == ("unknown", "unknown", "unread")
    assert (left["control_id"], left["item_reason"], left["evidence"]) == ("", "not-judged", (blank.unread,))
    assert pd.isna(left["severity"])
    assert pd.isna(left["fraction"])


def test_own_controls_are_a_family():
    """An operator's control stands among the others."""
    own = msgspec.structs.replace(control(4), id="ACME-NET-01")
    assert list(frames.findings(report(cluster("a", controls=(own,))))["family"]) == ["OWN"]


def test_controls_and_clusters_count_what_they_hold():
    """The counts of a control's items and of a cluster's controls are those of the report."""
    source = governed()
    controls, clusters = frames.controls(source), frames.clusters(source)
    judged = [*(c for each in source.clusters for c in each.controls), *source.fabric.controls]
    assert list(controls["control_id"]) == [each.id for each in judged]
    for status in Status:
        wanted = [sum(i.status is status for i in each.items) for each in judged]
        assert list(controls[f"items_{status}"]) == wanted
        wanted = [sum(c.status is status for c in each.controls) for each in source.clusters]
        assert list(clusters[f"controls_{status}"]) == wanted
    assert list(clusters["proven"]) == [each.score.proven for each in source.clusters]
    assert clusters["accepted_proven"].dropna().to_list() == [65.0]
    assert clusters.loc[clusters["read_state"] == "unread", "unread_reason"].str.contains("403").all()
    assert clusters.loc[clusters["read_state"] == "partial", "gaps"].to_list() == [
        ("services: forbidden, the role lacks list on services",)
    ]


def test_the_smaller_tables_hold_their_rows():
    """Requirements, places and waivers, the fabric's among them."""
    source = governed()
    fabric = msgspec.structs.replace(source.fabric, waivers=source.clusters[0].waivers[:1],
                                     score=Score(proven=1, ceiling=2, coverage=1))  # fmt: skip
    source = msgspec.structs.replace(source, fabric=fabric)
    wanted = frames.requirements(source).set_index("requirement_id")
    assert wanted["status"].to_dict() == {"1.2": "fail", "1.3": "pass", "9.9": "not_assessed"}
    assert wanted.loc["1.2", ["clusters_fail", "clusters_pass", "clusters_not_assessed"]].to_list() == [1, 1, 0]
    assert wanted.loc["9.9", "clusters_not_assessed"] == 2
    assert wanted.loc["1.2", "equal_controls"] == ("NB-ISO-01 fail", "NB-XC-01 not_judged")
    assert frames.scopes(source)["is_whole"].to_list() == [True, False]
    used = frames.waivers(source)
    assert list(zip(used["cloud"], used["waiver_id"], used["state"], strict=True)) == [
        ("aws", "W-2", "expired"), ("aws", "W-3", "unused"), ("aws", "W-1", "used"), ("fleet", "W-2", "expired"),
    ]  # fmt: skip
    assert set(used["approvers"]) == {("ciso@example.com",)}


def test_a_run_without_a_time_is_refused():
    """A report made by hand gives one line that says what to write."""
    source = msgspec.structs.replace(report(), run=msgspec.structs.replace(report().run, time="yesterday"))
    with pytest.raises(InputError, match="2026-11-23T08:00:00Z"):
        frames.findings(source)


def _shown(column: Column) -> str:
    known = f" ({', '.join(f'`{word}`' for word in column.known)})" if column.known else ""
    missing = "; may be missing" if column.nullable and "missing" not in column.meaning else ""
    return f"| `{column.name}` | {column.kind} | {column.meaning}{known}{missing} |"


@pytest.mark.parametrize("name", TABLES)
def test_the_documentation_says_the_same(name):
    """docs/findings.md has a table for each table, its rows the schema's columns in order."""
    section = re.search(rf"^### `{TABLES[name].schema}`\n(.*?)(?=^##|\Z)", DOC, re.DOTALL | re.MULTILINE)
    assert section is not None
    assert [line for line in section[1].splitlines() if line.startswith("| `")] == [
        _shown(c) for c in TABLES[name].columns
    ]
