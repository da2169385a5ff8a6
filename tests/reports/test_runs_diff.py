"""What becomes of a finding between two runs; the document; and that nothing a cluster says is markup or control."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.findings_diff import STATES, Finding, findings
from reports.identity import finding_ids
from reports.runs_diff import render_runs_diff, runs_diff, side_of
from reports.runs_diff_text import SHOWN, diff_lines, diff_markdown, worst_of_each
from scanner.findings import Status
from tests.reports.governed_factory import fabric, waived, waiver_use
from tests.reports.report_factory import cluster, control, estate, item, renamed, report, unread_cluster

F, P, U, W, N = Status.FAIL, Status.PASS, Status.UNKNOWN, Status.WAIVED, Status.NOT_APPLICABLE


def only(found: list[Finding]) -> str:
    """The state of the one finding, "" without one."""
    assert len(found) <= 1
    return found[0].state if found else ""


def between(before: Status | None, after: Status | None, rest: Status = P, read: str = "complete") -> str:
    """The state of a finding about "shop" that had the one status and has the other; `rest` is another item's."""

    def judged(status: Status | None) -> Any:
        items = (*([item("shop", status)] if status else []), item("other", rest if rest is not F else P))
        return control(4, status or rest, items=items)

    old, new = cluster("a", controls=(judged(before),)), cluster("a", controls=(judged(after),), read=read)
    return only([each for each in findings(report(old), report(new)) if each.subject == "shop"])


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        (P, F, "new"), (U, F, "new"), (None, F, "new"), (W, F, "new"), (N, F, "new"), (F, F, "still-failing"),
        (F, P, "fixed"), (F, N, "fixed"), (F, None, "fixed"), (W, P, "fixed"),
        (F, U, "became-unknown"), (P, U, "became-unknown"), (W, U, "became-unknown"), (None, U, ""), (U, U, ""),
        (F, W, "waived"), (None, W, "waived"), (W, W, ""), (U, P, ""), (P, P, ""), (P, None, ""), (None, P, ""),
    ],
)  # fmt: skip
def test_state_of_a_finding(before, after, state):
    """In a cluster that is read whole both times."""
    assert between(before, after) == state


@pytest.mark.parametrize(
    ("after", "rest", "read", "state"),
    [
        pytest.param(None, U, "complete", "became-unknown", id="the-control-is-unknown"),
        pytest.param(None, U, "partial", "became-unknown", id="read-in-part-and-unknown"),
        pytest.param(None, P, "partial", "fixed", id="read-in-part-and-nothing-unknown"),
        pytest.param(None, P, "unread", "not-known", id="unread"),
        pytest.param(U, P, "unread", "not-known", id="unread-and-unknown"),
        pytest.param(F, P, "unread", "still-failing", id="unread-and-failing-by-its-record"),
        pytest.param(P, P, "unread", "fixed", id="unread-and-passing-by-its-record"),
    ],
)
def test_what_cannot_be_seen_is_not_fixed(after, rest, read, state):
    """Of something that failed before."""
    assert between(F, after, rest, read) == state


def test_a_control_that_was_not_judged_there_now_is_not_known():
    """Though other clusters are judged by it."""
    judged = (control(4, items=(item("shop"),)),)
    before = report(cluster("a", controls=judged), cluster("b", controls=judged))
    after = report(cluster("a", controls=()), cluster("b", controls=judged))
    assert [(each.name, each.state) for each in findings(before, after)] == [("a", "not-known"), ("b", "still-failing")]


def test_a_control_without_items_stands_for_itself():
    """It is a finding with an empty subject."""
    old, new = (report(cluster("a", controls=(control(4, status, items=()),))) for status in (P, F))
    assert [(each.subject, each.state) for each in findings(old, new)] == [("", "new")]


def test_ids_are_those_of_every_other_form():
    """Also where items share a subject, and where a control has none."""
    controls = (control(4, items=(item("a"), item("b"), item("a"))), control(0, items=()))
    found = list(findings(report(), report(cluster("a", controls=controls))))
    place = cluster("a").id
    assert {each.id for each in found} == {name for each in controls for name in finding_ids(place, each)}
    assert len(found) == 4


def test_the_fabric_counts_once():
    """What is judged for the fleet alone; a control that clusters carry is theirs."""
    old = report(cluster("a"), fabric=fabric())
    new = report(cluster("a"), fabric=fabric(controls=(control(4, items=(item("x"),)),)))
    assert [each for each in findings(old, new) if each.cluster == "fabric"] == []
    failing = [each for each in findings(old, old) if each.cluster == "fabric"]
    assert {each.control for each in failing} == {"NB-XC-01", "NB-XC-02"}
    assert {each.state for each in failing} == {"still-failing"}


