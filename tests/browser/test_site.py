"""The pages of the report in a real browser, from disk: ways between them, tables, paper, phone and assistive technology."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from reports.document import Report
from reports.html.site import pages
from tests.reports.governed_factory import governed
from tests.reports.report_factory import cluster, control, estate, fleet, item, renamed, report

pytestmark = pytest.mark.browser
LARGE = 130


def written(folder: Path, source: Report) -> Path:
    """The site of `source` in a folder; the path of its fleet page."""
    for path, content in pages(source):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder / "report.html"


@pytest.fixture(scope="module")
def sites(tmp_path_factory) -> dict[str, Path]:
    """A fleet of few clusters with everything, one of many, and one with a cluster of many items."""
    many = tuple(item(f"shop-{n}", evidence=(f"evidence {n}",)) for n in range(2_000))
    sources = {"few": governed(), "many": fleet(LARGE), "items": report(cluster(controls=(control(4, items=many),)))}
    return {name: written(tmp_path_factory.mktemp(name), source) for name, source in sources.items()}


KINDS = {
    "fleet": ("few", "report.html"),
    "large-fleet": ("many", "report.html"),
    "cluster": ("few", "report/clusters/shop-prod-eu~*.html"),
    "control": ("many", "report/controls/nb-iso-01.html"),
    "framework": ("few", "report/frameworks/*.html"),
    "items": ("items", "report/findings/*.html"),
}


@pytest.fixture
def opened(open_report, sites):
    """Open one page of each kind."""

    def opening(kind: str, **options) -> Page:
        site, pattern = KINDS[kind]
        return open_report(next(sites[site].parent.glob(pattern)), **options)

    return opening


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_assistive_technology_finds_nothing_amiss(opened, kind, scheme):
    """Axe finds no violation on any kind of page, also with all that is folded open."""
    page = opened(kind, color_scheme=scheme)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    found = Axe().run(page).response
    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]] == []
    assert len(found["passes"]) > 10


@pytest.mark.parametrize("kind", KINDS)
def test_no_sideways_scroll_on_a_phone(opened, kind):
    """Nothing is wider than 360 pixels, with everything open."""
    page = opened(kind, viewport={"width": 360, "height": 740})
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_reader_walks_from_the_fleet_to_the_evidence_and_back(open_report, sites):
    """Row, cluster, control on every cluster, evidence, next cluster, and the breadcrumb home, all from disk."""
    page = open_report(sites["many"], site=sites["many"].parent)
    page.locator("#rows tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("cluster-000")
    page.locator("#control-NB-ISO-01 > summary").click()
    page.locator("#control-NB-ISO-01").get_by_role("link", name="ISO-01 on every cluster").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("NB-ISO-01")
    page.locator("#rows").get_by_role("link", name="cluster-005").click()
    expect(page.locator("#control-NB-ISO-01")).to_have_attribute("open", "")
    expect(page.locator("#control-NB-ISO-01 > summary")).to_be_in_viewport()
    page.get_by_role("link", name="Next cluster").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("cluster-010")
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Fleet").click()
    expect(page.locator("#clusters")).to_be_visible()


def test_rows_are_sorted_filtered_and_shown_by_the_hundred(opened):
    """The table shows a hundred, more on demand; a heading sorts both ways; a filter says what is left."""
    page = opened("large-fleet")
    visible = page.locator("#rows tbody tr:visible")
    count = page.locator("#row-count")
    expect(count).to_have_text(f"Showing 100 of {LARGE} clusters.")
    assert visible.count() == 100
    page.get_by_role("button", name="Show 30 more").click()
    assert visible.count() == LARGE
    page.get_by_role("button", name="Cluster").click()
    assert visible.first.locator("a").inner_text() == "cluster-000"
    page.get_by_role("button", name="Cluster").press("Enter")
    assert visible.first.locator("a").inner_text() == f"cluster-{LARGE - 1}"
    expect(page.locator("#rows th[aria-sort='descending']")).to_have_count(1)
    page.select_option("#row-filters [data-by='enforcing']", "no")
    page.fill("#row-search", "google")
    assert 0 < visible.count() < 20
    assert all("not enforced" in row for row in visible.all_inner_texts())
    page.fill("#row-search", "no such cluster")
    expect(count).to_contain_text("No cluster matches")
    page.locator("#row-filters").get_by_role("button", name="Clear filters").click()
    expect(count).to_have_text(f"Showing 100 of {LARGE} clusters.")


def test_a_link_to_a_cluster_shows_its_row_though_it_is_not_among_the_first_hundred(open_report, sites):
    """A deep link holds whatever the script keeps back."""
    page = open_report(sites["many"])
    last = page.locator("#rows tbody tr").last
    expect(last).to_be_hidden()
    page.evaluate("id => { location.hash = id; }", last.get_attribute("id"))
    expect(last).to_be_in_viewport()


def test_scores_sort_as_numbers(opened):
    """The lowest first, whatever their digits."""
    page = opened("large-fleet")
    page.get_by_role("button", name="Score").click()
    values = page.locator("#rows td[data-value]").evaluate_all(
        "cells => cells.map((cell) => Number(cell.dataset.value))"
    )
    assert values == sorted(values)
    assert len(values) == LARGE


@pytest.mark.parametrize("kind", ["large-fleet", "control"])
def test_all_rows_are_there_without_javascript_and_on_paper(opened, kind):
    """Neither loses what the screen shows on demand."""
    page = opened(kind, java_script_enabled=False)
    assert page.locator("#rows tbody tr:visible").count() == LARGE
    expect(page.locator("#row-filters")).to_be_hidden()
    page = opened(kind)
    page.emulate_media(media="print")
    assert page.locator("#rows tbody tr:visible").count() == LARGE


def test_a_clusters_controls_are_filtered_down_to_the_item(opened):
    """Status and text narrow the page to what matches, opened at it; clearing brings all back, folded."""
    page = opened("cluster")
    controls = page.locator(".between:not([hidden])")
    whole = controls.count()
    page.select_option("#by-status", "fail")
    assert 0 < controls.count() < whole
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type("PAYMENTS")
    for block in page.locator(".between:not([hidden]) .block").filter(visible=True).all():
        assert "payments" in (block.text_content() or "")
    expect(page.get_by_role("status")).to_contain_text(f"of {whole} controls")
    page.get_by_role("button", name="Clear filters").click()
    expect(controls).to_have_count(whole)
    assert page.locator(".between[open]").count() == 0


def test_more_items_than_a_page_holds_are_a_click_away(open_report, sites):
    """The cluster's page leads to the next part, and that one back to the control."""
    page = open_report(next(sites["items"].parent.glob("report/clusters/*.html")), site=sites["items"].parent)
    page.locator(".between > summary").click()
    expect(page.locator(".between")).to_contain_text("500 more items")
    page.get_by_role("link", name="part 2", exact=True).click()
    assert page.locator(".block").count() == 500
    page.get_by_role("link", name="Previous part").first.click()
    expect(page.locator("#control-NB-ISO-01")).to_have_attribute("open", "")


@pytest.mark.parametrize("kind", ["cluster", "framework"])
def test_paper_opens_every_fold(opened, kind):
    """A PDF has what a click would show, and no buttons."""
    page = opened(kind)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main details:not([open])").count() == 0
    assert page.locator("button:visible").count() == 0
    assert page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("name", ["../../x\\y:z?#%41 &", "</script><img src=x onerror=alert(1)>\u202e" + "x" * 4_000])
def test_hostile_names_are_text_and_their_links_work(open_report, tmp_path, name):
    """A crafted name names a page that opens by its link, shows the name and runs nothing."""
    front = written(tmp_path, renamed(estate(), name))
    page = open_report(front, site=tmp_path, viewport={"width": 360, "height": 740})
    page.locator(".card h3 a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name[:8])
    assert page.url.startswith((tmp_path / "report" / "clusters").as_uri())
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator(".between > summary").first.click()
    page.locator(".between[open]").get_by_role("link", name="on every cluster").click()
    expect(page.locator("#rows tbody tr").first).to_contain_text(name[:8])
