"""The fleet's pseudo-cluster: what clusters add to it, and waivers that nothing uses."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from functions.cli import app

WAIVER = """\
waivers:
- id: W-1
  control: NB-ISO-01
  scope: {cluster: %s, namespace: promotions}
  reason: r
  compensatingControl: c
  owner: Ada
  approvers: [Grace]
  ticket: T-1
  created: "2026-11-10"
  expires: "2026-12-05"
"""


@pytest.mark.parametrize(
    ("cluster", "status"), [("store-prod-*", "pass"), ("pay-prod-*", "fail"), ("no-such-cluster", "unknown")]
)
def test_a_waiver_that_matches_nothing_in_the_fleet_is_a_finding(tmp_path, cluster, status):
    """Used in one cluster is used; matching none is a finding, said once; one of a cluster that was not audited is unknown."""
    path = tmp_path / "waivers.yaml"
    path.write_text(WAIVER % cluster)
    arguments = ["audit", "--demo", "--allow-partial", "--format", "json", "--waivers", str(path)]
    found = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
    (control,) = [each for each in found["fabric"]["controls"] if each["id"] == "NB-GOV-06"]
    assert control["status"] == status
    named = {item["subject"].rpartition(": ")[2] for item in control["items"] if item["status"] == status}
    assert named >= {"W-1"}
    assert (found["fleet"]["accepted"] is not None) is (status == "pass")
    assert all(not each["id"].startswith("NB-XC") for cluster in found["clusters"] for each in cluster["controls"])


def test_the_fabric_has_the_items_of_every_cluster_under_its_name():
    """Who can change policy is found per cluster and scored once; the clusters' own scores leave it out."""
    found = json.loads(CliRunner().invoke(app, ["audit", "--demo", "--format", "json"], catch_exceptions=False).stdout)
    (control,) = [each for each in found["fabric"]["controls"] if each["id"] == "NB-GOV-04"]
    names = {item["subject"].partition(": ")[0] for item in control["items"]}
    assert {"pay-prod-euw1", "store-prod-euc1", "custody-prod-eun1"} <= names
    assert control["status"] == "fail"
    assert 0 < control["fraction"] < 1
