"""The command line as people use it: real processes, real files, exit codes, stdout and stderr apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from functions.schemas import FOLDER

ROOT = Path(__file__).parent.parent.parent
TIME = "2026-11-23T08:00:00Z"

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080, name: http}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: i, ports: [{containerPort: 5432}]}]}
"""
ALLOW = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db-from-web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: web}}
    ports:
    - port: 5432
"""


def ringfence(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "functions.cli", *arguments],
        cwd=cwd or ROOT, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"} | env,
    )  # fmt: skip


@pytest.fixture
def shop(tmp_path) -> Path:
    """A folder of manifests: two workloads, one policy."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "workloads.yaml").write_text(WEB)
    (folder / "policy.yaml").write_text(ALLOW)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_demo_audit_names_the_clusters_that_enforce_nothing(tmp_path):
    """The demo audit ends well, shows seven clusters, one unread, and leads with those that enforce nothing."""
    run = ringfence("audit", "--demo", "--allow-partial", "-o", str(tmp_path / "out"), "--time", TIME)
    assert run.returncode == 0, run.stderr
    report = json.loads(next((tmp_path / "out").rglob("report.json")).read_text())
    assert len(report["clusters"]) == 7
    assert [cluster["read"] for cluster in report["clusters"]].count("unread") == 1
    inert = {cluster["name"] for cluster in report["clusters"] if cluster["dataplane"]["enforcing"] == "no"}
    assert len(inert) == 2
    screen = "\n".join(run.stdout.splitlines()[:30])
    assert all(name in screen for name in inert)
    assert "report.html" in run.stdout
    jsonschema.validate(report, json.loads((FOLDER / "report-v1.json").read_text()))


