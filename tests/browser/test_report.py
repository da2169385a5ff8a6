"""The HTML report in a real browser, opened from disk: filters, keyboard, paper, phone, and nothing over the network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from reports.html.render import render_html
from tests.reports.report_factory import estate, renamed

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent.parent
FINDINGS = 98  # seven clusters, fourteen controls


def shown(page: Page, selector: str = ".finding") -> int:
    """How many elements the filters leave."""
    return page.locator(f"{selector}:not([hidden])").count()


def test_opens_folded_and_complete(open_report):
    """The verdict is on the first screen and all findings are there, folded: only families that need attention stand open."""
    page = open_report()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("2 of 7 clusters enforce no network policy"))
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    assert shown(page) == FINDINGS
    assert page.locator("details[open]:not(.family[data-pressing])").count() == 0
    assert page.locator(".family[open]").count() == 5


@pytest.mark.parametrize(
    ("control", "value", "findings", "groups"),
    [
        pytest.param("#by-severity", "critical", 35, 5, id="severity"),
        pytest.param("#by-cloud", "gcp", 28, 14, id="cloud"),
        pytest.param("#by-status", "not_applicable", 4, 2, id="status"),
        pytest.param("#by-status", "attention", 46, 14, id="needs-attention"),
        pytest.param("#by-cluster", "0", 14, 14, id="cluster"),
    ],
)
def test_filter_leaves_what_was_chosen(open_report, control, value, findings, groups):
    """A filter leaves exactly the findings that carry the chosen value, and says how many."""
    page = open_report()
    page.select_option(control, value)
    assert (shown(page), shown(page, ".group")) == (findings, groups)
    expect(page.get_by_role("status")).to_have_text(
        f"Showing {findings} of {FINDINGS} findings, under {groups} of 14 controls."
    )


def test_search_finds_items_and_narrows_to_them(open_report):
    """A search for one workload leaves the findings that hold it, opened at the control, showing only its items."""
    page = open_report()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("Catalog/Gateway")
    left = shown(page)
    assert 0 < left < FINDINGS
    finding = page.locator(".finding:not([hidden])").first
    finding.locator("summary").click()
    for block in finding.locator(".block").filter(visible=True).all():
        assert "catalog/gateway" in block.inner_text()
    page.fill("#search", "no such thing")
    assert shown(page) == 0
    expect(page.get_by_role("status")).to_contain_text("No finding matches")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_role("status")).to_contain_text(f"Showing {FINDINGS} of {FINDINGS}")


def test_filters_combine(open_report):
    """Text, severity and status together leave their intersection."""
    page = open_report()
    page.select_option("#by-severity", "critical")
    page.select_option("#by-status", "fail")
    page.fill("#search", "retail-legacy")
    assert shown(page) == 4
    names = page.locator(".finding:not([hidden]) .where .strong").all_inner_texts()
    assert set(names) == {"retail-legacy"}


def test_sort_reorders_the_controls(open_report):
    """Sorting by control id puts the controls in the order of their ids, and back."""
    page = open_report()
    worst = page.locator(".group code").all_inner_texts()
    page.select_option("#sort", "control")
    assert page.locator(".group > summary code").all_inner_texts() == sorted(worst)
    page.select_option("#sort", "worst")
    assert page.locator(".group > summary code").all_inner_texts() == worst


def test_a_finding_opens_by_keyboard_and_offers_to_copy_the_mend(open_report):
    """Enter on a control and on a finding opens them; the mend is copied as it stands."""
    page = open_report(permissions=["clipboard-read", "clipboard-write"])
    page.select_option(
        "#by-cluster", label=page.locator("#by-cluster option").filter(has_text="shop-prod-eu").inner_text()
    )
    page.fill("#search", "engine is active")
    group = page.locator(".group:not([hidden])").first
    finding = group.locator(".finding:not([hidden])").first
    group.locator("summary").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(finding).to_have_attribute("open", "")
    expect(finding.locator(".fix")).to_contain_text("aws eks update-addon --cluster-name shop-prod-eu")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(finding.locator("button.copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == finding.locator(".fix-text").inner_text()


def test_the_first_stop_of_the_keyboard_skips_to_the_report(open_report):
    """Tab reaches a skip link first; it becomes visible and leads to the report."""
    page = open_report()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the report")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_links_lead_to_what_they_name(open_report):
    """A cluster's link filters to it; a control's link in the fleet picture opens that control."""
    page = open_report()
    page.get_by_role("link", name="Findings of billing-aks").click()
    assert shown(page) == 14
    page.get_by_role("button", name="Clear filters").click()
    page.locator(".matrix").get_by_role("link", name="LP-05").click()
    expect(page.locator(".group[data-control='NB-LP-05']")).to_have_attribute("open", "")


def test_without_javascript_everything_is_visible(open_report):
    """With JavaScript off every finding stands open and the filters, which could not work, are not shown."""
    page = open_report(java_script_enabled=False)
    assert page.locator("#filters").is_hidden()
    assert page.locator(".finding[open]").count() == FINDINGS
    expect(page.locator(".fix").first).to_be_visible()
    expect(page.locator(".block").last).to_be_visible()


def test_dark_mode_changes_ground_and_ink(open_report):
    """In the dark scheme the ground is dark and the ink is light, and bars keep a fill of their own."""
    seen = {}
    for scheme in ("light", "dark"):
        page = open_report(color_scheme=scheme)
        style = "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.color]; }"
        ground, ink = page.locator("body").evaluate(style)
        seen[scheme] = (_brightness(ground), _brightness(ink))
    assert seen["light"][0] > 230
    assert seen["light"][1] < 60
    assert seen["dark"][0] < 40
    assert seen["dark"][1] > 200


def _brightness(colour: str) -> float:
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3


def test_paper_has_every_finding_and_no_controls(open_report):
    """Printing opens every finding, leaves filters and navigation out, and gives a PDF of several pages."""
    page = open_report()
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".finding[open]").count() == FINDINGS
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("nav")).to_be_hidden()
    assert _brightness(page.locator("h1").evaluate("e => getComputedStyle(e).color")) < 60
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".finding[open]").count() == 0
    document = page.pdf(format="A4")
    assert document.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", document)) > 5


@pytest.mark.parametrize("width", [360, 1280])
def test_no_sideways_scroll(open_report, width):
    """Nothing is wider than the screen, even with every finding open."""
    page = open_report(viewport={"width": width, "height": 740})
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_names_do_nothing(open_report, tmp_path):
    """Markup, long names and overrides in every name run nothing, break no layout and are there to be read."""
    name = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e" + "x" * 10_000
    path = tmp_path / "report.html"
    path.write_bytes(render_html(renamed(estate(), name)))
    page = open_report(path, viewport={"width": 360, "height": 740})
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("img").count() == 0
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>alert(1)</script>")


def test_the_demo_estates_own_report(open_report, tmp_path):
    """What `audit --demo` really writes opens clean, filters, and shows a finding's evidence and remedy."""
    run = subprocess.run(
        [sys.executable, "-m", "functions.cli", "audit", "--demo", "--allow-partial", "-o", str(tmp_path)],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0
    page = open_report(next(tmp_path.rglob("report.html")))
    expect(page.get_by_role("heading", level=1)).to_contain_text("pay-prod-euw1 and insight-prod-ew4")
    page.fill("#search", "promotions")
    assert 0 < shown(page) < FINDINGS
    isolation = page.locator("[data-control='NB-ISO-01'] .finding:not([hidden])")
    finding = isolation.filter(has_text="store-prod-euc1").first
    if not finding.locator(".fix").first.is_visible():
        finding.locator("summary").first.click()
    expect(finding.locator(".fix").first).to_contain_text("NetworkPolicy")
