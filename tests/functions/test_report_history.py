"""The history of a store: trend, vanished clusters, changes of the baseline, and damaged summaries that are passed over."""

from __future__ import annotations

import json

import jsonschema
import pytest

from functions.schemas import FOLDER
from reports.document import Scope
from scanner.baselines import BASELINE_VERSION
from scanner.errors import InputError
from scanner.model import Cloud
from tests.factories import cluster
from tests.functions.stored_runs import (
    FIRST,
    SECOND,
    THIRD,
    audited,
    cluster_of,
    edited,
    place,
    reported,
    stored,
    unreadable,
)
from tests.functions.test_cli import ringfence

SCHEMA = json.loads((FOLDER / "history-v1.json").read_text())
SUMMARY = json.loads((FOLDER / "summary-v1.json").read_text())


def names(clusters) -> list[str]:
    """What clusters are called."""
    return [each["name"] for each in clusters]


def report_of(url, run):
    """A run's stored report."""
    return json.loads(stored(url, run, "report.json").read_bytes())


def test_each_run_adds_a_point_to_the_trend(tmp_path):
    """The points are the scores the reports had, the oldest first, this run's last; a re-delivered run changes nothing."""
    for run, closed in ((FIRST, False), (SECOND, True), (THIRD, True)):
        audited(tmp_path, run, [cluster_of("a", closed=closed), cluster_of("g", Cloud.GCP)])
        jsonschema.validate(json.loads(stored(tmp_path, run, "summary.json").read_bytes()), SUMMARY)
    trend = report_of(tmp_path, THIRD)["trend"]
    assert [point["run"] for point in trend] == [FIRST, SECOND, THIRD]
    for point in trend:
        fleet = report_of(tmp_path, point["run"])["fleet"]
        assert {name: point[name] for name in fleet["score"]} == fleet["score"]
        assert (point["grade"], point["clusters"], point["unread"]) == (fleet["grade"], 2, 0)
    before = stored(tmp_path, SECOND, "report.json").read_bytes()
    audited(tmp_path, SECOND, [cluster_of("a", closed=True), cluster_of("g", Cloud.GCP)])
    assert stored(tmp_path, SECOND, "report.json").read_bytes() == before


def test_a_cluster_that_is_gone_is_listed_and_not_scored(tmp_path, capsysbinary):
    """With its last run and score; in a place that was searched, or that nobody looked in. One run later it is history."""
    audited(tmp_path, FIRST, [cluster_of("a"), cluster_of("b"), cluster_of("g", Cloud.GCP)], [place()])
    last = {each["name"]: each for each in report_of(tmp_path, FIRST)["clusters"]}
    audited(tmp_path, SECOND, [cluster_of("a")], [place()])
    found = report_of(tmp_path, SECOND)
    assert names(found["vanished"]) == ["b", "g"]
    assert [gone["reason"].partition(",")[0] for gone in found["vanished"]] == [
        "its place was searched", "its place was not looked in: is it among the sources?",
    ]  # fmt: skip
    assert [gone["score"] for gone in found["vanished"]] == [last["b"]["score"], last["g"]["score"]]
    assert (found["fleet"]["clusters"], found["unseen"]) == (1, [])
    table = reported(capsysbinary, tmp_path, answer="table")[1]
    assert "Vanished: b (aws, here)" in table
    assert "Clusters that vanished" in stored(tmp_path, SECOND, "report.html").read_text()
    audited(tmp_path, THIRD, [cluster_of("a")], [place()])
    assert report_of(tmp_path, THIRD)["vanished"] == []


@pytest.mark.parametrize(
    "blind",
    [
        pytest.param(place("denied", "no eks:ListClusters"), id="its-region"),
        pytest.param(place("error", "timeout", location=""), id="its-account"),
        pytest.param(place("partial", "broken page", account="", location=""), id="its-cloud"),
        pytest.param(place("denied", "no", account="999", location="organization"), id="list-of-accounts"),
        pytest.param(Scope(cloud="", account="", location="b", outcome="error", reason="refused"), id="its-context"),
        pytest.param(
            Scope(cloud="", account="", location="aws acct here", outcome="error", reason="denied"), id="place-in-words"
        ),
    ],
)
def test_a_cluster_whose_place_was_not_searched_is_not_vanished(tmp_path, capsysbinary, blind):
    """It is not seen, with the reason, until its place is searched again: no run in between makes it forgotten."""
    audited(tmp_path, FIRST, [cluster_of("b"), cluster_of("g", Cloud.GCP)])
    others = [cluster_of("g", Cloud.GCP)]
    for run in (SECOND, THIRD):
        audited(tmp_path, run, others, [blind])
        found = report_of(tmp_path, run)
        assert (found["vanished"], names(found["unseen"])) == ([], ["b"])
        assert (found["unseen"][0]["run"], blind.reason in found["unseen"][0]["reason"]) == (FIRST, True)
    assert "Not seen, for its place was not searched: b" in reported(capsysbinary, tmp_path, answer="table")[1]
    last = "20261124T080000Z"
    audited(tmp_path, last, others, [place()])
    assert (names(report_of(tmp_path, last)["vanished"]), report_of(tmp_path, last)["unseen"]) == (["b"], [])


