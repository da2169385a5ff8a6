"""Two stored runs side by side: what is new, fixed, unknown or gone, in findings, clusters, scores and connections."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from functions.schemas import FOLDER
from scanner.errors import InputError, RingfenceError
from scanner.model import Cloud, Snapshot
from tests.factories import cluster, policy
from tests.functions.stored_runs import FIRST, SECOND, THIRD, audited, reported, stored, unreadable
from tests.functions.test_cli import ALLOW, WEB, ringfence
from tests.scanner.controls.clusters import eks, web

SCHEMA = json.loads((FOLDER / "runs-diff-v1.json").read_text())


def compared(capsysbinary, url, before: str = FIRST, after: str = SECOND, **flags) -> tuple[int, Any, str]:
    """The comparison as a document that its schema takes."""
    code, found, err = reported(capsysbinary, url, compare=(before, after), **flags)
    jsonschema.validate(found, SCHEMA)
    assert found["counts"] == {
        state: sum(each["state"] == state for each in found["findings"]) for state in found["counts"]
    }
    return code, found, err


def of(found, state: str, control: str = "NB-ISO-01") -> list[tuple[str, str, str, str]]:
    """The findings of one state and control: cluster, subject, status before and after."""
    return [
        (each["name"], each["subject"], each["before"], each["after"])
        for each in found["findings"]
        if (each["state"], each["control"]) == (state, control)
    ]


def on_eks(name: str = "a", *, closed: bool = False, **overrides: Any) -> Snapshot:
    """A cluster whose data plane is seen to enforce; `closed` denies everything both ways in its one namespace."""
    pods = (web(), web("db-1", ips=("10.0.0.10",)))
    policies = [policy(name="deny")] if closed else []
    return eks(*pods, **({"policies": policies, "cluster": cluster(Cloud.AWS, name)} | overrides))


def test_what_failed_and_no_longer_does_is_fixed_and_the_reverse_new(tmp_path, capsysbinary):
    """By cluster, control and subject, under the same id; equal runs differ in nothing."""
    first = audited(tmp_path, FIRST, [on_eks("a"), on_eks("b", closed=True)]).report
    audited(tmp_path, SECOND, [on_eks("a", closed=True), on_eks("b")])
    code, found, _ = compared(capsysbinary, tmp_path)
    assert code == 0
    back = compared(capsysbinary, tmp_path, SECOND, FIRST)[1]
    fixed = {(each["cluster"], each["id"]) for each in found["findings"] if each["state"] == "fixed"}
    assert of(found, "fixed") == [("a", "shop", "fail", "pass")]
    assert of(found, "new") == [("b", "shop", "pass", "fail")]
    assert fixed == {(each["cluster"], each["id"]) for each in back["findings"] if each["state"] == "new"}
    same = compared(capsysbinary, tmp_path, FIRST, FIRST)[1]
    controls = [control for each in first.clusters for control in each.controls]
    failing = sum(max(1, sum(i.status == "fail" for i in c.items)) for c in controls if c.status == "fail")
    assert same["counts"] == dict.fromkeys(same["counts"], 0) | {"still-failing": failing}
    assert same["connections"] == []


def test_what_is_unread_now_is_neither_fixed_nor_still_failing(tmp_path, capsysbinary):
    """Nothing is known of it, of a vanished cluster nothing is said, and a new one's failures are new."""
    audited(tmp_path, FIRST, [on_eks("a"), on_eks("gone")])
    audited(tmp_path, SECOND, [unreadable(cluster(Cloud.AWS, "a")), on_eks("born")])
    code, found, err = compared(capsysbinary, tmp_path)
    assert (code, "a: forbidden" in err) == (3, True)
    assert of(found, "not-known") == [("a", "shop", "fail", "absent")]
    assert of(found, "new") == [("born", "shop", "absent", "fail")]
    for state in ("fixed", "still-failing", "became-unknown"):
        assert of(found, state) == []
    states = {
        each["name"]: (each["state"], each["before"] is None, each["after"] is None) for each in found["clusters"]
    }
    assert states == {
        "a": ("unread", False, False), "born": ("new", True, False), "gone": ("vanished", False, True),
    }  # fmt: skip
    assert [each["name"] for each in found["findings"] if each["name"] == "gone"] == []
    assert next(each["failing"] for each in found["clusters"] if each["name"] == "gone") > 0
    table = reported(capsysbinary, tmp_path, answer="table", compare=(FIRST, SECOND))[1]
    assert "Vanished clusters: gone; of their" in table
    back = compared(capsysbinary, tmp_path, SECOND, FIRST)[1]
    assert of(back, "new") == [("a", "shop", "absent", "fail"), ("gone", "shop", "absent", "fail")]


