"""Waivers from the command line and the settings, on the estate that ships inside the package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WAIVER = """\
- id: W-1
  control: NB-ISO-02
  scope: {cluster: store-prod-euc1, namespace: promotions}
  reason: the vendor ships a policy with release 7
  compensatingControl: the subnet's firewall admits the office alone
  owner: Ada Example
  approvers: [Grace Example]
  ticket: SEC-41
  created: "2026-11-10"
  expires: "2027-01-15"
"""
GOOD = f"waivers:\n{WAIVER}"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program's answer in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "functions.cli", *arguments],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def store_cluster(folder: Path, *arguments: str) -> dict:
    """What an audit of the estate says of one cluster, its controls by id."""
    done = run(folder, "audit", "--demo", "--allow-partial", "--format", "json", *arguments)
    assert done.returncode == 0, done.stderr
    (found,) = (each for each in json.loads(done.stdout)["clusters"] if each["name"] == "store-prod-euc1")
    return {**found, "controls": {each["id"]: each for each in found["controls"]}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the waiver in a file of its own, named by the settings."""
    place = tmp_path_factory.mktemp("waivers")
    (place / "waivers.yaml").write_text(GOOD)
    (place / "ringfence.yaml").write_text("waivers: waivers.yaml\n")
    return place


def egress_of_promotions(found: dict) -> dict:
    """The item that the waiver is about."""
    (item,) = (each for each in found["controls"]["NB-ISO-02"]["items"] if each["subject"] == "promotions")
    return item


def test_a_waiver_of_the_settings_waives_and_leaves_the_score(folder, tmp_path):
    """The item is waived and says by which; score, grade and the control's fraction are those without waivers."""
    plain, found = store_cluster(tmp_path), store_cluster(folder)
    item = egress_of_promotions(found)
    assert (egress_of_promotions(plain)["status"], item["status"]) == ("fail", "waived")
    assert item["evidence"][0].startswith("waived by W-1 until 2027-01-15: the vendor ships")
    assert (found["score"], found["grade"]) == (plain["score"], plain["grade"])
    assert (plain["accepted"], [use["state"] for use in found["waivers"]]) == (None, ["used"])


def test_past_its_end_a_waiver_is_a_reason_to_fail(folder):
    """`--time` is when the run judges: the failure is back and names what expired."""
    found = store_cluster(folder, "--time", "2027-02-01T00:00:00Z")
    item = egress_of_promotions(found)
    assert (item["status"], item["reason"]) == ("fail", "waiver-expired")
    assert found["controls"]["NB-GOV-06"]["items"][0]["reason"] == "expired"


def test_the_flag_comes_before_the_settings(folder):
    """`--waivers` replaces the file that the settings name."""
    (folder / "none.yaml").write_text("waivers: []\n")
    assert egress_of_promotions(store_cluster(folder, "--waivers", "none.yaml"))["status"] == "fail"


def test_nothing_is_audited_with_a_broken_file(folder):
    """Exit 2 and one line that names the lines; nothing on stdout."""
    broken = WAIVER.replace("expires", "until").replace("NB-ISO-02", "NB-ISO-99")
    (folder / "broken.yaml").write_text(f"waivers:\n{broken}")
    done = run(folder, "audit", "--demo", "--waivers", "broken.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ringfence: broken.yaml:2: ")
    assert (done.stderr.count("\n"), "lines 11" in done.stderr) == (1, True)


def test_config_check_names_mistakes_of_the_file_too(folder):
    """Each with the file's own line."""
    (folder / "broken.yaml").write_text(f"waivers:\n{WAIVER}{WAIVER}")
    (folder / "other.yaml").write_text("waivers: broken.yaml\n")
    done = run(folder, "config", "check", "other.yaml")
    assert done.returncode == 2
    assert "other.yaml: waivers: broken.yaml:12: waivers[1].id: 'W-1' stands twice" in done.stdout