def test_same_snapshots_id_and_time_give_the_same_bytes(tmp_path):
    """Every stored object of two equal runs is byte-identical, whatever the hash seed."""
    for seed, out in (("1", "a"), ("2", "b")):
        run = ringfence(
            "audit", "--demo", "--allow-partial", "-o", str(tmp_path / out), "--time", TIME, "--run-id", "20261123T080000Z",
            PYTHONHASHSEED=seed,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert sum(name.endswith("result.json") for name in tree(tmp_path / "a")) == 7


def test_stored_run_can_be_audited_again(tmp_path):
    """The snapshots a run stored are a way in of their own and give the same judgement."""
    first = ringfence("audit", "--demo", "--allow-partial", "-o", str(tmp_path / "out"), "--time", TIME)
    again = ringfence(
        "audit", "--snapshots", str(tmp_path / "out"), "--allow-partial", "--time", TIME, "--format", "json"
    )
    assert (first.returncode, again.returncode) == (0, 0), again.stderr
    stored = json.loads(next((tmp_path / "out").rglob("report.json")).read_text())
    assert json.loads(again.stdout)["clusters"] == stored["clusters"]


def test_unread_cluster_is_exit_3_unless_allowed():
    """Without --allow-partial an unread cluster makes the run incomplete, and stderr says which."""
    run = ringfence("audit", "--demo", "--format", "json")
    assert run.returncode == 3
    assert json.loads(run.stdout)["schema"] == "report/v1"
    assert "not read whole" in run.stderr


def test_manifest_audit_never_passes_what_it_cannot_know(shop):
    """A clean folder is read whole (exit 0), and no control that needs a live cluster passes on it."""
    run = ringfence("audit", "--manifests", str(shop), "--format", "json")
    assert run.returncode == 0, run.stderr
    (cluster,) = json.loads(run.stdout)["clusters"]
    statuses = {control["id"]: control["status"] for control in cluster["controls"]}
    assert len(statuses) == 14
    assert statuses["NB-ENF-01"] == "unknown"
    assert statuses["NB-ISO-01"] == "fail"
    assert "pass" not in {statuses[control] for control in statuses if control.startswith(("NB-ENF", "NB-ISO"))}


def test_gate_fails_a_bad_folder(shop):
    """--fail-on makes a failing folder exit 1 and says which control."""
    run = ringfence("audit", "--manifests", str(shop), "--fail-on", "critical")
    assert run.returncode == 1
    assert "NB-ISO-01" in run.stderr


def test_flags_come_from_the_environment_too(shop):
    """Each flag has its RINGFENCE_ variable."""
    run = ringfence("audit", RINGFENCE_MANIFESTS=str(shop), RINGFENCE_FORMAT="json", RINGFENCE_FAIL_ON="critical")
    assert run.returncode == 1
    assert json.loads(run.stdout)["schema"] == "report/v1"


def test_settings_file_names_sources(shop, tmp_path):
    """Without a way in on the command line, the sources of ringfence.yaml are audited."""
    (tmp_path / "ringfence.yaml").write_text("sources:\n- {manifests: shop, name: shop-prod}\n")
    run = ringfence("audit", "--format", "json", cwd=tmp_path)
    assert [cluster["name"] for cluster in json.loads(run.stdout)["clusters"]] == ["shop-prod"]


def test_reach_lists_allowed_connections_only(shop):
    """`reach` prints a reach/v1 document and nothing else on stdout."""
    run = ringfence("reach", str(shop), "--format", "json")
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert document["schema"] == "reach/v1"
    pairs = {(line["src"], line["dst"]): line["ports"] for line in document["connections"]}
    assert pairs["shop/web[Deployment]", "shop/db[StatefulSet]"] == {"TCP": [[5432, 5432]]}
    assert ("0.0.0.0-255.255.255.255", "shop/db[StatefulSet]") not in pairs
    assert ("shop/db[StatefulSet]", "shop/db[StatefulSet]") not in pairs


def test_reach_as_a_named_data_plane(shop):
    """At the effective level on a plane that enforces nothing, everything is open."""
    run = ringfence("reach", str(shop), "--format", "json", "--level", "effective", "--dataplane", "none")
    assert run.returncode == 0, run.stderr
    pairs = {(line["src"], line["dst"]): line["ports"] for line in json.loads(run.stdout)["connections"]}
    assert pairs["0.0.0.0-255.255.255.255", "shop/db[StatefulSet]"]["TCP"] == [[1, 65535]]


@pytest.mark.parametrize(
    ("pair", "port", "named"),
    [
        pytest.param(("shop/web", "shop/db"), "5432", ("NetworkPolicy shop/db-from-web", "ingress[0]"), id="allowed"),
        pytest.param(("shop/web", "shop/db"), "22", ("NetworkPolicy shop/db-from-web", "no rule"), id="denied"),
    ],
)
def test_explain_names_object_and_rule(shop, pair, port, named):
    """`explain` names the policy, its file and line, and the rule that decides."""
    run = ringfence("explain", *pair, "--port", port, "--manifests", str(shop))
    assert run.returncode == 0, run.stderr
    assert all(name in run.stdout for name in named)
    assert "policy.yaml:" in run.stdout


def test_output_file_appears_whole(shop, tmp_path):
    """-o writes the document to a file and leaves stdout empty."""
    run = ringfence("reach", str(shop), "--format", "json", "-o", str(tmp_path / "reach.json"))
    assert run.stdout == ""
    assert json.loads((tmp_path / "reach.json").read_text())["schema"] == "reach/v1"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["audit"], "--demo", id="no-source"),
        pytest.param(["audit", "--demo", "--manifests", "x"], "choose one", id="two-sources"),
        pytest.param(["audit", "--manifests", "nowhere"], "nowhere", id="missing-folder"),
        pytest.param(["audit", "--snapshots", "nowhere"], "nowhere", id="missing-store"),
        pytest.param(["audit", "--demo", "--run-id", "../../x"], "run", id="hostile-run-id"),
        pytest.param(["audit", "--demo", "--time", "yesterday"], "yesterday", id="not-a-time"),
        pytest.param(["audit", "--demo", "-o", "ftp://x/y"], "ftp", id="unknown-store"),
        pytest.param(["audit", "--kubeconfig", "nowhere.yaml"], "nowhere.yaml", id="missing-kubeconfig"),
        pytest.param(["audit", "--demo", "--config", "nowhere.yaml"], "nowhere.yaml", id="missing-config"),
        pytest.param(["audit", "--demo", "--cloud-record", "nowhere.json"], "nowhere.json", id="missing-record"),
        pytest.param(["reach", "nowhere"], "nowhere", id="reach-missing"),
        pytest.param(["explain", "a/b", "c/d", "--port", "x", "--demo"], "--port", id="bad-port"),
        pytest.param(["reach", ".ci", "--level", "effective", "--dataplane", "nosuch"], "", id="no-manifest"),
    ],
)
def test_usage_errors_are_one_line_and_exit_2(arguments, named):
    """What cannot be used is one clear line on stderr, nothing on stdout, no traceback, and exit 2."""
    run = ringfence(*arguments)
    assert run.returncode == 2, run.stdout + run.stderr
    assert named in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_broken_file_is_named_and_the_rest_goes_on(shop):
    """A broken manifest beside good ones is named with its line; the run is incomplete, and still answers."""
    (shop / "broken.yaml").write_text("kind: NetworkPolicy\n  bad: [\n")
    run = ringfence("audit", "--manifests", str(shop), "--format", "json")
    assert run.returncode == 3, run.stderr
    assert "broken.yaml" in run.stderr
    (cluster,) = json.loads(run.stdout)["clusters"]
    assert any("broken.yaml" in notice["object"] for notice in cluster["notices"])
    assert {control["status"] for control in cluster["controls"] if control["id"].startswith("NB-ISO")} <= {
        "fail",
        "unknown",
    }


