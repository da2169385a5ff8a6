"""Three clouds, 12 accounts, projects and subscriptions, 40 clusters: the program's own process, as an operator runs it.

What can be read is read; what cannot (an account, a region, a zone, a cluster) is named once; nothing secret comes out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import jsonschema

from functions.schemas import FOLDER
from tests.functions.operator_of import Operator
from tests.functions.test_cli import ROOT
from tests.servers.aws import OWN
from tests.servers.three_clouds import (
    AWAY,
    HOME,
    OFF,
    SILENT_ZONE,
    SUBSCRIPTIONS,
    UNREACHABLE,
    ThreeClouds,
)


def _failures(estate: ThreeClouds) -> dict[tuple[str, str, str], str]:
    """The places that could not be searched whole, with how they ended."""
    return {
        ("aws", estate.denied, ""): "denied",
        ("aws", estate.throttled, AWAY): "error",
        ("gcp", "data-prod", ""): "partial",
    }


def _not_whole(scopes: list[dict[str, Any]]) -> dict[tuple[str, str, str], str]:
    return {
        (each["cloud"], each["account"], each["location"]): each["outcome"]
        for each in scopes
        if each["outcome"] not in {"ok", "disabled"}
    }


def _check(document: dict[str, Any], schema: str) -> None:
    jsonschema.validate(document, json.loads((FOLDER / schema).read_text()))


def test_discover_sees_what_can_be_seen_and_names_each_failure_once(estate, operator):
    """40 clusters and 12 accounts, projects and subscriptions; four failures, of which a disabled API is none; exit 3."""
    assert len(estate.names) == 40
    code, found = operator.document("discover", "--reach")
    _check(found, "discovery-v1.json")
    assert code == 3
    assert {each["name"] for each in found["clusters"]} == estate.names
    assert len(found["clusters"]) == 40
    assert _not_whole(found["scopes"]) == _failures(estate)
    places = {(each["cloud"], each["account"]) for each in found["scopes"]}
    assert len([each for each in places if each[1] not in {"subscriptions", "organizations/1", "folders/7"}]) == 12
    ends = {(each["account"], each["location"]): each for each in found["scopes"]}
    assert ends[OFF, ""]["outcome"] == "disabled"
    assert ends[estate.denied, ""]["missing"] == ["sts:AssumeRole"]
    assert SILENT_ZONE in ends["data-prod", ""]["reason"]
    read = {each["name"]: each["access"] for each in found["clusters"]}
    assert {name for name, access in read.items() if access["answer"] != "yes"} == {UNREACHABLE}
    assert "cannot be reached from here" in read[UNREACHABLE]["reason"]
    planes = {each["dataplane"]["name"]: each["dataplane"]["enforcing"] for each in found["clusters"]}
    assert planes == {"eks-vpc-cni": "yes", "gke-dataplane-v2": "yes", "aks-cilium": "yes"}


def test_discover_for_people_names_each_failure_once_too(estate, operator):
    """The table holds every cluster, every failure stands on one of the two streams, and partial can be accepted."""
    ran = operator.run("discover", "--allow-partial")
    assert ran.returncode == 0, ran.stderr
    assert all(name in ran.stdout for name in estate.names)
    said = ran.stdout + ran.stderr
    for account, location, _ in ((estate.denied, "", ""), (estate.throttled, AWAY, ""), ("data-prod", "", "")):
        assert said.count(f" {account}{' ' if location else ''}{location}: ") == 1
    assert OFF not in said


def test_audit_reads_everything_readable_and_reports_the_rest(estate, operator):
    """39 clusters are read and judged, one is unread with its reason, every place is in the report; exit 3."""
    code, report = operator.document("audit", "-o", "out")
    _check(report, "report-v1.json")
    assert code == 3
    read = {each["name"]: each for each in report["clusters"]}
    assert set(read) == estate.names
    assert {name for name, each in read.items() if each["read"] != "complete"} == {UNREACHABLE}
    assert read[UNREACHABLE]["read"] == "unread"
    assert {item["status"] for item in read[UNREACHABLE]["controls"]} <= {"unknown", "fail", "not_applicable"}
    assert _not_whole(report["scopes"]) == _failures(estate)
    assert {(each["account"], each["location"]) for each in report["scopes"] if each["outcome"] == "ok"} >= {
        *((OWN, region) for region in (HOME, AWAY)),
        *((subscription, "") for subscription in SUBSCRIPTIONS),
        ("pay-prod", ""),
        ("web-prod", ""),
    }
    snapshots = list((operator.folder / "out").rglob("snapshot.json.zst"))
    assert len(snapshots) == 40


def test_a_report_is_made_anew_with_the_networks_that_were_read(operator):
    """The run keeps them: from results alone the fabric comes out as the audit judged it, and so does everything else."""
    (file,) = operator.folder.glob("out/v1/runs/*/report.json")
    whole = json.loads(file.read_bytes())
    assert json.loads(file.with_name("topology.json").read_bytes())["placements"]
    file.unlink()
    code, found = operator.document("report", "--from", "out")
    assert (code, found["fabric"], found) == (3, whole["fabric"], whole)


def test_audit_accepts_gaps_where_told_to(estate, operator):
    """With --allow-partial the same run exits 0, and each failure is still named once."""
    ran = operator.run("audit", "--allow-partial")
    assert ran.returncode == 0, ran.stderr
    said = ran.stdout + ran.stderr
    for name in (
        f"aws {estate.denied}:",
        f"aws {estate.throttled} {AWAY}:",
        "gcp data-prod:",
        f"Not read: {UNREACHABLE} ",
    ):
        assert said.count(name) == 1


def test_what_was_collected_can_be_judged_later_and_its_gaps_stay(estate, operator):
    """`collect` writes a snapshot for each cluster; an audit of that store names the same failure and exits 3."""
    ran = operator.run("collect", "--config", "gcp.yaml", "-o", "later")
    assert ran.returncode == 3
    assert len(ran.stdout.splitlines()) == 14
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("not read whole: gcp data-prod: partial: zones that did not answer: ")
    code, report = operator.document("audit", "--snapshots", "later")
    assert code == 3
    assert len(report["clusters"]) == 14
    (gap,) = report["scopes"]
    assert "gcp data-prod: partial: zones" in gap["reason"]


def test_filters_and_a_second_source_of_the_same_clusters(estate, operator, tmp_path):
    """What two sources find is read once; include and exclude choose by name and tag, and say how many are left out."""
    settings = f"""
