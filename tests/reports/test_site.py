"""The report as a set of pages: every link leads somewhere, nothing is lost between the pages, and names are safe files."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote

import msgspec
import pytest

from reports.document import Report
from reports.html import listing, view
from reports.html.cluster import ITEMS_PER_PAGE
from reports.html.heat import heat
from reports.html.links import Links, Names
from reports.html.matrix import columns_of
from reports.html.render import render_html
from reports.html.site import folder_of, pages
from scanner.findings import Score, Status
from tests.reports.governed_factory import framework, governed, hostile, requirement
from tests.reports.report_factory import cluster, control, estate, fleet, item, renamed, report, unread_cluster
from tests.reports.test_html import Page

HOSTILE = [
    pytest.param("../../etc/passwd", id="traversal"),
    pytest.param("..", id="dots"),
    pytest.param("a/b\\c:d?e#f%20&g", id="separators"),
    pytest.param('"><script>alert(1)</script>', id="markup"),
    pytest.param("CON", id="reserved"),
    pytest.param("\ud800\x00\r\n", id="no-text"),
    pytest.param("x" * 10_000, id="long"),
    pytest.param("", id="empty"),
]


def parsed(source: Report, fleet_name: str = "report.html") -> dict[str, Page]:
    """Every page of the site, by path."""
    return {path: Page(content) for path, content in pages(source, fleet_name)}


def targets(site: dict[str, Page]) -> set[str]:
    """Every page, and every anchor on it."""
    anchors = {f"{path}#{attrs['id']}" for path, page in site.items() for _, attrs in page.elements if "id" in attrs}
    return anchors | site.keys()


def links(site: dict[str, Page]) -> list[tuple[str, str]]:
    """Where each page leads, as the reader's program resolves it: the page, and path and anchor of what it links to."""
    found = []
    for path, page in site.items():
        for href in page.attributes("a", "href"):
            there, mark, at = href.partition("#")
            resolved = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(there))) if there else path
            found.append((path, f"{resolved}{mark}{at}"))
    return found


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(estate(), id="few-clusters"),
        pytest.param(governed(), id="governed"),
        pytest.param(fleet(30), id="many-clusters"),
        pytest.param(report(), id="no-cluster"),
        pytest.param(renamed(estate(), "../../x y%41#z"), id="hostile-clusters"),
        pytest.param(hostile("../../x y%41#z"), id="hostile-ids"),
    ],
)
def test_every_link_leads_to_a_page_and_an_anchor_of_the_site(source):
    """No link is dead, and every page but the fleet's is led to from another."""
    site = parsed(source)
    there, found = targets(site), links(site)
    assert {link for _, link in found} - there == set()
    assert {link.partition("#")[0] for path, link in found if link.partition("#")[0] != path} >= site.keys() - {
        "report.html"
    }


def test_links_fit_any_name_of_the_fleet_page():
    """The folder is called after the file, with spaces and signs in either."""
    site = parsed(estate(), "Q4 report #1.html")
    assert {path.split("/")[0] for path in site} == {"Q4 report #1", "Q4 report #1.html"}
    assert {link for _, link in links(site)} <= targets(site)
    assert folder_of("fleet") == "fleet-pages"


@pytest.mark.parametrize("source", [governed(), fleet(30)], ids=["governed", "many-clusters"])
def test_every_page_carries_the_policy_and_refers_to_nothing_outside(source):
    """Each is balanced, holds one style and one script at most, and names their hashes."""
    for path, page in parsed(source).items():
        assert not page.unbalanced, path
        assert not page.open, path
        [policy] = [attrs["content"] or "" for _, attrs in page.elements if "http-equiv" in attrs]
        assert policy.startswith("default-src 'none'; style-src 'sha256-"), path
        assert [tag for tag, _ in page.elements if tag in {"style", "script"}] == ["style", "script"], path
        assert not [a for _, attrs in page.elements for a in attrs if a.startswith("on") or a in {"style", "src"}], path
        assert not [href for href in page.attributes("a", "href") if ":" in href or href.startswith("/")], path