def test_hostile_snapshot_is_named_and_never_compliant(tmp_path):
    """A truncated snapshot beside a good one: the good one is judged, the other is a scope with its reason, exit 3."""
    ringfence("audit", "--demo", "--allow-partial", "-o", str(tmp_path / "out"), "--time", TIME)
    good = min((tmp_path / "out").rglob("snapshot.json.zst"))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.snapshot.json.zst").write_bytes(good.read_bytes())
    (folder / "cut.snapshot.json.zst").write_bytes(good.read_bytes()[:-40])
    run = ringfence("audit", "--snapshots", str(folder), "--format", "json")
    assert run.returncode == 3
    assert "cut.snapshot.json.zst" in run.stderr
    report = json.loads(run.stdout)
    assert len(report["clusters"]) == 1
    assert [scope["outcome"] for scope in report["scopes"]] == ["error"]


def test_hostile_cluster_name_stays_in_its_folder(shop, tmp_path):
    """A cluster called ../../etc is stored inside the run's folder."""
    out = tmp_path / "a" / "b" / "out"
    run = ringfence("audit", "--manifests", str(shop), "--name", "../../etc", "-o", str(out), "--time", TIME)
    assert run.returncode == 0, run.stderr
    assert [
        path for path in tmp_path.rglob("*") if path.is_file() and out not in path.parents and shop not in path.parents
    ] == []
    report = json.loads(next(out.rglob("report.json")).read_text())
    assert report["clusters"][0]["name"] == "../../etc"


def test_redelivered_run_is_harmless(tmp_path):
    """The same run delivered twice into one store changes nothing."""
    arguments = ["audit", "--demo", "--allow-partial", "-o", str(tmp_path / "out"), "--time", TIME]
    assert ringfence(*arguments).returncode == 0
    before = tree(tmp_path / "out")
    assert ringfence(*arguments).returncode == 0
    assert tree(tmp_path / "out") == before


def test_collect_stores_what_audit_can_read(shop, tmp_path):
    """`collect` writes snapshots and prints where; `audit --snapshots` judges them."""
    run = ringfence("collect", "--manifests", str(shop), "-o", str(tmp_path / "store"), "--time", TIME)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip().endswith("snapshot.json.zst")
    again = ringfence("audit", "--snapshots", str(tmp_path / "store"), "--format", "json")
    assert [cluster["name"] for cluster in json.loads(again.stdout)["clusters"]] == ["shop"]
