"""What a pipeline does with a folder of manifests: the forms it ingests, from the command line, with real processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from junitparser import Error, Failure, JUnitXml
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from functions.cli import app
from tests.functions.test_cli import ALLOW, TIME, WEB, ringfence

OPEN = """# let everybody in
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{}]
"""
AUDIT = ("audit", "--manifests", "./k8s", "--profile", "strict", "--time", TIME)


@pytest.fixture
def repository(tmp_path) -> Path:
    """A git repository with manifests in it, one file called so that its name must be encoded."""
    folder = tmp_path / "k8s" / "shop apps"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (folder / "workloads.yaml").write_text(WEB)
    (folder / "open.yaml").write_text(OPEN)
    (tmp_path / "k8s" / "policy.yaml").write_text(ALLOW)
    return tmp_path


def sarif(repository: Path, *arguments: str, code: int = 0, cwd: str = ".") -> dict:
    """The only run of the SARIF that a folder gives."""
    done = ringfence(*AUDIT, "--format", "sarif", *arguments, cwd=repository / cwd)
    assert done.returncode == code, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    return run


def places(run: dict) -> dict[tuple[str, str], tuple[str, int]]:
    """Where each result stands, by control and subject."""
    found = {}
    for result in run["results"]:
        (location,) = result["locations"]
        where = location["physicalLocation"]
        key = result["ruleId"].removesuffix("/unknown"), result["properties"]["subject"]
        found[key] = where["artifactLocation"]["uri"], where["region"]["startLine"]
    return found


def test_a_finding_points_at_the_offending_manifest(repository):
    """File and line are those of the object, named from the repository's root, as code scanning looks it up."""
    found = places(sarif(repository))
    uri, line = found["NB-LP-03", "NetworkPolicy shop/open"]
    assert uri == "k8s/shop%20apps/open.yaml"
    assert (repository / "k8s/shop apps/open.yaml").read_text().splitlines()[line - 1 : line + 2] == OPEN.splitlines()[
        7:10
    ]
    assert found["NB-EXP-04", "shop/web"] == ("k8s/shop%20apps/open.yaml", 3)
    web, db = (WEB.splitlines().index(text) + 1 for text in ("kind: Deployment", "kind: StatefulSet"))
    assert found["NB-ISO-03", "shop/web[Deployment]"] == ("k8s/shop%20apps/workloads.yaml", web - 1)
    assert found["NB-ISO-03", "shop/db[StatefulSet]"] == ("k8s/shop%20apps/workloads.yaml", db - 1)
    assert found["NB-ISO-01", "shop"] == ("k8s/policy.yaml", 2)  # no Namespace manifest: the first object in it
    assert found["NB-ENF-01", "cluster"] == ("ringfence/other/local/manifests/k8s", 1)


def test_the_place_is_the_same_from_any_folder_of_the_repository(repository):
    """A job that works in a folder further down gives the same file names."""
    done = ringfence(
        "audit", "--manifests", ".", "--name", "k8s", "--profile", "strict", "--time", TIME, "--format", "sarif",
        cwd=repository / "k8s",
    )  # fmt: skip
    (run,) = json.loads(done.stdout)["runs"]
    assert places(run) == places(sarif(repository))


def test_a_stored_run_renders_to_the_same_bytes(repository, monkeypatch):
    """`report --from` gives what `audit --format` gave, for every form of these."""
    monkeypatch.chdir(repository)

    def answer(*arguments: str) -> bytes:
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout_bytes

    answer(*AUDIT, "-o", "out")
    for form in ("sarif", "junit", "prometheus"):
        stored = answer("report", "--from", "out", "--format", form)
        assert stored == answer(*AUDIT, "--format", form)
        assert b"NB-ISO-01" in stored


def test_a_broken_manifest_makes_the_run_unsuccessful(repository):
    """What was lost is an error of the run, beside the results of the rest; exit 3 as for every form."""
    (repository / "k8s" / "broken.yaml").write_text("kind: [")
    run = sarif(repository, code=3)
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert any("broken.yaml" in note["message"]["text"] for note in invocation["toolExecutionNotifications"])
    assert run["results"]


def test_a_job_that_gates_still_writes_its_report(repository):
    """`--fail-on` exits 1 with the document whole on stdout."""
    done = ringfence(*AUDIT, "--format", "junit", "--fail-on", "critical", cwd=repository)
    assert done.returncode == 1
    kinds = {
        type(result) for suite in JUnitXml.fromstring(done.stdout.encode()) for case in suite for result in case.result
    }
    assert {Failure, Error} <= kinds
    root = ET.fromstring(done.stdout.encode())  # noqa: S314 - our own document
    files = {case.get("file") for case in root.iter("testcase")}
    assert "k8s/shop apps/open.yaml" in files


def test_metrics_go_to_a_textfile_collectors_folder(repository):
    """The file appears whole, and parses."""
    stored = ringfence(*AUDIT, "-o", "out", cwd=repository)
    assert stored.returncode == 0
    done = ringfence(
        "report", "--from", "out", "--format", "prometheus", "-o", "textfile/ringfence.prom", cwd=repository
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (repository / "textfile").iterdir()] == ["ringfence.prom"]
    text = (repository / "textfile" / "ringfence.prom").read_text()
    values = {
        (sample.labels["severity"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "ringfence_findings" and sample.labels["cluster"] == "k8s"
    }
    assert values["critical", "fail"] >= 1
