"""What somebody hears of after a run, and what nobody does."""

from __future__ import annotations

import msgspec
import pytest

from reports.changes import Kind, changes_between
from reports.document import Run, Scope
from scanner.findings import Score, Status
from tests.reports import report_factory as made


def told(before, after) -> list[tuple[Kind, str]]:
    """Kinds and sentences, in order."""
    return [(each.kind, "".join(each.parts)) for each in changes_between(before, after).changes]


def with_status(status: Status, **fields):
    """A cluster whose control 4 is `status`, all else as ever."""
    return made.cluster(controls=(made.control(3, Status.PASS), made.control(4, status)), **fields)


def later(report, **fields):
    """The same report as of a later run."""
    return msgspec.structs.replace(
        report, run=Run(id="20261124T080000Z", time="2026-11-24T08:00:00Z", tool="0.1.0"), **fields
    )


def test_the_same_estate_is_no_change():
    """Another run of it, with other times, tells nothing."""
    estate = made.estate()
    assert told(estate, later(estate)) == []


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (Status.PASS, Status.FAIL, Kind.FAILS),
        (Status.UNKNOWN, Status.FAIL, Kind.FAILS),
        (Status.WAIVED, Status.FAIL, Kind.FAILS),
        (Status.FAIL, Status.PASS, Kind.FIXED),
        (Status.FAIL, Status.NOT_APPLICABLE, Kind.FIXED),
        (Status.FAIL, Status.UNKNOWN, Kind.UNDECIDED),
        (Status.FAIL, Status.WAIVED, Kind.WAIVED),
    ],
)
def test_a_control_that_changed_is_told_for_what_it_is(old, new, kind):
    """A failure that is unknown now, or waived, is not mended."""
    found = told(made.report(with_status(old)), made.report(with_status(new)))
    assert [each[0] for each in found] == [kind]
    assert "NB-ISO-01" in found[0][1]
    assert "shop-prod" in found[0][1]


@pytest.mark.parametrize(
    ("old", "new"),
    [(s, s) for s in Status]
    + [(Status.PASS, Status.UNKNOWN), (Status.UNKNOWN, Status.PASS), (Status.WAIVED, Status.PASS)],
)
def test_what_nobody_needs_to_hear(old, new):
    """Neither did it fail before nor does it now."""
    assert told(made.report(with_status(old)), made.report(with_status(new))) == []


def test_a_control_that_is_no_longer_judged_is_not_mended():
    """Another profile hides failures; that is said."""
    after = made.report(made.cluster(controls=(made.control(3, Status.PASS),)))
    assert told(made.report(with_status(Status.FAIL)), after) == [
        (Kind.UNDECIDED, "NB-ISO-01 (critical) " + made.CONTROLS[4][1] + " on shop-prod: is not judged any more")
    ]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("yes", "no", Kind.UNENFORCED), ("yes", "partly", Kind.UNENFORCED), ("yes", "unknown", Kind.UNENFORCED),
        ("partly", "no", Kind.UNENFORCED), ("partly", "unheard-of", Kind.UNENFORCED), ("no", "yes", Kind.ENFORCED),
    ],
)  # fmt: skip
def test_enforcement_that_moved_is_told_first(old, new, kind):
    """Whatever else changed; a word of a later version counts as unknown."""
    before = made.report(with_status(Status.PASS, dataplane=made.plane(enforcing=old)))
    after = made.report(with_status(Status.FAIL, dataplane=made.plane(enforcing=new, reason="off")))
    found = told(before, after)
    assert {each[0] for each in found} == {kind, Kind.FAILS}
    assert (found[0][0] is kind) == (kind is Kind.UNENFORCED)


def test_failures_that_only_follow_are_one_line():
    """On a plane that enforces nothing every policy control fails: nobody reads forty lines of that."""
    before = made.report(made.cluster())
    after = made.report(made.inert_cluster("shop-prod", "aws", "off", "eks-vpc-cni", "1.21.1"))
    inert = [
        sentence
        for kind, sentence in told(before, after)
        if kind is Kind.FAILS and "because nothing enforces" in sentence
    ]
    assert len(inert) == 1
    assert sum(kind is Kind.FAILS for kind, _ in told(before, after)) == 2  # and NB-ENF-01 itself


def test_a_cluster_that_cannot_be_read_is_told_once():
    """Its controls are unknown now, which says nothing more."""
    before, after = made.report(made.cluster("a", "azure")), made.report(made.unread_cluster("a"))
    assert [each[0] for each in told(before, after)] == [Kind.UNREAD, Kind.GRADE]
    back = [each[0] for each in told(after, before)]
    assert Kind.READ in back
    assert Kind.FIXED not in back


def test_a_cluster_that_is_gone_and_one_that_is_hidden():
    """Where its place was not searched it may well be there."""
    both, one = made.report(made.cluster("a"), made.cluster("b")), made.report(made.cluster("a"))
    assert told(both, one) == [(Kind.VANISHED, "b is not there any more")]
    scope = Scope(cloud="aws", account="123456789012", location="", outcome="denied", reason="no rights")
    hidden = told(both, msgspec.structs.replace(one, scopes=(scope,)))
    assert hidden == [
        (Kind.VANISHED, "b was not found; its place was not searched whole"),
        (Kind.UNSEARCHED, "aws 123456789012: denied: no rights"),
    ]
    assert told(msgspec.structs.replace(both, scopes=(scope,)), msgspec.structs.replace(both, scopes=(scope,))) == []


def test_a_new_cluster_is_told_with_what_fails():
    """Its failures are part of that line."""
    found = told(made.report(made.cluster("a")), made.report(made.cluster("a"), made.cluster("b")))
    assert found == [(Kind.APPEARED, "b: grade C, 1 control fails")]


def test_a_grade_that_moved_is_told_and_a_score_that_moved_within_it_is_not():
    """Of the fleet and of a cluster; "provisional" alone is no other grade."""

    def graded(grade: str, proven: float):
        return made.report(with_status(Status.PASS, grade=grade, score=Score(proven=proven, ceiling=95, coverage=0.9)))

    assert told(graded("C", 71), graded("C (provisional)", 79)) == []
    found = told(graded("B", 85), graded("C", 79))
    assert [(kind, sentence.partition(":")[0]) for kind, sentence in found] == [(Kind.GRADE, "shop-prod")]


def test_clusters_of_one_name_are_told_apart():
    """By their place."""
    before = made.report(with_status(Status.PASS), with_status(Status.PASS, account="2", id="other"))
    after = made.report(with_status(Status.PASS), with_status(Status.FAIL, account="2", id="other"))
    assert "shop-prod (aws 2 eu-west-1)" in told(before, after)[0][1]


def test_another_baseline_is_noted():
    """Differences may then be its own."""
    estate = made.estate()
    assert changes_between(estate, msgspec.structs.replace(estate, baseline="2.0.0")).notes != ()
