"""`report` over real stores: one run, several stores joined, gates, and what is broken or missing said and never lost."""

from __future__ import annotations

import json
import re
import shutil

import jsonschema
import pytest

from functions.aggregate import Judging, aggregate
from functions.results import read_results
from functions.schemas import FOLDER
from infra.store import open_store
from scanner.errors import InputError, StoreError
from scanner.model import Cloud
from tests.factories import cluster
from tests.functions.stored_runs import (
    FIRST,
    SECOND,
    THIRD,
    audited,
    by_name,
    cluster_of,
    edited,
    place,
    reported,
    result_file,
    stored,
    unreadable,
)
from tests.functions.test_cli import WEB, ringfence, tree

SCHEMA = json.loads((FOLDER / "report-v1.json").read_text())


def test_a_runs_own_report_is_given_as_stored(tmp_path, capsysbinary):
    """By the store's root, the run's folder, or the file itself."""
    audited(tmp_path, FIRST, [cluster_of()])
    audited(tmp_path, SECOND, [cluster_of(closed=True)])
    whole = json.loads(stored(tmp_path, SECOND, "report.json").read_bytes())
    for url in (tmp_path, stored(tmp_path, SECOND, ""), stored(tmp_path, SECOND, "report.json")):
        assert reported(capsysbinary, url)[:2] == (0, whole)
    earlier = json.loads(stored(tmp_path, FIRST, "report.json").read_bytes())
    assert reported(capsysbinary, tmp_path, run=FIRST)[:2] == (0, earlier)
    assert reported(capsysbinary, stored(tmp_path, FIRST, ""))[1] == earlier


def test_a_missing_report_is_made_anew_from_results_alone(tmp_path, capsysbinary):
    """It equals the one that was lost, history included, and needs no snapshot."""
    audited(tmp_path, FIRST, [cluster_of("a"), cluster_of("b", Cloud.GCP)], [place()])
    audited(tmp_path, SECOND, [cluster_of("a", closed=True), unreadable(cluster(Cloud.GCP, "u"))], [place()])
    whole = json.loads(stored(tmp_path, SECOND, "report.json").read_bytes())
    stored(tmp_path, SECOND, "report.json").unlink()
    for snapshot in tmp_path.rglob("*.zst"):
        snapshot.unlink()
    code, found, err = reported(capsysbinary, tmp_path)
    assert (code, found) == (3, whole)
    assert "u: forbidden: grant the ClusterRole" in err
    assert [gone["name"] for gone in found["vanished"]] == ["b"]


def test_the_demo_report_is_made_anew_byte_for_byte(tmp_path):
    """With its fabric of seven clusters in three clouds, split over three stores in any order."""
    run = ringfence("audit", "--demo", "--allow-partial", "-o", str(tmp_path / "all"), "--time", "2026-11-23T06:00:00Z")
    assert run.returncode == 0, run.stderr
    whole = next((tmp_path / "all").rglob("report.json")).read_bytes()
    for cloud in ("aws", "gcp", "azure"):
        shutil.copytree(tmp_path / "all", tmp_path / cloud)
        for folder in next((tmp_path / cloud).rglob("clusters")).iterdir():
            if folder.name != cloud:
                shutil.rmtree(folder)
    answers = set()
    for order in (("aws", "gcp", "azure"), ("azure", "aws", "gcp")):
        flags = [word for cloud in order for word in ("--from", str(tmp_path / cloud))]
        run = ringfence("report", *flags, "--format", "json")
        assert run.returncode == 3, run.stderr
        answers.add(run.stdout)
    assert len(answers) == 1
    joined = json.loads(answers.pop())
    jsonschema.validate(joined, SCHEMA)
    assert joined | {"trend": []} == json.loads(whole) | {"trend": []}  # several stores have no one history
    next((tmp_path / "all").rglob("report.json")).unlink()
    again = ringfence("report", "--from", str(tmp_path / "all"), "--format", "json", "--allow-partial")
    assert (again.returncode, again.stdout.encode()) == (0, whole)


def test_stores_of_several_clouds_make_one_fleet(tmp_path, capsysbinary):
    """Each store's latest finished run counts, whatever the order they are named in."""
    audited(tmp_path / "aws", FIRST, [cluster_of("a")], [place()])
    audited(tmp_path / "aws", SECOND, [cluster_of("a", closed=True)], [place()])
    audited(tmp_path / "gcp", FIRST, [cluster_of("g", Cloud.GCP)], [place(cloud="gcp", account="p")])
    found = [
        reported(capsysbinary, *(tmp_path / name for name in order))[1]
        for order in (("aws", "gcp"), ("gcp", "aws"), ("gcp", "aws", "gcp"))
    ]
    assert found[0] == found[1] == found[2]
    joined = found[0]
    assert (joined["run"]["id"], list(by_name(joined))) == (SECOND, ["a", "g"])
    assert [scope["cloud"] for scope in joined["scopes"]] == ["aws", "gcp"]
    own = json.loads(stored(tmp_path / "aws", SECOND, "report.json").read_bytes())
    assert by_name(joined)["a"] == by_name(own)["a"]
    assert [group["name"] for group in joined["accounts"]] == ["aws/acct", "gcp/acct"]


