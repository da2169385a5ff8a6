"""Fabric, frameworks, waivers and families on the page: what is shown, in which order, and that names stay text."""

from __future__ import annotations

import msgspec
import pytest

from reports.html.families import FAMILIES, OWN, family_of, label_of
from reports.html.findings import FOLDED_FROM, families
from reports.html.render import render_html
from reports.html.view import page
from reports.html.waivers import uses_of, waiver_of, waiver_rows
from scanner.baselines.profiles import ALL
from scanner.findings import Level, Status
from tests.reports.governed_factory import (
    fabric,
    fabric_control,
    framework,
    governed,
    hostile,
    requirement,
    said,
    waived,
    waiver_use,
)
from tests.reports.report_factory import CONTROLS, cluster, control, estate, item, report
from tests.reports.test_html import Page, groups_of


def ids(document: Page) -> set[str]:
    """The anchors of a page."""
    return {attrs["id"] or "" for _, attrs in document.elements if "id" in attrs}


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param("The fabric What is judged once for the whole fleet", id="fabric"),
        pytest.param("35.2 (up to 60.4, coverage 75%)", id="fabric-score"),
        pytest.param("Grade capped: NB-XC-02 is critical and fails: grade C at best", id="fabric-gate"),
        pytest.param("vpc-0a51 = vnet-lend undeclared", id="fabric-item"),
        pytest.param("Evidence support, not an attestation. A requirement is as good as", id="no-attestation"),
        pytest.param("Card Rules 4 The Council numbers of 4.0", id="framework"),
        pytest.param("of 2 assessed requirements, over 2 clusters", id="requirements"),
        pytest.param("fails on shop-prod-eu", id="failing-cluster"),
        pytest.param("1 requirement not assessed by this tool", id="not-assessed"),
        pytest.param("XC-01 ? not judged", id="not-judged"),
        pytest.param("~ without what is waived 50.0 (up to 70.0, coverage 79%)", id="fleet-accepted"),
        pytest.param("~ without what is waived 65.0 (up to 70.0, coverage 95%)", id="cluster-accepted"),
        pytest.param("W-2 SEC-1 ✕ expired 2026-01-01 ISO-01 1 failure on shop-prod-eu, counted again", id="expired"),
        pytest.param("W-3 SEC-1 ∅ unused 2026-12-08 ISO-01 matches no failure", id="unused"),
        pytest.param("shop waiver W-1 waived by W-1 until 2026-12-08: it moves", id="marked-item"),
    ],
)
def test_says(expected):
    """Each part of the report is on the page in words."""
    assert expected in Page(render_html(governed())).text


def test_a_report_without_these_parts_has_no_sections_for_them():
    """Nothing is headed that is not there."""
    assert not {"fabric", "frameworks", "waivers"} & ids(Page(render_html(estate())))
    assert {"fabric", "frameworks", "waivers"} <= ids(Page(render_html(governed())))


def test_what_fails_by_itself_leads_the_fabric():
    """Before what is only inert, which comes before unknown; what is in order is folded away."""
    part = page(governed()).fabric
    assert part is not None
    assert [each.id for each in part.pressing] == ["NB-XC-01", "NB-XC-02", "NB-VER-02"]
    assert [each.id for each in part.settled] == ["NB-XC-03", "NB-XC-04"]


def test_items_of_a_fleets_control_that_a_cluster_waived_are_marked_in_the_fabric():
    """The fabric merges such controls, and the waiver is the cluster's."""
    use = waiver_use(control="NB-GOV-04")
    merged = fabric_control("NB-GOV-04", items=(item("a: Group:dev", Status.WAIVED, evidence=(said(use),)),))
    found = page(report(cluster(waivers=(use,)), fabric=fabric(controls=(merged,)))).fabric
    assert found is not None
    assert found.pressing[0].judged.blocks[0].waiver == use


