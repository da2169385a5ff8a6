"""What pictures need, from the estate that ships with the package to report.json and the page."""

from __future__ import annotations

import json

import jsonschema

from functions.schemas import FOLDER
from tests.functions.test_cli import TIME, ringfence

SETTINGS = """
baseline:
  sensitive:
  - {namespace: portal}
  sensitive_hops: 3
"""


def test_an_audit_carries_namespaces_and_paths(tmp_path):
    """The matrix adds up to the exposure, an unread cluster has none; both kinds of path stand in the document and the page."""
    (tmp_path / "ringfence.yaml").write_text(SETTINGS)
    ringfence(
        "audit", "--demo", "--config", "ringfence.yaml", "--allow-partial", "-o", "out", "--time", TIME, cwd=tmp_path
    )
    (file,) = tmp_path.glob("out/v1/runs/*/report.json")
    report = json.loads(file.read_text())
    jsonschema.validate(report, json.loads((FOLDER / "report-v1.json").read_text()))
    for cluster in report["clusters"]:
        if cluster["read"] == "unread":
            assert cluster["namespaces"] is None
            continue
        for level, exposure in zip(cluster["namespaces"]["levels"], cluster["exposure"], strict=True):
            assert level["level"] == exposure["level"]
            assert sum(sum(row[:-1]) for row in level["open"][:-1]) == exposure["open"]
            assert sum(sum(row[:-1]) for row in level["unknown"][:-1]) == exposure["unknown"]
    (sensitive,) = (
        path for cluster in report["clusters"] for control in cluster["controls"] for path in control["paths"]
    )
    assert (sensitive["kind"], sensitive["source"], sensitive["certain"]) == ("from-internet", "internet", True)
    assert [hop["name"] for hop in sensitive["hops"]] == [
        "exchange/sftp-public", "exchange/sftp-gateway[Deployment]", "kube-system/coredns[Deployment]",
        "portal/partner-portal[Deployment]",
    ]  # fmt: skip
    between = [path for control in report["fabric"]["controls"] for path in control["paths"]]
    assert {(path["kind"], path["certain"]) for path in between} == {("between-clusters", False)}
    assert all(path["doubts"] and {"link", "firewall"} <= {hop["kind"] for hop in path["hops"]} for path in between)
    page = file.with_suffix(".html").read_text()
    assert page.count('class="picture path') == len(between) + 1
    assert page.count("<title>Who may talk with whom by namespace") == 6
