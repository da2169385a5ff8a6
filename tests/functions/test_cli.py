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
from infra.version import VERSION
from scanner.baselines.profiles import PROFILES
from scanner.controls import CONTROLS

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
    assert set(statuses) == {control.id for control in CONTROLS if control.check and control.id in PROFILES["standard"]}
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
        pytest.param(["explain", "a/b", "c/d", "--port", "9" * 5000, "--demo"], "--port", id="endless-port"),
        pytest.param(["reach", "x" * 300], "cannot be read", id="endless-name"),
        pytest.param(
            ["audit", "--demo", "--run-id", "20261123T080000Z", "--time", "soon"], "soon", id="id-and-no-time"
        ),
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
        "not_applicable",
    }


def test_reach_on_part_of_a_folder_says_so(shop):
    """An unread document may have held any policy: nothing is certain any more, the document is named, the exit code is 3."""
    (shop / "incomplete.yaml").write_text("kind: [\n")
    run = ringfence("reach", str(shop), "--format", "json")
    assert run.returncode == 3
    document = json.loads(run.stdout)
    assert document["connections"] == []
    assert document["unknown"]
    assert "incomplete.yaml" in run.stderr


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


def test_a_gap_stays_one_when_its_run_is_judged_again(tmp_path):
    """What a run could not read is not forgotten with its snapshots: auditing them is incomplete for the same reason."""
    ringfence("audit", "--demo", "--allow-partial", "-o", str(tmp_path / "out"), "--time", TIME)
    good = next(path for path in (tmp_path / "out").rglob("snapshot.json.zst") if "ledger" in str(path))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.json.zst").write_bytes(good.read_bytes())
    (folder / "cut.json.zst").write_bytes(good.read_bytes()[:-40])
    first = ringfence(
        "audit", "--snapshots", str(folder), "-o", str(tmp_path / "kept"), "--format", "json", "--time", TIME
    )
    again = ringfence("audit", "--snapshots", str(tmp_path / "kept"), "--format", "json", "--time", TIME)
    assert (first.returncode, again.returncode) == (3, 3), again.stderr
    reports = [json.loads(run.stdout) for run in (first, again)]
    assert [scope["reason"] for scope in reports[0]["scopes"]] == [scope["reason"] for scope in reports[1]["scopes"]]
    assert reports[0]["clusters"] == reports[1]["clusters"]


def test_a_run_id_belongs_to_one_set_of_clusters(shop, tmp_path):
    """A second audit under a run's id that set out to read something else is refused, and the first one's report stays."""
    common = ("-o", str(tmp_path / "out"), "--time", TIME)
    assert ringfence("audit", "--demo", "--allow-partial", *common).returncode == 0
    report = next((tmp_path / "out").rglob("report.json"))
    before = report.read_bytes()
    run = ringfence("audit", "--manifests", str(shop), *common)
    assert run.returncode == 2
    assert "--run-id" in run.stderr
    assert report.read_bytes() == before


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


@pytest.mark.parametrize(
    "time",
    [
        pytest.param("2026-11-23T10:00:00+02:00", id="offset"),
        pytest.param("2026-11-23T08:00:00.5Z", id="fraction"),
        pytest.param("2026-11-23T08:00Z", id="no-seconds"),
    ],
)
def test_a_run_is_joined_however_its_time_is_spelled(shop, tmp_path, time):
    """What the first delivery stored can be read by the second, and both say the time in UTC."""
    arguments = ["audit", "--manifests", str(shop), "--allow-partial", "-o", "out", "--format", "json"]
    for spelling in (time, TIME):
        done = ringfence(*arguments, "--time", spelling, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["run"] == {"id": "20261123T080000Z", "time": TIME, "tool": VERSION}


@pytest.mark.parametrize("command", ["audit", "reach"])
def test_a_circle_of_links_is_one_line(tmp_path, command):
    """A path that leads nowhere is named, whatever the reason."""
    (tmp_path / "loop").symlink_to("loop")
    done = ringfence(command, *(["--manifests"] if command == "audit" else []), "loop", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "loop: cannot be read" in done.stderr


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('manifests: "a\\0b"', id="manifests"),
        pytest.param('kubeconfig: "a\\0b"', id="kubeconfig"),
        pytest.param('snapshots: "a\\0b"', id="snapshots"),
        pytest.param('demo: true\n  cloudRecords: ["a\\0b"]', id="record"),
    ],
)
def test_a_nul_in_a_path_is_one_line(tmp_path, source):
    """A settings file can spell what no command line can."""
    (tmp_path / "ringfence.yaml").write_text(f"sources:\n- {source}\n")
    done = ringfence("audit", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


@pytest.mark.parametrize(
    ("output", "named"),
    [
        pytest.param("out/", "names a folder", id="folder"),
        pytest.param("..", "names a folder", id="parent"),
        pytest.param("s3://bucket", "write it s3://bucket/prefix", id="bucket-without-key"),
        pytest.param("file://x.json", "absolute path", id="relative-url"),
    ],
)
def test_an_output_that_names_no_file_is_one_line(shop, tmp_path, output, named):
    """The line speaks of what was written after --output, and nothing is left behind."""
    before = set(tmp_path.iterdir())
    done = ringfence("reach", str(shop), "-o", output, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), set(tmp_path.iterdir())) == (2, 1, before)
    assert named in done.stderr