@pytest.mark.parametrize("state", ["used", "expired"])
def test_an_items_waiver_is_linked_to_its_row(state):
    """The mark beside the item leads to the waiver."""
    use = waiver_use("W-9", state)
    document = Page(render_html(report(cluster(controls=(waived(use),), waivers=(use,)))))
    [link] = [href for href in document.attributes("a", "href") if href.startswith("#waiver~")]
    assert link.removeprefix("#") in ids(document)


def test_a_waiver_is_told_from_one_whose_id_begins_alike():
    """The longest id that the sentence names is meant, and a sentence of something else names none."""
    short, long = waiver_use("W"), waiver_use("W until 2026-12-08: x")
    assert waiver_of((said(long),), (short, long)) is long
    assert waiver_of((said(short),), (short, long)) is short
    assert waiver_of(("Nothing isolates it.",), (short, long)) is None
    assert waiver_of((), (short,)) is None


def test_waivers_that_do_not_do_what_they_should_come_first():
    """Expired, without effect, unused, lapsed, over-broad, and at last those in order; unheard-of states behind."""
    states = ("used", "over-broad", "lapsed", "unused", "invalid", "expired", "later")
    uses = tuple(waiver_use(f"W-{state}", state) for state in states)
    rows = waiver_rows(uses_of(report(cluster(waivers=uses))))
    assert [row.use.state for row in rows] == ["expired", "invalid", "unused", "lapsed", "over-broad", "used", "later"]


def test_a_waiver_is_one_row_over_all_clusters():
    """What it covers is added up; a cluster in which it matches nothing does not make it unused."""
    clusters = (
        cluster("a", waivers=(waiver_use(items=2),)),
        cluster("b", waivers=(waiver_use(items=3),)),
        cluster("c", waivers=(waiver_use(state="unused"),)),
        cluster("d", waivers=(waiver_use(state="invalid", problem="two approvers are needed"),)),
    )
    [row] = waiver_rows(uses_of(report(*clusters)))
    assert row.use.state == "invalid"
    assert row.covers == ("5 failures on a and b", "without effect on 1 failure on d: two approvers are needed")
    [row] = waiver_rows(uses_of(report(*clusters[:3])))
    assert row.use.state == "used"
    [row] = waiver_rows(uses_of(report(clusters[2], fabric=fabric(waivers=(waiver_use(),)))))
    assert row.covers == ("1 failure on the fabric",)


def test_requirements_that_are_not_assessed_are_folded_away():
    """They stand apart, with what supports them; the others keep the framework's order."""
    rows = (requirement("2", "pass"), requirement("1", "not_assessed"), requirement("3", "fail"))
    [part] = page(report(cluster(), frameworks=(framework(*rows),))).frameworks
    assert [row.id for row in part.assessed] == ["2", "3"]
    assert [(row.id, row.supporting[0].chip.words) for row in part.others] == [("1", "not judged")]
    assert [(count, chip.words) for count, chip in part.counts] == [(1, "fail"), (1, "pass")]


def test_a_framework_for_none_of_the_clusters_says_so():
    """No empty table stands there."""
    text = Page(render_html(report(cluster(), frameworks=(framework(),)))).text
    assert "None of the clusters is of the kind that it is about." in text


def test_every_control_of_the_baseline_has_a_family():
    """None of the sixty is taken for an operator's own, and an own one is, however it is called."""
    assert {family_of(control) for control in ALL} == set(FAMILIES)
    assert {family_of(name) for name in ("OWN-1", "NB-", "NB-X", "NB-ISO", "NB-TEAM-01", "", "-")} == {OWN}
    assert (label_of("NB-ISO-07"), label_of("team-labels")) == ("07", "team-labels")


def test_families_stand_in_the_order_of_their_worst_control():
    """The family of the worst control is first; controls that are in order everywhere are folded behind the others."""
    results = tuple(control(n, Status.FAIL if n in {6, 9} else Status.PASS) for n in range(len(CONTROLS)))
    found = families(groups_of(report(cluster(controls=results))))
    assert [each.family.code for each in found] == ["ISO", "LP", "ENF", "EXP", "OBS"]
    assert [group.id for group in found[0].pressing] == ["NB-ISO-03"]
    assert {group.id for group in found[0].settled} == {"NB-ISO-01", "NB-ISO-02", "NB-ISO-04"}
    assert found[0].counts == {Status.FAIL: 1, Status.PASS: 3}
    assert sum(each.size for each in found) == len(CONTROLS)


