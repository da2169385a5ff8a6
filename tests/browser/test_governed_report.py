"""Fabric, frameworks, waivers and families in a real browser: sections are there, fold and open, and names stay text."""

from __future__ import annotations

import msgspec
import pytest
from playwright.sync_api import expect

from reports.html.render import render_html
from scanner.baselines.profiles import ALL
from tests.reports.governed_factory import governed, hostile
from tests.reports.report_factory import cluster, control, report

pytestmark = pytest.mark.browser
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e" + "x" * 4_000


@pytest.fixture
def opened(open_report, tmp_path):
    """Open a report of one's own."""

    def opening(shown, **options):
        path = tmp_path / "report.html"
        path.write_bytes(render_html(shown))
        return open_report(path, **options)

    return opening


@pytest.mark.parametrize("section", ["fabric", "frameworks", "waivers"])
def test_the_navigation_leads_to_each_section(opened, section):
    """Each part has a link above and is scrolled to."""
    page = opened(governed())
    page.locator(f"nav a[href='#{section}']").click()
    expect(page.locator(f"#{section} h2")).to_be_in_viewport()


def test_the_fabric_opens_to_its_items_and_offers_to_copy_the_mend(opened):
    """A control of the fabric unfolds by keyboard as a finding does."""
    page = opened(governed())
    control = page.locator("#fabric .between").first
    expect(control.locator(".block").first).to_be_hidden()
    control.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(control.locator(".subject").first).to_have_text("vpc-0a51 = vnet-lend")
    expect(control.locator("button.copy").first).to_be_visible()


def test_what_is_in_order_and_not_assessed_is_folded_until_asked_for(opened):
    """Passing controls and requirements without a control of their very subject take one line each."""
    page = opened(governed())
    expect(page.locator("#fabric .settled .between").first).to_be_hidden()
    others = page.locator("#frameworks .settled")
    expect(others.get_by_text("9.9")).to_be_hidden()
    others.locator("summary").click()
    expect(others.get_by_text("9.9")).to_be_visible()


def test_a_waived_item_leads_to_its_waiver_and_the_waiver_to_its_control(opened):
    """Both ways, also into what is folded."""
    page = opened(governed())
    page.locator("#waivers tr", has_text="W-1").get_by_role("link", name="ISO-01").click()
    group = page.locator(".group[data-control='NB-ISO-01']")
    expect(group).to_have_attribute("open", "")
    finding = group.locator(".finding.waived")
    finding.locator("summary").click()
    finding.get_by_role("link", name="waiver W-1").click()
    expect(page.locator("#waivers tr:target")).to_contain_text("W-1")


def test_a_link_opens_every_fold_around_what_it_names(opened):
    """A control in a closed family, behind a filter that hides it, is shown."""
    page = opened(governed())
    page.get_by_role("button", name="Close all").click()
    page.select_option("#by-severity", "critical")
    page.locator(".matrix").get_by_role("link", name="LP-05").click()
    group = page.locator(".group[data-control='NB-LP-05']")
    expect(group.locator("summary").first).to_be_in_viewport()
    expect(group).to_have_attribute("open", "")


def test_families_fold_and_a_filter_leaves_those_with_something_to_show(opened):
    """A family closes over all of its controls; one without a match disappears, and clearing brings it back."""
    page = opened(governed())
    family = page.locator(".family[data-family='ISO']")
    family.locator("summary").first.click()
    expect(family.locator(".group").first).to_be_hidden()
    page.fill("#search", "metadata service")
    expect(page.locator(".family:not([hidden])")).to_have_count(1)
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".family:not([hidden])")).to_have_count(5)


@pytest.mark.parametrize("width", [360, 1280])
def test_hostile_ids_do_nothing(opened, width):
    """Markup and overrides in ids of waivers, requirements and controls run nothing and break no layout."""
    page = opened(hostile(HOSTILE), viewport={"width": width, "height": 740})
    page.get_by_role("button", name="Open all").click()
    for summary in page.locator("#fabric summary, #frameworks summary").all():
        if summary.is_visible():
            summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("img").count() == 0
    for section in ("#fabric", "#frameworks", "#waivers"):
        expect(page.locator(section)).to_contain_text("<script>alert(1)</script>")


def test_paper_has_the_folded_parts_too(opened):
    """Printing opens fabric, requirements and what is in order."""
    page = opened(governed())
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main details:not([open])").count() == 0
    expect(page.locator("#frameworks").get_by_text("9.9")).to_be_visible()


def test_without_javascript_everything_is_visible(opened):
    """Nothing is lost to a reader who runs no script."""
    page = opened(governed(), java_script_enabled=False)
    expect(page.locator("#fabric .block").last).to_be_visible()
    expect(page.locator("#frameworks").get_by_text("9.9")).to_be_visible()


def test_sixty_controls_fit_on_paper(opened):
    """The picture of the whole baseline is no wider than a page, so that printing shrinks nothing."""
    results = tuple(msgspec.structs.replace(control(0), id=name) for name in ALL)
    page = opened(report(cluster("insight-prod-ew4", controls=results)), viewport={"width": 700, "height": 990})
    page.emulate_media(media="print")
    assert page.locator(".matrix td").count() == len(ALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
