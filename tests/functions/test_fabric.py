"""The fleet's judge as a run calls it: on the records of the estate, and on what is pasted from its own answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def fabric(folder: Path, profile: str = "strict") -> dict[str, dict]:
    """The fabric's controls of an audit of the estate, by id, with the settings in `folder`."""
    run = subprocess.run(
        [sys.executable, "-m", "functions.cli", "audit", "--demo", "--profile", profile, "--format", "json", "--allow-partial"],
        cwd=folder, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return {each["id"]: each for each in json.loads(run.stdout)["fabric"]["controls"]}


@pytest.fixture(scope="module")
def undeclared(tmp_path_factory):
    """The fabric of the estate where nothing is declared."""
    return fabric(tmp_path_factory.mktemp("empty"))


def test_an_undeclared_estate_fails_by_its_links_and_says_what_rests_on_them(undeclared):
    """Every link that the records tell of is a finding; the mistake in the address plan is another one."""
    links = [item for item in undeclared["NB-XC-01"]["items"] if item["reason"] == "undeclared"]
    assert len(links) == 7
    assert undeclared["NB-XC-02"]["reason"] == "inert"
    plans = {item["subject"]: item for item in undeclared["NB-XC-03"]["items"]}
    overlap = plans["vnet-partner-prod-neu and vpc-0a51c0de24e0a0002"]
    assert (overlap["status"], overlap["evidence"][0][:13]) == ("fail", "10.24.64.0/18")


def test_what_a_finding_says_to_paste_makes_it_pass(undeclared, tmp_path):
    """The link that is declared by pasting the remediation is declared; the others are not."""
    first = next(item for item in undeclared["NB-XC-01"]["items"] if item["reason"] == "undeclared")
    (tmp_path / "ringfence.yaml").write_text(first["remediation"].partition(":\n")[2])
    assert yaml.safe_load((tmp_path / "ringfence.yaml").read_text())["links"][0]["from"] == "insight-prod-ew4"
    after = {item["subject"]: item["status"] for item in fabric(tmp_path)["NB-XC-01"]["items"]}
    assert after[first["subject"]] == "pass"
    assert list(after.values()).count("fail") == 6


def test_profiles_choose_among_the_fleets_controls(tmp_path):
    """`essential` holds the critical one alone."""
    assert list(fabric(tmp_path, "essential")) == ["NB-XC-02", "NB-GOV-01"]
