"""Own controls from the command line: validate, test, and in an audit; the documentation's examples are run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "policy-as-code.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
FIRST, TEN = (block for block in BLOCKS if block.startswith("id:"))
CASE = next(block for block in BLOCKS if block.startswith("control:"))
CLUSTER = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-0
  namespace: shop
  labels: {app: web}
  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: web, uid: w1, controller: true}]
spec: {containers: [{name: web, image: "registry.example.com/web:1"}]}
status: {phase: Running, podIP: 10.0.1.31, podIPs: [{ip: 10.0.1.31}]}
"""


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The program, in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "functions.cli", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
        env={"COLUMNS": "120", "NO_COLOR": "1", "PATH": "", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with the documentation's first control in `controls/`."""
    (tmp_path / "controls").mkdir()
    (tmp_path / "controls" / "acme.yaml").write_text(FIRST)
    return tmp_path


def test_validate_counts_what_is_good(folder):
    """The documentation's first control is good as it stands."""
    answer = run("baseline", "validate", "controls", folder=folder)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "1 control good, 0 mistakes\n", "")


def test_validate_names_file_line_and_mend(folder):
    """The misspelling that the documentation shows is answered as it says; the other control is still counted."""
    (folder / "controls" / "acme.yaml").write_text(FIRST.replace("isolatedIngress &&", "isolatedIngres &&"))
    (folder / "controls" / "b.yaml").write_text(FIRST.replace("ACME-NET-01", "ACME-NET-02"))
    answer = run("baseline", "validate", "controls", folder=folder)
    line = "controls/acme.yaml:5: pass: Level has no field 'isolatedIngres': write isolatedIngress"
    assert line in DOCS
    assert (answer.returncode, answer.stdout) == (2, f"{line}\n1 control good, 1 mistake\n")


def test_validate_of_nothing_is_an_error(folder):
    """A wrong path is one line on stderr."""
    answer = run("baseline", "validate", "nowhere", folder=folder)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert (
        answer.stderr
        == "ringfence: nowhere: cannot be read (No such file or directory): check the path of own controls\n"
    )


def _case(folder: Path, name: str, text: str, cluster: str = CLUSTER) -> None:
    path = folder / "controls" / "cases" / "ACME-NET-01" / name
    path.mkdir(parents=True)
    (path / "case.yaml").write_text(text)
    (path / "cluster.yaml").write_text(cluster)


def test_cases_are_judged_and_a_wrong_one_fails(folder):
    """The documentation's case comes out as it says; one that expects otherwise is named with both statuses."""
    _case(folder, "fail", CASE)
    answer = run("baseline", "test", "controls", folder=folder)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == "ok     controls/cases/ACME-NET-01/fail\n1 case, 0 failed\n"
    _case(folder, "pass", CASE.replace("status: fail", "status: pass"))
    answer = run("baseline", "test", "controls", folder=folder)
    assert answer.returncode == 1
    assert "FAILED controls/cases/ACME-NET-01/pass: status is fail (inert), expected pass\n" in answer.stdout
    assert answer.stdout.endswith("2 cases, 1 failed\n")


def test_a_case_must_hang_on_what_is_said_to_decide_it(folder):
    """An object without which nothing changes decides nothing."""
    _case(folder, "fail", f"{CASE}decided-by: [Pod shop/web-0]\n")
    unused = (
        CLUSTER
        + "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {ports: [{port: 80}]}\n"
    )
    _case(folder, "more", f"{CASE}decided-by: [Service shop/s]\n", unused)
    answer = run("baseline", "test", "controls", folder=folder)
    assert answer.returncode == 1
    assert "without Service shop/s the status is fail, expected anything but fail" in answer.stdout
    assert "ok     controls/cases/ACME-NET-01/fail\n" in answer.stdout