@given(
    st.lists(st.sampled_from([F, P, U, W, N, None]), min_size=8, max_size=8),
    st.sampled_from(["complete", "partial", "unread"]),
)
def test_every_failure_is_in_exactly_one_state(statuses, read):
    """Whatever fails now is new or still failing; whatever failed is still there, fixed, waived or unknown."""

    def judged(half: list[Status | None]) -> Any:
        items = tuple(item(f"s{at}", status) for at, status in enumerate(half) if status)
        return control(4, F if F in half else P, items=items or (item("rest", P),))

    old = report(cluster("a", controls=(judged(statuses[:4]),)))
    new = report(cluster("a", controls=(judged(statuses[4:]),), read=read))
    found = {each.subject: each.state for each in findings(old, new)}
    for at in range(4):
        before, after = statuses[at], statuses[at + 4]
        if after is F:
            assert found[f"s{at}"] == ("still-failing" if before is F else "new")
        elif before is F:
            assert found[f"s{at}"] in {"fixed", "waived", "became-unknown", "not-known"}
            assert (found[f"s{at}"] == "fixed") <= (after in {P, N} or (after is None and read != "unread"))


def test_the_document_is_whole_in_pieces():
    """It holds each finding once, and what the struct says of its shape is what is written."""
    old, new = estate(), report(*estate().clusters[:3], unread_cluster("data-prod-eu", "aws"))
    diff = runs_diff(old, new, (side_of(old), side_of(new)), ())
    document = json.loads(b"".join(render_runs_diff(diff, findings(old, new))))
    assert document["findings"] == [msgspec.to_builtins(each) for each in findings(old, new)]
    assert document | {"findings": []} == json.loads(msgspec.json.encode(diff))
    assert list(document)[-1] == "findings"
    none = json.loads(b"".join(render_runs_diff(diff, ())))
    assert none["findings"] == []


def test_the_shown_are_the_worst_and_bounded():
    """Of thousands of each state; what is left out is counted."""
    many = control(4, items=tuple(item(f"s{n}") for n in range(5_000)))
    one = control(0, F, items=(item("worst"),))
    old = report(cluster("a", controls=(control(4, P), control(0, P))))
    new = report(cluster("a", controls=(many, one)))
    worst = worst_of_each(findings(old, new))
    assert (len(worst["new"]), worst["new"][0].subject) == (SHOWN, "worst")
    diff = runs_diff(old, new, (side_of(old), side_of(new)), ())
    lines = list(diff_lines(diff, worst))
    assert len(lines) < 40
    assert f"  and {5_001 - SHOWN:,} more: --format json has them all" in lines
    assert sum(map(len, diff_markdown(diff, worst))) < 60_000


@pytest.mark.parametrize(
    "name", ["\x1b[31m", "a\nb\r", "| x | `y` <img src=x>", "\u202eevil", "=1+1", "x" * 5_000, "@team"]
)
def test_hostile_names_stay_text(name):
    """In a terminal and in Markdown, wherever a cluster may have chosen the words."""
    old = renamed(report(cluster("a", controls=(control(4, P),))), name)
    new = renamed(report(cluster("a", controls=(control(4, F),))), name)
    diff = runs_diff(old, new, (side_of(old), side_of(new)), ())
    worst = worst_of_each(findings(old, new))
    for lines in (list(diff_lines(diff, worst)), list(diff_markdown(diff, worst))):
        assert all(line.isprintable() and len(line) <= 700 for line in lines)
    text = "\n".join(diff_markdown(diff, worst))
    outside = re.sub(r"`[^`\n]*`", "", text)  # code, in which nothing is markup
    assert re.findall(r"(?<!\\)[<\[*_]", outside.replace("**", "")) == []
    assert all(line.count("|") - line.count("\\|") == 5 for line in text.splitlines() if line.startswith("| "))


def test_every_state_has_words():
    """And each is counted, also where there is none."""
    diff = runs_diff(estate(), estate(), (side_of(estate()), side_of(estate())), ())
    assert tuple(diff.counts) == STATES
    used = report(cluster("a", controls=(waived(waiver_use()),)))
    assert [each.state for each in findings(report(cluster("a", controls=(control(4),))), used)] == ["waived"]