def test_an_unread_cluster_is_not_vanished(tmp_path):
    """It is there, and unread; only what nobody named is missing."""
    audited(tmp_path, FIRST, [cluster_of("a")])
    audited(tmp_path, SECOND, [unreadable(cluster(Cloud.AWS, "a")), cluster_of("b")])
    found = report_of(tmp_path, SECOND)
    assert (found["vanished"], found["unseen"], found["fleet"]["unread"]) == ([], [], 1)


def test_missing_clusters_of_joined_stores_are_those_no_store_has(tmp_path, capsysbinary):
    """A cluster that moved from one store to another is there."""
    audited(tmp_path / "x", FIRST, [cluster_of("a"), cluster_of("moved"), cluster_of("gone")])
    audited(tmp_path / "x", SECOND, [cluster_of("a")])
    audited(tmp_path / "y", SECOND, [cluster_of("moved")])
    found = reported(capsysbinary, tmp_path / "x", tmp_path / "y")[1]
    assert (names(found["clusters"]), names(found["vanished"]), found["trend"]) == (["a", "moved"], ["gone"], [])


def test_history_shows_fleet_clouds_clusters_and_controls(tmp_path, capsysbinary):
    """As a document that its schema takes, and as a table."""
    for run, closed in ((FIRST, False), (SECOND, True)):
        audited(
            tmp_path, run, [cluster_of("a", closed=closed), cluster_of("g", Cloud.GCP), cluster_of("b")][: 2 + closed]
        )
    code, found, _ = reported(capsysbinary, tmp_path, history=True, cluster="[ab]", control="NB-ISO-01")
    jsonschema.validate(found, SCHEMA)
    assert (code, found["damaged"], found["changes"]) == (0, [], [])
    assert [point["run"] for point in found["fleet"]] == [FIRST, SECOND]
    assert [len(points) for points in found["clouds"].values()] == [2, 2]
    assert [(each["name"], len(each["points"])) for each in found["clusters"]] == [("a", 2), ("b", 1)]
    for each in found["clusters"]:
        for point in each["points"]:
            wanted = next(c for c in report_of(tmp_path, point["run"])["clusters"] if c["name"] == each["name"])
            status = {control["id"]: control["status"] for control in wanted["controls"]}
            assert (point["proven"], point["status"]) == (wanted["score"]["proven"], status["NB-ISO-01"])
    for point in found["control"]["points"]:
        rows = {row["id"]: row["counts"] for row in report_of(tmp_path, point["run"])["controls"]}
        assert point["counts"] == rows["NB-ISO-01"]
    table = reported(capsysbinary, tmp_path, answer="table", history=True, cluster="aws/acct/here/a")[1]
    assert [line for line in table.splitlines() if line.startswith("a (")] == ["a (aws, acct, here)"]
    assert table.count(SECOND) == 2
    for flags, said in (({"cluster": "nobody"}, "no run of this store saw it"), ({"control": "NB-NO-01"}, "judged it")):
        with pytest.raises(InputError, match=said):
            reported(capsysbinary, tmp_path, history=True, **flags)
    for url in (stored(tmp_path, FIRST, ""), stored(tmp_path, FIRST, "report.json")):
        with pytest.raises(InputError, match="--history is of one store"):
            reported(capsysbinary, url, history=True)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:200]), "damaged or made by hand", id="cut"),
        pytest.param(lambda file: file.write_bytes(b"\xff"), "damaged or made by hand", id="not-json"),
        pytest.param(lambda file: edited(file, schema="summary/v2"), "instead of 'summary/v1'", id="other-schema"),
        pytest.param(
            lambda file: edited(file, run={"id": THIRD, "time": "", "tool": ""}), "is of run", id="another-runs"
        ),
        pytest.param(lambda file: (file.unlink(), file.mkdir()), "not a plain file", id="folder-of-that-name"),
    ],
)
def test_a_damaged_summary_is_named_and_passed_over(tmp_path, capsysbinary, damage, said):
    """By audit, report and history alike, which exit 3; the summary before it tells what is missing."""
    audited(tmp_path, FIRST, [cluster_of("a"), cluster_of("b")], [place()])
    audited(tmp_path, SECOND, [cluster_of("a")], [place()])
    damage(stored(tmp_path, SECOND, "summary.json"))
    outcome = audited(tmp_path, THIRD, [cluster_of("a")], [place()])
    assert len(outcome.incomplete) == 1
    assert said in outcome.incomplete[0]
    found = report_of(tmp_path, THIRD)
    assert [point["run"] for point in found["trend"]] == [FIRST, THIRD]
    assert names(found["vanished"]) == ["b"]
    code, history, err = reported(capsysbinary, tmp_path, history=True)
    assert (code, [point["run"] for point in history["fleet"]]) == (3, [FIRST, THIRD])
    assert said in err
    assert f"{SECOND}/summary.json" in err
    assert reported(capsysbinary, tmp_path, history=True, allow_partial=True)[0] == 0