def test_the_order_of_stores_decides_nothing_though_their_runs_share_an_id(tmp_path, capsysbinary):
    """Places that one searched and the other could not, and a cluster that both lost, come out alike."""
    clusters = [cluster_of("a"), cluster_of("lost")]
    audited(tmp_path / "x", FIRST, clusters, [place("denied"), place("ok", location="there")])
    audited(tmp_path / "y", FIRST, clusters, [place("ok"), place("denied", location="there")])
    result_file(tmp_path / "x", FIRST, "lost").write_bytes(b"{")
    result_file(tmp_path / "y", FIRST, "lost").unlink()
    one = reported(capsysbinary, tmp_path / "x", tmp_path / "y")
    assert one == reported(capsysbinary, tmp_path / "y", tmp_path / "x")
    assert (one[0], by_name(one[1])["lost"]["read"], len(one[1]["scopes"])) == (3, "unread", 5)


def test_of_a_cluster_in_two_stores_the_newest_result_counts(tmp_path, capsysbinary):
    """Whichever store is named first, and the report says so."""
    old, new = cluster_of("a", taken="2026-11-21T08:00:00Z"), cluster_of("a", closed=True, taken="2026-11-22T08:00:00Z")
    audited(tmp_path / "x", THIRD, [old])
    audited(tmp_path / "y", SECOND, [new])
    one = reported(capsysbinary, tmp_path / "x", tmp_path / "y")
    assert one[:2] == reported(capsysbinary, tmp_path / "y", tmp_path / "x")[:2]
    assert [each["taken"] for each in one[1]["clusters"]] == ["2026-11-22T08:00:00Z"]
    assert [scope["reason"] for scope in one[1]["scopes"]] == [
        f"a is in 2 stores: the result taken 2026-11-22T08:00:00Z by run {SECOND} counts"
    ]
    assert one[0] == 0


def test_a_store_that_cannot_be_read_leaves_the_others(tmp_path, capsysbinary):
    """It stands in the report as a place that was not searched, and the run is incomplete; none at all is an error."""
    audited(tmp_path / "aws", FIRST, [cluster_of("a")])
    code, found, err = reported(capsysbinary, tmp_path / "aws", tmp_path / "no")
    assert (code, list(by_name(found))) == (3, ["a"])
    assert [scope["outcome"] for scope in found["scopes"]] == ["error"]
    assert f"{tmp_path}/no: no such folder: check the path" in err
    with pytest.raises(InputError, match="none of the stores can be read"):
        reported(capsysbinary, tmp_path / "no", tmp_path / "neither")
    with pytest.raises(StoreError, match="no such folder"):
        reported(capsysbinary, tmp_path / "no")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:900]), "damaged or made by hand", id="cut"),
        pytest.param(lambda file: file.write_bytes(b""), "damaged or made by hand", id="empty"),
        pytest.param(lambda file: file.write_bytes(b'{"schema": "\xff"}'), "damaged or made by hand", id="not-utf-8"),
        pytest.param(lambda file: file.write_bytes(b'{"a": ' + b"[" * 100_000), "damaged or made by hand", id="deep"),
        pytest.param(lambda file: edited(file, schema="result/v9"), "schema 'result/v9'", id="other-schema"),
        pytest.param(lambda file: edited(file, tierWeight=-1), "tier weight", id="crafted"),
        pytest.param(
            lambda file: edited(file, cluster=json.loads(file.read_text())["cluster"] | {"name": "c"}),
            "whose place is elsewhere",
            id="another-clusters",
        ),
        pytest.param(lambda file: (file.unlink(), file.mkdir()), "", id="folder-of-that-name"),
        pytest.param(lambda file: file.unlink(), "is not in the store: audit it again", id="gone"),
    ],
)
def test_a_broken_result_is_named_and_its_cluster_unread(tmp_path, capsysbinary, damage, said):
    """One line, exit 3, and the cluster counts as what nobody could look into."""
    audited(tmp_path, FIRST, [cluster_of("a", closed=True), cluster_of("b")])
    stored(tmp_path, FIRST, "report.json").unlink()
    damage(result_file(tmp_path, FIRST, "b"))
    code, found, err = reported(capsysbinary, tmp_path)
    lost = by_name(found)["b"]
    assert (code, lost["read"], lost["grade"]) == (3, "unread", "insufficient evidence")
    assert lost["score"] == {"proven": 0.0, "ceiling": 100.0, "coverage": 0.0}
    known = {control["id"] for control in lost["controls"] if control["status"] not in {"unknown", "not_applicable"}}
    assert known == {"NB-OBS-06"}  # that it was not seen whole is what is known
    assert said in lost["unread"]
    assert "Traceback" not in err
    assert "b: " in err
    assert lost["id"] == "aws/acct/here/b"
    jsonschema.validate(found, SCHEMA)