def test_cases_can_name_controls_elsewhere(folder):
    """By a flag or by the settings; a control that is not there is said so."""
    _case(folder, "fail", CASE)
    cases = "controls/cases"
    assert run("baseline", "test", cases, "--controls", "controls", folder=folder).returncode == 0
    lost = run("baseline", "test", cases, folder=folder)
    assert lost.returncode == 1
    assert "control 'ACME-NET-01': no such control here" in lost.stdout.replace("ACME-NET-01/fail/case.yaml: ", "")
    (folder / "ringfence.yaml").write_text("controls: [controls]\n")
    assert run("baseline", "test", cases, folder=folder).returncode == 0


@pytest.fixture(scope="module")
def audits(tmp_path_factory) -> tuple[dict[str, object], dict[str, object]]:
    """The demo estate without own controls, and with those of the documentation."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "ten.yaml").write_text(TEN)
    demo = ("audit", "--demo", "--allow-partial", "--format", "json", "--time", "2026-11-24T08:00:00Z")
    plain = run(*demo, folder=folder)
    own = run(*demo, "--controls", "ten.yaml", folder=folder)
    assert (plain.returncode, own.returncode) == (0, 0)
    return msgspec.json.decode(plain.stdout), msgspec.json.decode(own.stdout)


def test_own_controls_change_no_score(audits):
    """Scores, grades and the built-in controls are those of an audit without them."""
    plain, own = audits
    without = [
        cluster | {"controls": [each for each in cluster["controls"] if each["id"].startswith("NB-")]}
        for cluster in own["clusters"]
    ]
    assert without == plain["clusters"]
    assert own["fleet"] == plain["fleet"]


def test_ten_examples_judge_the_demo_estate(audits):
    """Each example says something true of some cluster, none fails to evaluate, and an unread cluster is unknown."""
    _, own = audits
    outcomes: dict[str, dict[str, str]] = {}
    for cluster in own["clusters"]:
        for each in cluster["controls"]:
            if each["id"].startswith("DEMO-"):
                outcomes.setdefault(each["id"], {})[cluster["name"]] = each["status"]
                assert each["reason"] not in {"evaluation-error", "cut-off"}, each
    assert sorted(outcomes) == [f"DEMO-{number:02}" for number in range(1, 11)]
    assert {found["custody-prod-eun1"] for found in outcomes.values()} == {"unknown"}
    assert [name for name, found in outcomes.items() if not {"pass", "fail"} & set(found.values())] == []
    assert outcomes["DEMO-01"]["ledger-prod-ew1"] == "pass"
    assert outcomes["DEMO-01"]["pay-prod-euw1"] == "fail"


def test_the_table_says_what_came_of_own_controls(folder):
    """The lines that the documentation shows, as they stand."""
    answer = run("audit", "--demo", "--allow-partial", "--controls", "controls", folder=folder)
    shown = re.search(r"^Own controls \(in.*?(?=\n\$|\n```)", DOCS, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert answer.stdout.endswith(f"{shown[0]}\n")


def test_own_controls_hold_the_gate(folder):
    """`--fail-on` counts them; a folder with a mistake stops the audit before anything is read."""
    cluster = folder / "k8s"
    cluster.mkdir()
    (cluster / "c.yaml").write_text(CLUSTER)
    own = (folder / "controls" / "acme.yaml").read_text().replace("severity: high", "severity: critical")
    (folder / "controls" / "acme.yaml").write_text(re.sub(r"requires:.*\n", "", own).replace("effective", "declared"))
    gate = run("audit", "--manifests", "k8s", "--controls", "controls", "--fail-on", "critical", folder=folder)
    assert gate.returncode == 1
    assert "ACME-NET-01" in gate.stdout
    (folder / "controls" / "acme.yaml").write_text("id: x\n")
    stopped = run("audit", "--manifests", "k8s", "--controls", "controls", folder=folder)
    assert (stopped.returncode, stopped.stdout) == (2, "")
    assert stopped.stderr.startswith("ringfence: controls/acme.yaml:1: title: is missing: add it (and ")
