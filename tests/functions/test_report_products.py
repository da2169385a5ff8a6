"""`report --format` for the forms that other products take: where they go, and what is said of what they leave out."""

from __future__ import annotations

import json
import sys

import pytest

from reports.document import render_json
from reports.exports import render
from scanner.errors import InputError
from tests.functions.test_cli import ringfence
from tests.reports.report_factory import estate


@pytest.fixture
def stored(tmp_path):
    """A report of the estate in a file."""
    path = tmp_path / "report.json"
    path.write_bytes(render_json(estate()))
    return path


def test_a_form_goes_to_a_file_and_what_it_leaves_out_to_stderr(stored, tmp_path):
    """Clusters of other clouds have no place in Security Hub; places not searched have none in any list of findings."""
    ran = ringfence(
        "report", "--allow-partial", "--from", str(stored), "--format", "asff", "-o", str(tmp_path / "asff.jsonl")
    )
    assert (ran.returncode, ran.stdout) == (0, "")
    assert (
        "files findings under an AWS account and region: partner-aks, billing-aks, ledger-private and 2 more"
        in ran.stderr
    )
    assert "1 place not searched whole" in ran.stderr
    lines = (tmp_path / "asff.jsonl").read_bytes().splitlines()
    assert {each["AwsAccountId"] for line in lines for each in json.loads(line)["Findings"]} == {
        "123456789012",
        "210987654321",
    }


@pytest.mark.parametrize("form", ["ocsf", "oscal", "policyreport"])
def test_a_form_goes_to_stdout_and_nothing_else_does(stored, form):
    """The very bytes of the renderer."""
    ran = ringfence("report", "--allow-partial", "--from", str(stored), "--format", form)
    assert ran.returncode == 0
    assert ran.stdout.encode() == b"".join(render(form, estate()))


def test_a_form_without_its_library_says_which_extra_holds_it(monkeypatch):
    """One line, before anything is written."""
    for name in [each for each in sys.modules if each.split(".")[0] == "trestle"] or ["trestle"]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("oscal", "oscal_parts"):
        monkeypatch.delitem(sys.modules, f"reports.exports.{name}", raising=False)
    with pytest.raises(InputError, match=r"--format oscal needs a library .* pip install 'ringfence\[oscal\]'"):
        render("oscal", estate())
