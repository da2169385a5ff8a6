"""The terminal summary: one screen, plain words first, and nothing a name holds reaches the terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reports.document import ControlRow
from reports.past import TrendPoint, Vanished
from reports.terminal import render_terminal
from scanner.findings import Score, Status
from tests.reports.governed_factory import fabric, fabric_control, governed, hostile, waiver_use
from tests.reports.report_factory import (
    cluster,
    estate,
    fleet,
    group,
    inert_cluster,
    plane,
    renamed,
    report,
    unread_cluster,
)

AT = ("out/v1/runs/20261123T080000Z-4f2a/report.html",)


def render(source, *, width=80, colour=False, at=AT):
    """The summary as lines."""
    return render_terminal(source, width=width, colour=colour, report_at=at).splitlines()


def test_seven_clusters_fit_a_screen():
    """At 80 columns seven clusters take at most 30 lines, none of them wider than the screen."""
    lines = render(estate())
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80


def point(run="20261122T080000Z", baseline="1.0.0", proven=40.0):
    """One run of a trend."""
    return TrendPoint(
        run=run, time="", baseline=baseline, proven=proven, ceiling=90.0, coverage=0.9, grade="F", clusters=7, unread=1
    )


def gone(name="old-1", number=0):
    """A cluster that is missing since the run before."""
    return Vanished(
        id=f"{name}{number}", cloud="aws", account="1", location="eu-west-1", name=name, run="20261122T080000Z", time="",
        score=Score(proven=12.3, ceiling=45.6, coverage=0.9), grade="F", reason="its place was searched",
    )  # fmt: skip


def test_the_run_before_and_a_new_baseline_are_told():
    """In one line under the score; a first run has none."""
    assert not any("Before" in line for line in render(estate()))
    two = render(replace(estate(), trend=(point(), point("20261123T080000Z"))))
    assert "Before, in run 20261122T080000Z: 40.0 (up to 90.0, coverage 90%)" in two
    changed = " ".join(render(replace(estate(), trend=(point(baseline="0.9.0"), point()))))
    assert "by baseline 0.9.0: `ringfence report --history` scores it by both" in changed
    assert len(two) <= 30


def test_missing_clusters_are_named_and_many_are_counted():
    """Those that are gone and those that were not seen, apart."""
    lines = render(replace(estate(), vanished=(gone(),), unseen=tuple(gone("u", n) for n in range(8))), width=200)
    assert "Vanished: old-1 (aws, eu-west-1), 12.3 in run 20261122T080000Z: its place was searched" in lines
    assert sum(line.startswith("Not seen, for its place was not searched: u (aws") for line in lines) == 5
    assert "and 3 more, all in the report" in lines


def test_accounts_and_controls_are_told_of_a_fleet_that_the_table_cannot_hold():
    """Two lines, and none for a small fleet."""
    controls = tuple(
        ControlRow(
            id=f"NB-ISO-0{n}", title="t", severity="high", worst="fail", counts={"fail": n, "pass": 1}, failing=n
        )
        for n in range(5)
    )
    groups = tuple(
        group(f"aws/{n}", [cluster(score=Score(proven=n, ceiling=90.0, coverage=1.0))]) for n in range(9, 0, -1)
    )
    lines = render(replace(fleet(20), accounts=groups, controls=controls))
    assert "Lowest accounts of 9: aws/1 1.0, aws/2 2.0, aws/3 3.0" in lines
    assert "Fails on most clusters: ISO-04 on 4, ISO-03 on 3, ISO-02 on 2" in lines
    assert len(render(replace(estate(), accounts=groups, controls=controls))) == len(render(estate()))


def test_hostile_names_of_missing_clusters_are_literal():
    """As those of clusters that are there."""
    text = "\n".join(render(replace(estate(), vanished=(gone("[red]\x1b[31m\u202e\n"),))))
    assert "[red]\\x1b[31m\\u202e\\n" in text


def test_first_line_names_the_clusters_that_enforce_nothing():
    """The first thing said is which clusters enforce no network policy."""
    assert render(estate())[0] == "2 of 7 clusters enforce no network policy: shop-prod-eu and retail-legacy."


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(r"Fleet: 47\.3 \(up to 67\.9, coverage 79%\)  grade F", id="fleet"),
        pytest.param(r"shop-prod-eu +aws +eks-vpc-cni +no +22 +F +ENF-01 off", id="inert-cluster"),
        pytest.param(r"partner-aks +azure +aks-npm +unknown +58-84 +F\*", id="provisional"),
        pytest.param(r"retail-autopilot +gcp +gke-dataplane-v2 +yes +92-98 +A +none fails", id="sound-cluster"),
        pytest.param(r"ledger-private +azure +unknown +unknown +0-100 +\? +not read", id="unread-cluster"),
        pytest.param(r"Not read: ledger-private \(azure, westeurope\): the API server refused: 403", id="reason"),
        pytest.param(r"Not searched whole: aws 210987654321 us-east-1: denied", id="denied-scope"),
        pytest.param(r"1\. NB-ENF-01 on retail-legacy and shop-prod-eu", id="first-action"),
        pytest.param(r"Report: out/v1/runs/20261123T080000Z-4f2a/report\.html", id="where"),
    ],
)
def test_says(expected):
    """The screen holds the fleet's score, a row for each cluster, what was not read and where the report is."""
    assert re.search(expected, "\n".join(render(estate())))