@pytest.mark.parametrize(
    ("redirection", "code", "named"),
    [
        pytest.param(">&-", 2, "standard output is closed", id="closed"),
        pytest.param("> /dev/full", 2, "standard output: cannot be written", id="full"),
        pytest.param("| true", 3, "incomplete", id="reader-gone"),
    ],
)
@pytest.mark.parametrize("answer", ["table", "json"])
def test_stdout_that_takes_nothing_is_no_traceback(answer, redirection, code, named):
    """Nor is it a failed gate: a reader that has gone leaves the verdict as it is."""
    script = f'set -o pipefail; "{sys.executable}" -m functions.cli audit --demo --format {answer} {redirection}'
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert named in done.stderr


def test_talk_never_reaches_stdout():
    """Where stderr is closed, what would go there is lost and the document stays one."""
    script = f'"{sys.executable}" -m functions.cli audit --demo --format json 2>&-'
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 3
    assert json.loads(done.stdout)["schema"] == "report/v1"


@pytest.mark.parametrize(
    "current",
    [
        pytest.param(b'{"run": "zzz"}', id="no-run-id"),
        pytest.param(b'{"run": "\xff"}', id="not-utf-8"),
        pytest.param(b'{"a": ' + b"[" * 100_000, id="deep"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_damaged_pointer_does_not_stay(shop, tmp_path, current):
    """What points at no run is replaced, or no later run would ever be the latest."""
    latest = tmp_path / "out/v1/latest.json"
    latest.parent.mkdir(parents=True)
    latest.write_bytes(current)
    done = ringfence("audit", "--manifests", str(shop), "--allow-partial", "-o", "out", "--time", TIME, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(latest.read_bytes())["run"] == "20261123T080000Z"


def test_a_newer_pointer_of_a_later_version_stays(shop, tmp_path):
    """Later versions add fields; the pointer still never goes backwards."""
    latest = tmp_path / "out/v1/latest.json"
    latest.parent.mkdir(parents=True)
    latest.write_text('{"schema": "latest/v1", "run": "20270101T000000Z", "clusters": 7}')
    done = ringfence("audit", "--manifests", str(shop), "--allow-partial", "-o", "out", "--time", TIME, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(latest.read_bytes())["run"] == "20270101T000000Z"


def test_a_record_of_another_cluster_is_refused(shop, tmp_path):
    """Records are given in order; one that goes to the wrong stored cluster would switch its policies on."""
    arn = "arn:aws:eks:eu-west-1:111122223333:cluster/{}"
    for name in ("prod", "dev"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"name": name, "arn": arn.format(name)}))
    stored = ringfence("collect", "--manifests", str(shop), "--cloud-record", "prod.json", "-o", "out", cwd=tmp_path)
    assert stored.returncode == 0, stored.stderr
    done = ringfence("audit", "--snapshots", "out", "--cloud-record", "dev.json", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert f"speaks of {arn.format('dev')}, the cluster is {arn.format('prod')}" in done.stderr
    assert ringfence("audit", "--snapshots", "out", "--cloud-record", "prod.json", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("leaf", ["snapshot.json.zst", "result.json"])
def test_no_cluster_passes_for_another(shop, tmp_path, leaf):
    """What lies in a cluster's place and is another's is named; it neither counts twice nor hides the cluster."""
    for name in ("one", "two"):
        done = ringfence(
            "audit", "--manifests", str(shop), "--name", name, "--allow-partial", "-o", "out", "--time", TIME, cwd=tmp_path
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    one, two = (
        tmp_path / f"out/v1/runs/20261123T080000Z/clusters/other/local/manifests/{name}" for name in ("one", "two")
    )
    (two / leaf).write_bytes((one / leaf).read_bytes())
    done = ringfence("audit", "--manifests", str(shop), "--name", "two", "-o", "out", "--time", TIME, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert f"two/{leaf}: holds other/local/manifests/one instead of other/local/manifests/two" in done.stderr