def test_what_became_unknown_is_not_fixed(tmp_path, capsysbinary):
    """The agent's list is refused in the second run, so whether anything enforces cannot be told any more."""
    audited(tmp_path, FIRST, [on_eks("a"), on_eks("b", closed=True)])
    unlisted = {"unlisted": ["daemonsets.apps", "networkpolicies.networking.k8s.io"], "daemon_sets": []}
    audited(tmp_path, SECOND, [on_eks("a", **unlisted), on_eks("b", closed=True, **unlisted)])
    found = compared(capsysbinary, tmp_path)[1]
    assert of(found, "fixed") == []
    assert {each[0] for each in of(found, "became-unknown")} == {"a", "b"}


def test_what_is_waived_is_neither_fixed_nor_new(tmp_path, capsysbinary):
    """It says so; once the waiver is gone it is new again."""
    audited(tmp_path, FIRST, [on_eks("a")])
    audited(tmp_path, SECOND, [on_eks("a")])
    file = stored(tmp_path, SECOND, "report.json")
    report = json.loads(file.read_bytes())
    for control in report["clusters"][0]["controls"]:
        if control["id"] == "NB-ISO-01":
            control["status"] = control["items"][0]["status"] = "waived"
    file.write_text(json.dumps(report))
    assert of(compared(capsysbinary, tmp_path)[1], "waived") == [("a", "shop", "fail", "waived")]
    assert of(compared(capsysbinary, tmp_path, SECOND, FIRST)[1], "new") == [("a", "shop", "waived", "fail")]


def test_controls_of_one_version_alone_stand_apart(tmp_path, capsysbinary):
    """They are neither new nor fixed, and the older run is scored by this version's baseline from its snapshots."""
    audited(tmp_path, FIRST, [on_eks("a")])
    audited(tmp_path, SECOND, [on_eks("a")])
    own = json.loads(stored(tmp_path, FIRST, "report.json").read_bytes())
    old = json.loads(json.dumps(own).replace('"NB-ISO-01"', '"NB-OLD-01"')) | {"baseline": "0.9.0"}
    old["fleet"]["score"]["proven"] = 0.0
    stored(tmp_path, FIRST, "report.json").write_text(json.dumps(old))
    found = compared(capsysbinary, tmp_path)[1]
    assert [each["id"] for each in found["controlsOnlyBefore"]] == ["NB-OLD-01"]
    assert [(each["id"], each["failing"]) for each in found["controlsOnlyAfter"]] == [("NB-ISO-01", 1)]
    assert (found["counts"]["new"], found["counts"]["fixed"]) == (0, 0)
    assert {each["control"] for each in found["findings"]}.isdisjoint({"NB-OLD-01", "NB-ISO-01"})
    assert (found["before"]["rejudged"], found["before"]["why"]) == (own["fleet"]["score"], "")
    assert (found["after"]["rejudged"], "judges by" in found["after"]["why"]) == (None, True)
    table = reported(capsysbinary, tmp_path, answer="table", compare=(FIRST, SECOND))[1]
    assert f"Run {FIRST} by baseline 1.0.0: {own['fleet']['score']['proven']}" in table
    assert f"Judged in run {FIRST} alone: NB-OLD-01 (1 of them fail there), so neither new nor fixed" in table
    next(stored(tmp_path, FIRST, "clusters").rglob("*.zst")).unlink()
    found = compared(capsysbinary, tmp_path)[1]
    assert "no such object" in found["before"]["why"]


def test_connections_that_opened_or_closed_are_counted_with_examples(tmp_path, capsysbinary):
    """At the effective level, by both snapshots; where none differ the cluster is left out."""
    audited(tmp_path, FIRST, [on_eks("a"), on_eks("b", closed=True), on_eks("same", closed=True)])
    audited(tmp_path, SECOND, [on_eks("a", closed=True), on_eks("b"), on_eks("same", closed=True)])
    code, found, _ = compared(capsysbinary, tmp_path)
    assert code == 0
    one, other = found["connections"]
    assert (one["name"], one["counts"]["added"], other["name"], other["counts"]["removed"]) == ("a", 0, "b", 0)
    assert one["counts"]["removed"] == other["counts"]["added"] > 0
    between = [each for each in one["examples"] if each["src"] == "shop/web[Deployment]"]
    assert between
    assert {each["kind"] for each in between} == {"removed"}
    assert between[0]["causes"] == ["NetworkPolicy shop/deny added"]
    assert len(one["examples"]) <= 20