def test_a_wide_terminal_says_versions_and_titles():
    """From 110 columns on, a row has the data plane's version and the title of the top finding."""
    text = "\n".join(render(estate(), width=120))
    assert re.search(r"shop-prod-eu +aws +eks-vpc-cni 1\.21\.1 +no .* NB-ENF-01 A network-policy engine", text)


@pytest.mark.parametrize("width", [1, 40, 60, 80, 200])
def test_keeps_to_the_width(width):
    """No line but the one that says where the report is gets wider than the terminal (40 columns at least)."""
    lines = [line for line in render(estate(), width=width) if not line.startswith("Report: ")]
    assert max(map(len, lines)) <= max(40, width)


def test_a_large_fleet_shows_the_worst_and_counts_the_rest():
    """Of 200 clusters the ten worst are listed, and how many more there are."""
    lines = render(fleet(200))
    rows = [line for line in lines if re.match(r"cluster-\d{3} +(aws|gcp|azure) ", line)]
    assert len(rows) == 10
    assert all(" no " in row for row in rows)
    assert any("and 190 more clusters in the report" in line for line in lines)
    assert any("and 26 more clusters not read" in line for line in lines)
    assert len(lines) <= 36


def test_no_escape_sequence_without_colour():
    """With colour off the text is plain; with it on, it is the same text with styles."""
    plain, coloured = (render_terminal(estate(), width=80, colour=colour, report_at=AT) for colour in (False, True))
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


def test_the_environment_decides_nothing(monkeypatch):
    """The caller says width and colour; COLUMNS, FORCE_COLOR and the like are not read behind its back."""
    expected = render(estate())
    for name, value in {
        "COLUMNS": "33",
        "FORCE_COLOR": "1",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "TTY_COMPATIBLE": "1",
    }.items():
        monkeypatch.setenv(name, value)
    assert render(estate()) == expected


def test_markup_in_a_name_prints_literally():
    """A cluster called "[red]x[/red]" is shown by that name."""
    lines = render(report(inert_cluster("[red]x[/red]", "aws", "off", "eks-vpc-cni", "1"), unread_cluster("[/]")))
    assert "[red]x[/red]" in lines[0]
    assert any(line.startswith("[red]x[/red]") for line in lines[2:])
    assert any(line.startswith("Not read: [/] ") for line in lines)


@pytest.mark.parametrize("colour", [False, True])
@settings(max_examples=25, deadline=None)
@given(
    name=st.text(max_size=80)
    | st.sampled_from(["\x1b]0;owned\x07", "\x9b31m", "a\u202eb", "\r\nFleet: 100.0", "\ud800"])
)
def test_nothing_in_a_name_drives_the_terminal(colour, name):
    """Only our own colour sequences are written; every line end is ours; overrides are spelled out."""
    text = render_terminal(renamed(estate(), name), width=80, colour=colour, report_at=(name,))
    bare = re.sub(r"\x1b\[[0-9;]*m", "", text) if colour else text
    assert all(character.isprintable() or character == "\n" for character in bare)
    assert not bare.startswith("Fleet: 100.0")
    bare.encode("utf-8")


