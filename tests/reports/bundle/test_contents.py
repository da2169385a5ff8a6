"""What a bundle says of a report: waivers, statements, the letter."""

from __future__ import annotations

import json

import pytest

from reports.bundle import contents
from reports.document import Fabric, Run
from scanner.findings import Score, Severity, Status, WaiverUse
from tests.reports import report_factory as made

USE = WaiverUse(
    id="w-1", control="NB-ISO-01", state="used", items=3, owner="ada", approvers=("bob",), ticket="T-1",
    expires="2027-01-01", named=True,
)  # fmt: skip


def vouched(control: str, reason: str, status: Status, *sentences: str):
    """A control that rests on what somebody says."""
    item = made.item("cluster", status, reason=reason, evidence=sentences)
    return made.control(0, status, id=control, severity=Severity.HIGH, items=(item,))


def test_waivers_stand_with_their_place():
    """Of clusters, and of what is judged for the fleet alone."""
    score = Score(proven=1, ceiling=2, coverage=1)
    fabric = Fabric(score=score, grade="F", gates=(), controls=(), waivers=(USE,))
    found = json.loads(contents.waivers(made.report(made.cluster(waivers=(USE,)), fabric=fabric)))
    assert [each["cluster"] for each in found] == [made.cluster().id, "fabric"]
    assert {(each["waiver"]["id"], each["waiver"]["owner"], each["waiver"]["state"]) for each in found} == {
        ("w-1", "ada", "used")
    }


def test_statements_are_what_people_vouched_for_and_nothing_else():
    """As they counted: in force, failing, or too old. What a cluster says of itself is none."""
    controls = (
        vouched("NB-VER-01", "stated", Status.PASS, "Ada states on 2026-11-22: it was blocked"),
        vouched("NB-GOV-01", "stated-failing", Status.FAIL, "Bob states on 2026-11-20: it drifted"),
        vouched("NB-OBS-04", "stale-evidence", Status.UNKNOWN, "Eve states on 2020-01-01: kept", "not within 90 days"),
        vouched("NB-OBS-05", "no-evidence", Status.UNKNOWN, "nothing shows it"),
        vouched("NB-ISO-01", "stated", Status.PASS, "Mallory states on 2026-11-22: all is well"),
    )
    found = json.loads(contents.statements(made.report(made.cluster(controls=controls))))
    assert [(each["control"], each["status"], each["countedAs"], each["statement"].split()[0]) for each in found] == [
        ("NB-VER-01", "pass", "stated", "Ada"),
        ("NB-GOV-01", "fail", "stated-failing", "Bob"),
        ("NB-OBS-04", "unknown", "stale-evidence", "Eve"),
    ]


def test_an_unread_cluster_is_a_line_for_each_control():
    """It has no items, and is not passed over for that."""
    lines = [json.loads(line) for line in b"".join(contents.findings(made.report(made.unread_cluster()))).splitlines()]
    assert len(lines) == len(made.CONTROLS)
    assert {(each["status"], each["reason"], each["subject"]) for each in lines} == {("unknown", "unread", "")}


@pytest.mark.parametrize("count", [0, 499, 500, 501])
def test_findings_come_in_pieces_and_are_lines_all_the_same(count):
    """Each line ends, and there is no empty one."""
    items = tuple(made.item(str(number)) for number in range(count))
    report = made.report(made.cluster(controls=(made.control(items=items),)))
    text = b"".join(contents.findings(report))
    assert text.count(b"\n") == len(text.splitlines()) == max(1, count)
    assert all(text.splitlines())


def test_the_letter_says_how_it_stands_and_that_it_is_no_attestation():
    """Score, what was not read, and how to check without ringfence; hostile words are spelled out."""
    text = contents.letter(made.estate()).decode()
    for said in ("not an attestation", "7 clusters, 1 not read", "sha256sum -c SHA256SUMS", "minisign -V"):
        assert said in text, said
    hostile = made.report(run=Run(id="\x1b[31m", time="\u202e", tool="\n\n"), baseline="\x07")
    assert not set("\x1b\x07\u202e") & set(contents.letter(hostile).decode())