def test_the_fleet_page_comes_last_and_everything_is_the_same_again():
    """Whoever stores the pages in order never has a fleet page whose links lead nowhere."""
    once, again = list(pages(governed())), list(pages(governed()))
    assert once == again
    assert once[-1][0] == "report.html"
    assert len({path.lower() for path, _ in once}) == len(once)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ids_stay_text_on_every_page(name):
    """Ids of controls, requirements and waivers add no element and no attribute to any page."""
    harmless, crafted = parsed(hostile("plain")), parsed(hostile(name))
    allowed = {tag for page in harmless.values() for tag, _ in page.elements}
    used = {attribute for page in harmless.values() for _, attrs in page.elements for attribute in attrs}
    for path, page in crafted.items():
        assert not page.unbalanced, path
        assert {tag for tag, _ in page.elements} <= allowed, path
        assert {attribute for _, attrs in page.elements for attribute in attrs} <= used, path


@pytest.mark.parametrize(("sizes", "parts"), [((4_000,), 2), ((ITEMS_PER_PAGE,), 0), ((5_000, 10, 700), 3), ((2,), 0)])
def test_no_item_of_a_large_cluster_is_lost(sizes, parts):
    """What the cluster's page has no room for is on further pages, each item once, none of the pages too long."""
    results = tuple(
        control(number, items=tuple(item(f"c{number}-ns-{n}", evidence=(f"e{n}",)) for n in range(size)))
        for number, size in enumerate(sizes)
    )
    site = parsed(report(cluster(controls=results)))
    shown = [page for path, page in site.items() if "/clusters/" in path or "/findings/" in path]
    assert len(shown) == parts + 1
    counted = [re.findall(r"c\d+-ns-\d+(?= not isolated)", page.text) for page in shown]
    assert sorted(name for names in counted for name in names) == sorted(i.subject for r in results for i in r.items)
    assert max(map(len, counted)) <= ITEMS_PER_PAGE + 100


def test_a_large_fleet_is_a_page_of_rows_and_every_cluster_has_its_own():
    """200 clusters: a row each, the unread among them, the worst findings, and a page for each cluster and control."""
    source = fleet(200)
    site = parsed(source)
    front = site["report.html"]
    rows = [attrs for tag, attrs in front.elements if tag == "tr" and "data-enforcing" in attrs]
    assert len(rows) == 200
    assert front.text.count("? not read") == sum(each.read == "unread" for each in source.clusters)
    assert sum(path.startswith("report/clusters/") for path in site) == 200
    page = site["report/controls/nb-iso-01.html"]
    assert len([attrs for tag, attrs in page.elements if tag == "tr" and "data-status" in attrs]) == 200
    assert all(len(content) < 600_000 for _, content in pages(source))


def test_a_large_fleet_standing_alone_leads_nowhere_else():
    """Without pages beside it the fleet page has no dead link, and says where the rest is."""
    page = Page(render_html(fleet(200)))
    anchors = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    hrefs = page.attributes("a", "href")
    assert {href.removeprefix("#") for href in hrefs} <= anchors
    assert "findings are in report.json" in page.text


def test_clusters_beyond_the_first_thousand_are_on_further_pages():
    """The list goes on, worst first, and every cluster is on one of its pages."""
    source = report(*(cluster(f"c{n:04}", controls=()) for n in range(2 * view.ROWS + 5)))
    inside = Links(Names(source), fleet="../../report.html", folder="../")
    front = view.page(source, inside)
    further = [listing.listing_page(source, inside, front.cards, number) for number in range(2, front.lists + 1)]
    assert front.lists == 3
    listed = [card.index for rows in (front.rows, *(each.rows for each in further)) for card in rows]
    assert listed == [card.index for card in front.cards]
    assert (further[0].before.href, further[-1].after) == ("../../report.html#clusters", None)