def test_where_the_baseline_changed_the_run_before_is_scored_by_both(tmp_path, capsysbinary):
    """From its snapshots, by the version of this program; where that cannot be, it is said why."""
    audited(tmp_path, FIRST, [cluster_of("a"), cluster_of("b")])
    audited(tmp_path, SECOND, [cluster_of("a", closed=True), cluster_of("b")])
    own = report_of(tmp_path, FIRST)["fleet"]["score"]
    file = stored(tmp_path, FIRST, "summary.json")
    summary = json.loads(file.read_bytes())
    old = {"proven": 99.0, "ceiling": 99.5, "coverage": 0.9}
    edited(file, baseline="0.9.0", fleet=summary["fleet"] | {"score": old})
    (change,) = reported(capsysbinary, tmp_path, history=True)[1]["changes"]
    assert change == {
        "run": FIRST, "before": "0.9.0", "after": BASELINE_VERSION, "underBefore": old, "underAfter": own, "why": "",
    }  # fmt: skip
    assert (
        f"99.0 (up to 99.5, coverage 90%) by 0.9.0 and {own['proven']}"
        in (reported(capsysbinary, tmp_path, answer="table", history=True)[1])
    )
    audited(tmp_path, SECOND, [cluster_of("a", closed=True), cluster_of("b")])
    table = reported(capsysbinary, stored(tmp_path, SECOND, ""), answer="table")[1]
    assert "by baseline 0.9.0: `ringfence report --history`" in " ".join(table.split())
    next(stored(tmp_path, FIRST, "clusters").rglob("*.zst")).unlink()
    (change,) = reported(capsysbinary, tmp_path, history=True)[1]["changes"]
    assert (change["underAfter"], "snapshot.json.zst: no such object" in change["why"]) == (None, True)
    edited(stored(tmp_path, SECOND, "summary.json"), baseline="2.0.0")
    changes = reported(capsysbinary, tmp_path, history=True)[1]["changes"]
    assert [each["why"] for each in changes] == [f"this ringfence judges by {BASELINE_VERSION}"]


def test_a_store_without_history_says_so(tmp_path, capsysbinary):
    """An interrupted run is none, and what lies beside runs is passed over."""
    audited(tmp_path, FIRST, [cluster_of("a")])
    stored(tmp_path, FIRST, "summary.json").unlink()
    (tmp_path / "v1/runs/notes").mkdir()
    (tmp_path / "v1/runs/notes/x.txt").write_text("x")
    code, table, _ = reported(capsysbinary, tmp_path, answer="table", history=True)
    assert (code, table) == (0, "No finished run has left a summary in this store.\n")


def test_readme_shows_the_history_of_the_demo(tmp_path):
    """The README's table is the program's."""
    from tests.test_docs import README  # noqa: PLC0415

    for day in (22, 23):
        done = ringfence(
            "audit", "--demo", "--allow-partial", "-o", str(tmp_path), "--time", f"2026-11-{day}T08:00:00Z"
        )
        assert done.returncode == 0, done.stderr
    shown = README.split("$ ringfence report --from ./out --history\n")[1].split("```")[0]
    assert ringfence("report", "--from", str(tmp_path), "--history").stdout == shown