@pytest.mark.parametrize(("passing", "folded"), [(FOLDED_FROM - 1, 0), (FOLDED_FROM, FOLDED_FROM)])
def test_clusters_in_order_are_folded_away_under_a_control_that_fails_elsewhere(passing, folded):
    """A few stay in sight, and no finding is lost or shown twice."""
    clusters = (cluster("bad"), *(cluster(f"c{n}", controls=(control(4, Status.PASS),)) for n in range(passing)))
    [group] = [each for each in groups_of(report(*clusters)) if each.id == "NB-ISO-01"]
    assert (len(group.pressing), len(group.settled)) == (1 + passing - folded, folded)
    assert group.pressing + group.settled == group.findings


def test_nothing_is_folded_away_where_all_clusters_are_in_order():
    """The control itself is folded then."""
    clusters = [cluster(f"c{n}", controls=(control(4, Status.PASS),)) for n in range(9)]
    [group] = groups_of(report(*clusters))
    assert group.is_settled
    assert len(group.pressing) == 9


def test_the_level_of_truth_stands_beside_each_control_and_each_finding():
    """A control judged at two levels says both; one that could not be judged adds none."""
    results = (Level.DECLARED, Status.FAIL), (Level.EFFECTIVE, Status.PASS), (Level.PROVEN, Status.UNKNOWN)
    clusters = [cluster(f"c{n}", controls=(control(4, s, level=level),)) for n, (level, s) in enumerate(results)]
    [group] = groups_of(report(*clusters))
    assert group.levels == (Level.DECLARED, Level.EFFECTIVE)
    document = Page(render_html(report(*clusters)))
    chips = [
        attrs["class"] for tag, attrs in document.elements if tag == "span" and "truth" in (attrs.get("class") or "")
    ]
    assert chips[3:] == [f"truth {level}" for level in ("declared", "effective", "declared", "proven", "effective")]


def test_links_lead_to_anchors_of_the_page():
    """Every control, waiver and cluster that is named as a link is there, once."""
    document = Page(render_html(governed()))
    anchors = [attrs["id"] for _, attrs in document.elements if "id" in attrs]
    assert len(anchors) == len(set(anchors))
    assert {link.removeprefix("#") for link in document.attributes("a", "href")} <= set(anchors)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("<script>alert(1)</script>", id="script"),
        pytest.param('"><img src=x onerror=alert(1)>', id="attribute"),
        pytest.param("</table></details></section><b>", id="closing-tags"),
        pytest.param("{{ 7*7 }}{% raw %}", id="template"),
        pytest.param("a\u202egnp.exe\u2066b\x1b]0;owned\x07\x00\r\n", id="control"),
        pytest.param("x" * 10_240, id="ten-kilobytes"),
        pytest.param("", id="empty"),
    ],
)
def test_hostile_names_stay_text(name):
    """A crafted id of a waiver, requirement or control adds no element, attribute or control character."""
    harmless, crafted = Page(render_html(hostile("plain"))), Page(render_html(hostile(name)))
    assert {tag for tag, _ in crafted.elements} <= {tag for tag, _ in harmless.elements}
    assert not crafted.unbalanced
    assert not crafted.open
    used = {attribute for _, attrs in crafted.elements for attribute in attrs}
    assert used <= {attribute for _, attrs in harmless.elements for attribute in attrs}
    assert not set("\u202e\u2066\x00\x07\x1b\r") & set(crafted.text)


def test_a_fleet_of_sixty_controls_stays_small_enough_to_open():
    """A hundred clusters with the whole baseline fit in 8 MB."""
    results = tuple(
        msgspec.structs.replace(control(0, Status.FAIL if n % 3 == 0 else Status.PASS), id=name)
        for n, name in enumerate(ALL)
    )
    assert len(render_html(report(*(cluster(f"c{n}", controls=results) for n in range(100))))) < 8_000_000