def test_another_stores_result_stands_in_for_a_broken_one(tmp_path, capsysbinary):
    """The broken one is still named, and the exit code says that something was not read."""
    audited(tmp_path / "x", FIRST, [cluster_of("a")])
    audited(tmp_path / "y", FIRST, [cluster_of("a")])
    result_file(tmp_path / "x", FIRST, "a").write_bytes(b"{")
    code, found, err = reported(capsysbinary, tmp_path / "x", tmp_path / "y")
    assert (code, by_name(found)["a"]["read"]) == (3, "complete")
    assert "x/v1/runs" in err


def test_without_its_record_a_run_may_lack_clusters(tmp_path, capsysbinary):
    """What lies there is reported; that nobody knows what is missing is said. A record that is broken is named."""
    audited(tmp_path, FIRST, [cluster_of("a")])
    stored(tmp_path, FIRST, "report.json").unlink()
    stored(tmp_path, FIRST, "run.json").write_text("{")
    code, found, err = reported(capsysbinary, tmp_path)
    assert (code, list(by_name(found))) == (3, ["a"])
    assert "run.json: cannot be read" in err
    stored(tmp_path, FIRST, "run.json").unlink()
    code, found, _ = reported(capsysbinary, tmp_path)
    assert code == 3
    assert "what the run set out to read is not known" in found["scopes"][0]["reason"]
    assert found["run"] == {"id": FIRST, "time": "2026-11-21T08:00:00Z", "tool": ""}


def test_a_record_of_an_earlier_version_counts_what_is_missing(tmp_path, capsysbinary):
    """It knows how many clusters there were, by labels alone."""
    audited(tmp_path, FIRST, [cluster_of("a"), cluster_of("b")])
    stored(tmp_path, FIRST, "report.json").unlink()
    edited(stored(tmp_path, FIRST, "run.json"), clusters={})
    assert reported(capsysbinary, tmp_path)[0] == 0
    result_file(tmp_path, FIRST, "b").unlink()
    code, found, err = reported(capsysbinary, tmp_path)
    assert (code, list(by_name(found))) == (3, ["a"])
    assert f"1 of the 2 clusters that run {FIRST} set out to read have no result" in err


def test_an_interrupted_run_is_never_the_latest(tmp_path, capsysbinary):
    """Asked for by its id it says what it lacks, cluster by cluster."""
    audited(tmp_path, FIRST, [cluster_of("a"), cluster_of("b")])
    audited(tmp_path, SECOND, [cluster_of("a"), cluster_of("b")])
    edited(stored(tmp_path, SECOND, "run.json"), interrupted=True)
    edited(tmp_path / "v1/latest.json", run=FIRST)
    stored(tmp_path, SECOND, "report.json").unlink()
    shutil.rmtree(result_file(tmp_path, SECOND, "b").parent)
    assert reported(capsysbinary, tmp_path)[1]["run"]["id"] == FIRST
    code, found, _ = reported(capsysbinary, tmp_path, run=SECOND)
    assert (code, by_name(found)["b"]["unread"]) == (
        3, f"run {SECOND} was interrupted before it was judged: run again with --run-id {SECOND}",
    )  # fmt: skip
    assert found["trend"] == []
    left = {"cloud": "", "account": "", "location": "b", "outcome": "error", "reason": "interrupted: b"}
    edited(stored(tmp_path, SECOND, "run.json"), scopes=[left])
    assert by_name(reported(capsysbinary, tmp_path, run=SECOND)[1])["b"]["unread"] == "interrupted: b"


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        pytest.param({}, 3, "incomplete", id="incomplete"),
        pytest.param({"allow_partial": True}, 0, "", id="allowed"),
        pytest.param({"allow_partial": True, "fail_on": "critical"}, 1, "gate failed: NB-", id="severity"),
        pytest.param({"allow_partial": True, "min_score": 99.0}, 1, "fleet score", id="score"),
        pytest.param({"allow_partial": True, "min_score": 0.0}, 0, "", id="score-holds"),
    ],
)
def test_gates_are_those_of_audit(tmp_path, capsysbinary, flags, code, said):
    """Of a stored report and of one that is made anew alike."""
    audited(tmp_path, FIRST, [cluster_of("a"), unreadable(cluster(name="u"))])
    whole = reported(capsysbinary, tmp_path, **flags)
    stored(tmp_path, FIRST, "report.json").unlink()
    assert whole == reported(capsysbinary, tmp_path, **flags)
    assert (whole[0], said in whole[2]) == (code, True)


