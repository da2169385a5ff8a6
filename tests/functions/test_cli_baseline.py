"""`baseline list`, `baseline show` and `audit --framework` as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from functions.cli import app
from functions.schemas import published
from scanner.controls import CONTROLS
from scanner.errors import InputError
from scanner.frameworks.model import frameworks

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> str:
    """What a command prints."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code in {0, 3}, result.output
    return result.stdout


def test_every_control_is_listed_and_shown():
    """The list has a line for each; each can be shown, with what a pass needs and the requirements it speaks to."""
    listed = run("baseline", "list")
    for control in CONTROLS:
        assert control.id in listed
        shown = run("baseline", "show", control.id.removeprefix("NB-").lower())
        assert shown.startswith(control.id)
        assert f"evidence {control.least} for a pass" in shown
        assert "NIST SP 800-53 r5" in shown
        assert "△" not in shown


def test_the_document_is_of_its_schema():
    """`baseline/v1`, whole, of a profile and of a framework."""
    schema = json.loads(published()["baseline-v1.json"])
    for more in ((), ("--profile", "essential"), ("--framework", "hipaa")):
        document = json.loads(run("baseline", "list", "--format", "json", *more))
        jsonschema.validate(document, schema)
        assert document["controls"]


def test_a_profile_lists_its_controls_alone():
    """Essential leaves out what it leaves out."""
    listed = run("baseline", "list", "--profile", "essential")
    assert "NB-ISO-01" in listed
    assert "NB-LP-03" not in listed


@pytest.mark.parametrize(("arguments", "named"), [
    (("list", "--framework", "ISO 9001"), "PCI DSS"), (("show", "NB-IS0-01"), "NB-ISO-01"), (("show", "\x1b[31m"), "no control"),
])  # fmt: skip
def test_what_is_not_known_is_said_with_the_nearest(arguments, named):
    """One line with what to write."""
    with pytest.raises(InputError, match=named):
        CliRunner().invoke(app, ["baseline", *arguments], catch_exceptions=False)


def test_an_audit_is_seen_through_a_framework(tmp_path):
    """A table for people, a view in the document; requirements that nothing is equal to are not assessed; GKE's only for GKE."""
    table = run("audit", "--demo", "--framework", "pci", "--time", "2026-11-23T08:00:00Z")
    assert "PCI DSS 4.0.1: evidence support, not an attestation" in table
    assert "Not assessed by this tool" in table
    document = json.loads(run("audit", "--demo", "--format", "json", "--framework", "cis gke", "--framework", "pci"))
    jsonschema.validate(document, json.loads(published()["report-v1.json"]))
    gke, pci = document["frameworks"]
    clouds = {each["id"]: each["cloud"] for each in document["clusters"]}
    assert {clouds[each] for row in gke["requirements"] for each in row["clusters"]} == {"gcp"}
    assert {clouds[each] for row in pci["requirements"] for each in row["clusters"]} == {"aws", "gcp", "azure"}
    for row in pci["requirements"]:
        assert (row["status"] == "not_assessed") is (not row["equal"])
        assert sum(row["counts"].values()) == len(row["clusters"]) == len(document["clusters"])


def test_an_unknown_framework_is_the_command_lines_mistake():
    """Exit 2, nothing on stdout, one line with every framework; also where the environment names it."""
    environment = {"NO_COLOR": "1", "PATH": "", "RINGFENCE_FRAMEWORK": "SOX"}
    for arguments in (("audit", "--demo"), ("baseline", "list")):
        done = subprocess.run(
            [sys.executable, "-m", "functions.cli", *arguments],
            cwd=ROOT, capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert all(each.called in line for each in frameworks())