def test_heat_counts_the_failing_clusters_of_each_account():
    """Fails by account, their share as a shade."""
    failing, passing = control(4), control(4, Status.PASS)
    members = (
        *(cluster(f"a{n}", controls=(failing if n < 3 else passing,)) for n in range(4)),
        cluster("b", account="other", controls=(control(4, Status.UNKNOWN),)),
    )
    drawn = heat(columns_of(("NB-ISO-01",), {"NB-ISO-01": "#x"}), members)
    assert [(row.name, row.clusters) for row in drawn.rows] == [("AWS · 123456789012", 4), ("AWS · other", 1)]
    assert [(row.cells[0].fail, row.cells[0].worst, row.cells[0].shade) for row in drawn.rows] == [
        (3, Status.FAIL, 4),
        (0, Status.UNKNOWN, 0),
    ]


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        pytest.param((Status.PASS, Status.WAIVED), Status.WAIVED, id="waived-is-no-pass"),
        pytest.param((Status.PASS, Status.UNKNOWN), Status.UNKNOWN, id="unknown-is-no-pass"),
        pytest.param((Status.NOT_APPLICABLE, Status.NOT_APPLICABLE), Status.NOT_APPLICABLE, id="nothing-to-judge"),
        pytest.param((Status.PASS, Status.NOT_APPLICABLE), Status.PASS, id="pass"),
        pytest.param((), None, id="not-judged"),
    ],
)
def test_heat_where_nothing_fails_shows_the_worst_there_is(statuses, worst):
    """One cluster in doubt keeps a whole place from being called a pass."""
    members = tuple(cluster(f"c{n}", controls=(control(4, status),)) for n, status in enumerate(statuses))
    drawn = heat(columns_of(("NB-ISO-01",), {"NB-ISO-01": "#x"}), members or (cluster(controls=()),))
    assert [(row.cells[0].fail, row.cells[0].worst, row.cells[0].shade) for row in drawn.rows] == [(0, worst, 0)]


def test_a_frameworks_page_names_the_cluster_and_the_control_that_decide():
    """Each requirement leads to the control on the cluster that made it what it is; clusters that are gone keep their id."""
    site = parsed(governed())
    [path] = [path for path in site if path.startswith("report/frameworks/")]
    found = [link for source, link in links(site) if source == path]
    assert [link for link in found if "/clusters/shop-prod-eu" in link and link.endswith("#control-NB-ISO-01")]
    assert "elsewhere" in site[path].text
    assert "Evidence support, not an attestation" in site[path].text


def test_a_requirement_with_many_clusters_says_how_many_it_leaves_out():
    """The worst stand there, the others are counted and on the pages of the controls."""
    members = [cluster(f"c{n:03}", controls=(control(4, Status.FAIL if n > 120 else Status.PASS),)) for n in range(130)]
    row = requirement("1.2", "fail", clusters={each.id: each.controls[0].status for each in members})
    site = parsed(report(*members, frameworks=(framework(row),)))
    [page] = [page for path, page in site.items() if path.startswith("report/frameworks/")]
    assert "100 of 130 clusters, the worst first" in page.text
    assert "and 30 more clusters, none worse" in page.text
    assert page.text.index("c129") < page.text.index("c000")


def test_a_clusters_page_has_all_of_its_evidence_notices_and_gaps():
    """What a card leaves out is there: twelve gaps, nine sentences of the data plane, thirty of an item."""
    sentences = tuple(f"sentence-{n}" for n in range(30))
    whole = cluster(
        gaps=tuple(f"kind-{n}: forbidden" for n in range(12)), read="partial",
        controls=(control(items=(item(evidence=sentences),)),), score=Score(proven=1.0, ceiling=99.0, coverage=0.1),
    )  # fmt: skip
    seen = msgspec.structs.replace(whole.dataplane, evidence=tuple(f"seen-{n}" for n in range(9)))
    site = parsed(report(msgspec.structs.replace(whole, dataplane=seen)))
    [page] = [page for path, page in site.items() if "/clusters/" in path]
    for expected in ("kind-11: forbidden", "seen-8", "sentence-29", "1.0 (up to 99.0, coverage 10%)"):
        assert expected in page.text
    assert "more on" not in page.text


def test_an_unread_clusters_page_says_why_and_calls_nothing_passed():
    """Its controls are unknown for the reason for which it could not be read."""
    site = parsed(report(unread_cluster()))
    [page] = [page for path, page in site.items() if "/clusters/" in path]
    assert "Not read: the API server refused: 403 Forbidden" in page.text
    assert "✓" not in page.text