def test_a_framework_can_be_asked_of_a_stored_run(tmp_path, capsysbinary):
    """Its view is that of an audit with the flag; asked again it is there once."""
    audited(tmp_path, FIRST, [cluster_of("a")])
    asked = reported(capsysbinary, tmp_path, frameworks=("cis-eks", "cis-eks", "nist-sp-800-53"))[1]
    assert asked["frameworks"][0]["name"].startswith("CIS")
    assert len(asked["frameworks"]) == 2
    file = tmp_path / "seen/report.json"
    file.parent.mkdir()
    file.write_text(json.dumps(asked))
    assert reported(capsysbinary, file, frameworks=("cis-eks",))[1]["frameworks"] == [
        asked["frameworks"][1], asked["frameworks"][0],
    ]  # fmt: skip


def test_flags_without_effect_are_refused(tmp_path, capsysbinary):
    """Whoever gives one counts on it."""
    audited(tmp_path, FIRST, [cluster_of("a")])
    pair = (FIRST, FIRST)
    for flags, said in (
        ({"cluster": "a"}, "--cluster has no effect"),
        ({"fail_on_new": "high"}, "--fail-on-new has no effect"),
        ({"history": True, "compare": pair}, "two questions"),
        ({"history": True, "answer": "html"}, "choose one of table, json"),
        ({"compare": pair, "answer": "html"}, "choose one of table, json, md"),
        ({"bundle": "x.zip", "history": True}, "one thing at a time"),
        ({"bundle": "x.zip", "github_summary": True}, "one thing at a time"),
        ({"bundle": "x.zip", "answer": "md"}, "leave --output and --format out"),
        ({"sign": "a.key"}, "give --bundle FILE.zip"),
        ({"compare": pair, "min_score": 1.0}, "--min-score has no effect on --compare"),
        ({"history": True, "run": FIRST}, "--run has no effect on --history"),
    ):
        with pytest.raises(InputError, match=re.escape(said)):
            reported(capsysbinary, tmp_path, **flags)
    with pytest.raises(InputError, match="--from is missing"):
        reported(capsysbinary)
    with pytest.raises(InputError, match="one report alone"):
        reported(capsysbinary, tmp_path, stored(tmp_path, FIRST, "report.json"))


def test_a_collected_run_has_no_report(tmp_path, capsysbinary):
    """It says what judges it; a run that is not there is no such run."""
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s/web.yaml").write_text(WEB)
    done = ringfence("collect", "--manifests", "k8s", "-o", "out", "--time", "2026-11-21T08:00:00Z", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads(stored(tmp_path / "out", FIRST, "run.json").read_bytes())
    assert record["clusters"]["k8s"]["name"] == "k8s"
    with pytest.raises(InputError, match="was only collected: judge it with `ringfence audit --snapshots"):
        reported(capsysbinary, tmp_path / "out", run=FIRST)
    with pytest.raises(InputError, match="no such run"):
        reported(capsysbinary, tmp_path / "out", run=SECOND)
    with pytest.raises(InputError, match="run id"):
        reported(capsysbinary, tmp_path / "out", run="../x")


def test_networks_that_were_read_are_judged_again_with_the_fleet(tmp_path, capsysbinary):
    """A stored topology that is broken is named, and what the records tell stands in for it."""
    audited(tmp_path, FIRST, [cluster_of("a"), cluster_of("g", Cloud.GCP)])
    stored(tmp_path, FIRST, "report.json").unlink()
    assert reported(capsysbinary, tmp_path)[0] == 0
    stored(tmp_path, FIRST, "topology.json").write_text('{"version": "topology/v0"}')
    code, found, err = reported(capsysbinary, tmp_path)
    assert (code, len(found["clusters"])) == (3, 2)
    assert "topology.json: is 'topology/v0'" in err


def test_reading_writes_nothing(tmp_path, capsysbinary):
    """Whatever is asked, the store stays as it was."""
    audited(tmp_path, FIRST, [cluster_of("a")])
    audited(tmp_path, SECOND, [cluster_of("a", closed=True)])
    stored(tmp_path, SECOND, "report.json").unlink()
    before = tree(tmp_path)
    for flags in ({}, {"history": True}, {"compare": (FIRST, SECOND)}):
        reported(capsysbinary, tmp_path, **flags)
    assert tree(tmp_path) == before


def test_a_store_in_memory_is_joined_like_a_folder():
    """Nothing in aggregation is of folders."""
    store = open_store("memory://")
    outcome = audited(store, FIRST, [cluster_of("a"), cluster_of("b")])
    found = aggregate([read_results(store, FIRST)], Judging())
    assert (found.report, found.broken) == (outcome.report, ())