def test_a_missing_snapshot_is_named(tmp_path, capsysbinary):
    """What its cluster's connections did cannot be said, and the answer is not whole."""
    audited(tmp_path, FIRST, [on_eks("a"), on_eks("b")])
    audited(tmp_path, SECOND, [on_eks("a", closed=True), on_eks("b", closed=True)])
    next(stored(tmp_path, FIRST, "clusters").rglob("b/*.zst")).unlink()
    code, found, err = compared(capsysbinary, tmp_path)
    assert (code, [bool(each["why"]) for each in found["connections"]]) == (3, [False, True])
    assert "b: connections not compared:" in err
    assert compared(capsysbinary, tmp_path, allow_partial=True)[0] == 0
    whole = next(stored(tmp_path, FIRST, "clusters").rglob("a/*.zst"))
    whole.write_bytes(whole.read_bytes()[:50])
    assert "cut short" in compared(capsysbinary, tmp_path)[1]["connections"][0]["why"]


def test_runs_are_named_by_id_folder_or_report(tmp_path, capsysbinary):
    """Each gives the same findings; a report alone has no snapshots, and that is said."""
    audited(tmp_path / "x", FIRST, [on_eks("a")])
    audited(tmp_path / "y", SECOND, [on_eks("a", closed=True)])
    pairs = [
        (str(stored(tmp_path / "x", FIRST, name)), str(stored(tmp_path / "y", SECOND, name)))
        for name in ("", "report.json")
    ]
    pairs.append((str(tmp_path / "x"), SECOND))
    answers = [compared(capsysbinary, tmp_path / "y", *pair) for pair in pairs]
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0][0], answers[0][1]["counts"]["fixed"] > 0) == (0, True)
    alone = tmp_path / "mail.json"
    alone.write_bytes(stored(tmp_path / "x", FIRST, "report.json").read_bytes())
    code, found, _ = compared(capsysbinary, tmp_path / "y", str(alone), SECOND)
    assert (code, found["counts"]) == (3, answers[0][1]["counts"])
    assert found["connections"][0]["why"] == "no snapshots are beside its report"
    for pair, said in (
        ((FIRST, THIRD), "no such run"),
        (("../x", THIRD), "no such folder"),
        ((SECOND, ""), "no store"),
    ):
        with pytest.raises(RingfenceError, match=said):
            reported(capsysbinary, tmp_path / "y", compare=pair)
    with pytest.raises(InputError, match="give the store it is in with --from"):
        reported(capsysbinary, compare=(FIRST, SECOND))


def test_new_failures_can_be_a_gate(tmp_path, capsysbinary):
    """Of the severity or worse; old ones do not fail it."""
    audited(tmp_path, FIRST, [on_eks("a", closed=True)])
    audited(tmp_path, SECOND, [on_eks("a")])
    code, _, err = compared(capsysbinary, tmp_path, fail_on_new="critical")
    assert (code, "gate failed: NB-ISO-01 on a newly fails" in err) == (1, True)
    assert compared(capsysbinary, tmp_path, SECOND, SECOND, fail_on_new="low")[0] == 0


def test_names_from_a_cluster_are_neither_markup_nor_control(tmp_path, capsysbinary):
    """In the table and in Markdown."""
    hostile = "x\x1b[31m|`<b>@team](http://e)"
    audited(tmp_path, FIRST, [on_eks("a", cluster=cluster(Cloud.AWS, hostile))])
    audited(tmp_path, SECOND, [on_eks("a", closed=True, cluster=cluster(Cloud.AWS, hostile))])
    for answer in ("table", "md"):
        out = reported(capsysbinary, tmp_path, answer=answer, compare=(FIRST, SECOND))[1]
        assert "\x1b" not in out
        assert "\\x1b[31m" in out
    assert "`x\\x1b[31m¦'<b>@team](http://e)`" in out  # code, with lookalikes for what would end it
    assert all(line.count("|") == 5 for line in out.splitlines() if line.startswith("| "))


def test_readme_shows_a_comparison(tmp_path):
    """The README's lines are the program's: a policy is added between two audits of a folder."""
    from tests.test_docs import README  # noqa: PLC0415

    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s/workloads.yaml").write_text(WEB)
    flags = ("audit", "--manifests", "k8s", "--allow-partial", "-o", "out", "--time")
    assert ringfence(*flags, "2026-11-22T08:00:00Z", cwd=tmp_path).returncode == 0
    (tmp_path / "k8s/policy.yaml").write_text(ALLOW)
    assert ringfence(*flags, "2026-11-23T08:00:00Z", cwd=tmp_path).returncode == 0
    command = f"report --from ./out --compare {SECOND} {THIRD}"
    done = ringfence(*command.split(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == README.split(f"$ ringfence {command}\n")[1].split("```")[0]