def test_all_in_order():
    """A fleet that enforces everywhere and was read whole opens with that sentence."""
    assert (
        render(report(cluster("a"), cluster("b")))[0] == "Every cluster enforces network policy wherever workloads run."
    )


def test_no_clusters():
    """A run that found nothing says so and still says where the report is."""
    lines = render(report())
    assert lines[0] == "No cluster was found, so nothing was judged."
    assert lines[-1] == f"Report: {AT[0]}"


def test_a_known_enforcement_of_an_unread_cluster_is_said():
    """A cluster that cannot be read but whose cloud record shows that nothing enforces is named in both sentences."""
    off = unread_cluster("dark", dataplane=plane(enforcing="no", reason="off"))
    lines = render(report(off))
    assert lines[0] == "1 of 1 cluster enforces no network policy: dark."
    assert lines[1] == "1 of 1 cluster could not be read: dark."


def test_scores_are_rounded_down():
    """A score just below a grade's limit does not read as if it had reached it."""
    almost = report(cluster(score=Score(proven=89.96, ceiling=89.96, coverage=0.8999)))
    assert "89.9 (up to 89.9, coverage 89%)" in "\n".join(render(almost))


@pytest.mark.parametrize("width", [80, 100])
def test_the_fabric_takes_two_lines_at_most(width):
    """How it stands and what fails there, that which is only inert last, below the table of clusters."""
    lines = render(governed(), width=width)
    [at] = [place for place, line in enumerate(lines) if line.startswith("Fabric: ")]
    assert lines[at].startswith("Fabric: 35 (up to 60) grade F (provisional): XC-01 undeclared (2), XC-02 inert")
    assert not lines[at + 1].startswith("XC")
    assert any(line.startswith("ledger-private") for line in lines[:at])


@pytest.mark.parametrize(("width", "most"), [(40, 4), (80, 2), (100, 2)])
def test_more_failures_of_the_fabric_than_fit_are_counted(width, most):
    """As many as fit are named, and how many more there are."""
    many = tuple(fabric_control(f"NB-XC-{n:02}", reason="not-what-was-declared") for n in range(1, 30))
    lines = render(report(cluster(), fabric=fabric(controls=many)), width=width)
    [at] = [place for place, line in enumerate(lines) if line.startswith("Fabric: ")]
    end = next(place for place, line in enumerate(lines) if place >= at and line.endswith(" more"))
    assert end - at < most
    shown = "\n".join(lines[at : end + 1]).count("XC-")
    assert 0 < shown < len(many)
    assert lines[end].endswith(f"and {len(many) - shown} more")


def test_a_fabric_in_order_says_so():
    """No failure is no silence."""
    passing = (fabric_control("NB-XC-01", status=Status.PASS),)
    text = "\n".join(render(report(cluster(), fabric=fabric(controls=passing, grade="A"))))
    assert "grade A: none fails" in text


def test_waived_failures_are_counted_beside_the_raw_score():
    """The headline is the raw score; the lines below say what the waivers take off, and which of them do not hold."""
    lines = render(governed())
    [at] = [place for place, line in enumerate(lines) if line.startswith("Fleet: 47.3")]
    assert lines[at + 1] == "With 1 failure waived: 50.0 (up to 70.0, coverage 79%)"
    assert lines[at + 2] == "Waivers: expired W-2; unused W-3"


def test_hostile_names_of_the_fabric_are_literal():
    """Neither markup nor control characters act."""
    text = "\n".join(render(hostile("[red]\x1b[31m\u202e\n")))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]\\x1b[31m" in text


def test_waivers_that_waive_nothing_are_named_all_the_same():
    """Without a waived failure there is no second score; what is wrong with the waivers is said."""
    idle = cluster(waivers=tuple(waiver_use(f"W-{n}", "unused") for n in range(5)))
    text = "\n".join(render(report(idle)))
    assert "waived:" not in text
    assert "Waivers: unused W-0, W-1, W-2 and 2 more" in text