sources:
- aws: {{regions: [{HOME}]}}
  include: [{{tags: {{env: "p*"}}}}]
  exclude: [{{name: "hub-[12]"}}, {{name: "hub-3"}}]
- aws: {{accounts: ["{OWN}"], regions: [{HOME}]}}
  include: [{{name: hub-3}}]
"""
    (tmp_path / "few.yaml").write_text(settings.replace("hub-[12]", "hub-?x"))
    code, found = operator.document("discover", "--config", str(tmp_path / "few.yaml"))
    assert code == 0
    assert [each["name"] for each in found["clusters"]] == ["hub-1", "hub-2", "hub-3", "hub-4", "hub-5"]
    assert found["leftOut"] == 0
    (tmp_path / "few.yaml").write_text(settings.partition("- aws: {accounts")[0])
    _, found = operator.document("discover", "--config", str(tmp_path / "few.yaml"))
    assert [each["name"] for each in found["clusters"]] == ["hub-4", "hub-5"]
    assert found["leftOut"] == 3


def test_ctrl_c_while_discovering_keeps_what_was_found(estate, operator):
    """What the other clouds gave is printed and marked incomplete, one place says that AWS was not finished; exit 130."""
    held = threading.Event()
    fault = estate.aws.fault("eks", "ListClusters", "ThrottlingException", account=OWN, region=HOME, wait=held)
    before = len(estate.azure.seen)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} | operator.environment
    command = [sys.executable, "-m", "functions.cli", "discover", "--format", "json"]
    with subprocess.Popen(
        command, cwd=operator.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        for _ in range(600):
            if fault.given and sum("managedClusters" in each.path for each in estate.azure.seen[before:]) >= 5:
                break
            time.sleep(0.05)
        time.sleep(1)  # for Google, whose pages are fewer
        running.send_signal(signal.SIGINT)
        held.set()
        out, err = running.communicate(timeout=60)
    fault.times = 0
    operator.said += [out, err]
    assert (running.returncode, b"Traceback" in err) == (130, False), err
    found = json.loads(out)
    assert found["interrupted"]
    assert {each["cloud"] for each in found["clusters"]} >= {"gcp", "azure"}
    (left,) = (each for each in found["scopes"] if "interrupted" in each["reason"])
    assert (left["cloud"], left["outcome"]) == ("aws", "error")


def test_credentials_that_cannot_be_used_are_one_cloud_less_and_never_silence(estate, operator):
    """One source of several is a failed place; alone it is the command line's mistake; doctor names it."""
    broken = Operator(
        operator.folder, operator.environment | {"AZURE_CLIENT_SECRET": "planted-secret-wrong"}, operator.said
    )
    code, found = broken.document("discover")
    assert code == 3
    (failed,) = (each for each in found["scopes"] if each["cloud"] == "azure")
    assert (failed["outcome"], failed["account"]) == ("error", "")
    assert {each["cloud"] for each in found["clusters"]} == {"aws", "gcp"}
    alone = broken.run("discover", "--config", "azure.yaml")
    assert (alone.returncode, alone.stderr.count("\n")) == (2, 1)
    code, found = broken.document("doctor", "--config", "azure.yaml")
    assert code == 3
    assert [each["usable"] for each in found["sources"]] == [False]


def test_network_names_what_it_could_not_read_and_takes_nothing_for_apart(estate, operator):
    """EC2 answers; the others' network APIs are not there, so that whatever ends in them is not known; exit 3."""
    code, found = operator.document("network")
    _check(found, "network-v1.json")
    assert code == 3
    assert _not_whole(found["scopes"]) == _failures(estate)
    assert {each["cluster"].rpartition("/")[2] for each in found["topology"]["placements"]} == estate.names
    unread = {(each["cloud"], each["permission"]) for each in found["topology"]["unread"]}
    assert {("gcp", "compute.networks.list"), ("azure", "Microsoft.Network/virtualNetworks/read")} <= unread
    of_gcp = [each for each in found["pairs"] if each["source"].startswith("//container.googleapis.com/")]
    assert of_gcp
    assert {each["verdict"] for each in of_gcp} == {"unknown"}
    for_people = operator.run("network", "--allow-partial")
    assert for_people.returncode == 0, for_people.stderr
    assert "Not read: " in for_people.stdout


def test_nothing_secret_came_out(estate, operator):
    """Not a planted value in anything any command printed or stored, compressed or not."""
    unpacked, found = operator.secrets(estate)
    assert unpacked >= 54
    assert found == []
